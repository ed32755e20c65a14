//! The one concept the rest of the code knows.

use uuid::Uuid;

use super::{
    Account, Stamp, Token,
    activity::{Actor, ActorCredential},
};
use crate::http::{client::Client, problem::Problem};

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
    pub fn must_hold(&self, scope: &'static str) -> Result<(), Problem> {
        match &self.credential {
            Credential::Token(token) if !token.scopes.contains(scope) => Err(Problem::ScopeMissing(scope.into())),
            _ => Ok(()),
        }
    }
}
