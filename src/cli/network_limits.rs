//! `vestibule accounts show --address` and `vestibule accounts unlock --address`: the limits on what comes from one
//! network, whoever is meant.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::{
    context::Context,
    failure::Failure,
    output::{print, print_json},
};
use crate::auth::rate_limit::by_network::{self, ByNetwork};

/// What has to wait, for people.
fn named(kind: ByNetwork) -> &'static str {
    match kind {
        ByNetwork::SignIn => "Passwords",
        ByNetwork::Passkey => "Sign-ins with a passkey",
        ByNetwork::SignUp => "New accounts",
        ByNetwork::Mail => "Requests for mails",
        ByNetwork::DeviceCode => "Devices that ask for a code",
        ByNetwork::UserCode => "Codes of devices",
    }
}

/// Prints what has to wait that comes from `address`.
pub(super) async fn show(context: &Context, address: IpAddr, json: bool) -> Result<(), Failure> {
    let address = address.to_canonical();
    let mut waits = Vec::new();
    for kind in ByNetwork::ALL {
        waits.push((kind, seconds(context, kind, address).await?));
    }
    if json {
        let waits = waits.into_iter().map(|(kind, seconds)| (kind.as_str().to_owned(), json!(seconds)));
        let waits: Map<String, Value> = waits.collect();
        return print_json(&json!({"address": address, "waits_seconds": waits}));
    }
    waits.retain(|(_, seconds)| *seconds > 0);
    if waits.is_empty() {
        print(&format!("Nothing from {address} has to wait."));
    }
    for (kind, seconds) in waits {
        print(&format!("{} from {address} have to wait {seconds} seconds.", named(kind)));
    }
    Ok(())
}

/// How long what comes from `address` has to wait, rounded up.
async fn seconds(context: &Context, kind: ByNetwork, address: IpAddr) -> Result<i64, Failure> {
    let wait = by_network::waits(&context.db, &context.settings.throttle, kind, address).await;
    let wait = wait.map_err(Failure::machine)?;
    Ok(wait.whole_seconds() + i64::from(wait.subsec_nanoseconds() > 0))
}

/// Forgives what was counted of `address`.
pub(super) async fn unlock(context: &Context, address: IpAddr, json: bool) -> Result<(), Failure> {
    let address = address.to_canonical();
    let work = async {
        let throttle = &context.settings.throttle;
        by_network::forgive(&context.db, throttle, address).await.map_err(Failure::machine)
    };
    let forgiven = context.logged("accounts unlock --address", (None, &address.to_string()), work).await?;
    if json {
        return print_json(&json!({"address": address, "forgiven": forgiven}));
    }
    print(&match forgiven {
        0 => format!("Nothing from {address} is counted."),
        _ => format!("What was counted of {address} is forgiven."),
    });
    Ok(())
}

/// Those of `addresses` from which passwords have to wait, whoever gives them, and for how many seconds.
pub(super) async fn limited(context: &Context, addresses: &[IpAddr]) -> Result<Vec<(IpAddr, i64)>, Failure> {
    let mut limited = Vec::new();
    for address in addresses {
        let seconds = seconds(context, ByNetwork::SignIn, *address).await?;
        if seconds > 0 {
            limited.push((*address, seconds));
        }
    }
    Ok(limited)
}
