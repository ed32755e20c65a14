//! Whoever has to set up a second factor does so before anything else, right after signing in.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::SignIns;
use crate::{
    auth::session,
    http::{problem::Problem, redirect::see_other},
};

/// What the middleware works with.
#[derive(Clone)]
pub struct Required {
    /// The sign-ins, which know who has to.
    pub sign_ins: SignIns,
    /// The paths that stay open, and those below them: to set up a factor, and to sign out.
    pub open: Arc<[&'static str]>,
    /// Where a factor is set up, for pages. JSON calls are answered with a problem.
    pub page: Option<&'static str>,
}

/// Middleware inside the session layers.
pub async fn layer(State(required): State<Required>, request: Request, next: Next) -> Response {
    let Ok(caller) = session::identify(request.extensions()) else { return next.run(request).await };
    let path = request.uri().path();
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
