//! The account settings pages.

use leptos::prelude::*;

use crate::{
    features::accounts::password_strength::NewPassword,
    text::email_address::shown,
    ui::{AccountLink, Card, FormGuard, FormState, Notice, TextField, Username},
};

/// The link to the page for the password, and what stands below it.
pub fn password_entry(has_password: bool) -> (&'static str, &'static str) {
    if has_password {
        ("Change your password", "This signs out your other browsers.")
    } else {
        ("Set a password", "You have none. It is another way to sign in.")
    }
}

/// The list of settings on the account page.
#[component]
pub fn ManageSection(
    /// Whether the account has a password.
    has_password: bool,
    /// The links of the features.
    links: Vec<AccountLink>,
) -> impl IntoView {
    let (password, about) = password_entry(has_password);
    let item = |href: &'static str, label: &'static str, hint: &'static str| {
        view! {
            <li>
                <div>
                    <p><a href=href>{label}</a></p>
                    <p class="hint">{hint}</p>
                </div>
            </li>
        }
    };
    view! {
        <Card title="Settings">
            <ul class="rows">
                {item("/account/name", "Change your name", "The name shown on your account.")}
                {item("/account/email", "Change your email address", "You sign in with it and get our emails there.")}
                {item("/account/password", password, about)}
                {item("/account/security", "Security", "Two-factor authentication and trusted browsers.")}
                {links.into_iter().map(|AccountLink { path, label, hint }| item(path, label, hint)).collect_view()}
                {item("/account/export", "Download your data", "Everything we store about you, as JSON.")}
                {item("/account/delete", "Delete your account", "Permanently, with everything in it.")}
            </ul>
        </Card>
    }
}

/// One settings page, with a link back to the account page.
#[component]
fn SettingsPage<C: IntoView + 'static>(title: &'static str, children: TypedChildren<C>) -> impl IntoView {
    view! {
        <header>
            <h1>{title}</h1>
            <p><a href="/account">"Back to your account"</a></p>
        </header>
        <Card>{children.into_inner()()}</Card>
    }
}

#[component]
pub(super) fn NameView(form: FormState) -> impl IntoView {
    view! {
        <SettingsPage title="Change your name">
            <Notice text=form.notice.clone() />
            <form method="post" action="/account/name">
                <FormGuard />
                <TextField name="name" label="Name" form=form.clone() autocomplete="name" autofocus=true />
                <button>"Change name"</button>
            </form>
        </SettingsPage>
    }
}

/// What a new password does besides changing the old one.
const CONSEQUENCES: &str = "Your other browsers and all apps that signed in with the password will be signed out. Tick \
                            the box if somebody else knows your password.";

/// What a first password does.
const FIRST: &str =
    "Your other browsers will be signed out. Tick the box to end the access of scripts and other apps too.";

#[component]
pub(super) fn PasswordView(
    title: &'static str,
    email: String,
    /// Whether the account has a password, which is asked for.
    has_one: bool,
    form: FormState,
) -> impl IntoView {
    let current = has_one.then(|| {
        view! {
            <TextField
                name="current"
                label="Current password"
                kind="password"
                form=form.clone()
                autocomplete="current-password"
                autofocus=true
            />
        }
    });
    view! {
        <SettingsPage title>
            <Notice text=form.notice.clone() />
            <form method="post" action="/account/password">
                <FormGuard />
                <Username email name="email" />
                {current}
                <NewPassword
                    form=form.clone()
                    consequences=if has_one { CONSEQUENCES } else { FIRST }
                />
                <button>{if has_one { "Change password" } else { "Set password" }}</button>
            </form>
        </SettingsPage>
    }
}

#[component]
pub(super) fn EmailView(form: FormState) -> impl IntoView {
    view! {
        <SettingsPage title="Change your email address">
            <p>"We will send a link to the new address. Your address stays the same until you open it."</p>
            <Notice text=form.notice.clone() />
            <form method="post" action="/account/email">
                <FormGuard />
                <TextField
                    name="email"
                    label="New email"
                    kind="email"
                    form=form.clone()
                    autocomplete="email"
                    autofocus=true
                />
                <button>"Send confirmation link"</button>
            </form>
        </SettingsPage>
    }
}

#[component]
pub(super) fn DeleteView(email: String, form: FormState) -> impl IntoView {
    view! {
        <SettingsPage title="Delete your account">
            <p>
                "This permanently deletes your account and all your data, and cannot be undone. "
                <a href="/account/export">"Download your data"</a> " first if you want to keep it."
            </p>
            <p>"Type " <strong>{shown(&email)}</strong> " to confirm."</p>
            <Notice text=form.notice.clone() />
            <form method="post" action="/account/delete">
                <FormGuard />
                <TextField name="email" label="Your email address" kind="email" form=form.clone() autocomplete="off" />
                <button class="danger">"Delete account permanently"</button>
            </form>
        </SettingsPage>
    }
}
