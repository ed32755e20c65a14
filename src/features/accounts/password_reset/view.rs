//! The pages for resetting a password.

use leptos::prelude::*;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    features::accounts::password_strength::NewPassword,
    ui::{FormGuard, FormState, Notice, TextField, Username},
};

#[component]
pub(super) fn ForgotView(form: FormState) -> impl IntoView {
    view! {
        <section class="door">
            <h1>"Forgot your password?"</h1>
            <p>"Enter your email address and we will send you a link to choose a new password."</p>
            <Notice text=form.notice.clone() />
            <form method="post" action="/forgot">
                <FormGuard anybody=true />
                <TextField
                    name="email"
                    label="E-mail"
                    kind="email"
                    form=form.clone()
                    autocomplete="username"
                    autofocus=true
                />
                <button>"Send reset link"</button>
            </form>
            <p>"Remember your password? " <a href="/sign-in">"Sign in"</a></p>
        </section>
    }
}

#[component]
pub(super) fn AskedView(minutes: u32) -> impl IntoView {
    view! {
        <section class="door">
            <h1>"Check your email"</h1>
            <p role="status">
                "If there is an account with this email address, we have sent it a link to choose a new password. "
                "The link works once and expires in " {minutes} " minutes."
            </p>
            <p>"No email? Check your spam folder, or " <a href="/forgot">"try again"</a> "."</p>
        </section>
    }
}

/// What a reset does besides changing the password.
const CONSEQUENCES: &str = "All browsers and all apps that signed in with the password will be signed out. Untick the \
                            box to keep the tokens that you created.";

#[component]
pub(super) fn ResetView(token: SecretString, email: String, form: FormState) -> impl IntoView {
    let action = format!("/reset/{}", token.expose_secret());
    view! {
        <section class="door">
            <h1>"Choose a new password"</h1>
            <Notice text=form.notice.clone() />
            <form method="post" action=action>
                <FormGuard anybody=true />
                <Username email name="email" />
                <NewPassword
                    form=form.clone()
                    consequences=CONSEQUENCES
                    autofocus=true
                />
                <button>"Change password"</button>
            </form>
        </section>
    }
}

#[component]
pub(super) fn ResetDoneView(tokens_too: bool) -> impl IntoView {
    let done = if tokens_too {
        "All browsers were signed out and all tokens were revoked."
    } else {
        "All browsers were signed out."
    };
    view! {
        <section class="door">
            <h1>"Password changed"</h1>
            <p role="status">{done}</p>
            <p><a class="button" href="/sign-in">"Sign in"</a></p>
        </section>
    }
}
