//! `[passkeys]`: signing in with passkeys (WebAuthn).

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{
    findings::Findings,
    hosts::{canonical, is_loopback_host},
};

/// `[passkeys]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passkeys {
    /// Whether people can add passkeys and sign in with them.
    pub enabled: bool,
    /// The domain that passkeys belong to (RP ID); that of the public URL if it is empty.
    pub rp_id: String,
    /// The name of the site that browsers show beside a passkey.
    pub rp_name: String,
    /// How many passkeys an account may have.
    pub per_account: u32,
    /// Whether browsers that can make a passkey by themselves after a sign-in with the password are asked to.
    pub automatic: bool,
}

impl Default for Passkeys {
    fn default() -> Self {
        Self { enabled: true, rp_id: String::new(), rp_name: "Vestibule".into(), per_account: 20, automatic: true }
    }
}

impl Passkeys {
    /// The RP ID for a site at `public_url`; `None` if passkeys are off, or if the site has an address in place of a
    /// domain, for which there are no passkeys (WebAuthn section 5.1.3).
    pub fn rp_id(&self, public_url: &Url) -> Option<String> {
        let Some(Host::Domain(host)) = public_url.host() else { return None };
        self.enabled.then(|| if self.rp_id.is_empty() { host.to_owned() } else { self.rp_id.clone() })
    }

    pub(super) fn check(&self, public_url: &Url, found: &mut Findings) {
        let reason = "each sign-in page would have to tell so many apart";
        found.range("passkeys.per_account", self.per_account, 1..=100, reason);
        let named = self.rp_name.trim();
        found.error_if(
            named.is_empty() || named.chars().count() > 64 || named.contains(char::is_control),
            "passkeys.rp_name",
            "must be a name of 1 to 64 characters: browsers show it beside each passkey",
        );
        let host = public_url.host_str().unwrap_or_default();
        if !self.rp_id.is_empty() {
            found.error_if(
                !is_rp_id_of(&self.rp_id, host),
                "passkeys.rp_id",
                format!(
                    "{:?} is neither {host:?}, the host of server.public_url, nor a domain above it, so browsers \
                     would refuse every passkey; write it in lower case, without scheme and port",
                    self.rp_id
                ),
            );
        }
        let has_domain = matches!(public_url.host(), Some(Host::Domain(_)));
        found.advice_if(
            self.enabled && !has_domain && !is_loopback_host(public_url),
            "passkeys.enabled",
            "is true, but there are no passkeys for an address: set server.public_url to a name",
        );
    }
}

/// Whether a page of `host` may use passkeys of the domain `id`: its own, or one above it. Of domains above, at least
/// two labels; which of them are open to anybody ("co.uk") only browsers know, and refuse.
fn is_rp_id_of(id: &str, host: &str) -> bool {
    let is_domain = canonical(id).as_deref() == Ok(id) && matches!(Host::parse(id), Ok(Host::Domain(_)));
    let is_above = host.strip_suffix(id).is_some_and(|rest| rest.ends_with('.')) && id.contains('.');
    is_domain && (id == host || is_above)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rp_id_is_the_host_or_a_domain_above_it() {
        for (id, host) in [
            ("localhost", "localhost"),
            ("vestibule.example", "vestibule.example"),
            ("vestibule.example", "accounts.vestibule.example"),
            ("xn--bcher-kva.example", "www.xn--bcher-kva.example"),
        ] {
            assert!(is_rp_id_of(id, host), "{id} {host}");
        }
        for (id, host) in [
            ("example", "vestibule.example"),
            ("ule.example", "vestibule.example"),
            ("www.vestibule.example", "vestibule.example"),
            ("other.example", "vestibule.example"),
            ("Vestibule.example", "vestibule.example"),
            ("vestibule.example:443", "vestibule.example"),
            ("https://vestibule.example", "vestibule.example"),
            (".vestibule.example", "www.vestibule.example"),
            ("192.0.2.7", "192.0.2.7"),
        ] {
            assert!(!is_rp_id_of(id, host), "{id} {host}");
        }
    }

    #[test]
    fn what_browsers_would_refuse_is_found() {
        let found = |change: fn(&mut Passkeys), url: &str| {
            let (mut settings, mut found) = (Passkeys::default(), Findings::default());
            change(&mut settings);
            settings.check(&url.parse().unwrap(), &mut found);
            found.sorted().into_iter().map(|finding| finding.key).collect::<Vec<_>>()
        };
        assert!(found(|_| {}, "https://vestibule.example").is_empty());
        assert!(
            found(|settings| settings.rp_id = "vestibule.example".into(), "https://a.vestibule.example").is_empty()
        );
        assert!(found(|_| {}, "http://127.0.0.1:3000").is_empty());
        assert_eq!(found(|_| {}, "https://192.0.2.7"), ["passkeys.enabled"]);
        assert_eq!(found(|settings| settings.rp_id = "other.example".into(), "https://a.example"), ["passkeys.rp_id"]);
        assert_eq!(found(|settings| settings.rp_name = " ".into(), "https://a.example"), ["passkeys.rp_name"]);
        assert_eq!(found(|settings| settings.per_account = 0, "https://a.example"), ["passkeys.per_account"]);
    }

    #[test]
    fn an_address_has_no_passkeys() {
        let rp_id = |url: &str| Passkeys::default().rp_id(&url.parse().unwrap());
        assert_eq!(rp_id("http://localhost:3000").as_deref(), Some("localhost"));
        assert_eq!(rp_id("https://vestibule.example").as_deref(), Some("vestibule.example"));
        assert_eq!(rp_id("http://127.0.0.1:3000"), None);
        assert_eq!(rp_id("https://[2001:db8::5]"), None);
        let off = Passkeys { enabled: false, ..Passkeys::default() };
        assert_eq!(off.rp_id(&"https://vestibule.example".parse().unwrap()), None);
    }
}
