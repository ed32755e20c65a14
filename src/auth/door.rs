//! The door a request came through.

use std::sync::Arc;

use axum::http::{Extensions, HeaderMap};

use super::{Caller, bearer::TokenDoor, session};
use crate::http::problem::Problem;

/// The door a request came through, put into its extensions where the mount is put together.
#[derive(Clone, Debug)]
pub enum Door {
    /// Reads the session cookie.
    Session,
    /// Reads `Authorization`.
    Token(Arc<TokenDoor>),
}

impl Door {
    /// Who is calling, by the one credential of this door.
    ///
    /// # Errors
    /// 401 where there is no valid credential; 503 where it cannot be checked.
    pub async fn identify(headers: &HeaderMap, extensions: &Extensions) -> Result<Caller, Problem> {
        match extensions.get::<Self>() {
            Some(Self::Session) => session::identify(extensions),
            Some(Self::Token(door)) => door.identify(headers, extensions).await,
            None => Err(Problem::Internal("a handler that asks for a caller stands behind no door".into())),
        }
    }
}
