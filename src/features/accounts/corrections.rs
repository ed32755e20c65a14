//! What operators correct about an account, on the command line: its name, its address, and whether the address counts
//! as confirmed.

use url::Url;
use uuid::Uuid;

use super::{
    emails,
    one_time_links::{self, Purpose},
    service::{is_address, normalized},
};
use crate::{
    auth::{
        activity::{Actor, Kind},
        store::accounts::{self, AccountDetails},
    },
    db::{Db, is_unique_violation},
    http::{
        names::name_error,
        problem::{FieldCode, FieldError, Problem},
    },
    mail::Mailer,
    settings::Settings,
};

/// Marks the address of `account` as confirmed, as its owner does with the link in a mail. Returns `false` if it already
/// was.
///
/// # Errors
/// If the database fails.
pub async fn confirm(db: &Db, account: &AccountDetails) -> Result<bool, Problem> {
    let confirmed = accounts::confirm(db, account.id, account.email.clone(), db.now()).await? > 0;
    if confirmed {
        Actor::operator(account.id).record(db, Kind::AddressConfirmed, None);
    }
    Ok(confirmed)
}

/// Gives `account` another name. Returns `false` if it already had that name.
///
/// # Errors
/// [`Problem::Validation`]; or if the database fails.
pub async fn rename(db: &Db, account: &AccountDetails, name: &str) -> Result<bool, Problem> {
    let name = name.trim().to_owned();
    if let Some(error) = name_error(&name) {
        return Err(error.into());
    }
    if name == account.name {
        return Ok(false);
    }
    accounts::set_name(db, account.id, name).await?;
    Actor::operator(account.id).record(db, Kind::Renamed, None);
    Ok(true)
}

/// The address `email` as it would be stored for `account`.
///
/// # Errors
/// [`Problem::Validation`] if it is not an email address, is the account's own, or is that of another account.
pub async fn new_address(db: &Db, account: &AccountDetails, email: &str) -> Result<String, Problem> {
    let email = normalized(email);
    if !is_address(&email) {
        return Err(Problem::field("email", "Enter an email address, such as ada@example.org."));
    }
    match accounts::credentials(db, &email).await? {
        Some(found) if found.id != account.id => Err(taken()),
        _ if email == account.email => Err(Problem::field("email", "This is already the address of the account.")),
        _ => Ok(email),
    }
}

/// Changes the address of `account` to `email`, which [`new_address`] returned, and tells both addresses by mail. As
/// after a change by the owner, links that were mailed to the former address no longer work, while browsers stay signed
/// in and tokens go on working. Unless it is `confirmed`, the mail to the new address has a link to confirm it.
///
/// # Errors
/// [`Problem::Validation`] if another account has taken the address meanwhile; [`Problem::NotFound`] if the account's
/// address has changed meanwhile; or if the database fails.
pub async fn change_address(
    (db, settings, mailer): (&Db, &Settings, &Mailer),
    account: &AccountDetails,
    email: &str,
    confirmed: bool,
) -> Result<(), Problem> {
    let (old, verified_at) = (account.email.clone(), confirmed.then(|| db.now()));
    let changed = accounts::replace_email(db, account.id, old, email.to_owned(), verified_at).await;
    let changed = changed.map_err(|error| if is_unique_violation(&error) { taken() } else { error.into() })?;
    if changed == 0 {
        return Err(Problem::NotFound);
    }
    Actor::operator(account.id).record(db, Kind::AddressChanged, None);
    let link = if confirmed { None } else { confirmation(db, settings, account.id).await? };
    mailer.send(emails::address_changed(settings, &account.email)).await;
    mailer.send(emails::address_changed_by_operator(settings, email, link)).await;
    Ok(())
}

async fn confirmation(db: &Db, settings: &Settings, account: Uuid) -> Result<Option<Url>, Problem> {
    one_time_links::issue(db, settings, (account, None), Purpose::Confirm, None).await
}

fn taken() -> Problem {
    FieldError::new("email", "Another account has this email address.").code(FieldCode::Taken).into()
}
