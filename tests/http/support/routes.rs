//! Every route that the harness serves, by what it is for, from the list that `vestibule routes` prints. So a new
//! feature is walked by the tests, and one that is removed is missed by none.
//!
//! What no list can tell is written here: which pages anybody may open, and what the app's own forms and calls take. Of
//! another feature, a call takes the example of the OpenAPI document, and the fields of a form are filled in.

use std::sync::LazyLock;

use axum::http::Method;
use serde_json::{Value, json};
use vestibule::{
    app::{
        openapi::{session_document, token_document},
        routes::{self, Door, Guard, Route},
    },
    settings::Settings,
};

use super::{
    PASSWORD,
    app::features,
    people::{Door as _, Person},
    resource::COLLECTION,
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
    example: Option<Value>,
}

impl Call {
    /// The path below the mount, with `id` in its place.
    pub fn path(&self, id: &str) -> String {
        self.path.replace("{id}", id)
    }

    /// A body that would be taken.
    pub fn body(&self) -> Option<Value> {
        match (&self.method, self.path) {
            (&Method::POST, "/tokens") => Some(json!({"name": "made", "scopes": ["tokens:manage"], "days": 1})),
            (&Method::POST, "/tokens/revoke-all") => Some(json!({})),
            // The same, so that the calls that follow know it.
            (&Method::POST, "/me/password") => Some(json!({"current_password": PASSWORD, "new_password": PASSWORD})),
            (&Method::POST, "/reauthenticate") => Some(json!({"password": PASSWORD})),
            (&Method::POST, "/login") => Some(json!({"email": "ada@example.org", "password": PASSWORD})),
            _ => self.example.clone(),
        }
    }
}

/// Every route.
pub fn all() -> &'static [Route] {
    static ALL: LazyLock<Vec<Route>> = LazyLock::new(|| routes::routes(features()));
    &ALL
}

/// The calls below `mount`, which is described by `document`. Deleting comes last.
fn calls(mount: &str, document: &Value) -> Vec<Call> {
    let below = all().iter().filter(|route| route.guard != Guard::RateLimit && route.door != Door::Open);
    let below = below.filter_map(|route| Some((route, route.path.strip_prefix(mount)?)));
    let mut calls: Vec<_> = below
        .filter(|(_, path)| *path != "/openapi.json")
        .map(|(route, path)| {
            let operation = &document["paths"][path][route.method.to_lowercase()];
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let schema = match schema["$ref"].as_str() {
                Some(name) => document.pointer(name.strip_prefix('#').unwrap()).unwrap(),
                None => schema,
            };
            Call {
                method: route.method.parse().unwrap(),
                path,
                scope: route.scopes.first().map(String::as_str),
                example: schema["examples"].get(0).cloned(),
            }
        })
        .collect();
    calls.sort_by_key(|call| call.method == Method::DELETE);
    calls
}

/// What needs a token at the token door: everything but `POST /login` and `POST /tokens/report`.
pub fn token_calls() -> Vec<Call> {
    static CALLS: LazyLock<Vec<Call>> =
        LazyLock::new(|| calls("/api/v1", &token_document(&Settings::default(), features())));
    CALLS.clone()
}

/// What the same-origin guard protects at the session door.
pub fn session_calls() -> Vec<Call> {
    static CALLS: LazyLock<Vec<Call>> =
        LazyLock::new(|| calls("/session/v1", &session_document(&Settings::default(), features())));
    CALLS.clone()
}

/// The pages that anybody may open, of those that the app may have. Every other page is a signed-in person's.
pub const FOR_ANYBODY: [&str; 9] =
    ["/", "/sign-up", "/sign-in", "/email-codes/sign-in", "/forgot", "/lab", "/lab/story", "/lab/doctor", "/lab/theft"];

/// The page of a step of a sign-in, which leads to the sign-in page without one.
pub const STEP: &str = "/sign-in/{step}";

/// Forms of sign-ins and accounts with a second factor or a code by mail, which [`super::visitor::ready`] fills in.
pub const OF_A_SECOND_FACTOR: [&str; 8] = [
    STEP,
    "/keep-factors/{token}",
    "/account/security/reset/stop",
    "/account/security/trusted/{id}/revoke",
    "/account/security/totp/confirm",
    "/account/security/totp/remove",
    "/account/security/recovery-codes",
    "/email-codes/enter",
];

/// The pages to which applications send people, with a request or a code: `tests/http/oauth` opens and posts them.
pub const OF_APPS: [&str; 3] = ["/authorize", "/device", "/device/decide"];

/// Pages outside of both doors, which do not look at who is signed in.
pub const OPEN_PAGES: [&str; 1] = ["/api/docs"];

