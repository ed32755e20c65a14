//! `vestibule accounts show` and `vestibule accounts unlock`: why somebody cannot sign in, and what to do about it.

use std::{net::IpAddr, sync::Arc};

use serde_json::json;
use uuid::Uuid;

use super::{
    context::Context,
    failure::Failure,
    output::{print, print_json},
};
use crate::{
    app::FEATURES,
    auth::{
        activity::{Kind, service as activity},
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
    let from = tried_from(context, id).await?;
    let waits = account_attempts::account_waits(db, &context.settings.throttle, (id, &account.email), &from).await;
    let waits = waits.map_err(Failure::machine)?.whole_seconds();
    let refused = refused(&account, context.settings.accounts.confirm, waits);
    if json {
        return print_json(&json!({
            "account": account, "has_password": has_password, "factors": factors, "browsers": browsers,
            "tokens": tokens, "waits_seconds": waits, "sign_in_refused": refused,
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
async fn tried_from(context: &Context, account: Uuid) -> Result<Vec<Client>, Failure> {
    let events = activity::older(&context.db, account, None, LOOKED_AT).await?;
    let failed = events.iter().filter(|event| matches!(event.kind, Kind::SignInFailed | Kind::SecondFactorFailed));
    let mut from: Vec<IpAddr> = Vec::new();
    for address in failed.filter_map(|event| event.address.parse().ok()) {
        if !from.contains(&address) {
            from.push(address);
        }
    }
    Ok(from.into_iter().map(|address| Client { address: Some(address), ..Client::default() }).collect())
}

/// Forgives the failed attempts to sign in to the account `who`.
pub(super) async fn unlock(context: &Context, who: &str, json: bool) -> Result<(), Failure> {
    let AccountDetails { id, email, .. } = context.account(who).await?;
    let work = async {
        let from = tried_from(context, id).await?;
        let throttle = &context.settings.throttle;
        account_attempts::unlock(&context.db, throttle, (id, &email), &from).await.map_err(Failure::machine)
    };
    let forgiven = context.logged("accounts unlock", (Some(id), &email), work).await?;
    if json {
        return print_json(&json!({"account_id": id, "forgiven": forgiven}));
    }
    print(&match forgiven {
        0 => format!("No failed attempts to sign in to {email} are counted."),
        _ => format!("The failed attempts to sign in to {email} are forgiven."),
    });
    Ok(())
}
