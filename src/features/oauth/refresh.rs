//! Refresh tokens, and the access tokens that they are exchanged for (S81).
//!
//! A refresh token works once, and again for a moment: see [`RefreshToken`] for what it is then answered with. Later,
//! it was probably stolen, by whoever sends it now or by whoever sent it before, so its whole family ends (RFC 9700
//! section 4.14.2). No exchange moves the end of the grant.

use time::Duration;
use uuid::Uuid;

use super::{
    client::Client,
    error::OAuthError,
    refresh_token::{RefreshToken, salt},
    store,
};
use crate::{
    auth::{
        Scopes,
        activity::{Actor, Kind},
        store::grants::{self, Grant, NewToken},
    },
    db::Db,
    http::client::Client as Somewhere,
    secret::Secret,
    settings::Settings,
    timestamp::Timestamp,
};

/// How many access tokens of a grant work at once.
const ACCESS_TOKENS: i64 = 10;
/// How many refresh tokens may follow each other within the grace.
const STEPS: usize = 100;
/// For how long a grant that was revoked is kept, so that its access tokens are told so.
const REMEMBERED: Duration = Duration::days(1);

/// What a client got: a grant, and the refresh token to use next.
#[derive(Debug)]
pub(super) struct Granted {
    pub grant: Grant,
    pub token: RefreshToken,
}

/// An access token.
#[derive(Debug)]
pub(super) struct Access {
    pub secret: Secret,
    pub scopes: String,
    /// In seconds.
    pub expires_in: i64,
}

/// The grant that `text` belongs to, if it is a refresh token.
///
/// # Errors
/// If the database fails.
pub(super) async fn find(db: &Db, settings: &Settings, text: &str) -> sqlx::Result<Option<Granted>> {
    let Some(token) = RefreshToken::parse(&settings.oauth.refresh_prefix, text) else { return Ok(None) };
    Ok(grants::find(db, token.family_hash()).await?.map(|grant| Granted { grant, token }))
}

/// Exchanges a refresh token. `key` is the thumbprint of the key that the request proves.
///
/// # Errors
/// `invalid_grant`
pub(super) async fn exchange(
    db: &Db,
    settings: &Settings,
    (client, from): (&Client, Somewhere),
    text: &str,
    key: Option<&str>,
) -> Result<Granted, OAuthError> {
    let over = || OAuthError::grant("The refresh token is unknown, was revoked, or has expired.");
    let Granted { grant, token } = find(db, settings, text).await?.ok_or_else(over)?;
    if grant.client_id != client.id {
        return Err(OAuthError::grant("The refresh token belongs to another client_id."));
    }
    if grant.jkt.is_some() && grant.jkt.as_deref() != key {
        return Err(OAuthError::grant("The refresh token is bound to a key, which the request does not prove (DPoP)."));
    }
    if !grants::stands(db, grant.id, db.now()).await? {
        return Err(over());
    }
    client.demand_key(db, grant.account_id, key).await?;
    let (ours, grace, name) = (db.clone(), settings.oauth.refresh_grace(), client.name.clone());
    db.run_to_completion(async move {
        if let Some(token) = next(&ours, grace, &grant, token).await? {
            return Ok(Granted { grant, token });
        }
        end(&ours, grant.account_id, grant.id).await?;
        let means = grant.credential();
        let actor = Actor { account: grant.account_id, means, client: from, stamp: None };
        actor.record(&ours, Kind::RefreshTokenReused, Some((grant.id, &name)));
        Err(OAuthError::grant("The refresh token was used before, so the authorization has been revoked."))
    })
    .await
}

/// The refresh token to use after `token`; `None` if that was used too long ago.
async fn next(
    db: &Db,
    grace: Duration,
    grant: &Grant,
    token: RefreshToken,
) -> Result<Option<RefreshToken>, OAuthError> {
    let (now, mut token, mut is_sent) = (db.now(), token, true);
    for _ in 0..STEPS {
        let Some(row) = store::find_refresh_token(db, token.hash(), grant.id).await? else {
            if is_sent {
                return Ok(None);
            }
            // The request that used its predecessor is about to store it, or could not: then this one does.
            store::insert_refresh_token(db, token.hash(), grant.id).await?;
            return Ok(Some(token));
        };
        token = match (row.used_at, row.salt) {
            (None, _) if is_sent => {
                let salt = salt()?;
                if store::use_refresh_token(db, token.hash(), salt.clone(), now).await? == 0 {
                    continue;
                }
                let successor = token.successor(&salt);
                store::insert_refresh_token(db, successor.hash(), grant.id).await?;
                store::delete_used_refresh_tokens(db, grant.id, now + -grace).await?;
                return Ok(Some(successor));
            }
            (None, _) => return Ok(Some(token)),
            (Some(used_at), Some(salt)) if (now - used_at).abs() < grace => token.successor(&salt),
            _ => return Ok(None),
        };
        is_sent = false;
    }
    Ok(None)
}

