//! The migrations run once for each kind of database; every test gets a copy of what they have made.

use std::{fs, path::Path};

use tokio::sync::OnceCell;
use vestibule::db::{Clock, Db};

use super::{
    entries,
    run::{Postgres, folder},
};

/// Copies the migrated SQLite file to `path`, and gives the URL of the copy.
pub(super) async fn sqlite(path: &Path) -> String {
    static BYTES: OnceCell<Vec<u8>> = OnceCell::const_new();
    let made = BYTES.get_or_init(async || {
        let file = folder().join("template.db");
        migrate(&format!("sqlite:{}", file.display())).await;
        fs::read(file).unwrap()
    });
    fs::write(path, made.await).unwrap();
    format!("sqlite:{}", path.display())
}

/// The name of the migrated PostgreSQL database.
pub(super) async fn postgres() -> &'static str {
    static MADE: OnceCell<Postgres> = OnceCell::const_new();
    let made = MADE.get_or_init(async || {
        let postgres = Postgres::new().await;
        migrate(&postgres.url).await;
        postgres
    });
    &made.await.name
}

/// Closing the database folds SQLite's log into the file, and lets PostgreSQL copy it.
async fn migrate(url: &str) {
    let db = Db::open(url, Clock::default()).await.unwrap();
    entries::create_table(&db).await;
    db.close().await;
}
