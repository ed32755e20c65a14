//! Registering applications, on the developer page and on the command line.

use serde::Serialize;
use uuid::Uuid;

use super::{
    client::{SECRET_PREFIX, offered},
    store::{self, ClientRow},
};
use crate::{
    auth::ScopeInfo,
    db::Db,
    features::tokens::service::name_errors,
    http::problem::{FieldError, Problem},
    secret::Secret,
    settings::{check_redirect_uri, origins_of},
    text::is_blank,
    timestamp::Timestamp,
};

/// How many redirect URIs an application has.
const URIS_MAX: usize = 10;

/// What somebody registers.
#[derive(Clone, Debug, Default)]
pub struct NewClient {
    /// The name that people see.
    pub name: String,
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
    /// Whether it can keep a secret, as a program on a server can.
    pub is_confidential: bool,
    /// Whether it may ask for access on a device by a code (RFC 8628).
    pub device_grant: bool,
    /// The scopes that it may ask for, at least one.
    pub scopes: Vec<String>,
    /// What people see beside its name: one character, or empty for the first letters of the name.
    pub letter: String,
    /// Whether its tokens have to be bound to a key (`dpop_bound_access_tokens`, RFC 9449 section 5.2).
    pub requires_key: bool,
}

/// An application that somebody registered.
#[derive(Clone, Debug, Serialize)]
pub struct Registered {
    /// The `client_id`.
    pub id: String,
    /// Who registered it; `None` for an operator.
    pub account_id: Option<Uuid>,
    /// The name that people see.
    pub name: String,
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
    /// Whether it has a secret.
    pub is_confidential: bool,
    /// Whether it may ask for access on a device by a code (RFC 8628).
    pub device_grant: bool,
    /// The scopes that it may ask for; empty for all that the site offers.
    pub scopes: Vec<String>,
    /// What people see beside its name; empty for the first letters of the name.
    pub letter: String,
    /// Whether its tokens have to be bound to a key.
    #[serde(rename = "dpop_bound_access_tokens")]
    pub requires_key: bool,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl From<ClientRow> for Registered {
    fn from(row: ClientRow) -> Self {
        Self {
            id: row.id,
            account_id: row.account_id,
            name: row.name,
            redirect_uris: row.redirect_uris.split_whitespace().map(str::to_owned).collect(),
            is_confidential: row.secret_hash.is_some(),
            device_grant: row.device_grant,
            scopes: row.scopes.split_whitespace().map(str::to_owned).collect(),
            letter: row.letter,
            requires_key: row.requires_key,
            created_at: row.created_at,
        }
    }
}

/// What is wrong with `new`, where the site has the scopes `declared`.
fn errors(new: &NewClient, declared: &[ScopeInfo]) -> Vec<FieldError> {
    let mut errors = name_errors(&new.name);
    if new.redirect_uris.is_empty() && !new.device_grant {
        errors.push(FieldError::required("redirect_uris", "Enter at least one redirect URI."));
    }
    if new.redirect_uris.len() > URIS_MAX {
        errors.push(FieldError::new("redirect_uris", format!("Enter at most {URIS_MAX} redirect URIs.")));
    }
    if new.scopes.is_empty() {
        errors.push(FieldError::required("scopes", "Choose at least one scope."));
    }
    if let Some(scope) = new.scopes.iter().find(|named| !offered(declared).any(|scope| scope.name == **named)) {
        let shown: String = scope.chars().take(100).collect();
        errors.push(FieldError::new("scopes", format!("There is no scope “{shown}” for apps.")));
    }
    let is_letter = |text: &str| text.chars().count() == 1 && !is_blank(text) && !text.contains(char::is_control);
    if !new.letter.is_empty() && !is_letter(&new.letter) {
        errors.push(FieldError::new("letter", "Enter one letter, or leave it empty."));
    }
    let wrong = new.redirect_uris.iter().find_map(|uri| check_redirect_uri(uri).err());
    errors.extend(wrong.map(|why| FieldError::new("redirect_uris", format!("{why}."))));
    errors
}

/// Registers an application for `owner`, or for an operator, on a site with the scopes `declared`. Returns it with its
/// secret, which is shown once.
///
/// # Errors
/// [`Problem::Validation`]; [`Problem::Conflict`] if the account has `limit` of them.
pub(super) async fn register(
    db: &Db,
    (owner, limit): (Option<Uuid>, u32),
    declared: &[ScopeInfo],
    new: NewClient,
) -> Result<(Registered, Option<Secret>), Problem> {
    let new = NewClient { letter: new.letter.trim().to_owned(), ..new };
    Problem::unless(errors(&new, declared), ())?;
    let secret = new.is_confidential.then(|| Secret::generate(SECRET_PREFIX)).transpose();
    let secret = secret.map_err(|error| Problem::Internal(error.to_string()))?;
    let row = ClientRow {
        id: Uuid::now_v7().to_string(),
        account_id: owner,
        name: new.name.trim().to_owned(),
        redirect_uris: new.redirect_uris.join(" "),
        origins: origins_of(&new.redirect_uris).join(" "),
        secret_hash: secret.as_ref().map(Secret::hash),
        created_at: db.now(),
        device_grant: new.device_grant,
        scopes: new.scopes.join(" "),
        letter: new.letter,
        requires_key: new.requires_key,
    };
    if store::insert_client(db, row.clone(), limit.into()).await? == 0 {
        return Err(Problem::Conflict("The account has reached its limit of apps. Delete one that is no longer used."));
    }
    Ok((row.into(), secret))
}

/// The newest `limit` applications that `owner` registered, or all.
///
/// # Errors
/// If the database fails.
pub(super) async fn list(db: &Db, owner: Option<Uuid>, limit: u32) -> Result<Vec<Registered>, Problem> {
    let rows = store::list_clients(db, owner, limit.into()).await?;
    Ok(rows.into_iter().map(Registered::from).collect())
}

/// Deletes an application of `owner`, or of anybody, with everything that people let it do. Returns its name.
///
/// # Errors
/// [`Problem::NotFound`]
pub(super) async fn delete(db: &Db, owner: Option<Uuid>, id: &str) -> Result<String, Problem> {
    let (ours, id) = (db.clone(), id.to_owned());
    db.run_to_completion(async move {
        let deleted = store::delete_client(&ours, owner, &id).await?;
        deleted.map(|(name,)| name).ok_or(Problem::NotFound)
    })
    .await
}
