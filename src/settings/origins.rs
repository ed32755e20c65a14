//! Origins, as browsers write them in `Origin`.

use url::Url;

/// Whether `origin` is an origin in the one form that browsers send: that of a site, of an app's web view or of a
/// browser extension.
///
/// # Errors
/// If it is not; the message names the risk and how to fix it.
pub fn check_origin(origin: &str) -> Result<(), String> {
    if origin == "null" || origin.contains('*') {
        return Err(format!("{origin:?} would let every page read the responses; list exact origins instead"));
    }
    if is_web_view(origin) {
        return Ok(());
    }
    let url = Url::parse(origin).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    match url.map(|url| url.origin().ascii_serialization()) {
        Some(exact) if exact == origin => Ok(()),
        Some(exact) => Err(format!(
            "{origin:?} never equals what a browser sends; write {exact:?} (scheme and host in lower case, no default \
             port, no path, no trailing slash)"
        )),
        None => Err(format!("{origin:?} is not an origin; use something like \"https://app.example.com\"")),
    }
}

/// Whether `origin` is that of an app in a web view, or of a browser extension, in the form that these send.
///
/// Any app can use `capacitor://localhost`, so such an origin identifies the kind of client, not the app. The origin of
/// an extension identifies the extension.
fn is_web_view(origin: &str) -> bool {
    let Some((scheme, host)) = origin.split_once("://") else { return false };
    let is_id = |emails: fn(u8) -> bool, length| host.len() == length && host.bytes().all(emails);
    match scheme {
        "app" | "capacitor" | "ionic" | "tauri" => {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
            (1..=253).contains(&host.len()) && host.bytes().all(plain)
        }
        "chrome-extension" => is_id(|byte| (b'a'..=b'p').contains(&byte), 32),
        "moz-extension" | "safari-web-extension" => is_id(|byte| byte.is_ascii_hexdigit() || byte == b'-', 36),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::check_origin;

    #[test]
    fn web_views_and_extensions_have_origins_too() {
        for good in [
            "capacitor://localhost",
            "ionic://localhost",
            "tauri://localhost",
            "http://tauri.localhost",
            "app://bundle",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            "moz-extension://0f9c1a52-7c5e-4d27-9b5e-2d3f4a5b6c7d",
        ] {
            assert_eq!(check_origin(good), Ok(()), "{good}");
        }
        for bad in [
            "capacitor://",
            "capacitor://localhost/",
            "Capacitor://localhost",
            "capacitor://a b",
            "capacitor://*",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnoz",
            "moz-extension://abc",
            "file://localhost",
            "javascript://localhost",
            "data://x",
        ] {
            assert!(check_origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_origin_has_one_spelling() {
        for good in ["https://app.example", "http://localhost:5173", "https://app.example:8443", "http://[::1]:5173"] {
            assert_eq!(check_origin(good), Ok(()), "{good}");
        }
        for (bad, fix) in [
            ("*", "exact origins"),
            ("null", "exact origins"),
            ("https://*.example", "exact origins"),
            ("https://app.example/", r#"write "https://app.example""#),
            ("https://app.example/path", r#"write "https://app.example""#),
            ("https://app.example?q", r#"write "https://app.example""#),
            ("https://App.Example", r#"write "https://app.example""#),
            ("HTTPS://app.example", r#"write "https://app.example""#),
            ("https://app.example:443", r#"write "https://app.example""#),
            ("http://app.example:80", r#"write "http://app.example""#),
            ("https://me@app.example", r#"write "https://app.example""#),
            ("https://bücher.example", r#"write "https://xn--bcher-kva.example""#),
            (" https://app.example", r#"write "https://app.example""#),
            ("app.example", "is not an origin"),
            ("app.example:443", "is not an origin"),
            ("file:///index.html", "is not an origin"),
            ("chrome-extension://abc", "is not an origin"),
            ("", "is not an origin"),
        ] {
            let message = check_origin(bad).unwrap_err();
            assert!(message.contains(fix), "{bad}: {message}");
        }
    }
}
