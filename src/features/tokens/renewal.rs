//! Prolonging tokens.

use uuid::Uuid;

use crate::{
    auth::{IssuedBy, Token, store::token_renewal},
    db::Db,
    http::problem::Problem,
    timestamp::Timestamp,
};

/// Until when [`renew`] can prolong `token`; `None` if it has a fixed end. If it is `expires_at`, the token has reached
/// its end.
pub fn renewable_until(token: &Token) -> Option<Timestamp> {
    let is_renewable = token.issued_by == IssuedBy::Login || token.renew_days.is_some();
    is_renewable.then_some(token.ends_at)
}

/// In how many seconds `token` expires, for a client whose clock is wrong.
pub fn expires_in(token: &Token, now: Timestamp) -> i64 {
    (token.expires_at - now).whole_seconds().max(0)
}

/// Prolongs `token` by its lifetime from now on, up to the end it was created with. Its secret stays the same, so that
/// of several calls at once, none leaves a client without a token that works. At its end this changes nothing.
///
/// # Errors
/// [`Problem::Conflict`] if it has a fixed end; [`Problem::TokenRevoked`] if it is no longer active; or if the database
/// fails.
pub async fn renew(db: &Db, account: Uuid, token: &Token) -> Result<Token, Problem> {
    if renewable_until(token).is_none() {
        let detail = "This token has a fixed end, so it cannot be renewed. Create a new one before it expires.";
        return Err(Problem::Conflict(detail));
    }
    token_renewal::renew(db, account, token.id, db.now()).await?.ok_or(Problem::TokenRevoked)
}
