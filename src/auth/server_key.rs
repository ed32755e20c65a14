//! Keys that all instances share, for what a server gives out and recognises later without storing it. The table
//! `server_keys`.

use rand::{TryRngCore, rngs::OsRng};
use tokio::sync::OnceCell;

use crate::{
    db::{Db, execute, fetch},
    http::problem::Problem,
    timestamp::Timestamp,
};

/// A key of 32 random bytes, which the first instance that needs it makes. It is read once.
pub struct ServerKey<K> {
    db: Db,
    name: &'static str,
    of: fn(Vec<u8>) -> K,
    key: OnceCell<K>,
}

impl<K> ServerKey<K> {
    /// The key called `name`.
    pub fn new(db: Db, name: &'static str, of: fn(Vec<u8>) -> K) -> Self {
        Self { db, name, of, key: OnceCell::new() }
    }

    /// The key, if it was read before.
    pub fn known(&self) -> Option<&K> {
        self.key.get()
    }

    /// The key.
    ///
    /// # Errors
    /// If the database fails, or the operating system has no randomness.
    pub async fn get(&self) -> Result<&K, Problem> {
        let read = || async {
            let mut fresh = vec![0; 32];
            OsRng.try_fill_bytes(&mut fresh).map_err(|error| Problem::Internal(error.to_string()))?;
            Ok((self.of)(shared(&self.db, self.name, fresh, self.db.now()).await?))
        };
        self.key.get_or_try_init(read).await
    }
}

/// The key called `name`. If there is none yet, it is `fresh` from now on.
async fn shared(db: &Db, name: &'static str, fresh: Vec<u8>, now: Timestamp) -> sqlx::Result<Vec<u8>> {
    execute!(
        db,
        affected,
        "INSERT INTO server_keys (name, secret, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
        name,
        fresh,
        now,
    )?;
    let (secret,) = fetch!(db, one, "SELECT secret FROM server_keys WHERE name = $1", name)?;
    Ok(secret)
}
