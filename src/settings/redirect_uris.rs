//! Redirect URIs of OAuth clients: which may be registered, and which requests they allow (RFC 9700 section 4.1, RFC
//! 8252 section 7).

use url::{Host, Url};

/// The longest redirect URI, in bytes.
const LONGEST: usize = 500;

/// How the redirect URI of a request compares with a registered one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectMatch {
    /// Byte by byte the same.
    Exact,
    /// The same but for the port, on the visitor's own machine: a native app listens on any (RFC 8252 section 7.3).
    OtherPort,
}

/// Whether `uri` may be registered: a page on https, a page or an app on the visitor's own machine, or the private-use
/// scheme of an app. It is compared byte by byte later, so it must be in the one form that browsers use.
///
/// # Errors
/// If it may not; the message names the fix.
pub fn check_redirect_uri(uri: &str) -> Result<(), String> {
    let shown: String = uri.chars().take(100).collect();
    if uri.len() > LONGEST {
        return Err(format!("{shown:?} is longer than {LONGEST} characters"));
    }
    let plain = uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}*".contains(&byte));
    let url = Url::parse(uri).ok().filter(|_| plain).ok_or_else(|| {
        format!("{shown:?} is not a redirect URI; use something like \"https://app.example.com/callback\"")
    })?;
    if uri.contains('#') || uri.contains('@') {
        return Err(format!("{shown:?} must have no fragment (#) and no user (@)"));
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(format!("{shown:?} is http, so anyone on the network could read the code; use https")),
        // Reversed domain names (RFC 8252 section 7.1). "javascript:", "data:" and others have no dot.
        scheme if scheme.contains('.') => {}
        scheme => {
            return Err(format!(
                "the scheme {scheme:?} is not one of your own; use https, or a domain of yours in reverse, such as \
                 \"com.example.app:/callback\""
            ));
        }
    }
    if url.as_str() == uri {
        Ok(())
    } else {
        Err(format!("{shown:?} has another form in browsers; write {:?}", url.as_str()))
    }
}

/// Compares the redirect URI of a request with a `registered` one; `None` if that does not allow it.
pub fn compare_redirect_uri(registered: &str, requested: &str) -> Option<RedirectMatch> {
    if registered == requested {
        return Some(RedirectMatch::Exact);
    }
    let same = without_port(registered).is_some_and(|uri| without_port(requested).as_ref() == Some(&uri));
    same.then_some(RedirectMatch::OtherPort)
}

/// The origin of the pages at a redirect URI; `None` for the scheme of an app.
pub fn origin_of_redirect_uri(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(url.origin().ascii_serialization())
}

/// `uri` without its port, if it is on the visitor's own machine.
fn without_port(uri: &str) -> Option<Url> {
    check_redirect_uri(uri).ok()?;
    let mut url = Url::parse(uri).ok().filter(|url| url.scheme() == "http" && is_loopback(url))?;
    url.set_port(None).ok()?;
    Some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(host)) => host == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_registered() {
        for good in [
            "https://app.example/callback",
            "https://app.example/",
            "https://app.example:8443/a?b=c",
            "http://localhost:5173/callback",
            "http://127.0.0.1/callback",
            "http://[::1]:8000/",
            "com.example.app:/callback",
        ] {
            assert_eq!(check_redirect_uri(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", "is not a redirect URI"),
            ("/callback", "is not a redirect URI"),
            ("https://*.example/", "is not a redirect URI"),
            ("https://app.example/a b", "is not a redirect URI"),
            ("https://app.example", r#"write "https://app.example/""#),
            ("https://App.example/", r#"write "https://app.example/""#),
            ("https://app.example:443/", r#"write "https://app.example/""#),
            ("https://app.example/a/../b", r#"write "https://app.example/b""#),
            ("https://app.example/#x", "no fragment"),
            ("https://me@app.example/", "no user"),
            ("http://app.example/", "is http"),
            ("javascript:alert(1)", "is not one of your own"),
            ("data:text/html,x", "is not one of your own"),
            ("app:/callback", "is not one of your own"),
            ("file:///etc/passwd", "is not one of your own"),
        ] {
            let message = check_redirect_uri(bad).unwrap_err();
            assert!(message.contains(why), "{bad}: {message}");
        }
        assert!(check_redirect_uri(&format!("https://app.example/{}", "a".repeat(500))).is_err());
    }

    #[test]
    fn a_redirect_uri_is_compared_exactly_but_for_the_port_on_the_own_machine() {
        let exact = "https://app.example/callback";
        assert_eq!(compare_redirect_uri(exact, exact), Some(RedirectMatch::Exact));
        for other in [
            "https://app.example/Callback",
            "https://APP.example/callback",
            "https://app.example/callback/",
            "https://app.example/callback?x",
            "https://app.example/callback#x",
            "https://app.example:8443/callback",
            "https://app.example:443/callback",
            "https://me@app.example/callback",
            "https://app.example/x/../callback",
            "https://app.example/%63allback",
            "http://app.example/callback",
            "https://app.example.evil.example/callback",
            "",
        ] {
            assert_eq!(compare_redirect_uri(exact, other), None, "{other}");
        }
        let native = "http://127.0.0.1/callback";
        assert_eq!(compare_redirect_uri(native, "http://127.0.0.1:49152/callback"), Some(RedirectMatch::OtherPort));
        for other in [
            "http://localhost:49152/callback",
            "http://127.0.0.2/callback",
            "https://127.0.0.1:1/callback",
            "http://127.0.0.1:1/callback/",
            "http://x@127.0.0.1:1/callback",
            "http://127.0.0.1:1/a/../callback",
            "http://127.0.0.1:1/callback#x",
            "http://127.0.0.1:1@evil.example/callback",
            "http://127.1:1/callback",
        ] {
            assert_eq!(compare_redirect_uri(native, other), None, "{other}");
        }
        let named = ("com.example.app:/callback", "com.example.app:/other");
        assert_eq!(compare_redirect_uri(named.0, named.1), None);
    }
}
