//! The rate limits for signing in, signing up and sending mail. [`crate::auth::rate_limit::attempts`] explains the
//! reasons.

use time::Duration;
use uuid::Uuid;

use crate::{
    auth::{
        known_devices,
        rate_limit::{
            attempts::{self, Count, Key, Rule, Taken, from_network},
            by_network::ByNetwork,
        },
    },
    db::Db,
    http::{
        client::Client,
        problem::{Limit, Problem},
    },
    settings::Throttle,
    text::email_address::normalized,
};

/// How long a network counts as familiar after somebody signed in to the account from it.
const FAMILIAR: Duration = Duration::days(30);

/// A counted attempt to sign in.
#[derive(Debug)]
#[must_use]
pub(crate) struct SignInAttempt {
    taken: Taken,
    here: Count,
    familiar: Key,
}

/// Counts an attempt to sign in with the address `email`, whether or not there is such an account.
///
/// # Errors
/// [`Problem::RateLimited`]; or if the database fails.
pub(crate) async fn sign_in(
    db: &Db,
    throttle: &Throttle,
    client: &Client,
    email: &str,
) -> Result<SignInAttempt, Problem> {
    let from = network(client);
    let rule = |what, burst, pace| Rule { what, limit: Limit::Password, burst, pace };
    let strict = |what| rule(what, throttle.sign_ins_here, Duration::minutes(15));
    let familiar = Key::new("familiar", &[email, &from]);
    if let Some(device) = known_devices::device(db, client, email).await? {
        let here = strict("sign-in device").of(&[email, &device]);
        return Ok(SignInAttempt { taken: attempts::take(db, vec![here]).await?, here, familiar });
    }
    let here = strict("sign-in here").of(&[email, &from]);
    let mut counts = from_network(client, ByNetwork::SignIn.rule(throttle));
    counts.push(here);
    if !attempts::is_remembered(db, familiar).await? {
        counts.push(rule("sign-in account", throttle.sign_ins_per_account, Duration::minutes(1)).of(&[email]));
    }
    Ok(SignInAttempt { taken: attempts::take(db, counts).await?, here, familiar })
}

impl SignInAttempt {
    /// The password was right: forgives the failed attempts from here, and remembers the network as familiar.
    pub(crate) async fn succeeded(self, db: &Db) {
        self.taken.give_back(db).await;
        attempts::forgive(db, self.here).await;
        if let Err(error) = attempts::remember(db, self.familiar, FAMILIAR).await {
            tracing::warn!(%error, "network not remembered");
        }
    }

    /// Uncounts the attempt, because it failed for another reason.
    pub(crate) async fn give_back(self, db: &Db) {
        self.taken.give_back(db).await;
    }
}

/// What is counted of attempts to sign in to an account from browsers and networks that it does not know, from the
/// networks `from`, and in the browsers `devices`, which it knows.
fn of_account(throttle: &Throttle, (id, email): (Uuid, &str), from: &[Client], devices: &[String]) -> Vec<Count> {
    let rule = |what, limit, burst, pace| Rule { what, limit, burst, pace };
    let strict = |what, limit| rule(what, limit, throttle.sign_ins_here, Duration::minutes(15));
    // As what was typed is counted.
    let (id, email) = (id.to_string(), normalized(email));
    let everywhere = rule("sign-in account", Limit::Password, throttle.sign_ins_per_account, Duration::minutes(1));
    let mut counts = vec![everywhere.of(&[&email]), strict("second factor account", Limit::Code).of(&[&id])];
    let here = strict("sign-in here", Limit::Password);
    counts.extend(from.iter().map(|client| here.of(&[&email, &network(client)])));
    for device in devices {
        counts.push(strict("sign-in device", Limit::Password).of(&[&email, device]));
        counts.push(strict("second factor device", Limit::Code).of(&[&id, device]));
    }
    counts
}

/// What is counted of the mails that are requested for an account, whoever requests them, from the networks `from`, and
/// in the browsers `devices`, which it knows. All but those to an address that it does not have yet.
fn mails_for(throttle: &Throttle, (id, email): (Uuid, &str), from: &[Client], devices: &[String]) -> Vec<Count> {
    let mails = |what| mails_of(throttle, what);
    let (id, typed) = (id.to_string(), normalized(email));
    let mut counts = vec![
        mails("sign-up recipient").of(&[&typed]),
        mails("reset recipient").of(&[&typed]),
        mails("code recipient").of(&[&typed]),
        mails("confirm recipient").of(&[email]),
        mails("code account").of(&[&id]),
    ];
    counts.extend(from.iter().map(|client| mails("code network").of(&[&typed, &network(client)])));
    for device in devices {
        counts.push(mails("code device").of(&[&typed, device]));
        counts.push(mails("code account device").of(&[&id, device]));
    }
    counts
}