/// Pages that links in mails lead to, with a form that posts to the same place.
pub const LINKS: [&str; 3] = ["/reset/{token}", "/confirm/{token}", "/email/{token}"];

/// Files that signed-in people download.
pub const DOWNLOADS: [&str; 1] = ["/account/export"];

/// Pages of a development server.
pub const DEV_PAGES: [&str; 3] = ["/dev/components", "/dev/failure", "/dev/outbox"];

/// The page of a mail on a development server.
pub const MAIL_PAGE: &str = "/dev/outbox/{name}";

/// What browsers call by themselves to keep a session that is bound to a key: `tests/http/device_bound/` does.
pub const OF_A_KEY: [&str; 2] = ["/session/device-bound/start", "/session/device-bound/refresh"];

/// Where browsers send reports: `tests/http/browser_reports.rs` does.
pub const OF_BROWSERS: [&str; 1] = ["/browser-reports"];

/// Endpoints for monitoring, and what programs look for.
pub const OPERATIONS: [&str; 7] = [
    "/healthz",
    "/readyz",
    "/.well-known/change-password",
    "/.well-known/passkey-endpoints",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/api/v1",
];

/// The app's own forms, in an order in which all of them can be posted.
const FORMS: [&str; 24] = [
    "/sign-up",
    "/sign-in",
    "/passkeys/sign-in",
    "/email-codes/sign-in",
    "/passkeys/sign-up",
    "/account/passkeys/{id}/rename",
    "/account/passkeys/{id}/remove",
    "/sign-out",
    "/tokens",
    "/tokens/{id}/revoke",
    "/tokens/revoke-all",
    "/tokens/key",
    "/account/apps/revoke",
    "/account/developer",
    "/account/developer/{id}/delete",
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

/// The paths of pages with the method `method`, but for the JSON mounts and the server functions.
fn pages(method: &str) -> Vec<&'static str> {
    let pages = all().iter().filter(|route| route.door == Door::Session && route.method == method);
    let paths = pages.map(|route| route.path.as_str());
    paths.filter(|path| !["/session/v1/", "/fn/"].iter().any(|mount| path.starts_with(mount))).collect()
}

/// Pages anybody may open.
pub fn public_pages() -> Vec<&'static str> {
    pages("GET").into_iter().filter(|path| FOR_ANYBODY.contains(path)).collect()
}

/// Pages of signed-in people.
pub fn personal_pages() -> Vec<&'static str> {
    let others = [
        &FOR_ANYBODY[..],
        &LINKS,
        &DOWNLOADS,
        &DEV_PAGES,
        &[MAIL_PAGE, STEP, OF_A_SECOND_FACTOR[1], OF_A_SECOND_FACTOR[7]],
        &OF_APPS,
    ]
    .concat();
    pages("GET").into_iter().filter(|path| !others.contains(path)).collect()
}

/// Every form's post, but for those of [`LINKS`], [`OF_A_SECOND_FACTOR`] and [`OF_APPS`].
pub fn posts() -> Vec<&'static str> {
    let lists = [&FORMS[..], &LINKS, &OF_A_SECOND_FACTOR, &OF_APPS];
    let listed = |path: &&str| lists.iter().any(|list| list.contains(path));
    let there = pages("POST");
    let of_features = there.iter().copied().filter(|path| !listed(path));
    // Those of a feature that was removed are not there.
    of_features.chain(FORMS.into_iter().filter(|path| there.contains(path))).collect()
}

/// Items of a person, one of each collection that has them.
#[derive(Clone, Debug)]
pub struct Items(Vec<(&'static str, String)>);

impl Items {
    /// Makes them, with the example of the OpenAPI document.
    pub async fn of(person: &Person) -> Self {
        let mut items = Vec::new();
        for collection in collections() {
            let body = collection.body().unwrap_or_default();
            let made = person.client.post(collection.path, body).await.assert_status(201).json();
            items.push((collection.path, made["id"].as_str().unwrap().to_owned()));
        }
        Self(items)
    }

    /// The id of the item that `path` is about; of the tests' own where it is about none.
    pub fn id(&self, path: &str) -> &str {
        let about = |collection| self.0.iter().find(|(of, _)| *of == collection);
        let collection = path.split("/{id}").next().unwrap();
        &about(collection).or_else(|| about(COLLECTION)).unwrap().1
    }

    /// `path` with that id in it.
    pub fn path(&self, path: &str) -> String {
        path.replace("{id}", self.id(path))
    }
}

/// The calls that make an item which has a path of its own, but for tokens.
fn collections() -> Vec<Call> {
    let calls = token_calls();
    let has_items = |call: &&Call| {
        let item = format!("{}/{{id}}", call.path);
        call.method == Method::POST && call.path != "/tokens" && calls.iter().any(|other| other.path == item)
    };
    calls.iter().filter(has_items).cloned().collect()
}
