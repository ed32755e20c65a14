//! What the pages of a forgotten password look like.

use leptos::prelude::*;

use crate::{
    auth::passwords,
    features::accounts::password_strength::Strength,
    ui::{FormGuard, FormState, Notice, TextField, Username},
};

#[component]
pub(super) fn ForgotView(form: FormState) -> impl IntoView {
    view! {
        <section class="door">
            <h1>"Forgot your password?"</h1>
            <p>"Tell us your address, and we mail you a link to choose a new one."</p>
            <Notice text=form.notice.clone() />
            <form method="post" action="/forgot">
                <FormGuard anybody=true />
                <TextField name="email" label="E-mail" kind="email" form=form.clone() autocomplete="username" autofocus=true />
                <button>"Mail me a link"</button>
            </form>
            <p>"Remembered it? " <a href="/sign-in">"Sign in"</a></p>
        </section>
    }
}

#[component]
pub(super) fn AskedView(minutes: u32) -> impl IntoView {
    view! {
        <section class="door">
            <h1>"Look into your mail"</h1>
            <p role="status">
                "If there is an account with this address, a link to choose a new password is on its way there. It works once, for "
                {minutes} " minutes."
            </p>
            <p>"Nothing there? Look among the spam, or " <a href="/forgot">"ask again"</a> "."</p>
        </section>
    }
}

#[component]
pub(super) fn ResetView(token: String, email: String, form: FormState) -> impl IntoView {
    let tokens = !form.value("tokens").is_empty();
    view! {
        <section class="door">
            <h1>"Choose a new password"</h1>
            <Notice text=form.notice.clone() />
            <form method="post" action=format!("/reset/{token}")>
                <FormGuard anybody=true />
                <Username email name="email" />
                <TextField
                    name="password"
                    label="New password"
                    kind="password"
                    form=form.clone()
                    autocomplete="new-password"
                    autofocus=true
                    hint=passwords::HINT
                />
                <Strength />
                <label class="check">
                    <input type="checkbox" name="tokens" checked=tokens />
                    "Revoke all tokens too"
                </label>
                <p class="hint">"Every browser is signed out, and so is every app that signed in with the password. Untick the box to let the tokens you made go on."</p>
                <button>"Change the password"</button>
            </form>
        </section>
    }
}

#[component]
pub(super) fn ResetDoneView(tokens_too: bool) -> impl IntoView {
    let done =
        if tokens_too { "Every browser is signed out, every token revoked." } else { "Every browser is signed out." };
    view! {
        <section class="door">
            <h1>"Your password is new"</h1>
            <p role="status">{done}</p>
            <p><a class="button" href="/sign-in">"Sign in"</a></p>
        </section>
    }
}
