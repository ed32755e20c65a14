//! The `one_time_links` table.

use uuid::Uuid;

use super::link::{Link, Pending};
use crate::{
    auth::Stamp,
    db::{Db, execute, fetch},
    timestamp::Timestamp,
};

/// Stores a link in place of the previous one, unless that one is valid until `good_until` or longer.
pub(super) async fn replace(
    db: &Db,
    (account, stamp): (Uuid, Option<Stamp>),
    (purpose, hash, sent_to, expires_at): (&'static str, Vec<u8>, Option<String>, Timestamp),
    good_until: Option<Timestamp>,
) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "INSERT INTO one_time_links (account_id, purpose, hash, sent_to, email, auth_stamp, expires_at)
         SELECT id, $2, $3, COALESCE($4, email), email, auth_stamp, $5 FROM accounts
         WHERE id = $1 AND disabled_at IS NULL AND auth_stamp = COALESCE($6, auth_stamp)
         ON CONFLICT (account_id, purpose) DO UPDATE SET
            hash = excluded.hash, sent_to = excluded.sent_to, email = excluded.email,
            auth_stamp = excluded.auth_stamp, expires_at = excluded.expires_at
         WHERE one_time_links.expires_at < $7 OR one_time_links.expires_at > excluded.expires_at
            OR one_time_links.auth_stamp <> excluded.auth_stamp OR one_time_links.email <> excluded.email",
        account,
        purpose,
        hash,
        sent_to,
        expires_at,
        stamp.map(|stamp| stamp.0),
        // A link that is valid for longer than a new one was made by a clock that was ahead: the statement replaces it.
        good_until.unwrap_or(Timestamp::MAX),
    )
}

pub(super) async fn find(db: &Db, purpose: &'static str, hash: Vec<u8>, now: Timestamp) -> sqlx::Result<Option<Link>> {
    fetch!(
        db,
        optional,
        "SELECT account_id, sent_to, one_time_links.email, one_time_links.auth_stamp FROM one_time_links
         JOIN accounts ON accounts.id = account_id
            AND accounts.email = one_time_links.email AND accounts.auth_stamp = one_time_links.auth_stamp
            AND accounts.disabled_at IS NULL
         WHERE hash = $1 AND purpose = $2 AND expires_at > $3",
        hash,
        purpose,
        now,
    )
}

pub(super) async fn pending(
    db: &Db,
    account: Uuid,
    purpose: &'static str,
    now: Timestamp,
) -> sqlx::Result<Option<Pending>> {
    fetch!(
        db,
        optional,
        "SELECT sent_to, expires_at FROM one_time_links
         JOIN accounts ON accounts.id = account_id
            AND accounts.email = one_time_links.email AND accounts.auth_stamp = one_time_links.auth_stamp
         WHERE account_id = $1 AND purpose = $2 AND expires_at > $3",
        account,
        purpose,
        now,
    )
}

pub(super) async fn cancel(db: &Db, account: Uuid, purpose: &'static str, now: Timestamp) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM one_time_links WHERE account_id = $1 AND purpose = $2 AND expires_at > $3",
        account,
        purpose,
        now,
    )
}

/// Deletes and returns the link in one statement, so that of two concurrent calls, one gets it (S27).
pub(super) async fn consume(
    db: &Db,
    purpose: &'static str,
    hash: Vec<u8>,
    now: Timestamp,
) -> sqlx::Result<Option<Link>> {
    execute!(
        db,
        optional,
        "DELETE FROM one_time_links
         WHERE hash = $1 AND purpose = $2 AND expires_at > $3 AND EXISTS (
            SELECT 1 FROM accounts WHERE accounts.id = one_time_links.account_id
                AND accounts.email = one_time_links.email AND accounts.auth_stamp = one_time_links.auth_stamp
                AND accounts.disabled_at IS NULL)
         RETURNING account_id, sent_to, email, auth_stamp",
        hash,
        purpose,
        now,
    )
}

pub(super) async fn void(db: &Db, now: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM one_time_links WHERE hash IN (SELECT hash FROM one_time_links WHERE expires_at > $1 LIMIT $2)",
        now,
        batch,
    )
}

pub(super) async fn delete_expired(db: &Db, now: Timestamp, batch: i64) -> sqlx::Result<u64> {
    execute!(
        db,
        affected,
        "DELETE FROM one_time_links WHERE hash IN
            (SELECT hash FROM one_time_links WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        now,
        batch,
    )
}
