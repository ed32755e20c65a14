//! `POST /browser-reports`: what is kept of a report, how much of it, and what the operator sees.

use std::time::Duration as StdDuration;

use axum::http::Method;
use serde_json::{Value, json};
use time::Duration;
use tokio::time::{sleep, timeout};
use vestibule::features::browser_reports::admin::{self, Listed};

use crate::{
    operators::run_with,
    support::{Database, Request, Response, TestApp, folder, on_both_databases, without_database},
};

on_both_databases! {
    a_report_is_counted_and_shown_to_the_operator,
    only_so_many_are_kept_and_not_for_ever,
}

without_database! {
    what_is_no_report_is_refused,
    an_address_sends_so_many_in_a_minute,
    pages_say_where_to_report,
    without_the_setting_nothing_is_asked_for,
}

const PATH: &str = "/browser-reports";
const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
const REPORTS: &str = "application/reports+json";

fn report(kind: &str, url: &str, body: &Value) -> Value {
    json!({"age": 7, "type": kind, "url": url, "user_agent": CHROME, "body": body})
}

/// A violation on the page of a link, as Chromium words it.
fn violation() -> Value {
    let url = "http://localhost:3000/reset/link_secret?q=secret#secret";
    let body = json!({
        "documentURL": url, "referrer": "http://localhost:3000/reset/link_secret", "disposition": "enforce",
        "effectiveDirective": "script-src-elem", "blockedURL": "https://evil.example/secret.js?secret",
        "sourceFile": "http://localhost:3000/page.js?secret", "lineNumber": 12, "sample": "secret",
        "originalPolicy": "script-src 'nonce-secret'", "statusCode": 200,
    });
    report("csp-violation", url, &body)
}

fn post(app: &TestApp, media_type: &str, body: &Value) -> Request {
    app.post(PATH).header("user-agent", CHROME).body(media_type, body.to_string())
}

fn assert_taken(answer: &Response) {
    answer.assert_status(204);
    assert!(answer.body.is_empty() && answer.set_cookies().is_empty());
}

/// What is kept once that are `count` reports.
async fn kept(app: &TestApp, count: i64) -> Vec<Listed> {
    let found = timeout(StdDuration::from_secs(10), async {
        loop {
            let found = admin::list(&app.db, 2_000).await.unwrap();
            if found.iter().map(|report| report.count).sum::<i64>() >= count {
                break found;
            }
            sleep(StdDuration::from_millis(10)).await;
        }
    });
    let found = found.await.unwrap();
    assert_eq!(found.iter().map(|report| report.count).sum::<i64>(), count, "{found:?}");
    found
}

async fn a_report_is_counted_and_shown_to_the_operator(app: TestApp) {
    let body = json!({"id": "UnloadHandler", "message": "secret", "sourceFile": null, "lineNumber": 3});
    let deprecation = report("deprecation", "http://localhost:3000/", &body);
    let elsewhere = report("deprecation", "https://evil.example/", &body);
    let all = json!([elsewhere, violation(), deprecation, violation(), report("new", "", &json!({}))]);
    assert_taken(&post(&app, REPORTS, &all).await);
    kept(&app, 3).await;

    // The same in the words of older browsers, to another instance.
    let older = json!({"csp-report": {
        "document-uri": "http://localhost:3000/reset/other_secret", "violated-directive": "script-src-elem 'secret'",
        "blocked-uri": "https://evil.example", "disposition": "report", "script-sample": "secret",
    }});
    assert_taken(&post(&app.another_instance().await, "application/csp-report", &older).await);
    let found = kept(&app, 4).await;
    assert!(found.len() == 2 && !json!(found).to_string().contains("secret"), "{found:?}");
    let csp = found.iter().find(|report| report.kind == "csp-violation").unwrap();
    assert_eq!((csp.page.as_str(), csp.subject.as_str()), ("/reset/{token}", "script-src-elem"));
    assert_eq!((csp.blocked.as_str(), csp.count), ("https://evil.example", 3));
    assert_eq!((csp.disposition.as_str(), csp.source.as_str(), csp.line), ("report", "", None), "of the last");
    assert!(csp.first_seen <= csp.last_seen && csp.browser == "Chrome on Linux", "{csp:?}");

    let (folder, settings) = (folder(), [("DATABASE_URL", app.settings.database.url.as_str())]);
    let run = |line: &[&str]| run_with(&folder, &settings, line, "");
    let listed = run(&["reports", "list", "--json"]).json();
    assert_eq!(listed, json!(admin::list(&app.db, 10).await.unwrap()));
    let table = run(&["reports", "list"]).assert_status(0).out;
    let line = table.lines().find(|line| line.contains("csp-violation (report only)")).unwrap();
    for cell in ["3", "/reset/{token}", "script-src-elem", "https://evil.example", "Chrome on Linux"] {
        assert!(line.contains(cell), "{table}");
    }
    assert!(run(&["reports", "clear"]).assert_status(2).err.contains("--yes"));
    assert_eq!(run(&["reports", "clear", "--yes", "--json"]).json(), json!({"deleted": 2}));
    assert_eq!(run(&["reports", "list"]).assert_status(0).out, "There are no reports.\n");
    assert_eq!(run(&["log", "--json"]).json()[0]["action"], "reports clear");
}

