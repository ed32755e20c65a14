//! The cookies and the paths of the drill, and those of the real door that they stand for.

use axum::http::{HeaderMap, HeaderValue, header};

use super::accounts::LIFETIME;
use crate::auth::device_bound::Part;

/// Below this path browsers send the session cookies. The page is there too: a script in it could read them if they
/// were not `HttpOnly`.
pub(super) const PATH: &str = "/lab/theft";
/// The path of the door, with the id of the drill below.
const DOOR: &str = "/lab/theft/door";
/// The session cookie that is not bound.
pub(super) const SESSION: &str = "lab-theft-session";
/// The session cookie that is.
pub(super) const BOUND_SESSION: &str = "lab-theft-bound-session";
/// The short cookie of that session.
pub(super) const SHORT: &str = "lab-theft-bound";
/// Where a browser registers the key of the bound session.
pub(super) const START: &str = "/lab/theft/device-bound/start";
/// Where a browser gets its next short cookie.
pub(super) const REFRESH: &str = "/lab/theft/device-bound/refresh";

/// The part of the site that waits for the short cookie of the drill: the door.
pub(super) const PART: Part = Part {
    register_at: START,
    refresh_at: REFRESH,
    cookie: SHORT,
    path: DOOR,
    rules: &[("exclude", "/"), ("include", DOOR)],
    // Chromium signs ahead of each request if the cookie ends within two minutes, and only so often for one site, which
    // the visitor's own session is of, too.
    kept_seconds: Some(LIFETIME.whole_seconds()),
};

/// Removes the cookies of the drill.
pub(super) fn remove(headers: &mut HeaderMap, secure: bool) {
    let secure = if secure { "; Secure" } else { "" };
    for (name, path) in [(SESSION, PATH), (BOUND_SESSION, PATH), (SHORT, DOOR)] {
        let line = format!("{name}=; Max-Age=0; Path={path}; HttpOnly; SameSite=Lax{secure}");
        if let Ok(line) = HeaderValue::from_str(&line) {
            headers.append(header::SET_COOKIE, line);
        }
    }
}
