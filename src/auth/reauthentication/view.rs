//! What asking for the password again looks like.

use leptos::prelude::*;

use crate::ui::{FOR_ACCOUNT, FORM_KEY, FormGuard, FormState, Notice, TextField, Username};

/// The name of the field. No other form has one of this name.
pub(crate) const PROOF: &str = "password-again";

/// On the way to a page.
#[component]
pub(crate) fn ProofView(email: String, next: String, form: FormState) -> impl IntoView {
    view! {
        <Question action="/account/confirm" email form>
            <input type="hidden" name="next" value=next />
        </Question>
    }
}

/// In the middle of a form: what was posted goes along.
#[component]
pub(crate) fn ReauthenticateFormView(
    action: String,
    email: String,
    posted: Vec<(String, String)>,
    form: FormState,
) -> impl IntoView {
    view! {
        <Question action email form>
            {posted
                .into_iter()
                // This page has its own.
                .filter(|(name, _)| name != FORM_KEY && name != FOR_ACCOUNT)
                .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
                .collect_view()}
        </Question>
    }
}

#[component]
pub(crate) fn Question(
    #[prop(into)] action: String,
    email: String,
    form: FormState,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="door">
            <h1>"Is it you?"</h1>
            <p>"This can do harm in the wrong hands, so give your password once more, " <strong>{email.clone()}</strong> "."</p>
            <Notice text=form.notice.clone() />
            <form method="post" action=action>
                <FormGuard />
                {children()}
                // What was posted may have an address of its own.
                <Username email />
                <TextField
                    name=PROOF
                    label="Password"
                    kind="password"
                    form=form.clone()
                    autocomplete="current-password"
                    autofocus=true
                />
                <button>"Go on"</button>
            </form>
            <p><a href="/account">"Back to your account"</a></p>
        </section>
    }
}
