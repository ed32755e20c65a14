//! The page for a form that was not processed.

use leptos::{either::Either, prelude::*};

use super::fields::{PREFIX, TO, is_secret, is_seen};
use crate::{
    http::extract::Form,
    ui::{Card, FormGuard, FormState, in_textarea},
};

/// What goes along with a sign-in: where to go afterwards, and the form that was not sent.
pub(in crate::features::accounts) fn carried_fields(form: &FormState) -> Vec<(String, String)> {
    form.values.iter().filter(|(name, _)| goes_along(name)).cloned().collect()
}

/// The same of a form that was posted, for a way to sign in that has pages of its own.
pub(crate) fn carried_pairs(form: &Form) -> Vec<(String, String)> {
    form.pairs().filter(|(name, value)| goes_along(name) && !value.is_empty() && !is_secret(name)).cloned().collect()
}

fn goes_along(name: &str) -> bool {
    name == "next" || name == TO || name.starts_with(PREFIX)
}

/// The hidden fields of the sign-in form that carry a form along.
#[component]
pub(in crate::features::accounts) fn Carried(form: FormState) -> impl IntoView {
    let carried = form.values.into_iter().filter(|(name, _)| name == TO || name.starts_with(PREFIX));
    carried.map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view()
}

#[component]
pub(super) fn UnsentView(
    title: &'static str,
    to: String,
    pairs: Vec<(String, String)>,
    /// The signed-in account's email address.
    email: String,
    /// Whether the form was for this account.
    same: bool,
    /// Whether the person wrote anything.
    written: bool,
    /// Where it goes on without the form.
    home: &'static str,
) -> impl IntoView {
    let says = if same {
        Either::Left(view! {
            <p role="status">
                "Your session had ended, so this form was not sent. You are signed in again: send it now, or copy "
                "what you need."
            </p>
        })
    } else {
        Either::Right(view! {
            <p role="status">
                "You are now signed in as " <strong>{email.clone()}</strong>
                ". This form was opened with another account, so nothing was changed."
            </p>
        })
    };
    let button = if same { "Send it now".to_owned() } else { format!("Send it as {email}") };
    let form = written.then(|| {
        view! {
            <form method="post" action=to>
                <FormGuard />
                {pairs.into_iter().map(|(name, value)| view! { <Pair name value /> }).collect_view()}
                <button>{button}</button>
            </form>
        }
    });
    view! {
        <header>
            <h1>{title}</h1>
        </header>
        <Card>{says} {form} <p><a href=home>"Continue without sending"</a></p></Card>
    }
}

/// One posted field: hidden, or visible if a person wrote it, so that they can copy it.
#[component]
fn Pair(name: String, value: String) -> impl IntoView {
    if !is_seen(&name, &value) {
        return Either::Left(view! { <input type="hidden" name=name value=value /> });
    }
    let mut letters = name.chars();
    let label = letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>());
    let id = format!("unsent-{name}");
    let field = if value.contains('\n') || value.len() > 100 {
        Either::Left(view! { <textarea id=id.clone() name=name readonly rows="8">{in_textarea(&value)}</textarea> })
    } else {
        Either::Right(view! { <input id=id.clone() name=name type="text" readonly value=value /> })
    };
    Either::Right(view! { <div class="field"><label for=id>{label}</label>{field}</div> })
}
