//! Revoking tokens, together with all tokens created with them (S59, S60). With the token of an application, its access
//! ends, so that it cannot get another.

use uuid::Uuid;

use crate::{
    auth::{
        Token,
        activity::{Actor, ActorCredential, Kind},
        store::{grants, tokens},
    },
    db::Db,
    features::tokens::emails,
    http::{client::Client, problem::Problem},
    mail::Mailer,
    secret::Secret,
    settings::Settings,
};

/// Revokes a token and all tokens created with it, from their next requests on, even if the token itself is no longer
/// active.
///
/// # Errors
/// [`Problem::NotFound`] if the account has no such token, or neither it nor any token created with it is active.
pub async fn revoke(db: &Db, actor: &Actor, id: Uuid) -> Result<(), Problem> {
    let (ours, actor) = (db.clone(), actor.clone());
    db.run_to_completion(async move {
        grants::revoke_of_token(&ours, actor.account, id, ours.now()).await?;
        let revoke = || tokens::revoke(&ours, actor.account, id, ours.now());
        let revoked = until_none(&ours, &actor, revoke).await?;
        grants::revoke_tokens(&ours, actor.account, ours.now()).await?;
        if revoked == 0 { Err(Problem::NotFound) } else { Ok(()) }
    })
    .await
}

/// Calls `revoke` and records the result until nothing is left to revoke: a token that was being created while its
/// parent was revoked is found the next time, and a revoked token creates no more. Returns how many tokens were
/// revoked.
pub(super) async fn until_none<F>(db: &Db, actor: &Actor, revoke: impl Fn() -> F) -> Result<usize, Problem>
where
    F: Future<Output = sqlx::Result<Vec<Token>>>,
{
    let mut count = 0;
    loop {
        let revoked = revoke().await?;
        if revoked.is_empty() {
            return Ok(count);
        }
        count += revoked.len();
        tell_revoked(db, actor, &revoked);
    }
}

/// Revokes every token of the account.
///
/// # Errors
/// If the database fails.
pub async fn revoke_all(db: &Db, actor: &Actor) -> Result<(), Problem> {
    let (ours, actor) = (db.clone(), actor.clone());
    db.run_to_completion(async move {
        grants::revoke_all(&ours, actor.account, None, ours.now()).await?;
        until_none(&ours, &actor, || tokens::revoke_all(&ours, actor.account, None, ours.now())).await?;
        Ok(())
    })
    .await
}

/// Revokes every token of the account but `kept`.
///
/// # Errors
/// [`Problem::NotFound`] if the account has no active token `kept`; then nothing is revoked.
pub async fn revoke_others(db: &Db, actor: &Actor, kept: Uuid) -> Result<(), Problem> {
    if !tokens::works(db, actor.account, kept, db.now()).await? {
        return Err(Problem::NotFound);
    }
    let (ours, actor) = (db.clone(), actor.clone());
    db.run_to_completion(async move {
        grants::revoke_all(&ours, actor.account, Some(kept), ours.now()).await?;
        until_none(&ours, &actor, || tokens::revoke_all(&ours, actor.account, Some(kept), ours.now())).await?;
        Ok(())
    })
    .await
}

/// After a password change, revokes the tokens that `POST login` and applications got with the old password, and all
/// tokens created with them (S59). `stamp` is the new one. With `all`, revokes all other tokens as well. Login tokens
/// stop working with the password change in any case; this updates the lists and the activity.
///
/// # Errors
/// If the database fails.
pub async fn revoke_of_older_password(db: &Db, actor: &Actor, stamp: Vec<u8>, all: bool) -> Result<(), Problem> {
    if all {
        return revoke_all(db, actor).await;
    }
    grants::revoke_outdated(db, actor.account, stamp.clone(), db.now()).await?;
    until_none(db, actor, || tokens::revoke_outdated(db, actor.account, stamp.clone(), db.now())).await?;
    Ok(())
}

fn tell_revoked(db: &Db, actor: &Actor, tokens: &[Token]) {
    for token in tokens {
        actor.record(db, Kind::TokenRevoked, Some((token.id, &token.name)));
    }
}

/// Handles the report of a leaked token, `text`. Revokes it and all tokens created with it, as far as they are active,
/// and tells the owner if there was anything to revoke. A refresh token ends the access of its application with all its
/// tokens, whether or not it is the newest.
///
/// All of this happens in the background, so that the answer and its timing are the same for any `text`.
pub fn report(db: &Db, settings: &Settings, mailer: &Mailer, text: &str) {
    if let Some((family, _)) = grants::parts_of_refresh_token(&settings.oauth.refresh_prefix, text) {
        return report_refresh_token(db, settings, mailer, family);
    }
    let Some(secret) = Secret::parse(&settings.tokens.prefix, text) else { return };
    let (ours, settings, mailer) = (db.clone(), settings.clone(), mailer.clone());
    db.spawn_detached(async move {
        let found = match tokens::find_owned(&ours, secret.hash()).await {
            Ok(Some(found)) => found,
            Ok(None) => return,
            Err(error) => return tracing::error!(%error, "reported token not revoked"),
        };
        // The owner is not told who reported it.
        let (means, client) = (ActorCredential::LeakReporter, Client::default());
        let actor = Actor { account: found.account_id, means, client, stamp: None };
        match revoke_found(&ours, &actor, &found).await {
            Ok(false) => {}
            Ok(true) => mailer.send(emails::found(&settings, &found.email, found.created_at)).await,
            Err(error) => tracing::error!(%error, token = %found.id, "reported token not revoked"),
        }
    });
}

/// The same for a refresh token with this `family`.
fn report_refresh_token(db: &Db, settings: &Settings, mailer: &Mailer, family: Secret) {
    let (ours, settings, mailer) = (db.clone(), settings.clone(), mailer.clone());
    db.spawn_detached(async move {
        let revoked = async {
            let Some(found) = grants::find_owned(&ours, family.hash(), ours.now()).await? else { return Ok(None) };
            let count = grants::revoke(&ours, found.account_id, found.id, ours.now()).await?;
            Ok::<_, sqlx::Error>(Some(found).filter(|_| count > 0))
        };
        match revoked.await {
            Ok(None) => {}
            Ok(Some(found)) => {
                let (means, client) = (ActorCredential::LeakReporter, Client::default());
                let actor = Actor { account: found.account_id, means, client, stamp: None };
                actor.record(&ours, Kind::TokenReported, Some((found.id, &found.name)));
                mailer.send(emails::found(&settings, &found.email, found.created_at)).await;
            }
            Err(error) => tracing::error!(%error, "reported refresh token not revoked"),
        }
    });
}

/// Returns whether there was anything to revoke.
async fn revoke_found(db: &Db, actor: &Actor, found: &tokens::EndingToken) -> sqlx::Result<bool> {
    let mut told = false;
    grants::revoke_of_token(db, actor.account, found.id, db.now()).await?;
    loop {
        let revoked = tokens::revoke(db, actor.account, found.id, db.now()).await?;
        if revoked.is_empty() {
            grants::revoke_tokens(db, actor.account, db.now()).await?;
            return Ok(told);
        }
        if !told {
            actor.record(db, Kind::TokenReported, Some((found.id, &found.name)));
            told = true;
        }
        let made: Vec<_> = revoked.into_iter().filter(|token| token.id != found.id).collect();
        tell_revoked(db, actor, &made);
    }
}
