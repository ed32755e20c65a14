//! The URL of a request, and whether `htu` is the same.

use url::Url;

/// Scheme, host, port and path of a request, without its query (RFC 9449 section 4.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    origin: String,
    path: String,
}

impl Target {
    /// The request for `path` at `origin`.
    pub(super) fn new(origin: &str, path: &str) -> Option<Self> {
        Self::parse(&format!("{origin}{path}"))
    }

    /// Normalised by syntax and by scheme (RFC 3986 sections 6.2.2 and 6.2.3): letters of scheme, host and escapes,
    /// escapes that need not be, dots in the path, the port that is the scheme's own, an empty path.
    pub(super) fn parse(text: &str) -> Option<Self> {
        // The parser forgives what no URI may contain.
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return None;
        }
        let url = Url::parse(text).ok()?;
        let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
        plain.then(|| Self { origin: url.origin().ascii_serialization(), path: unescaped(url.path()) })
    }
}

/// Letters, digits and `-._~` without escapes, and other escapes with large letters.
fn unescaped(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        plain.push_str(before);
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = after;
        match byte {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => plain.push(char::from(byte)),
            Some(_) => plain.extend(["%", &after[..2].to_ascii_uppercase()]),
            None => {
                plain.push('%');
                continue;
            }
        }
        rest = &after[2..];
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_url_in_other_words_is_the_same() {
        let target = Target::new("https://vestibule.example", "/api/v1/things/a%2Fb~").unwrap();
        for same in [
            "https://vestibule.example/api/v1/things/a%2Fb~",
            "https://vestibule.example:443/api/v1/things/a%2Fb~",
            "HTTPS://Vestibule.EXAMPLE/api/v1/things/a%2fb%7E",
            "https://vestibule.example/api/v1/things/./x/../a%2Fb~",
            "https://vestibule.example/%61pi/v1/things/a%2Fb~",
            "https://vestibule.example/api/v1/things/a%2Fb~?limit=1",
            "https://vestibule.example/api/v1/things/a%2Fb~#top",
            "https://vestibule.example/api/v1/things/a%2Fb~?a#b?c",
        ] {
            assert_eq!(Target::parse(same).as_ref(), Some(&target), "{same}");
        }
        for other in [
            "http://vestibule.example/api/v1/things/a%2Fb~",
            "https://vestibule.example:8443/api/v1/things/a%2Fb~",
            "https://vestibule.example.evil.example/api/v1/things/a%2Fb~",
            "https://vestibule.example./api/v1/things/a%2Fb~",
            "https://vestibule.example@evil.example/api/v1/things/a%2Fb~",
            "https://vestibule.example/api/v1/things/a/b~",
            "https://vestibule.example/api/v1/things/a%2Fb~/",
            "https://vestibule.example/api/v1/things/A%2Fb~",
            "https://vestibule.example/api/v1/things/a%252Fb~",
            "https://vestibule.example//api/v1/things/a%2Fb~",
            "/api/v1/things/a%2Fb~",
            "//vestibule.example/api/v1/things/a%2Fb~",
        ] {
            assert_ne!(Target::parse(other), Some(target.clone()), "{other}");
        }
    }

    #[test]
    fn what_is_no_url_is_none() {
        for text in [
            "",
            " https://vestibule.example/",
            "https://vestibule.example/a b",
            "https://vestibule.example/\t",
            "https:\\\\vestibule.example\\",
            "https://b\u{fc}cher.example/",
            "https://ada@vestibule.example/",
            "https://ada:secret@vestibule.example/",
            "ftp://vestibule.example/",
            "data:,x",
            "https://",
        ] {
            assert_eq!(Target::parse(text), None, "{text:?}");
        }
        assert_eq!(Target::parse("https://a.example"), Target::parse("https://a.example/"));
        assert_eq!(unescaped("/%zz%4%41%"), "/%zz%4A%");
    }
}
