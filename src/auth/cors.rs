//! CORS for the token door (Fetch, "CORS protocol"): which pages on other origins can read its answers.
//!
//! Origins are allowed in two places: in the settings, for every token, and in each token, for that token only.
//!
//! **A preflight** carries no token, so it allows the origins of the settings and of all tokens, active or not (a page
//! should be able to read that its token has expired). An origin that is not in the settings costs one query on an
//! index of the tokens with origins. It is rate limited by address like a call without a token, and browsers cache the
//! answer for two hours.
//!
//! **The call itself** is decided by its token: [`AllowedOrigins::check`] refuses a call from an origin that is neither
//! in the settings nor in this token, so passing the preflight because of another token gains nothing. Without a valid
//! token, an allowed origin can only read the error.
//!
//! **Calls with a password** or with any person's token (`login` and `tokens/report`) obey the same rule as a token
//! without origins: no origin, our own, or one of the settings, and never two (S70). They have no token that could name
//! another. Otherwise anybody with an account could make visitors' browsers try passwords.
//!
//! **Calls of applications** to the endpoints of OAuth obey the settings too, or the origin belongs to an application
//! that somebody registered: they take codes and refresh tokens, and no password. Which application that is, the
//! endpoint compares. The token that an application gets works from its origins, and also as one without origins does:
//! a server sends none.
//!
//! **A refused origin** is logged once, with the setting to change: a browser tells its page nothing, and a page cannot
//! read the answer.
//!
//! There is no `Allow-Credentials`: the door reads no cookies, so sending them gains a page nothing (S14). The origin
//! `null` is never allowed, since any page can have it. Methods and headers are listed by name; `*` would not cover
//! `Authorization`.

mod rule;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use tower_http::cors::{Any, CorsLayer};

use self::rule::Rule;
use crate::{
    auth::{
        IssuedBy, Token,
        rate_limit::requests::{Limits, RequestAuthInfo},
        refused_origins::{RefusedOrigins, near_miss},
    },
    db::{Db, fetch},
    http::{client::Client, origin::shown, problem::Problem},
    settings::{Settings, check_origin},
    timestamp::Timestamp,
};

const METHODS: &str = "GET, HEAD, POST, PATCH, DELETE";
/// The headers that the API reads, and those that tracing tools add to every call; without those, the preflight would
/// fail.
const HEADERS: &str = "authorization, baggage, content-type, dpop, idempotency-key, if-match, if-none-match, \
                       last-event-id, sentry-trace, traceparent, tracestate, x-request-id";
const EXPOSED: &str = "allow, date, deprecation, dpop-nonce, etag, idempotent-replayed, link, location, ratelimit, \
                       ratelimit-policy, retry-after, sunset, www-authenticate, x-request-id";
/// Two hours, the longest time Chromium caches a preflight.
const MAX_AGE: &str = "7200";

/// The `Vary` headers: the first for every response, the others for preflights only.
const VARY: [HeaderName; 3] =
    [header::ORIGIN, header::ACCESS_CONTROL_REQUEST_METHOD, header::ACCESS_CONTROL_REQUEST_HEADERS];

/// The origins that the settings allow.
#[derive(Clone, Debug)]
pub struct AllowedOrigins {
    own: HeaderValue,
    listed: Arc<[HeaderValue]>,
}

