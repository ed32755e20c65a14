//! The headers every answer carries.

use axum::http::Method;
use vestibule::settings::Hsts;

use crate::support::{
    Browser, Database, Door, PASSWORD, Request, TestApp,
    resource::{COLLECTION, LIST_FUNCTION, PAGE, list_arguments},
    without_database,
};

without_database! {
    every_answer_says_how_it_may_be_used,
    only_the_token_door_is_a_cross_origin_resource,
    every_page_has_a_policy_that_runs_scripts_by_nonce_only,
    the_nonce_is_new_for_each_answer,
    what_is_no_page_is_never_shown_as_one,
    what_is_personal_is_kept_by_nobody,
    https_is_insisted_on_where_it_is_used,
    names_below_the_site_are_left_alone_unless_a_setting_says_otherwise,
    trace_is_refused_everywhere,
    a_target_without_a_path_is_refused,
    a_file_may_be_kept_but_is_asked_for_again,
}

/// An answer of every kind, with its status.
async fn every_kind(app: &TestApp) -> Vec<(u16, Request)> {
    let ada = app.person("ada").await;
    let form = [("email", ada.email.as_str()), ("password", PASSWORD)];
    vec![
        (200, app.get("/")),
        (200, app.get("/sign-in")),
        (200, ada.browser.ask(Method::GET, PAGE)),
        (303, app.get(PAGE)),
        (303, app.post("/sign-in").form(&form)),
        (401, app.post("/sign-in").form(&form[..1])),
        (403, ada.browser.forged(Method::POST, PAGE)),
        (404, app.get("/nothing")),
        (405, app.get("/sign-out")),
        (200, ada.client.get("/me")),
        (401, app.get("/api/v1/me")),
        (404, app.get("/api/nothing")),
        (200, ada.browser.get("/me")),
        (401, app.get("/session/v1/me")),
        (404, app.get("/session/nothing")),
        (200, ada.browser.ask(Method::POST, LIST_FUNCTION).json(list_arguments())),
        (415, ada.browser.ask(Method::POST, LIST_FUNCTION)),
        (200, app.get("/healthz")),
        (200, app.get("/readyz")),
        (200, app.get("/mark.svg")),
        (405, app.ask(Method::TRACE, "/")),
    ]
}

async fn every_answer_says_how_it_may_be_used(app: TestApp) {
    for (status, ask) in every_kind(&app).await {
        let reply = ask.await;
        reply.assert_status(status);
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{}", reply.asked);
        assert_eq!(reply.header("referrer-policy"), "same-origin", "{}", reply.asked);
        assert!(reply.has("content-security-policy"), "{}", reply.asked);
        assert!(reply.has("x-request-id"), "{}", reply.asked);
        let kind = reply.header("content-type");
        assert!(!kind.starts_with("text/") || kind.ends_with("; charset=utf-8"), "{}: {kind}", reply.asked);
        assert!(reply.body.is_empty() || !kind.is_empty(), "{}", reply.asked);
        assert!(!reply.has("server") && !reply.has("x-powered-by"), "{}", reply.asked);
    }
}

async fn only_the_token_door_is_a_cross_origin_resource(app: TestApp) {
    for (_, ask) in every_kind(&app).await {
        let reply = ask.await;
        let expected = if reply.asked.contains(" /api/") { "cross-origin" } else { "same-origin" };
        assert_eq!(reply.header("cross-origin-resource-policy"), expected, "{}", reply.asked);
    }
}

/// The pages there are, good and bad.
async fn pages(app: &TestApp) -> Vec<Request> {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    let get = |path: &str| ada.browser.ask(Method::GET, path);
    vec![
        app.get("/"),
        app.get("/sign-in"),
        app.get("/sign-up"),
        get(COLLECTION),
        get(&note),
        get("/tokens"),
        get("/account"),
        get("/nothing"),
        get("/sign-out"),
        ada.browser.forged(Method::POST, PAGE),
        ada.browser.ask(Method::POST, "/tokens").form(&[]),
    ]
}

/// The nonce in a policy.
fn nonce(policy: &str) -> &str {
    policy.split_once("'nonce-").unwrap().1.split_once('\'').unwrap().0
}

