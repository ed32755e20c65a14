//! The emails with codes, and about what a code has changed.

use super::code::LASTS;
use crate::{
    http::client::Client,
    mail::{
        Mail,
        template::{greeting, page_url},
    },
    settings::Settings,
};

/// The kind of mails with a code.
pub(super) const CODE: &str = "email_code";

/// A code, with the browser that asked for it and its address.
pub(super) fn code(settings: &Settings, to: &str, client: &Client, code: &str) -> Mail {
    let from = client.address.map(|address| format!(", from {address}")).unwrap_or_default();
    Mail::new(CODE, to, "Your code")
        .text(greeting(settings))
        .text(format!("A code was requested for your account in {}{from}. Enter it there:", client.browser()))
        .text(code.to_uppercase())
        .text(
            "It works once, within 10 minutes, and only where it was requested. Nobody from this site asks you for it.",
        )
        .text(
            "If you did not request it, ignore this email and give the code to nobody. Without it, nobody can use your \
             request.",
        )
        .lasting(LASTS)
}

/// A notification that the address was confirmed with a code, and what was there before was ended.
pub(super) fn taken_over(settings: &Settings, to: &str) -> Mail {
    Mail::new("email_code_took_over", to, "Your email address was confirmed")
        .text(greeting(settings))
        .text(
            "You signed in with a code that we sent to this address, which was not confirmed until then. The account \
             may have been created by somebody else, so its password, tokens and second factors were removed, and its \
             other browsers were signed out.",
        )
        .text("Choose a new password if you want to sign in with one.")
        .link("Choose a new password", page_url(settings, "/forgot"))
}