impl AllowedOrigins {
    /// Reads the origins from `settings`.
    ///
    /// # Errors
    /// If the site's own origin is not a valid header value.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let own = HeaderValue::from_str(&settings.origin()).map_err(|error| error.to_string())?;
        Ok(Self { own, listed: settings.allowed_origins().into() })
    }

    fn lists(&self, origin: &HeaderValue) -> bool {
        self.listed.contains(origin)
    }

    /// Whether `origin` is our own or one that the settings allow.
    fn knows(&self, origin: &HeaderValue) -> bool {
        *origin == self.own || self.lists(origin)
    }

    /// Checks whether a request with these headers has no origin, our own, or one that the settings allow.
    ///
    /// # Errors
    /// [`Problem::OriginNotListed`]; [`Problem::OriginNull`]; [`Problem::OriginNotAllowed`] if it has several.
    fn check_settings(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let mut given = headers.get_all(header::ORIGIN).iter();
        match (given.next(), given.next()) {
            (Some(_), Some(_)) => Err(Problem::OriginNotAllowed),
            (Some(origin), None) if origin == "null" => Err(Problem::OriginNull),
            (Some(origin), None) if !self.knows(origin) => Err(Problem::OriginNotListed(shown(origin))),
            _ => Ok(()),
        }
    }

    /// Whether a request with these headers comes from a page on another origin than ours.
    pub fn are_foreign(&self, headers: &HeaderMap) -> bool {
        headers.get_all(header::ORIGIN).iter().any(|origin| *origin != self.own)
    }

    /// Whether a request with these headers has no origin, our own, or one that the settings allow.
    pub fn are_known(&self, headers: &HeaderMap) -> bool {
        self.check_settings(headers).is_ok()
    }

    /// Checks whether a request with these headers can use `token`.
    ///
    /// A token with origins works only from those: not without an origin, and not from other origins in the settings.
    /// That of an application works from there as well. Any other token works without an origin, from our own origin,
    /// and from the origins in the settings.
    ///
    /// # Errors
    /// [`Problem::OriginNotListed`] or [`Problem::OriginNotOfToken`]; [`Problem::OriginNull`];
    /// [`Problem::OriginNotAllowed`] if it has several.
    pub fn check(&self, token: &Token, headers: &HeaderMap) -> Result<(), Problem> {
        if token.origins.is_empty() {
            return self.check_settings(headers);
        }
        if token.issued_by == IssuedBy::Client && self.are_known(headers) {
            return Ok(());
        }
        let mut given = headers.get_all(header::ORIGIN).iter();
        match (given.next(), given.next()) {
            (None, _) => Err(Problem::OriginNotOfToken("the request names none".into())),
            (Some(origin), None) if origin == "null" => Err(Problem::OriginNull),
            (Some(origin), None) if token_allows(token, origin) => Ok(()),
            (Some(origin), None) => Err(Problem::OriginNotOfToken(format!("the request comes from {}", shown(origin)))),
            (Some(_), Some(_)) => Err(Problem::OriginNotAllowed),
        }
    }

    /// What a developer whose page is at `origin` has to change, for the log. `origin` is what [`shown`] makes of it.
    fn advice(&self, origin: &str) -> String {
        let listed: Vec<_> = self.listed.iter().filter_map(|origin| origin.to_str().ok()).collect();
        let own = self.own.to_str().unwrap_or_default();
        let near = near_miss(origin, listed.iter().copied().chain([own]));
        let near = near.map(|near| format!(" ({near})")).unwrap_or_default();
        let now = if listed.is_empty() { "no origin".into() } else { listed.join(", ") };
        if origin == "null" {
            return format!(
                "pages opened from a file or in a sandbox have it, and it cannot be allowed; serve the page over http \
                 and add its origin to cors.allowed_origins (now: {now})"
            );
        }
        match check_origin(origin) {
            Ok(()) => format!("if the page is yours, add {origin} to cors.allowed_origins (now: {now}){near}"),
            Err(why) => format!("{why}; cors.allowed_origins is now: {now}{near}"),
        }
    }
}

/// Whether `origin` is one of the token's origins.
pub fn token_allows(token: &Token, origin: &HeaderValue) -> bool {
    token.origins.iter().any(|named| named == origin)
}

/// The state of the middleware.
#[derive(Clone, Debug)]
pub struct Cors {
    /// The origins that the settings allow.
    pub origins: AllowedOrigins,
    /// The rate limits, for preflights from other origins.
    pub limits: Limits,
    /// The database with the tokens.
    pub db: Db,
    /// Origins that were recently found in a token.
    pub recent: RecentOrigins,
    /// Origins whose refusal was logged.
    pub refused: RefusedOrigins,
}

/// Origins that were found in a token within the last minute, at most a thousand. They can read error responses;
/// whether a call is allowed is decided anew each time.
#[derive(Clone, Debug, Default)]
pub struct RecentOrigins(Arc<Mutex<HashMap<HeaderValue, Timestamp>>>);

impl RecentOrigins {
    const LASTS: time::Duration = time::Duration::minutes(1);
    const KEPT: usize = 1_000;

    fn has(&self, origin: &HeaderValue, now: Timestamp) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(origin).is_some_and(|since| (now - *since).abs() < Self::LASTS)
    }

    fn put(&self, origin: &HeaderValue, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= Self::KEPT {
            known.clear();
        }
        known.insert(origin.clone(), now);
    }
}

impl Cors {
    /// Whether any token has this `origin`.
    async fn union_has(&self, origin: &HeaderValue) -> sqlx::Result<bool> {
        const SQLITE: &str =
            "SELECT 1 FROM tokens WHERE origins <> '' AND instr(' ' || origins || ' ', $1) > 0 LIMIT 1";
        const POSTGRES: &str =
            "SELECT 1 FROM tokens WHERE origins <> '' AND strpos(' ' || origins || ' ', $1) > 0 LIMIT 1";
        let Some(origin) = origin.to_str().ok().filter(|origin| check_origin(origin).is_ok()) else {
            return Ok(false);
        };
        let found: Option<(i32,)> =
            fetch!(self.db, optional, self.db.dialect(SQLITE, POSTGRES), format!(" {origin} "))?;
        Ok(found.is_some())
    }

    /// Like [`Self::union_has`], rate limited, for requests without a token.
    async fn some_token_names(&self, origin: &HeaderValue, client: &Client) -> Result<bool, Problem> {
        self.limits.check_address(client, self.db.now())?;
        Ok(self.union_has(origin).await?)
    }

