//! The one error type of the server.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::FieldError;

/// Everything a request can be refused for. Each variant is one stable `code` of the contract.
///
/// As a response it is a bare status that carries the problem in its extensions; the mount it came through decides how
/// to word it ([`super::answer_json`], or the error page).
#[derive(Clone, Debug, thiserror::Error)]
pub enum Problem {
    /// 401: the token door was called without a token.
    #[error("no token")]
    TokenMissing,
    /// 401: malformed, mistyped (its checksum fails) or unknown.
    #[error("invalid token")]
    TokenInvalid,
    /// 401: its time is over.
    #[error("expired token")]
    TokenExpired,
    /// 401: its owner ended it.
    #[error("revoked token")]
    TokenRevoked,
    /// 401: the address or the password is wrong; which of them is not said (ASVS 6.3.8).
    #[error("invalid credentials")]
    InvalidCredentials,
    /// 401 on JSON, the way to the sign-in page elsewhere.
    #[error("not signed in")]
    NotSignedIn,
    /// 403: the password is right, but the address has to be confirmed first.
    #[error("address not confirmed")]
    AddressNotConfirmed,
    /// 403: the password is right, but an operator has disabled the account.
    #[error("account disabled")]
    AccountDisabled,
    /// 403: the token may not do this.
    #[error("scope {0} missing")]
    ScopeMissing(String),
    /// 403: this needs the password once more, see [`crate::auth::reauthentication`].
    #[error("proof required")]
    ReauthenticationRequired,
    /// 403: the settings turn `POST login` at the token door off.
    #[error("login disabled")]
    LoginDisabled,
    /// 403: the token does not work from where the request says it comes from.
    #[error("origin not allowed")]
    OriginNotAllowed,
    /// 403: refused by the same-origin guard.
    #[error("cross-origin request")]
    CrossOriginRequest,
    /// 403: refused by the same-origin guard, perhaps because the site does not know its own address.
    #[error("cross-origin request from {seen}, which is not server.public_url")]
    OtherPublicUrl {
        /// The origin the browser names.
        seen: String,
        /// The origin the settings name.
        ours: String,
    },
    /// 404: there is no such thing, or it is not the caller's.
    #[error("not found")]
    NotFound,
    /// 405
    #[error("method not allowed")]
    MethodNotAllowed,
    /// 406: the client takes no JSON.
    #[error("not acceptable")]
    NotAcceptable,
    /// 409: it was sent from a page that was made for another account than the one signed in now.
    #[error("account changed")]
    AccountChanged,
    /// 409: it clashes with something that is already there.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// 412: somebody else changed it first.
    #[error("precondition failed")]
    PreconditionFailed,
    /// 413: more than the route takes.
    #[error("body too large")]
    BodyTooLarge,
    /// 415: the body is not labelled `application/json`.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// 400: not JSON, or a request that makes no sense as HTTP.
    #[error("invalid body: {0}")]
    InvalidBody(String),
    /// 421: asked of a host we do not answer for.
    #[error("misdirected request")]
    Misdirected,
    /// 422: an `Idempotency-Key` that came with something else before.
    #[error("idempotency key reused")]
    KeyReused,
    /// 422: field by field.
    #[error("validation failed")]
    Validation(Vec<FieldError>),
    /// 429: tried too often; in so many seconds it may be tried again.
    #[error("rate limited for {0} s")]
    RateLimited(u32),
    /// 503: the database or the password hashing is busy or gone; worth another try.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// 500: our fault. The text is for the log only.
    #[error("internal: {0}")]
    Internal(String),
}

impl Problem {
    /// One field, one message.
    pub fn field(field: &str, message: &str) -> Self {
        Self::Validation(vec![FieldError::new(field, message)])
    }

