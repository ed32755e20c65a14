//! The Lab: what its page, its doors and its peer do, and what they let nobody do.

use axum::http::Method;
use serde_json::Value;
use time::Duration;
use vestibule::settings::LabEnabled;

use crate::support::{Database, OURS, Request, Response, TestApp, members, on_both_databases};

on_both_databases! {
    the_pages_tell_everything_without_a_script,
    only_the_pages_of_the_lab_may_call_its_peer,
    a_visit_is_for_our_own_pages,
    an_answer_is_what_the_record_says,
    nothing_of_the_request_says_what_to_answer,
    a_preflight_is_answered_as_the_record_says,
    the_peer_answers_to_its_own_names_only,
    the_peer_answers_pages_of_the_three_origins_only,
    the_peer_knows_nothing_else,
    what_was_seen_is_for_the_visit_and_holds_nothing_of_the_visitors,
    cookies_keep_to_their_names_their_path_and_their_minute,
    the_guard_refuses_what_the_open_door_does,
    a_token_is_good_for_its_visit_only,
    the_proxy_hands_on_and_back,
    a_visit_ends_and_asks_only_so_often,
    nothing_is_written_and_nobody_is_signed_out,
    where_it_is_off_there_is_nothing,
    what_is_kept_of_a_request_is_short_whatever_it_brings,
}

/// The peer by its name of another site.
const STRANGER: &str = "127.0.0.1:3002";

/// One visit, as its page makes it.
struct Visit {
    app: TestApp,
    id: String,
    token: String,
}

impl Visit {
    async fn new(app: &TestApp) -> Self {
        let reply = ours(app, "/lab/visits").await;
        let admitted = reply.assert_status(201).json();
        assert_eq!(members(&admitted), ["token", "visit"]);
        let text = |name: &str| admitted[name].as_str().unwrap().to_owned();
        Self { app: app.clone(), id: text("visit"), token: text("token") }
    }

    /// In the middle of `experiment`.
    async fn amid(app: &TestApp, experiment: &str) -> Self {
        let visit = Self::new(app).await;
        visit.begin(experiment).await.assert_status(204);
        visit
    }

    async fn begin(&self, experiment: &str) -> Response {
        ours(&self.app, &format!("/lab/visits/{}/{experiment}/begin", self.id)).await
    }

    /// What was seen.
    async fn end(&self, experiment: &str) -> Vec<Value> {
        let reply = ours(&self.app, &format!("/lab/visits/{}/{experiment}/end", self.id)).await;
        reply.assert_status(200).json().as_array().unwrap().clone()
    }

    /// A request to the peer by its name of the same site.
    fn peer(&self, method: Method, experiment: &str, step: &str) -> Request {
        self.app.ask_peer(method, &format!("/lab/at/{}/{experiment}/{step}", self.id)).header("origin", OURS)
    }

    /// A request to the house.
    fn app(&self, method: Method, door: &str, experiment: &str, step: &str) -> Request {
        self.app.ask(method, &format!("/lab/{door}/{}/{experiment}/{step}", self.id))
    }
}

fn ours(app: &TestApp, path: &str) -> Request {
    app.post(path).header("sec-fetch-site", "same-origin")
}

#[track_caller]
fn allows_nobody(reply: &Response) {
    let cors = reply.headers.keys().filter(|name| name.as_str().starts_with("access-control-"));
    assert_eq!(cors.count(), 0, "{}: {:?}", reply.asked, reply.headers);
    assert!(!reply.has("set-cookie"), "{}", reply.asked);
}

/// The page without what only the engine reads.
fn read(page: &str) -> String {
    page.split("data-record=").map(|part| part.split_once('>').map_or(part, |(_, rest)| rest)).collect()
}

