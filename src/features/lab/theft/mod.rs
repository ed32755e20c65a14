//! The theft drill: four credentials, each stolen in four ways, predicted and tried (`cells.rs`).
//!
//! The credentials are real ones of accounts that exist for a few minutes and that nobody can sign in to otherwise
//! (`accounts.rs`). Their cookies have names and a path of the Lab's own, so the session of the visitor is neither read
//! nor replaced: [`door::owner`] hands a request on to the real door under the real names, in process, as a proxy does
//! that has a log. The thief is the Lab's peer, another origin: [`door::thief`] repeats at the real door what a script
//! has sent there, or what a copy of the cookies and the log hold, and never has a key.
//!
//! The thief repeats nothing but what the drill itself has given out, and tells no more of the answer than whether the
//! account was opened. So this is no way to try credentials of somebody else.

mod accounts;
mod begin;
mod cells;
mod cookies;
mod door;
mod memory;
mod page;
mod sent;
mod state;
mod store;
mod view;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};

use self::accounts::delete_expired;
pub(super) use self::state::Theft;
use super::state::Lab;
use crate::{
    auth::{
        device_bound,
        same_origin::{self, SameOrigin},
        session::{self, HashedSessions},
    },
    feature::Job,
    http::cookie::SessionCookie,
};

/// Deletes the accounts whose drill was never ended.
pub(super) const JOB: Job = Job {
    what: "accounts of the theft drill",
    run: |state, batch| Box::pin(async move { delete_expired(&state.db, batch).await }),
};

/// The page.
pub(super) fn pages(theft: &Theft) -> Router<Lab> {
    Router::new().route("/lab/theft", get(page::show)).with_state(theft.clone())
}

/// The endpoints on the app, behind the same-origin guard. The door is the only one that browsers send the short cookie
/// to, and that waits for it.
pub(super) fn endpoints(theft: &Theft, guard: &SameOrigin) -> Router<Lab> {
    let signed_in = |name| {
        let cookie = SessionCookie { name, secure: theft.is_https() };
        session::layer_below(theft.db(), HashedSessions::new(theft.db()), cookie, cookies::PATH)
    };
    let begin = Router::new()
        .route("/lab/theft/cookie", post(begin::cookie))
        .layer(signed_in(cookies::SESSION))
        .merge(
            Router::new()
                .route("/lab/theft/bound-cookie", post(begin::bound_cookie))
                .layer(signed_in(cookies::BOUND_SESSION)),
        )
        .route("/lab/theft/token", post(begin::token))
        .route("/lab/theft/bound-token", post(begin::bound_token));
    begin
        .route("/lab/theft/door/{drill}", get(door::owner))
        .route("/lab/theft/end/{drill}", post(begin::end))
        .route(cookies::START, post(device_bound::start))
        .route(cookies::REFRESH, post(device_bound::refresh))
        .layer(from_fn_with_state(guard.clone(), same_origin::guard))
        .with_state(theft.clone())
}

/// The thief, on the peer.
pub(super) fn peer(theft: &Theft) -> Router<Lab> {
    Router::new()
        .route("/lab/theft/steal/{drill}", post(door::thief))
        .layer(from_fn_with_state(theft.clone(), door::readable))
        .with_state(theft.clone())
}
