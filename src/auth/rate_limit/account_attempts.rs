//! How often somebody may try to sign in or up, or have mail sent. The reasons stand in [`crate::auth::rate_limit::attempts`].

use time::Duration;

use crate::{
    auth::{
        known_devices,
        rate_limit::attempts::{self, Count, Key, Rule, Taken},
    },
    db::Db,
    http::{client::Client, problem::Problem},
    settings::Throttle as Limits,
};

/// How long a network counts as one the account was signed in from.
const FAMILIAR: Duration = Duration::days(30);

/// One try to sign in, counted.
#[derive(Debug)]
#[must_use]
pub(crate) struct Try {
    taken: Taken,
    here: Count,
    familiar: Key,
}

/// Counts a try to sign in to the account with the address `email`, whether there is one or not.
///
/// # Errors
/// [`Problem::RateLimited`]; the database's.
pub(crate) async fn sign_in(db: &Db, limits: &Limits, client: &Client, email: &str) -> Result<Try, Problem> {
    let from = network(client);
    let rule = |what, burst, pace| Rule { what, burst, pace };
    let strict = |what| rule(what, limits.sign_ins_here, Duration::minutes(15));
    let familiar = Key::new("familiar", &[email, &from]);
    if let Some(device) = known_devices::device(db, client, email).await? {
        let here = strict("sign-in device").of(&[email, &device]);
        return Ok(Try { taken: attempts::take(db, vec![here]).await?, here, familiar });
    }
    let here = strict("sign-in here").of(&[email, &from]);
    let mut counts = from_network(client, rule("sign-in address", limits.sign_ins_per_address, Duration::seconds(10)));
    counts.push(here);
    if !attempts::is_remembered(db, familiar).await? {
        counts.push(rule("sign-in account", limits.sign_ins_per_account, Duration::minutes(1)).of(&[email]));
    }
    Ok(Try { taken: attempts::take(db, counts).await?, here, familiar })
}

impl Try {
    /// The password was right: the failures here are forgiven, and the network is familiar from now on.
    pub(crate) async fn succeeded(self, db: &Db) {
        self.taken.give_back(db).await;
        attempts::forgive(db, self.here).await;
        if let Err(error) = attempts::remember(db, self.familiar, FAMILIAR).await {
            tracing::warn!(%error, "network not remembered");
        }
    }

    /// It came to no answer.
    pub(crate) async fn give_back(self, db: &Db) {
        self.taken.give_back(db).await;
    }
}

/// One try to make an account, counted for good: whether or not it makes one, it costs the hash of a password.
#[derive(Debug)]
#[must_use]
pub(crate) struct SignUp {
    taken: Taken,
    recipient: Count,
}

/// Counts a try to make an account, which may send mail to `email`.
///
/// # Errors
/// [`Problem::RateLimited`]; the database's.
pub(crate) async fn sign_up(db: &Db, limits: &Limits, client: &Client, email: &str) -> Result<SignUp, Problem> {
    let rule = Rule { what: "sign-up address", burst: limits.sign_ups_per_address, pace: Duration::minutes(5) };
    let recipient = recipient(limits, "sign-up recipient", email);
    let mut counts = from_network(client, rule);
    counts.push(recipient);
    Ok(SignUp { taken: attempts::take(db, counts).await?, recipient })
}

impl SignUp {
    /// Nobody is mailed, so it costs the owner of the address nothing (S68).
    pub(crate) async fn mailed_nobody(self, db: &Db) {
        attempts::give_back(db, self.recipient).await;
    }

    /// It came to no answer.
    pub(crate) async fn give_back(self, db: &Db) {
        self.taken.give_back(db).await;
    }
}

/// What somebody who is signed in has mailed. Each counts for itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    /// The link to confirm the account's address, once more.
    Confirm,
    /// The link for an address the account is to have instead.
    Change,
}

/// Counts a mail to `email` that somebody asks for. For good: mails in numbers are what is prevented, whether or not the
/// address is anybody's (S25).
///
/// # Errors
/// [`Problem::RateLimited`]; the database's.
pub(crate) async fn mail(db: &Db, limits: &Limits, client: &Client, asked: Asked, email: &str) -> Result<(), Problem> {
    let what = match asked {
        Asked::Confirm => "confirm recipient",
        Asked::Change => "change recipient",
    };
    let mut counts = mails_from(limits, client);
    counts.push(recipient(limits, what, email));
    let _counted = attempts::take(db, counts).await?;
    Ok(())
}

/// Counts a link for a new password that is asked for, whether or not `email` is anybody's. Says whether there were few
/// enough for `email` that one may be mailed whatever was mailed before. Nobody is refused on account of whom it goes to, or
/// somebody who asks for it again and again would keep its owner from it (S68).
///
/// # Errors
/// [`Problem::RateLimited`] where the network asks too often; the database's.
pub(crate) async fn reset(db: &Db, limits: &Limits, client: &Client, email: &str) -> Result<bool, Problem> {
    let _counted = attempts::take(db, mails_from(limits, client)).await?;
    match attempts::take(db, vec![recipient(limits, "reset recipient", email)]).await {
        Ok(_counted) => Ok(true),
        Err(Problem::RateLimited(_)) => Ok(false),
        Err(problem) => Err(problem),
    }
}

fn mails_from(limits: &Limits, client: &Client) -> Vec<Count> {
    from_network(client, Rule { what: "mail address", burst: limits.mails_per_address, pace: Duration::minutes(5) })
}

fn recipient(limits: &Limits, what: &'static str, email: &str) -> Count {
    Rule { what, burst: limits.mails_per_recipient, pace: Duration::minutes(30) }.of(&[email])
}

/// One count by `rule` for each network the client may have to itself (S69).
fn from_network(client: &Client, rule: Rule) -> Vec<Count> {
    let counts: Vec<_> =
        client.networks().iter().map(|(network, times)| rule.times(*times).of(&[&network.to_string()])).collect();
    // Clients of which no address is known share one.
    if counts.is_empty() { vec![rule.of(&[""])] } else { counts }
}

fn network(client: &Client) -> String {
    client.network().map(|network| network.to_string()).unwrap_or_default()
}
