//! The session door: the cookie, and the JSON resources behind it at `/session/v1`.

use axum::http::Method;
use serde_json::json;
use time::Duration;

use crate::support::{
    Browser, Database, Door, PASSWORD, Person, Response, TestApp, members, on_both_databases,
    resource::{COLLECTION, LIST_FUNCTION, list_arguments, resource},
    routes::session_calls,
    without_database,
};

on_both_databases! {
    login_answers_with_the_account_and_the_cookie,
    logout_empties_the_jar_and_ends_the_session,
    every_login_begins_a_new_session_and_ends_the_one_before,
    the_id_of_an_ended_session_is_not_used_again,
    an_id_the_server_did_not_issue_is_never_adopted,
    a_wrong_password_signs_nobody_in,
    every_call_without_the_cookie_is_not_signed_in,
    authorization_is_never_read,
    me_and_tokens_answer_as_at_the_token_door,
    a_sign_in_has_no_token,
    reading_writes_once_a_minute,
    a_stranger_gets_no_session,
    without_a_database_nobody_is_signed_out,
    a_record_that_cannot_be_read_is_an_anonymous_visitor,
    the_browser_is_the_one_that_the_record_names,
    health_and_files_never_touch_the_session,
}

without_database! {
    the_cookie_on_http_is_exactly_this,
    a_remembered_cookie_outlives_the_browser,
    the_cookie_on_https_is_exactly_this,
    logout_on_https_removes_the_host_cookie,
    a_cookie_that_is_not_exactly_ours_is_nobodys,
    a_cookie_sent_twice_is_nobodys,
    another_cookie_beside_ours_does_no_harm,
}

async fn login(browser: &Browser, remember: bool) -> Response {
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "remember": remember});
    browser.post("/login", body).await
}

async fn login_answers_with_the_account_and_the_cookie(app: TestApp) {
    let ada = app.person("ada").await;
    let browser = app.browser();
    let reply = login(&browser, false).await;
    let body = reply.assert_status(200).json();
    assert_eq!(members(&body), ["account"]);
    assert_eq!(body["account"], serde_json::to_value(&ada.account).unwrap());
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(browser.get("/me").await.assert_status(200).json(), body["account"]);
}

async fn the_cookie_on_http_is_exactly_this(app: TestApp) {
    app.person("ada").await;
    let reply = login(&app.browser(), false).await;
    let [cookie] = reply.set_cookies().try_into().unwrap();
    assert_eq!(cookie.name, "session");
    assert_eq!(cookie.attributes, ["HttpOnly", "Path=/", "SameSite=Lax"]);
    assert!(cookie.value.len() >= 22, "128 bits in base64: {}", cookie.value.len());
}

async fn a_remembered_cookie_outlives_the_browser(app: TestApp) {
    app.person("ada").await;
    let browser = app.browser();
    let reply = login(&browser, true).await;
    let [cookie] = reply.set_cookies().try_into().unwrap();
    let [http_only, max_age, path, same_site] = cookie.attributes.try_into().unwrap();
    assert_eq!([http_only, path, same_site], ["HttpOnly", "Path=/", "SameSite=Lax"]);
    let seconds: i64 = max_age.strip_prefix("Max-Age=").unwrap().parse().unwrap();
    let thirty_days = Duration::days(30).whole_seconds();
    assert!((thirty_days - 60..=thirty_days).contains(&seconds), "{seconds}");

    // Using it does not take that away again.
    assert!(browser.get("/me").await.assert_status(200).set_cookies().is_empty());
}

async fn the_cookie_on_https_is_exactly_this(database: Database) {
    let app = TestApp::https(database).await;
    app.person("ada").await;
    let browser = app.browser();
    let reply = login(&browser, false).await;
    let [cookie] = reply.assert_status(200).set_cookies().try_into().unwrap();
    assert_eq!(cookie.name, "__Host-Http-session");
    assert_eq!(cookie.attributes, ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]);
    browser.get("/me").await.assert_status(200);
    // By the other name it is nothing.
    let plain = app.get("/session/v1/me").header("cookie", &format!("session={}", cookie.value));
    plain.await.problem(401, "not_signed_in");
}

