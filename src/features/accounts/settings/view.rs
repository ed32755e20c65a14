//! What managing an account looks like.

use leptos::prelude::*;

use crate::{
    auth::passwords,
    features::accounts::password_strength::Strength,
    text::email_address::shown,
    ui::{FormGuard, FormState, Notice, TextField, Username},
};

/// On the account page: what can be done, and where.
#[component]
pub fn ManageSection() -> impl IntoView {
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
        <section class="card">
            <h2>"Manage"</h2>
            <ul class="rows">
                {item("/account/name", "Change your name", "What we call you.")}
                {item("/account/email", "Change your address", "What you sign in with, and where our mail goes.")}
                {item("/account/password", "Change your password", "Your other browsers are signed out.")}
                {item("/tokens", "Look after your tokens", "What lets scripts and other apps in as you.")}
                {item("/account/export", "Download your data", "Everything we keep about you, as JSON.")}
                {item("/account/delete", "Delete your account", "With everything in it, for good.")}
            </ul>
        </section>
    }
}

#[component]
fn Card(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <header>
            <h1>{title}</h1>
            <p><a href="/account">"Back to your account"</a></p>
        </header>
        <section class="card">{children()}</section>
    }
}

#[component]
pub(super) fn NameView(form: FormState) -> impl IntoView {
    view! {
        <Card title="Your name">
            <Notice text=form.notice.clone() />
            <form method="post" action="/account/name">
                <FormGuard />
                <TextField name="name" label="Name" form=form.clone() autocomplete="name" autofocus=true />
                <button>"Change the name"</button>
            </form>
        </Card>
    }
}

#[component]
pub(super) fn PasswordView(email: String, form: FormState) -> impl IntoView {
    let tokens = !form.value("tokens").is_empty();
    view! {
        <Card title="Change your password">
            <Notice text=form.notice.clone() />
            <form method="post" action="/account/password">
                <FormGuard />
                <Username email name="email" />
                <TextField
                    name="current"
                    label="Your password until now"
                    kind="password"
                    form=form.clone()
                    autocomplete="current-password"
                    autofocus=true
                />
                <TextField
                    name="password"
                    label="New password"
                    kind="password"
                    form=form.clone()
                    autocomplete="new-password"
                    hint=passwords::HINT
                />
                <Strength />
                <label class="check">
                    <input type="checkbox" name="tokens" checked=tokens />
                    "Revoke all tokens too"
                </label>
                <p class="hint">"Your other browsers, and apps that signed in with the password, are signed out in any case. Tick the box if somebody else knew the password."</p>
                <button>"Change the password"</button>
            </form>
        </Card>
    }
}

#[component]
pub(super) fn EmailView(form: FormState) -> impl IntoView {
    view! {
        <Card title="Change your address">
            <p>"We mail a link to the new address. Until you follow it, everything stays as it is."</p>
            <Notice text=form.notice.clone() />
            <form method="post" action="/account/email">
                <FormGuard />
                <TextField name="email" label="New e-mail" kind="email" form=form.clone() autocomplete="email" autofocus=true />
                <button>"Mail me a link"</button>
            </form>
        </Card>
    }
}

#[component]
pub(super) fn DeleteView(email: String, form: FormState) -> impl IntoView {
    view! {
        <Card title="Delete your account">
            <p>
                "Your notes, your tokens and your sign-ins go with it. Nothing can be brought back, so "
                <a href="/account/export">"download your data"</a> " first if you want to keep it."
            </p>
            <p>"Type " <strong>{shown(&email)}</strong> " to show that you mean it."</p>
            <Notice text=form.notice.clone() />
            <form method="post" action="/account/delete">
                <FormGuard />
                <TextField name="email" label="Your address" kind="email" form=form.clone() autocomplete="off" />
                <button class="danger">"Delete the account for good"</button>
            </form>
        </Card>
    }
}
