//! "Authorized apps": what people let applications do, and its end.

use std::collections::BTreeSet;

use axum::{extract::State, http::StatusCode, response::Response};
use leptos::{either::Either, prelude::*};

use serde_json::json;
use uuid::Uuid;

use super::{client::Client, registration, view::place};
use crate::{
    auth::{ScopeInfo, activity::Kind, page::PageContext, store::grants},
    db::Db,
    http::{
        client::Client as Somewhere,
        export::{Document, ExportError},
        extract::Form,
        problem::Problem,
        redirect::see_other,
    },
    state::AppState,
    timestamp::Timestamp,
    ui::{Avatar, Card, Empty, FormGuard, Time},
};

/// The path of the page.
pub(super) const PAGE: &str = "/account/apps";
/// How many grants the page looks at: those of ten browsers for a hundred applications.
const SHOWN: i64 = 1_000;
/// How many applications a person can have registered: no setting allows more.
const REGISTERED: u32 = 1_000;

/// An application that has access, whatever number of browsers and devices it got it in.
#[derive(Clone, Debug)]
struct Authorized {
    client_id: String,
    name: String,
    letter: String,
    place: String,
    /// On how many devices it has access by a code.
    devices: usize,
    scopes: Vec<ScopeInfo>,
    since: Timestamp,
    last_used_at: Timestamp,
}

/// `GET /account/apps`
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub(super) async fn index(context: PageContext, State(state): State<AppState>) -> Result<Response, Problem> {
    let account = context.signed_in()?.account.id;
    let apps = list(&state, account).await?;
    let registers = state.settings.oauth.registration;
    Ok(context.page(StatusCode::OK, "Authorized apps", move || view! { <AppsView apps registers /> }).await)
}

/// `POST /account/apps/revoke`: ends the access of an application, in all browsers, with all its tokens. Ending it
/// twice is not an error.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub(super) async fn revoke(
    context: PageContext,
    State(state): State<AppState>,
    from: Somewhere,
    form: Form,
) -> Result<Response, Problem> {
    let actor = context.signed_in()?.acting(from);
    let id = form.text("client_id");
    let name = Client::find(&state.db, &state.settings, &id).await?.map_or_else(|| id.clone(), |client| client.name);
    let db = state.db.clone();
    state
        .db
        .run_to_completion(async move {
            if grants::revoke_client(&db, actor.account, &id, db.now()).await? > 0 {
                actor.record_named(&db, Kind::AppRevoked, &name);
            }
            Ok::<_, Problem>(())
        })
        .await?;
    Ok(see_other(PAGE))
}

/// The applications that have access to the account, those that got it last first.
async fn list(state: &AppState, account: Uuid) -> Result<Vec<Authorized>, Problem> {
    let mut apps: Vec<(Authorized, BTreeSet<String>)> = Vec::new();
    for row in grants::list(&state.db, account, state.db.now(), SHOWN).await? {
        let used = row.last_used_at.unwrap_or(row.refreshed_at).max(row.refreshed_at);
        let scopes = row.scopes.split(' ').map(str::to_owned);
        let devices = usize::from(row.on_device);
        if let Some((app, known)) = apps.iter_mut().find(|(app, _)| app.client_id == row.client_id) {
            app.since = app.since.min(row.created_at);
            app.last_used_at = app.last_used_at.max(used);
            app.devices += devices;
            known.extend(scopes);
            continue;
        }
        let client = Client::find(&state.db, &state.settings, &row.client_id).await?;
        let place = client.as_ref().and_then(|client| client.redirect_uris.first()).map(|uri| place(uri));
        let app = Authorized {
            letter: client.as_ref().map(|client| client.letter.clone()).unwrap_or_default(),
            name: client.map_or_else(|| row.client_id.clone(), |client| client.name),
            place: place.unwrap_or_default(),
            client_id: row.client_id,
            devices,
            scopes: Vec::new(),
            since: row.created_at,
            last_used_at: used,
        };
        apps.push((app, scopes.collect()));
    }
    let described = |names: &BTreeSet<String>| {
        state.site.scopes.iter().filter(|scope| names.contains(scope.name)).copied().collect()
    };
    Ok(apps.into_iter().map(|(app, names)| Authorized { scopes: described(&names), ..app }).collect())
}

/// Adds what applications may do, and the applications that the person registered, to the data export.
///
/// # Errors
/// [`ExportError`]
pub(super) async fn export(db: &Db, account: Uuid, document: &mut Document) -> Result<(), ExportError> {
    let grants = grants::list(db, account, db.now(), SHOWN).await.map_err(Problem::from)?;
    let registered = registration::list(db, Some(account), REGISTERED).await?;
    document.member("oauth", &json!({"authorized_apps": grants, "registered_apps": registered})).await
}

#[component]
fn AppsView(apps: Vec<Authorized>, registers: bool) -> impl IntoView {
    let list = if apps.is_empty() {
        Either::Left(view! { <Empty title="No authorized apps.">"An app that you authorize is listed here."</Empty> })
    } else {
        Either::Right(
            view! { <ul class="rows">{apps.into_iter().map(|app| view! { <Row app /> }).collect_view()}</ul> },
        )
    };
    view! {
        <header>
            <h1>"Authorized apps"</h1>
            <p class="lead">
                "Apps that you let into your account, without your password. Each loses its access in a browser when you "
                "sign out there, and everywhere when you change your password. On a device that you connected with a "
                "code, it keeps its access until you remove it here."
            </p>
            <p>
                <a href="/account">"Back to your account"</a>
                {registers.then(|| view! { " · " <a href=super::developer::PAGE>"Register an app of your own"</a> })}
            </p>
        </header>
        <Card>{list}</Card>
    }
}

#[component]
fn Row(app: Authorized) -> impl IntoView {
    let Authorized { client_id, name, letter, place, devices, scopes, since, last_used_at } = app;
    let scope = |scope: ScopeInfo| view! { <li>{scope.meaning}</li> };
    let on_devices = match devices {
        0 => None,
        1 => Some("On a device that you connected with a code".to_owned()),
        count => Some(format!("On {count} devices that you connected with a code")),
    };
    view! {
        <li>
            <Avatar name=name.clone() letter />
            <div>
                <p><strong>{name.clone()}</strong> " " <span class="hint">{place}</span></p>
                <ul>{scopes.into_iter().map(scope).collect_view()}</ul>
                {on_devices.map(|text| view! { <p class="hint">{text}</p> })}
                <p class="hint">"Authorized " <Time at=since /> ", last used " <Time at=last_used_at /></p>
            </div>
            <form method="post" action="/account/apps/revoke">
                <FormGuard />
                <input type="hidden" name="client_id" value=client_id autocomplete="off" />
                <button class="quiet danger">"Remove access"<span class="unseen">" of " {name}</span></button>
            </form>
        </li>
    }
}
