//! Authorization codes (RFC 6749 section 4.1): once, for a minute, bound to the client, the redirect URI and the
//! challenge (S80). A code that is sent a second time ends what it was exchanged for.

use time::Duration;
use uuid::Uuid;

use super::{
    client::Client,
    error::OAuthError,
    pkce, refresh,
    refresh::Granted,
    refresh_token::RefreshToken,
    request::AuthorizationRequest,
    store::{self, NewCode},
};
use crate::{
    auth::{
        activity::{Actor, Kind},
        session::CurrentSession,
        store::grants,
    },
    db::Db,
    http::{client::Client as Somewhere, problem::Problem},
    secret::Secret,
    settings::OAuth,
};

/// The prefix of a code, which has the format and the checksum of a token.
const PREFIX: &str = "code";
/// How long a code lasts.
const LASTS: Duration = Duration::seconds(60);
/// How long a code is remembered after that, to notice that it is used again.
const REMEMBERED: Duration = Duration::hours(1);
/// How many codes of an account wait to be exchanged.
const KEPT: i64 = 20;
/// How many grants an application has in one browser session: one for each tab that has signed in.
const GRANTS: i64 = 10;

/// A code for `request`, by somebody who is signed in.
///
/// # Errors
/// [`Problem::NotSignedIn`] if they are no longer; or if the database fails.
pub(super) async fn issue(
    db: &Db,
    signed_in: &CurrentSession,
    request: &AuthorizationRequest,
) -> Result<String, Problem> {
    let code = Secret::generate(PREFIX).map_err(|error| Problem::Internal(error.to_string()))?;
    let new = NewCode {
        hash: code.hash(),
        account: signed_in.account.id,
        session: signed_in.id,
        client_id: request.client.id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        scopes: request.scope_text(),
        challenge: request.challenge.clone(),
        jkt: request.jkt.clone(),
        auth_stamp: signed_in.stamp.0.clone(),
        expires_at: db.now() + LASTS,
    };
    if store::insert_code(db, new).await? == 0 {
        return Err(Problem::NotSignedIn);
    }
    store::delete_old_codes(db, signed_in.account.id, KEPT).await?;
    Ok(code.reveal().to_owned())
}

/// Exchanges a code for a grant. `key` is the thumbprint of the key that the request proves.
///
/// # Errors
/// `invalid_grant`
pub(super) async fn exchange(
    db: &Db,
    settings: &OAuth,
    (client, from): (&Client, Somewhere),
    (code, redirect_uri, verifier): (&str, &str, &str),
    key: Option<&str>,
) -> Result<Granted, OAuthError> {
    let unknown = || OAuthError::grant("The code is unknown, was used, or has expired.");
    let hash = Secret::parse(PREFIX, code).ok_or_else(unknown)?.hash();
    let row = store::find_code(db, hash.clone()).await?.ok_or_else(unknown)?;
    if let Some(given) = row.grant_id {
        replayed(db, hash, (row.account_id, given)).await?;
        return Err(unknown());
    }
    if row.expires_at <= db.now() {
        return Err(unknown());
    }
    if row.client_id != client.id || row.redirect_uri != redirect_uri || !pkce::verifies(verifier, &row.challenge) {
        return Err(OAuthError::grant("The code belongs to another client_id, redirect_uri or code_verifier."));
    }
    if row.jkt.is_some() && row.jkt.as_deref() != key {
        return Err(OAuthError::grant("The code is for another key (dpop_jkt)."));
    }
    client.demand_key(db, row.account_id, key).await?;

    let (ours, id, now) = (db.clone(), Uuid::now_v7(), db.now());
    // Those of a client with a secret are bound to the client already (RFC 9449 section 5).
    let jkt = key.filter(|_| !client.is_confidential()).map(str::to_owned);
    let token = RefreshToken::first(&settings.refresh_prefix)?;
    let ends_at = now + settings.refresh_lifetime();
    let name = client.name.clone();
    // Run to completion, so that a client that disconnects leaves no grant without a token.
    db.run_to_completion(async move {
        if store::take_code(&ours, hash.clone(), id, now).await? == 0 {
            replayed_meanwhile(&ours, hash).await?;
            return Err(unknown());
        }
        let new = grants::New { id, code: hash, family_hash: token.family_hash(), jkt, ends_at };
        let grant = grants::insert(&ours, new, now).await?;
        let grant = grant.ok_or_else(|| OAuthError::grant("The person is no longer signed in."))?;
        store::insert_refresh_token(&ours, token.hash(), id).await?;
        grants::delete_old(&ours, &grant, GRANTS).await?;
        let means = grant.credential();
        let actor = Actor { account: grant.account_id, means, client: from, stamp: None };
        actor.record(&ours, Kind::AppAuthorized, Some((id, &name)));
        Ok(Granted { grant, token })
    })
    .await
}

/// Another request was faster with the same code.
async fn replayed_meanwhile(db: &Db, hash: Vec<u8>) -> Result<(), OAuthError> {
    match store::find_code(db, hash.clone()).await? {
        Some(store::CodeRow { account_id, grant_id: Some(given), .. }) => replayed(db, hash, (account_id, given)).await,
        _ => Ok(()),
    }
}

/// Ends what a code was exchanged for (RFC 6749 section 4.1.2). The code goes first, so that an exchange that is still
/// running makes nothing of it.
async fn replayed(db: &Db, hash: Vec<u8>, (account, given): (Uuid, Uuid)) -> Result<(), OAuthError> {
    tracing::warn!(event = "code_replayed", grant = %given, "an authorization code was used twice");
    let ours = db.clone();
    db.run_to_completion(async move {
        store::delete_code(&ours, hash).await?;
        refresh::end(&ours, account, given).await
    })
    .await
}

/// Deletes codes that need not be remembered.
///
/// # Errors
/// If the database fails.
pub(super) async fn delete_expired(db: &Db, batch: i64) -> sqlx::Result<u64> {
    store::delete_expired_codes(db, db.now() + -REMEMBERED, batch).await
}
