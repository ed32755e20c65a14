//! The same-origin guard: whatever could act through the cookie is refused unless a page of ours asks.

use axum::http::Method;
use leptos::server_fn::axum::server_fn_paths;
use serde_json::json;

use crate::support::{
    Authenticator, Browser, Database, Door, OURS, PASSWORD, PageForm, Person, Request, TestApp, apps,
    on_both_databases,
    resource::{
        CREATE_FUNCTION, HOME, ITEM, LIST_FUNCTION, PAGE, READ_FIELD, SAVE_FUNCTION, TABLE, any_arguments,
        create_arguments, item, list_arguments, resource, save_arguments,
    },
    routes::{Items, LINKS, OF_A_SECOND_FACTOR, OF_APPS, personal_pages, posts, session_calls},
    without_database,
};

on_both_databases! {
    every_form_from_elsewhere_is_refused_and_changes_nothing,
    every_form_of_ours_does_something,
    every_session_call_from_elsewhere_is_refused_and_changes_nothing,
    every_server_function_from_elsewhere_is_refused_and_changes_nothing,
    nobody_is_signed_in_from_elsewhere,
}

without_database! {
    a_page_opens_from_elsewhere,
    a_browser_without_fetch_metadata_is_known_by_its_origin,
    the_host_header_has_no_say,
    on_https_the_plain_origin_is_another,
    a_header_sent_twice_proves_nothing,
    a_websocket_from_elsewhere_is_refused,
    no_other_spelling_of_a_path_is_executed,
    a_site_that_does_not_know_its_address_says_so_at_its_first_form,
    a_development_servers_proxy_on_another_port_goes_on_working,
}

/// What another site can make a browser send, or a page forge.
const ELSEWHERE: [&[(&str, &str)]; 10] = [
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "cross-site"), ("origin", OURS)],
    &[("sec-fetch-site", "cross-site"), ("origin", OURS), ("referer", OURS)],
    &[("origin", "null")],
    &[("origin", "http://evil.example")],
    &[("origin", "http://localhost:3000.evil.example")],
    &[("origin", "https://localhost:3000")],
    &[("origin", "http://localhost:3001")],
    &[("origin", "")],
];

/// Not a word of where the request comes from: refused where something could change.
const SILENCE: &[(&str, &str)] = &[];

/// A person's things, to act upon.
pub(super) struct Things {
    items: Items,
    token: String,
    sign_in: String,
    passkey: String,
    credential: String,
    newcomer: String,
    /// An application that she has registered and authorized; empty without the feature.
    app: String,
}

impl Things {
    pub(super) async fn of(app: &TestApp, ada: &Person) -> Self {
        let items = Items::of(ada).await;
        let token = ada.client.get("/token").await.json()["id"].as_str().unwrap().to_owned();
        other_sign_in(&ada.browser, ada).await;
        let sign_in = other_sign_in(&ada.browser, ada).await;
        let mut authenticator = Authenticator::new();
        let passkey = ada.browser.add_passkey(&mut authenticator).await;
        let credential = authenticator.sign(&ada.browser.asked_to_sign().await).to_string();
        let asked = ada.browser.asked_to_sign_up("mallory@example.org").await;
        let newcomer = Authenticator::new().make(&asked).to_string();
        let app = apps::authorized(app, ada).await.unwrap_or_default();
        Self { items, token, sign_in, passkey, credential, newcomer, app }
    }

    pub(super) fn path(&self, path: &str) -> String {
        let id = match path {
            path if path.starts_with("/tokens") => &self.token,
            path if path.starts_with("/account/passkeys") => &self.passkey,
            path if path.starts_with("/account/developer") => &self.app,
            path if path.starts_with("/account") => &self.sign_in,
            path => self.items.id(path),
        };
        path.replace("{step}", "totp").replace("{id}", id).replace("{token}", &format!("link_{}", "x".repeat(38)))
    }
}

