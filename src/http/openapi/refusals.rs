//! What a handler may refuse, by the part of the request that is at fault. Status, code, headers and example come from
//! [`Problem`], so each is written once.
//!
//! An operation lists only one of these for each status: a second one would replace the first.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderValue, header};
use utoipa::{
    IntoResponses,
    openapi::{Content, Header, RefOr, Response, ResponseBuilder, content::ContentBuilder, example::ExampleBuilder},
};

use crate::{
    http::{
        conditional::Conditions,
        extract::not_json_at,
        problem::{Details, FieldError, Limit, MEDIA_TYPE, Problem, describe},
        request_id::RequestId,
    },
    secret::Secret,
};

/// The request id in examples.
const REQUEST_ID: &str = "019526de6c0071f0a1b2c3d4e5f60718";
/// The handle of a pending sign-in in examples.
const PENDING: &str = "pending_000000000000000000000000000000001k5k96";

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident => $problems:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                described(&$problems)
            }
        }
    )+};
}

refusals! {
    /// By [`crate::http::extract::Body`] and the rules for its members.
    BodyRefused => [not_json(), Problem::BodyTooLarge, Problem::UnsupportedMediaType, invalid()];
    /// By [`crate::http::extract::Query`] and the rules for its members.
    QueryRefused => [out_of_range()];
    /// For an id in the path that does not exist.
    NotFound => [Problem::NotFound];
    /// By `If-Match`.
    Stale => [Problem::PreconditionFailed(2)];
    /// By `If-Match` and `If-None-Match`, of an operation that takes no body. [`BodyRefused`] has this status as well.
    TagRefused => [no_tag()];
    /// Like [`BodyRefused`], for a request that takes an `Idempotency-Key`.
    IdempotentBodyRefused => [
        not_json(),
        Problem::BodyTooLarge,
        Problem::UnsupportedMediaType,
        invalid(),
        Problem::KeyReused,
        Problem::Conflict("Another request with this Idempotency-Key is still in progress.")
    ];
    /// When a limit on the number of event streams is reached.
    TooManyStreams => [Problem::TooManyStreams(10)];
    /// When a limit on the number of tokens is reached.
    Full => [Problem::Conflict("The account has the maximum number of tokens.")];
    /// When a limit on the number of passkeys is reached, or on how often somebody tries.
    PasskeysFull => [
        Problem::Conflict("The account has the maximum number of passkeys. Remove one first."),
        limited(Limit::Passkey)
    ];
    /// Where the last way to sign in to an account would be removed.
    LastWayIn => [Problem::Conflict(
        "This passkey is the only way to sign in to the account. Set a password or add another passkey first."
    )];
    /// By the check of a passkey.
    PasskeyRefused => [
        Problem::PasskeyRefused,
        Problem::PasskeyUnknown,
        Problem::AddressNotConfirmed,
        Problem::AccountDisabled
    ];
    /// When a limit on attempts with a passkey is reached.
    PasskeysLimited => [limited(Limit::Passkey)];
    /// Where a token with a fixed end cannot be renewed.
    FixedEnd => [Problem::Conflict("This token has a fixed end, so it cannot be renewed.")];
    /// Where the body holds the account's password, to prove who sends it.
    PasswordProofRefused => [Problem::ReauthenticationRequired, no_passwords(), limited(Limit::Password)];
    /// Where the password is given again.
    ReauthenticationRefused => [
        Problem::InvalidCredentials,
        no_passwords(),
        limited(Limit::Password),
        limited(Limit::Code)
    ];
    /// Where the password is needed again.
    ReauthenticationRequired => [Problem::ReauthenticationRequired];
    /// Where requests need no credential, from any origin.
    CountedByAddress => [limited(Limit::Address)];
    /// Where requests need no credential: their rate is limited, and so are their origins.
    UnauthenticatedRefused => [Problem::OriginNotAllowed, Problem::OriginNull, limited(Limit::Address)];
    /// By the check of a password.
    PasswordRefused => [
        Problem::InvalidCredentials,
        Problem::SecondFactorRequired { pending: None, next: steps() },
        Problem::AddressNotConfirmed,
        Problem::AccountDisabled,
        limited(Limit::Password)
    ];
    /// Like [`PasswordRefused`], for the token API, where the settings may turn passwords off.
    LoginRefused => [
        no_proof(),
        nonce_needed(),
        Problem::InvalidCredentials,
        Problem::SecondFactorRequired { pending: Secret::parse("pending", PENDING), next: steps() },
        no_passwords(),
        Problem::OriginNotAllowed,
        Problem::OriginNull,
        Problem::FactorSetupRequired,
        Problem::AddressNotConfirmed,
        Problem::AccountDisabled,
        limited(Limit::Password)
    ];
    /// Where the new token may be bound to a key.
    ProofRefused => [no_proof(), nonce_needed()];
    /// Where somebody asks for a code by mail.
    CodeAskRefused => [limited(Limit::Mail)];
    /// Like [`CodeAskRefused`], for the token API.
    TokenCodeAskRefused => [
        no_passwords(),
        Problem::OriginNotAllowed,
        Problem::OriginNull,
        limited(Limit::Mail)
    ];
    /// Where somebody signs in with a code by mail.
    CodeRefused => [
        Problem::SignInExpired,
        Problem::SecondFactorRequired { pending: None, next: steps() },
        Problem::AddressNotConfirmed,
        Problem::AccountDisabled,
        limited(Limit::Code)
    ];
    /// Like [`CodeRefused`], for the token API.
    TokenCodeRefused => [
        Problem::SignInExpired,
        Problem::SecondFactorRequired { pending: Secret::parse("pending", PENDING), next: steps() },
        no_passwords(),
        Problem::OriginNotAllowed,
        Problem::OriginNull,
        Problem::FactorSetupRequired,
        Problem::AddressNotConfirmed,
        Problem::AccountDisabled,
        limited(Limit::Code)
    ];
    /// By a step of a sign-in after the first.
    StepRefused => [
        Problem::SignInExpired,
        Problem::AddressNotConfirmed,
        Problem::AccountDisabled,
        limited(Limit::Code)
    ];
    /// Like [`StepRefused`], for the token API.
    TokenStepRefused => [
        Problem::SignInExpired,
        no_passwords(),
        Problem::OriginNotAllowed,
        Problem::OriginNull,
        Problem::AddressNotConfirmed,
        Problem::AccountDisabled,
        limited(Limit::Code)
    ];
}