async fn only_so_many_are_kept_and_not_for_ever(app: TestApp) {
    let rows = app.db.dialect(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
         INSERT INTO browser_reports SELECT randomblob(16), 'deprecation', '/', n, '', '', '', NULL, '', 1, n, n FROM n",
        "INSERT INTO browser_reports SELECT gen_random_uuid(), 'deprecation', '/', n::text, '', '', '', NULL, '', 1,
            to_timestamp(n), to_timestamp(n) FROM generate_series(1, 1000) AS n",
    );
    app.sql(rows).await;
    assert_taken(&post(&app, REPORTS, &json!([violation()])).await);
    let newest = async || admin::list(&app.db, 1).await.unwrap()[0].kind.clone();
    timeout(StdDuration::from_secs(10), async {
        while newest().await != "csp-violation" || app.count("browser_reports").await != 1_000 {
            sleep(StdDuration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(app.count("browser_reports WHERE subject = '1'").await, 0, "the oldest made room");

    app.clock.advance(Duration::days(29));
    assert_eq!(admin::delete_expired(&app.state, 5_000).await.unwrap(), 999);
    app.clock.advance(Duration::days(2));
    assert_eq!(admin::delete_expired(&app.state, 5_000).await.unwrap(), 1);
}

async fn what_is_no_report_is_refused(app: TestApp) {
    let deep = format!("{}{}", "[".repeat(20), "]".repeat(20));
    let long = format!("[\"{}\"]", "x".repeat(70_000));
    for (media_type, body, status, code) in [
        ("application/json", "[]", 415, "unsupported_media_type"),
        ("text/plain", "[]", 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", "a=b", 415, "unsupported_media_type"),
        (REPORTS, "", 400, "invalid_body"),
        (REPORTS, "[{]", 400, "invalid_body"),
        (REPORTS, "7", 400, "invalid_body"),
        (REPORTS, deep.as_str(), 400, "invalid_body"),
        (REPORTS, r#"[{"type": "csp-violation"}]"#, 400, "invalid_body"),
        ("application/csp-report", "{}", 400, "invalid_body"),
        (REPORTS, long.as_str(), 413, "body_too_large"),
    ] {
        app.post(PATH).body(media_type, body.to_owned()).await.problem(status, code);
    }
    app.get(PATH).await.problem(405, "method_not_allowed");
    // The preflight of another site's page.
    let preflight = app.ask(Method::OPTIONS, PATH).header("origin", "https://evil.example");
    let answer = preflight.header("access-control-request-method", "POST").await;
    assert!(!answer.has("access-control-allow-origin"));
    assert_taken(&post(&app, "Application/Reports+JSON; charset=utf-8", &json!([])).await);
    assert_eq!(app.count("browser_reports").await, 0);
}

async fn an_address_sends_so_many_in_a_minute(app: TestApp) {
    app.clock.stop();
    for _ in 0..60 {
        assert_taken(&post(&app, REPORTS, &json!([])).at("192.0.2.1").await);
    }
    let refused = post(&app, REPORTS, &json!([])).at("192.0.2.1").await;
    refused.problem(429, "rate_limited");
    assert!(refused.has("retry-after"));
    assert_taken(&post(&app, REPORTS, &json!([])).at("192.0.2.2").await);
    app.clock.advance(Duration::minutes(1));
    assert_taken(&post(&app, REPORTS, &json!([])).at("192.0.2.1").await);
}

/// The part of the policy about reports.
fn policy(page: &Response) -> Option<String> {
    let policy = page.header("content-security-policy");
    policy.split_once("; report-").map(|(_, rest)| format!("report-{rest}"))
}

async fn pages_say_where_to_report(database: Database) {
    let https = TestApp::https(database).await;
    for path in ["/sign-in", "/nothing", "/reset/link_secret"] {
        let page = https.get(path).await;
        assert_eq!(policy(&page).as_deref(), Some("report-uri /browser-reports; report-to default"));
        let endpoint = r#"default="https://vestibule.example/browser-reports""#;
        assert_eq!(page.header("reporting-endpoints"), endpoint);
        let permissions = page.header("permissions-policy");
        assert!(permissions.contains("camera=(), ") && permissions.contains("publickey-credentials-get=(self)"));
    }
    for path in ["/api/v1/me", "/session/v1/me", "/healthz", "/mark.svg"] {
        let answer = https.get(path).await;
        assert!(policy(&answer).is_none() && !answer.has("reporting-endpoints"), "{path}");
    }
    // On http, Chromium sends nothing to the group, and with it nothing to the path.
    let page = TestApp::with(database, |_| {}).await.get("/sign-in").await;
    assert_eq!(policy(&page).as_deref(), Some("report-uri /browser-reports"));
    assert!(!page.has("reporting-endpoints"));
}

async fn without_the_setting_nothing_is_asked_for(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.server.public_url = "https://vestibule.example".parse().unwrap();
        settings.reports.enabled = false;
    })
    .await;
    let page = app.get("/sign-in").await;
    assert!(policy(&page).is_none() && !page.has("reporting-endpoints"));
    assert_ne!(post(&app, REPORTS, &json!([])).await.status.as_u16(), 204);
}
