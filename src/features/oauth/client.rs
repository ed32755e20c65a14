//! Applications: those of the settings, and those that somebody registered.

use uuid::Uuid;

use super::{error::OAuthError, store};
use crate::{
    auth::{ScopeInfo, store::accounts},
    db::Db,
    http::problem::Problem,
    secret::Secret,
    settings::{RedirectMatch, Settings, compare_redirect_uri, origin_of_redirect_uri},
};

/// The prefix of a client secret, which has the format and the checksum of a token.
pub(super) const SECRET_PREFIX: &str = "vcs";

/// An application that may ask people for access: a client (RFC 6749 section 2).
#[derive(Clone, Debug)]
pub struct Client {
    /// The `client_id`.
    pub id: String,
    /// The name that people see.
    pub name: String,
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
    /// The origins of its pages.
    pub origins: Vec<String>,
    /// Whether it may ask for access on a device by a code (RFC 8628).
    pub device_grant: bool,
    /// The scopes that it may ask for; empty for all that the site offers.
    pub scopes: Vec<String>,
    /// What people see beside its name; empty for the first letters of the name.
    pub letter: String,
    /// Whether its tokens have to be bound to a key (`dpop_bound_access_tokens`, RFC 9449 section 5.2).
    pub requires_key: bool,
    /// Whose it is.
    pub owner: Owner,
    /// SHA-256 of its secret; `None` for a public client, which cannot keep one.
    pub(super) secret_hash: Option<Vec<u8>>,
}

/// Whose application it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The site's own, from the settings.
    Site,
    /// An operator registered it.
    Operator,
    /// A person registered it.
    Account(Uuid),
}

impl Client {
    /// The application `id`.
    ///
    /// # Errors
    /// If the database fails.
    pub(super) async fn find(db: &Db, settings: &Settings, id: &str) -> Result<Option<Self>, Problem> {
        if let Some(client) = settings.oauth.clients.iter().find(|client| client.id == id) {
            return Ok(Some(Self {
                id: client.id.clone(),
                name: client.name.clone(),
                redirect_uris: client.redirect_uris.clone(),
                // The settings allow them already, for every token.
                origins: Vec::new(),
                device_grant: client.device_grant,
                scopes: client.scopes.clone(),
                letter: client.letter.clone(),
                requires_key: client.dpop_bound_access_tokens,
                owner: Owner::Site,
                secret_hash: None,
            }));
        }
        // The ids of registered ones are UUIDs.
        if id.parse::<Uuid>().is_err() {
            return Ok(None);
        }
        Ok(store::find_client(db, id).await?.map(Self::from))
    }

    /// Whether it is a confidential client: one with a secret.
    pub fn is_confidential(&self) -> bool {
        self.secret_hash.is_some()
    }

    /// Whether `secret` is its secret.
    pub(super) fn has_secret(&self, secret: &str) -> bool {
        let given = Secret::parse(SECRET_PREFIX, secret).map(|secret| secret.hash());
        given.is_some() && given == self.secret_hash
    }

    /// The scopes that it may ask for, of all that there are.
    pub(super) fn offered<'a>(&'a self, scopes: &'a [ScopeInfo]) -> impl Iterator<Item = &'a ScopeInfo> {
        offered(scopes).filter(|scope| self.may_have(scope.name))
    }

    /// Whether it may have the scope.
    pub(super) fn may_have(&self, scope: &str) -> bool {
        self.scopes.is_empty() || self.scopes.iter().any(|own| own == scope)
    }

    /// Checks whether it may get a token of `account` that is bound to `key`, or to none: itself and the account can
    /// demand one. Ask before anything is used up.
    ///
    /// # Errors
    /// `invalid_dpop_proof`
    pub(super) async fn demand_key(&self, db: &Db, account: Uuid, key: Option<&str>) -> Result<(), OAuthError> {
        let who = match key {
            None if self.requires_key => "The client",
            None if accounts::requires_key(db, account).await? => "The account",
            _ => return Ok(()),
        };
        let description = format!("{who} demands tokens that are bound to a key, and the request has no DPoP header.");
        Err(OAuthError::new("invalid_dpop_proof", description))
    }

    /// How it is allowed to get codes at `uri`; `None` if it is not.
    pub(super) fn allows(&self, uri: &str) -> Option<RedirectMatch> {
        let matches: Vec<_> = self.redirect_uris.iter().filter_map(|known| compare_redirect_uri(known, uri)).collect();
        matches.iter().find(|found| **found == RedirectMatch::Exact).or(matches.first()).copied()
    }

    /// Whether a code at `uri` can reach nobody but this application: a page on https, by the name of its domain. Any
    /// program can listen on the visitor's own machine, or take the scheme of an app (RFC 8252 section 8.6).
    pub(super) fn is_known_by(&self, uri: &str) -> bool {
        let is_https = uri.starts_with("https://") && origin_of_redirect_uri(uri).is_some();
        self.allows(uri) == Some(RedirectMatch::Exact) && (is_https || self.owner == Owner::Site)
    }
}

/// The scopes that applications may get: those that a login gives without naming them.
pub(super) fn offered(scopes: &[ScopeInfo]) -> impl Iterator<Item = &ScopeInfo> {
    scopes.iter().filter(|scope| !scope.sensitive)
}

impl From<store::ClientRow> for Client {
    fn from(row: store::ClientRow) -> Self {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Self {
            redirect_uris: words(&row.redirect_uris),
            scopes: words(&row.scopes),
            letter: row.letter,
            requires_key: row.requires_key,
            origins: words(&row.origins),
            device_grant: row.device_grant,
            owner: row.account_id.map_or(Owner::Operator, Owner::Account),
            secret_hash: row.secret_hash,
            name: row.name,
            id: row.id,
        }
    }
}
