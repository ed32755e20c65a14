//! The `Origin` or the host of a request, as a client wrote it.

/// The most characters that are shown. A host name has at most 253, and few have half of that.
const SHOWN: usize = 150;

/// An origin or a host for the log and for messages: in ASCII, without control characters, and cut if it is very long.
pub fn shown(origin: impl AsRef<[u8]>) -> String {
    let text = origin.as_ref().escape_ascii().to_string();
    match text.get(..SHOWN) {
        Some(beginning) if text.len() > SHOWN => format!("{beginning}..."),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn what_is_no_origin_does_no_harm() {
        let of = |bytes: &[u8]| shown(HeaderValue::from_bytes(bytes).unwrap());
        assert_eq!(of(b"https://app.example:8443"), "https://app.example:8443");
        assert_eq!(of(b"a\tb[31m\xff"), "a\\tb[31m\\xff");
        assert_eq!(of("x".repeat(10_000).as_bytes()).len(), SHOWN + 3);
        assert_eq!(of("\u{e9}".repeat(10_000).as_bytes()).len(), SHOWN + 3);
    }
}
