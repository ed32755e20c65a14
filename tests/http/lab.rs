//! The Lab: its page, its endpoints and its peer, and what they refuse.

mod theft;

use std::{
    io::Write,
    net::{TcpListener, TcpStream},
};

use axum::http::Method;
use serde_json::Value;
use time::Duration;
use vestibule::settings::LabEnabled;

use crate::{
    binary::{Server, answer, exit_code, free_address, refusal},
    settings_check::check,
    support::{
        Database, OURS, Request, Response, TestApp, folder, members, on_both_databases,
        resource::{LIST_FUNCTION, PAGE},
    },
};

on_both_databases! {
    the_pages_tell_everything_without_a_script,
    documents_link_to_experiments_that_exist,
    only_the_pages_of_the_lab_may_call_its_peer,
    a_session_is_for_our_own_pages,
    an_answer_is_what_the_record_says,
    nothing_of_the_request_says_what_to_answer,
    a_preflight_is_answered_as_the_record_says,
    the_platforms_headers_are_sent_where_the_record_says,
    the_pages_of_the_peer_have_a_policy_each,
    the_peer_answers_to_its_own_names_only,
    the_peer_answers_pages_of_the_three_origins_only,
    the_peer_knows_nothing_else,
    what_was_seen_is_for_the_session_and_holds_nothing_of_the_visitors,
    cookies_keep_to_their_names_their_path_and_their_minute,
    the_guard_refuses_what_the_open_endpoint_does,
    a_token_is_good_for_its_session_only,
    the_proxy_hands_on_and_back,
    a_session_ends_and_asks_only_so_often,
    nothing_is_written_and_nobody_is_signed_out,
    where_it_is_off_there_is_nothing,
    the_doctor_is_read_without_a_script_and_asks_for_nothing,
    the_doctors_scripts_are_for_every_page,
    what_is_kept_of_a_request_is_short_whatever_it_brings,
}

/// The peer by its name of another site.
const CROSS_SITE: &str = "127.0.0.1:3002";

/// A Lab session, as its page starts it.
struct LabSession {
    app: TestApp,
    id: String,
    token: String,
}

impl LabSession {
    async fn new(app: &TestApp) -> Self {
        let reply = ours(app, "/lab/sessions").await;
        let created = reply.assert_status(201).json();
        assert_eq!(members(&created), ["session", "token"]);
        let text = |name: &str| created[name].as_str().unwrap().to_owned();
        Self { app: app.clone(), id: text("session"), token: text("token") }
    }

    /// In the middle of `experiment`.
    async fn running(app: &TestApp, experiment: &str) -> Self {
        let session = Self::new(app).await;
        session.begin(experiment).await.assert_status(204);
        session
    }

    async fn begin(&self, experiment: &str) -> Response {
        ours(&self.app, &format!("/lab/sessions/{}/{experiment}/begin", self.id)).await
    }

    /// What was seen.
    async fn end(&self, experiment: &str) -> Vec<Value> {
        let reply = ours(&self.app, &format!("/lab/sessions/{}/{experiment}/end", self.id)).await;
        reply.assert_status(200).json().as_array().unwrap().clone()
    }

    /// A request to the peer by its name of the same site.
    fn peer(&self, method: Method, experiment: &str, step: &str) -> Request {
        ask_peer(&self.app, method, &format!("/lab/at/{}/{experiment}/{step}", self.id)).header("origin", OURS)
    }

    /// A request to the app.
    fn own(&self, method: Method, door: &str, experiment: &str, step: &str) -> Request {
        self.app.ask(method, &format!("/lab/{door}/{}/{experiment}/{step}", self.id))
    }
}

