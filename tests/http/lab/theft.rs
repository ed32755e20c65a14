//! The theft drill: what its accounts are, what becomes of them, and that it is a tool against nobody else. The
//! sixteen cells are in `end2end/tests/lab-theft.spec.ts`.

use axum::http::Method;
use serde_json::{Value, json};
use time::Duration;
use vestibule::settings::LabEnabled;

use super::{ask_peer, ours};
use crate::{
    device_bound::key::Key,
    support::{Database, Request, Response, TestApp, on_both_databases, without_database},
};

on_both_databases! {
    an_account_is_sacrificed_and_gone,
    a_copy_of_a_bound_cookie_ends_with_the_short_one,
}

without_database! {
    the_thief_repeats_nothing_of_others,
    the_session_of_the_visitor_is_left_alone,
    no_more_than_so_many_accounts_are_made,
    only_our_own_pages_may_begin,
    the_page_is_read_without_a_script,
}

/// A drill, with the cookies that its browser keeps.
struct Drill {
    app: TestApp,
    id: String,
    token: Option<String>,
    cookies: Vec<(String, String)>,
}

impl Drill {
    async fn begin(app: &TestApp, credential: &str) -> (Self, Response) {
        let reply = ours(app, &format!("/lab/theft/{credential}")).await;
        let begun = reply.assert_status(201).json();
        let text = |name: &str| begun[name].as_str().map(str::to_owned);
        let mut drill =
            Self { app: app.clone(), id: text("drill").unwrap(), token: text("token"), cookies: Vec::new() };
        drill.keep(&reply);
        (drill, reply)
    }

    fn keep(&mut self, reply: &Response) {
        for cookie in reply.all_cookies() {
            self.cookies.push((cookie.name, cookie.value));
        }
    }

    fn with_credential(&self, request: Request) -> Request {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        match &self.token {
            Some(token) => request.bearer(token),
            None => request.header("cookie", &pairs.join("; ")),
        }
    }

    /// How the door answers the owner.
    async fn uses(&self) -> Value {
        let request = self.app.get(&format!("/lab/theft/door/{}", self.id)).header("sec-fetch-site", "same-origin");
        self.with_credential(request).await.assert_status(200).json()
    }

    fn steal(&self, from: &str, host: &str) -> Request {
        ask_peer(&self.app, Method::POST, &format!("/lab/theft/steal/{}?from={from}", self.id)).header("host", host)
    }

    /// How the door answers the thief.
    async fn stolen(&self, from: &str) -> Value {
        let host = self.app.settings.lab_peer().unwrap().1;
        self.steal(from, host.split_once("://").unwrap().1).await.assert_status(200).json()
    }
}

async fn an_account_is_sacrificed_and_gone(app: TestApp) {
    let accounts = app.count("accounts").await;
    let mut drills = Vec::new();
    for credential in ["cookie", "token"] {
        let (drill, _) = Drill::begin(&app, credential).await;
        assert_eq!(drill.uses().await["opened"], true, "{credential}");
        for from in ["copy", "log"] {
            let stolen = drill.stolen(from).await;
            assert_eq!((&stolen["opened"], &stolen["status"]), (&true.into(), &200.into()), "{credential} {from}");
        }
        drills.push(drill);
    }
    assert_eq!(app.count("accounts").await, accounts + 2);
    let [first, second] = <[Drill; 2]>::try_from(drills).ok().unwrap();
    // The end of the drill is that of the account, and of whatever was stolen.
    let ended = ours(&app, &format!("/lab/theft/end/{}", first.id)).await;
    assert_eq!(ended.assert_status(204).all_cookies().len(), 3);
    assert_eq!(app.count("accounts").await, accounts + 1);
    first.steal("copy", "localhost:3002").await.problem(404, "not_found");
    // One that nobody ends opens nothing after three minutes, and is deleted after five.
    app.clock.advance(Duration::minutes(3) + Duration::seconds(1));
    assert_eq!(second.stolen("log").await["code"], "token_expired");
    app.clock.advance(Duration::minutes(2));
    run_job(&app).await;
    assert_eq!(app.count("accounts").await, accounts);
    assert_eq!(app.count("tokens").await, 0);
}

