//! Browsers, API clients, and people who have both.

use axum::http::Method;
use serde_json::Value;
use vestibule::auth::Account;

use super::{
    app::TestApp,
    ask::{Jar, Request, Response},
};

/// A JSON mount, with the credential its door reads.
pub trait Door: Send + Sync {
    /// Where it is mounted.
    fn mount(&self) -> &'static str;

    /// A call of `path` below the mount, with the credential.
    fn call(&self, method: Method, path: &str) -> Request;

    /// `GET`
    fn get(&self, path: &str) -> Request {
        self.call(Method::GET, path)
    }

    /// `POST`
    fn post(&self, path: &str, body: Value) -> Request {
        self.call(Method::POST, path).json(body)
    }

    /// `PATCH`
    fn patch(&self, path: &str, body: Value) -> Request {
        self.call(Method::PATCH, path).json(body)
    }

    /// `DELETE`
    fn delete(&self, path: &str) -> Request {
        self.call(Method::DELETE, path)
    }
}

/// A browser on the site's own pages: it keeps cookies and says that its requests are same-origin.
#[derive(Clone)]
pub struct Browser {
    app: TestApp,
    jar: Jar,
}

impl Browser {
    pub(super) fn new(app: TestApp) -> Self {
        Self { app, jar: Jar::default() }
    }

    /// Another browser, without cookies.
    pub fn new_one(&self) -> Self {
        Self::new(self.app.clone())
    }

    /// Any request from one of the site's pages.
    pub fn ask(&self, method: Method, path: &str) -> Request {
        self.forged(method, path).header("sec-fetch-site", "same-origin")
    }

    /// A request with the cookie but without a header that says which site made it.
    pub fn forged(&self, method: Method, path: &str) -> Request {
        self.app.ask(method, path).with_jar(&self.jar)
    }

    /// Opens a page.
    pub async fn visit(&self, path: &str) -> Response {
        self.ask(Method::GET, path).await
    }

    /// Posts a form.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.ask(Method::POST, path).form(fields).await
    }

    /// The value of the session cookie.
    pub fn cookie(&self) -> Option<String> {
        self.of_name("session")
    }

    /// The value of the cookie of a sign-in that waits for a second factor.
    pub fn pending(&self) -> Option<String> {
        self.of_name("pending")
    }

    /// Puts a cookie of the tester's choice into the browser.
    pub fn put(&self, name: &str, value: &str) {
        self.jar.lock().unwrap().insert(name.into(), value.into());
    }

    /// The value of the device cookie.
    pub fn device(&self) -> Option<String> {
        self.of_name("device")
    }

    /// The way to sign in that this browser used last, as its cookie says.
    pub fn last_way(&self) -> Option<String> {
        self.of_name("last-way")
    }

    /// The value of the cookie whose name ends like this.
    pub fn of_name(&self, end: &str) -> Option<String> {
        self.jar.lock().unwrap().iter().find(|(name, _)| name.ends_with(end)).map(|(_, value)| value.clone())
    }

    /// Another browser that has this device cookie and no other.
    pub fn with_device(&self, value: &str) -> Self {
        let browser = self.new_one();
        browser.jar.lock().unwrap().insert("device".into(), value.into());
        browser
    }

    /// Puts a session cookie of the tester's choice into the browser.
    pub fn plant(&self, value: &str) {
        self.jar.lock().unwrap().insert("session".into(), value.into());
    }

    /// Whether a page for signed-in people opens.
    pub async fn is_signed_in(&self) -> bool {
        self.visit("/account").await.status == 200
    }
}

impl Door for Browser {
    fn mount(&self) -> &'static str {
        "/session/v1"
    }

    fn call(&self, method: Method, path: &str) -> Request {
        self.ask(method, &format!("{}{path}", self.mount()))
    }
}

/// A client of the token door.
#[derive(Clone)]
pub struct Client {
    app: TestApp,
    /// Its token.
    pub token: String,
}

impl Client {
    pub(super) fn new(app: TestApp, token: &str) -> Self {
        Self { app, token: token.into() }
    }
}

impl Door for Client {
    fn mount(&self) -> &'static str {
        "/api/v1"
    }

    fn call(&self, method: Method, path: &str) -> Request {
        self.app.ask(method, &format!("{}{path}", self.mount())).bearer(&self.token)
    }
}

/// The members of a token in JSON, in order.
pub const TOKEN_MEMBERS: [&str; 13] = [
    "created_at",
    "ends_at",
    "expires_at",
    "id",
    "issued_by",
    "key_thumbprint",
    "last_used_at",
    "last_used_from",
    "name",
    "origins",
    "renew_days",
    "revoked_at",
    "scopes",
];

/// The members of the calling token in JSON, in order.
pub fn current_token_members() -> Vec<&'static str> {
    let mut members: Vec<_> = TOKEN_MEMBERS.into_iter().chain(["expires_in", "renewable_until"]).collect();
    members.sort_unstable();
    members
}

/// A person with an account, signed in at both doors.
#[derive(Clone)]
pub struct Person {
    /// The account.
    pub account: Account,
    /// The address.
    pub email: String,
    /// Signed in at the session door.
    pub browser: Browser,
    /// Signed in at the token door.
    pub client: Client,
}

impl Person {
    /// Both doors.
    pub fn doors(&self) -> [&dyn Door; 2] {
        [&self.browser, &self.client]
    }
}
