//! The `known_browsers` table.

use uuid::Uuid;

use crate::db::{Db, execute, fetch};

/// Remembers the browser `key` and returns whether it is new to an `account` that has others. Of two concurrent calls,
/// one returns `true`.
pub(crate) async fn is_news(db: &Db, account: Uuid, key: Vec<u8>) -> sqlx::Result<bool> {
    let added: sqlx::Result<u64> = execute!(
        db,
        affected,
        "INSERT INTO known_browsers (account_id, key) VALUES ($1, $2) ON CONFLICT (account_id, key) DO NOTHING",
        account,
        key,
    );
    if added? == 0 {
        return Ok(false);
    }
    let (known,): (i64,) = fetch!(db, one, "SELECT COUNT(*) FROM known_browsers WHERE account_id = $1", account)?;
    Ok(known > 1)
}