async fn other_sign_in(browser: &Browser, ada: &Person) -> String {
    let fresh = browser.new_one();
    fresh.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
    let page = browser.visit("/account").await.page(200);
    let (_, rest) = page.split_once("/account/sessions/").unwrap();
    rest.split_once('/').unwrap().0.to_owned()
}

/// A form that would be taken.
pub(super) fn form(path: &str) -> Vec<(&'static str, &'static str)> {
    match path {
        "/sign-up" => vec![("name", "Eve"), ("email", "eve@example.org"), ("password", PASSWORD)],
        "/sign-in" => vec![("email", "ada@example.org"), ("password", PASSWORD)],
        "/forgot" | "/email-codes/sign-in" => vec![("email", "ada@example.org")],
        "/account/confirm" => vec![("password-again", PASSWORD)],
        "/tokens/key" => vec![("required", "yes")],
        "/account/developer" => apps::FIELDS.to_vec(),
        "/account/name" => vec![("name", "Eve")],
        "/account/passkeys/{id}/rename" => vec![("name", "planted")],
        "/account/email" => vec![("email", "eve@new.example")],
        "/account/password" => vec![("current", PASSWORD), ("password", "the words of a thief")],
        "/account/delete" => vec![("email", "bob@example.org")],
        PAGE => vec![("title", "planted"), ("body", "")],
        ITEM => vec![("version", "1"), ("title", "changed"), ("body", "")],
        "/tokens" => vec![("name", "planted"), ("days", "30"), (READ_FIELD, "on")],
        _ => vec![],
    }
}

async fn every_form_from_elsewhere_is_refused_and_changes_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    let things = Things::of(&app, &ada).await;
    let mut witness = app.witness().await;
    for path in posts().into_iter().chain(LINKS).chain(OF_A_SECOND_FACTOR).chain(OF_APPS) {
        let more: [&[(&str, &str)]; 2] = [SILENCE, &[("sec-fetch-site", "none")]];
        for headers in ELSEWHERE.into_iter().chain(more) {
            let ask = ada.browser.forged(Method::POST, &things.path(path)).headers(headers).form(&form(path));
            let reply = ask.await;
            assert!(reply.page(403).contains("Cross-origin request refused"), "{} {headers:?}", reply.asked);
            assert!(!reply.has("set-cookie"), "{} {headers:?}", reply.asked);
        }
    }
    assert!(!witness.saw_a_write().await);
    assert!(ada.browser.is_signed_in().await);
}

/// The same forms, so that the test above cannot pass because they would have done nothing anyway.
async fn every_form_of_ours_does_something(app: TestApp) {
    let ada = app.person("ada").await;
    let things = Things::of(&app, &ada).await;
    let bob = app.person("bob").await;
    let mut witness = app.witness().await;
    let mut paths = posts();
    // What an application has ends with the session, which some of the forms end.
    paths.sort_by_key(|path| {
        ["/account/apps/revoke", "", "/sign-out"].iter().position(|place| place == path).unwrap_or(1)
    });
    for path in paths {
        let browser = match path {
            "/sign-up" | "/passkeys/sign-up" => &app.browser(),
            "/account/delete" => &bob.browser,
            _ => &ada.browser,
        };
        let to = things.path(path);
        let passkey = [("credential", things.credential.as_str())];
        let newcomer = ("credential", things.newcomer.as_str());
        let form = |path: &str| match path {
            "/account/apps/revoke" => vec![("client_id", things.app.as_str())],
            "/passkeys/sign-in" => passkey.to_vec(),
            "/passkeys/sign-up" => vec![("name", "Mallory"), ("email", "mallory@example.org"), newcomer],
            path => form(path),
        };
        let reply = if form(path).is_empty() && personal_pages().contains(&path) {
            // A feature of which nothing is known here.
            PageForm::to(&browser.visit(&to).await.page(200), &to).edited().by(browser).await
        } else {
            browser.submit(&to, &form(path)).await
        };
        assert!(matches!(reply.status.as_u16(), 201 | 202 | 303), "{}: {}", reply.asked, reply.status);
        assert!(witness.saw_a_write().await, "{}", reply.asked);
    }
}

