//! Passwords at the token door, on a site with an application that gets tokens without them.

use serde_json::json;
use vestibule::settings::TokenLogin;

use super::{OWN, OWN_URI, Site, Tokens};
use crate::{
    settings_check::check,
    support::{Database, Door, PASSWORD, Prepare, TestApp, without_database},
};

without_database! {
    with_an_application_of_its_own_the_site_takes_no_passwords_for_tokens,
}

async fn with_an_application_of_its_own_the_site_takes_no_passwords_for_tokens(database: Database) {
    let Site(developing) = Site::on(database).await;
    let ada = developing.person("ada").await;
    let body = json!({"email": ada.email, "password": PASSWORD});
    // A development server, as it is by default here.
    developing.post("/api/v1/login").json(body.clone()).await.assert_status(201);

    let mut settings = developing.settings.clone();
    settings.server.address = "0.0.0.0:3000".parse().unwrap();
    let app: TestApp = developing.with_settings(settings.clone()).await;
    let before = app.count("tokens").await;
    for (path, body) in [
        ("/login", body.clone()),
        ("/login", json!({"email": ada.email, "password": "wrong"})),
        ("/login/email_code/send", json!({"email": ada.email})),
        ("/login/email_code", json!({"pending": "x", "code": "123456"})),
        ("/login/totp", json!({"pending": "x", "code": "123456"})),
        ("/login/recovery_code", json!({"pending": "x", "code": "123456"})),
        // Nothing is read.
        ("/login", json!("nonsense")),
    ] {
        let problem = app.post(&format!("/api/v1{path}")).json(body).await.problem(403, "login_disabled");
        let detail = problem["detail"].as_str().unwrap();
        for named in ["http://localhost:3000/authorize", "docs/oauth.md", "tokens page"] {
            assert!(detail.contains(named), "{path}: {detail}");
        }
    }
    let client = app.client(&ada.client.token);
    client.post("/reauthenticate", json!({"password": PASSWORD})).await.problem(403, "login_disabled");
    assert_eq!(app.count("tokens").await, before);
    // The site's own pages take it, and the application gets its tokens.
    app.browser().post("/login", body.clone()).await.assert_status(200);
    let code = super::code(&ada.browser, OWN, OWN_URI).await;
    assert!(Tokens::of(&app, &super::exchange(&app, OWN, OWN_URI, &code).await).work().await);

    settings.tokens.login = TokenLogin::On;
    developing.with_settings(settings.clone()).await.post("/api/v1/login").json(body.clone()).await.assert_status(201);
    // Without such an application, there is nothing better.
    (settings.tokens.login, settings.oauth.clients) = (TokenLogin::Auto, Vec::new());
    developing.with_settings(settings).await.post("/api/v1/login").json(body).await.assert_status(201);
}

#[test]
fn check_says_whether_passwords_are_taken_for_tokens() {
    let client = ("VESTIBULE_OAUTH__CLIENTS", "spa https://app.example/callback");
    let site = ("VESTIBULE_SERVER__PUBLIC_URL", "https://vestibule.example");
    let said = |more: &[(&str, &str)]| check(more, &[]).1;
    assert!(said(&[client]).contains("but only on a development server"), "{}", said(&[client]));
    let off = said(&[site, client]);
    assert!(off.contains("No call of /api/v1 takes a password, since oauth.clients has an application"), "{off}");
    let on = said(&[site, client, ("VESTIBULE_TOKENS__LOGIN", "true")]);
    assert!(on.contains("advice  tokens.login") && on.contains("take passwords (tokens.login = true)"), "{on}");
}
