//! How often codes can be asked for, and guessed (RFC 8628 section 5.1).
//!
//! A right guess lets a stranger's device into the account of whoever guesses, which gains little; and a code that
//! somebody else approves is worth nothing without its `device_code`. Guesses are few all the same: with ten for each
//! account in a quarter of an hour, and ten thousand codes that wait, one in 250,000 of such bursts finds one.

use time::Duration;
use uuid::Uuid;

use crate::{
    auth::rate_limit::{
        attempts::{self, Rule, Taken, from_network},
        by_network::ByNetwork,
    },
    db::Db,
    http::{
        client::Client,
        problem::{Limit, Problem},
    },
    settings::Throttle,
};

/// Counts a request for codes by the network it comes from.
///
/// # Errors
/// [`Problem::RateLimited`]; or if the database fails.
pub(super) async fn ask(db: &Db, throttle: &Throttle, client: &Client) -> Result<(), Problem> {
    let _counted = attempts::take(db, from_network(client, ByNetwork::DeviceCode.rule(throttle))).await?;
    Ok(())
}

/// Counts the entry of a code by the account that is signed in and by its network. Give it back where the code was
/// right.
///
/// # Errors
/// [`Problem::RateLimited`]; or if the database fails.
pub(super) async fn enter(db: &Db, throttle: &Throttle, client: &Client, account: Uuid) -> Result<Taken, Problem> {
    let (burst, pace) = (throttle.sign_ins_here, Duration::minutes(15));
    let rule = Rule { what: "user code account", limit: Limit::Code, burst, pace };
    let mut counts = from_network(client, ByNetwork::UserCode.rule(throttle));
    counts.push(rule.of(&[&account.to_string()]));
    attempts::take(db, counts).await
}