async fn the_pages_tell_everything_without_a_script(app: TestApp) {
    let page = app.get("/lab").await.page(200);
    assert!(page.matches(r#"class="experiment""#).count() > 25);
    let page = read(&page);
    for text in [
        "As the essay had it",
        "Without credentials the browser does not even look at Set-Cookie. Nothing says so anywhere.",
        "https://fetch.spec.whatwg.org/#concept-http-network-fetch",
        "http://localhost:3002",
        "http://127.0.0.1:3002",
        "<svg viewBox=",
    ] {
        assert!(page.contains(text), "{text}");
    }
    // The switches are a form: without a script, too, each position has its page.
    let flipped = app.get("/lab?bench=1&credentials=on&exact=on&local=on").await.page(200);
    let bench = flipped.split_once(r#"id="bench""#).unwrap().1.split_once("</section>").unwrap().0;
    assert!(read(bench).contains("Asked with credentials, an answer also needs Access-Control-Allow-Credentials."));

    let story = app.get("/lab/story").await.page(200);
    let ending = ["A cookie counts only on its own origin.", "Everybody else brings a token."];
    assert!(ending.iter().all(|line| story.matches(line).count() >= 1));
}

async fn only_the_pages_of_the_lab_may_call_its_peer(app: TestApp) {
    for path in ["/lab", "/lab/story"] {
        let reply = app.get(path).await;
        let policy = reply.header("content-security-policy");
        for directive in [
            "default-src 'self';",
            "connect-src 'self' http://localhost:3002 http://127.0.0.1:3002;",
            "frame-src http://localhost:3002 http://127.0.0.1:3002;",
            "form-action 'self';",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(directive), "{path}: {directive} in {policy}");
        }
        let page = reply.page(200);
        let tags: Vec<_> = page.split("<script").skip(1).map(|rest| rest.split_once('>').unwrap().0).collect();
        assert!(tags.iter().all(|tag| tag.contains("nonce=")) && tags.iter().any(|tag| tag.contains("/lab/lab.js")));
        assert!(!page.contains(" style="), "{path}");
    }
    for path in ["/", "/sign-in", "/nothing"] {
        let reply = app.get(path).await;
        assert!(!reply.header("content-security-policy").contains("3002"), "{path}");
        assert!(!reply.text().contains("lab.js"), "{path}");
    }
}

async fn a_visit_is_for_our_own_pages(app: TestApp) {
    let visit = Visit::new(&app).await;
    for path in ["/lab/visits".to_owned(), format!("/lab/visits/{}/cookie-both/begin", visit.id)] {
        for site in ["same-site", "cross-site", "none"] {
            app.post(&path).header("sec-fetch-site", site).await.problem(403, "cross_origin_request");
        }
        app.post(&path).header("origin", "http://localhost:3002").await.problem(403, "cross_origin_request");
        app.ask(Method::GET, &path).header("sec-fetch-site", "same-origin").await.problem(405, "method_not_allowed");
    }
    ours(&app, "/lab/visits/nonsense/cookie-both/begin").await.assert_status(400);
    let stranger = format!("/lab/visits/{}/cookie-both/begin", uuid::Uuid::nil());
    ours(&app, &stranger).await.problem(404, "not_found");
    visit.begin("no-such-experiment").await.problem(404, "not_found");
    visit.begin("cookie-both").await.assert_status(204);
}

async fn an_answer_is_what_the_record_says(app: TestApp) {
    let visit = Visit::amid(&app, "cookie-both").await;
    let reply = visit.peer(Method::POST, "cookie-both", "request").await;
    assert_eq!(reply.assert_status(200).header("access-control-allow-origin"), OURS);
    assert_eq!(reply.header("access-control-allow-credentials"), "true");
    assert_eq!(reply.header("vary"), "Origin");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    assert_eq!(reply.set_cookies().len(), 1);

    let visit = Visit::amid(&app, "cookie-star").await;
    let reply = visit.peer(Method::POST, "cookie-star", "request").await;
    assert_eq!(reply.assert_status(200).header("access-control-allow-origin"), "*");

    let visit = Visit::amid(&app, "reading-silent").await;
    allows_nobody(visit.peer(Method::GET, "reading-silent", "request").await.assert_status(200));
    // Another method, another step, another experiment than the one under way, the other name of the peer, another door.
    visit.peer(Method::POST, "reading-silent", "request").await.problem(405, "method_not_allowed");
    for reply in [
        visit.peer(Method::GET, "reading-silent", "before-0").await,
        visit.peer(Method::GET, "reading-silent", "before-99999999999999999999").await,
        visit.peer(Method::GET, "reading-exact", "request").await,
        visit.peer(Method::GET, "reading-silent", "request").header("host", STRANGER).await,
        visit.app(Method::GET, "at", "reading-silent", "request").await,
        visit.app(Method::GET, "proxy", "reading-silent", "request").await,
    ] {
        reply.problem(404, "not_found");
        allows_nobody(&reply);
    }
}

/// Whatever it holds, the answer is that of the record, and says nothing that the request said.
async fn nothing_of_the_request_says_what_to_answer(app: TestApp) {
    let visit = Visit::amid(&app, "reading-preflight").await;
    let plain = visit.peer(Method::GET, "reading-preflight", "request").await;
    let path = format!("/lab/at/{}/reading-preflight/request", visit.id);
    let query = "?access-control-allow-origin=*&set-cookie=lab-echo%3d1&status=500&location=//echo.example";
    let asked = app.ask_peer(Method::GET, &format!("{path}{query}")).headers(&[
        ("origin", OURS),
        ("x-lab", "<script>echo"),
        ("referer", "http://localhost:3000/echo"),
        ("user-agent", "echo"),
    ]);
    let reply = asked.clone().await;
    assert_eq!(reply.assert_status(200).body, plain.body);
    let names = |reply: &Response| reply.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&reply), names(&plain));
    assert!(!format!("{:?}", reply.headers).contains("echo") && !reply.has("location"));
    for path in ["/lab/at/echo/echo/echo", "/lab/clean/echo/echo", "/echo", "/lab/frame/echo", "//echo.example"] {
        let reply = app.ask_peer(Method::GET, path).await;
        assert!(reply.status.is_client_error(), "{path}");
        assert!(!reply.text().contains("echo") && !format!("{:?}", reply.headers).contains("echo"), "{path}");
    }
    let page = app.ask_peer(Method::GET, "/lab/frame?echo=%3Cscript%3Eecho").header("referer", "echo").await;
    assert!(!page.page(200).contains("echo"));
}

