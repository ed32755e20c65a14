//! Email addresses: which are valid, and when two are the same (S75).

use std::{borrow::Cow, net::IpAddr};

use idna::{AsciiDenyList, domain_to_ascii_cow, domain_to_unicode};
use lettre::Address;

use crate::text::{self, is_invisible};

/// The longest address, in bytes (RFC 5321 section 4.5.3.1.3, without the angle brackets).
const LONGEST: usize = 254;

/// The form in which `email` is stored and compared: the local part in NFC and lower case, as every large provider
/// delivers it, and the domain in ASCII (UTS 46). Text that is not an address is only trimmed and put in lower case.
pub fn normalized(email: &str) -> String {
    canonical(email).unwrap_or_else(|| lowered(email))
}

/// Whether `email` is a valid address, that is, whether mail can be sent to it.
///
/// `lettre::Address` alone checks the text as it was typed. Here it checks the normalized form, of which there is one
/// for each mailbox.
pub fn is_address(email: &str) -> bool {
    canonical(email).is_some()
}

/// Whether an account may exist with `email`. Includes what version 0.1.0 accepted as an address, so that the owners of
/// such accounts can still sign in.
pub fn may_be_known(email: &str) -> bool {
    let email = lowered(email);
    let Some((local, domain)) = email.rsplit_once('@') else { return false };
    let plain =
        |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@');
    let was = plain(local) && plain(domain) && email.len() <= LONGEST;
    (was && !domain.starts_with('.') && !domain.ends_with('.')) || is_address(&email)
}

/// The forms in which `email` may be stored: as typed (two accounts of version 0.1.0 may have different spellings of
/// one address), normalized, and with its domain in Unicode.
pub fn spellings(email: &str) -> [String; 3] {
    let one = normalized(email);
    let read = shown(&one);
    [lowered(email), one, read]
}

/// `email` with its domain in Unicode, for people: `ada@bücher.example`.
pub fn shown(email: &str) -> String {
    let Some((local, domain)) = email.rsplit_once('@') else { return email.to_owned() };
    match domain_to_unicode(domain) {
        (domain, Ok(())) => format!("{local}@{domain}"),
        _ => email.to_owned(),
    }
}

fn lowered(email: &str) -> String {
    email.trim().to_lowercase()
}

fn canonical(email: &str) -> Option<String> {
    let email = email.trim();
    // The normalized form may be shorter, but not by this much.
    if email.len() > 4 * LONGEST {
        return None;
    }
    let (local, domain) = email.rsplit_once('@')?;
    let address = format!("{}@{}", local_part(local)?, host(domain)?);
    (address.len() <= LONGEST && address.parse::<Address>().is_ok()).then_some(address)
}

fn local_part(local: &str) -> Option<String> {
    if local.contains(|c: char| is_invisible(c) || c.is_control() || matches!(c, '@' | '\\')) {
        return None;
    }
    let lower = text::nfc(&text::nfc(local).to_lowercase()).into_owned();
    // Quotes that are not needed have no meaning (RFC 5321 section 4.1.2).
    let bare = lower.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    Some(bare.filter(|bare| Address::new(bare, "x").is_ok()).map_or_else(|| lower.clone(), str::to_owned))
}

fn host(domain: &str) -> Option<String> {
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return literal.parse::<IpAddr>().ok().map(|address| format!("[{address}]"));
    }
    domain_to_ascii_cow(domain.as_bytes(), AsciiDenyList::URL).ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_mailed_is_no_address() {
        for good in ["ada@example.org", "a+b@x", "ü@bücher.example", "a@[127.0.0.1]", "o'neil@x-y.example"] {
            assert!(is_address(good) && normalized(good).parse::<Address>().is_ok(), "{good:?}");
        }
        for bad in [
            "ada..lovelace@docomo.ne.jp",
            ".ada@example.org",
            "ada.@example.org",
            &format!("{}@example.org", "a".repeat(65)),
            "<a>@example.org",
            "ada@-x.example",
            "ada@x-.example",
            "ada@x..example",
            "ada@xn--a.example",
            "ada@a%2eb.example",
            "ada@[x]",
            "ada\u{200b}@example.org",
            "ada\u{85}@example.org",
            "a\\b@example.org",
            &format!("ada@{}.example", "a".repeat(64)),
            &format!("a@{}", "\u{ad}".repeat(100_000)),
        ] {
            assert!(!is_address(bad), "{bad:?}");
        }
    }

    #[test]
    fn one_address_has_one_form() {
        for (typed, one) in [
            (" Ada@Example.ORG ", "ada@example.org"),
            ("ada@bücher.example", "ada@xn--bcher-kva.example"),
            ("ada@BU\u{308}CHER.example", "ada@xn--bcher-kva.example"),
            ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
            ("ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"),
            ("ada@bücher。example", "ada@xn--bcher-kva.example"),
            ("ada@ｅｘａｍｐｌｅ.org", "ada@example.org"),
            ("ada@exam\u{ad}ple.org", "ada@example.org"),
            ("\"ada\"@example.org", "ada@example.org"),
            ("\"a..b\"@example.org", "\"a..b\"@example.org"),
            ("jose\u{301}@example.org", "josé@example.org"),
            ("a@[::0001]", "a@[::1]"),
        ] {
            assert_eq!(normalized(typed), one, "{typed:?}");
            assert_eq!(normalized(one), one);
        }
        assert_eq!(shown("ada@xn--bcher-kva.example"), "ada@bücher.example");
        assert_eq!(shown("a@[127.0.0.1]"), "a@[127.0.0.1]");
    }

    #[test]
    fn what_the_first_version_took_is_still_looked_for() {
        for known in ["ada..lovelace@docomo.ne.jp", "<a>@example.org", "Ada@-x.example", "ü@bücher.example"] {
            assert!(may_be_known(known), "{known:?}");
            assert!(spellings(known).contains(&known.to_lowercase()), "{known:?}");
        }
        for never in ["", "ada", "@x", "ada@", "a b@x", "a@b@c", "a\0@x", &format!("{}@x", "a".repeat(254))] {
            assert!(!may_be_known(never), "{never:?}");
        }
    }
}
