//! `/keep-factors/{token}` and `/account/security/reset/stop`: stopping the removal of second factors.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use secrecy::SecretString;

use super::{
    service,
    view::{KeepView, KeptView},
};
use crate::{
    auth::page::PageContext,
    db::Db,
    features::accounts::one_time_links::{self, Purpose},
    http::{
        client::Client,
        forms::{ShownOnce, shown},
        problem::Problem,
        redirect::see_other,
    },
};

/// The kind of [`ShownOnce`] that says that it was stopped.
const KEPT: &str = "factors-kept";

/// `GET /keep-factors/{token}`. It changes nothing: mail scanners open every link before the person does.
///
/// # Errors
/// If the database fails.
pub async fn link(
    context: PageContext,
    State(db): State<Db>,
    Path(token): Path<SecretString>,
) -> Result<Response, Problem> {
    use leptos::prelude::*;
    if context.to_show(KEPT).is_some() {
        return Ok(shown(kept(context).await));
    }
    Ok(match one_time_links::find(&db, Purpose::KeepFactors, &token).await? {
        Some(_) => {
            let view = move || view! { <KeepView token /> };
            context.page(StatusCode::OK, "Keep two-factor authentication", view).await
        }
        None => one_time_links::expired_page(context, Purpose::KeepFactors).await,
    })
}

/// `POST /keep-factors/{token}`
///
/// # Errors
/// If the database fails.
pub async fn post_link(
    context: PageContext,
    State(db): State<Db>,
    client: Client,
    Path(token): Path<SecretString>,
) -> Result<Response, Problem> {
    let path = context.uri.path().to_owned();
    Ok(match service::stop_by_link(&db, &client, &token).await? {
        Some(_) => match context.show_at(&path, ShownOnce::new(KEPT, "")) {
            Some(redirect) => redirect,
            None => kept(context).await,
        },
        None => one_time_links::expired_page(context, Purpose::KeepFactors).await,
    })
}

/// `POST /account/security/reset/stop`. Stopping twice is not an error.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn stop(context: PageContext, State(db): State<Db>, client: Client) -> Result<Response, Problem> {
    let actor = context.signed_in()?.acting(client);
    service::stop(&db, &actor).await?;
    one_time_links::cancel(&db, actor.account, Purpose::KeepFactors).await?;
    Ok(see_other("/account/security"))
}

async fn kept(context: PageContext) -> Response {
    use leptos::prelude::*;
    context.page(StatusCode::OK, "Two-factor authentication stays on", || view! { <KeptView /> }).await
}