fn ask_peer(app: &TestApp, method: Method, path: &str) -> Request {
    Request::new(app.peers[0].clone(), method, path).header("host", "localhost:3002")
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

async fn the_doctor_is_read_without_a_script_and_asks_for_nothing(app: TestApp) {
    let reply = app.get("/lab/doctor").await;
    let policy = reply.header("content-security-policy").to_owned();
    assert!(policy.contains("connect-src 'self';") && policy.contains("form-action 'self'"), "{policy}");
    let page = reply.page(200);
    assert!(page.matches(r#"class="cause""#).count() >= 12);
    for text in [
        r#"id="star""#,
        "CORS_ALLOW_CREDENTIALS = True",
        "if ($request_method = OPTIONS) { return 204; }",
        "The doctor needs JavaScript.",
        r#"href="/lab#cookie-star""#,
    ] {
        assert!(page.contains(text), "{text}");
    }
    // Nothing of what is typed has a name by which a form could send it.
    let fields: Vec<_> = page.split("<input").skip(1).filter(|tag| tag.contains("data-doctor=")).collect();
    let named = fields.iter().filter(|tag| tag.split('>').next().unwrap().contains(" name="));
    assert!(fields.len() >= 8 && named.count() == 2, "the two of the choice alone");
    for path in ["/", "/lab"] {
        assert!(app.get(path).await.page(200).contains(r#"href="/lab/doctor""#), "{path}");
    }
}

async fn the_doctors_scripts_are_for_every_page(app: TestApp) {
    let folder = std::path::Path::new(&app.settings.server.site_root).join("lab/doctor");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("examine.js"), "export {};").unwrap();
    let ask =
        |path: &str| app.get(path).header("origin", "https://app.example.com").header("sec-fetch-site", "cross-site");
    let reply = ask("/lab/doctor/examine.js").await;
    assert_eq!(reply.assert_status(200).header("access-control-allow-origin"), "*");
    assert_eq!(reply.header("cross-origin-resource-policy"), "cross-origin");
    assert!(reply.header("content-type").starts_with("text/javascript"));
    assert!(!reply.has("set-cookie") && !reply.has("access-control-allow-credentials"));
    for path in ["/lab/doctor/none.js", "/lab/doctor/..%2flab.js", "/lab/doctor/%2e%2e"] {
        allows_nobody(ask(path).await.assert_status(404));
    }
    app.post("/lab/doctor/examine.js").await.problem(405, "method_not_allowed");
}

/// Whether a page of another origin could call the site is known without a browser, and told to scripts as well.
#[test]
fn check_says_what_pages_of_an_origin_would_meet() {
    let settings = [
        ("VESTIBULE_SERVER__PUBLIC_URL", "https://vestibule.example"),
        ("VESTIBULE_CORS__ALLOWED_ORIGINS", "https://app.example.com"),
    ];
    let (code, said) = check(&settings, &["--from", "https://app.example.com"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("yes     token door") && said.contains("no      session door"), "{said}");
    assert!(said.contains("SameSite keeps the cookie out."), "{said}");

    let (code, said) = check(&settings, &["--json", "--from", "https://app.example.com:8443"]);
    let told: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &told["valid"], &told["from"]["doors"][1]["open"]), (2, &true.into(), &false.into()));
    let cause = &told["from"]["doors"][1]["causes"][0];
    assert_eq!(cause["id"], "port-or-scheme");
    assert_eq!(cause["line"], r#"allowed_origins = ["https://app.example.com:8443"]"#);

    let (code, said) = check(&settings, &["--from", "https://app.example.com/"]);
    assert_eq!((code, said.as_str()), (2, ""), "the mistake is on stderr");
}

/// The page without what only the script reads.
fn read(page: &str) -> String {
    page.split("data-record=").map(|part| part.split_once('>').map_or(part, |(_, rest)| rest)).collect()
}

async fn documents_link_to_experiments_that_exist(app: TestApp) {
    let page = app.get("/lab").await.page(200);
    let text = include_str!("../../docs/troubleshooting.md");
    let named: Vec<_> = text.split("/lab#").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    assert!(named.len() >= 10, "{}", named.len());
    for id in named {
        assert!(page.contains(&format!(r#"id="{id}""#)), "there is no experiment {id}");
    }
}

async fn the_pages_tell_everything_without_a_script(app: TestApp) {
    let page = app.get("/lab").await.page(200);
    assert!(page.matches(r#"class="experiment""#).count() > 25);
    let page = read(&page);
    for text in [
        "The setup of the essay",
        "Without credentials the browser ignores Set-Cookie. It reports no error.",
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
    assert!(read(bench).contains("so the response also needs Access-Control-Allow-Credentials."));

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

async fn a_session_is_for_our_own_pages(app: TestApp) {
    let session = LabSession::new(&app).await;
    for path in ["/lab/sessions".to_owned(), format!("/lab/sessions/{}/cookie-both/begin", session.id)] {
        for site in ["same-site", "cross-site", "none"] {
            app.post(&path).header("sec-fetch-site", site).await.problem(403, "cross_origin_request");
        }
        app.post(&path).header("origin", "http://localhost:3002").await.problem(403, "cross_origin_request");
        app.ask(Method::GET, &path).header("sec-fetch-site", "same-origin").await.problem(405, "method_not_allowed");
    }
    ours(&app, "/lab/sessions/nonsense/cookie-both/begin").await.assert_status(400);
    let unknown = format!("/lab/sessions/{}/cookie-both/begin", uuid::Uuid::nil());
    ours(&app, &unknown).await.problem(404, "not_found");
    session.begin("no-such-experiment").await.problem(404, "not_found");
    session.begin("cookie-both").await.assert_status(204);
}

async fn an_answer_is_what_the_record_says(app: TestApp) {
    let session = LabSession::running(&app, "cookie-both").await;
    let reply = session.peer(Method::POST, "cookie-both", "request").await;
    assert_eq!(reply.assert_status(200).header("access-control-allow-origin"), OURS);
    assert_eq!(reply.header("access-control-allow-credentials"), "true");
    assert_eq!(reply.header("vary"), "Origin");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    assert_eq!(reply.set_cookies().len(), 1);

    let session = LabSession::running(&app, "cookie-star").await;
    let reply = session.peer(Method::POST, "cookie-star", "request").await;
    assert_eq!(reply.assert_status(200).header("access-control-allow-origin"), "*");

    let session = LabSession::running(&app, "reading-silent").await;
    allows_nobody(session.peer(Method::GET, "reading-silent", "request").await.assert_status(200));
    // Another method, another step, another experiment, the other name of the peer, another endpoint.
    session.peer(Method::POST, "reading-silent", "request").await.problem(405, "method_not_allowed");
    for reply in [
        session.peer(Method::GET, "reading-silent", "before-0").await,
        session.peer(Method::GET, "reading-silent", "before-99999999999999999999").await,
        session.peer(Method::GET, "reading-exact", "request").await,
        session.peer(Method::GET, "reading-silent", "request").header("host", CROSS_SITE).await,
        session.own(Method::GET, "at", "reading-silent", "request").await,
        session.own(Method::GET, "proxy", "reading-silent", "request").await,
    ] {
        reply.problem(404, "not_found");
        allows_nobody(&reply);
    }
}

/// Whatever it holds, the answer is that of the record, and says nothing that the request said.
async fn nothing_of_the_request_says_what_to_answer(app: TestApp) {
    let session = LabSession::running(&app, "reading-preflight").await;
    let plain = session.peer(Method::GET, "reading-preflight", "request").await;
    let path = format!("/lab/at/{}/reading-preflight/request", session.id);
    let query = "?access-control-allow-origin=*&set-cookie=lab-echo%3d1&status=500&location=//echo.example";
    let asked = ask_peer(&app, Method::GET, &format!("{path}{query}")).headers(&[
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
        let reply = ask_peer(&app, Method::GET, path).await;
        assert!(reply.status.is_client_error(), "{path}");
        assert!(!reply.text().contains("echo") && !format!("{:?}", reply.headers).contains("echo"), "{path}");
    }
    let page = ask_peer(&app, Method::GET, "/lab/frame?echo=%3Cscript%3Eecho").header("referer", "echo").await;
    assert!(!page.page(200).contains("echo"));
}

async fn a_preflight_is_answered_as_the_record_says(app: TestApp) {
    let ask = |session: &LabSession, experiment| {
        let ask = session.peer(Method::OPTIONS, experiment, "request");
        ask.header("access-control-request-method", "GET").header("access-control-request-headers", "x-lab")
    };
    let session = LabSession::running(&app, "reading-preflight").await;
    let reply = ask(&session, "reading-preflight").await;
    assert_eq!(reply.assert_status(204).header("access-control-allow-headers"), "x-lab");
    assert_eq!(reply.header("access-control-max-age"), "0");
    let seen = session.end("reading-preflight").await;
    assert_eq!(seen[0]["preflight"], true);
    assert_eq!(seen[0]["side_effect"], false);

    let session = LabSession::running(&app, "reading-preflight-refused").await;
    assert!(!ask(&session, "reading-preflight-refused").await.assert_status(204).has("access-control-allow-headers"));

    // These have every header in place, and fail by their status.
    for (experiment, status) in [("reading-preflight-401", 401), ("reading-preflight-redirected", 307)] {
        let session = LabSession::running(&app, experiment).await;
        let reply = ask(&session, experiment).await;
        assert_eq!(reply.assert_status(status).header("access-control-allow-headers"), "x-lab");
        assert_eq!(reply.header("access-control-allow-origin"), OURS);
        let own = format!("/lab/at/{}/{experiment}/request", session.id);
        assert_eq!(reply.has("location").then(|| reply.header("location")), (status == 307).then_some(own.as_str()));
        assert_eq!(session.end(experiment).await[0]["status"], status);
    }
}

/// The headers that only some experiments answer with.
async fn the_platforms_headers_are_sent_where_the_record_says(app: TestApp) {
    for (experiment, exposed) in [("reading-hidden", false), ("reading-exposed", true)] {
        let session = LabSession::running(&app, experiment).await;
        let reply = session.peer(Method::GET, experiment, "request").await;
        assert_eq!(reply.assert_status(200).header("x-lab-answer"), "1");
        assert_eq!(reply.has("access-control-expose-headers"), exposed, "{experiment}");
    }
    let session = LabSession::running(&app, "reading-other-port").await;
    let reply = session.peer(Method::GET, "reading-other-port", "request").await;
    assert_eq!(reply.header("access-control-allow-origin"), "http://localhost:3002");

    let session = LabSession::running(&app, "reading-error-bare").await;
    let reply = session.peer(Method::GET, "reading-error-bare", "request").await;
    allows_nobody(reply.assert_status(401));

    let session = LabSession::running(&app, "frame-activate").await;
    let ask = session.peer(Method::GET, "frame-activate", "request").header("host", CROSS_SITE);
    let reply = ask.header("sec-fetch-storage-access", "inactive").await;
    let asked_for = reply.assert_status(200).header("activate-storage-access");
    assert_eq!(asked_for, r#"retry; allowed-origin="http://localhost:3000""#);
    let seen = session.end("frame-activate").await;
    assert!(seen[0]["headers"].to_string().contains("inactive"), "{seen:?}");
    // No request is made where a script writes the cookie.
    let session = LabSession::running(&app, "script-host").await;
    session.own(Method::GET, "at", "script-host", "before-0").await.problem(404, "not_found");
}

/// The pages that the peer shows in a frame differ in their policy alone.
async fn the_pages_of_the_peer_have_a_policy_each(app: TestApp) {
    let ask = async |path: &str| {
        let reply = ask_peer(&app, Method::GET, path).await;
        let policy = reply.header("content-security-policy").to_owned();
        (reply.page(200), policy)
    };
    let (open, policy) = ask("/lab/frame").await;
    assert!(policy.contains("connect-src 'self' http://localhost:3000 http://localhost:3002"), "{policy}");
    assert!(!policy.contains("treat-as-public-address"), "{policy}");
    let (public, policy) = ask("/lab/frame/public").await;
    assert!(policy.contains("connect-src 'self' http://localhost:3000") && policy.contains("treat-as-public-address"));
    let (closed, policy) = ask("/lab/frame/closed").await;
    assert!(policy.contains("connect-src 'self';") && !policy.contains("treat-as-public-address"), "{policy}");
    assert!(policy.contains("frame-ancestors http://localhost:3000"), "{policy}");
    assert!(open == public && open == closed);
}

async fn the_peer_answers_to_its_own_names_only(app: TestApp) {
    let ask = |host: &str| ask_peer(&app, Method::GET, "/lab/frame").header("host", host);
    for host in ["localhost:3002", CROSS_SITE, "LOCALHOST:3002"] {
        ask(host).await.page(200);
    }
    for host in ["localhost", "localhost:3000", "127.0.0.2:3002", "evil.example", "localhost:3002.evil.example", ""] {
        let reply = ask(host).await;
        reply.assert_status(421);
        allows_nobody(&reply);
    }
}

async fn the_peer_answers_pages_of_the_three_origins_only(app: TestApp) {
    let session = LabSession::running(&app, "reading-star").await;
    let evil = ["null", "http://evil.example", "http://localhost:3000.evil.example", "https://localhost:3000", "*", ""];
    for origin in evil {
        for method in [Method::GET, Method::OPTIONS] {
            let reply = session.peer(method, "reading-star", "request").header("origin", origin).await;
            reply.problem(403, "cross_origin_request");
            allows_nobody(&reply);
        }
        let clean = ask_peer(&app, Method::POST, &format!("/lab/clean/{}/reading-star", session.id));
        allows_nobody(&clean.header("origin", origin).await);
    }
    let two = session.peer(Method::GET, "reading-star", "request").append_header("origin", "http://evil.example").await;
    two.problem(403, "cross_origin_request");
    assert!(session.end("reading-star").await.is_empty(), "and nothing of it was written down");

    let frame = ask_peer(&app, Method::GET, "/lab/frame").await;
    let policy = frame.header("content-security-policy");
    assert!(
        policy.contains("frame-ancestors http://localhost:3000") && policy.contains("default-src 'none'"),
        "{policy}"
    );
    assert!(policy.contains("form-action http://localhost:3000") && !policy.contains("unsafe"), "{policy}");
}

async fn the_peer_knows_nothing_else(app: TestApp) {
    let ada = app.person("ada").await;
    for path in ["/", "/lab", "/sign-in", "/api/v1/me", "/session/v1/me", LIST_FUNCTION, "/healthz", "/mark.svg"] {
        let cookie = format!("session={}", ada.browser.cookie().unwrap());
        let ask = ask_peer(&app, Method::GET, path).header("cookie", &cookie).bearer(&ada.client.token);
        ask.await.problem(404, "not_found");
    }
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE] {
        ask_peer(&app, method, "/lab/frame").await.problem(405, "method_not_allowed");
    }
}

async fn what_was_seen_is_for_the_session_and_holds_nothing_of_the_visitors(app: TestApp) {
    let ada = app.person("ada").await;
    let session = LabSession::running(&app, "bearer-cookie").await;
    let planted = session.peer(Method::POST, "bearer-cookie", "before-0").await.set_cookies().remove(0);
    let cookie = ada.browser.cookie().unwrap();
    let cookies = format!("theme=dark; session={cookie}; {}={}", planted.name, planted.value);
    let request = session.peer(Method::POST, "bearer-cookie", "request").header("cookie", &cookies);
    request.bearer(&ada.client.token).header("user-agent", "nobody's business").await.problem(401, "token_missing");

    let seen = session.end("bearer-cookie").await;
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1]["cookies"], serde_json::json!([[planted.name, planted.value]]));
    assert_eq!(seen[1]["status"], 401);
    assert_eq!(seen[0]["set"], planted.value);
    let text = format!("{seen:?}");
    for secret in [cookie.as_str(), "theme", &ada.client.token, "nobody's business", &session.id] {
        assert!(!text.contains(secret), "{secret}");
    }
    // It is told once, to whoever knows the session.
    ours(&app, &format!("/lab/sessions/{}/bearer-cookie/end", session.id)).await.problem(404, "not_found");
}

async fn cookies_keep_to_their_names_their_path_and_their_minute(app: TestApp) {
    for (experiment, step, attributes) in [
        ("cookie-both", "request", vec!["HttpOnly", "Max-Age=60", "Path=/lab", "SameSite=Lax"]),
        ("secure-local", "request", vec!["HttpOnly", "Max-Age=60", "Path=/lab", "SameSite=Lax", "Secure"]),
        ("domain-local", "request", vec!["Domain=localhost", "HttpOnly", "Max-Age=60", "Path=/lab", "SameSite=Lax"]),
        ("host-prefix", "request", vec!["HttpOnly", "Max-Age=60", "Path=/", "SameSite=Lax", "Secure"]),
        ("host-http-prefix", "request", vec!["HttpOnly", "Max-Age=60", "Path=/", "SameSite=Lax", "Secure"]),
        ("http-prefix", "request", vec!["HttpOnly", "Max-Age=60", "Path=/lab", "SameSite=Lax", "Secure"]),
    ] {
        let session = LabSession::running(&app, experiment).await;
        let cookie = session.peer(Method::POST, experiment, step).await.set_cookies().remove(0);
        let prefix = match experiment {
            "host-prefix" => "__Host-lab-",
            "host-http-prefix" => "__Host-Http-lab-",
            "http-prefix" => "__Http-lab-",
            _ => "lab-",
        };
        assert_eq!(cookie.name, format!("{prefix}{experiment}"));
        assert_eq!(cookie.attributes, attributes, "{experiment}");
        assert_eq!(cookie.value.len(), 16);

        // What takes it back says the same, with no time to live.
        let cleaned = ask_peer(&app, Method::POST, &format!("/lab/clean/{}/{experiment}", session.id)).await;
        for reply in [cleaned, session.begin(experiment).await] {
            let removal = reply.assert_status(204).set_cookies().remove(0);
            assert_eq!((removal.name.as_str(), removal.value.as_str()), (cookie.name.as_str(), ""));
            let expected: Vec<_> = attributes.iter().map(|given| given.replace("=60", "=0")).collect();
            assert_eq!(removal.attributes, expected);
        }
    }
}

async fn the_guard_refuses_what_the_open_endpoint_does(app: TestApp) {
    for (experiment, door, site, status, side_effect) in [
        ("csrf-same-site-open", "at", "same-site", 200, true),
        ("csrf-cross-site-none", "at", "cross-site", 200, true),
        ("csrf-same-site-guarded", "guarded", "same-site", 403, false),
        ("csrf-cross-site-guarded", "guarded", "cross-site", 403, false),
        ("csrf-own", "guarded", "same-origin", 200, true),
    ] {
        let session = LabSession::running(&app, experiment).await;
        let signed_in = session.own(Method::POST, "at", experiment, "before-0").await.set_cookies().remove(0);
        let cookie = format!("{}={}", signed_in.name, signed_in.value);
        let form = session.own(Method::POST, door, experiment, "request").form(&[("lab", "1")]);
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
        let seen = session.end(experiment).await;
        let last = seen.last().unwrap();
        assert_eq!(
            (&last["side_effect"], &last["status"]),
            (&Value::from(side_effect), &Value::from(status)),
            "{experiment}"
        );
        assert_eq!(last["cookies"][0][0], signed_in.name, "{experiment}: it was there all the same");
        let headers = last["headers"].as_array().unwrap();
        assert!(headers.iter().any(|header| header[0] == "sec-fetch-site" && header[1] == site), "{experiment}");
    }
}

async fn a_token_is_good_for_its_session_only(app: TestApp) {
    let (session, other) = (LabSession::running(&app, "bearer").await, LabSession::new(&app).await);
    let ask = || session.peer(Method::POST, "bearer", "request");
    ask().bearer(&session.token).await.assert_status(200);
    for refused in [ask(), ask().bearer(&other.token), ask().bearer("lab_")] {
        let reply = refused.await;
        reply.problem(401, "token_missing");
        assert!(reply.header("www-authenticate").starts_with("Bearer"), "{}", reply.asked);
        assert_eq!(reply.header("access-control-allow-origin"), OURS, "and the page may read that");
    }
    app.get("/api/v1/me").bearer(&session.token).await.problem(401, "token_invalid");
}

async fn what_is_kept_of_a_request_is_short_whatever_it_brings(app: TestApp) {
    let cookies: Vec<_> = (0..200).map(|n| format!("lab-{n}{}={}", "n".repeat(200), "v".repeat(200))).collect();
    let cookies = cookies.join("; ");
    for number in 0..25 {
        let session = ours(&app, "/lab/sessions").at(&format!("192.0.2.{number}")).await.assert_status(201).json();
        let session =
            LabSession { app: app.clone(), id: session["session"].as_str().unwrap().into(), token: String::new() };
        session.begin("proxy-ask").await.assert_status(204);
        for _ in 0..24 {
            session
                .own(Method::GET, "proxy", "proxy-ask", "request")
                .header("cookie", &cookies)
                .await
                .assert_status(401);
        }
        let seen = session.end("proxy-ask").await;
        assert!((1..=24).contains(&seen.len()));
        assert!(serde_json::to_string(&seen).unwrap().len() < 128 * 1024);
        for cookie in seen.iter().flat_map(|seen| seen["cookies"].as_array().unwrap()) {
            let length = |index: usize| cookie[index].as_str().unwrap().len();
            assert!(length(0) <= 64 && length(1) <= 64, "{cookie}");
        }
    }
}

async fn the_proxy_hands_on_and_back(app: TestApp) {
    let session = LabSession::running(&app, "proxy-ask").await;
    let signed_in = session.own(Method::POST, "proxy", "proxy-ask", "before-0").header("origin", OURS).await;
    let cookie = signed_in.assert_status(200).set_cookies().remove(0);
    let ask = || session.own(Method::GET, "proxy", "proxy-ask", "request");
    ask().await.problem(401, "not_signed_in");
    ask().header("cookie", &format!("{}={}", cookie.name, cookie.value)).await.assert_status(200);
    let seen = session.end("proxy-ask").await;
    assert_eq!(seen[2]["headers"][0], serde_json::json!(["host", "localhost:3002"]), "what the other server saw");
}

async fn a_session_ends_and_asks_only_so_often(app: TestApp) {
    let session = LabSession::running(&app, "reading-exact").await;
    let ask = || session.peer(Method::GET, "reading-exact", "request");
    for _ in 0..24 {
        ask().await.assert_status(200);
    }
    let reply = ask().await;
    reply.problem(429, "rate_limited");
    allows_nobody(&reply);
    let large = session.peer(Method::POST, "reading-exact", "request").unlabelled("x".repeat(100_000)).await;
    assert!(large.status.is_client_error());

    session.begin("reading-exact").await.assert_status(204);
    ask().await.assert_status(200);
    app.clock.advance(Duration::minutes(16));
    ask().await.problem(404, "not_found");
    session.begin("reading-exact").await.problem(404, "not_found");
}

async fn nothing_is_written_and_nobody_is_signed_out(app: TestApp) {
    let ada = app.person("ada").await;
    ada.browser.visit(PAGE).await.assert_status(200);
    app.db.wait_idle().await;
    let mut witness = app.witness().await;
    app.clock.advance(Duration::minutes(5));
    for experiment in ["csrf-own", "csrf-same-site-open", "csrf-same-site-guarded"] {
        let created = ada.browser.ask(Method::POST, "/lab/sessions").await.assert_status(201).json();
        let id = created["session"].as_str().unwrap().to_owned();
        let call = |path: String| ada.browser.ask(Method::POST, &path);
        call(format!("/lab/sessions/{id}/{experiment}/begin")).await.assert_status(204);
        for step in ["at", "guarded"] {
            ada.browser.forged(Method::POST, &format!("/lab/{step}/{id}/{experiment}/request")).await;
            call(format!("/lab/{step}/{id}/{experiment}/before-0")).await;
            call(format!("/lab/{step}/{id}/{experiment}/request")).await;
        }
        call(format!("/lab/sessions/{id}/{experiment}/end")).await.assert_status(200);
    }
    app.db.wait_idle().await;
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
        assert!(!app.get("/").await.page(200).contains(r#"href="/lab"#));
        ours(&app, "/lab/sessions").await.assert_status(404);
        assert!(app.peers.is_empty());
    }
}

#[test]
fn the_lab_does_not_keep_a_development_server_from_starting() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let here = ("VESTIBULE_LAB__ADDRESS", address.as_str());
    let server = Server::start(&folder(), &[here]);
    let (status, _, page) = server.call("GET /lab", &[], "");
    assert_eq!(status, 200);
    assert!(page.contains(&format!("The server cannot listen on {address} for the Lab")), "{page}");

    let always = [here, ("VESTIBULE_LAB__ENABLED", "always")];
    let folder = folder();
    let (code, line) = refusal(&folder, free_address(), &always, &[]);
    assert_eq!(code, 1);
    assert!(line.contains(&format!("cannot listen on {address} for the Lab")), "{line}");
    assert!(!folder.join("vestibule.db").exists(), "and nothing was made");
}

#[test]
fn the_lab_listens_beside_the_server_and_ends_with_it() {
    let address = free_address();
    let lab = address.to_string();
    let server = Server::start(&folder(), &[("VESTIBULE_LAB__ADDRESS", lab.as_str())]);
    let host = format!("host: localhost:{}", address.port());
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("GET /lab/frame HTTP/1.1\r\n{host}\r\nconnection: close\r\n\r\n").as_bytes()).unwrap();
    let (status, headers, _) = answer(stream);
    assert_eq!(status, 200);
    assert!(headers.contains("frame-ancestors http://localhost:3000"), "{headers}");
    server.terminate();
    let mut server = server;
    assert_eq!(exit_code(&mut server.child), Some(0));
    assert!(TcpStream::connect(address).is_err());
}
