//! The `Authorization` header, with the schemes `Bearer` (RFC 6750 section 2.1) and `DPoP` (RFC 9449 section 7.1).

use axum::http::{HeaderMap, HeaderValue, header};

/// Why a request has no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoToken {
    /// There is no such header.
    Missing,
    /// The header uses another scheme, or none.
    OtherScheme,
    /// The header is not ASCII text.
    Unreadable,
    /// There are several such headers.
    Repeated,
}

/// How a token is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// By whoever has it.
    Bearer,
    /// With a proof of the key that it is bound to.
    DPoP,
}

/// The token in a single `Authorization` header, and its scheme, whose case does not matter (RFC 9110 section 11.1).
///
/// # Errors
/// If there is not exactly one such header, or it has another scheme. The caller has to check whether the token is one
/// of ours.
pub fn token(headers: &HeaderMap) -> Result<(Scheme, &str), NoToken> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Err(NoToken::Missing),
        (Some(value), None) => value,
        (Some(_), Some(_)) => return Err(NoToken::Repeated),
    };
    let (scheme, token) = split(value).ok_or(NoToken::Unreadable)?;
    let known = [("bearer", Scheme::Bearer), ("dpop", Scheme::DPoP)];
    let scheme = known.into_iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name));
    scheme.map(|(_, scheme)| (scheme, token)).ok_or(NoToken::OtherScheme)
}

fn split(value: &HeaderValue) -> Option<(&str, &str)> {
    let text = value.to_str().ok()?;
    Some(text.split_once(' ').map_or((text, ""), |(scheme, token)| (scheme, token.trim_start_matches(' '))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(lines: &[&[u8]]) -> Result<String, NoToken> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::AUTHORIZATION, HeaderValue::from_bytes(line).unwrap());
        }
        let (scheme, text) = token(&headers)?;
        Ok(if scheme == Scheme::DPoP { format!("bound {text}") } else { text.to_owned() })
    }

    #[test]
    fn one_header_one_scheme() {
        assert_eq!(read(&[b"Bearer abc"]).as_deref(), Ok("abc"));
        assert_eq!(read(&[b"bEARER   abc"]).as_deref(), Ok("abc"));
        assert_eq!(read(&[b"DPoP abc"]).as_deref(), Ok("bound abc"));
        assert_eq!(read(&[b"dpop  abc"]).as_deref(), Ok("bound abc"));
        assert_eq!(read(&[b"DPoP a", b"DPoP a"]), Err(NoToken::Repeated));
        assert_eq!(read(&[b"DPoP a", b"Bearer a"]), Err(NoToken::Repeated));
        assert_eq!(read(&[]), Err(NoToken::Missing));
        assert_eq!(read(&[b"Basic abc"]), Err(NoToken::OtherScheme));
        assert_eq!(read(&[b"Bearer"]).as_deref(), Ok(""));
        assert_eq!(read(&[b"Bearer \xff"]), Err(NoToken::Unreadable));
        assert_eq!(read(&[b"Bearer a", b"Bearer b"]), Err(NoToken::Repeated));
    }

    /// The bytes a header can hold (RFC 9110 section 5.5).
    fn field_value() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(prop_oneof![Just(b'\t'), b' '..=b'~', 0x80_u8..=0xff], 0..200)
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_or_refused(value in field_value()) {
            let bound = value.len() >= 4 && value[..4].eq_ignore_ascii_case(b"dpop");
            if let (false, Ok(token)) = (bound, read(&[&value])) {
                prop_assert!(value[..6].eq_ignore_ascii_case(b"bearer"));
                prop_assert!(value.ends_with(token.as_bytes()) && !token.starts_with(' '));
            }
        }

        #[test]
        fn a_token_comes_out_as_it_went_in(
            scheme in "[Bb][Ee][Aa][Rr][Ee][Rr]",
            blanks in " {1,9}",
            token in "[!-~][ -~]{0,99}",
        ) {
            let line = format!("{scheme}{blanks}{token}");
            prop_assert_eq!(read(&[line.as_bytes()]), Ok(token));
        }

        #[test]
        fn no_other_scheme_is_taken_for_it(scheme in "[!-~]{0,20}", token in "[!-~]{0,99}") {
            prop_assume!(!scheme.eq_ignore_ascii_case("bearer") && !scheme.eq_ignore_ascii_case("dpop"));
            let line = format!("{scheme} {token}");
            prop_assert_eq!(read(&[line.as_bytes()]), Err(NoToken::OtherScheme));
        }

        #[test]
        fn several_are_none(tokens in proptest::collection::vec("Bearer [!-~]{0,50}", 2..5)) {
            let lines: Vec<_> = tokens.iter().map(String::as_bytes).collect();
            prop_assert_eq!(read(&lines), Err(NoToken::Repeated));
        }
    }
}
