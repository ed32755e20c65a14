//! The pages of codes by mail, and what is beside the password on the sign-in page.

use leptos::{either::Either, prelude::*};

use super::{ASK, ENTER};
use crate::{
    auth::sign_in::ANSWER_FIELD,
    ui::{CodeField, FormGuard, FormState, LastUsed, Notice, TextField},
};

/// The field that asks for the page, and sends nothing.
pub(super) const SHOW: &str = "show";

/// `path`, which leads to `next` afterwards.
pub(super) fn with_next(path: &str, next: &str) -> String {
    if next.is_empty() {
        return path.into();
    }
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("{path}?next={next}")
}

/// What goes along with the sign-in.
fn hidden(carried: Vec<(String, String)>) -> impl IntoView {
    carried.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view()
}

/// The link on the sign-in page; a button where the text of an unsent form goes along.
pub(super) fn way_in(carried: Vec<(String, String)>, _script: String) -> AnyView {
    let next = carried.iter().find(|(name, _)| name == "next").map(|(_, next)| next.clone()).unwrap_or_default();
    if carried.iter().all(|(name, _)| name == "next") {
        return view! { <p><a href=with_next(ASK, &next)>"Email me a code"</a> <LastUsed way="email_code" /></p> }
            .into_any();
    }
    view! {
        <form method="post" action=ASK>
            <FormGuard anybody=true />
            {hidden(carried)}
            <button class="quiet" name=SHOW value="on">"Email me a code"</button>
        </form>
    }
    .into_any()
}

/// The page that asks for the address.
#[component]
pub(super) fn AskView(carried: Vec<(String, String)>, form: FormState) -> impl IntoView {
    view! {
        <section class="door">
            <h1>"Sign in with a code"</h1>
            <p>"We email you a code. You enter it here, in this browser."</p>
            <Notice text=form.notice.clone() />
            <form method="post" action=ASK>
                <FormGuard anybody=true />
                {hidden(carried)}
                <TextField name="email" label="E-mail" kind="email" form autocomplete="username" autofocus=true />
                <button>"Email me a code"</button>
            </form>
            <p><a href="/sign-in">"Back to sign in"</a></p>
        </section>
    }
}

/// The page that asks for the code.
#[component]
pub(super) fn EnterView(carried: Vec<(String, String)>, form: FormState) -> impl IntoView {
    let next = carried.iter().find(|(name, _)| name == "next").map(|(_, next)| next.clone()).unwrap_or_default();
    let remember = !form.value("remember").is_empty();
    let again = if carried.iter().all(|(name, _)| name == "next") {
        Either::Left(view! { <p><a href=with_next(ASK, &next)>"Send another code"</a></p> })
    } else {
        let (action, carried) = (ASK, carried.clone());
        Either::Right(view! {
            <form method="post" action=action>
                <FormGuard anybody=true />
                {hidden(carried)}
                <button class="quiet" name=SHOW value="on">"Send another code"</button>
            </form>
        })
    };
    view! {
        <section class="door">
            <h1>"Check your email"</h1>
            <p role="status">
                "If there is an account with this address, we have sent it a code. It works for 10 minutes, in this "
                "browser only."
            </p>
            <Notice text=form.notice.clone() />
            <form method="post" action=ENTER>
                <FormGuard anybody=true />
                {hidden(carried)}
                {code_field(form)}
                <label class="check">
                    <input type="checkbox" name="remember" checked=remember />
                    "Keep me signed in"
                </label>
                <button>"Sign in"</button>
            </form>
            {again}
            <p><a href="/sign-in">"Back to sign in"</a></p>
        </section>
    }
}

/// The field for a code.
pub(super) fn code_field(form: FormState) -> AnyView {
    const HINT: &str = "The eight letters and digits that we emailed you.";
    view! { <CodeField name=ANSWER_FIELD form hint=HINT capitals="characters" /> }.into_any()
}
