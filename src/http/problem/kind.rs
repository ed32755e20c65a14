//! The one error type of the server.

use std::{borrow::Cow, fmt};

use axum::http::StatusCode;

use super::{FieldError, Limit, limit};
use crate::{metrics::Family, secret::Secret};

/// Makes [`Problem`] of a table with one row per kind: status, code, title, and what a client can do about it.
macro_rules! problems {
    ($(
        $(#[$about:meta])*
        $name:ident $(($value:ident: $type:ty))? $({ $($field:ident: $field_type:ty),+ })?
            => $status:literal, $code:literal, $title:literal, $detail:expr;
    )+) => {
        /// Every reason to refuse a request. Each variant has a stable `code`, which clients may match on.
        ///
        /// As a response it is a bare status with the problem in its extensions. The mount that the request came
        /// through renders it, as JSON ([`super::answer_json`]) or as an error page.
        #[derive(Clone, Debug)]
        pub enum Problem {$(
            #[doc = concat!(stringify!($status), " `", $code, "`: ", $title, ".")]
            ///
            $(#[$about])*
            $name $(($type))? $({
                $(#[allow(missing_docs)] $field: $field_type),+
            })?,
        )+}

        /// The kinds without what they hold, in the order of the table.
        #[derive(Clone, Copy)]
        enum Place { $($name),+ }

        $(const _: () = assert!($status >= 400 && $status < 600);)+

        /// The status and the code of every kind, in the order of the table. Some kinds share a code.
        pub const KINDS: &[(u16, &str)] = &[$(($status, $code),)+];

        /// Problems that were answered, by code.
        pub static ANSWERED: Family<{ KINDS.len() }> = Family::new(
            "vestibule_problems_total",
            "Problems answered, by code. A page that shows the fields of a form again is none.",
            "code",
            [$($code),+],
        );

        impl Problem {
            /// The status of the response.
            pub fn status(&self) -> StatusCode {
                let status = match self { $(Self::$name { .. } => $status,)+ };
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// The stable name that clients may match on.
            pub fn code(&self) -> &'static str {
                match self { $(Self::$name { .. } => $code,)+ }
            }

            /// The place in [`KINDS`].
            pub(super) fn place(&self) -> usize {
                (match self { $(Self::$name { .. } => Place::$name,)+ }) as usize
            }

            /// The kind of problem, in a few words.
            pub fn title(&self) -> &'static str {
                match self { $(Self::$name { .. } => $title,)+ }
            }

            /// What the client can do about it. Says nothing about the inside of the server (S39).
            pub fn detail(&self) -> String {
                let detail: Cow<'static, str> = match self {
                    $(Self::$name $(($value))? $({ $($field),+ })? => Cow::from($detail),)+
                };
                detail.into_owned()
            }
        }
    };
}

problems! {
    /// A request to the token API without a token.
    TokenMissing => 401, "token_missing", "Token missing",
        "Send an access token in the Authorization header: `Bearer <token>`.";
    /// A cookie at the token API, and no token.
    CookieAtTokenDoor => 401, "cookie_at_token_door", "A cookie where a token belongs",
        "The request has a `Cookie` header, which /api/v1 does not read. Send an access token in the Authorization \
         header: `Bearer <token>`. Pages of this site itself call /session/v1, which takes the session cookie.";
    /// A cookie from a page of another origin at the token API, and no token. The page cannot read the answer, but its
    /// developer can.
    CredentialedCors => 401, "credentialed_cors", "Cookies from another origin",
        "The request came from a page on another origin with cookies, as `credentials: \"include\"` has it. /api/v1 reads \
         no cookies and allows none from other origins, so the browser keeps the answer from the page. Leave `credentials` \
         at its default, and send an access token in the Authorization header: `Bearer <token>`. For the session cookie, \
         let a proxy serve the page and this site on one origin, and call /session/v1.";
    /// An `Authorization` header that does not begin with `Bearer`.
    OtherScheme => 401, "token_missing", "Token missing",
        "The Authorization header does not begin with `Bearer`. Send `Authorization: Bearer <token>`.";
    /// Malformed, mistyped (its checksum fails) or unknown.
    TokenInvalid => 401, "token_invalid", "Token invalid",
        "This is not a token we issued. Check that you copied all of it.";
    TokenExpired => 401, "token_expired", "Token expired",
        "This token has expired. Sign in again, or create a new token.";
    TokenRevoked => 401, "token_revoked", "Token revoked",
        "This token was revoked. Sign in again, or create a new token.";
    /// A token that is bound to a key, sent as a bearer token (RFC 9449 section 7.2).
    TokenBound => 401, "token_bound", "Token bound to a key",
        "This token is bound to a key of the client that it was made for. Send it as `Authorization: DPoP <token>`, with \
         a proof in the `DPoP` header that is signed with this key; docs/dpop.md shows how. Without the key the token \
         opens nothing.";
    /// A token that is bound to no key, sent with the scheme `DPoP`.
    TokenNotBound => 401, "token_not_bound", "Token not bound to a key",
        "This token is not bound to a key. Send it as `Authorization: Bearer <token>`. For one that is bound, send a \
         proof in the `DPoP` header when you make it; docs/dpop.md shows how.";
    /// The proof of a key is missing, or fails a check of RFC 9449 section 4.3. Holds which.
    DpopProofInvalid(reason: Cow<'static, str>) => 401, "invalid_dpop_proof", "Invalid DPoP proof",
        format!("{reason} docs/dpop.md shows how to make a proof.");
    /// The proof names no nonce, or one that is too old. Holds the one to use.
    DpopNonceNeeded(_nonce: String) => 401, "use_dpop_nonce", "DPoP nonce needed",
        "Make the proof again, with the `DPoP-Nonce` header of this answer as its claim `nonce`, and repeat the request. \
         Each answer to a request with a proof has the nonce for the next one.";
    /// Does not say which of the two is wrong (ASVS 6.3.8).
    InvalidCredentials => 401, "invalid_credentials", "Wrong email or password",
        "The email address or the password is wrong.";
    /// The first factor, such as the password, is right. Holds the handle of the pending sign-in, at the token API, and
    /// the steps of which one comes next.
    SecondFactorRequired { pending: Option<Secret>, next: Vec<&'static str> }
        => 401, "second_factor_required", "Second factor required", {
            let _ = (pending, next);
            "This account has two-factor authentication. Finish signing in with one of the steps in `next`."
        };
    /// The sign-in that waits for a second factor is over, or there is none.
    SignInExpired => 401, "sign_in_expired", "Sign-in expired",
        "This sign-in has expired, was completed already, or had too many wrong codes. Sign in again.";
    /// Pages redirect to the sign-in page instead.
    NotSignedIn => 401, "not_signed_in", "Not signed in", "Sign in first.";
    /// An `Authorization` header at the session API, and no session.
    TokenAtSessionDoor => 401, "token_at_session_door", "A token where a session belongs",
        "The request has an `Authorization` header, which /session/v1 does not read. Send the token to /api/v1. Pages of \
         this site sign in first, and send the session cookie.";
    /// A cookie of a session that is bound to a key of the device, and nothing that proves the key.
    SessionNotProven => 401, "not_signed_in", "Not signed in",
        "This session is bound to the browser that signed in, and the request does not prove that it comes from there. \
         Sign in again.";
    /// The proof of a bound session's key. Holds what is wrong with it.
    SessionProofInvalid(reason: &'static str) => 400, "invalid_session_proof", "Invalid proof of a session's key",
        format!("{reason} Browsers make such proofs by themselves; docs/sessions.md describes them.");
    /// The answer has the challenge to sign.
    SessionProofNeeded => 403, "session_proof_needed", "Proof of the session's key needed",
        "Sign the challenge in `Secure-Session-Challenge` with the key of the session, and send the proof in \
         `Secure-Session-Response`. Browsers do this by themselves.";
    /// The settings allow the account in sessions only that are bound to a key of the device.
    DeviceBindingRequired => 403, "device_binding_required", "This browser is not bound to the device",
        "This account can be used only in a browser that binds its session to the device, such as a current Chrome or \
         Edge on a computer with a security chip. If this page does not go away, use such a browser.";
    /// The password is right.
    AddressNotConfirmed => 403, "address_not_confirmed", "Address not confirmed",
        "Your address is not confirmed yet. Follow the link in the email we sent you. To get another, use “Forgot your \
         password?”, which confirms the address as well.";
    /// The password is right.
    AccountDisabled => 403, "account_disabled", "Account disabled",
        "This account is disabled. Contact the operators of this site.";
    /// The challenge was answered before or has expired, or the answer is not valid. Does not say which.
    PasskeyRefused => 401, "passkey_refused", "Passkey not accepted",
        "The passkey was not accepted, or it took too long. Try again.";
    /// It was removed, or its account was deleted.
    PasskeyUnknown => 401, "passkey_unknown", "Unknown passkey",
        "This passkey does not belong to any account here. It was probably removed. Sign in another way.";
    /// Holds the name of the scope.
    ScopeMissing(scope: String) => 403, "scope_missing", "Scope missing",
        format!("The token of this call does not have the scope `{scope}`.");
    /// It was proved too long ago in this browser, or with this token.
    ReauthenticationRequired => 403, "reauthentication_required", "Password required again",
        "This action needs your password again, or what your account has instead: see GET reauthenticate. Send it to \
         POST /session/v1/reauthenticate, or with a token to POST /api/v1/reauthenticate, then try again.";
    /// The settings require a second factor or a passkey, and the account has none that this door can ask for.
    FactorSetupRequired => 403, "factor_setup_required", "Second factor required by this site",
        "This site requires a second factor for this account. Sign in on its pages and set one up on the security page, \
         `/account/security`, then try again. At /api/v1 it has to be an authenticator app.";
    /// The settings turn passwords off at the token API. Holds the URL of the authorization endpoint, if there is one.
    LoginDisabled(authorize: Option<String>) => 403, "login_disabled", "Password login disabled", match authorize {
        Some(authorize) => format!(
            "This site takes passwords on its own pages only. Send the person to {authorize}: they sign in there, and \
             your app gets a code for a token. docs/oauth.md shows how. For a script, create a token on the tokens page."
        ),
        None => "This site takes passwords on its own pages only. Create a token on the tokens page.".into(),
    };
    /// The token API allows no page without an origin of its own.
    OriginNull => 403, "origin_null", "Page without an origin",
        "The request came with `Origin: null`: its page was opened from a file, or is in a sandbox. Any page can have this \
         origin, so it can be allowed neither in `cors.allowed_origins` nor in a token. Serve the page over http, on an \
         origin that is listed there.";
    /// The settings or the token do not list the origin that the request names, or it names several.
    OriginNotAllowed => 403, "origin_not_allowed", "Origin not allowed",
        "Neither the setting `cors.allowed_origins` of the site nor the token, if one was sent, lists the origin of \
         the request. Use a token on the origins it was created for, and sign in on the origins of the setting.";
    /// The settings do not list the origin. Holds the origin, as [`crate::http::origin::shown`] shows it.
    OriginNotListed(origin: String) => 403, "origin_not_allowed", "Origin not allowed",
        format!(
            "The origin {origin} is not in the setting `cors.allowed_origins` of this site. If the page is yours, add \
             its origin there, exactly as a browser sends it; or use a token that was created for this origin. Signing \
             in with a password always needs the setting."
        );
    /// The token is limited to other origins. Holds what the request says of its origin.
    OriginNotOfToken(origin: String) => 403, "origin_not_allowed", "Origin not allowed",
        format!(
            "This token works only from the origins it was created for, and {origin}. Create one for this origin, or \
             one without origins, which works from those in the setting `cors.allowed_origins` and outside of browsers."
        );
    /// Refused by the same-origin guard.
    CrossOriginRequest => 403, "cross_origin_request", "Cross-origin request refused",
        "The request came from another origin, and only pages of this site may make it. Clients on other origins use \
         /api/v1 with a token.";
    /// Refused by the same-origin guard. Holds the headers that say where the request came from.
    CrossSite(headers: String) => 403, "cross_origin_request", "Cross-origin request refused",
        format!(
            "Only pages of this site may make this request, and it came with {headers}. On another origin, use \
             /api/v1 with a token, or let a proxy serve the page and this site on one origin. A script sends neither \
             header, and uses /api/v1 with a token."
        );
    /// Refused by the same-origin guard, perhaps because `server.public_url` is wrong. Holds the headers that say where
    /// the request came from, the origin that the browser names and the one of the settings.
    OtherPublicUrl { headers: String, seen: String, ours: String }
        => 403, "cross_origin_request", "Cross-origin request refused",
        format!(
            "The request came with {headers}, but the address of this site is {ours}. If people open the site at \
             {seen}, the operator has to set `server.public_url` to it. Clients on other origins use /api/v1 with a \
             token, or a proxy that serves the page and this site on one origin."
        );
    /// A path of a JSON mount that no route has. Holds the path that was perhaps meant.
    RouteNotFound(nearest: Option<String>) => 404, "route_not_found", "No such path",
        format!(
            "There is no such path.{} /api/docs shows all of them, and `openapi.json` next to the paths of this version \
             lists them. None ends with a slash.",
            nearest.as_ref().map(|path| format!(" Did you mean {path}?")).unwrap_or_default(),
        );
    /// Also for resources of another account.
    NotFound => 404, "not_found", "Not found", "There is nothing here, or you do not have access to it.";
    MethodNotAllowed => 405, "method_not_allowed", "Method not allowed",
        "This method is not allowed here. The Allow header lists the methods that are.";
    /// The client does not accept JSON, or the stream of events.
    NotAcceptable => 406, "not_acceptable", "Not acceptable",
        "Responses are JSON, and that of `GET events` is `text/event-stream`. Send an Accept header that allows it, or no \
         Accept header.";
    /// The body did not arrive in time (RFC 9110 section 15.5.9).
    RequestTimeout => 408, "request_timeout", "Request timeout",
        "The request body took too long to arrive. Send it again.";
    /// The page was made for another account than the one that is signed in now.
    AccountChanged => 409, "account_changed", "Another account is signed in",
        "This page was opened with another account. Copy what you wrote, then reload the page.";
    /// It conflicts with something that exists already. Holds the detail.
    Conflict(detail: &'static str) => 409, "conflict", "Conflict", *detail;
    /// The resource has another version than the request expects. Holds the version that it has.
    PreconditionFailed(_version: i64) => 412, "precondition_failed", "Changed in the meantime",
        "It was changed since you read it. Read it again, then repeat the change.";
    /// More than the limit of the route.
    BodyTooLarge => 413, "body_too_large", "Body too large", "The request body is larger than this address accepts.";
    /// The body is not labelled as what the route reads.
    UnsupportedMediaType => 415, "unsupported_media_type", "Unsupported media type",
        "Send the body as `Content-Type: application/json`.";
    /// Not JSON, or not a valid HTTP request. Holds the detail.
    InvalidBody(detail: String) => 400, "invalid_body", "Invalid request", detail.clone();
    /// A request for a host that this server does not serve. Holds the host.
    Misdirected(host: String) => 421, "misdirected_request", "Misdirected request",
        format!(
            "This server does not serve the host {host}. If it should, the operator has to add it to the setting \
             `server.hosts`, or set `server.public_url` to it."
        );
    /// An `Idempotency-Key` that was sent with a different request before.
    KeyReused => 422, "idempotency_key_reused", "Idempotency key reused",
        "This Idempotency-Key was sent with a different request before. Use a new key for a new request.";
    /// Holds what is wrong with each field.
    Validation(errors: Vec<FieldError>) => 422, "validation_failed", "Validation failed", match errors.as_slice() {
        [only] => format!("{}: {}", only.field, only.message),
        _ => "Some fields are invalid; see `errors`.".into(),
    };
    /// Holds the limit, whether all that comes from the network of the client is what is counted, and the seconds after
    /// which another attempt is allowed.
    RateLimited { limit: Limit, network: bool, seconds: u32 } => 429, "rate_limited", "Too many requests",
        format!("{} Try again in {}.", limit.reason(*network), in_words(*seconds));
    /// The account has as many event streams open as it may have. Holds that number.
    TooManyStreams(number: u32) => 429, "too_many_streams", "Too many event streams",
        format!(
            "This account has {number} event streams open, and may have no more. Close one, or try again later."
        );
    /// The database or the password hashing is busy or down. Holds the reason, for the log only.
    Unavailable(_reason: String) => 503, "unavailable", "Temporarily unavailable",
        "The server is too busy. Try again in a moment.";
    /// A fault of the server. Holds the reason, for the log only.
    Internal(_reason: String) => 500, "internal", "Internal error",
        "Something went wrong on our side. The error is logged with this request id.";
}

impl Problem {
    /// A validation problem with one `message` about one `field`.
    pub fn field(field: &str, message: &str) -> Self {
        FieldError::new(field, message).into()
    }

    /// `value`, unless there are `errors`.
    ///
    /// # Errors
    /// [`Problem::Validation`]
    pub fn unless<T>(errors: Vec<FieldError>, value: T) -> Result<T, Self> {
        if errors.is_empty() { Ok(value) } else { Err(Self::Validation(errors)) }
    }

    /// The refusal by `limit`, after which another attempt is allowed in so many seconds. It is counted.
    pub fn rate_limited(limit: Limit, seconds: u32) -> Self {
        Self::rate_limited_by(limit, false, seconds)
    }

    /// The same, by what comes from the network of the client if `network` is true.
    pub fn rate_limited_by(limit: Limit, network: bool, seconds: u32) -> Self {
        limit::REFUSED.count(limit as usize);
        Self::RateLimited { limit, network, seconds }
    }

    /// What is wrong with each field, for [`Problem::Validation`].
    pub fn errors(&self) -> &[FieldError] {
        match self {
            Self::Validation(errors) => errors,
            _ => &[],
        }
    }

    /// The limit that was met, for [`Problem::RateLimited`].
    pub fn limit(&self) -> Option<Limit> {
        match self {
            Self::RateLimited { limit, .. } => Some(*limit),
            _ => None,
        }
    }

    /// The handle of the sign-in that waits for a second factor, for [`Problem::SecondFactorRequired`].
    pub fn pending(&self) -> Option<&str> {
        match self {
            Self::SecondFactorRequired { pending, .. } => pending.as_ref().map(Secret::reveal),
            _ => None,
        }
    }

    /// The steps of which one comes next, for [`Problem::SecondFactorRequired`].
    pub fn next_steps(&self) -> &[&'static str] {
        match self {
            Self::SecondFactorRequired { next, .. } => next,
            _ => &[],
        }
    }

    /// The page of the documentation that says more, where a sentence is too short for it.
    pub fn page(&self) -> Option<&'static str> {
        match self {
            Self::CookieAtTokenDoor | Self::CredentialedCors | Self::TokenAtSessionDoor | Self::OriginNull => {
                Some("docs/clients.md")
            }
            Self::TokenBound | Self::TokenNotBound | Self::DpopProofInvalid(_) | Self::DpopNonceNeeded(_) => {
                Some("docs/dpop.md")
            }
            Self::LoginDisabled(_) => Some("docs/oauth.md"),
            _ => None,
        }
    }

    /// The seconds after which another attempt may succeed (RFC 9110 section 10.2.3).
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::RateLimited { seconds, .. } => Some(*seconds),
            Self::TooManyStreams(_) => Some(60),
            Self::Unavailable(_) => Some(2),
            _ => None,
        }
    }

    /// The version that the resource has, for [`Problem::PreconditionFailed`].
    pub fn version(&self) -> Option<i64> {
        match self {
            Self::PreconditionFailed(version) => Some(*version),
            _ => None,
        }
    }
}

/// For the log: the code, and the reason that clients are not told.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        match self {
            Self::Unavailable(reason) | Self::Internal(reason) => write!(f, ": {reason}"),
            // It may quote what was sent.
            Self::Validation(_) => Ok(()),
            _ => write!(f, ": {}", self.detail()),
        }
    }
}

impl std::error::Error for Problem {}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self::Validation(vec![error])
    }
}

/// A time to wait, for people, rounded up.
fn in_words(seconds: u32) -> String {
    let (number, unit) = if seconds <= 90 { (seconds, "second") } else { (seconds.div_ceil(60), "minute") };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
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
