//! Calls that need no credential are counted by address.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::requests::RequestAuthInfo;
use crate::{auth::Door, http::client::Client};

/// Middleware for endpoints without authentication: counts requests by their address.
pub async fn limit_unauthenticated(request: Request, next: Next) -> Response {
    if let Some(Door::Token(door)) = request.extensions().get() {
        let client = Client::of(request.headers(), request.extensions());
        let auth_info = request.extensions().get::<RequestAuthInfo>().cloned().unwrap_or_default();
        if let Err(problem) = auth_info.counted(door.limits.check_address(&client, door.db.now())) {
            return problem.into_response();
        }
    }
    next.run(request).await
}
