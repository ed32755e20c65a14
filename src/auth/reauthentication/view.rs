//! The page that asks for the password again.

use leptos::prelude::*;

use crate::ui::{FOR_ACCOUNT, FORM_KEY, FormGuard, FormState, Notice, TextField, Username};

/// The name of the password field. No other form uses this name.
pub(crate) const PASSWORD_FIELD: &str = "password-again";

/// Before a page: the form redirects to it.
#[component]
pub(crate) fn ReauthenticateView(email: String, next: String, form: FormState) -> impl IntoView {
    view! {
        <PasswordPrompt action="/account/confirm" email form>
            <input type="hidden" name="next" value=next />
        </PasswordPrompt>
    }
}

/// In the middle of a form: posted again along with the password.
#[component]
pub(crate) fn ReauthenticateFormView(
    action: String,
    email: String,
    posted: Vec<(String, String)>,
    form: FormState,
) -> impl IntoView {
    view! {
        <PasswordPrompt action email form>
            {posted
                .into_iter()
                // This page has its own.
                .filter(|(name, _)| name != FORM_KEY && name != FOR_ACCOUNT)
                .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
                .collect_view()}
        </PasswordPrompt>
    }
}

#[component]
pub(crate) fn PasswordPrompt<C: IntoView + 'static>(
    #[prop(into)] action: String,
    email: String,
    form: FormState,
    children: TypedChildren<C>,
) -> impl IntoView {
    view! {
        <section class="door">
            <h1>"Confirm it's you"</h1>
            <p>"This is a sensitive action. Enter the password of " <strong>{email.clone()}</strong> " to continue."</p>
            <Notice text=form.notice.clone() />
            <form method="post" action=action>
                <FormGuard />
                {children.into_inner()()}
                // The posted form may have an email field of its own, so this one has no name.
                <Username email />
                <TextField
                    name=PASSWORD_FIELD
                    label="Password"
                    kind="password"
                    form=form.clone()
                    autocomplete="current-password"
                    autofocus=true
                />
                <button>"Confirm"</button>
            </form>
            <p><a href="/account">"Back to your account"</a></p>
        </section>
    }
}
