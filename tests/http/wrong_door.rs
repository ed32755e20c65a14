//! A credential at the wrong door: each mistake has a code of its own, names the right door, and leads to what explains
//! it.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    dpop::{Bound, Key},
    support::{Database, Door, OURS, Person, Request, SPA, TestApp, without_database},
};

without_database! {
    each_mistake_has_a_code_of_its_own_and_names_the_right_door,
    nothing_is_said_that_the_caller_did_not_send,
    without_the_lab_no_experiment_is_named,
}

#[cfg(feature = "lab")]
without_database! {
    the_experiment_that_is_named_is_on_the_page,
}

/// The mistakes: the request, its status and code, and what the answer names.
async fn mistakes(app: &TestApp, ada: &Person) -> Vec<(Request, u16, &'static str, &'static [&'static str])> {
    let cookie = format!("session={}", ada.browser.cookie().unwrap());
    let bound = Bound::login(app, ada, Key::es256()).await;
    let me = || app.get("/api/v1/me");
    vec![
        (me().header("cookie", &cookie), 401, "cookie_at_token_door", &["`Cookie`", "Bearer <token>", "/session/v1"]),
        (
            me().header("cookie", &cookie).header("origin", OURS),
            401,
            "cookie_at_token_door",
            &["`Cookie`", "/session/v1"],
        ),
        (
            me().header("cookie", &cookie).header("origin", SPA),
            401,
            "credentialed_cors",
            &["credentials", "Bearer <token>", "proxy", "/session/v1"],
        ),
        (app.browser().get("/me").bearer(&ada.client.token), 401, "token_at_session_door", &["/api/v1"]),
        (
            me().bearer(&ada.client.token).header("origin", "null"),
            403,
            "origin_null",
            &["`Origin: null`", "cors.allowed_origins"],
        ),
        (me().bearer(&bound.token), 401, "token_bound", &["DPoP <token>", "docs/dpop.md"]),
        (bound_as(app, ada), 401, "token_not_bound", &["Bearer <token>", "docs/dpop.md"]),
    ]
}

/// A bearer token, as one that is bound.
fn bound_as(app: &TestApp, ada: &Person) -> Request {
    app.get("/api/v1/me").header("authorization", &format!("DPoP {}", ada.client.token))
}

fn see(problem: &Value) -> Vec<&str> {
    problem["see"].as_array().unwrap().iter().map(|place| place.as_str().unwrap()).collect()
}

async fn each_mistake_has_a_code_of_its_own_and_names_the_right_door(app: TestApp) {
    let ada = app.person("ada").await;
    let docs = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (ask, status, code, named) in mistakes(&app, &ada).await {
        let problem = ask.await.problem(status, code);
        let detail = problem["detail"].as_str().unwrap();
        assert!(named.iter().all(|part| detail.contains(part)), "{detail}");
        let page = docs.join(see(&problem)[0]);
        assert!(fs::read_to_string(&page).is_ok(), "{}", page.display());
        assert!(!detail.contains(&ada.client.token) && !detail.contains(&ada.browser.cookie().unwrap()), "{detail}");
    }
    // Every other problem says enough by itself.
    assert!(app.get("/api/v1/nothing").await.problem(404, "route_not_found")["see"].is_null());
    // A token that comes with a cookie is a token, and its page on another origin may read the answer.
    let both = ada.client.get("/me").header("cookie", "session=x").header("origin", SPA).await;
    assert_eq!(both.assert_status(200).header("access-control-allow-origin"), SPA);
    assert!(!both.has("access-control-allow-credentials"));
}

async fn nothing_is_said_that_the_caller_did_not_send(app: TestApp) {
    let ada = app.person("ada").await;
    let words = |problem: &Value| problem["detail"].as_str().unwrap().to_lowercase();
    let nothing = words(&app.get("/api/v1/me").await.problem(401, "token_missing"));
    let cookie = words(&app.get("/api/v1/me").header("cookie", "a=b").await.problem(401, "cookie_at_token_door"));
    let page = words(&app.get("/api/v1/me").header("origin", SPA).await.problem(401, "token_missing"));
    let nobody = words(&app.browser().get("/me").await.problem(401, "not_signed_in"));
    let token = words(
        &app.get("/session/v1/me").header("authorization", "Bearer x").await.problem(401, "token_at_session_door"),
    );
    let foreign = words(
        &ada.client.get("/me").header("origin", "https://other.example").await.problem(403, "origin_not_allowed"),
    );
    for (said, unsent) in [
        (&nothing, &["cookie", "origin", "dpop"][..]),
        (&cookie, &["origin", "credentials"]),
        (&page, &["cookie", "credentials"]),
        (&nobody, &["token", "authorization"]),
        (&token, &["origin", "bearer"]),
        (&foreign, &["null"]),
    ] {
        assert!(unsent.iter().all(|word| !said.contains(word)), "{said}");
    }
}

async fn without_the_lab_no_experiment_is_named(database: Database) {
    let app = TestApp::with(database, |settings| settings.lab.enabled = vestibule::settings::LabEnabled::Never).await;
    let ada = app.person("ada").await;
    for (ask, status, code, _) in mistakes(&app, &ada).await {
        let problem = ask.await.problem(status, code);
        assert_eq!(see(&problem).len(), 1, "{problem}");
    }
}

#[cfg(feature = "lab")]
async fn the_experiment_that_is_named_is_on_the_page(app: TestApp) {
    let ada = app.person("ada").await;
    let page = app.ask(axum::http::Method::GET, "/lab").await.page(200);
    let mut named = 0;
    for (ask, status, code, _) in mistakes(&app, &ada).await {
        let problem = ask.await.problem(status, code);
        let Some(url) = see(&problem).get(1).copied() else {
            assert!(matches!(code, "token_bound" | "token_not_bound"), "{code}");
            continue;
        };
        let id = url.strip_prefix(&format!("{OURS}/lab#")).unwrap_or_else(|| panic!("{url}"));
        assert!(page.contains(&format!("id=\"{id}\"")), "{url}");
        named += 1;
    }
    assert_eq!(named, 5);
}
