//! An application that a person has registered and authorized, where there is the feature: through its pages.

use axum::http::Method;
use serde_json::Value;

use super::{PageForm, Person, TestApp, routes::all};

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const PAGE: &str = "/account/developer";
const URI: &str = "https://app.example/callback";

/// What somebody would type into the form of the developer page.
pub const FIELDS: [(&str, &str); 3] = [("name", "App"), ("redirect_uris", URI), ("scope-account-read", "on")];

/// The id of an application that `person` has registered and let into their account.
pub async fn authorized(app: &TestApp, person: &Person) -> Option<String> {
    all().iter().find(|route| route.path == PAGE)?;
    let browser = &person.browser;
    browser.submit(PAGE, &FIELDS).await.assert_redirect(PAGE);
    let page = browser.visit(PAGE).await.page(200);
    let client = page.split_once("Client ID <code>").unwrap().1.split_once('<').unwrap().0.to_owned();
    let asked = [
        ("response_type", "code"),
        ("client_id", &client),
        ("redirect_uri", URI),
        ("scope", "account:read"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let asked = format!("/authorize?{}", serde_urlencoded::to_string(asked).unwrap());
    let consent = browser.ask(Method::GET, &asked).await.page(200);
    let reply = PageForm::to(&consent, "/authorize").with(&[("decision", "allow")]).by(browser).await;
    let code = reply.header("refresh").split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", &client),
        ("redirect_uri", URI),
        ("code", &code),
        ("code_verifier", VERIFIER),
    ];
    let given: Value = app.post("/api/v1/oauth/token").form(&fields).await.assert_status(200).json();
    assert!(given["access_token"].is_string());
    Some(client)
}
