//! The developer page: applications that a person has registered.

use axum::{extract::State, http::StatusCode, response::Response};
use leptos::{either::Either, prelude::*};

use super::{
    client::{Client, offered},
    registration::{self, NewClient, Registered},
};
use crate::{
    auth::{
        ScopeInfo,
        activity::Kind,
        page::PageContext,
        reauthentication::Reauthentication,
        scope_boxes::{ScopeBoxes, scope_field},
    },
    http::{
        client::Client as Somewhere,
        extract::{Form, PathId},
        forms::{ShownOnce, shown},
        problem::Problem,
        redirect::{revoked, see_other},
    },
    state::AppState,
    ui::{
        Avatar, Badge, Card, CodeBlock, Confirm, Empty, Field, FormGuard, FormState, Notice, TextField, Time,
        describedby, in_textarea,
    },
};

/// The path of the page.
pub(super) const PAGE: &str = "/account/developer";
/// The kind of [`ShownOnce`] with the secret of a new application.
const MADE: &str = "client";
/// The hint of the field for redirect URIs.
const URIS: &str = "One a line: where people return to, such as https://app.example.com/callback. They are compared \
                    exactly; http://127.0.0.1/callback is for apps on the person's computer, with any port.";

/// `GET /account/developer`
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::NotFound`] if the settings turn it off; or if the database fails.
pub(super) async fn index(context: PageContext, State(state): State<AppState>) -> Result<Response, Problem> {
    let account = context.signed_in()?.account.id;
    let made = match context.to_show(MADE) {
        Some(text) => own_secret(&state, account, &text).await?,
        None => None,
    };
    let shows = made.is_some();
    let page = page(context, &state, StatusCode::OK, fresh_form(&state), made).await?;
    Ok(if shows { shown(page) } else { page })
}

/// `POST /account/developer`: registers an application.
///
/// # Errors
/// The same as [`index`]. Other problems are shown in the form.
pub(super) async fn create(
    context: PageContext,
    State(state): State<AppState>,
    from: Somewhere,
    mut reauthentication: Reauthentication,
    form: Form,
) -> Result<Response, Problem> {
    must_be_on(&state)?;
    if let Some(question) = reauthentication.required_for_form(&context, &form).await? {
        return Ok(question);
    }
    let actor = context.signed_in()?.acting(from);
    let new = NewClient {
        name: form.text("name"),
        redirect_uris: form.text("redirect_uris").split_whitespace().map(str::to_owned).collect(),
        is_confidential: form.ticked("confidential"),
        device_grant: form.ticked("device_grant"),
        scopes: offered(&state.site.scopes)
            .map(|scope| scope.name.to_owned())
            .filter(|name| form.ticked(&scope_field(name)))
            .collect(),
        letter: form.text("letter"),
        requires_key: form.ticked("requires_key"),
    };
    let mut typed = FormState::default();
    for field in ["name", "redirect_uris", "letter"] {
        typed = typed.with(field, form.text(field));
    }
    for (field, _) in form.pairs().filter(|(field, _)| form.ticked(field)) {
        if ["confidential", "requires_key"].contains(&field.as_str()) || field.starts_with("scope-") {
            typed = typed.with(field, "on");
        }
    }
    if new.device_grant {
        typed = typed.with("device_grant", "on");
    }
    let limit = state.settings.oauth.clients_per_account;
    match registration::register(&state.db, (Some(actor.account), limit), &state.site.scopes, new).await {
        Ok((client, secret)) => {
            actor.record_named(&state.db, Kind::ClientRegistered, &client.name);
            let Some(secret) = secret else { return Ok(see_other(PAGE)) };
            let text = format!("{} {}", client.id, secret.reveal());
            match context.show_at(PAGE, ShownOnce::new(MADE, &text)) {
                Some(redirect) => Ok(redirect),
                None => page(context, &state, StatusCode::CREATED, fresh_form(&state), Some(text)).await,
            }
        }
        Err(problem @ (Problem::Validation(_) | Problem::Conflict(_))) => {
            page(context, &state, problem.status(), typed.with_errors(&problem), None).await
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /account/developer/{id}/delete`. Deleting twice is not an error.
///
/// # Errors
/// The same as [`index`].
pub(super) async fn delete(
    context: PageContext,
    State(state): State<AppState>,
    from: Somewhere,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let actor = context.signed_in()?.acting(from);
    let deleted = registration::delete(&state.db, Some(actor.account), &id.to_string()).await;
    if let Ok(name) = &deleted {
        actor.record_named(&state.db, Kind::ClientDeleted, name);
    }
    revoked(deleted.map(drop), PAGE)
}

/// What the empty form proposes: all scopes.
fn fresh_form(state: &AppState) -> FormState {
    let tick = |form: FormState, scope: &ScopeInfo| form.with(&scope_field(scope.name), "on");
    offered(&state.site.scopes).fold(FormState::default(), tick)
}

fn must_be_on(state: &AppState) -> Result<(), Problem> {
    if state.settings.oauth.registration { Ok(()) } else { Err(Problem::NotFound) }
}

/// The secret in `text`, an id and a secret, if it belongs to an application of `account`: a cookie is not trusted.
async fn own_secret(state: &AppState, account: uuid::Uuid, text: &str) -> Result<Option<String>, Problem> {
    let Some((id, secret)) = text.split_once(' ') else { return Ok(None) };
    let client = Client::find(&state.db, &state.settings, id).await?;
    let is_own = client
        .is_some_and(|client| client.owner == super::client::Owner::Account(account) && client.has_secret(secret));
    Ok(is_own.then(|| text.to_owned()))
}

