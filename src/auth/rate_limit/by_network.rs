//! The limits on what comes from one network, whoever is meant: all of them in one place, so that an operator can see
//! and lift them.

use std::net::IpAddr;

use time::Duration;

use crate::{
    auth::rate_limit::attempts::{self, Rule, from_network},
    db::Db,
    http::{client::Client, problem::Limit},
    settings::Throttle,
};

/// What is counted by the network that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByNetwork {
    /// Passwords, for any account.
    SignIn,
    /// Challenges for a passkey.
    Passkey,
    /// New accounts.
    SignUp,
    /// Mails that are requested.
    Mail,
    /// Codes that devices ask for.
    DeviceCode,
    /// Codes of devices that are entered.
    UserCode,
}

impl ByNetwork {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::SignIn, Self::Passkey, Self::SignUp, Self::Mail, Self::DeviceCode, Self::UserCode];

    /// Its name, which never changes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Passkey => "passkey",
            Self::SignUp => "sign_up",
            Self::Mail => "mail",
            Self::DeviceCode => "device_code",
            Self::UserCode => "user_code",
        }
    }

    /// Its rule.
    pub fn rule(self, throttle: &Throttle) -> Rule {
        let (what, limit, burst, pace) = match self {
            Self::SignIn => ("sign-in address", Limit::Password, throttle.sign_ins_per_address, Duration::seconds(10)),
            Self::Passkey => ("passkey address", Limit::Passkey, throttle.passkeys_per_address, Duration::seconds(1)),
            Self::SignUp => ("sign-up address", Limit::SignUp, throttle.sign_ups_per_address, Duration::minutes(5)),
            Self::Mail => ("mail address", Limit::Mail, throttle.mails_per_address, Duration::minutes(5)),
            Self::DeviceCode => {
                ("device code address", Limit::Address, throttle.device_codes_per_address, Duration::seconds(10))
            }
            Self::UserCode => ("user code address", Limit::Code, throttle.sign_ins_per_address, Duration::seconds(10)),
        };
        Rule { what, limit, burst, pace }
    }
}

fn at(address: IpAddr) -> Client {
    // As the server has it of a request.
    Client { address: Some(address.to_canonical()), ..Client::default() }
}

/// How long what comes from `address` has to wait.
///
/// # Errors
/// If the database fails.
pub async fn waits(db: &Db, throttle: &Throttle, kind: ByNetwork, address: IpAddr) -> sqlx::Result<Duration> {
    attempts::waits(db, &from_network(&at(address), kind.rule(throttle))).await
}

/// Forgives what was counted of the networks of `address`, whoever was meant. Returns how many counts there were.
///
/// # Errors
/// If the database fails.
pub async fn forgive(db: &Db, throttle: &Throttle, address: IpAddr) -> sqlx::Result<u64> {
    let client = at(address);
    let counts = ByNetwork::ALL.iter().flat_map(|kind| from_network(&client, kind.rule(throttle)));
    attempts::forgive_all(db, &counts.collect::<Vec<_>>()).await
}
