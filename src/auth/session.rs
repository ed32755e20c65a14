//! The session door: who a cookie stands for.

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
    db::{Db, HashedSessions, execute, fetch},
    http::{client::Client, cookie::SessionCookie, problem::Problem},
    settings::Sessions,
    timestamp::Timestamp,
};

/// axum-login's session, over our backend.
pub type AuthSession = axum_login::AuthSession<Backend>;

/// A browser that is signed in: what the session points to. For axum-login this is the "user", so that ending the
/// `browser_sessions` row signs that one browser out, whatever the session record says (S5, T4).
#[derive(Clone)]
pub struct CurrentSession {
    /// The `browser_sessions` row.
    pub id: Uuid,
    /// Who signed in.
    pub account: Account,
    /// Whether "keep me signed in" was chosen.
    pub remembered: bool,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When the sign-in is over, used or not.
    pub ends_at: Timestamp,
    /// The account's `auth_stamp` at the time.
    pub stamp: Vec<u8>,
}

/// The stamp stays out of logs.
impl fmt::Debug for CurrentSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedIn").field("id", &self.id).finish_non_exhaustive()
    }
}

impl AuthUser for CurrentSession {
    type Id = Uuid;

    fn id(&self) -> Uuid {
        self.id
    }

    /// A random stamp, not the password's hash: it ends up in every session record (T6).
    fn session_auth_hash(&self) -> &[u8] {
        &self.stamp
    }
}

/// Looks up the sign-in a session points to.
#[derive(Clone, Debug)]
pub struct Backend {
    db: Db,
}

impl AuthnBackend for Backend {
    type User = CurrentSession;
    /// Passwords are proven in `accounts` before there is a sign-in; by this way nobody comes in.
    type Credentials = Infallible;
    type Error = sqlx::Error;

    async fn authenticate(&self, credentials: Infallible) -> sqlx::Result<Option<CurrentSession>> {
        match credentials {}
    }

    async fn get_user(&self, id: &Uuid) -> sqlx::Result<Option<CurrentSession>> {
        let row: Option<SignedInRow> = fetch!(
            self.db,
            optional,
            "SELECT browser_sessions.id AS sign_in_id, browser_sessions.remembered, browser_sessions.last_seen_at,
                    browser_sessions.ends_at,
                    accounts.id, accounts.email, accounts.name, accounts.created_at, accounts.email_verified_at,
                    accounts.auth_stamp
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
            stamp: row.auth_stamp,
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
}

/// The layer that turns the cookie into an [`AuthSession`]. It writes no session for a visitor who is not signed in,
/// and none for reading (S7).
///
/// A session without an expiry of its own is kept for a fortnight, longer than such a sign-in may last.
pub fn layer(db: &Db, sessions: HashedSessions, cookie: SessionCookie) -> AuthManagerLayer<Backend, HashedSessions> {
    let sessions = SessionManagerLayer::new(sessions)
        .with_name(cookie.name)
        .with_secure(cookie.secure)
        .with_http_only(true)
        // Lax, not Strict: a link in a mail must not arrive signed out (T12). The guard does the rest.
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnSessionEnd);
    AuthManagerLayerBuilder::new(Backend { db: db.clone() }, sessions).build()
}

/// Stands around the auth layer: where that could not ask the database, the answer is 503 and the cookie stays (S51).
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

/// The status of an answer that failed, while the session layer has it.
#[derive(Clone, Copy, Debug)]
struct Failed(StatusCode);

/// Stands inside the auth layer, which neither saves a session nor sets its cookie where the answer is a server error.
/// But a browser that was given a new session id has lost the old one by then, so it would be signed out by an error
/// that came after its password: the layer sees such an answer as one that succeeded, and [`unavailable_if_unknown`]
/// puts it right.
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

/// Stands inside the auth layer: the session of a sign-in that has ended is dropped, and its cookie with it.
pub async fn forget_ended(request: Request, next: Next) -> Response {
    if let Some(auth) = request.extensions().get::<AuthSession>()
        && auth.user.is_none()
        && auth.session.id().is_some()
        && let Err(error) = auth.session.flush().await
    {
        tracing::warn!(%error, "ended session could not be dropped");
    }
    next.run(request).await
}

/// "Last seen" is kept to the minute, so that reading costs at most one write a minute (S7).
const LAST_SEEN_STEP: Duration = Duration::minutes(1);

/// What [`touch`] needs.
#[derive(Clone, Debug)]
pub struct Uses {
    /// Where sign-ins are kept.
    pub db: Db,
    /// How long they last.
    pub settings: Sessions,
}

impl Uses {
    /// Notes that `signed_in` is used `now`, from `address`: it may go unused once more for as long as it may at all, but not past its
    /// end. Says whether there was anything to note.
    ///
    /// Only a sign-in that is still there and not over is touched, so whatever was still running when it was ended
    /// brings nothing back (S5); and only one last seen a step ago, so of many requests at once one writes.
    ///
    /// # Errors
    /// The database's.
    pub async fn note(&self, signed_in: &CurrentSession, address: String, now: Timestamp) -> sqlx::Result<bool> {
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

/// Stands inside the auth layer: whatever a signed-in browser asks for keeps its sign-in from ending unused (S4). The
/// request does not wait for the note.
pub async fn touch(State(uses): State<Uses>, request: Request, next: Next) -> Response {
    let now = uses.db.now();
    let caller = request.extensions().get::<AuthSession>().and_then(|auth| auth.user.clone());
    if let Some(signed_in) = caller.filter(|caller| now - caller.last_seen_at >= LAST_SEEN_STEP) {
        let address = Client::of(request.headers(), request.extensions()).address();
        uses.db.clone().spawn_detached(async move {
            if let Err(error) = uses.note(&signed_in, address, now).await {
                tracing::warn!(%error, sign_in = %signed_in.id, "last use not noted");
            }
        });
    }
    next.run(request).await
}

/// Who is calling, by the session.
///
/// # Errors
/// [`Problem::NotSignedIn`]
pub fn identify(extensions: &Extensions) -> Result<Caller, Problem> {
    let user = extensions.get::<AuthSession>().and_then(|auth| auth.user.clone());
    let signed_in = user.ok_or(Problem::NotSignedIn)?;
    let credential = Credential::Session(signed_in.id);
    Ok(Caller { account: signed_in.account, credential, stamp: Some(Stamp(signed_in.stamp)) })
}

/// Gives this browser a new session for `signed_in`. Where that is remembered, the cookie outlives the browser, up to
/// the end of the sign-in; that it may end sooner, unused, the row decides.
///
/// axum-login changes the id only where nobody was signed in before, and a flushed session is saved under its old id
/// again, so the id is changed here (S2, T5).
///
/// # Errors
/// The session store's.
pub async fn begin(auth: &mut AuthSession, signed_in: &CurrentSession) -> Result<(), Problem> {
    let failed = |error: &dyn fmt::Display| Problem::Unavailable(format!("session not written: {error}"));
    auth.session.clear().await;
    auth.session.cycle_id().await.map_err(|error| failed(&error))?;
    if signed_in.remembered {
        auth.session.set_expiry(Some(Expiry::AtDateTime(signed_in.ends_at.get())));
    }
    auth.login(signed_in).await.map_err(|error| failed(&error))
}

/// Drops this browser's session. The caller has ended the sign-in before.
pub async fn end(auth: &mut AuthSession) {
    if let Err(error) = auth.logout().await {
        // The sign-in is over all the same; what is left is a record that points nowhere.
        tracing::warn!(%error, "session record not deleted");
    }
}
