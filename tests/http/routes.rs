//! The tables that the security tests walk hold every route there is.

use vestibule::app::{FEATURES, routes::routes};

use crate::support::routes::{
    Call, DEV_PAGES, DOWNLOADS, LAB, LINKS, OPEN_PAGES, OPERATIONS, PERSONAL_PAGES, POSTS, PUBLIC_PAGES, session_calls,
    token_calls,
};

/// The tables these tests walk hold every route there is.
#[test]
fn every_route_is_in_the_tables() {
    let mut tables: Vec<String> = Vec::new();
    let below =
        |mount: &'static str, calls: Vec<Call>| calls.into_iter().map(move |call| format!("{mount}{}", call.path));
    tables.extend(below("/api/v1", token_calls()).chain(below("/session/v1", session_calls())));
    let pages = PUBLIC_PAGES.into_iter().chain(PERSONAL_PAGES).chain(POSTS).chain(LINKS).chain(DOWNLOADS);
    tables.extend(pages.chain(OPERATIONS).chain(DEV_PAGES).chain(OPEN_PAGES).chain(LAB).map(str::to_owned));
    // What needs no credential, and what is tested where there are mails.
    let others = ["/api/v1/login", "/api/v1/tokens/report", "/api/v1/openapi.json", "/session/v1/openapi.json"];
    tables.extend(others.into_iter().chain(["/dev/outbox/{name}", "/.well-known/change-password"]).map(str::to_owned));

    let routes: Vec<_> = routes(FEATURES).into_iter().filter(|route| !route.path.starts_with("/fn/")).collect();
    assert!(routes.len() > 60, "{routes:?}");
    let missing: Vec<_> = routes.iter().filter(|route| !tables.contains(&route.path)).collect();
    assert!(missing.is_empty(), "not tested: {missing:?}");
}
