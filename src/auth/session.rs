//! The session door: authentication by the session cookie.

use std::{convert::Infallible, fmt};

use axum::{
    extract::{Request, State},
    http::{Extensions, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_login::{
    AuthManagerLayer, AuthManagerLayerBuilder, AuthUser, AuthnBackend,
    tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite},
};
use time::Duration;
use uuid::Uuid;

use super::{Caller, Credential};
use crate::{
    auth::{Account, Stamp},
    db::{Db, HashedSessions, direct_row, execute, read},
    http::{client::Client, cookie::SessionCookie, problem::Problem},
    settings::Sessions,
    timestamp::Timestamp,
};

/// The session of a browser, from axum-login.
pub type AuthSession = axum_login::AuthSession<Backend>;

/// A signed-in browser, to which a session record points. For axum-login this is the "user", so that deleting the
/// `browser_sessions` row signs out that browser, whatever the session record says (S5, T4).
#[derive(Clone, Debug)]
pub struct CurrentSession {
    /// The id of the `browser_sessions` row.
    pub id: Uuid,
    /// The account.
    pub account: Account,
    /// Whether "Keep me signed in" was chosen.
    pub remembered: bool,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When the session expires, even if it is used.
    pub ends_at: Timestamp,
    /// The account's `auth_stamp` when the session began.
    pub stamp: Stamp,
    /// The number of the newest change to what the account has, for [`crate::auth::event_streams`].
    pub last_change: Option<i64>,
}

impl AuthUser for CurrentSession {
    type Id = Uuid;

    fn id(&self) -> Uuid {
        self.id
    }

    /// A random stamp rather than the password's hash, since it is stored in every session record (T6).
    fn session_auth_hash(&self) -> &[u8] {
        &self.stamp.0
    }
}

/// Looks up the signed-in browser that a session record points to.
#[derive(Clone, Debug)]
pub struct Backend {
    db: Db,
}

impl AuthnBackend for Backend {
    type User = CurrentSession;
    /// Never used to sign in: passwords are verified in `accounts`.
    type Credentials = Infallible;
    type Error = sqlx::Error;

    async fn authenticate(&self, credentials: Infallible) -> sqlx::Result<Option<CurrentSession>> {
        match credentials {}
    }

    async fn get_user(&self, id: &Uuid) -> sqlx::Result<Option<CurrentSession>> {
        let row: Option<SignedInRow> = read!(
            self.db,
            optional,
            "SELECT browser_sessions.id AS sign_in_id, browser_sessions.remembered, browser_sessions.last_seen_at,
                    browser_sessions.ends_at,
                    accounts.id, accounts.email, accounts.name, accounts.created_at, accounts.email_verified_at,
                    accounts.auth_stamp, accounts.last_change
             FROM browser_sessions JOIN accounts ON accounts.id = browser_sessions.account_id
             WHERE browser_sessions.id = $1 AND browser_sessions.expires_at > $2 AND accounts.disabled_at IS NULL",
            *id,
            self.db.now(),
        )?;
        Ok(row.map(|row| CurrentSession {
            id: row.sign_in_id,
            account: Account {
                id: row.id,
                email: row.email,
                email_confirmed: row.email_verified_at.is_some(),
                name: row.name,
                created_at: row.created_at,
            },
            remembered: row.remembered,
            last_seen_at: row.last_seen_at,
            ends_at: row.ends_at,
            stamp: Stamp(row.auth_stamp),
            last_change: Some(row.last_change),
        }))
    }
}

#[derive(sqlx::FromRow)]
struct SignedInRow {
    sign_in_id: Uuid,
    remembered: bool,
    last_seen_at: Timestamp,
    ends_at: Timestamp,
    id: Uuid,
    email: String,
    name: String,
    created_at: Timestamp,
    email_verified_at: Option<Timestamp>,
    auth_stamp: Vec<u8>,
    last_change: i64,
}

direct_row!(SignedInRow {
    sign_in_id,
    remembered,
    last_seen_at,
    ends_at,
    id,
    email,
    name,
    created_at,
    email_verified_at,
    auth_stamp,
    last_change,
});

/// The layer that turns the cookie into an [`AuthSession`]. It writes nothing for visitors who are not signed in, nor
/// for reads (S7).
///
/// A session record without an expiry of its own is kept for 14 days, longer than such a session lasts.
pub fn layer(db: &Db, sessions: HashedSessions, cookie: SessionCookie) -> AuthManagerLayer<Backend, HashedSessions> {
    let sessions = SessionManagerLayer::new(sessions)
        .with_name(cookie.name)
        .with_secure(cookie.secure)
        .with_http_only(true)
        // Lax, not Strict, so that people who follow a link in an email are signed in (T12). The same-origin guard does
        // the rest.
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnSessionEnd);
    AuthManagerLayerBuilder::new(Backend { db: db.clone() }, sessions).build()
}