async fn every_session_call_from_elsewhere_is_refused_and_changes_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    let things = Things::of(&app, &ada).await;
    let mut witness = app.witness().await;
    for call in session_calls() {
        let more: &[&[(&str, &str)]] =
            if call.method == Method::GET { &[] } else { &[SILENCE, &[("sec-fetch-site", "none")]] };
        for headers in ELSEWHERE.iter().chain(more) {
            let path = format!("/session/v1{}", things.path(call.path));
            let mut ask = ada.browser.forged(call.method.clone(), &path).headers(headers);
            if let Some(body) = call.body() {
                ask = ask.json(body);
            }
            let reply = ask.await;
            reply.problem(403, "cross_origin_request");
            assert!(!reply.has("set-cookie"), "{} {headers:?}", reply.asked);
        }
    }
    assert!(!witness.saw_a_write().await);
}

const KNOWN_FUNCTIONS: [&str; 4] = ["/fn/accounts/strength", LIST_FUNCTION, CREATE_FUNCTION, SAVE_FUNCTION];

/// Arguments that the functions we know would take.
fn arguments(ask: Request, path: &str, note: &str) -> Request {
    match path {
        "/fn/accounts/strength" => ask.json(json!({"password": PASSWORD, "email": "", "name": ""})),
        LIST_FUNCTION => ask.json(list_arguments()),
        CREATE_FUNCTION => ask.json(create_arguments("planted")),
        SAVE_FUNCTION => ask.json(save_arguments(note, "changed")),
        _ => ask.json(json!({})),
    }
}

async fn every_server_function_from_elsewhere_is_refused_and_changes_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    let things = Things::of(&app, &ada).await;
    let mut witness = app.witness().await;
    let functions: Vec<_> = server_fn_paths().collect();
    assert!(functions.len() >= 3, "{functions:?}");
    for (path, own) in &functions {
        assert!(path.starts_with("/fn/"), "{path} is outside the guard's mount");
        for method in [own, &Method::GET, &Method::PUT, &Method::DELETE] {
            let silent = if *method == Method::GET { ELSEWHERE[0] } else { SILENCE };
            for headers in ELSEWHERE.into_iter().chain([silent]) {
                let ask = ada.browser.forged(method.clone(), path).headers(headers);
                let reply = arguments(ask, path, things.items.id(ITEM)).await;
                reply.problem(403, "cross_origin_request");
            }
        }
    }
    assert!(!witness.saw_a_write().await);

    for (path, method) in functions {
        let reply = arguments(ada.browser.ask(method, path), path, things.items.id(ITEM)).await;
        // Those of other features are called with what they take in the tests of the feature.
        assert!(reply.status == 200 || !KNOWN_FUNCTIONS.contains(&path), "{}: {}", reply.asked, reply.text());
    }
    assert!(witness.saw_a_write().await, "a page of ours may");
}

async fn nobody_is_signed_in_from_elsewhere(app: TestApp) {
    app.person("ada").await;
    let mut witness = app.witness().await;
    for headers in ELSEWHERE {
        for path in ["/sign-in", "/sign-up"] {
            let reply = app.post(path).headers(headers).form(&form(path)).await;
            reply.page(403);
            assert!(!reply.has("set-cookie"), "{path} {headers:?}");
        }
        let body = json!({"email": "ada@example.org", "password": PASSWORD});
        let reply = app.post("/session/v1/login").headers(headers).json(body).await;
        reply.problem(403, "cross_origin_request");
        assert!(!reply.has("set-cookie"), "{headers:?}");
    }
    assert!(!witness.saw_a_write().await);
}

