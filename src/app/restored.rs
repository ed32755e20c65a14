//! What is done to a restored database before a server runs on it.

use serde::Serialize;

use crate::{
    db::{Db, restored},
    features::{accounts::admin, totp},
    http::problem::Problem,
    mail::admin as mail,
};

/// How much [`restored`] ended.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ended {
    /// Browsers that were signed out.
    pub browsers: usize,
    /// Tokens that were active.
    pub tokens: usize,
    /// One-time links that were valid.
    pub links: u64,
    /// Codes, challenges, sign-ins that were not finished, and browsers that were trusted.
    pub short_lived: u64,
    /// Recovery codes that were not used.
    pub recovery_codes: u64,
    /// Mails that waited to be sent.
    pub mails: u64,
}

/// Ends everything that was used, ended or revoked since the backup, or may have been (S27, S59): browser sessions, all
/// tokens, links, codes. Passwords, passkeys and authenticator apps go on working. With `keep_recovery_codes` those do
/// too, because the operator knows that nobody has used one since. Done twice, it ends what was begun in between.
///
/// # Errors
/// If the database fails. What has ended stays ended; do it again.
pub async fn restored(db: &Db, keep_recovery_codes: bool) -> Result<Ended, Problem> {
    let mails = mail::drop_all(db).await?;
    let ended = admin::lockdown(db).await?;
    let short_lived = restored::end_short_lived(db).await?;
    restored::use_up_totp(db, totp::newest_step(db.now())).await?;
    restored::renumber_changes(db).await?;
    let recovery_codes = if keep_recovery_codes { 0 } else { restored::end_recovery_codes(db).await? };
    // Last: until then, no server starts on a copy.
    restored::unmark(db).await?;
    let admin::Ended { browsers, tokens, links } = ended;
    Ok(Ended { browsers, tokens, links, short_lived, recovery_codes, mails })
}
