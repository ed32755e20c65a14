//! Tokens that are bound to a key (RFC 9449), and what a copy of one is worth.

mod binding;
pub mod key;
mod once;
mod proofs;

use axum::http::Method;
use serde_json::{Value, json};

pub use self::key::Key;
use self::key::Proof;
use crate::support::{Door, OURS, PASSWORD, Person, Request, Response, TestApp, all_scopes};

/// The nonce that the server gives now.
pub async fn nonce(app: &TestApp) -> String {
    let login = json!({"email": "nobody@example.org", "password": PASSWORD});
    let proof = Key::es256().proof(app, "POST", "/api/v1/login").sign();
    let reply = app.post("/api/v1/login").json(login).header("dpop", &proof).await;
    reply.problem(401, "use_dpop_nonce");
    reply.header("dpop-nonce").to_owned()
}

/// A client with a key, and a token that is bound to it.
pub struct Bound {
    app: TestApp,
    pub key: Key,
    pub token: String,
    pub nonce: String,
}

impl Bound {
    /// Logs `person` in with a proof of `key`.
    pub async fn login(app: &TestApp, person: &Person, key: Key) -> Self {
        let nonce = nonce(app).await;
        let reply = login(app, person, &key.proof(app, "POST", "/api/v1/login").nonce(&nonce)).await;
        let login = reply.assert_status(201).json();
        assert_eq!(login["token_type"], "DPoP");
        Self::with(app, key, login["token"].as_str().unwrap(), nonce)
    }

    pub fn with(app: &TestApp, key: Key, token: &str, nonce: String) -> Self {
        Self { app: app.clone(), key, token: token.into(), nonce }
    }

    /// A right proof for a request of `path` below the mount, to be changed.
    pub fn proof(&self, method: &str, path: &str) -> Proof {
        self.key.proof(&self.app, method, &format!("/api/v1{path}")).token(&self.token).nonce(&self.nonce)
    }

    /// A request with `proof`.
    pub fn send(&self, method: Method, path: &str, proof: &Proof) -> Request {
        self.send_text(method, path, &proof.sign())
    }

    /// A request with the header `proof`.
    pub fn send_text(&self, method: Method, path: &str, proof: &str) -> Request {
        self.without_proof(method, path).header("dpop", proof)
    }

    /// A request without a proof.
    pub fn without_proof(&self, method: Method, path: &str) -> Request {
        self.app.ask(method, &format!("/api/v1{path}")).header("authorization", &format!("DPoP {}", self.token))
    }
}

impl Door for Bound {
    fn mount(&self) -> &'static str {
        "/api/v1"
    }

    fn call(&self, method: Method, path: &str) -> Request {
        let proof = self.proof(method.as_str(), path.split('?').next().unwrap());
        self.send(method, path, &proof)
    }
}

/// `POST login` with a proof, for every scope.
async fn login(app: &TestApp, person: &Person, proof: &Proof) -> Response {
    let login = json!({"email": person.email, "password": PASSWORD, "scopes": all_scopes()});
    app.post("/api/v1/login").json(login).header("dpop", &proof.sign()).await
}

/// Insists on a 401 whose challenge is of the scheme `DPoP`, with `error`, and gives the problem.
#[track_caller]
fn refused(reply: &Response, code: &str, error: &str) -> Value {
    let problem = reply.problem(401, code);
    let challenge = reply.header("www-authenticate");
    assert!(challenge.starts_with(r#"DPoP realm="vestibule", "#), "{challenge}");
    assert!(challenge.contains(&format!(r#"error="{error}", error_description=""#)), "{challenge}");
    assert!(challenge.contains(r#"", algs="ES256 Ed25519 EdDSA""#), "{challenge}");
    assert_eq!(reply.headers.get_all("www-authenticate").iter().count(), 1, "{challenge}");
    assert!(problem["detail"].as_str().unwrap().contains("docs/dpop.md") || code == "use_dpop_nonce", "{problem}");
    problem
}

#[track_caller]
fn invalid(reply: &Response) -> String {
    refused(reply, "invalid_dpop_proof", "invalid_dpop_proof")["detail"].as_str().unwrap().to_owned()
}

/// The URL of `path` at the server of the tests.
fn url(path: &str) -> String {
    format!("{OURS}{path}")
}
