//! Browsers an account is known to come with. Whoever gives its password in another is news to its owner, who is told by
//! mail (S28).
//!
//! **How a browser is recognised**: by its kind and its system, such as "Firefox on Windows", and by the network it is in,
//! wide enough that an address which changes overnight is the same network still (16 bits of IPv4, 32 of IPv6). A mail for
//! every new address would soon be read by nobody; somebody else with the same browser next door goes unnoticed by this,
//! and stands in the list of sign-ins all the same. No cookie is kept for it.
//!
//! The first browser of an account is no news. What was seen once is known for as long as the account is there, as a hash.

mod store;

use super::{Account, letters};
use crate::{
    client::{Client, Network},
    state::AppState,
    throttle::Key,
};

/// The password of `account` was just given from where `client` is. Its owner learns of it, after the answer, if nobody
/// has come that way before.
pub(super) fn meet(house: &AppState, account: &Account, client: &Client) {
    let AppState { db, mailer, settings, .. } = house.clone();
    let (account, client) = (account.clone(), client.clone());
    house.db.later(async move {
        match store::is_news(&db, account.id, key(&client)).await {
            Ok(true) => mailer.send(letters::new_browser(&settings, &account.email, &client)).await,
            Ok(false) => {}
            Err(error) => tracing::error!(%error, account = %account.id, "browser not noted"),
        }
    });
}

fn key(client: &Client) -> Vec<u8> {
    let network = client.address.map(|address| Network::around(address, 16, 32).to_string()).unwrap_or_default();
    Key::new("browser", &[&client.browser(), &network]).bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(user_agent: &str, address: &str) -> Vec<u8> {
        key(&Client { user_agent: user_agent.into(), address: address.parse().ok() })
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