async fn a_preflight_is_answered_as_the_record_says(app: TestApp) {
    let ask = |visit: &Visit, experiment| {
        let ask = visit.peer(Method::OPTIONS, experiment, "request");
        ask.header("access-control-request-method", "GET").header("access-control-request-headers", "x-lab")
    };
    let visit = Visit::amid(&app, "reading-preflight").await;
    let reply = ask(&visit, "reading-preflight").await;
    assert_eq!(reply.assert_status(204).header("access-control-allow-headers"), "x-lab");
    assert_eq!(reply.header("access-control-max-age"), "0");
    let seen = visit.end("reading-preflight").await;
    assert_eq!(seen[0]["preflight"], true);
    assert_eq!(seen[0]["deed"], false);

    let visit = Visit::amid(&app, "reading-preflight-refused").await;
    assert!(!ask(&visit, "reading-preflight-refused").await.assert_status(204).has("access-control-allow-headers"));
}

async fn the_peer_answers_to_its_own_names_only(app: TestApp) {
    let ask = |host: &str| app.ask_peer(Method::GET, "/lab/frame").header("host", host);
    for host in ["localhost:3002", STRANGER, "LOCALHOST:3002"] {
        ask(host).await.page(200);
    }
    for host in ["localhost", "localhost:3000", "127.0.0.2:3002", "evil.example", "localhost:3002.evil.example", ""] {
        let reply = ask(host).await;
        reply.assert_status(421);
        allows_nobody(&reply);
    }
}

