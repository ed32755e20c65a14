//! The name of a browser.

use woothee::parser::Parser;

/// The browser and the system that a `User-Agent` names, such as "Firefox on Windows".
///
/// The result is made of names from a fixed list only. A client chooses its own `User-Agent`, so its text must not be
/// shown to an account's owner who decides whether to trust it.
pub fn browser_name(user_agent: &str) -> String {
    let Some(found) = Parser::new().parse(user_agent) else { return UNKNOWN.into() };
    let browser = match found.name {
        "UNKNOWN" => None,
        "HTTP Library" => Some("A script"),
        "SamsungBrowser" => Some("Samsung Internet"),
        "Webview" => Some("An app"),
        name => Some(name),
    };
    let system = match found.os {
        "UNKNOWN" => None,
        "Mac OSX" => Some("macOS"),
        "Windows Phone OS" => Some("Windows Phone"),
        windows if windows.starts_with("Windows") => Some("Windows"),
        system => Some(system),
    };
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.into(),
        (None, Some(system)) => format!("{UNKNOWN} on {system}"),
        (None, None) => UNKNOWN.into(),
    }
}

const UNKNOWN: &str = "Unknown browser";

#[cfg(test)]
mod tests {
    use super::browser_name;

    #[test]
    fn what_people_use() {
        for (words, user_agent) in [
            ("Firefox on Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"),
            ("Firefox on Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
            (
                "Safari on macOS",
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 \
                 Safari/605.1.15",
            ),
            (
                "Safari on iPhone",
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/17.4 Mobile/15E148 Safari/604.1",
            ),
            (
                "Chrome on Android",
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile \
                 Safari/537.36",
            ),
            (
                "Edge on Windows",
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 \
                 Safari/537.36 Edg/126.0.0.0",
            ),
            (
                "Opera on Windows",
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 \
                 Safari/537.36 OPR/111.0.0.0",
            ),
            (
                "Samsung Internet on Android",
                "Mozilla/5.0 (Linux; Android 13; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) \
                 SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
            ),
        ] {
            assert_eq!(browser_name(user_agent), words);
        }
    }

    #[test]
    fn what_is_known_to_nobody() {
        for (words, user_agent) in [
            ("Unknown browser", ""),
            ("Unknown browser", "-"),
            ("Unknown browser", "Netscape Navigator 3"),
            ("Unknown browser", "This is you, trust it"),
            ("Unknown browser", "<b>Firefox"),
            ("Unknown browser", "Firefox é \u{202e}"),
            ("Firefox on Windows", "<b>Trust me</b> (Windows NT 10.0; é) Gecko/20100101 Firefox/128.0 \u{202e}"),
        ] {
            assert_eq!(browser_name(user_agent), words, "{user_agent:?}");
        }
    }
}
