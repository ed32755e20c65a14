//! Whoever has to set up a second factor does so before anything else, right after signing in. Operators may have to use
//! a browser that binds its session to a key as well.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use time::Duration;
use uuid::Uuid;

use super::SignIns;
use crate::{
    auth::{Credential, device_bound::DeviceBound, session},
    http::{problem::Problem, redirect::see_other},
};

/// What the middleware works with.
#[derive(Clone)]
pub struct Required {
    /// The sign-ins, which know who has to.
    pub sign_ins: SignIns,
    /// Who may use bound sessions only.
    pub device_bound: DeviceBound,
    /// The paths that stay open, and those below them: to set up a factor, and to sign out.
    pub open: Arc<[&'static str]>,
    /// Where a factor is set up, for pages. JSON calls are answered with a problem.
    pub page: Option<&'static str>,
}

/// Middleware inside the session layers.
pub async fn layer(State(required): State<Required>, request: Request, next: Next) -> Response {
    let Ok(caller) = session::identify(request.extensions()) else { return next.run(request).await };
    let path = request.uri().path();
    let is_bound = caller.proven_until.is_some() || ["/sign-out", "/session/v1/logout"].contains(&path);
    if let Credential::Session(session) = caller.credential
        && !is_bound
        && required.device_bound.is_required_of(&caller.account.email)
    {
        return not_bound(session);
    }
    let is_open = |open: &str| path.strip_prefix(open).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if required.open.iter().any(|open| is_open(open)) {
        return next.run(request).await;
    }
    match (required.sign_ins.must_set_up(&caller.account).await, required.page) {
        (Ok(false), _) => next.run(request).await,
        (Ok(true), Some(page)) => see_other(page),
        (Ok(true), None) => Problem::FactorSetupRequired.into_response(),
        (Err(problem), _) => problem.into_response(),
    }
}

/// How long after a sign-in the browser is told to ask again.
const SOON: Duration = Duration::seconds(30);

/// Refuses an account that may be used in bound sessions only. The browser registers its key at the same time as it
/// asks for the first page, so for a while that page asks again by itself.
fn not_bound(session: Uuid) -> Response {
    let mut response = Problem::DeviceBindingRequired.into_response();
    let began = session.get_timestamp().map(|began| began.to_unix().0.cast_signed());
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    if began.is_some_and(|began| now - began < SOON.whole_seconds()) {
        response.headers_mut().insert(header::REFRESH, HeaderValue::from_static("2"));
    }
    response
}
