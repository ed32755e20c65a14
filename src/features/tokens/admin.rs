//! Administration of tokens, on the command line.

use uuid::Uuid;

use super::service;
use crate::{
    auth::{
        activity::{Actor, Kind},
        store::{
            grants,
            tokens::{self, TokenWithOwner},
        },
    },
    db::Db,
    http::problem::Problem,
};

/// The newest `limit` active tokens of `account`, or of all accounts; newest first.
///
/// # Errors
/// If the database fails.
pub async fn list(db: &Db, account: Option<Uuid>, limit: u32) -> Result<Vec<TokenWithOwner>, Problem> {
    Ok(tokens::list_all(db, account, db.now(), limit.into()).await?)
}

/// Revokes the token `id` and all tokens created with it, from their next requests on.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such token or it is not active; or if the database fails.
pub async fn revoke(db: &Db, id: Uuid) -> Result<(), Problem> {
    let account = tokens::owner(db, id).await?.ok_or(Problem::NotFound)?;
    service::revoke(db, &Actor::operator(account), id).await
}

/// Revokes every token of `account`, from their next requests on. Returns how many were active.
///
/// # Errors
/// If the database fails.
pub async fn revoke_all_of(db: &Db, account: Uuid) -> Result<usize, Problem> {
    let count = tokens::at_work(db, account, db.now(), i64::MAX).await?.len();
    service::revoke_all(db, &Actor::operator(account)).await?;
    Ok(count)
}

/// Revokes every active token of all accounts, from their next requests on. Returns how many there were.
///
/// # Errors
/// If the database fails.
pub async fn revoke_everybody(db: &Db) -> Result<usize, Problem> {
    // Few enough to hold SQLite's writer for milliseconds only.
    const BATCH: i64 = 500;
    let (now, mut count) = (db.now(), 0);
    // First, so that no application gets a new token meanwhile.
    while grants::revoke_before(db, now, BATCH).await? > 0 {}
    loop {
        let revoked = tokens::revoke_before(db, now, BATCH).await?;
        if revoked.is_empty() {
            return Ok(count);
        }
        count += revoked.len();
        for (id, account, name) in revoked {
            Actor::operator(account).record(db, Kind::TokenRevoked, Some((id, &name)));
        }
        db.wait_idle().await;
    }
}