/// The job of the Lab.
async fn run_job(app: &TestApp) {
    let features = crate::support::features();
    let job = features.iter().find(|feature| feature.name == "lab").unwrap().jobs.first().unwrap();
    (job.run)(app.state.clone(), 500).await.unwrap();
}

async fn https(database: Database) -> TestApp {
    TestApp::with(database, |settings| {
        settings.server.public_url = "https://vestibule.example".parse().unwrap();
        settings.lab.enabled = LabEnabled::Always;
        settings.lab.same_site_url = "https://lab.vestibule.example".into();
        settings.lab.cross_site_url = "https://thief.test".into();
    })
    .await
}

async fn a_copy_of_a_bound_cookie_ends_with_the_short_one(database: Database) {
    let app = https(database).await;
    let (mut drill, reply) = Drill::begin(&app, "bound-cookie").await;
    let offer = reply.header("secure-session-registration");
    let challenge = offer.split_once("challenge=\"").unwrap().1.trim_end_matches('"').to_owned();
    assert!(offer.contains(r#"path="/lab/theft/device-bound/start""#), "{offer}");
    assert_eq!(drill.uses().await["sent"], json!(["__Host-Http-session"]));

    let key = Key::new();
    let register = ours(&app, "/lab/theft/device-bound/start");
    let started = register.header("secure-session-response", &key.registration(&challenge)).await;
    let rules = started.assert_status(200).json();
    assert_eq!(rules["refresh_url"], "/lab/theft/device-bound/refresh");
    let attributes = rules["credentials"][0]["attributes"].as_str().unwrap();
    assert_eq!(attributes, "Path=/lab/theft/door; HttpOnly; SameSite=Lax; Secure");
    let set = &started.all_cookies()[0];
    assert!(attributes.split("; ").all(|each| set.attributes.iter().any(|given| given == each)), "{set:?}");
    drill.keep(&started);

    let both = json!(["__Host-Http-session", "__Host-bound"]);
    let used = drill.uses().await;
    assert_eq!((&used["sent"], &used["opened"]), (&both, &true.into()));
    assert_eq!(drill.stolen("copy").await["opened"], true, "as long as the short cookie lasts");
    app.clock.advance(Duration::seconds(5));
    for from in ["copy", "log"] {
        let stolen = drill.stolen(from).await;
        assert_eq!((&stolen["sent"], &stolen["code"]), (&both, &"not_signed_in".into()), "{from}");
    }
    // The owner has the key.
    let refresh = || {
        let session = rules["session_identifier"].as_str().unwrap();
        ours(&app, "/lab/theft/device-bound/refresh").header("sec-secure-session-id", session)
    };
    let asked = refresh().await;
    let challenge = asked.header("secure-session-challenge").split('"').nth(1).unwrap().to_owned();
    let renewed = refresh().header("secure-session-response", &key.proof(&challenge)).await;
    drill.cookies.retain(|(name, _)| name != "lab-theft-bound");
    drill.keep(renewed.assert_status(200));
    assert_eq!(drill.uses().await["opened"], true);
}

async fn the_thief_repeats_nothing_of_others(app: TestApp) {
    let ada = app.person("ada").await;
    let hers = app.token(&ada, &["account:read"]).await;
    let (token, _) = Drill::begin(&app, "token").await;
    let (cookie, _) = Drill::begin(&app, "cookie").await;
    let loot = |drill: &Drill, loot: Value| drill.steal("loot", "localhost:3002").json(loot);
    loot(&token, json!({"authorization": format!("Bearer {}", hers.token)})).await.problem(400, "invalid_body");
    loot(&token, json!({"authorization": "Basic YTpi"})).await.problem(400, "invalid_body");
    let session = ada.browser.cookie().unwrap();
    loot(&cookie, json!({"cookies": [["session", session]]})).await.problem(400, "invalid_body");
    loot(&token, json!({"path": "/"})).await.problem(400, "invalid_body");
    // At the door, a credential of somebody else is not that of the account.
    let mut with_hers = cookie;
    with_hers.cookies = vec![("lab-theft-session".into(), session)];
    assert_eq!(with_hers.uses().await["opened"], false);
    let own = loot(&token, json!({"authorization": format!("Bearer {}", token.token.clone().unwrap())})).await;
    assert_eq!(own.assert_status(200).json()["opened"], true);
    assert_eq!(own.header("access-control-allow-origin"), app.settings.origin());
    // A page of another origin does not get there.
    let foreign = token.steal("copy", "localhost:3002").header("origin", "https://elsewhere.test").await;
    assert!(!foreign.assert_status(403).has("access-control-allow-origin"));
}

async fn the_session_of_the_visitor_is_left_alone(app: TestApp) {
    let ada = app.person("ada").await;
    let (drill, reply) = Drill::begin(&app, "cookie").await;
    let set = reply.all_cookies();
    assert_eq!(set.len(), 1);
    assert_eq!(set[0].name, "lab-theft-session");
    for attribute in ["Path=/lab/theft", "HttpOnly", "SameSite=Lax"] {
        assert!(set[0].attributes.iter().any(|given| given == attribute), "{attribute}: {set:?}");
    }
    // Her cookie comes along, and is not read.
    let path = format!("/lab/theft/door/{}", drill.id);
    let session = format!("session={}", ada.browser.cookie().unwrap());
    let answer = app.get(&path).header("sec-fetch-site", "same-origin").header("cookie", &session).await;
    let answer = answer.assert_status(200).json();
    assert_eq!((&answer["sent"], &answer["code"]), (&json!([]), &"not_signed_in".into()));
    assert!(ada.browser.is_signed_in().await);
    // What is made for the drill is too old for anything that takes a recent proof of the person.
    let value = &drill.cookies[0].1;
    let thief = app.browser();
    thief.put("session", value);
    assert!(thief.is_signed_in().await);
    thief.submit("/tokens", &[("name", "mine"), ("days", "7"), ("scope-account-read", "on")]).await.assert_status(403);
}

async fn no_more_than_so_many_accounts_are_made(app: TestApp) {
    // Twenty drills of one address are known, and two hundred accounts exist.
    let (first, _) = Drill::begin(&app, "token").await;
    for _ in 0..20 {
        Drill::begin(&app, "token").await;
    }
    first.steal("copy", "localhost:3002").await.problem(404, "not_found");
    for _ in 21..200 {
        Drill::begin(&app, "token").await;
    }
    ours(&app, "/lab/theft/token").await.problem(429, "rate_limited");
    app.clock.advance(Duration::minutes(6));
    run_job(&app).await;
    Drill::begin(&app, "token").await;
}

async fn only_our_own_pages_may_begin(app: TestApp) {
    let (drill, _) = Drill::begin(&app, "cookie").await;
    let paths = ["cookie", "token", "bound-cookie", "bound-token", &format!("end/{}", drill.id)].map(str::to_owned);
    for path in paths {
        let reply = app.post(&format!("/lab/theft/{path}")).header("sec-fetch-site", "same-site").await;
        reply.problem(403, "cross_origin_request");
    }
    app.get(&format!("/lab/theft/door/{}", drill.id)).header("sec-fetch-site", "cross-site").await.assert_status(403);
    assert_eq!(app.count("accounts").await, 1);
    ours(&app, "/lab/theft/bound-token").await.problem(401, "invalid_dpop_proof");
}

async fn the_page_is_read_without_a_script(app: TestApp) {
    let reply = app.get("/lab/theft").await;
    let policy = reply.header("content-security-policy").to_owned();
    assert!(policy.contains("connect-src 'self' http://127.0.0.1:3002;"), "{policy}");
    let page = reply.page(200);
    assert_eq!(page.matches("data-way=").count(), 16);
    assert_eq!(page.matches(r#"-in-place" data-credential"#).count(), 4);
    for text in ["is stopped by none of the four", "docs/sessions.md", "RFC 9449, section 11.1"] {
        assert!(page.contains(text), "{text}");
    }
    assert!(app.get("/lab").await.page(200).contains(r#"href="/lab/theft""#));
}
