//! The pages to sign up and in, and the account page.

use leptos::prelude::*;

use super::unsent::{Carried, carried_fields};
use crate::{
    auth::{Account, Credential, activity, browser_session::BrowserSession, passwords},
    features::{
        accounts::{email_verification::Unconfirmed, password_strength::Strength, settings::ManageSection},
        activity::ActivityList,
        browser_sessions::BrowserSessionList,
    },
    text::email_address::shown,
    ui::{AccountLink, Avatar, Card, FormGuard, FormState, LastUsed, Notice, TextField, Time, WayIn},
};

#[component]
pub(super) fn SignUpView(form: FormState, ways_up: Vec<(WayIn, String)>) -> impl IntoView {
    let carried: Vec<_> = ["name", "email", "next"].map(|name| (name.to_owned(), form.value(name))).into();
    let sign_in = with_next("/sign-in", &form.value("next"));
    view! {
        <section class="door">
            <h1>"Sign up"</h1>
            <Notice text=form.notice.clone() />
            <form method="post" action="/sign-up">
                <FormGuard anybody=true />
                <input type="hidden" name="next" value=form.value("next") />
                <TextField name="name" label="Name" form=form.clone() autocomplete="name" autofocus=true />
                <TextField name="email" label="E-mail" kind="email" form=form.clone() autocomplete="username" />
                <TextField
                    name="password"
                    label="Password"
                    kind="password"
                    form=form.clone()
                    autocomplete="new-password"
                    hint=passwords::HINT
                />
                <Strength />
                <button>"Sign up"</button>
            </form>
            {ways_up.into_iter().map(|(way, script)| (way.view)(carried.clone(), script)).collect_view()}
            <p>"Have an account? " <a href=sign_in>"Sign in"</a></p>
        </section>
    }
}

#[component]
pub(super) fn SignInView(form: FormState, ways_in: Vec<(WayIn, String)>) -> impl IntoView {
    let sign_up = with_next("/sign-up", &form.value("next"));
    let suggested = ways_in.iter().find_map(|(way, _)| way.autocomplete).unwrap_or("username");
    let carried = carried_fields(&form);
    let remember = !form.value("remember").is_empty();
    view! {
        <section class="door">
            <h1>"Sign in"</h1>
            <Notice text=form.notice.clone() />
            <form method="post" action="/sign-in">
                <FormGuard anybody=true />
                <Carried form=form.clone() />
                <input type="hidden" name="next" value=form.value("next") />
                <TextField
                    name="email"
                    label="E-mail"
                    kind="email"
                    form=form.clone()
                    autocomplete=suggested
                    autofocus=true
                />
                <TextField
                    name="password"
                    label="Password"
                    kind="password"
                    form=form.clone()
                    autocomplete="current-password"
                />
                <label class="check">
                    <input type="checkbox" name="remember" checked=remember />
                    "Keep me signed in"
                </label>
                <button>"Sign in"</button>
                <LastUsed way="password" />
            </form>
            {ways_in.into_iter().map(|(way, script)| (way.view)(carried.clone(), script)).collect_view()}
            <p><a href="/forgot">"Forgot your password?"</a></p>
            <p>"New here? " <a href=sign_up>"Sign up"</a></p>
        </section>
    }
}

/// The link between the two pages, which keeps `next`.
fn with_next(path: &str, next: &str) -> String {
    if next.is_empty() {
        return path.into();
    }
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("{path}?next={next}")
}

#[component]
pub(super) fn AccountView(
    account: Account,
    credential: Credential,
    has_password: bool,
    browser_sessions: Vec<BrowserSession>,
    activity: activity::Page,
    links: Vec<AccountLink>,
) -> impl IntoView {
    view! {
        <header>
            <Avatar name=account.name.clone() />
            <h1>"Account"</h1>
        </header>
        <Card>
            <dl>
                <div><dt>"Name"</dt><dd>{account.name}</dd></div>
                <div><dt>"E-mail"</dt><dd>{shown(&account.email)}</dd></div>
                <div><dt>"Member since"</dt><dd><Time at=account.created_at /></dd></div>
            </dl>
            <Unconfirmed confirmed=account.email_confirmed />
        </Card>
        <ManageSection has_password links />
        <Card title="Signed-in browsers">
            <p class="hint">"Each of them has full access to your account. Sign out any that you do not recognize."</p>
            <BrowserSessionList credential browser_sessions />
        </Card>
        <Card title="Recent activity" id="activity">
            <ActivityList page=activity />
        </Card>
    }
}
