//! The caller of a request: the one authentication type that the rest of the code uses.

use uuid::Uuid;

use super::{
    Account, Stamp, Token,
    activity::{Actor, ActorCredential},
};
use crate::{
    http::{client::Client, problem::Problem},
    timestamp::Timestamp,
};

/// The authenticated caller of a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account.
    pub account: Account,
    /// The credential.
    pub credential: Credential,
    /// The account's stamp that this browser's session remembers; `None` for a token.
    pub stamp: Option<Stamp>,
    /// Until when the request proves the key of a bound session; `None` for other sessions, and for a token.
    pub proven_until: Option<Timestamp>,
}

/// The credential of a caller.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one for each request, and nearly all of them are tokens")]
pub enum Credential {
    /// A signed-in browser, by its id. It has full access.
    Session(Uuid),
    /// A token, limited to its scopes.
    Token(Token),
}

impl Caller {
    /// The caller as the actor of activity events, with the `client` they use.
    pub fn acting(&self, client: Client) -> Actor {
        let means = match &self.credential {
            Credential::Session(id) => ActorCredential::Session(*id),
            Credential::Token(token) => ActorCredential::Token(token.id),
        };
        Actor { account: self.account.id, means, client, stamp: self.stamp.clone() }
    }

    /// Refuses a token that lacks `scope`.
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
