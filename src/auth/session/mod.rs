//! The session door: authentication by the session cookie.

mod backend;
mod store;

use std::fmt;

use axum::{
    extract::{Request, State},
    http::{Extensions, HeaderMap, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_login::{
    AuthManagerLayer, AuthManagerLayerBuilder,
    tower_sessions::{Expiry, Session, SessionManagerLayer, cookie::SameSite},
};
use time::Duration;

use self::backend::Turn;
pub use self::{
    backend::{Backend, CurrentSession},
    store::{HashedSessions, delete_expired},
};
use super::{
    Caller, Credential,
    device_bound::{self, DeviceBound, Standing, Unproven},
};
use crate::{
    db::{Db, execute},
    http::{client::Client, cookie::SessionCookie, problem::Problem},
    settings::Sessions,
    timestamp::Timestamp,
};

/// The session of a browser, from axum-login.
pub type AuthSession = axum_login::AuthSession<Backend>;

/// The layer that turns the cookie into an [`AuthSession`]. It writes nothing for visitors who are not signed in, nor
/// for reads (S7).
///
/// A session record without an expiry of its own is kept for 14 days, longer than such a session lasts.
pub fn layer(db: &Db, sessions: HashedSessions, cookie: SessionCookie) -> AuthManagerLayer<Backend, HashedSessions> {
    layer_below(db, sessions, cookie, "/")
}

/// The same for a cookie that browsers send to the paths below `path` only.
pub fn layer_below(
    db: &Db,
    sessions: HashedSessions,
    cookie: SessionCookie,
    path: &'static str,
) -> AuthManagerLayer<Backend, HashedSessions> {
    let sessions = SessionManagerLayer::new(sessions)
        .with_name(cookie.name)
        .with_secure(cookie.secure)
        .with_http_only(true)
        // Lax, not Strict, so that people who follow a link in an email are signed in (T12). The same-origin guard does
        // the rest.
        .with_same_site(SameSite::Lax)
        .with_path(path)
        .with_expiry(Expiry::OnSessionEnd);
    AuthManagerLayerBuilder::new(Backend::new(db), sessions).with_data_key(store::DATA_KEY).build()
}

/// Middleware around the auth layer: if that could not query the database, answers 503 and keeps the cookie (S51).
pub async fn unavailable_if_unknown(request: Request, next: Next) -> Response {
    let mut response = backend::with_one_lookup(next.run(request)).await;
    if let Some(Failed(status)) = response.extensions_mut().remove() {
        *response.status_mut() = status;
        return response;
    }
    let from_the_layer = response.status() == StatusCode::INTERNAL_SERVER_ERROR
        && response.extensions().get::<Problem>().is_none()
        && response.headers().is_empty();
    if from_the_layer {
        return Problem::Unavailable("the session could not be loaded".into()).into_response();
    }
    response
}

/// The status of a failed response, hidden from the session layer.
#[derive(Clone, Copy, Debug)]
struct Failed(StatusCode);

/// What [`around_handler`] works with.
#[derive(Clone, Debug)]
pub struct AroundHandler {
    /// Stores when browsers were last seen.
    pub last_seen: LastSeen,
    /// Binds sessions to keys.
    pub device_bound: DeviceBound,
}

/// Middleware inside the auth layer, around every handler: deletes an ended session, asks a bound one for its key (S84),
/// stores that the others were used, and keeps a session that the handler changed from being saved if the response is a
/// server error.
pub async fn around_handler(State(around): State<AroundHandler>, mut request: Request, next: Next) -> Response {
    let Some(auth) = request.extensions().get::<AuthSession>() else { return next.run(request).await };
    let session = auth.session.clone();
    let short_cookie = around.device_bound.is_shown(request.headers());
    match &auth.user {
        Some(signed_in) => {
            let (id, bound_at) = (signed_in.id, signed_in.bound_at);
            tracing::Span::current().record("account", tracing::field::display(signed_in.account.id));
            match around.device_bound.standing(id, bound_at, request.headers()).await {
                Ok(Standing::Unbound) => around.last_seen.spawn_touch(signed_in, &request),
                Ok(Standing::Proven { until, first }) => {
                    around.last_seen.spawn_touch(signed_in, &request);
                    if first {
                        around.device_bound.spawn_bind(id);
                    }
                    proven(&mut request, until);
                }
                Ok(Standing::Unproven) => unproven(&mut request),
                Err(problem) => return problem.into_response(),
            }
        }
        None => forget_ended(&session).await,
    }
    let mut response = next.run(request).await;
    if !response.status().is_server_error() {
        around.tell_browser(response.headers_mut(), short_cookie).await;
    }
    let status = response.status();
    // The layer saves no session and sets no cookie if the response is a server error. A browser that just got a new
    // session id has lost the old one by then, so an error would sign it out. `unavailable_if_unknown` restores it.
    if status.is_server_error() && session.is_modified() {
        response.extensions_mut().insert(Failed(status));
        *response.status_mut() = StatusCode::OK;
    }
    response
}

/// The session of `request` is bound, and the request proves its key.
fn proven(request: &mut Request, until: Timestamp) {
    let auth = request.extensions_mut().get_mut::<AuthSession>();
    if let Some(signed_in) = auth.and_then(|auth| auth.user.as_mut()) {
        signed_in.proven_until = Some(until);
        // If it is not stored yet, it will be soon.
        signed_in.bound_at.get_or_insert(signed_in.last_seen_at);
    }
}

/// The session of `request` is bound, and the request does not prove its key: nobody is signed in. The session stays,
/// since its browser may prove the key with the next request.
fn unproven(request: &mut Request) {
    if let Some(auth) = request.extensions_mut().get_mut::<AuthSession>() {
        auth.user = None;
    }
    request.extensions_mut().insert(Unproven);
}

impl AroundHandler {
    /// Offers the browser a key for a session that has just begun, or removes the short cookie of one that has ended, if
    /// the browser has it.
    async fn tell_browser(&self, headers: &mut HeaderMap, short_cookie: bool) {
        match backend::take_turn() {
            Turn::Begun(session, false) => match self.device_bound.offer(session).await {
                Ok(Some(offer)) => drop(headers.insert(&device_bound::REGISTRATION, offer)),
                Ok(None) => {}
                // The person is signed in, and the session is not bound.
                Err(problem) => tracing::warn!(%problem, "binding the session is not offered"),
            },
            Turn::Ended => {
                if let Some(removal) = self.device_bound.removal().filter(|_| short_cookie) {
                    headers.append(header::SET_COOKIE, removal);
                }
            }
            Turn::None | Turn::Begun(_, true) => {}
        }
    }
}

/// Deletes the session record of a browser that is no longer signed in, with its cookie.
async fn forget_ended(session: &Session) {
    if session.id().is_some()
        && let Err(error) = session.flush().await
    {
        tracing::warn!(%error, "ended session not deleted");
    }
}

/// "Last seen" is stored to the minute, so that reads cost at most one write a minute (S7).
const LAST_SEEN_STEP: Duration = Duration::minutes(1);

/// Stores when a browser was last seen.
#[derive(Clone, Debug)]
pub struct LastSeen {
    /// The database with the signed-in browsers.
    pub db: Db,
    /// How long sessions last.
    pub settings: Sessions,
}

impl LastSeen {
    /// Stores that `signed_in` was used `now` from `address`, and extends its idle expiry, up to its end. Returns
    /// whether a row was changed.
    ///
    /// Only a row that exists and has not expired is changed, so a request that was still running when the browser was
    /// signed out revives nothing (S5). And only if it was last seen at least a minute ago, so of many concurrent
    /// requests one writes.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn touch(&self, signed_in: &CurrentSession, address: String, now: Timestamp) -> sqlx::Result<bool> {
        let (idle, _) = self.settings.lifetime(signed_in.remembered);
        let touched = execute!(
            self.db,
            affected,
            "UPDATE browser_sessions SET last_seen_at = $1, expires_at = $2, address = $5
             WHERE id = $3 AND expires_at > $1 AND last_seen_at <= $4",
            now,
            (now + idle).min(signed_in.ends_at),
            signed_in.id,
            now + -LAST_SEEN_STEP,
            address,
        );
        touched.map(|rows| rows > 0)
    }

    /// Any request of a signed-in browser keeps its session from expiring (S4). The write happens in the background.
    fn spawn_touch(&self, signed_in: &CurrentSession, request: &Request) {
        let now = self.db.now();
        if now - signed_in.last_seen_at < LAST_SEEN_STEP {
            return;
        }
        let address = Client::of(request.headers(), request.extensions()).address();
        let (last_seen, signed_in) = (self.clone(), signed_in.clone());
        self.db.spawn_detached(async move {
            if let Err(error) = last_seen.touch(&signed_in, address, now).await {
                tracing::warn!(%error, sign_in = %signed_in.id, "last use not stored");
            }
        });
    }
}

/// The caller, by the session.
///
/// # Errors
/// [`Problem::NotSignedIn`]
pub fn identify(extensions: &Extensions) -> Result<Caller, Problem> {
    let user = extensions.get::<AuthSession>().and_then(|auth| auth.user.clone());
    let signed_in = user.ok_or(Problem::NotSignedIn)?;
    let credential = Credential::Session(signed_in.id);
    let proven_until = signed_in.proven_until;
    Ok(Caller { account: signed_in.account, credential, stamp: Some(signed_in.stamp), proven_until })
}

/// The caller of the JSON API, by the session. A token that is sent instead is not read, and the answer says so.
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::TokenAtSessionDoor`]
pub fn identify_call(parts: &Parts) -> Result<Caller, Problem> {
    identify(&parts.extensions).map_err(|problem| match problem {
        Problem::NotSignedIn if parts.extensions.get::<Unproven>().is_some() => Problem::SessionNotProven,
        Problem::NotSignedIn if parts.headers.contains_key(header::AUTHORIZATION) => Problem::TokenAtSessionDoor,
        other => other,
    })
}

/// The id of the newest event of the person who is signed in, from before anything else was read for the request.
pub fn last_event_id(extensions: &Extensions) -> Option<i64> {
    extensions.get::<AuthSession>()?.user.as_ref()?.last_change
}

/// Gives this browser a new session for `signed_in`. If it is remembered, the cookie survives closing the browser,
/// until `ends_at`; the row may expire sooner if it is not used.
///
/// axum-login changes the session id only if nobody was signed in before, and saves a flushed session under its old id
/// again, so the id is changed here (S2, T5).
///
/// # Errors
/// If the session cannot be written.
pub async fn begin(auth: &mut AuthSession, signed_in: &CurrentSession) -> Result<(), Problem> {
    let failed = |error: &dyn fmt::Display| Problem::Unavailable(format!("session not written: {error}"));
    auth.session.clear().await;
    auth.session.cycle_id().await.map_err(|error| failed(&error))?;
    if signed_in.remembered {
        auth.session.set_expiry(Some(Expiry::AtDateTime(signed_in.ends_at.get())));
    }
    auth.login(signed_in).await.map_err(|error| failed(&error))?;
    backend::keep_turn(Turn::Begun(signed_in.id, signed_in.bound_at.is_some()));
    Ok(())
}

/// Deletes this browser's session record. The caller has already deleted the row.
pub async fn end(auth: &mut AuthSession) {
    backend::keep_turn(Turn::Ended);
    if let Err(error) = auth.logout().await {
        // The browser is signed out anyway: the record points to a row that no longer exists.
        tracing::warn!(%error, "session record not deleted");
    }
}
