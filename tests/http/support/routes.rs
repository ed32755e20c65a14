//! Every route of the contract. A test holds these tables against the sources.

use axum::http::Method;
use serde_json::{Value, json};

use super::{
    PASSWORD,
    resource::{COLLECTION, ITEM, PAGE, READ, WRITE, change, item, resource},
};

/// One call of a JSON mount.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Below the mount; `{id}` stands for an id.
    pub path: &'static str,
    /// What a token needs for it.
    pub scope: Option<&'static str>,
}

impl Call {
    /// The path below the mount, with `id` in its place.
    pub fn path(&self, id: &str) -> String {
        self.path.replace("{id}", id)
    }

    /// A body that would be taken.
    pub fn body(&self) -> Option<Value> {
        match (&self.method, self.path) {
            (&Method::POST, COLLECTION) => Some(item("made", "")),
            (&Method::PATCH, _) => Some(change("changed")),
            (&Method::POST, "/tokens") => Some(json!({"name": "made", "scopes": ["tokens:manage"], "days": 1})),
            (&Method::POST, "/tokens/revoke-all") => Some(json!({})),
            (&Method::POST, "/reauthenticate") => Some(json!({"password": PASSWORD})),
            (&Method::POST, "/login") => Some(json!({"email": "ada@example.org", "password": PASSWORD})),
            _ => None,
        }
    }
}

fn calls<const N: usize>(calls: [(Method, &'static str, Option<&'static str>); N]) -> Vec<Call> {
    calls.map(|(method, path, scope)| Call { method, path, scope }).into()
}

/// What both mounts have. Every one needs a caller.
pub fn resources() -> Vec<Call> {
    calls([
        (Method::GET, "/me", Some("account:read")),
        (Method::GET, "/token", None),
        (Method::GET, "/tokens", Some("tokens:manage")),
        (Method::POST, "/tokens", Some("tokens:manage")),
        (Method::POST, "/tokens/revoke-all", Some("tokens:manage")),
        (Method::DELETE, "/tokens/{id}", Some("tokens:manage")),
        (Method::GET, COLLECTION, Some(READ)),
        (Method::POST, COLLECTION, Some(WRITE)),
        (Method::GET, ITEM, Some(READ)),
        (Method::PATCH, ITEM, Some(WRITE)),
        (Method::DELETE, ITEM, Some(WRITE)),
    ])
}

/// What needs a token at the token door: everything but `POST /login` and `POST /tokens/report`.
pub fn token_calls() -> Vec<Call> {
    let own = calls([(Method::POST, "/logout", None), (Method::POST, "/logout-all", Some("tokens:manage"))]);
    [resources(), own].concat()
}

/// What the same-origin guard protects at the session door.
pub fn session_calls() -> Vec<Call> {
    let own = calls([
        (Method::POST, "/login", None),
        (Method::POST, "/logout", None),
        (Method::POST, "/reauthenticate", None),
    ]);
    [resources(), own].concat()
}

/// Pages anybody may open.
pub const PUBLIC_PAGES: [&str; if cfg!(feature = "lab") { 6 } else { 4 }] = [
    "/",
    "/sign-up",
    "/sign-in",
    "/forgot",
    #[cfg(feature = "lab")]
    "/lab",
    #[cfg(feature = "lab")]
    "/lab/story",
];

/// Pages outside of both doors, which do not look at who is signed in.
pub const OPEN_PAGES: [&str; 1] = ["/api/docs"];

/// Pages that links in mails lead to, with a form that posts to the same place.
pub const LINKS: [&str; 3] = ["/reset/{token}", "/confirm/{token}", "/email/{token}"];

/// Pages of signed-in people.
pub const PERSONAL_PAGES: [&str; 9] = [
    PAGE,
    ITEM,
    "/tokens",
    "/account",
    "/account/confirm",
    "/account/name",
    "/account/password",
    "/account/email",
    "/account/delete",
];

/// Files that signed-in people download.
pub const DOWNLOADS: [&str; 1] = ["/account/export"];

/// Pages of a development server.
pub const DEV_PAGES: [&str; 3] = ["/dev/components", "/dev/failure", "/dev/outbox"];

/// Every form's post.
pub const POSTS: [&str; 18] = [
    "/sign-up",
    "/sign-in",
    "/sign-out",
    PAGE,
    ITEM,
    resource!("/{id}/delete"),
    "/tokens",
    "/tokens/{id}/revoke",
    "/tokens/revoke-all",
    "/account/sessions/{id}/revoke",
    "/account/sessions/revoke-others",
    "/forgot",
    "/account/confirm",
    "/account/name",
    "/account/email",
    "/account/email/resend",
    "/account/password",
    "/account/delete",
];

/// The Lab's own, on the app and on its peer. The sources have them even where the Lab is not compiled.
pub const LAB: [&str; 12] = [
    "/lab",
    "/lab/story",
    "/lab/sessions",
    "/lab/sessions/{session}/{experiment}/begin",
    "/lab/sessions/{session}/{experiment}/end",
    "/lab/guarded/{session}/{experiment}/{step}",
    "/lab/at/{session}/{experiment}/{step}",
    "/lab/proxy/{session}/{experiment}/{step}",
    "/lab/frame",
    "/lab/frame.js",
    "/lab/requests.js",
    "/lab/clean/{session}/{experiment}",
];

/// Endpoints for monitoring.
pub const OPERATIONS: [&str; 2] = ["/healthz", "/readyz"];
