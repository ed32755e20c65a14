//! What our mails say. Nothing in them was typed by a stranger, see [`Mail`].

use url::Url;

use crate::{
    http::client::Client,
    mail::{
        Mail,
        template::{greeting, page_url},
    },
    settings::Settings,
};

/// What to do about something one has not done oneself.
const NOT_YOU: &str = "If that was not you, somebody else can sign in as you. Take your account back: ask for a new \
                       password, and sign out the browsers you do not know.";

fn minutes(minutes: u32) -> String {
    if minutes == 1 { "1 minute".into() } else { format!("{minutes} minutes") }
}

/// The link to choose a new password.
pub(super) fn reset(settings: &Settings, to: &str, link: Url) -> Mail {
    let lasts = minutes(settings.accounts.reset_minutes);
    Mail::new("reset", to, "Choose a new password")
        .text(greeting(settings))
        .text("Somebody, most likely you, has forgotten the password of the account with this address.")
        .link("Choose a new one", link)
        .text(format!("The link works once, for {lasts}. A link that you ask for later takes its place."))
        .text("If you did not ask for it, do nothing: your password stays as it is.")
}

/// The password was changed.
pub(super) fn password_changed(settings: &Settings, to: &str) -> Mail {
    Mail::new("password_changed", to, "Your password was changed")
        .text(greeting(settings))
        .text("The password of your account was changed just now. If that was you, there is nothing to do.")
        .text(NOT_YOU)
        .link("Ask for a new password", page_url(settings, "/forgot"))
}

/// The password was given in a browser that is new to the account.
pub(super) fn new_browser(settings: &Settings, to: &str, client: &Client) -> Mail {
    let from = client.address.map(|address| format!(", from {address}")).unwrap_or_default();
    Mail::new("new_browser", to, "A new browser is signed in to your account")
        .text(greeting(settings))
        .text(format!(
            "Your password was given just now where we have not seen your account before: {}{from}.",
            client.browser()
        ))
        .text("If that was you, there is nothing to do; we do not write about this browser again.")
        .text(NOT_YOU)
        .link("See who is signed in", page_url(settings, "/account"))
        .link("Ask for a new password", page_url(settings, "/forgot"))
}

fn hours(hours: u32) -> String {
    if hours == 1 { "1 hour".into() } else { format!("{hours} hours") }
}

/// The link to confirm the address of a new account.
pub(super) fn confirm(settings: &Settings, to: &str, link: Url) -> Mail {
    let lasts = hours(settings.accounts.confirm_hours);
    Mail::new("confirm", to, "Confirm your address")
        .text(greeting(settings))
        .text("Somebody, most likely you, has made an account with this address. Tell us that the address is yours.")
        .link("Confirm it", link)
        .text(format!("The link works once, for {lasts}. A link that you ask for later takes its place."))
        .text("If you have made no account, do nothing.")
}

/// Somebody signed up with an address that has an account.
pub(super) fn signed_up_again(settings: &Settings, to: &str, link: Option<Url>) -> Mail {
    let mail = Mail::new("signed_up_again", to, "You have an account already").text(greeting(settings)).text(
        "Somebody, most likely you, has tried to sign up with this address. It has an account, which stays as it is.",
    );
    let mail = match link {
        Some(link) => mail.text("Its address is still to be confirmed.").link("Confirm it", link),
        None => mail.link("Sign in", page_url(settings, "/sign-in")),
    };
    mail.link("Choose a new password if you have forgotten yours", page_url(settings, "/forgot"))
        .text("If you did not try to sign up, do nothing.")
}

/// The link to confirm the address that an account is to have.
pub(super) fn new_address(settings: &Settings, to: &str, link: Url) -> Mail {
    let lasts = hours(settings.accounts.confirm_hours);
    Mail::new("new_address", to, "Confirm your new address")
        .text(greeting(settings))
        .text("Somebody, most likely you, wants to use this address for their account.")
        .link("Use it", link)
        .text(format!("The link works once, for {lasts}. A link that you ask for later takes its place."))
        .text("If you have no account, or want no other address for it, do nothing.")
}

/// To an address that an account was to have, and another has.
pub(super) fn taken(settings: &Settings, to: &str) -> Mail {
    Mail::new("address_taken", to, "This address has an account already")
        .text(greeting(settings))
        .text("Somebody, most likely you, wants to use this address for an account, but it has one already.")
        .text("If it is you, sign in to that account, or delete it first. If it is not, do nothing.")
}

/// To the address an account has, when another is asked for.
pub(super) fn change_asked(settings: &Settings, to: &str) -> Mail {
    Mail::new("change_asked", to, "Your account is to have another address")
        .text(greeting(settings))
        .text(
            "Somebody who is signed in as you wants your account to have another address. As soon as that is confirmed \
             there, mail goes there and no longer here.",
        )
        .text("If that was you, there is nothing to do. If not, choose a new password at once, which undoes it.")
        .link("Ask for a new password", page_url(settings, "/forgot"))
}

/// To the address an account had.
pub(super) fn address_changed(settings: &Settings, to: &str) -> Mail {
    Mail::new("address_changed", to, "Your account has another address")
        .text(greeting(settings))
        .text("The address of your account was changed. This is the last mail that goes to this one.")
        .text("If that was not you, write to those who run this site.")
}

/// The account is gone.
pub(super) fn deleted(settings: &Settings, to: &str) -> Mail {
    Mail::new("account_deleted", to, "Your account is deleted")
        .text(greeting(settings))
        .text("Your account was deleted just now, and everything in it. This is the last mail from us.")
        .text("If that was not you, write to those who run this site.")
}
