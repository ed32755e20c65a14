//! Every route there is: for `vestibule routes`, and for the tests that walk over them.

use std::fmt;

use leptos::server_fn::axum::server_fn_paths;
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa_axum::router::OpenApiRouter;

use super::openapi;
use crate::{
    auth::device_bound,
    feature::{Feature, have_front_page},
    http::openapi::Description,
    state::AppState,
};

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Route {
    /// The HTTP method; `ANY` for all of them.
    pub method: String,
    /// The path, with `{…}` for what differs.
    pub path: String,
    /// Which credential is read.
    pub door: Door,
    /// What stands in front of it.
    pub guard: Guard,
    /// What a token needs for it.
    pub scopes: Vec<String>,
    /// The feature it belongs to; none where it belongs to the app.
    pub feature: Option<&'static str>,
}

/// Which credential a route reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Door {
    /// The session cookie.
    Session,
    /// `Authorization: Bearer`.
    Token,
    /// None.
    Open,
}

/// What stands in front of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guard {
    /// Only pages of this site may send it.
    SameOrigin,
    /// A token is needed.
    Bearer,
    /// Calls without a credential are counted by address.
    RateLimit,
    /// Nothing.
    None,
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Session => "session",
            Self::Token => "token",
            Self::Open => "open",
        })
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SameOrigin => "same-origin",
            Self::Bearer => "bearer",
            Self::RateLimit => "rate-limit",
            Self::None => "",
        })
    }
}

/// Every route of `features`, sorted by path.
pub fn routes(features: &[Feature]) -> Vec<Route> {
    let mut routes = own();
    if !have_front_page(features) {
        routes.push(open("/"));
    }
    for feature in features {
        let name = Some(feature.name);
        routes.extend(pages(feature));
        for mount in [feature.api, feature.session_api] {
            routes.extend(json(mount, "/session/v1", Door::Session, Guard::SameOrigin, name));
        }
        for mount in [feature.api, feature.token_api] {
            routes.extend(json(mount, "/api/v1", Door::Token, Guard::Bearer, name));
        }
        routes.extend(json(feature.unauthenticated_api, "/api/v1", Door::Token, Guard::RateLimit, name));
        let below = format!("/fn/{}/", feature.name);
        for route in routes.iter_mut().filter(|route| route.path.starts_with(&below)) {
            route.feature = name;
        }
    }
    routes.sort_by(|a, b| (&a.path, &a.method, a.door).cmp(&(&b.path, &b.method, b.door)));
    routes
}

fn open(path: &str) -> Route {
    Route {
        method: "GET".into(),
        path: path.into(),
        door: Door::Open,
        guard: Guard::None,
        scopes: Vec::new(),
        feature: None,
    }
}

/// What belongs to no feature.
fn own() -> Vec<Route> {
    let mut own = ["/healthz", "/readyz", "/.well-known/change-password"].map(open).to_vec();
    own.extend([device_bound::START, device_bound::REFRESH].map(|path| Route {
        method: "POST".into(),
        guard: Guard::SameOrigin,
        ..open(path)
    }));
    own.extend(json(openapi::routes, "/session/v1", Door::Session, Guard::SameOrigin, None));
    own.extend(json(openapi::routes, "/api/v1", Door::Open, Guard::None, None));
    own.extend(server_fn_paths().map(|(path, method)| Route {
        method: method.to_string(),
        door: Door::Session,
        guard: Guard::SameOrigin,
        ..open(path)
    }));
    own
}

/// Its pages, and its routes outside of the session.
fn pages(feature: &Feature) -> Vec<Route> {
    let route = |method: &str, path: &str, door, guard| Route {
        method: method.into(),
        path: path.into(),
        door,
        guard,
        scopes: Vec::new(),
        feature: Some(feature.name),
    };
    let mut routes = Vec::new();
    for (method, path) in (feature.pages)().routes() {
        let guard = if method.is_safe() { Guard::None } else { Guard::SameOrigin };
        routes.push(route(method.as_str(), path, Door::Session, guard));
    }
    for (method, path) in (feature.client_forms)().routes() {
        routes.push(route(method.as_str(), &format!("/api/v1{path}"), Door::Token, Guard::RateLimit));
    }
    for (method, path) in (feature.open_pages)(&Description::default()).routes() {
        routes.push(route(method.as_str(), path, Door::Open, Guard::None));
    }
    for path in feature.stateful.iter().flat_map(|stateful| stateful.pages) {
        routes.push(route("GET", path, Door::Session, Guard::None));
    }
    for (method, path, guarded) in feature.stateful.iter().flat_map(|stateful| stateful.endpoints) {
        let guard = if *guarded { Guard::SameOrigin } else { Guard::None };
        routes.push(route(method, path, Door::Open, guard));
    }
    routes
}

fn json(
    routes: fn() -> OpenApiRouter<AppState>,
    mount: &str,
    door: Door,
    guard: Guard,
    feature: Option<&'static str>,
) -> Vec<Route> {
    let paths = routes().into_openapi().paths.paths;
    let described = paths.iter().flat_map(|(path, item)| operations(item).map(move |(method, op)| (path, method, op)));
    let described = described.map(|(path, method, operation)| Route {
        method: method.into(),
        path: format!("{mount}{path}"),
        door,
        guard,
        scopes: scopes(operation),
        feature,
    });
    described.collect()
}

fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    let all = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

fn scopes(operation: &Operation) -> Vec<String> {
    let security = serde_json::to_value(&operation.security).unwrap_or_default();
    let requirements = security.as_array().into_iter().flatten().filter_map(Value::as_object);
    let names = requirements.flat_map(|requirement| requirement.values()).filter_map(Value::as_array).flatten();
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}