/// Middleware around the auth layer: if that could not query the database, answers 503 and keeps the cookie (S51).
pub async fn unavailable_if_unknown(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
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

/// Middleware inside the auth layer, which neither saves the session nor sets its cookie if the response is a server
/// error. A browser that just got a new session id has lost the old one by then, so an error would sign it out. This
/// makes such a response look successful to the layer, and [`unavailable_if_unknown`] restores its status.
pub async fn save_in_spite_of_errors(request: Request, next: Next) -> Response {
    let session = request.extensions().get::<AuthSession>().map(|auth| auth.session.clone());
    let mut response = next.run(request).await;
    let status = response.status();
    if status.is_server_error() && session.is_some_and(|session| session.is_modified()) {
        response.extensions_mut().insert(Failed(status));
        *response.status_mut() = StatusCode::OK;
    }
    response
}

/// Middleware inside the auth layer: deletes session records of browsers that are no longer signed in, with their
/// cookies.
pub async fn forget_ended(request: Request, next: Next) -> Response {
    if let Some(auth) = request.extensions().get::<AuthSession>()
        && auth.user.is_none()
        && auth.session.id().is_some()
        && let Err(error) = auth.session.flush().await
    {
        tracing::warn!(%error, "ended session not deleted");
    }
    next.run(request).await
}

/// "Last seen" is stored to the minute, so that reads cost at most one write a minute (S7).
const LAST_SEEN_STEP: Duration = Duration::minutes(1);

/// The state of [`touch_session`].
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
}

/// Middleware inside the auth layer: any request of a signed-in browser keeps its session from expiring (S4). The write
/// happens in the background.
pub async fn touch_session(State(last_seen): State<LastSeen>, request: Request, next: Next) -> Response {
    let now = last_seen.db.now();
    let caller = request.extensions().get::<AuthSession>().and_then(|auth| auth.user.clone());
    if let Some(signed_in) = caller.filter(|caller| now - caller.last_seen_at >= LAST_SEEN_STEP) {
        let address = Client::of(request.headers(), request.extensions()).address();
        last_seen.db.clone().spawn_detached(async move {
            if let Err(error) = last_seen.touch(&signed_in, address, now).await {
                tracing::warn!(%error, sign_in = %signed_in.id, "last use not stored");
            }
        });
    }
    next.run(request).await
}

/// The caller, by the session.
///
/// # Errors
/// [`Problem::NotSignedIn`]
pub fn identify(extensions: &Extensions) -> Result<Caller, Problem> {
    let user = extensions.get::<AuthSession>().and_then(|auth| auth.user.clone());
    let signed_in = user.ok_or(Problem::NotSignedIn)?;
    let credential = Credential::Session(signed_in.id);
    Ok(Caller { account: signed_in.account, credential, stamp: Some(signed_in.stamp) })
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
    auth.login(signed_in).await.map_err(|error| failed(&error))
}

/// Deletes this browser's session record. The caller has already deleted the row.
pub async fn end(auth: &mut AuthSession) {
    if let Err(error) = auth.logout().await {
        // The browser is signed out anyway: the record points to a row that no longer exists.
        tracing::warn!(%error, "session record not deleted");
    }
}
