//! The one concept the rest of the code knows.

use std::{marker::PhantomData, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{Extensions, HeaderMap, request::Parts},
};
use uuid::Uuid;

use super::session;
use crate::{
    auth::{
        Account, Scope, Stamp, Token,
        activity::{Actor, ActorCredential},
        bearer::TokenDoor,
    },
    http::{client::Client, problem::Problem},
};

/// Whoever came in, once known.
#[derive(Clone, Debug)]
pub struct Caller {
    /// On whose behalf.
    pub account: Account,
    /// What let them in.
    pub credential: Credential,
    /// The account's stamp that this browser's session remembers; a token has none of its own.
    pub stamp: Option<Stamp>,
}

/// What let a caller in.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A signed-in browser: the person, who may do everything.
    Session(Uuid),
    /// A token, which may do what its scopes say.
    Token(Token),
}

impl Caller {
    /// The caller as whoever does something worth recording, from where `client` is.
    pub fn acting(&self, client: Client) -> Actor {
        let means = match &self.credential {
            Credential::Session(id) => ActorCredential::Session(*id),
            Credential::Token(token) => ActorCredential::Token(token.id),
        };
        Actor { account: self.account.id, means, client, stamp: self.stamp.clone() }
    }

    /// Refuses a token without `scope`.
    ///
    /// # Errors
    /// [`Problem::ScopeMissing`]
    pub fn must_hold(&self, scope: Scope) -> Result<(), Problem> {
        match &self.credential {
            Credential::Token(token) if !token.scopes.contains(scope) => Err(Problem::ScopeMissing(scope)),
            _ => Ok(()),
        }
    }
}

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

/// What a handler needs its caller to be allowed to do.
pub trait Need: Send + Sync {
    /// The scope a token must hold; none where any valid credential will do.
    const SCOPE: Option<Scope>;
}

macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident => $scope:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}

        impl Need for $name {
            const SCOPE: Option<Scope> = $scope;
        }
    )+};
}

needs! {
    /// Any valid credential.
    Anything => None;
    /// `account:read`
    AccountRead => Some(Scope::AccountRead);
    /// `notes:read`
    NotesRead => Some(Scope::NotesRead);
    /// `notes:write`
    NotesWrite => Some(Scope::NotesWrite);
    /// `tokens:manage`
    TokensManage => Some(Scope::TokensManage);
}

/// A caller who may do `N`: the only way for a JSON handler to learn who is calling, so that none forgets to ask for a
/// scope (S21).
#[derive(Debug)]
pub struct Allowed<N: Need> {
    /// The caller.
    pub caller: Caller,
    need: PhantomData<N>,
}

impl<S: Send + Sync, N: Need> FromRequestParts<S> for Allowed<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = Door::identify(&parts.headers, &parts.extensions).await?;
        if let Some(scope) = N::SCOPE {
            caller.must_hold(scope)?;
        }
        Ok(Self { caller, need: PhantomData })
    }
}
