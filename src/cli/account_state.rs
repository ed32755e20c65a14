//! `vestibule accounts show` and `vestibule accounts unlock`: why somebody cannot sign in, and what to do about it.

use std::{net::IpAddr, sync::Arc};

use serde_json::json;
use uuid::Uuid;

use super::{
    context::Context,
    failure::Failure,
    network_limits,
    output::{print, print_json},
};
use crate::{
    app::FEATURES,
    auth::{
        activity::{Event, Kind, service as activity},
        rate_limit::account_attempts,
        sign_in::{FactorContext, SignIns},
        store::accounts::{self, AccountDetails},
    },
    feature,
    features::{browser_sessions, tokens},
    http::client::Client,
    mail::Mailer,
    settings::Confirm,
};

/// How many browser sessions and tokens are counted at most.
const COUNTED: u32 = 10_000;
/// How many of the newest events tell from where somebody tried to sign in.
const LOOKED_AT: i64 = 1_000;
/// From how many of the latest addresses is looked whether passwords have to wait.
const NETWORKS: usize = 8;

/// Signing in, with the second factors of all features.
pub(super) fn sign_ins(context: &Context, mailer: &Mailer) -> SignIns {
    let settings = Arc::new(context.settings.clone());
    let factors = feature::site(FEATURES, &settings).factors;
    let with = FactorContext { db: context.db.clone(), settings, mailer: mailer.clone(), handle: None };
    SignIns::new(with, factors)
}

/// Prints what there is to know about signing in to the account `who`.
pub(super) async fn show(context: &Context, who: &str, json: bool) -> Result<(), Failure> {
    let account = context.account(who).await?;
    let (db, id) = (&context.db, account.id);
    let mailer = Mailer::new(&context.settings, db.clone()).map_err(Failure::usage)?;
    let factors = sign_ins(context, &mailer).enrolled(id).await?;
    let factors: Vec<_> = factors.iter().filter(|factor| factor.is_second()).map(|factor| factor.as_str()).collect();
    let has_password = accounts::has_password(db, id).await.map_err(Failure::machine)?;
    let browsers = browser_sessions::service::list_all(db, Some(id), Uuid::max(), COUNTED).await?.len();
    let tokens = tokens::admin::list(db, Some(id), COUNTED).await?.len();
    let events = activity::older(db, id, None, LOOKED_AT).await?;
    let from = tried_from(&events);
    let mut seen = addresses(events.iter());
    seen.truncate(NETWORKS);
    let limited = network_limits::limited(context, &seen).await?;
    let (throttle, whose) = (&context.settings.throttle, (id, account.email.as_str()));
    let waits = account_attempts::account_waits(db, throttle, whose, &from).await;
    let waits = waits.map_err(Failure::machine)?.whole_seconds();
    let mail_waits = account_attempts::mail_waits(db, throttle, whose, &clients(seen)).await;
    let mail_waits = mail_waits.map_err(Failure::machine)?.whole_seconds();
    let refused = refused(&account, context.settings.accounts.confirm, waits);
    if json {
        return print_json(&json!({
            "account": account, "has_password": has_password, "factors": factors, "browsers": browsers,
            "tokens": tokens, "waits_seconds": waits, "sign_in_refused": refused, "mail_waits_seconds": mail_waits,
            "limited_addresses": limited.iter().map(|(address, _)| address).collect::<Vec<_>>(),
        }));
    }
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let at = |at: Option<crate::timestamp::Timestamp>| {
        at.map_or_else(|| "no".into(), crate::timestamp::Timestamp::to_minute)
    };
    for (name, value) in [
        ("Email", account.email.clone()),
        ("Name", account.name.clone()),
        ("ID", id.to_string()),
        ("Created", account.created_at.to_minute()),
        ("Confirmed", at(account.email_verified_at)),
        ("Disabled", at(account.disabled_at)),
        ("Password", yes(has_password)),
        ("Factors", if factors.is_empty() { "none".into() } else { factors.join(", ") }),
        ("Browsers", browsers.to_string()),
        ("Tokens", tokens.to_string()),
        ("Can sign in", refused.map_or_else(|| "yes".into(), |reason| format!("no: {reason}"))),
    ] {
        print(&format!("{:13}{value}", format!("{name}:")));
    }
    if waits > 0 {
        print(&format!("Too many attempts failed. From where they came, the next one has to wait {waits} seconds."));
    }
    if mail_waits > 0 {
        print(&format!(
            "Too many emails were requested. For {mail_waits} seconds, a code or a link that is requested may not be \
             sent. `vestibule accounts unlock` ends it."
        ));
    }
    for (address, seconds) in limited {
        print(&format!(
            "Passwords from {address} have to wait {seconds} seconds, for whatever account. `vestibule accounts unlock \
             --address {address}` ends it."
        ));
    }
    Ok(())
}

/// Why nobody can sign in to the account, in the words of the log.
fn refused(account: &AccountDetails, confirm: Confirm, waits: i64) -> Option<&'static str> {
    match account {
        AccountDetails { disabled_at: Some(_), .. } => Some("disabled"),
        AccountDetails { email_verified_at: None, .. } if confirm == Confirm::Required => Some("unconfirmed"),
        _ => (waits > 0).then_some("throttled"),
    }
}

/// From where sign-ins to the account failed, the latest first.
fn tried_from(events: &[Event]) -> Vec<Client> {
    let failed = events.iter().filter(|event| matches!(event.kind, Kind::SignInFailed | Kind::SecondFactorFailed));
    clients(addresses(failed))
}

/// Somebody at each of `addresses`.
fn clients(addresses: Vec<IpAddr>) -> Vec<Client> {
    let client = |address| Client { address: Some(address), ..Client::default() };
    addresses.into_iter().map(client).collect()
}

/// The addresses of `events`, the latest first.
fn addresses<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in events.filter_map(|event| event.address.parse().ok()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// Forgives the failed attempts to sign in to the account `who`, and the mails that were requested for it.
pub(super) async fn unlock(context: &Context, who: &str, json: bool) -> Result<(), Failure> {
    let AccountDetails { id, email, .. } = context.account(who).await?;
    let work = async {
        let events = activity::older(&context.db, id, None, LOOKED_AT).await?;
        let (db, throttle, whose) = (&context.db, &context.settings.throttle, (id, email.as_str()));
        let attempts = account_attempts::unlock(db, throttle, whose, &tried_from(&events)).await;
        let attempts = attempts.map_err(Failure::machine)?;
        let seen = clients(addresses(events.iter()));
        let mails = account_attempts::forgive_mails(db, throttle, whose, &seen).await.map_err(Failure::machine)?;
        Ok::<_, Failure>((attempts, mails))
    };
    let (forgiven, mails) = context.logged("accounts unlock", (Some(id), &email), work).await?;
    if json {
        return print_json(&json!({"account_id": id, "forgiven": forgiven, "forgiven_mails": mails}));
    }
    print(&match forgiven {
        0 => format!("No failed attempts to sign in to {email} are counted."),
        _ => format!("The failed attempts to sign in to {email} are forgiven."),
    });
    if mails > 0 {
        print("Mails that were requested for it are not counted any more.");
    }
    Ok(())
}
