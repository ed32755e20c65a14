//! Requests that end the credential they come with.

use axum::http::{Method, request::Parts};
use uuid::Uuid;

/// A request that ends the credential it comes with, so that no limit may keep it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// `POST logout`
    Logout,
    /// `DELETE tokens/{id}`, if it is the id of the calling token.
    Revoke(Uuid),
}

impl Ending {
    /// What the request `parts` may end. The path is that below the mount.
    pub fn of(parts: &Parts) -> Option<Self> {
        match (&parts.method, parts.uri.path()) {
            (&Method::POST, "/logout") => Some(Self::Logout),
            (&Method::DELETE, path) => path.strip_prefix("/tokens/")?.parse().ok().map(Self::Revoke),
            _ => None,
        }
    }

    /// Whether it ends the token `id`.
    pub fn ends(self, id: Uuid) -> bool {
        self == Self::Logout || self == Self::Revoke(id)
    }
}

/// How many times the quota a request may use: more if it may end its credential. A token that just worked is known to
/// end with a logout.
pub(super) fn times_for(ending: Option<Ending>, is_known: bool) -> u32 {
    match ending {
        None => 1,
        Some(Ending::Logout) if is_known => u32::MAX,
        Some(_) => 2,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[test]
    fn only_what_ends_the_caller_is_one() {
        let of = |method: &str, path: &str| {
            Ending::of(&Request::builder().method(method).uri(path).body(()).unwrap().into_parts().0)
        };
        let id = Uuid::from_u128(7);
        assert_eq!(of("POST", "/logout"), Some(Ending::Logout));
        assert_eq!(of("DELETE", &format!("/tokens/{id}")), Some(Ending::Revoke(id)));
        for (method, path) in [
            ("GET", "/logout".to_owned()),
            ("POST", "/logout-all".into()),
            ("POST", "/x/logout".into()),
            ("GET", format!("/tokens/{id}")),
            ("DELETE", format!("/items/{id}")),
            ("DELETE", "/tokens/x".into()),
        ] {
            assert_eq!(of(method, &path), None, "{method} {path}");
        }
        assert!(Ending::Revoke(id).ends(id) && !Ending::Revoke(id).ends(Uuid::nil()) && Ending::Logout.ends(id));
    }
}
