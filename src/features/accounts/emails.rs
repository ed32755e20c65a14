//! The emails about accounts. They contain nothing that another person typed, see [`Mail`].

use time::Duration;
use url::Url;

use crate::{
    http::client::Client,
    mail::{
        Mail,
        template::{greeting, page_url},
    },
    settings::Settings,
    timestamp::Timestamp,
};

/// What to do if the person did not do it themselves.
const NOT_YOU: &str = "If this was not you, somebody else has access to your account. Secure it: reset your \
                       password, and sign out any browsers that you do not recognize.";

fn minutes(minutes: u32) -> String {
    if minutes == 1 { "1 minute".into() } else { format!("{minutes} minutes") }
}

/// The link to reset the password.
pub(super) fn reset(settings: &Settings, to: &str, link: Url) -> Mail {
    let lasts = minutes(settings.accounts.reset_minutes);
    Mail::new("reset", to, "Choose a new password")
        .text(greeting(settings))
        .text("We got a request to reset the password of the account with this email address.")
        .link("Choose a new password", link)
        .text(format!("The link works once and expires in {lasts}. It stops working if you request another one."))
        .text("If you did not request this, ignore this email. Your password stays the same.")
        .lasting(Duration::minutes(settings.accounts.reset_minutes.into()))
        .replacing_older()
}

/// A notification that the password was changed.
pub(super) fn password_changed(settings: &Settings, to: &str) -> Mail {
    Mail::new("password_changed", to, "Your password was changed")
        .text(greeting(settings))
        .text("The password of your account was just changed. If this was you, you do not need to do anything.")
        .text(NOT_YOU)
        .link("Reset your password", page_url(settings, "/forgot"))
}

/// A notification that an account that had no password has one now.
pub(super) fn password_added(settings: &Settings, to: &str) -> Mail {
    Mail::new("password_added", to, "A password was added to your account")
        .text(greeting(settings))
        .text("Your account had no password, and was just given one. If this was you, you do not need to do anything.")
        .text(NOT_YOU)
        .link("Reset your password", page_url(settings, "/forgot"))
}

/// A notification that a second factor was added.
pub(crate) fn factor_added(settings: &Settings, to: &str, factor: &str) -> Mail {
    Mail::new("factor_added", to, "Two-factor authentication was added")
        .text(greeting(settings))
        .text(format!(
            "This was just added to your account: {factor}. If this was you, you do not need to do anything."
        ))
        .text(NOT_YOU)
        .link("Review your security settings", page_url(settings, "/account/security"))
        .link("Reset your password", page_url(settings, "/forgot"))
}

/// A notification that a second factor was removed.
pub(crate) fn factor_removed(settings: &Settings, to: &str, factor: &str) -> Mail {
    Mail::new("factor_removed", to, "Two-factor authentication was removed")
        .text(greeting(settings))
        .text(format!(
            "This was just removed from your account: {factor}. If this was you, you do not need to do anything."
        ))
        .text(NOT_YOU)
        .link("Review your security settings", page_url(settings, "/account/security"))
        .link("Reset your password", page_url(settings, "/forgot"))
}

/// A notification that an operator was asked to remove the second factors, with the link that stops it.
pub(super) fn factor_reset_asked(
    settings: &Settings,
    to: &str,
    (due_at, has_password): (Timestamp, bool),
    link: Url,
) -> Mail {
    let then = if has_password {
        "your password alone will be enough to sign in"
    } else {
        "your passkeys will not work, and you will have to choose a password"
    };
    Mail::new("factor_reset_asked", to, "Two-factor authentication will be removed")
        .text(greeting(settings))
        .text(format!(
            "The operator of this site was asked to remove two-factor authentication from your account. It will be \
             removed on {}. From then on, {then}.",
            due_at.to_minute()
        ))
        .text("If you asked for this, you do not need to do anything. If not, stop it:")
        .link("Keep two-factor authentication", link)
        .lasting(Duration::hours(settings.factors.reset_hours.into()))
}

/// A notification that the second factors were removed by an operator.
pub(super) fn factors_reset(settings: &Settings, to: &str, has_password: bool) -> Mail {
    let mail = Mail::new("factors_reset", to, "Two-factor authentication was removed by the operator")
        .text(greeting(settings));
    let mail = if has_password {
        mail.text(
            "Two-factor authentication was removed from your account, as the operator of this site was asked to. Your \
             password alone is enough to sign in now. Set it up again once you can:",
        )
    } else {
        mail.text(
            "Your passkeys and two-factor authentication were removed from your account, as the operator of this site \
             was asked to. Choose a password to sign in, and set it up again once you can:",
        )
        .link("Choose a password", page_url(settings, "/forgot"))
    };
    mail.link("Review your security settings", page_url(settings, "/account/security"))
        .text("If you did not ask for this, contact the operator of this site.")
}

