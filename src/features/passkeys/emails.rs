//! The emails about passkeys. They do not contain the names of passkeys, which a stranger may have typed.

use crate::{
    http::client::Client,
    mail::{
        Mail,
        template::{greeting, page_url},
    },
    settings::Settings,
};

/// What was done to a passkey.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Added,
    Renamed,
    Removed,
}

/// A notification that a passkey was added, renamed or removed in the browser of `client`.
pub(super) fn changed(settings: &Settings, to: &str, change: Change, client: &Client) -> Mail {
    let (kind, subject, what) = match change {
        Change::Added => (
            "passkey_added",
            "A passkey was added to your account",
            "A passkey was just added to your account. Whoever has it can sign in without your password.",
        ),
        Change::Renamed => (
            "passkey_renamed",
            "A passkey of your account was renamed",
            "A passkey of your account was just given another name. It works as before.",
        ),
        Change::Removed => (
            "passkey_removed",
            "A passkey was removed from your account",
            "A passkey was just removed from your account. Nobody can sign in with it any more.",
        ),
    };
    let from = client.address.map(|address| format!(", from {address}")).unwrap_or_default();
    Mail::new(kind, to, subject)
        .text(greeting(settings))
        .text(what)
        .text(format!("It was done in {}{from}. If this was you, you do not need to do anything.", client.browser()))
        .text(
            "If this was not you, somebody else has access to your account. Secure it: reset your password, sign out \
             any browsers that you do not recognize, and remove any passkeys that are not yours.",
        )
        .link("Review passkeys", page_url(settings, "/account/passkeys"))
        .link("Reset your password", page_url(settings, "/forgot"))
}
