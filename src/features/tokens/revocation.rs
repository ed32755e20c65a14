//! Ending tokens, with all that they have made (S59, S60).

use uuid::Uuid;

use crate::{
    auth::{
        Token,
        activity::{Actor, ActorCredential, Kind},
        store::tokens,
    },
    db::Db,
    features::tokens::emails,
    http::{client::Client, problem::Problem},
    mail::Mailer,
    secret::Secret,
    settings::Settings as House,
};

/// Ends a token and what it has made, from their next requests on, whether or not the token itself has ended before.
///
/// # Errors
/// [`Problem::NotFound`] where the account has no such token, or neither it nor what it has made works.
pub async fn revoke(db: &Db, actor: &Actor, id: Uuid) -> Result<(), Problem> {
    let (ours, actor) = (db.clone(), actor.clone());
    db.run_to_completion(async move {
        let revoke = || tokens::revoke(&ours, actor.account, id, ours.now());
        if until_none(&ours, &actor, revoke).await? == 0 { Err(Problem::NotFound) } else { Ok(()) }
    })
    .await
}

/// Revokes and tells of it until there is nothing left: what was on its way when its maker was revoked is there by the
/// next time, and what is revoked makes no more. Says how many there were.
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

/// Ends every token of the account.
///
/// # Errors
/// The database's.
pub async fn revoke_all(db: &Db, actor: &Actor) -> Result<(), Problem> {
    let (ours, actor) = (db.clone(), actor.clone());
    db.run_to_completion(async move {
        until_none(&ours, &actor, || tokens::revoke_all(&ours, actor.account, None, ours.now())).await?;
        Ok(())
    })
    .await
}

/// Ends every token of the account but `kept`.
///
/// # Errors
/// [`Problem::NotFound`] where the account has no such token that works; nothing is revoked then.
pub async fn revoke_others(db: &Db, actor: &Actor, kept: Uuid) -> Result<(), Problem> {
    if !tokens::works(db, actor.account, kept, db.now()).await? {
        return Err(Problem::NotFound);
    }
    let (ours, actor) = (db.clone(), actor.clone());
    db.run_to_completion(async move {
        until_none(&ours, &actor, || tokens::revoke_all(&ours, actor.account, Some(kept), ours.now())).await?;
        Ok(())
    })
    .await
}

/// The account has a new password, that of `stamp`: ends the tokens that `POST login` gave for another, with all that
/// those have made (S59). With `all`, its other tokens as well. The doors refuse the former from the new password on;
/// this is for lists, and for what its owner is told.
///
/// # Errors
/// The database's.
pub async fn revoke_of_older_password(db: &Db, actor: &Actor, stamp: Vec<u8>, all: bool) -> Result<(), Problem> {
    if all {
        return revoke_all(db, actor).await;
    }
    until_none(db, actor, || tokens::revoke_outdated(db, actor.account, stamp.clone(), db.now())).await?;
    Ok(())
}

fn tell_revoked(db: &Db, actor: &Actor, tokens: &[Token]) {
    for token in tokens {
        actor.record(db, Kind::TokenRevoked, Some((token.id, &token.name)));
    }
}

/// Somebody has found `text` where no token should be. It is revoked, if it works, with all that it has made, which may
/// work where it does not; and its owner is told, if there was anything to revoke.
///
/// All of it comes after the answer, which so is the same in words and time whatever was found.
pub fn report(db: &Db, state: &House, mailer: &Mailer, text: &str) {
    let Some(secret) = Secret::parse(&state.tokens.prefix, text) else { return };
    let (ours, state, mailer) = (db.clone(), state.clone(), mailer.clone());
    db.spawn_detached(async move {
        let found = match tokens::find_owned(&ours, secret.hash()).await {
            Ok(Some(found)) => found,
            Ok(None) => return,
            Err(error) => return tracing::error!(%error, "a token that was found is not revoked"),
        };
        // Whoever tells us of it is nobody's business.
        let (means, client) = (ActorCredential::LeakReporter, Client::default());
        let actor = Actor { account: found.account_id, means, client, stamp: None };
        match revoke_found(&ours, &actor, &found).await {
            Ok(false) => {}
            Ok(true) => mailer.send(emails::found(&state, &found.email, found.created_at)).await,
            Err(error) => tracing::error!(%error, token = %found.id, "a token that was found is not revoked"),
        }
    });
}

/// Whether there was anything to revoke.
async fn revoke_found(db: &Db, actor: &Actor, found: &tokens::EndingToken) -> sqlx::Result<bool> {
    let mut told = false;
    loop {
        let revoked = tokens::revoke(db, actor.account, found.id, db.now()).await?;
        if revoked.is_empty() {
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
