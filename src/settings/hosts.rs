//! Host names, as browsers write them.

use std::net::IpAddr;

use url::{Host, Url};

/// `host` as browsers write it in the address bar and in `Host`: lower case, a name in its IDNA form, an IPv6 address
/// in brackets (WHATWG URL, "host parsing").
///
/// # Errors
/// If `host` is not a host; the message says how to fix it.
pub(super) fn canonical(host: &str) -> Result<String, String> {
    let invalid = || format!("{host:?} is not a host; use a name or an address, without a port");
    let parsed = Host::parse(host).map_err(|_| invalid())?;
    let canonical = parsed.to_string();
    match parsed {
        Host::Domain(name) if name.contains('*') => {
            Err(format!("{host:?} has a wildcard, which is not supported; list each host"))
        }
        Host::Domain(name) if !is_name(&name) => Err(invalid()),
        // "10.1" and "0x7f.1" are addresses as well, and probably mistakes.
        Host::Ipv4(_) if canonical != host => Err(format!("{host:?} is the address {canonical}; use that form")),
        _ => Ok(canonical),
    }
}

/// Whether `name` could be in the DNS: labels of letters, digits, hyphens and, as some networks use them, underscores
/// (RFC 1035 section 2.3.4).
pub(super) fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// Whether the host of `url` is `localhost` or a loopback address.
pub fn is_loopback_host(url: &Url) -> bool {
    match url.host() {
        // For a scheme it does not know, the url crate parses an address as a name.
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn a_host_has_one_form() {
        for (given, form) in [
            ("www.example.com", "www.example.com"),
            ("WWW.Example.com", "www.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("my_app", "my_app"),
            ("10.0.0.7", "10.0.0.7"),
            ("[2001:DB8:0::5]", "[2001:db8::5]"),
        ] {
            assert_eq!(canonical(given).as_deref(), Ok(form));
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for bad in [
            "",
            "a b",
            "app.example.com:8443",
            "https://app.example.com",
            "app.example.com/",
            "2001:db8::5",
            "*.example.com",
            "a..example",
            "example.com.",
            ".example.com",
            "-x.example",
            "x-.example",
            "10.1",
            "256.1.1.1",
            &format!("{}.example", "a".repeat(64)),
        ] {
            assert!(canonical(bad).unwrap_err().contains(&format!("{bad:?}")), "{bad}");
        }
    }
}