async fn every_page_has_a_policy_that_runs_scripts_by_nonce_only(app: TestApp) {
    for ask in pages(&app).await {
        let reply = ask.await;
        let page = reply.page(reply.status.as_u16());
        let policy = reply.header("content-security-policy");
        let nonce = nonce(policy);
        assert!(nonce.len() >= 22, "{nonce}");
        let directive = |name: &str| {
            let found = policy.split(';').map(str::trim).find_map(|directive| directive.strip_prefix(name));
            found.unwrap_or_else(|| panic!("{}: no {name} in {policy}", reply.asked)).trim().to_owned()
        };
        assert_eq!(directive("default-src"), "'self'");
        assert_eq!(directive("script-src"), format!("'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'"));
        assert_eq!(directive("connect-src"), "'self'");
        assert_eq!(directive("object-src"), "'none'");
        assert_eq!(directive("base-uri"), "'none'");
        assert_eq!(directive("form-action"), "'self'");
        assert_eq!(directive("frame-ancestors"), "'none'");
        assert_eq!(directive("require-trusted-types-for"), "'script'");
        assert_eq!(directive("trusted-types"), "default");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        assert_eq!(reply.header("cross-origin-opener-policy"), "same-origin");

        let tags: Vec<_> = page.split("<script").skip(1).map(|rest| rest.split_once('>').unwrap().0).collect();
        assert!(!tags.is_empty(), "{}", reply.asked);
        for tag in tags {
            assert!(tag.contains(&format!(r#"nonce="{nonce}""#)), "{}: <script{tag}>", reply.asked);
        }
        // Where a script could read it.
        assert!(!page.contains(&format!(r#"crossorigin="{nonce}""#)), "{}", reply.asked);
        for inline in [" onclick=", " onload=", " onerror=", "javascript:", " style="] {
            assert!(!page.contains(inline), "{}: {inline}", reply.asked);
        }
    }
}

async fn the_nonce_is_new_for_each_answer(app: TestApp) {
    let mut seen = Vec::new();
    for ask in pages(&app).await.into_iter().chain(pages_again(&app.browser())) {
        seen.push(nonce(ask.await.header("content-security-policy")).to_owned());
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all);
}

fn pages_again(browser: &Browser) -> [Request; 2] {
    [browser.ask(Method::GET, "/"), browser.ask(Method::GET, "/")]
}

async fn what_is_no_page_is_never_shown_as_one(app: TestApp) {
    for (_, ask) in every_kind(&app).await {
        let reply = ask.await;
        if reply.header("content-type").starts_with("text/html") {
            continue;
        }
        let policy = reply.header("content-security-policy");
        assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'", "{}", reply.asked);
    }
}

async fn what_is_personal_is_kept_by_nobody(app: TestApp) {
    for (_, ask) in every_kind(&app).await {
        let reply = ask.await;
        let expected = if reply.asked.ends_with("/mark.svg") { "no-cache" } else { "no-store" };
        assert_eq!(reply.header("cache-control"), expected, "{}", reply.asked);
    }
}

async fn https_is_insisted_on_where_it_is_used(database: Database) {
    let https = TestApp::https(database).await;
    for path in ["/", "/api/v1/me", "/session/v1/me", "/healthz", "/nothing"] {
        let reply = https.get(path).await;
        let seconds = reply.header("strict-transport-security").split_once("max-age=").unwrap().1;
        let seconds: u64 = seconds.split(';').next().unwrap().parse().unwrap();
        assert!(seconds >= 365 * 24 * 60 * 60, "{path}: {seconds}");
    }
    let http = TestApp::with(database, |_| {}).await;
    assert!(!http.get("/").await.has("strict-transport-security"));
}

async fn names_below_the_site_are_left_alone_unless_a_setting_says_otherwise(database: Database) {
    let two_years = "max-age=63072000";
    for (hsts, value) in [
        (Hsts::default(), Some(two_years.to_owned())),
        (Hsts::Site, Some(two_years.to_owned())),
        (Hsts::Subdomains, Some(format!("{two_years}; includeSubDomains"))),
        (Hsts::Preload, Some(format!("{two_years}; includeSubDomains; preload"))),
        (Hsts::Off, None),
    ] {
        let app = TestApp::with(database, |settings| {
            settings.server.public_url = "https://vestibule.example".parse().unwrap();
            settings.server.hsts = hsts;
        })
        .await;
        for path in ["/", "/api/v1/me", "/nothing"] {
            let reply = app.get(path).await;
            let sent =
                reply.has("strict-transport-security").then(|| reply.header("strict-transport-security").to_owned());
            assert_eq!(sent, value, "{hsts:?} {path}");
        }
    }
}

async fn trace_is_refused_everywhere(app: TestApp) {
    let ada = app.person("ada").await;
    for path in ["/", COLLECTION, "/nothing", "/api/v1/me", "/session/v1/me", LIST_FUNCTION, "/healthz", "/mark.svg"] {
        let reply = ada.browser.ask(Method::TRACE, path).bearer(&ada.client.token).header("x-secret", "echo").await;
        reply.problem(405, "method_not_allowed");
        assert!(reply.has("allow") && !reply.text().contains("echo"), "{path}");
    }
}

/// Rendering would not survive them.
async fn a_target_without_a_path_is_refused(app: TestApp) {
    app.ask(Method::CONNECT, "evil.example:443").await.assert_status(405);
    app.ask(Method::GET, "evil.example:443").await.assert_status(405);
    app.ask(Method::OPTIONS, "*").await.assert_status(405);
    // An absolute target has one.
    app.get("http://localhost:3000/sign-in").await.page(200);
    app.get("http://localhost:3000").await.page(200);
    app.get("http://evil.example").await.problem(421, "misdirected_request");
}

async fn a_file_may_be_kept_but_is_asked_for_again(app: TestApp) {
    let file = app.get("/mark.svg").await;
    assert_eq!(file.assert_status(200).text(), "<svg/>");
    assert_eq!(file.header("content-type"), "image/svg+xml");
    assert!(!file.has("set-cookie"));
    for path in ["/../house.db", "/..%2fhouse.db", "/./mark.svg", "//mark.svg", "/%2e%2e/house.db", "/pkg/../mark.svg"]
    {
        app.get(path).await.page(404);
    }
    app.post("/mark.svg").await.page(404);
}
