//! Applications: those of the settings, and those that somebody registered.

use uuid::Uuid;

use super::store;
use crate::{
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

impl From<store::ClientRow> for Client {
    fn from(row: store::ClientRow) -> Self {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Self {
            redirect_uris: words(&row.redirect_uris),
            origins: words(&row.origins),
            device_grant: row.device_grant,
            owner: row.account_id.map_or(Owner::Operator, Owner::Account),
            secret_hash: row.secret_hash,
            name: row.name,
            id: row.id,
        }
    }
}
