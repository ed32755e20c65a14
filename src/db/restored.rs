//! What must not come back with a restored database.
//!
//! A restored database is as it was at the backup. What was used, ended or stopped since would work again, and nobody
//! can tell what that was. So everything short-lived ends, whoever it belongs to. The tables are named here and not by
//! their owners, since nothing else runs on the database at that time.

use super::{Db, execute};

/// Ends sign-ins that wait for a factor, codes by mail, challenges of passkeys, the codes of applications and devices,
/// the trust in browsers, removals of second factors (whose owners may have stopped them), proofs that were used, and
/// the keys of nonces and challenges: proofs that were made before now are refused, used or not. Returns how many rows
/// there were, but for the keys.
///
/// # Errors
/// If the database fails. What has ended stays ended; do it again.
pub async fn end_short_lived(db: &Db) -> sqlx::Result<u64> {
    let mut ended = 0;
    for statement in [
        "DELETE FROM pending_sign_ins",
        "DELETE FROM email_codes",
        "DELETE FROM passkey_challenges",
        "DELETE FROM oauth_codes",
        "DELETE FROM oauth_device_codes",
        "DELETE FROM trusted_devices",
        "DELETE FROM factor_resets",
        "DELETE FROM dpop_proofs",
    ] {
        ended += execute!(db, affected, statement)?;
    }
    execute!(db, affected, "DELETE FROM server_keys")?;
    Ok(ended)
}

/// How far the numbers of changes go on after a restore: further than any client has come since the backup.
const AHEAD: i64 = 1_000_000;

/// Lets every client of `GET events` read everything again: a number it has seen since the backup must not mean another
/// change.
///
/// # Errors
/// If the database fails.
pub async fn renumber_changes(db: &Db) -> sqlx::Result<()> {
    execute!(db, affected, "DELETE FROM changes")?;
    execute!(db, affected, "UPDATE accounts SET last_change = last_change + $1", AHEAD)?;
    Ok(())
}

/// Makes every code of an authenticator app that can be computed until now unusable, as if it had been used. `step` is
/// the newest that would be accepted.
///
/// # Errors
/// If the database fails.
pub async fn use_up_totp(db: &Db, step: i64) -> sqlx::Result<u64> {
    execute!(db, affected, "UPDATE totp_secrets SET last_step = $1 WHERE last_step < $1", step)
}

/// Ends all recovery codes, and returns how many there were.
///
/// # Errors
/// If the database fails.
pub async fn end_recovery_codes(db: &Db) -> sqlx::Result<u64> {
    execute!(db, affected, "DELETE FROM recovery_codes")
}

/// When the backup was made that the database is a copy of and that nobody has said is restored.
///
/// # Errors
/// If the database fails.
pub async fn made_of(db: &Db) -> sqlx::Result<Option<String>> {
    let found: Option<(String,)> =
        super::fetch!(db, optional, "SELECT value FROM server_info WHERE key = $1", super::backup::MARK)?;
    Ok(found.map(|(value,)| value))
}

/// Why no server starts on `db`, in one line: it is a backup that nobody has said is restored.
///
/// # Errors
/// If the database fails.
pub async fn refusal(db: &Db) -> sqlx::Result<Option<String>> {
    Ok(made_of(db).await?.map(|made_at| {
        format!(
            "this database is a backup of {made_at}, in which everything works that was used or ended since. Run \
             `vestibule restored`, which ends that, and start again"
        )
    }))
}

/// Lets a server start on it.
///
/// # Errors
/// If the database fails.
pub async fn unmark(db: &Db) -> sqlx::Result<u64> {
    execute!(db, affected, "DELETE FROM server_info WHERE key = $1", super::backup::MARK)
}