/// A notification of a sign-in from a new browser.
pub(super) fn new_browser(settings: &Settings, to: &str, client: &Client) -> Mail {
    let from = client.address.map(|address| format!(", from {address}")).unwrap_or_default();
    Mail::new("new_browser", to, "New sign-in to your account")
        .text(greeting(settings))
        .text(format!(
            "Somebody just signed in to your account in a browser that is new to it: {}{from}.",
            client.browser()
        ))
        .text("If this was you, you do not need to do anything. We will not email you about this browser again.")
        .text(NOT_YOU)
        .link("Review signed-in browsers", page_url(settings, "/account"))
        .link("Reset your password", page_url(settings, "/forgot"))
}

fn hours(hours: u32) -> String {
    if hours == 1 { "1 hour".into() } else { format!("{hours} hours") }
}

/// The link to confirm the email address of a new account.
pub(super) fn confirm(settings: &Settings, to: &str, link: Url) -> Mail {
    let lasts = hours(settings.accounts.confirm_hours);
    Mail::new("confirm", to, "Confirm your email address")
        .text(greeting(settings))
        .text("An account was created with this email address. Confirm that the address is yours.")
        .link("Confirm email address", link)
        .text(format!("The link works once and expires in {lasts}. It stops working if you request another one."))
        .text("If you did not create an account, ignore this email.")
        .lasting(Duration::hours(settings.accounts.confirm_hours.into()))
        .replacing_older()
}

/// A notification that somebody tried to sign up with an address that has an account.
pub(super) fn signed_up_again(settings: &Settings, to: &str, link: Option<Url>) -> Mail {
    let mail = Mail::new("signed_up_again", to, "You already have an account").text(greeting(settings)).text(
        "Somebody tried to sign up with this email address, which already has an account. The account was not changed.",
    );
    let mail = match link {
        Some(link) => mail
            .text("Its email address is not confirmed yet.")
            .link("Confirm email address", link)
            .lasting(Duration::hours(settings.accounts.confirm_hours.into()))
            .replacing_older(),
        None => mail.link("Sign in", page_url(settings, "/sign-in")),
    };
    mail.link("Reset your password if you forgot it", page_url(settings, "/forgot"))
        .text("If this was not you, ignore this email.")
}

/// The link to confirm the new email address of an account.
pub(super) fn new_address(settings: &Settings, to: &str, link: Url) -> Mail {
    let lasts = hours(settings.accounts.confirm_hours);
    Mail::new("new_address", to, "Confirm your new email address")
        .text(greeting(settings))
        .text("We got a request to use this email address for an account.")
        .link("Use this address", link)
        .text(format!("The link works once and expires in {lasts}. It stops working if you request another one."))
        .text("If you did not request this, ignore this email.")
        .lasting(Duration::hours(settings.accounts.confirm_hours.into()))
        .replacing_older()
}

/// Sent to the requested new address of an account, if another account already uses it.
pub(super) fn taken(settings: &Settings, to: &str) -> Mail {
    Mail::new("address_taken", to, "This email address is already in use")
        .text(greeting(settings))
        .text("We got a request to use this email address for an account, but another account already uses it.")
        .text("If this was you, use the other account, or delete it first. If not, ignore this email.")
}

/// Sent to the current address of an account when a change is requested.
pub(super) fn change_asked(settings: &Settings, to: &str) -> Mail {
    Mail::new("change_asked", to, "Your email address is being changed")
        .text(greeting(settings))
        .text(
            "Somebody who is signed in to your account requested to change its email address. Once the new address is \
             confirmed, we will no longer send email to this one.",
        )
        .text("If this was you, you do not need to do anything. If not, reset your password to cancel the change.")
        .link("Reset your password", page_url(settings, "/forgot"))
}

/// Sent to the former address of an account after a change.
pub(super) fn address_changed(settings: &Settings, to: &str) -> Mail {
    Mail::new("address_changed", to, "Your email address was changed")
        .text(greeting(settings))
        .text("The email address of your account was changed. This is the last email to this address.")
        .text("If this was not you, contact the operator of this site.")
}

/// Sent to the new address of an account after an operator has changed it; with a link if the address has to be
/// confirmed.
pub(super) fn address_changed_by_operator(settings: &Settings, to: &str, link: Option<Url>) -> Mail {
    let mail = Mail::new("address_changed_by_operator", to, "This is the new email address of your account")
        .text(greeting(settings))
        .text("The operator of this site changed the email address of your account to this one. Sign in with it.");
    let mail = match link {
        Some(link) => mail
            .text("Confirm that the address is yours.")
            .link("Confirm email address", link)
            .lasting(Duration::hours(settings.accounts.confirm_hours.into()))
            .replacing_older(),
        None => mail.link("Sign in", page_url(settings, "/sign-in")),
    };
    mail.text("If you do not have an account here, ignore this email.")
}

/// A notification that the account was deleted.
pub(super) fn deleted(settings: &Settings, to: &str) -> Mail {
    Mail::new("account_deleted", to, "Your account was deleted")
        .text(greeting(settings))
        .text("Your account and everything in it was just deleted. This is the last email from us.")
        .text("If this was not you, contact the operator of this site.")
}