async fn logout_empties_the_jar_and_ends_the_session(app: TestApp) {
    let ada = app.person("ada").await;
    let stolen = app.browser();
    stolen.plant(&ada.browser.cookie().unwrap());
    stolen.get("/me").await.assert_status(200);

    let reply = ada.browser.call(Method::POST, "/logout").await;
    assert!(reply.assert_status(204).body.is_empty());
    let [cookie] = reply.set_cookies().try_into().unwrap();
    assert_eq!((cookie.name.as_str(), cookie.value.as_str()), ("session", ""));
    assert_eq!(cookie.attributes, ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Lax"]);
    // What the origin stores belongs to the single-page app that called.
    assert!(!reply.has("clear-site-data"));
    assert_eq!(ada.browser.cookie(), None);

    stolen.get("/me").await.problem(401, "not_signed_in");
    ada.browser.call(Method::POST, "/logout").await.problem(401, "not_signed_in");
    assert_eq!((app.count("browser_sessions").await, app.count("tower_sessions").await), (0, 0));
}

async fn logout_on_https_removes_the_host_cookie(database: Database) {
    let app = TestApp::https(database).await;
    let ada = app.person("ada").await;
    assert!(ada.browser.cookie().is_some());
    let reply = ada.browser.call(Method::POST, "/logout").await;
    let [cookie] = reply.assert_status(204).set_cookies().try_into().unwrap();
    assert_eq!(cookie.name, "__Host-Http-session");
    assert_eq!(cookie.attributes, ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Lax", "Secure"]);
    assert_eq!(ada.browser.cookie(), None, "a browser obeys it");
}

async fn every_login_begins_a_new_session_and_ends_the_one_before(app: TestApp) {
    let ada = app.person("ada").await;
    let first = ada.browser.cookie().unwrap();
    login(&ada.browser, false).await.assert_status(200);
    let second = ada.browser.cookie().unwrap();
    assert_ne!(first, second);
    ada.browser.get("/me").await.assert_status(200);

    let old = app.browser();
    old.plant(&first);
    old.get("/me").await.problem(401, "not_signed_in");
    assert_eq!((app.count("browser_sessions").await, app.count("tower_sessions").await), (1, 1));
}

async fn the_id_of_an_ended_session_is_not_used_again(app: TestApp) {
    app.person("ada").await;
    let mallory = app.person("mallory").await;
    // She signs in on his browser while his own sign-in, whose cookie he knows, has just ended.
    let known = mallory.browser.cookie().unwrap();
    app.sql("DELETE FROM browser_sessions").await;
    login(&mallory.browser, false).await.assert_status(200);
    assert_ne!(mallory.browser.cookie().unwrap(), known);
    let attacker = app.browser();
    attacker.plant(&known);
    attacker.get("/me").await.problem(401, "not_signed_in");
}

async fn an_id_the_server_did_not_issue_is_never_adopted(app: TestApp) {
    app.person("ada").await;
    // Well-formed, and planted before she signs in.
    let planted = "AAAAAAAAAAAAAAAAAAAAAQ";
    let browser = app.browser();
    browser.plant(planted);
    login(&browser, false).await.assert_status(200);
    assert_ne!(browser.cookie().unwrap(), planted);

    let attacker = app.browser();
    attacker.plant(planted);
    attacker.get("/me").await.problem(401, "not_signed_in");
}

async fn a_wrong_password_signs_nobody_in(app: TestApp) {
    app.person("ada").await;
    let mut bodies = Vec::new();
    for (email, password) in [("ada@example.org", "wrong password"), ("nobody@example.org", PASSWORD)] {
        let reply = app.browser().post("/login", json!({"email": email, "password": password})).await;
        let mut problem = reply.problem(401, "invalid_credentials");
        assert!(!reply.has("set-cookie") && !reply.has("www-authenticate"));
        problem["request_id"].take();
        bodies.push(problem);
    }
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!((app.count("browser_sessions").await, app.count("tower_sessions").await), (1, 1), "hers from before");
}

async fn every_call_without_the_cookie_is_not_signed_in(app: TestApp) {
    let browser = app.browser();
    let mut witness = app.witness().await;
    let for_anybody = |path: &str| ["/login", "/sign-up/", "/scopes"].iter().any(|start| path.starts_with(start));
    for call in session_calls().iter().filter(|call| !for_anybody(call.path)) {
        let mut ask = browser.call(call.method.clone(), &call.path("x"));
        if let Some(body) = call.body() {
            ask = ask.json(body);
        }
        let reply = ask.await;
        reply.problem(401, "not_signed_in");
        assert!(!reply.has("set-cookie") && !reply.has("www-authenticate"), "{}", reply.asked);
    }
    assert!(!witness.saw_a_write().await);
}

async fn authorization_is_never_read(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    app.browser().get("/me").bearer(&ada.client.token).await.problem(401, "token_at_session_door");
    for value in [format!("Bearer {}", bob.client.token), "Bearer nonsense".into(), "Basic YTpi".into()] {
        let reply = ada.browser.get("/me").header("authorization", &value).append_header("authorization", &value).await;
        assert_eq!(reply.assert_status(200).json()["email"], "ada@example.org");
    }
}

async fn me_and_tokens_answer_as_at_the_token_door(app: TestApp) {
    let ada = app.person("ada").await;
    ada.item("a", "b").await;
    for path in ["/me", "/tokens", COLLECTION] {
        let (here, there) = (ada.browser.get(path).await, ada.client.get(path).await);
        assert_eq!(here.assert_status(200).json(), there.assert_status(200).json(), "{path}");
    }
}

async fn a_sign_in_has_no_token(app: TestApp) {
    let ada = app.person("ada").await;
    ada.browser.get("/token").await.problem(404, "not_found");
}

async fn is_nobody(app: &TestApp, cookie: &str) {
    let reply = app.get("/session/v1/me").header("cookie", cookie).header("sec-fetch-site", "same-origin").await;
    reply.problem(401, "not_signed_in");
    let page = app.get("/account").header("cookie", cookie).await;
    page.assert_redirect("/sign-in?next=%2Faccount");
}

async fn a_cookie_that_is_not_exactly_ours_is_nobodys(app: TestApp) {
    let ada = app.person("ada").await;
    let value = ada.browser.cookie().unwrap();
    let mut tampered: Vec<_> = (0..value.len())
        .map(|place| {
            let mut bytes = value.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            format!("session={}", String::from_utf8(bytes).unwrap())
        })
        .collect();
    tampered.extend([
        format!("%73ession={value}"),
        format!("sessio%6E={value}"),
        format!("\u{a0}session={value}"),
        format!("session\u{2003}={value}"),
        format!("Session={value}"),
        format!("SESSION={value}"),
        format!("__Host-session={value}"),
        format!("__Host-Http-session={value}"),
        format!("session=\"{value}\"x"),
        format!("session={value}=="),
        format!("session={value}{value}"),
        format!("session={}", &value[..value.len() - 1]),
        "session=".into(),
        "session".into(),
        "session=%00%ff".into(),
        "session=é".into(),
        format!("session={}", "A".repeat(8_000)),
    ]);
    for cookie in tampered {
        is_nobody(&app, &cookie).await;
    }
    assert!(ada.browser.is_signed_in().await);
}

async fn a_cookie_sent_twice_is_nobodys(app: TestApp) {
    let ada = app.person("ada").await;
    let ours = format!("session={}", ada.browser.cookie().unwrap());
    for cookie in [format!("{ours}; {ours}"), format!("{ours}; session=x"), format!("session=x; {ours}")] {
        is_nobody(&app, &cookie).await;
    }
    let twice = app.get("/session/v1/me").append_header("cookie", &ours).append_header("cookie", &ours);
    twice.await.problem(401, "not_signed_in");
    assert!(ada.browser.is_signed_in().await);
}

async fn another_cookie_beside_ours_does_no_harm(app: TestApp) {
    let ada = app.person("ada").await;
    let ours = format!("session={}", ada.browser.cookie().unwrap());
    for cookie in [format!("a=b; {ours}; c=d"), format!("{ours};x"), format!("se%73sion=x; {ours}")] {
        app.get("/session/v1/me").header("cookie", &cookie).await.assert_status(200);
    }
}

/// Everything a signed-in person can read.
async fn read_everything(ada: &Person, note: &str) {
    for path in ["/", COLLECTION, resource!("?q=a"), note, "/tokens", "/account"] {
        ada.browser.visit(path).await.page(200);
        ada.browser.ask(Method::HEAD, path).await.assert_status(200);
    }
    for path in ["/me", COLLECTION, resource!("?limit=1"), note, "/tokens"] {
        ada.browser.get(path).await.assert_status(200);
    }
    ada.browser.ask(Method::POST, LIST_FUNCTION).json(list_arguments()).await.assert_status(200);
    ada.browser.visit("/nothing-here").await.page(404);
    ada.browser.get("/nothing-here").await.assert_status(404);
}

async fn reading_writes_once_a_minute(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    let mut witness = app.witness().await;
    read_everything(&ada, &note).await;
    assert!(!witness.saw_a_write().await, "she has just signed in");

    for door in ["/account", "/session/v1/me"] {
        app.clock.advance(Duration::minutes(1));
        ada.browser.visit(door).await.assert_status(200);
        assert!(witness.saw_a_write().await, "that she was seen, {door}");
        read_everything(&ada, &note).await;
        app.clock.advance(Duration::seconds(30));
        read_everything(&ada, &note).await;
        assert!(!witness.saw_a_write().await, "{door}");
    }
}

async fn a_stranger_gets_no_session(app: TestApp) {
    let mut witness = app.witness().await;
    for cookie in ["", "session=AAAAAAAAAAAAAAAAAAAAAQ"] {
        for path in ["/session/v1/me", resource!("/session/v1" => ""), "/session/v1/nothing", LIST_FUNCTION] {
            let reply = app.get(path).header("cookie", cookie).await;
            assert!(reply.status.is_client_error(), "{}", reply.asked);
            // A cookie that means nothing may be removed, but none is given.
            assert!(reply.set_cookies().iter().all(|cookie| cookie.value.is_empty()), "{}", reply.asked);
        }
    }
    assert!(!witness.saw_a_write().await);
}

async fn without_a_database_nobody_is_signed_out(app: TestApp) {
    let ada = app.person("ada").await;
    app.db.close().await;
    let json = ada.browser.get("/me").await;
    json.problem(503, "unavailable");
    let page = ada.browser.visit("/account").await;
    page.page(503);
    let function = ada.browser.ask(Method::POST, LIST_FUNCTION).json(list_arguments()).await;
    function.problem(503, "unavailable");
    for reply in [json, page, function] {
        assert!(reply.header("retry-after").parse::<u32>().is_ok(), "{}", reply.asked);
        assert!(!reply.has("set-cookie"), "{}", reply.asked);
    }
}

async fn a_record_that_cannot_be_read_is_an_anonymous_visitor(app: TestApp) {
    let ada = app.person("ada").await;
    app.sql("UPDATE tower_sessions SET data = (SELECT auth_stamp FROM accounts)").await;
    ada.browser.get("/me").await.problem(401, "not_signed_in");
    ada.browser.visit("/account").await.assert_redirect("/sign-in?next=%2Faccount");
    ada.browser.visit("/").await.page(200);
    login(&ada.browser, false).await.assert_status(200);
    ada.browser.get("/me").await.assert_status(200);
}

/// The column only saves a look-up: what the record says counts.
async fn the_browser_is_the_one_that_the_record_names(app: TestApp) {
    let ada = app.person("ada").await;
    let bob = app.person("bob").await;
    let ids = "SELECT id FROM browser_sessions WHERE account_id = (SELECT id FROM accounts WHERE email LIKE";
    let change = |to: &str| format!("UPDATE tower_sessions SET browser_session_id = {to}");
    for other in [format!("({ids} 'bob%'))"), format!("({ids} 'ada%'))"), "NULL".to_owned()] {
        app.sql(&change(&other)).await;
        for person in [&ada, &bob] {
            let me = person.browser.get("/me").await.assert_status(200).json();
            assert_eq!(me["email"].as_str().unwrap(), person.email, "{other}");
        }
    }
}

async fn health_and_files_never_touch_the_session(app: TestApp) {
    let ada = app.person("ada").await;
    app.db.close().await;
    let health = ada.browser.visit("/healthz").await;
    assert_eq!(health.assert_status(200).text(), "ok\n");
    let file = ada.browser.visit("/mark.svg").await;
    assert_eq!(file.assert_status(200).header("content-type"), "image/svg+xml");
    assert!(!health.has("set-cookie") && !file.has("set-cookie"));
    ada.browser.visit("/readyz").await.assert_status(503);
}