    /// The status it answers with.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TokenMissing
            | Self::TokenInvalid
            | Self::TokenExpired
            | Self::TokenRevoked
            | Self::InvalidCredentials
            | Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::AddressNotConfirmed
            | Self::AccountDisabled
            | Self::ScopeMissing(_)
            | Self::ReauthenticationRequired
            | Self::LoginDisabled
            | Self::OriginNotAllowed
            | Self::CrossOriginRequest
            | Self::OtherPublicUrl { .. } => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::AccountChanged | Self::Conflict(_) => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::InvalidBody(_) => StatusCode::BAD_REQUEST,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::KeyReused | Self::Validation(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable name clients may match on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TokenMissing => "token_missing",
            Self::TokenInvalid => "token_invalid",
            Self::TokenExpired => "token_expired",
            Self::TokenRevoked => "token_revoked",
            Self::InvalidCredentials => "invalid_credentials",
            Self::NotSignedIn => "not_signed_in",
            Self::AddressNotConfirmed => "address_not_confirmed",
            Self::AccountDisabled => "account_disabled",
            Self::ScopeMissing(_) => "scope_missing",
            Self::ReauthenticationRequired => "reauthentication_required",
            Self::LoginDisabled => "login_disabled",
            Self::OriginNotAllowed => "origin_not_allowed",
            Self::CrossOriginRequest | Self::OtherPublicUrl { .. } => "cross_origin_request",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NotAcceptable => "not_acceptable",
            Self::AccountChanged => "account_changed",
            Self::Conflict(_) => "conflict",
            Self::PreconditionFailed => "precondition_failed",
            Self::BodyTooLarge => "body_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::InvalidBody(_) => "invalid_body",
            Self::Misdirected => "misdirected_request",
            Self::KeyReused => "idempotency_key_reused",
            Self::Validation(_) => "validation_failed",
            Self::RateLimited(_) => "rate_limited",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// What kind of problem this is, in a few words.
    pub fn title(&self) -> &'static str {
        match self {
            Self::TokenMissing => "Token missing",
            Self::TokenInvalid => "Token invalid",
            Self::TokenExpired => "Token expired",
            Self::TokenRevoked => "Token revoked",
            Self::InvalidCredentials => "Wrong e-mail or password",
            Self::NotSignedIn => "Not signed in",
            Self::AddressNotConfirmed => "Address not confirmed",
            Self::AccountDisabled => "Account disabled",
            Self::ScopeMissing(_) => "Scope missing",
            Self::ReauthenticationRequired => "Password required once more",
            Self::LoginDisabled => "Login turned off",
            Self::OriginNotAllowed => "Origin not allowed",
            Self::CrossOriginRequest | Self::OtherPublicUrl { .. } => "Cross-origin request refused",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::NotAcceptable => "Not acceptable",
            Self::AccountChanged => "Another account is signed in",
            Self::Conflict(_) => "Conflict",
            Self::PreconditionFailed => "Changed in the meantime",
            Self::BodyTooLarge => "Body too large",
            Self::UnsupportedMediaType => "Unsupported media type",
            Self::InvalidBody(_) => "Invalid request",
            Self::Misdirected => "Not our host",
            Self::KeyReused => "Idempotency key used before",
            Self::Validation(_) => "Validation failed",
            Self::RateLimited(_) => "Too many tries",
            Self::Unavailable(_) => "Temporarily unavailable",
            Self::Internal(_) => "Internal error",
        }
    }

    /// What the client can do about it. Never how we are built (S39).
    pub fn detail(&self) -> String {
        match self {
            Self::TokenMissing => "Send an access token in the Authorization header: `Bearer <token>`.".into(),
            Self::TokenInvalid => "This is not a token we issued. Check that it was copied whole.".into(),
            Self::TokenExpired => "This token has expired. Make a new one, or sign in again.".into(),
            Self::TokenRevoked => "This token was revoked. Make a new one, or sign in again.".into(),
            Self::InvalidCredentials => "The e-mail address or the password is wrong.".into(),
            Self::NotSignedIn => "Sign in first.".into(),
            Self::AddressNotConfirmed => {
                "Your address is not confirmed yet. Follow the link in the mail we sent you. If you \
                 have none, “Forgot your password?” gets you another, which confirms it as well."
                    .into()
            }
            Self::AccountDisabled => "This account is disabled. Write to those who run this site.".into(),
            Self::ScopeMissing(scope) => format!("This token lacks the scope `{scope}`."),
            Self::ReauthenticationRequired => {
                "This can do harm in the wrong hands. Send the password to POST /session/v1/reauthenticate, then try again."
                    .into()
            }
            Self::LoginDisabled => {
                "This site gives no token for a password. Make one on the tokens page and use that.".into()
            }
            Self::OriginNotAllowed => "Neither the settings of the site nor the token, where one was sent, name the \
                 origin this request comes from. Use a token where it was made for, and sign in where the settings allow it."
                .into(),
            Self::CrossOriginRequest => "This door is for its own pages only: the request came from another origin. \
                 Clients on other origins use /api/v1 with a token."
                .into(),
            Self::OtherPublicUrl { seen, ours } => format!(
                "The request came from a page on {seen}, and this site is {ours}. If {seen} is its address, whoever runs the \
                 site has to set `server.public_url` to that. Clients on other origins use /api/v1 with a token."
            ),
            Self::NotFound => "There is nothing here, or it is not yours.".into(),
            Self::MethodNotAllowed => "This method is not allowed here; the Allow header lists those that are.".into(),
            Self::NotAcceptable => "The answer is JSON. Send `Accept: application/json`, or no Accept at all.".into(),
            Self::AccountChanged => {
                "This page was opened with another account. Copy what you wrote, then reload the page.".into()
            }
            Self::Conflict(detail) => (*detail).into(),
            Self::PreconditionFailed => {
                "It was changed since you read it. Read it again, then repeat the change.".into()
            }
            Self::BodyTooLarge => "The body is larger than this address takes.".into(),
            Self::UnsupportedMediaType => "Send the body as `Content-Type: application/json`.".into(),
            Self::InvalidBody(detail) => detail.clone(),
            Self::Misdirected => "This server does not answer for the host you asked for.".into(),
            Self::KeyReused => {
                "This Idempotency-Key came with another request before. Use a new key for a new request.".into()
            }
            Self::Validation(errors) => match errors.as_slice() {
                [only] => format!("{}: {}", only.field, only.message),
                _ => "Some fields need another look; see `errors`.".into(),
            },
            Self::RateLimited(seconds) => format!("Too many tries. Try again in {}.", in_words(*seconds)),
            Self::Unavailable(_) => "Too busy just now. Try again in a moment.".into(),
            Self::Internal(_) => "Something went wrong on our side. It has been logged under this request id.".into(),
        }
    }