async fn the_peer_answers_pages_of_the_three_origins_only(app: TestApp) {
    let visit = Visit::amid(&app, "reading-star").await;
    let evil = ["null", "http://evil.example", "http://localhost:3000.evil.example", "https://localhost:3000", "*", ""];
    for origin in evil {
        for method in [Method::GET, Method::OPTIONS] {
            let reply = visit.peer(method, "reading-star", "request").header("origin", origin).await;
            reply.problem(403, "cross_origin_request");
            allows_nobody(&reply);
        }
        let clean = app.ask_peer(Method::POST, &format!("/lab/clean/{}/reading-star", visit.id));
        allows_nobody(&clean.header("origin", origin).await);
    }
    let two = visit.peer(Method::GET, "reading-star", "request").append_header("origin", "http://evil.example").await;
    two.problem(403, "cross_origin_request");
    assert!(visit.end("reading-star").await.is_empty(), "and nothing of it was written down");

    let frame = app.ask_peer(Method::GET, "/lab/frame").await;
    let policy = frame.header("content-security-policy");
    assert!(
        policy.contains("frame-ancestors http://localhost:3000") && policy.contains("default-src 'none'"),
        "{policy}"
    );
    assert!(policy.contains("form-action http://localhost:3000") && !policy.contains("unsafe"), "{policy}");
}

async fn the_peer_knows_nothing_else(app: TestApp) {
    let ada = app.person("ada").await;
    for path in ["/", "/lab", "/sign-in", "/api/v1/me", "/session/v1/me", "/fn/notes/list", "/healthz", "/mark.svg"] {
        let cookie = format!("session={}", ada.browser.cookie().unwrap());
        let ask = app.ask_peer(Method::GET, path).header("cookie", &cookie).bearer(&ada.client.token);
        ask.await.problem(404, "not_found");
    }
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE] {
        app.ask_peer(method, "/lab/frame").await.problem(405, "method_not_allowed");
    }
}

async fn what_was_seen_is_for_the_visit_and_holds_nothing_of_the_visitors(app: TestApp) {
    let ada = app.person("ada").await;
    let visit = Visit::amid(&app, "bearer-cookie").await;
    let planted = visit.peer(Method::POST, "bearer-cookie", "before-0").await.set_cookies().remove(0);
    let session = ada.browser.cookie().unwrap();
    let cookies = format!("theme=dark; session={session}; {}={}", planted.name, planted.value);
    let request = visit.peer(Method::POST, "bearer-cookie", "request").header("cookie", &cookies);
    request.bearer(&ada.client.token).header("user-agent", "nobody's business").await.problem(401, "token_missing");

    let seen = visit.end("bearer-cookie").await;
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1]["cookies"], serde_json::json!([[planted.name, planted.value]]));
    assert_eq!(seen[1]["status"], 401);
    assert_eq!(seen[0]["set"], planted.value);
    let text = format!("{seen:?}");
    for secret in [session.as_str(), "theme", &ada.client.token, "nobody's business", &visit.id] {
        assert!(!text.contains(secret), "{secret}");
    }
    // It is told once, to whoever knows the visit.
    ours(&app, &format!("/lab/visits/{}/bearer-cookie/end", visit.id)).await.problem(404, "not_found");
}

async fn cookies_keep_to_their_names_their_path_and_their_minute(app: TestApp) {
    for (experiment, step, attributes) in [
        ("cookie-both", "request", vec!["HttpOnly", "Max-Age=60", "Path=/lab", "SameSite=Lax"]),
        ("secure-local", "request", vec!["HttpOnly", "Max-Age=60", "Path=/lab", "SameSite=Lax", "Secure"]),
        ("domain-local", "request", vec!["Domain=localhost", "HttpOnly", "Max-Age=60", "Path=/lab", "SameSite=Lax"]),
        ("host-prefix", "request", vec!["HttpOnly", "Max-Age=60", "Path=/", "SameSite=Lax", "Secure"]),
    ] {
        let visit = Visit::amid(&app, experiment).await;
        let cookie = visit.peer(Method::POST, experiment, step).await.set_cookies().remove(0);
        let prefix = if experiment == "host-prefix" { "__Host-lab-" } else { "lab-" };
        assert_eq!(cookie.name, format!("{prefix}{experiment}"));
        assert_eq!(cookie.attributes, attributes, "{experiment}");
        assert_eq!(cookie.value.len(), 16);

        // What takes it back says the same, with no time to live.
        let cleaned = app.ask_peer(Method::POST, &format!("/lab/clean/{}/{experiment}", visit.id)).await;
        for reply in [cleaned, visit.begin(experiment).await] {
            let removal = reply.assert_status(204).set_cookies().remove(0);
            assert_eq!((removal.name.as_str(), removal.value.as_str()), (cookie.name.as_str(), ""));
            let expected: Vec<_> = attributes.iter().map(|given| given.replace("=60", "=0")).collect();
            assert_eq!(removal.attributes, expected);
        }
    }
}

