//! Applications that get tokens by an authorization (S80 to S83): the real flow, from `/authorize` to the API.

mod attacks;
mod authorize;
mod bound;
mod clients;
mod commands;
mod demanded;
mod device;
mod endpoints;
mod ends;
mod flow;
mod logins;
mod refresh;
mod reported;
mod scopes;

use axum::http::Method;
use serde_json::{Value, json};
use url::Url;
use vestibule::settings::FirstPartyClient;

use crate::support::{Browser, Client, Database, Door, PageForm, Person, Prepare, Response, TestApp};

/// RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The site's own application, in the settings.
pub const OWN: &str = "spa";
pub const OWN_ORIGIN: &str = "http://localhost:5175";
pub const OWN_URI: &str = "http://localhost:5175/callback";
/// The redirect URI of an application that somebody registered.
pub const THEIR_URI: &str = "https://app.example/callback";
pub const THEIR_ORIGIN: &str = "https://app.example";
/// What it asks for.
pub const SCOPE: &str = "account:read entries:read";

/// The application with one of the site's own.
pub struct Site(pub TestApp);

impl Prepare for Site {
    async fn on(database: Database) -> Self {
        let own = || FirstPartyClient {
            id: OWN.into(),
            name: "Own app".into(),
            redirect_uris: vec![OWN_URI.into()],
            origins: vec![OWN_ORIGIN.into()],
            ..FirstPartyClient::default()
        };
        let tv = || FirstPartyClient {
            id: device::TV.into(),
            name: "Own TV".into(),
            device_grant: true,
            ..FirstPartyClient::default()
        };
        Self(TestApp::with(database, |settings| settings.oauth.clients = vec![own(), tv()]).await)
    }
}

/// A query of the request at `/authorize`, with `changes`: a value of its own, or none.
pub fn query(client: &str, uri: &str, changes: &[(&str, Option<&str>)]) -> String {
    let usual = [
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", uri),
        ("scope", SCOPE),
        ("state", "the state"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let mut pairs: Vec<(&str, &str)> =
        usual.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name)).collect();
    pairs.extend(changes.iter().filter_map(|(name, value)| Some((*name, (*value)?))));
    serde_urlencoded::to_string(pairs).unwrap()
}

/// Follows the link of a client to `/authorize`, as from its own page.
pub async fn sent(browser: &Browser, query: &str) -> Response {
    let headers = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    browser.forged(Method::GET, &format!("/authorize?{query}")).headers(&headers).await
}

/// Where an answer leads: by redirect, or by the page that leads on.
#[track_caller]
pub fn destination(reply: &Response) -> Url {
    let url = match reply.header("refresh").strip_prefix("0; url=") {
        Some(url) => {
            reply.assert_status(200);
            url
        }
        None => reply.assert_status(303).header("location"),
    };
    url.parse().unwrap_or_else(|_| panic!("{}: {url:?}", reply.asked))
}

/// The parameter `name` of a URL, empty if it is not there.
pub fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(given, _)| given == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Gives or refuses consent on the page `reply`.
pub async fn decide(browser: &Browser, reply: &Response, decision: &str) -> Response {
    PageForm::to(&reply.page(200), "/authorize").with(&[("decision", decision)]).by(browser).await
}

/// A code for the client, by somebody who is signed in, with consent if it is asked for.
pub async fn code(browser: &Browser, client: &str, uri: &str) -> String {
    let mut reply = sent(browser, &query(client, uri, &[])).await;
    if reply.status == 200 && reply.header("refresh").is_empty() {
        reply = decide(browser, &reply, "allow").await;
    }
    let url = destination(&reply);
    assert_eq!(parameter(&url, "error"), "", "{url}");
    parameter(&url, "code")
}

/// A request at the token endpoint.
pub async fn token(app: &TestApp, fields: &[(&str, &str)]) -> Response {
    app.post("/api/v1/oauth/token").form(fields).await
}

/// Exchanges a code.
pub async fn exchange(app: &TestApp, client: &str, uri: &str, code: &str) -> Response {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("redirect_uri", uri),
        ("code", code),
        ("code_verifier", VERIFIER),
    ];
    token(app, &fields).await
}

/// Exchanges a refresh token.
pub async fn refresh(app: &TestApp, client: &str, token_text: &str) -> Response {
    token(app, &[("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token_text)]).await
}

/// The tokens of an answer.
pub struct Tokens {
    pub access: Client,
    pub refresh: String,
}

impl Tokens {
    /// Insists on an answer as RFC 6749 section 5.1 wants it.
    #[track_caller]
    pub fn of(app: &TestApp, reply: &Response) -> Self {
        let body = reply.assert_status(200).json();
        assert_eq!((reply.header("cache-control"), reply.header("pragma")), ("no-store", "no-cache"));
        assert_eq!(body["token_type"], "Bearer");
        let refresh = body["refresh_token"].as_str().unwrap().to_owned();
        assert!(refresh.starts_with("vsr_"), "{body}");
        Self { access: app.client(body["access_token"].as_str().unwrap()), refresh }
    }

    /// Those of the site's own application, for `person`.
    pub async fn own(app: &TestApp, person: &Person) -> Self {
        let code = code(&person.browser, OWN, OWN_URI).await;
        Self::of(app, &exchange(app, OWN, OWN_URI, &code).await)
    }

    /// Whether the access token works.
    pub async fn work(&self) -> bool {
        self.access.get("/me").await.status == 200
    }
}

/// Insists on an error as RFC 6749 section 5.2 wants it.
#[track_caller]
pub fn refused(reply: &Response, status: u16, error: &str) -> Value {
    let body = reply.assert_status(status).json();
    assert_eq!(body["error"], error, "{}: {body}", reply.asked);
    assert_eq!(crate::support::members(&body), ["error", "error_description"]);
    assert_eq!((reply.header("content-type"), reply.header("cache-control")), ("application/json", "no-store"));
    body
}

/// An application that `person` registers on the developer page, with its secret if it has one.
pub async fn registered(person: &Person, uris: &str, confidential: bool) -> (String, Option<String>) {
    let path = "/account/developer";
    let mut typed = vec![("name", "Their app"), ("redirect_uris", uris)];
    if confidential {
        typed.push(("confidential", "on"));
    }
    let page = person.browser.fill_and_follow(path, path, &typed).await.page(200);
    let (_, rest) = page.split_once("Client ID <code>").unwrap();
    let id = rest.split_once('<').unwrap().0.to_owned();
    let secret = page.split_once("vcs_").map(|(_, rest)| format!("vcs_{}", &rest[..38]));
    assert_eq!(secret.is_some(), confidential);
    (id, secret)
}

/// The kinds of the newest events of the account.
pub async fn events(app: &TestApp, person: &Person) -> Vec<String> {
    app.db.wait_idle().await;
    let events = vestibule::auth::activity::service::list(&app.db, person.account.id).await.unwrap();
    events.iter().map(|event| event.kind.as_str().to_owned()).collect()
}

/// A password change in `browser`.
pub async fn change_password(browser: &Browser) {
    let body = json!({"current_password": crate::support::PASSWORD, "new_password": "another horse battery staple"});
    browser.post("/me/password", body).await.assert_status(204);
}
