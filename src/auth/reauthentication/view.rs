//! The page that asks once more who somebody is.

use leptos::prelude::*;

use super::question::{BEGIN_FIELD, BY_FIELD, PASSWORD_FIELD, Question, SHOW_FIELD, Way};
use crate::ui::{FOR_ACCOUNT, FORM_KEY, FormGuard, FormState, Notice, TextField, Username};

/// Before a page: the form redirects to it.
#[component]
pub(crate) fn ReauthenticateView(email: String, next: String, question: Question) -> impl IntoView {
    view! {
        <Prompt action="/account/confirm" email question>
            <input type="hidden" name="next" value=next />
        </Prompt>
    }
}

/// In the middle of a form: posted again along with the answer.
#[component]
pub(super) fn ReauthenticateFormView(
    action: String,
    email: String,
    posted: Vec<(String, String)>,
    question: Question,
) -> impl IntoView {
    view! {
        <Prompt action email question>
            {posted
                .into_iter()
                // This page has its own.
                .filter(|(name, _)| name != FORM_KEY && name != FOR_ACCOUNT)
                .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
                .collect_view()}
        </Prompt>
    }
}

#[component]
fn Prompt<C: IntoView + 'static>(
    #[prop(into)] action: String,
    email: String,
    question: Question,
    children: TypedChildren<C>,
) -> impl IntoView {
    let form = question.form();
    let Question { ways, begun, .. } = question;
    let says = match ways.first() {
        Some(Way::Password) => view! {
            <p>"This is a sensitive action. Enter the password of " <strong>{email.clone()}</strong> " to continue."</p>
        }
        .into_any(),
        Some(_) => view! {
            <p>"This is a sensitive action. Confirm that you are " <strong>{email.clone()}</strong> " to continue."</p>
        }
        .into_any(),
        None => view! {
            <p>
                "This is a sensitive action, and your account has nothing to confirm it with. "
                <a href="/forgot">"Choose a password"</a>" with a link that we send you, and sign in again."
            </p>
        }
        .into_any(),
    };
    let others = ways.iter().skip(1).map(|way| {
        let (name, label, action) = (way.factor().as_str(), way.label(), action.clone());
        view! {
            <p>
                <button class="quiet" formaction=action formnovalidate=true name=SHOW_FIELD value=name>{label}</button>
            </p>
        }
    });
    let others = others.collect_view();
    let asked = ways.first().map(|way| asked(*way, begun, email, form.clone(), action.clone()));
    view! {
        <section class="door">
            <h1>"Confirm it's you"</h1>
            {says}
            <Notice text=form.notice.clone() />
            <form method="post" action=action>
                <FormGuard />
                {children.into_inner()()}
                {asked}
                {others}
            </form>
            <p><a href="/account">"Back to your account"</a></p>
        </section>
    }
}

/// The fields and the button of `way`.
fn asked(way: Way, begun: bool, email: String, form: FormState, action: String) -> AnyView {
    match way {
        Way::Password => view! {
            // The posted form may have an email field of its own, so this one has no name.
            <Username email />
            <TextField
                name=PASSWORD_FIELD
                label="Password"
                kind="password"
                form
                autocomplete="current-password"
                autofocus=true
            />
            <button>"Confirm"</button>
        }
        .into_any(),
        Way::Second(second) if second.begin.is_some() && !begun => view! {
            <button formaction=action name=BEGIN_FIELD value=second.factor.as_str()>"Send a code"</button>
        }
        .into_any(),
        Way::Second(second) => view! {
            <input type="hidden" name=BY_FIELD value=second.factor.as_str() />
            {(second.fields)(form)}
            <button>"Confirm"</button>
        }
        .into_any(),
    }
}
