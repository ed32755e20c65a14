//! The door a request came through.

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts};

use super::{Caller, bearer::TokenDoor, session};
use crate::http::problem::Problem;

/// The door of a request. The router of each mount puts it into the request's extensions.
#[derive(Clone, Debug)]
pub enum Door {
    /// Authenticates by the session cookie.
    Session,
    /// Authenticates by the `Authorization` header.
    Token(Arc<TokenDoor>),
}

impl Door {
    /// Authenticates the caller by the credential of this door.
    ///
    /// # Errors
    /// 401 without a valid credential; 503 if it cannot be checked.
    pub async fn identify(parts: &Parts) -> Result<Caller, Problem> {
        match parts.extensions.get::<Self>() {
            Some(Self::Session) => session::identify_call(parts),
            Some(Self::Token(door)) => door.identify(parts).await,
            None => Err(Problem::Internal("a handler that needs a caller is mounted behind neither door".into())),
        }
    }
}

/// An extractor for handlers of the token door that exchange a password or a code for a token: they come before the
/// body is read. The session door always takes passwords.
#[derive(Clone, Copy, Debug)]
pub struct TakesPasswords(());

impl<S: Send + Sync> FromRequestParts<S> for TakesPasswords {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Door>() {
            Some(Door::Token(door)) => door.passwords.check().map(|()| Self(())),
            _ => Ok(Self(())),
        }
    }
}