/// How long somebody has to wait who signs in to the account `id` from where it does not know, from the networks of
/// `from`, of which four are looked at, or in a browser that it knows.
///
/// # Errors
/// If the database fails.
pub async fn account_waits(
    db: &Db,
    throttle: &Throttle,
    account: (Uuid, &str),
    from: &[Client],
) -> sqlx::Result<Duration> {
    let devices = known_devices::of_account(db, account.0).await?;
    attempts::waits(db, &of_account(throttle, account, &from[..from.len().min(4)], &devices)).await
}

/// Forgives the failed attempts to sign in to the account `id`: those that count for everybody, those from the networks
/// of `from`, and those in browsers that it knows. Returns how many counts there were.
///
/// # Errors
/// If the database fails.
pub async fn unlock(db: &Db, throttle: &Throttle, account: (Uuid, &str), from: &[Client]) -> sqlx::Result<u64> {
    let devices = known_devices::of_account(db, account.0).await?;
    attempts::forgive_all(db, &of_account(throttle, account, from, &devices)).await
}

/// How long mails are held back that are requested for the account `id`, by whom it does not know, from the networks of
/// `from`, or in a browser that it knows: the longest of these waits.
///
/// # Errors
/// If the database fails.
pub async fn mail_waits(
    db: &Db,
    throttle: &Throttle,
    account: (Uuid, &str),
    from: &[Client],
) -> sqlx::Result<Duration> {
    let devices = known_devices::of_account(db, account.0).await?;
    attempts::waits(db, &mails_for(throttle, account, from, &devices)).await
}

/// Forgives the mails that were requested for the account `id`, by anybody. Returns how many counts there were.
///
/// # Errors
/// If the database fails.
pub async fn forgive_mails(db: &Db, throttle: &Throttle, account: (Uuid, &str), from: &[Client]) -> sqlx::Result<u64> {
    let devices = known_devices::of_account(db, account.0).await?;
    attempts::forgive_all(db, &mails_for(throttle, account, from, &devices)).await
}

/// A counted answer to the question for a second factor.
#[derive(Debug)]
#[must_use]
pub(crate) struct SecondFactorAttempt {
    taken: Taken,
    here: Option<Count>,
}

/// Counts an answer to the question for a second factor of `account`, whose address is `email`. The right password does
/// not forgive these attempts, or whoever knows it could guess without end. A browser that signed in before is counted
/// by itself, so that nobody who knows the password keeps the owner out there (S68).
///
/// # Errors
/// [`Problem::RateLimited`]; or if the database fails.
pub(crate) async fn second_factor(
    db: &Db,
    throttle: &Throttle,
    client: &Client,
    (account, email): (Uuid, &str),
) -> Result<SecondFactorAttempt, Problem> {
    let (burst, pace, account) = (throttle.sign_ins_here, Duration::minutes(15), account.to_string());
    let rule = |what| Rule { what, limit: Limit::Code, burst, pace };
    if let Some(device) = known_devices::device(db, client, email).await? {
        let here = rule("second factor device").of(&[&account, &device]);
        return Ok(SecondFactorAttempt { taken: attempts::take(db, vec![here]).await?, here: Some(here) });
    }
    let taken = attempts::take(db, vec![rule("second factor account").of(&[&account])]).await?;
    Ok(SecondFactorAttempt { taken, here: None })
}

impl SecondFactorAttempt {
    /// The answer was right: it is not counted, and the failed ones from this browser are forgiven.
    pub(crate) async fn succeeded(self, db: &Db) {
        self.taken.give_back(db).await;
        if let Some(here) = self.here {
            attempts::forgive(db, here).await;
        }
    }

    /// Uncounts the attempt, because it failed for another reason.
    pub(crate) async fn give_back(self, db: &Db) {
        self.taken.give_back(db).await;
    }
}

/// A counted attempt to sign up. It stays counted even if it creates no account, because it costs a password hash.
#[derive(Debug)]
#[must_use]
pub(crate) struct SignUp {
    taken: Taken,
    recipient: Count,
}

/// Counts an attempt to sign up, which may send mail to `email`.
///
/// # Errors
/// [`Problem::RateLimited`]; or if the database fails.
pub(crate) async fn sign_up(db: &Db, throttle: &Throttle, client: &Client, email: &str) -> Result<SignUp, Problem> {
    let recipient = recipient(throttle, "sign-up recipient", email);
    let mut counts = from_network(client, ByNetwork::SignUp.rule(throttle));
    counts.push(recipient);
    Ok(SignUp { taken: attempts::take(db, counts).await?, recipient })
}

