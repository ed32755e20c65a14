//! The lists that the security tests walk hold every route there is, and what stands in front of the app's own.

use std::collections::BTreeSet;

use vestibule::app::routes::{Door, Guard};

use crate::support::routes::{
    DEV_PAGES, DOWNLOADS, FOR_ANYBODY, LINKS, MAIL_PAGE, OF_A_KEY, OF_A_SECOND_FACTOR, OF_APPS, OF_BROWSERS,
    OPEN_PAGES, OPERATIONS, all, personal_pages, posts, public_pages, session_calls, token_calls,
};

/// What needs no credential at the token door.
const WITHOUT_A_TOKEN: [&str; 11] = [
    "/api/v1/login",
    "/api/v1/login/email_code",
    "/api/v1/login/email_code/send",
    "/api/v1/login/recovery_code",
    "/api/v1/login/totp",
    "/api/v1/oauth/introspect",
    "/api/v1/oauth/device_authorization",
    "/api/v1/oauth/revoke",
    "/api/v1/oauth/token",
    "/api/v1/scopes",
    "/api/v1/tokens/report",
];

/// Every route is walked by the tests of its kind. Those that anybody may ask for are written down.
#[test]
fn every_route_is_in_the_tables() {
    let mut tables: BTreeSet<String> = BTreeSet::new();
    tables.extend(token_calls().iter().map(|call| format!("/api/v1{}", call.path)));
    tables.extend(session_calls().iter().map(|call| format!("/session/v1{}", call.path)));
    let pages = public_pages().into_iter().chain(personal_pages()).chain(posts()).chain(LINKS).chain(DOWNLOADS);
    tables
        .extend(pages.chain(DEV_PAGES).chain([MAIL_PAGE]).chain(OF_A_SECOND_FACTOR).chain(OF_APPS).map(str::to_owned));
    let open: Vec<_> =
        OPERATIONS.into_iter().chain(OPEN_PAGES).chain(OF_BROWSERS).chain(["/api/v1/openapi.json"]).collect();
    tables.extend(open.iter().chain(&WITHOUT_A_TOKEN).chain(&["/session/v1/openapi.json"]).map(|path| (*path).into()));

    assert!(all().len() > 60, "{:?}", all());
    for route in all() {
        match (route.door, route.guard) {
            // The Lab's own, which reads no credential, and has tests of its own.
            (Door::Open, _) if route.feature == Some("lab") => continue,
            (Door::Open, Guard::SameOrigin) => assert!(OF_A_KEY.contains(&&*route.path), "{route:?}"),
            (Door::Open, guard) => assert!(guard == Guard::None && open.contains(&&*route.path), "{route:?}"),
            (Door::Token, Guard::RateLimit) => assert!(WITHOUT_A_TOKEN.contains(&&*route.path), "{route:?}"),
            (Door::Token, guard) => assert_eq!(guard, Guard::Bearer, "{route:?}"),
            (Door::Session, Guard::None) => assert!(route.method == "GET" && !route.path.contains("/v1/"), "{route:?}"),
            (Door::Session, guard) => assert_eq!(guard, Guard::SameOrigin, "{route:?}"),
        }
        let is_known = tables.contains(&route.path) || OF_A_KEY.contains(&&*route.path);
        assert!(route.path.starts_with("/fn/") || is_known, "not tested: {route:?}");
    }
}

/// What the app's own calls ask for is written down a second time, so that nobody changes it unawares.
#[test]
fn the_scopes_of_the_apps_own_calls_are_those() {
    let own = [
        ("GET", "/me", Some("account:read")),
        ("PATCH", "/me", Some("account:write")),
        ("POST", "/me/password", Some("account:write")),
        ("GET", "/me/email", Some("account:read")),
        ("POST", "/me/email", Some("account:write")),
        ("DELETE", "/me/email", Some("account:write")),
        ("GET", "/factors", Some("account:read")),
        ("DELETE", "/factors/totp", Some("account:write")),
        ("GET", "/passkeys", Some("account:read")),
        ("PATCH", "/passkeys/{id}", Some("account:write")),
        ("DELETE", "/passkeys/{id}", Some("account:write")),
        ("GET", "/export", Some("account:export")),
        ("GET", "/sessions", Some("sessions:manage")),
        ("DELETE", "/sessions", Some("sessions:manage")),
        ("DELETE", "/sessions/{id}", Some("sessions:manage")),
        ("GET", "/activity", Some("activity:read")),
        ("POST", "/reauthenticate", None),
        ("GET", "/token", None),
        ("GET", "/tokens", Some("tokens:manage")),
        ("POST", "/tokens", Some("tokens:manage")),
        ("POST", "/tokens/revoke-all", Some("tokens:manage")),
        ("DELETE", "/tokens/{id}", Some("tokens:manage")),
        ("GET", "/entries", Some("entries:read")),
        ("POST", "/entries", Some("entries:write")),
        ("GET", "/entries/{id}", Some("entries:read")),
        ("PATCH", "/entries/{id}", Some("entries:write")),
        ("DELETE", "/entries/{id}", Some("entries:write")),
        ("POST", "/token/renew", None),
        ("POST", "/logout", None),
        ("POST", "/logout-all", Some("tokens:manage")),
    ];
    let calls = token_calls();
    for (method, path, scope) in own {
        let found = calls.iter().find(|call| (call.method.as_str(), call.path) == (method, path));
        assert_eq!(found.map(|call| call.scope), Some(scope), "{method} {path}");
    }
    // Only these need no scope, and events, of which each resource's need its own.
    let without: Vec<_> = calls.iter().filter(|call| call.scope.is_none()).map(|call| call.path).collect();
    let expected = BTreeSet::from(["/events", "/logout", "/reauthenticate", "/token", "/token/renew"]);
    assert_eq!(without.into_iter().collect::<BTreeSet<_>>(), expected);
    let session: Vec<_> = session_calls().iter().map(|call| call.path).collect();
    for path in ["/login", "/logout", "/scopes"].iter().chain(own[..27].iter().map(|(_, path, _)| path)) {
        assert!(session.contains(path), "{path}");
    }
}

/// The pages that anybody may open are few, and the app has no others.
#[test]
fn the_pages_for_anybody_are_those() {
    let open: BTreeSet<_> = public_pages().into_iter().collect();
    assert!(["/", "/sign-up", "/sign-in", "/forgot"].iter().all(|path| open.contains(path)), "{open:?}");
    assert!(open.iter().all(|path| FOR_ANYBODY.contains(path)), "{open:?}");
    let own = ["/tokens", "/account", "/account/confirm", "/account/name", "/account/password", "/account/email"];
    for path in own.into_iter().chain(["/entries", "/entries/{id}", "/account/delete"]) {
        assert!(personal_pages().contains(&path), "{path}");
    }
}