    /// Whether the page of a registered application may have `origin`, rate limited.
    async fn some_client_has(&self, origin: &HeaderValue, client: &Client) -> Result<bool, Problem> {
        const SQLITE: &str =
            "SELECT 1 FROM oauth_clients WHERE origins <> '' AND instr(' ' || origins || ' ', $1) > 0 LIMIT 1";
        const POSTGRES: &str =
            "SELECT 1 FROM oauth_clients WHERE origins <> '' AND strpos(' ' || origins || ' ', $1) > 0 LIMIT 1";
        let Some(origin) = origin.to_str().ok().filter(|origin| check_origin(origin).is_ok()) else {
            return Ok(false);
        };
        self.limits.check_address(client, self.db.now())?;
        let found: Option<(i32,)> =
            fetch!(self.db, optional, self.db.dialect(SQLITE, POSTGRES), format!(" {origin} "))?;
        Ok(found.is_some())
    }

    /// Whether a page on the one origin that `headers` name may call the endpoints of OAuth.
    async fn check_client(&self, headers: &HeaderMap, client: &Client) -> Result<(), Problem> {
        match (self.origins.check_settings(headers), headers.get(header::ORIGIN)) {
            (Err(Problem::OriginNotListed(_)), Some(origin)) if self.some_client_has(origin, client).await? => Ok(()),
            (checked, _) => checked,
        }
    }

    /// Answers a preflight.
    async fn preflight(&self, origin: &HeaderValue, client: &Client, rule: Rule) -> Response {
        let allowed = match rule {
            _ if self.origins.lists(origin) => Ok(true),
            Rule::Settings => Ok(false),
            Rule::Clients => self.some_client_has(origin, client).await,
            Rule::Tokens => self.some_token_names(origin, client).await,
        };
        let allowed = match allowed {
            Ok(allowed) => allowed,
            Err(problem) => return problem.into_response(),
        };
        let headers = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
        ];
        let mut response = (StatusCode::NO_CONTENT, headers).into_response();
        if allowed {
            response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        } else {
            self.log_refused(origin);
        }
        response
    }

    /// Logs, once for each origin, why a page on `origin` cannot read an answer.
    fn log_refused(&self, origin: &HeaderValue) {
        let shown = shown(origin);
        if !self.origins.knows(origin) && self.refused.is_new(&shown) {
            let advice = self.origins.advice(&shown);
            tracing::warn!(event = "origin_refused", "pages on the origin {shown} cannot read /api/v1: {advice}");
        }
    }

    /// Whether a page on `origin` can read a response with `status`. A database query counts against the address's rate
    /// limit; once that is used up, only recently seen origins can still read responses.
    async fn lets_read(
        &self,
        origin: &HeaderValue,
        status: StatusCode,
        client: &Client,
        auth_info: &RequestAuthInfo,
    ) -> bool {
        if self.origins.lists(origin) {
            return true;
        }
        match auth_info.token_names_page() {
            Some(named) => {
                if named {
                    self.recent.put(origin, self.db.now());
                } else {
                    self.log_refused(origin);
                }
                named
            }
            None if status.is_client_error() || status.is_server_error() => {
                let now = self.db.now();
                if self.recent.has(origin, now) {
                    return true;
                }
                let paid = match auth_info.was_admitted() {
                    Some(admitted) => admitted,
                    None => self.limits.check_address(client, now).is_ok(),
                };
                let named = paid
                    && self.union_has(origin).await.unwrap_or_else(|error| {
                        tracing::debug!(%error, "could not query the origins of tokens");
                        false
                    });
                if named {
                    self.recent.put(origin, now);
                } else if paid {
                    self.log_refused(origin);
                }
                named
            }
            None => {
                self.log_refused(origin);
                false
            }
        }
    }
}

/// Middleware outside everything else of the door, so that preflights need no token and pages can read errors too.
pub async fn layer(State(cors): State<Cors>, mut request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let asked =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let path = request.uri().path();
    let below = path.strip_prefix("/api").unwrap_or(path);
    let rule = Rule::of(below);
    let client = Client::of(request.headers(), request.extensions());
    let refused = match rule {
        Rule::Settings => cors.origins.check_settings(request.headers()).err(),
        Rule::Clients if !asked => cors.check_client(request.headers(), &client).await.err(),
        Rule::Clients | Rule::Tokens => None,
    };
    let mut response = match (&origin, refused) {
        (Some(origin), _) if asked => cors.preflight(origin, &client, rule).await,
        (Some(origin), Some(problem)) => {
            cors.log_refused(origin);
            problem.into_response()
        }
        _ => {
            let auth_info = RequestAuthInfo::default();
            request.extensions_mut().insert(auth_info.clone());
            let mut response = next.run(request).await;
            if let Some(origin) = origin
                && (rule == Rule::Clients || cors.lets_read(&origin, response.status(), &client, &auth_info).await)
            {
                let headers = response.headers_mut();
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
            }
            response
        }
    };
    for name in if asked { &VARY[..] } else { &VARY[..1] } {
        response.headers_mut().append(header::VARY, HeaderValue::from(name.clone()));
    }
    response
}

/// CORS for public resources: every page can read them.
pub fn open() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers([header::IF_NONE_MATCH])
        .expose_headers([header::ETAG, HeaderName::from_static("x-request-id")])
        .max_age(Duration::from_secs(2 * 60 * 60))
}