/// Creates an access token for `grant`, with the scopes that `asked` names, or with all of the grant that the client may
/// still have, and bound to the key with the thumbprint `jkt`, if there is one.
///
/// # Errors
/// `invalid_scope` if there are none or not all of them; `invalid_grant` if the grant has ended; `invalid_dpop_proof` if
/// the account demands a key meanwhile.
pub(super) async fn access(
    db: &Db,
    settings: &Settings,
    client: &Client,
    grant: &Grant,
    (asked, jkt): (Option<&str>, Option<String>),
) -> Result<Access, OAuthError> {
    let scopes = narrowed(client, &grant.scopes, asked)?;
    let secret = Secret::generate(&settings.tokens.prefix)
        .map_err(|error| OAuthError::from(crate::http::problem::Problem::Internal(error.to_string())))?;
    let now = db.now();
    let expires_at = (now + settings.oauth.access_lifetime()).min(grant.ends_at);
    let key = jkt.clone();
    let new = NewToken {
        id: Uuid::now_v7(),
        grant: grant.id,
        name: client.name.clone(),
        hash: secret.hash(),
        scopes: scopes.clone(),
        origins: client.origins.join(" "),
        expires_at,
        jkt,
    };
    let (ours, id) = (db.clone(), grant.id);
    let stored = db.run_to_completion(async move {
        let stored = grants::insert_token(&ours, new, now).await?;
        grants::delete_old_tokens(&ours, id, ACCESS_TOKENS).await?;
        grants::refreshed(&ours, id, now).await?;
        Ok::<_, OAuthError>(stored)
    });
    if stored.await? == 0 {
        client.demand_key(db, grant.account_id, key.as_deref()).await?;
        return Err(OAuthError::grant("The authorization has ended."));
    }
    Ok(Access { secret, scopes, expires_in: (expires_at - now).whole_seconds() })
}

/// The scopes of `granted` that `asked` names, and that the client may have by now.
pub(super) fn narrowed(client: &Client, granted: &str, asked: Option<&str>) -> Result<String, OAuthError> {
    let granted: Scopes = granted.split(' ').filter(|scope| client.may_have(scope)).collect();
    if granted.is_empty() {
        return Err(OAuthError::new("invalid_scope", "The client may have none of the scopes by now."));
    }
    let Some(asked) = asked else { return Ok(granted.to_string()) };
    let asked = Scopes::from(asked.to_owned());
    if asked.is_empty() || asked.iter().any(|scope| !granted.contains(scope)) {
        return Err(OAuthError::new("invalid_scope", "scope names something that the person did not authorize."));
    }
    Ok(asked.to_string())
}

/// Ends a grant with all its tokens.
///
/// # Errors
/// If the database fails.
pub(super) async fn end(db: &Db, account: Uuid, grant: Uuid) -> Result<(), OAuthError> {
    grants::revoke(db, account, grant, db.now()).await?;
    Ok(())
}

/// Deletes grants that have ended.
///
/// # Errors
/// If the database fails.
pub(super) async fn delete_expired(db: &Db, batch: i64) -> sqlx::Result<u64> {
    let now: Timestamp = db.now();
    grants::delete_expired(db, now, now + -REMEMBERED, batch).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::oauth::client::Owner;

    fn client(scopes: &[&str]) -> Client {
        Client {
            id: "spa".into(),
            name: "App".into(),
            redirect_uris: Vec::new(),
            origins: Vec::new(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            device_grant: false,
            letter: String::new(),
            requires_key: false,
            owner: Owner::Site,
            secret_hash: None,
        }
    }

    #[test]
    fn scopes_only_become_fewer() {
        let any = client(&[]);
        assert_eq!(narrowed(&any, "b a", None).unwrap(), "a b");
        assert_eq!(narrowed(&any, "a b", Some("b")).unwrap(), "b");
        for more in ["c", "a c", "", " "] {
            assert_eq!(narrowed(&any, "a b", Some(more)).unwrap_err().code, "invalid_scope", "{more}");
        }
    }

    #[test]
    fn a_client_that_may_have_less_by_now_gets_less() {
        assert_eq!(narrowed(&client(&["b", "c"]), "a b", None).unwrap(), "b");
        for (own, asked) in [(["b"], Some("a")), (["b"], Some("a b")), (["c"], None)] {
            assert_eq!(narrowed(&client(&own), "a b", asked).unwrap_err().code, "invalid_scope");
        }
    }
}
