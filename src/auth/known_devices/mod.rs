//! Browsers an account is known to come with. Whoever gives its password in another is news to its owner, who is told by
//! mail (S28).
//!
//! **How a browser is recognised**: by its kind and its system, such as "Firefox on Windows", and by the network it is in,
//! wide enough that an address which changes overnight is the same network still (16 bits of IPv4, 32 of IPv6). A mail for
//! every new address would soon be read by nobody; somebody else with the same browser next door goes unnoticed by this,
//! and stands in the list of sign-ins all the same. No cookie is kept for it.
//!
//! The first browser of an account is no news. What was seen once is known for as long as the account is there, as a hash.
//!
//! **The device cookie** is another matter: it only decides by which count a try to sign in goes (see [`crate::auth::rate_limit::attempts`]).
//! It is bound to each account that was signed in to in the browser, lies in the database as a hash, and outlives signing
//! out and a new password: it opens nothing, and an owner whose password was just reset is the one who needs it. A link for
//! a new password makes the browser that uses it known as well.

mod devices;
mod store;

use std::fmt::Write;

use uuid::Uuid;

use crate::{
    auth::{device_cookie::LIFETIME, rate_limit::attempts::Key},
    db::Db,
    http::client::{Client, Network},
    text::email_address::is_address,
};

/// How many browsers of an account are known by their cookie; the one not used for longest makes room.
const DEVICES: i64 = 32;

/// Whether `account` was signed in to with the browser of `client` for the first time. It is remembered.
///
/// # Errors
/// If the database fails.
pub async fn is_new(db: &Db, account: Uuid, client: &Client) -> sqlx::Result<bool> {
    store::is_news(db, account, key(client)).await
}

/// The owner of `account` has shown in this browser who they are: it is known by its device cookie from now on.
pub fn recognise(db: &Db, account: Uuid, client: &Client) {
    let Some(device) = &client.device else { return };
    let (before, hash) = match device.give() {
        Ok(hash) => (device.hash().filter(|before| *before != hash), hash),
        Err(error) => return tracing::error!(error, "no device cookie"),
    };
    let ours = db.clone();
    db.spawn_detached(async move {
        if let Err(error) = devices::remember(&ours, account, hash, before, DEVICES).await {
            tracing::warn!(%error, %account, "device not remembered");
        }
    });
}

/// The device of `client`, if somebody has signed in there before to the account with the address `email`.
///
/// # Errors
/// The database's.
pub async fn device(db: &Db, client: &Client, email: &str) -> sqlx::Result<Option<String>> {
    let Some((device, hash)) = client.device.as_ref().and_then(|device| Some((device, device.hash()?))) else {
        return Ok(None);
    };
    // What is no address is nobody's, and may hold what a database cannot take, such as NUL.
    if !is_address(email) || !devices::is_known(db, hash.clone(), email, db.now() + -LIFETIME).await? {
        return Ok(None);
    }
    device.is_known();
    let mut text = String::new();
    for byte in hash {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(Some(text))
}

/// Deletes up to `batch` devices whose cookie has expired and says how many there were (S10).
///
/// # Errors
/// The database's.
pub async fn sweep(db: &Db, batch: i64) -> sqlx::Result<u64> {
    devices::sweep(db, db.now() + -LIFETIME, batch).await
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
