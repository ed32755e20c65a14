//! The session cookie on the wire (RFC 6265bis), around a session layer that takes it too lightly.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use url::Url;

/// The cookie's name and whether it is `Secure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionCookie {
    /// `__Host-session`, or `session` on http.
    pub name: &'static str,
    /// Whether the site is on https.
    pub secure: bool,
}

impl SessionCookie {
    /// The cookie for a site at `public_url`. Safari refuses `Secure` on `http://localhost`, and `__Host-` demands it
    /// (S1).
    pub fn of(public_url: &Url) -> Self {
        if public_url.scheme() == "https" {
            Self { name: "__Host-session", secure: true }
        } else {
            Self { name: "session", secure: false }
        }
    }

    /// The cookie pair as this browser sent it, if it is there exactly once and spelt exactly.
    fn pair<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut ours = all
            .flat_map(|line| line.split(';'))
            .map(|pair| pair.trim_matches([' ', '\t']))
            .filter(|pair| pair.split_once('=').is_some_and(|(name, _)| name == self.name));
        let pair = ours.next()?;
        ours.next().is_none().then_some(pair)
    }

    /// Whether the request carries it.
    pub fn is_in(&self, headers: &HeaderMap) -> bool {
        headers
            .get_all(header::COOKIE)
            .iter()
            .any(|line| line.as_bytes().windows(self.name.len()).any(|part| part == self.name.as_bytes()))
    }

    /// What makes a browser drop it: the same attributes it was set with, or `__Host-` is not obeyed (S50, T3).
    fn removal(&self) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax{secure}", self.name)
    }
}

/// Stands outside the session layer.
///
/// On the way in, only a cookie of exactly our name, sent exactly once, reaches it: the layer percent-decodes names,
/// trims Unicode blanks and lets the last of several win, by which a neighbour could forge `__Host-` (S49, T2). On the
/// way out, a removal gets the attributes that make it work.
pub async fn guard(State(cookie): State<SessionCookie>, mut request: Request, next: Next) -> Response {
    let ours = cookie.pair(request.headers()).and_then(|pair| HeaderValue::from_str(pair).ok());
    let headers = request.headers_mut();
    headers.remove(header::COOKIE);
    if let Some(pair) = ours {
        headers.insert(header::COOKIE, pair);
    }

    let mut response = next.run(request).await;

    let removes = |value: &HeaderValue| {
        value.to_str().is_ok_and(|text| {
            text.strip_prefix(cookie.name).is_some_and(|rest| rest.starts_with("=;") || rest.starts_with("=\"\";"))
        })
    };
    if response.headers().get_all(header::SET_COOKIE).iter().any(removes)
        && let Ok(removal) = HeaderValue::from_str(&cookie.removal())
    {
        response.headers_mut().insert(header::SET_COOKIE, removal);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: SessionCookie = SessionCookie { name: "__Host-session", secure: true };

    fn pair(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
        }
        COOKIE.pair(&headers).map(str::to_owned)
    }

    #[test]
    fn only_the_exact_name_once_counts() {
        assert_eq!(pair(&["a=b; __Host-session=x; c=d"]).as_deref(), Some("__Host-session=x"));
        assert_eq!(pair(&["__Host-session=x; __Host-session=y"]), None);
        assert_eq!(pair(&["__Host-session=x", "__Host-session=y"]), None);
        assert_eq!(pair(&["__%48ost-session=x"]), None);
        assert_eq!(pair(&["\u{a0}__Host-session=x"]), None);
        assert_eq!(pair(&["__host-session=x"]), None);
        assert_eq!(pair(&["__Host-session"]), None);
        assert_eq!(pair(&[]), None);
    }
}
