//! An address that led to a PostgreSQL which accepts no writes, as a standby does, and leads to one that does.

use tokio::task::JoinSet;
use vestibule::db::{Clock, Db, execute, fetch};

use crate::support::{Postgres, RawDb};

/// As many connections as the pool may have, and what waits for them.
const MANY: usize = 32;

/// Whether each of many writes at the same time succeeds.
async fn writes(db: &Db) -> Vec<bool> {
    let all: JoinSet<_> = (0..MANY)
        .map(|_| {
            let db = db.clone();
            async move { execute!(db, affected, "DELETE FROM accounts WHERE email = $1", "nobody").is_ok() }
        })
        .collect();
    all.join_all().await
}

/// Opens as many connections as the pool may have.
async fn fill(db: &Db) {
    let all: JoinSet<_> = (0..MANY)
        .map(|_| {
            let db = db.clone();
            async move { fetch!(db, one, "SELECT pg_sleep(0.3)::text").map(|(_,): (String,)| ()).is_ok() }
        })
        .collect();
    assert_eq!(all.join_all().await, [true; MANY]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_refused_a_write_as_read_only_are_replaced() {
    let postgres = Postgres::migrated().await;
    let db = Db::open(&postgres.url, Clock::default()).await.unwrap();
    let mut raw = RawDb::connect(&postgres.url).await;
    let name = raw.texts("SELECT current_database()::text").await.remove(0);
    // It holds for the connections that are made from now on, and for as long as these are open.
    raw.run(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    fill(&db).await;
    raw.run(&format!("ALTER DATABASE {name} RESET default_transaction_read_only")).await;
    assert!(writes(&db).await.contains(&false), "no connection is read-only");
    assert_eq!(writes(&db).await, [true; MANY]);
    assert!(db.readiness().await.is_ready());
}
