//! What the pages of confirming an address look like.

use leptos::prelude::*;

use crate::{
    features::accounts::one_time_links::{Link, Purpose},
    text::email_address::shown,
    ui::{FormGuard, FormState, Notice, TextField, Username},
};

#[component]
pub(super) fn LinkView(purpose: Purpose, token: String, link: Link, at_home: bool, form: FormState) -> impl IntoView {
    let (says, button) = match purpose {
        Purpose::Email => {
            ("From now on you sign in with it, and mail about your account goes there.", "Use this address")
        }
        _ => ("If it is, mail about your account reaches you.", "Yes, it is mine"),
    };
    let email = link.email.clone();
    let password = (!at_home).then(|| {
        view! {
            <Username email=email.clone() name="email" />
            <TextField
                name="password"
                label="Password"
                kind="password"
                form=form.clone()
                autocomplete="current-password"
                hint="The one of your account. It shows that the account is yours as well."
            />
        }
    });
    let forgotten = (!at_home).then(|| view! { <p><a href="/forgot">"Forgot your password?"</a></p> });
    view! {
        <section class="door">
            <h1>"Is this your address?"</h1>
            <p><strong>{shown(&link.sent_to)}</strong></p>
            <p>{says}</p>
            <Notice text=form.notice.clone() />
            <form method="post" action=format!("/{}/{token}", purpose.as_str())>
                <FormGuard anybody=true />
                {password}
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
            <h1>"Look into your mail"</h1>
            <p role="status">"We have written to " <strong>{shown(&address)}</strong> ". The mail says how to go on."</p>
            <p>"Nothing there? Look among the spam, or try again in a while."</p>
        </section>
    }
}

/// On the account page, until the address is confirmed.
#[component]
pub fn Unconfirmed(
    /// Whether it is.
    confirmed: bool,
) -> impl IntoView {
    (!confirmed).then(|| {
        view! {
            <form method="post" action="/account/email/resend">
                <FormGuard />
                <p>"Your address is not confirmed yet."</p>
                <button class="quiet">"Mail me the link again"</button>
            </form>
        }
    })
}
