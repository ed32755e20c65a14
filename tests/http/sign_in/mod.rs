//! Signing in to an account with a second factor.

mod factors;
mod limits;
mod pages;
mod pending;
mod reset;
mod trust;
mod walk;

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha1::Sha1;
use time::Duration;

use crate::support::{Browser, PASSWORD, Person, Response, TestApp};

/// Somebody with an authenticator app and recovery codes.
pub struct Enrolled {
    pub person: Person,
    pub secret: Vec<u8>,
    pub codes: Vec<String>,
}

/// What stands in the element with the id `id`.
#[track_caller]
pub fn text_of<'a>(page: &'a str, id: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id} in {page}"));
    let (_, rest) = rest.split_once('>').unwrap();
    rest.split_once('<').unwrap().0
}

/// RFC 4648 section 6, without padding.
fn base32(text: &str) -> Vec<u8> {
    let bits = text.bytes().filter(u8::is_ascii_alphanumeric).flat_map(|letter| {
        let value = if letter.is_ascii_digit() { letter - b'2' + 26 } else { letter - b'A' };
        (0..5).rev().map(move |place| value >> place & 1)
    });
    bits.collect::<Vec<_>>().chunks_exact(8).map(|byte| byte.iter().fold(0, |value, bit| value << 1 | bit)).collect()
}

/// RFC 6238, written once more.
pub fn totp(secret: &[u8], step: i64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).unwrap();
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes(digest[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Shows a secret in `browser`, as text.
async fn begin(browser: &Browser) -> Vec<u8> {
    let path = "/account/security/totp";
    let page = browser.fill_and_follow(path, path, &[]).await.page(200);
    assert!(page.contains("<svg class=\"qr\"") || page.contains("class=\"qr\""), "{page}");
    base32(text_of(&page, "totp-secret"))
}

impl Enrolled {
    /// Signs up as `name@example.org` and turns it on.
    pub async fn new(app: &TestApp, name: &str) -> Self {
        Self::of(app, Box::pin(app.person(name)).await).await
    }

    /// Shows `person` the secret, which waits for its first code.
    pub async fn begun(app: &TestApp, person: Person) -> Self {
        app.clock.advance(Duration::seconds(30));
        let secret = Box::pin(begin(&person.browser)).await;
        Self { person, secret, codes: Vec::new() }
    }

    /// Turns it on for `person`.
    pub async fn of(app: &TestApp, person: Person) -> Self {
        let mut enrolled = Self::begun(app, person).await;
        let (path, confirm) = ("/account/security/totp", "/account/security/totp/confirm");
        let code = enrolled.code(app, 0);
        let answered = Box::pin(enrolled.person.browser.fill_and_follow(path, confirm, &[("code", &code)])).await;
        let page = answered.page(200);
        enrolled.codes = text_of(&page, "recovery-codes").lines().map(str::to_owned).collect();
        assert_eq!(enrolled.codes.len(), 10, "{page}");
        enrolled
    }

    /// The code that the app shows `steps` after now.
    pub fn code(&self, app: &TestApp, steps: i64) -> String {
        totp(&self.secret, app.db.now().get().unix_timestamp() / 30 + steps)
    }

    /// A code that was not used, half a minute later.
    pub fn next_code(&self, app: &TestApp) -> String {
        app.clock.advance(Duration::seconds(30));
        self.code(app, 0)
    }

    /// A code that is wrong.
    pub fn wrong_code(&self, app: &TestApp) -> String {
        let right: Vec<_> = (-2..=2).map(|steps| self.code(app, steps)).collect();
        (0..1_000_000).map(|number| format!("{number:06}")).find(|code| !right.contains(code)).unwrap()
    }

    /// `POST login` at the token door, with more members.
    pub async fn login(&self, app: &TestApp, more: Value) -> Response {
        let mut body = json!({"email": self.person.email, "password": PASSWORD});
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        app.post("/api/v1/login").json(body).await
    }

    /// The handle of a sign-in at the token door.
    pub async fn pending(&self, app: &TestApp) -> String {
        let problem = self.login(app, json!({})).await.problem(401, "second_factor_required");
        problem["pending"].as_str().unwrap().to_owned()
    }

    /// A browser in which a sign-in waits.
    pub async fn waiting_browser(&self, app: &TestApp) -> Browser {
        let browser = app.browser();
        self.password_in(&browser).await.problem(401, "second_factor_required");
        browser
    }

    /// `POST login` at the session door.
    pub async fn password_in(&self, browser: &Browser) -> Response {
        let body = json!({"email": self.person.email, "password": PASSWORD});
        browser.ask(axum::http::Method::POST, "/session/v1/login").json(body).await
    }
}

/// `POST login/{step}` at the token door.
pub async fn step(app: &TestApp, step: &str, pending: &str, code: &str) -> Response {
    app.post(&format!("/api/v1/login/{step}")).json(json!({"pending": pending, "code": code})).await
}

/// `POST login/{step}` at the session door.
pub async fn step_in(browser: &Browser, step: &str, code: &str) -> Response {
    let path = format!("/session/v1/login/{step}");
    browser.ask(axum::http::Method::POST, &path).json(json!({"code": code})).await
}
