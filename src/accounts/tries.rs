//! How often somebody may try to sign in or up, or have mail sent. The reasons stand in [`crate::throttle`].

use time::Duration;

use crate::{
    client::Client,
    db::Db,
    problem::Problem,
    settings::Throttle as Limits,
    throttle::{self, Count, Key, Rule, Taken},
};

/// How long an address counts as one the account was signed in from.
const FAMILIAR: Duration = Duration::days(30);

/// One try to sign in, counted.
#[derive(Debug)]
#[must_use]
pub(super) struct Try {
    taken: Taken,
    here: Count,
    familiar: Key,
}

/// Counts a try to sign in to the account with the address `email`, whether there is one or not.
///
/// # Errors
/// [`Problem::RateLimited`]; the database's.
pub(super) async fn sign_in(db: &Db, limits: &Limits, client: &Client, email: &str) -> Result<Try, Problem> {
    let from = network(client);
    let rule = |what, burst, pace| Rule { what, burst, pace };
    let here = rule("sign-in here", limits.sign_ins_here, Duration::minutes(15)).of(&[email, &from]);
    let address = rule("sign-in address", limits.sign_ins_per_address, Duration::seconds(10)).of(&[&from]);
    let account = rule("sign-in account", limits.sign_ins_per_account, Duration::minutes(1)).of(&[email]);

    let familiar = Key::new("familiar", &[email, &from]);
    let counts =
        if throttle::is_remembered(db, familiar).await? { vec![here, address] } else { vec![here, address, account] };
    Ok(Try { taken: throttle::take(db, counts).await?, here, familiar })
}

impl Try {
    /// The password was right: the failures here are forgiven, and the address is familiar from now on.
    pub(super) async fn succeeded(self, db: &Db) {
        self.taken.give_back(db).await;
        throttle::forgive(db, self.here).await;
        if let Err(error) = throttle::remember(db, self.familiar, FAMILIAR).await {
            tracing::warn!(%error, "address not remembered");
        }
    }

    /// It came to no answer.
    pub(super) async fn give_back(self, db: &Db) {
        self.taken.give_back(db).await;
    }
}

/// Counts the making of an account, which sends mail to `email`.
///
/// # Errors
/// [`Problem::RateLimited`]; the database's.
pub(super) async fn sign_up(db: &Db, limits: &Limits, client: &Client, email: &str) -> Result<Taken, Problem> {
    let rule = Rule { what: "sign-up address", burst: limits.sign_ups_per_address, pace: Duration::minutes(5) };
    throttle::take(db, vec![rule.of(&[&network(client)]), recipient(limits, email)]).await
}

/// Counts a mail to `email` that somebody asks for. For good: mails in numbers are what is prevented, whether or not the
/// address is anybody's (S25).
///
/// # Errors
/// [`Problem::RateLimited`]; the database's.
pub(super) async fn mail(db: &Db, limits: &Limits, client: &Client, email: &str) -> Result<(), Problem> {
    let rule = Rule { what: "mail address", burst: limits.mails_per_address, pace: Duration::minutes(5) };
    let _counted = throttle::take(db, vec![rule.of(&[&network(client)]), recipient(limits, email)]).await?;
    Ok(())
}

/// Links of the same kind replace each other, so a stranger who uses these up has mailed the owner what they wait for.
fn recipient(limits: &Limits, email: &str) -> Count {
    Rule { what: "mail recipient", burst: limits.mails_per_recipient, pace: Duration::minutes(30) }.of(&[email])
}

/// Clients of which no address is known share one.
fn network(client: &Client) -> String {
    client.network().map(|network| network.to_string()).unwrap_or_default()
}