async fn a_page_opens_from_elsewhere(app: TestApp) {
    let ada = app.person("ada").await;
    let things = Things::of(&app, &ada).await;
    let mut witness = app.witness().await;
    for headers in ELSEWHERE.into_iter().chain([SILENCE, &[("sec-fetch-site", "none")]]) {
        for path in personal_pages() {
            let page = ada.browser.forged(Method::GET, &things.path(path)).headers(headers).await.page(200);
            assert!(page.contains("Signed in as ada@example.org"), "{path} {headers:?}");
            ada.browser.forged(Method::HEAD, &things.path(path)).headers(headers).await.assert_status(200);
        }
    }
    assert!(!witness.saw_a_write().await);
}

async fn a_browser_without_fetch_metadata_is_known_by_its_origin(app: TestApp) {
    let ada = app.person("ada").await;
    let ours = |method, path: &str| ada.browser.forged(method, path).header("origin", OURS);
    ours(Method::POST, PAGE).form(&form(PAGE)).await.assert_redirect(PAGE);
    ours(Method::POST, resource!("/session/v1" => "")).json(item("a", "")).await.assert_status(201);
    ours(Method::GET, "/session/v1/me").await.assert_status(200);
    ours(Method::POST, LIST_FUNCTION).json(list_arguments()).await.assert_status(200);
    // A script of one's own, without a cookie, is nobody's browser.
    app.post("/sign-in").form(&form("/sign-in")).await.assert_redirect(HOME);
}

async fn the_host_header_has_no_say(database: Database) {
    let app = TestApp::with(database, |settings| settings.server.hosts = vec!["evil.example".into()]).await;
    let ada = app.person("ada").await;
    for host in ["evil.example", "localhost:3000"] {
        let ask = ada.browser.forged(Method::POST, PAGE).header("origin", "http://evil.example");
        let ask = ask.header("host", host).header("x-forwarded-host", "evil.example").form(&form(PAGE));
        ask.await.page(403);
    }
    assert_eq!(app.count(TABLE).await, 0);
}

async fn on_https_the_plain_origin_is_another(database: Database) {
    let app = TestApp::https(database).await;
    let ada = app.person("ada").await;
    let from = |origin: &str| {
        let ask = ada.browser.forged(Method::POST, resource!("/session/v1" => "")).header("origin", origin);
        ask.json(item("a", ""))
    };
    from("http://vestibule.example").await.problem(403, "cross_origin_request");
    from("https://vestibule.example:8443").await.problem(403, "cross_origin_request");
    from("https://www.vestibule.example").await.problem(403, "cross_origin_request");
    from("https://vestibule.example").await.assert_status(201);
    let silent = ada.browser.forged(Method::POST, resource!("/session/v1" => "")).json(item("a", ""));
    silent.await.problem(403, "cross_origin_request");
}

async fn a_header_sent_twice_proves_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    let ask = || ada.browser.forged(Method::POST, resource!("/session/v1" => "")).json(item("a", ""));
    for (first, second) in
        [("same-origin", "same-origin"), ("same-origin", "cross-site"), ("cross-site", "same-origin")]
    {
        let twice = ask().append_header("sec-fetch-site", first).append_header("sec-fetch-site", second);
        twice.await.problem(403, "cross_origin_request");
    }
    ask().append_header("origin", OURS).append_header("origin", OURS).await.problem(403, "cross_origin_request");
    assert_eq!(app.count(TABLE).await, 0);
}