    /// What is wrong with which field.
    pub fn errors(&self) -> &[FieldError] {
        match self {
            Self::Validation(errors) => errors,
            _ => &[],
        }
    }

    /// In how many seconds another try may succeed (RFC 9110 section 10.2.3).
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::RateLimited(seconds) => Some(*seconds),
            Self::Unavailable(_) => Some(2),
            _ => None,
        }
    }

    /// RFC 6750 section 3: the challenge that goes with the answers of the token door; no `error` where no token was
    /// sent.
    pub fn challenge(&self) -> Option<String> {
        let realm = r#"Bearer realm="vestibule""#;
        match self {
            Self::TokenMissing => Some(realm.into()),
            Self::TokenInvalid | Self::TokenExpired | Self::TokenRevoked => {
                Some(format!(r#"{realm}, error="invalid_token", error_description="{}""#, self.title()))
            }
            Self::ScopeMissing(scope) => Some(format!(r#"{realm}, error="insufficient_scope", scope="{scope}""#)),
            _ => None,
        }
    }

    /// The nearest problem to a status that some library answered with.
    pub fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::NOT_ACCEPTABLE => Self::NotAcceptable,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable("answered by a layer".into()),
            StatusCode::REQUEST_TIMEOUT => Self::InvalidBody("The request took too long to arrive.".into()),
            status if status.is_client_error() => Self::InvalidBody("The request cannot be understood.".into()),
            _ => Self::Internal(format!("a layer answered {status}")),
        }
    }
}

/// A time to wait, for people. Never shorter than it is.
fn in_words(seconds: u32) -> String {
    let (number, unit) = if seconds <= 90 { (seconds, "second") } else { (seconds.div_ceil(60), "minute") };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match &self {
            Self::Internal(_) => tracing::error!(problem = %self, "request failed"),
            Self::Unavailable(_) => tracing::warn!(problem = %self, "request failed"),
            Self::CrossOriginRequest | Self::OtherPublicUrl { .. } => {
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
        response.extensions_mut().insert(self);
        response
    }
}

/// A unique violation is the caller's to explain; what comes through here is nobody's fault but ours or the disk's.
impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::PoolTimedOut | E::PoolClosed | E::Io(_) | E::Tls(_) | E::WorkerCrashed | E::BeginFailed => {
                Self::Unavailable(error.to_string())
            }
            // Every row is somebody's, and their account is gone since they came in.
            E::Database(database) if database.is_foreign_key_violation() => Self::NotSignedIn,
            E::Database(database) if crate::db::is_transient(database.as_ref()) => Self::Unavailable(error.to_string()),
            _ => Self::Internal(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn waits_are_told_in_words() {
        let words = [(1, "1 second"), (2, "2 seconds"), (90, "90 seconds"), (91, "2 minutes"), (900, "15 minutes")];
        for (seconds, expected) in words {
            assert_eq!(in_words(seconds), expected);
        }
    }
}
