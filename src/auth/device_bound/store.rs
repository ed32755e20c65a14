//! The columns of `browser_sessions` for the key of a session.

use uuid::Uuid;

use crate::{
    db::{Db, direct_row, execute, read},
    timestamp::Timestamp,
};

/// The key of a session, and the number of the last challenge that was answered with it.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Kept {
    pub(super) device_key: String,
    pub(super) last_challenge: i64,
}

direct_row!(Kept { device_key, last_challenge });

/// Gives the session a key, unless it is bound already, has answered this or a later challenge, or is over. A key that
/// was never used is replaced: the browser did not learn that it was registered.
pub(super) async fn register(
    db: &Db,
    session: Uuid,
    key: String,
    challenge: i64,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let rows = execute!(
        db,
        affected,
        "UPDATE browser_sessions SET device_key = $2, last_challenge = $3
         WHERE id = $1 AND bound_at IS NULL AND last_challenge < $3 AND expires_at > $4",
        session,
        key,
        challenge,
        now,
    );
    rows.map(|rows| rows > 0)
}

/// The key of a session that lasts, if it has one.
pub(super) async fn find(db: &Db, session: Uuid, now: Timestamp) -> sqlx::Result<Option<Kept>> {
    read!(
        db,
        optional,
        "SELECT device_key, last_challenge FROM browser_sessions JOIN accounts ON accounts.id = account_id
         WHERE browser_sessions.id = $1 AND expires_at > $2 AND device_key IS NOT NULL AND disabled_at IS NULL",
        session,
        now,
    )
}

/// Uses up the challenge. Of many at once on any number of instances, one is the first.
pub(super) async fn use_up(db: &Db, session: Uuid, challenge: i64, now: Timestamp) -> sqlx::Result<bool> {
    let rows = execute!(
        db,
        affected,
        "UPDATE browser_sessions SET last_challenge = $2 WHERE id = $1 AND last_challenge < $2 AND expires_at > $3",
        session,
        challenge,
        now,
    );
    rows.map(|rows| rows > 0)
}

/// Binds the session, whose browser has used the key.
pub(super) async fn bind(db: &Db, session: Uuid, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "UPDATE browser_sessions SET bound_at = $2 WHERE id = $1 AND bound_at IS NULL AND device_key IS NOT NULL",
        session,
        now,
    )
}