async fn a_websocket_from_elsewhere_is_refused(app: TestApp) {
    let ada = app.person("ada").await;
    for (path, _) in server_fn_paths() {
        let handshake = ada
            .browser
            .forged(Method::GET, path)
            .headers(&[("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")])
            .headers(&[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="), ("origin", "http://evil.example")]);
        handshake.await.problem(403, "cross_origin_request");
    }
}

/// Other spellings of `path` that some server or proxy might take for the same.
fn spellings(path: &str) -> Vec<String> {
    let mut spellings = vec![format!("{path}/"), format!("/{path}"), format!("/.{path}"), format!("{path}%00")];
    for (place, _) in path.match_indices('/').skip(1) {
        for slash in ["//", "%2f", "%2F", "%5c", "/./"] {
            spellings.push(format!("{}{slash}{}", &path[..place], &path[place + 1..]));
        }
    }
    spellings
}

async fn no_other_spelling_of_a_path_is_executed(app: TestApp) {
    let ada = app.person("ada").await;
    let things = Things::of(&app, &ada).await;
    let mut calls: Vec<(Method, String, Option<_>, _)> = Vec::new();
    for path in posts().into_iter().chain(LINKS).chain(OF_A_SECOND_FACTOR).chain(OF_APPS) {
        calls.push((Method::POST, things.path(path), None, form(path)));
    }
    for call in session_calls().into_iter().filter(|call| call.method != Method::GET) {
        calls.push((call.method.clone(), format!("/session/v1{}", things.path(call.path)), call.body(), vec![]));
    }
    for (path, method) in server_fn_paths() {
        let arguments = any_arguments(things.items.id(ITEM));
        calls.push((method, path.to_owned(), Some(arguments), vec![]));
    }
    let mut witness = app.witness().await;
    for (method, path, body, fields) in calls {
        for spelling in spellings(&path) {
            for site in ["cross-site", "same-origin"] {
                let ask = ada.browser.forged(method.clone(), &spelling).header("sec-fetch-site", site);
                let ask = body.clone().map_or_else(|| ask.clone().form(&fields), |body| ask.clone().json(body));
                let status = ask.await.status.as_u16();
                // 410: a link that never was.
                assert!(matches!(status, 403..=405 | 410), "{method} {spelling} {site}: {status}");
            }
        }
    }
    assert!(!witness.saw_a_write().await);
}

/// A server with its defaults behind a proxy: the browser's `same-origin` is true, but of another site.
async fn a_site_that_does_not_know_its_address_says_so_at_its_first_form(app: TestApp) {
    let ada = app.person("ada").await;
    let mut witness = app.witness().await;
    let from = [("sec-fetch-site", "same-origin"), ("origin", "https://app.example")];
    for path in ["/sign-in", "/sign-up", "/forgot", "/account/password"] {
        let page = ada.browser.forged(Method::POST, path).headers(&from).form(&form(path)).await.page(403);
        for part in ["Cross-origin request refused", "server.public_url", "https://app.example", OURS] {
            assert!(page.contains(part), "{path}: {part}");
        }
    }
    let login = json!({"email": ada.email, "password": PASSWORD});
    let refused = app.post("/session/v1/login").headers(&from).json(login).await;
    let refused = refused.problem(403, "cross_origin_request");
    assert!(refused["detail"].as_str().unwrap().contains("server.public_url"), "{refused}");
    for path in ["/session/v1/me", LIST_FUNCTION] {
        ada.browser.forged(Method::GET, path).headers(&from).await.problem(403, "cross_origin_request");
    }
    assert!(!witness.saw_a_write().await);
    // What no browser sends is not shown to anybody.
    let page = app.post("/sign-in").header("origin", "https://a.example/<b>call us").form(&form("/sign-in")).await;
    assert!(!page.page(403).contains("call us"));
}

async fn a_development_servers_proxy_on_another_port_goes_on_working(database: Database) {
    let app = TestApp::with(database, |_| {}).await;
    let ada = app.person("ada").await;
    let deployed = TestApp::https(database).await;
    let bob = deployed.person("bob").await;
    let ask = |browser: &Browser, origin| {
        let ask = browser.forged(Method::POST, resource!("/session/v1" => "")).header("sec-fetch-site", "same-origin");
        ask.header("origin", origin).json(item("a", ""))
    };
    for origin in ["http://localhost:5173", "http://127.0.0.1:8080", "https://localhost:8443", OURS] {
        ask(&ada.browser, origin).await.assert_status(201);
        ask(&bob.browser, origin).await.problem(403, "cross_origin_request");
    }
    ask(&bob.browser, "https://vestibule.example").await.assert_status(201);
}
