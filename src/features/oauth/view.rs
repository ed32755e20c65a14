//! The pages of `/authorize`.

use leptos::prelude::*;

use super::{
    client::{Client, Owner},
    request::PATH,
};
use crate::{
    auth::ScopeInfo,
    settings::origin_of_redirect_uri,
    ui::{Avatar, Card, FormGuard},
};

/// The field with the query of the request.
pub(super) const REQUEST_FIELD: &str = "request";
/// The field with the name of the button.
pub(super) const DECISION_FIELD: &str = "decision";
/// What it holds where access is given.
pub(super) const ALLOW: &str = "allow";

/// Where a redirect URI leads, for people.
pub(super) fn place(redirect_uri: &str) -> String {
    match origin_of_redirect_uri(redirect_uri) {
        Some(origin) if redirect_uri.starts_with("https:") => origin,
        Some(origin) => format!("{origin} on your computer"),
        None => {
            let scheme = redirect_uri.split(':').next().unwrap_or_default();
            format!("the app {scheme} on this device")
        }
    }
}

/// Who vouches for an application.
pub(super) fn vouched(owner: Owner) -> &'static str {
    match owner {
        Owner::Site => "It belongs to this site.",
        Owner::Operator => "It was registered by the operators of this site.",
        Owner::Account(_) => "It was registered by a user of this site. Its name was not checked by us.",
    }
}

/// What an application will be able to do, in words.
#[component]
pub(super) fn AbilitiesCard(scopes: Vec<ScopeInfo>) -> impl IntoView {
    let row = |scope: ScopeInfo| view! { <li><div><p>{scope.meaning} " " <code>{scope.name}</code></p></div></li> };
    view! {
        <Card title="It will be able to">
            <ul class="rows">{scopes.into_iter().map(row).collect_view()}</ul>
        </Card>
    }
}

#[component]
pub(super) fn ConsentView(
    client: Client,
    redirect_uri: String,
    scopes: Vec<ScopeInfo>,
    email: String,
    query: String,
) -> impl IntoView {
    let name = client.name.clone();
    let place = place(&redirect_uri);
    view! {
        <header>
            <Avatar name=name.clone() letter=client.letter.clone() />
            <h1>"Authorize " {name.clone()}</h1>
            <p class="lead">
                <strong>{name.clone()}</strong> " wants to access your account " <strong>{email}</strong> "."
            </p>
        </header>
        <AbilitiesCard scopes />
        <Card>
            <p>"Authorizing will redirect to " <strong>{place}</strong> "."</p>
            <p class="hint">
                {vouched(client.owner)} " It does not see your password. You can remove its access at any time under "
                <a href="/account/apps">"Authorized apps"</a> "."
            </p>
            <form method="post" action=PATH>
                <FormGuard />
                <input type="hidden" name=REQUEST_FIELD value=query autocomplete="off" />
                <div class="row answers">
                    <button class="quiet" name=DECISION_FIELD value="cancel">"Cancel"</button>
                    <button name=DECISION_FIELD value=ALLOW>"Authorize " {name}</button>
                </div>
            </form>
        </Card>
    }
}

/// The page on the way back to the application.
#[component]
pub(super) fn LeavingView(url: String) -> impl IntoView {
    let place = place(&url);
    view! {
        <section>
            <h1>"Back to the app"</h1>
            <p>"You are being sent to " <strong>{place}</strong> "."</p>
            <p><a class="button" href=url>"Continue"</a></p>
        </section>
    }
}

/// The page for a request of which nobody knows where its answer should go.
#[component]
pub(super) fn RefusedView(reason: &'static str) -> impl IntoView {
    view! {
        <section class="error-page">
            <h1>"This app cannot be authorized"</h1>
            <p>{reason}</p>
            <p class="hint">"Nothing was given to it. If the problem lasts, tell those who made the app."</p>
            <p><a class="button" href="/">"Back to the front page"</a></p>
        </section>
    }
}

/// The page for a wrong request of an application that a user registered: it leads on only if the person wants it to.
#[component]
pub(super) fn MistakenView(url: String, reason: String) -> impl IntoView {
    let place = place(&url);
    view! {
        <section class="error-page">
            <h1>"This app cannot be authorized"</h1>
            <p>"The request of the app is wrong: " {reason}</p>
            <p class="hint">"Nothing was given to it. The app was registered by a user of this site, not by us."</p>
            <p><a class="button" href="/">"Back to the front page"</a></p>
            <p><a href=url rel="noreferrer">"Continue to " {place}</a></p>
        </section>
    }
}