async fn the_guard_refuses_what_the_open_door_does(app: TestApp) {
    for (experiment, door, site, status, deed) in [
        ("csrf-neighbour-open", "at", "same-site", 200, true),
        ("csrf-stranger-none", "at", "cross-site", 200, true),
        ("csrf-neighbour-guarded", "guarded", "same-site", 403, false),
        ("csrf-stranger-guarded", "guarded", "cross-site", 403, false),
        ("csrf-own", "guarded", "same-origin", 200, true),
    ] {
        let visit = Visit::amid(&app, experiment).await;
        let signed_in = visit.app(Method::POST, "at", experiment, "before-0").await.set_cookies().remove(0);
        let cookie = format!("{}={}", signed_in.name, signed_in.value);
        let form = visit.app(Method::POST, door, experiment, "request").form(&[("lab", "1")]);
        let form = form.header("sec-fetch-site", site).header("sec-fetch-dest", "iframe");
        let forged = form.clone().header("cookie", &format!("{}=0000000000000000", signed_in.name)).await;
        assert_ne!(forged.status, 200, "{experiment}: a cookie that was never set is nobody's");
        let reply = form.header("cookie", &cookie).await;
        let frames = "frame-ancestors http://localhost:3000 http://localhost:3002 http://127.0.0.1:3002";
        assert!(reply.assert_status(status).header("content-security-policy").ends_with(frames), "{experiment}");
        // Nobody's browser has to ask what to do with it.
        for reply in [forged, reply] {
            assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8", "{experiment}");
        }
        let seen = visit.end(experiment).await;
        let last = seen.last().unwrap();
        assert_eq!((&last["deed"], &last["status"]), (&Value::from(deed), &Value::from(status)), "{experiment}");
        assert_eq!(last["cookies"][0][0], signed_in.name, "{experiment}: it was there all the same");
        let headers = last["headers"].as_array().unwrap();
        assert!(headers.iter().any(|header| header[0] == "sec-fetch-site" && header[1] == site), "{experiment}");
    }
}

async fn a_token_is_good_for_its_visit_only(app: TestApp) {
    let (visit, other) = (Visit::amid(&app, "bearer").await, Visit::new(&app).await);
    let ask = || visit.peer(Method::POST, "bearer", "request");
    ask().bearer(&visit.token).await.assert_status(200);
    for refused in [ask(), ask().bearer(&other.token), ask().bearer("lab_")] {
        let reply = refused.await;
        reply.problem(401, "token_missing");
        assert!(reply.header("www-authenticate").starts_with("Bearer"), "{}", reply.asked);
        assert_eq!(reply.header("access-control-allow-origin"), OURS, "and the page may read that");
    }
    app.get("/api/v1/me").bearer(&visit.token).await.problem(401, "token_invalid");
}

async fn what_is_kept_of_a_request_is_short_whatever_it_brings(app: TestApp) {
    let cookies: Vec<_> = (0..200).map(|n| format!("lab-{n}{}={}", "n".repeat(200), "v".repeat(200))).collect();
    let cookies = cookies.join("; ");
    for number in 0..25 {
        let visit = ours(&app, "/lab/visits").at(&format!("192.0.2.{number}")).await.assert_status(201).json();
        let visit = Visit { app: app.clone(), id: visit["visit"].as_str().unwrap().into(), token: String::new() };
        visit.begin("proxy-ask").await.assert_status(204);
        for _ in 0..24 {
            visit.app(Method::GET, "proxy", "proxy-ask", "request").header("cookie", &cookies).await.assert_status(401);
        }
        let seen = visit.end("proxy-ask").await;
        assert!((1..=24).contains(&seen.len()));
        assert!(serde_json::to_string(&seen).unwrap().len() < 128 * 1024);
        for cookie in seen.iter().flat_map(|seen| seen["cookies"].as_array().unwrap()) {
            let length = |index: usize| cookie[index].as_str().unwrap().len();
            assert!(length(0) <= 64 && length(1) <= 64, "{cookie}");
        }
    }
}

