//! What our mails say. Nothing in them was typed by a stranger, see [`Mail`].

use url::Url;

use crate::{mail::Mail, settings::Settings};

/// What to do about something one has not done oneself.
const NOT_YOU: &str = "If that was not you, somebody else can sign in as you. Take your account back: ask for a new \
                       password, and sign out the browsers you do not know.";

fn page(settings: &Settings, path: &str) -> Url {
    let mut url = settings.server.public_url.clone();
    url.set_path(path);
    url
}

fn greeting(settings: &Settings) -> String {
    let host = settings.server.public_url.host_str().unwrap_or_default();
    format!("This is Vestibule at {host}.")
}

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
        .link("Ask for a new password", page(settings, "/forgot"))
}
