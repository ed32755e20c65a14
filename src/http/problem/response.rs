//! How a problem becomes a response, and how an error of the database becomes a problem.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Problem, kind::ANSWERED};
use crate::http::conditional::version_tag;

/// The header of the nonce for the next proof (RFC 9449 section 8).
static DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

impl Problem {
    /// The problem closest to a `status` that a library answered with.
    pub fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::NOT_ACCEPTABLE => Self::NotAcceptable,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable("answered by a layer".into()),
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            status if status.is_client_error() => Self::InvalidBody("The request is malformed.".into()),
            _ => Self::Internal(format!("a layer answered {status}")),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        ANSWERED.count(self.place());
        match &self {
            Self::Internal(_) => tracing::error!(problem = %self, "request failed"),
            Self::Unavailable(_) => tracing::warn!(problem = %self, "request failed"),
            Self::CrossOriginRequest | Self::CrossSite(_) | Self::OtherPublicUrl { .. } => {
                tracing::warn!(event = "guard_refused", "cross-origin request refused");
            }
            _ => tracing::debug!(problem = %self, "request refused"),
        }
        let mut response = self.status().into_response();
        let headers = response.headers_mut();
        if let Some(challenge) = self.challenge().and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(nonce) = self.dpop_nonce().and_then(|nonce| HeaderValue::from_str(nonce).ok()) {
            headers.insert(&DPOP_NONCE, nonce);
        }
        if let Some(tag) = self.version().and_then(|version| HeaderValue::from_str(&version_tag(version)).ok()) {
            headers.insert(header::ETAG, tag);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Callers handle the unique violations they expect, so what is left is a fault of the server or of its database.
impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::PoolTimedOut | E::PoolClosed | E::Io(_) | E::Tls(_) | E::WorkerCrashed | E::BeginFailed => {
                Self::Unavailable(error.to_string())
            }
            // Foreign keys lead to accounts: the caller's was deleted during the request.
            E::Database(database) if database.is_foreign_key_violation() => Self::NotSignedIn,
            E::Database(database) if crate::db::is_transient(database.as_ref()) => Self::Unavailable(error.to_string()),
            _ => Self::Internal(error.to_string()),
        }
    }
}
