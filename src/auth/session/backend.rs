//! The signed-in browser of a session, as axum-login asks for it.

use std::{cell::Cell, convert::Infallible};

use axum_login::{AuthUser, AuthnBackend};
use uuid::Uuid;

use crate::{
    auth::{Account, Stamp},
    db::{Db, direct_row, read},
    timestamp::Timestamp,
};

tokio::task_local! {
    static NOTED: Noted;
}

/// What is known of the session of a request besides its record.
#[derive(Default)]
struct Noted {
    /// The signed-in browser that was read with the record.
    found: Cell<Option<CurrentSession>>,
    /// What became of the session.
    turn: Cell<Turn>,
}

/// What a request does to the session of its browser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing.
    #[default]
    None,
    /// The person has just proved who they are; whether the session is bound to a key.
    Begun(Uuid, bool),
    /// It is over.
    Ended,
}

/// Lets the session store read a record together with the browser and the account that it belongs to, in one statement
/// in place of two: what it finds is kept for [`Backend::get_user`], which axum-login calls next.
pub(super) async fn with_one_lookup<F: Future>(request: F) -> F::Output {
    NOTED.scope(Noted::default(), request).await
}

/// Keeps what the request does to the session, for [`take_turn`].
pub(super) fn keep_turn(turn: Turn) {
    let _ = NOTED.try_with(|noted| noted.turn.set(turn));
}

/// What the request has done to the session.
pub(super) fn take_turn() -> Turn {
    NOTED.try_with(|noted| noted.turn.take()).unwrap_or_default()
}

/// Keeps what was read with the session record.
pub(super) fn keep_found(signed_in: CurrentSession) {
    // Without a request around it, as in a test of the store, nobody asks.
    let _ = NOTED.try_with(|noted| noted.found.set(Some(signed_in)));
}

fn take_found(id: Uuid) -> Option<CurrentSession> {
    NOTED.try_with(|noted| noted.found.take()).ok().flatten().filter(|found| found.id == id)
}

/// The columns of a [`SignedInRow`].
macro_rules! signed_in_columns {
    () => {
        "browser_sessions.id AS browser_session_id, browser_sessions.remembered, browser_sessions.last_seen_at, \
         browser_sessions.ends_at, browser_sessions.bound_at, accounts.id, accounts.email, accounts.name, \
         accounts.created_at, accounts.email_verified_at, accounts.auth_stamp, accounts.last_change"
    };
}

pub(super) use signed_in_columns;

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
    /// Since when it is bound to a key of the device, if it is.
    pub bound_at: Option<Timestamp>,
    /// Until when this request proves that key.
    pub proven_until: Option<Timestamp>,
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

impl Backend {
    /// Of the browsers in `db`.
    pub fn new(db: &Db) -> Self {
        Self { db: db.clone() }
    }
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
        if let Some(found) = take_found(*id) {
            return Ok(Some(found));
        }
        let row: Option<SignedInRow> = read!(
            self.db,
            optional,
            concat!(
                "SELECT ",
                signed_in_columns!(),
                " FROM browser_sessions JOIN accounts ON accounts.id = browser_sessions.account_id
                  WHERE browser_sessions.id = $1 AND browser_sessions.expires_at > $2
                    AND accounts.disabled_at IS NULL"
            ),
            *id,
            self.db.now(),
        )?;
        Ok(row.map(CurrentSession::from))
    }
}

/// The columns of a [`CurrentSession`].
#[derive(Debug, sqlx::FromRow)]
pub(super) struct SignedInRow {
    browser_session_id: Uuid,
    remembered: bool,
    last_seen_at: Timestamp,
    ends_at: Timestamp,
    bound_at: Option<Timestamp>,
    id: Uuid,
    email: String,
    name: String,
    created_at: Timestamp,
    email_verified_at: Option<Timestamp>,
    auth_stamp: Vec<u8>,
    last_change: i64,
}

direct_row!(SignedInRow {
    browser_session_id,
    remembered,
    last_seen_at,
    ends_at,
    bound_at,
    id,
    email,
    name,
    created_at,
    email_verified_at,
    auth_stamp,
    last_change,
});

impl From<SignedInRow> for CurrentSession {
    fn from(row: SignedInRow) -> Self {
        Self {
            id: row.browser_session_id,
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
            bound_at: row.bound_at,
            proven_until: None,
            stamp: Stamp(row.auth_stamp),
            last_change: Some(row.last_change),
        }
    }
}