async fn the_proxy_hands_on_and_back(app: TestApp) {
    let visit = Visit::amid(&app, "proxy-ask").await;
    let signed_in = visit.app(Method::POST, "proxy", "proxy-ask", "before-0").header("origin", OURS).await;
    let cookie = signed_in.assert_status(200).set_cookies().remove(0);
    let ask = || visit.app(Method::GET, "proxy", "proxy-ask", "request");
    ask().await.problem(401, "not_signed_in");
    ask().header("cookie", &format!("{}={}", cookie.name, cookie.value)).await.assert_status(200);
    let seen = visit.end("proxy-ask").await;
    assert_eq!(seen[2]["headers"][0], serde_json::json!(["host", "localhost:3002"]), "what the other server saw");
}

async fn a_visit_ends_and_asks_only_so_often(app: TestApp) {
    let visit = Visit::amid(&app, "reading-exact").await;
    let ask = || visit.peer(Method::GET, "reading-exact", "request");
    for _ in 0..24 {
        ask().await.assert_status(200);
    }
    let reply = ask().await;
    reply.problem(429, "rate_limited");
    allows_nobody(&reply);
    let large = visit.peer(Method::POST, "reading-exact", "request").unlabelled("x".repeat(100_000)).await;
    assert!(large.status.is_client_error());

    visit.begin("reading-exact").await.assert_status(204);
    ask().await.assert_status(200);
    app.clock.advance(Duration::minutes(16));
    ask().await.problem(404, "not_found");
    visit.begin("reading-exact").await.problem(404, "not_found");
}

async fn nothing_is_written_and_nobody_is_signed_out(app: TestApp) {
    let ada = app.person("ada").await;
    ada.browser.visit("/notes").await.assert_status(200);
    app.db.settled().await;
    let mut witness = app.witness().await;
    app.clock.advance(Duration::minutes(5));
    for experiment in ["csrf-own", "csrf-neighbour-open", "csrf-neighbour-guarded"] {
        let admitted = ada.browser.ask(Method::POST, "/lab/visits").await.assert_status(201).json();
        let id = admitted["visit"].as_str().unwrap().to_owned();
        let call = |path: String| ada.browser.ask(Method::POST, &path);
        call(format!("/lab/visits/{id}/{experiment}/begin")).await.assert_status(204);
        for step in ["at", "guarded"] {
            ada.browser.forged(Method::POST, &format!("/lab/{step}/{id}/{experiment}/request")).await;
            call(format!("/lab/{step}/{id}/{experiment}/before-0")).await;
            call(format!("/lab/{step}/{id}/{experiment}/request")).await;
        }
        call(format!("/lab/visits/{id}/{experiment}/end")).await.assert_status(200);
    }
    app.db.settled().await;
    assert!(!witness.saw_a_write().await);
    assert!(ada.browser.is_signed_in().await);
}

async fn where_it_is_off_there_is_nothing(database: Database) {
    for app in [
        TestApp::with(database, |settings| settings.lab.enabled = LabEnabled::Never).await,
        TestApp::https(database).await,
        TestApp::with(database, |settings| settings.server.address = "0.0.0.0:3000".parse().unwrap()).await,
    ] {
        for path in ["/lab", "/lab/story"] {
            app.get(path).await.page(404);
        }
        ours(&app, "/lab/visits").await.problem(404, "not_found");
        app.ask_peer(Method::GET, "/lab/frame").await.problem(404, "not_found");
    }
}
