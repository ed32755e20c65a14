//! The pages for verifying an email address.

use leptos::prelude::*;
use secrecy::{ExposeSecret, SecretString};

use super::proof::Proof;
use crate::{
    features::accounts::one_time_links::{Link, Purpose},
    text::email_address::shown,
    ui::{FormGuard, FormState, Notice, TextField, Username},
};

#[component]
pub(super) fn LinkView(
    purpose: Purpose,
    token: SecretString,
    link: Link,
    proof: Proof,
    form: FormState,
) -> impl IntoView {
    let (effect, button) = match purpose {
        Purpose::Email => ("You will sign in with it and get mail about your account there.", "Use this address"),
        _ => ("You will get mail about your account there.", "Confirm email address"),
    };
    let action = format!("/{}/{}", purpose.as_str(), token.expose_secret());
    let email = link.email.clone();
    let asked = match proof {
        Proof::SignedIn => ().into_any(),
        Proof::Password | Proof::Nothing => view! {
            <Username email name="email" />
            <TextField
                name="password"
                label="Password"
                kind="password"
                form=form.clone()
                autocomplete="current-password"
                hint="The password of your account, to confirm that the account is yours."
            />
        }
        .into_any(),
        Proof::Passkey(passkey) => (passkey.fields)(form.clone()),
    };
    let forgotten = match proof {
        Proof::SignedIn => None,
        Proof::Password => Some("Forgot your password?"),
        Proof::Passkey(_) | Proof::Nothing => Some("Choose a password instead"),
    };
    let forgotten = forgotten.map(|label| view! { <p><a href="/forgot">{label}</a></p> });
    view! {
        <section class="door">
            <h1>"Confirm your email address"</h1>
            <p><strong>{shown(&link.sent_to)}</strong></p>
            <p>{effect}</p>
            <Notice text=form.notice.clone() />
            <form method="post" action=action>
                <FormGuard anybody=true />
                {asked}
                <button>{button}</button>
            </form>
            {forgotten}
        </section>
    }
}

#[component]
pub(super) fn SentView(address: String) -> impl IntoView {
    view! {
        <section class="door">
            <h1>"Check your email"</h1>
            <p role="status">"We sent an email with instructions to " <strong>{shown(&address)}</strong> "."</p>
            <p>"No email? Check your spam folder, or try again later."</p>
        </section>
    }
}

/// A reminder on the account page, until the email address is confirmed.
#[component]
pub fn Unconfirmed(
    /// Whether the address is confirmed.
    confirmed: bool,
) -> impl IntoView {
    (!confirmed).then(|| {
        view! {
            <form method="post" action="/account/email/resend">
                <FormGuard />
                <p>"Your email address is not confirmed yet."</p>
                <button class="quiet">"Resend the link"</button>
            </form>
        }
    })
}
