//! The accounts that the drill sacrifices.
//!
//! Such an account has no password, and an address that gets no mail (RFC 6761 section 6.4), so there is no way to sign
//! in to it. Its one credential ends after [`LIFETIME`], and the account is deleted with the drill, or soon after that.
//! Its id is a UUID of version 8 (RFC 9562 section 5.8) with a beginning that no id of another account has.

use time::Duration;
use uuid::{Builder, Uuid};

use super::store;
use crate::{
    auth::{
        Account, IssuedBy, Stamp, Token,
        browser_session::BrowserSession,
        session::CurrentSession,
        store::{
            accounts, browser_sessions,
            tokens::{self, New},
        },
    },
    db::Db,
    features::lab::sessions::random,
    http::{
        client::Client,
        problem::{Limit, Problem},
    },
    secret::Secret,
};

/// How long the credentials work, unless the drill is ended before.
pub(super) const LIFETIME: Duration = Duration::minutes(3);
/// How long an account exists at most, but for the minute until the next round of the job.
const KEPT: Duration = Duration::minutes(5);
/// The most accounts at a time, on all instances.
const ACCOUNTS: i64 = 200;
/// How long ago the sacrificial sessions began: too long to change a password, or anything else that takes a recent
/// proof of the person.
const BEGAN: Duration = Duration::days(30);
/// What the token may do.
const SCOPE: &str = "account:read";

/// A new account that can be signed in to by what is made for it here.
pub(super) struct Sacrifice {
    pub(super) account: Account,
    stamp: Vec<u8>,
}

/// A random id among those of the drill, or with zeros the first of them.
fn id(random: [u8; 16]) -> Uuid {
    let mut bytes = random;
    bytes[..6].fill(0xff);
    Builder::from_custom_bytes(bytes).into_uuid()
}

impl Sacrifice {
    /// Makes one.
    ///
    /// # Errors
    /// [`Problem::RateLimited`] if there are too many; or if the database or the random number generator fails.
    pub(super) async fn make(db: &Db) -> Result<Self, Problem> {
        if store::count(db, id([0; 16])).await? >= ACCOUNTS {
            return Err(Problem::RateLimited { limit: Limit::Lab, network: false, seconds: 60 });
        }
        let (id, stamp) = (id(random()?), random()?.to_vec());
        let account = Account {
            id,
            email: format!("{}@theft-drill.invalid", id.simple()),
            email_confirmed: false,
            name: "Theft drill".into(),
            created_at: db.now(),
        };
        let account = accounts::insert(db, account, None, stamp.clone()).await?;
        Ok(Self { account, stamp })
    }

    /// Stores a session.
    ///
    /// # Errors
    /// If the database fails.
    pub(super) async fn session(&self, db: &Db, client: &Client) -> Result<CurrentSession, Problem> {
        let now = db.now();
        let row = BrowserSession {
            id: Uuid::now_v7(),
            user_agent: client.user_agent.clone(),
            address: client.address(),
            remembered: true,
            created_at: now + -BEGAN,
            last_seen_at: now,
            expires_at: now + LIFETIME,
            ends_at: now + LIFETIME,
            bound_at: None,
        };
        let stored = browser_sessions::insert(db, self.account.id, self.stamp.clone(), row).await?;
        let stored = stored.ok_or(Problem::NotFound)?;
        Ok(CurrentSession {
            id: stored.id,
            account: self.account.clone(),
            remembered: true,
            last_seen_at: stored.last_seen_at,
            ends_at: stored.ends_at,
            bound_at: None,
            proven_until: None,
            stamp: Stamp(self.stamp.clone()),
            last_change: None,
        })
    }

    /// Stores a token, which is bound to `key_thumbprint` if that is given.
    ///
    /// # Errors
    /// If the database or the random number generator fails.
    pub(super) async fn token(&self, db: &Db, prefix: &str, key_thumbprint: Option<String>) -> Result<String, Problem> {
        let secret = Secret::generate(prefix).map_err(|error| Problem::Internal(error.to_string()))?;
        let now = db.now();
        let token = Token {
            id: Uuid::now_v7(),
            name: "Theft drill".into(),
            scopes: [SCOPE].into_iter().collect(),
            origins: Vec::new(),
            issued_by: IssuedBy::Person,
            created_at: now,
            expires_at: now + LIFETIME,
            ends_at: now + LIFETIME,
            renew_days: None,
            last_used_at: None,
            last_used_from: None,
            revoked_at: None,
            key_thumbprint,
        };
        let new = New {
            account: self.account.id,
            stamp: Some(self.stamp.clone()),
            parent: None,
            token,
            hash: secret.hash(),
            warn_days: 0,
            limit: 1,
        };
        tokens::insert(db, new).await?.ok_or(Problem::NotFound)?;
        Ok(secret.reveal().to_owned())
    }
}

/// Deletes up to `batch` accounts of drills that were not ended. Returns how many.
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(db: &Db, batch: i64) -> sqlx::Result<u64> {
    store::delete_before(db, id([0; 16]), db.now() + -KEPT, batch).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_id_is_among_theirs() {
        let (first, last) = (id([0; 16]), id([0xff; 16]));
        assert!(first < last && first.get_version_num() == 8);
        assert!(Uuid::now_v7() < first, "those of others begin with the time, until the year 10889");
    }
}
