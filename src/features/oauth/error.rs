//! The errors of the endpoints that clients call (RFC 6749 section 5.2), and those that a client gets at its redirect
//! URI (section 4.1.2.1). They are JSON as that RFC wants it, not problems.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    auth::dpop,
    http::problem::{Problem, worded},
};

/// Why a request of a client is refused: the code of the RFC, and what to do about it.
#[derive(Clone, Debug)]
pub(super) struct OAuthError {
    /// The `error`, which clients may match on.
    pub code: &'static str,
    /// The `error_description`, for developers, in ASCII.
    pub description: String,
    status: StatusCode,
    retry_after: Option<u32>,
    /// The nonce for the next proof (RFC 9449 section 8).
    nonce: Option<String>,
}

impl OAuthError {
    pub(super) fn new(code: &'static str, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), status: StatusCode::BAD_REQUEST, retry_after: None, nonce: None }
    }

    /// `invalid_request`
    pub(super) fn request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    /// `invalid_grant`
    pub(super) fn grant(description: impl Into<String>) -> Self {
        Self::new("invalid_grant", description)
    }

    /// `invalid_client`: 401.
    pub(super) fn client(description: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, ..Self::new("invalid_client", description) }
    }
}

impl From<Problem> for OAuthError {
    /// What is behind a failure stays in the log.
    fn from(problem: Problem) -> Self {
        if let Problem::DpopProofInvalid(_) | Problem::DpopNonceNeeded(_) = &problem {
            let nonce = problem.dpop_nonce().map(str::to_owned);
            return Self { nonce, ..Self::new(problem.code(), problem.detail()) };
        }
        let status = problem.status();
        let code = match status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => "temporarily_unavailable",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request",
        };
        let (description, retry_after) = (problem.detail(), problem.retry_after());
        // Logs it.
        drop(problem.into_response());
        Self { code, description, status, retry_after, nonce: None }
    }
}

impl From<sqlx::Error> for OAuthError {
    fn from(error: sqlx::Error) -> Self {
        match Problem::from(error) {
            // What it was for is gone: the browser session or the account.
            Problem::NotSignedIn => Self::grant("The authorization has ended."),
            problem => problem.into(),
        }
    }
}

impl From<crate::db::TaskPanicked> for OAuthError {
    fn from(panicked: crate::db::TaskPanicked) -> Self {
        Problem::from(panicked).into()
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        tracing::debug!(error = self.code, description = self.description, "request of a client refused");
        let body = Json(json!({"error": self.code, "error_description": self.description}));
        let mut response = (self.status, no_store(body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Basic realm="vestibule""#));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(nonce) = self.nonce.and_then(|nonce| HeaderValue::from_str(&nonce).ok()) {
            headers.insert(&dpop::NONCE, nonce);
        }
        worded(response, self.code)
    }
}

/// An answer that no cache keeps (RFC 6749 section 5.1).
pub(super) fn no_store(body: impl IntoResponse) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    (headers, body).into_response()
}