async fn page(
    context: PageContext,
    state: &AppState,
    status: StatusCode,
    form: FormState,
    made: Option<String>,
) -> Result<Response, Problem> {
    let account = context.signed_in()?.account.id;
    must_be_on(state)?;
    let clients = registration::list(&state.db, Some(account), state.settings.oauth.clients_per_account).await?;
    let secret = made.and_then(|text| text.split_once(' ').map(|(_, secret)| secret.to_owned()));
    let (origin, scopes) = (state.settings.origin(), offered(&state.site.scopes).copied().collect::<Vec<_>>());
    let view = move || view! { <DeveloperView clients form secret origin scopes /> };
    Ok(context.page(status, "Developer", view).await)
}

#[component]
fn DeveloperView(
    clients: Vec<Registered>,
    form: FormState,
    secret: Option<String>,
    origin: String,
    /// Those that applications may have.
    scopes: Vec<ScopeInfo>,
) -> impl IntoView {
    let list = if clients.is_empty() {
        Either::Left(view! { <Empty title="No apps yet.">"Register one above."</Empty> })
    } else {
        let rows = clients.into_iter().map(|client| view! { <Row client /> }).collect_view();
        Either::Right(view! { <ul class="rows">{rows}</ul> })
    };
    let fresh = secret.map(|secret| {
        view! {
            <Card title="Your new client secret" class="card fresh" role="status">
                <p>"Copy it now. We store only a hash of it, so we cannot show it again."</p>
                <CodeBlock text=secret id="secret".into() />
            </Card>
        }
    });
    view! {
        <header>
            <h1>"Developer"</h1>
            <p class="lead">
                "Apps that you register can ask people for access to their account (OAuth 2). People sign in here, so "
                "your app never sees a password."
            </p>
            <p><a href="/account">"Back to your account"</a></p>
        </header>
        {fresh}
        <Card title="Register an app">
            <Notice text=form.notice.clone() />
            <NewForm form scopes />
            <p class="hint">
                "A client library finds everything else at "
                <code>{origin} "/.well-known/oauth-authorization-server"</code>
            </p>
        </Card>
        <Card title="Your apps">{list}</Card>
    }
}

#[component]
fn NewForm(form: FormState, scopes: Vec<ScopeInfo>) -> impl IntoView {
    let requires_key = !form.value("requires_key").is_empty();
    let refused_scopes = form.error("scopes");
    let (uris, error) = (form.value("redirect_uris"), form.error("redirect_uris"));
    let confidential = !form.value("confidential").is_empty();
    let device_grant = !form.value("device_grant").is_empty();
    view! {
        <form method="post" action=PAGE>
            <FormGuard />
            <TextField
                name="name"
                label="Name"
                form=form.clone()
                hint="People see it when your app asks them for access."
                autocomplete="off"
            />
            <TextField
                name="letter"
                label="Logo letter (optional)"
                form=form.clone()
                hint="Shown beside the name. Without one, the first letters of the name are."
                autocomplete="off"
                optional=true
            />
            <Field name="redirect_uris" label="Redirect URIs" hint=URIS error=error.clone()>
                <textarea
                    id="redirect_uris"
                    name="redirect_uris"
                    rows="3"
                    autocapitalize="none"
                    spellcheck="false"
                    aria-invalid=error.map(|_| "true")
                    aria-describedby=describedby("redirect_uris", URIS)
                    inner_html=in_textarea(&uris)
                ></textarea>
            </Field>
            <fieldset aria-describedby="scopes-error">
                <legend>"What it may ask for"</legend>
                <ScopeBoxes scopes form=form.clone() />
                <p class="error" id="scopes-error" role="alert">{refused_scopes}</p>
            </fieldset>
            <fieldset>
                <legend>"How it works"</legend>
                <label class="check">
                    <input type="checkbox" name="confidential" checked=confidential />
                    <span>"It runs on a server and can keep a client secret"</span>
                </label>
                <label class="check">
                    <input type="checkbox" name="requires_key" checked=requires_key />
                    <span>"It gets only tokens that are bound to a key (DPoP)"</span>
                </label>
                <label class="check">
                    <input type="checkbox" name="device_grant" checked=device_grant />
                    <span>"It also runs on devices without a browser, where people sign in with a code"</span>
                </label>
            </fieldset>
            <button>"Register app"</button>
        </form>
    }
}

#[component]
fn Row(client: Registered) -> impl IntoView {
    let Registered {
        id,
        name,
        redirect_uris,
        is_confidential,
        device_grant,
        created_at,
        scopes,
        letter,
        requires_key,
        ..
    } = client;
    let scope = |scope: String| view! { <code>{scope}</code> " " };
    let uri = |uri: String| view! { <code>{uri}</code> " " };
    view! {
        <li>
            <Avatar name=name.clone() letter />
            <div>
                <p>
                    <strong>{name.clone()}</strong> " "
                    {is_confidential.then(|| view! { <Badge>"Client secret"</Badge> " " })}
                    {device_grant.then(|| view! { <Badge>"Devices"</Badge> " " })}
                    {requires_key.then(|| view! { <Badge>"Bound to a key"</Badge> })}
                </p>
                <p class="scopes">"Client ID " <code>{id.clone()}</code></p>
                <p class="scopes">{redirect_uris.into_iter().map(uri).collect_view()}</p>
                <p class="scopes">{scopes.into_iter().map(scope).collect_view()}</p>
                <p class="hint">"Registered " <Time at=created_at /></p>
            </div>
            <Confirm
                id=format!("delete-{id}")
                open="Delete…"
                about=name.clone()
                title=format!("Delete “{name}”?")
                action=format!("{PAGE}/{id}/delete")
                confirm="Delete"
            >
                "Everybody who authorized it is signed out of it at once."
            </Confirm>
        </li>
    }
}
