//! The browsers an account was used with. A sign-in from a new browser is reported to the owner by email (S28).
//!
//! **How a browser is recognized**: by its kind and operating system, such as "Firefox on Windows", and by its network,
//! wide enough that an address that changes overnight stays in it (16 bits of IPv4, 32 of IPv6). Nobody would read an
//! email for every new address. The price: a sign-in with the same kind of browser from a nearby address is not
//! reported, although it is in the list of signed-in browsers. This uses no cookie.
//!
//! The first browser of an account is not reported. A browser is remembered, as a hash, for as long as the account
//! exists.
//!
//! **The device cookie** is separate: it only decides which rate limit applies to a sign-in (see
//! [`crate::auth::rate_limit::attempts`]). It is bound to each account that was signed in to in the browser, stored as
//! a hash, and survives signing out and a password change: it gives no access, and an owner who just reset their
//! password needs it most. Using a reset link also makes the browser a known one.

mod devices;
mod store;
mod trust;

use uuid::Uuid;

pub use self::trust::{
    TrustedDevice, delete_expired as delete_expired_trust, end as end_trust, is_trusted, list as trusted, revoke, trust,
};

use crate::{
    auth::{device_cookie::LIFETIME, rate_limit::attempts::Key},
    db::Db,
    http::client::{Client, Network},
    text::{email_address::is_address, hex::hex},
};

/// How many device cookies are remembered per account; the least recently used one is dropped.
const DEVICES: i64 = 32;

/// Whether `account` was signed in to with the browser of `client` for the first time. It is remembered.
///
/// # Errors
/// If the database fails.
pub async fn is_new(db: &Db, account: Uuid, client: &Client) -> sqlx::Result<bool> {
    store::is_news(db, account, key(client)).await
}

/// Remembers the device cookie of this browser, in which the owner of `account` just authenticated.
pub fn recognise(db: &Db, account: Uuid, client: &Client) {
    let Some(device) = &client.device else { return };
    let (before, hash) = match device.give() {
        Ok(hash) => (device.hash().filter(|before| *before != hash), hash),
        Err(error) => return tracing::error!(error, "device cookie not created"),
    };
    let ours = db.clone();
    db.spawn_detached(async move {
        if let Err(error) = devices::remember(&ours, account, hash, before, DEVICES).await {
            tracing::warn!(%error, %account, "device not remembered");
        }
    });
}

/// The device of `client`, if it was used before to sign in to the account with the address `email`.
///
/// # Errors
/// If the database fails.
pub async fn device(db: &Db, client: &Client, email: &str) -> sqlx::Result<Option<String>> {
    let Some((device, hash)) = client.device.as_ref().and_then(|device| Some((device, device.hash()?))) else {
        return Ok(None);
    };
    // Anything else belongs to no account, and may contain NUL, which PostgreSQL rejects.
    if !is_address(email) || !devices::is_known(db, hash.clone(), email, db.now() + -LIFETIME).await? {
        return Ok(None);
    }
    device.is_known();
    Ok(Some(hex(&hash)))
}

/// The devices that were used before to sign in to `account`, each as [`device`] names it. There are 32 at most.
///
/// # Errors
/// If the database fails.
pub async fn of_account(db: &Db, account: Uuid) -> sqlx::Result<Vec<String>> {
    let hashes = devices::list(db, account, db.now() + -LIFETIME).await?;
    Ok(hashes.iter().map(|hash| hex(hash)).collect())
}

/// Deletes up to `batch` devices whose cookie has expired and returns how many there were (S10).
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(db: &Db, batch: i64) -> sqlx::Result<u64> {
    devices::delete_expired(db, db.now() + -LIFETIME, batch).await
}

fn key(client: &Client) -> Vec<u8> {
    let network = client.address.map(|address| Network::around(address, 16, 32).to_string()).unwrap_or_default();
    Key::new("browser", &[&client.browser(), &network]).bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(user_agent: &str, address: &str) -> Vec<u8> {
        key(&Client { user_agent: user_agent.into(), address: address.parse().ok(), ..Client::default() })
    }

    #[test]
    fn another_version_at_another_address_nearby_is_the_same_browser() {
        let firefox =
            |version: u8| format!("Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0");
        let here = of(&firefox(128), "198.51.100.7");
        assert_eq!(here, of(&firefox(129), "198.51.7.200"));
        assert_ne!(here, of(&firefox(128), "203.0.113.7"));
        assert_ne!(here, of("curl/8.5.0", "198.51.100.7"));
        assert_eq!(of("", "2001:db8:1::1"), of("", "2001:db8:2::1"));
        assert_ne!(of("", "2001:db8:1::1"), of("", "2001:db9:1::1"));
    }
}