impl SignUp {
    /// No mail was sent, so it does not count against the owner of the address (S68).
    pub(crate) async fn mailed_nobody(self, db: &Db) {
        attempts::give_back(db, self.recipient).await;
    }

    /// Uncounts the attempt, because it failed for another reason.
    pub(crate) async fn give_back(self, db: &Db) {
        self.taken.give_back(db).await;
    }
}

/// The kinds of mail that a signed-in person can request. Each is counted separately.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    /// Another link to confirm the account's email address.
    Confirm,
    /// The link to confirm a new email address.
    Change,
}

/// Counts a requested mail to `email`. It is never uncounted, whether or not the address belongs to an account (S25).
///
/// # Errors
/// [`Problem::RateLimited`]; or if the database fails.
pub(crate) async fn mail(
    db: &Db,
    throttle: &Throttle,
    client: &Client,
    asked: Asked,
    email: &str,
) -> Result<(), Problem> {
    let what = match asked {
        Asked::Confirm => "confirm recipient",
        Asked::Change => "change recipient",
    };
    let mut counts = mails_from(throttle, client);
    counts.push(recipient(throttle, what, email));
    let _counted = attempts::take(db, counts).await?;
    Ok(())
}

/// Counts a requested reset link, whether or not `email` belongs to an account. Returns `false` after too many requests
/// for `email`; then a new link should be sent only if the last one is old. That is no error, or anybody could keep the
/// owner from getting a link by requesting it again and again (S68).
///
/// # Errors
/// [`Problem::RateLimited`] after too many requests from the network; or if the database fails.
pub(crate) async fn reset(db: &Db, throttle: &Throttle, client: &Client, email: &str) -> Result<bool, Problem> {
    let _counted = attempts::take(db, mails_from(throttle, client)).await?;
    match attempts::take(db, vec![recipient(throttle, "reset recipient", email)]).await {
        Ok(_counted) => Ok(true),
        Err(Problem::RateLimited { .. }) => Ok(false),
        Err(problem) => Err(problem),
    }
}

/// Counts a requested code by mail, whether or not `email` belongs to an account. Returns `false` after too many requests
/// for `email` by strangers; then no code should be sent, and the answer is the same. Requests from a browser or a
/// network in which the owner signed in are counted apart, so that nobody keeps the owner from getting a code (S68).
///
/// # Errors
/// [`Problem::RateLimited`] after too many requests from the network; or if the database fails.
pub(crate) async fn code_for_anybody(
    db: &Db,
    throttle: &Throttle,
    client: &Client,
    email: &str,
) -> Result<bool, Problem> {
    let _counted = attempts::take(db, mails_from(throttle, client)).await?;
    let from = network(client);
    let device = known_devices::device(db, client, email).await?;
    let is_familiar = attempts::is_remembered(db, Key::new("familiar", &[email, &from])).await?;
    let count = match device {
        Some(device) => mails_of(throttle, "code device").of(&[email, &device]),
        None if is_familiar => mails_of(throttle, "code network").of(&[email, &from]),
        None => recipient(throttle, "code recipient", email),
    };
    match attempts::take(db, vec![count]).await {
        Ok(_counted) => Ok(true),
        Err(Problem::RateLimited { .. }) => Ok(false),
        Err(problem) => Err(problem),
    }
}

/// Counts a code by mail for `account`, requested by somebody who proved another factor of it or is signed in. A browser
/// that signed in before is counted by itself (S68).
///
/// # Errors
/// [`Problem::RateLimited`]; or if the database fails.
pub(crate) async fn code_for_account(
    db: &Db,
    throttle: &Throttle,
    client: &Client,
    (account, email): (Uuid, &str),
) -> Result<(), Problem> {
    let account = account.to_string();
    let count = match known_devices::device(db, client, email).await? {
        Some(device) => mails_of(throttle, "code account device").of(&[&account, &device]),
        None => mails_of(throttle, "code account").of(&[&account]),
    };
    let _counted = attempts::take(db, vec![count]).await?;
    Ok(())
}

fn mails_from(throttle: &Throttle, client: &Client) -> Vec<Count> {
    from_network(client, ByNetwork::Mail.rule(throttle))
}

fn recipient(throttle: &Throttle, what: &'static str, email: &str) -> Count {
    mails_of(throttle, what).of(&[email])
}

fn mails_of(throttle: &Throttle, what: &'static str) -> Rule {
    Rule { what, limit: Limit::Mail, burst: throttle.mails_per_recipient, pace: Duration::minutes(30) }
}

fn network(client: &Client) -> String {
    client.network().map(|network| network.to_string()).unwrap_or_default()
}