/// The responses to `problems`, by status, each with an example for every code.
pub fn described(problems: &[Problem]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status = BTreeMap::<_, Vec<_>>::new();
    for problem in problems {
        by_status.entry(problem.status().as_str().to_owned()).or_default().push(problem);
    }
    by_status.into_iter().map(|(status, problems)| (status, response(&problems).into())).collect()
}

fn response(problems: &[&Problem]) -> Response {
    let titles: Vec<_> = problems.iter().map(|problem| problem.title()).collect();
    let mut response =
        ResponseBuilder::new().description(format!("{}.", titles.join(", or "))).content(MEDIA_TYPE, content(problems));
    if problems.iter().any(|problem| problem.challenge().is_some()) {
        response = response.header("WWW-Authenticate", Header::default());
    }
    if problems.iter().any(|problem| problem.dpop_nonce().is_some()) {
        response = response.header("DPoP-Nonce", Header::default());
    }
    if problems.iter().any(|problem| problem.retry_after().is_some()) {
        response = response.header("Retry-After", Header::default());
    }
    if problems.iter().any(|problem| problem.version().is_some()) {
        response = response.header("ETag", Header::default());
    }
    response.build()
}

fn content(problems: &[&Problem]) -> Content {
    let example = |problem: &&Problem| {
        let details = Details { request_id: REQUEST_ID.into(), ..describe(problem, &RequestId::default()) };
        let example = ExampleBuilder::new().summary(problem.title()).value(serde_json::to_value(details).ok());
        (problem.code(), example.build())
    };
    ContentBuilder::new().examples_from_iter(problems.iter().map(example)).build()
}

/// The proof of a key that is missing.
pub fn no_proof() -> Problem {
    Problem::DpopProofInvalid("The request has no `DPoP` header.".into())
}

/// A proof without a nonce.
pub fn nonce_needed() -> Problem {
    Problem::DpopNonceNeeded("Zm9yIGV4YW1wbGUgb25seSEh".into())
}

/// No passwords at the token API.
fn no_passwords() -> Problem {
    Problem::LoginDisabled(Some("https://vestibule.example/authorize".into()))
}

fn not_json() -> Problem {
    not_json_at(1, 15)
}

fn no_tag() -> Problem {
    let mut headers = HeaderMap::new();
    headers.insert(header::IF_MATCH, HeaderValue::from_static("3"));
    Conditions::of(&headers).err().unwrap_or_else(not_json)
}

fn invalid() -> Problem {
    FieldError::required("name", "Enter a name.").into()
}

fn out_of_range() -> Problem {
    FieldError::out_of_range("limit", "Enter a number from 1 to 100.", 1, 100).into()
}

fn steps() -> Vec<&'static str> {
    vec!["totp", "recovery_code"]
}

fn limited(limit: Limit) -> Problem {
    Problem::RateLimited { limit, network: false, seconds: 30 }
}
