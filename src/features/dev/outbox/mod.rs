//! The outbox as a development server shows it: the mail that was not sent, because no mail server is set.

mod view;

use std::{io, path::Path, sync::Arc};

use axum::{extract::State, http::StatusCode, response::Response};

use self::view::{MailView, OutboxView};
use crate::{
    auth::{dev_key::Developer, page::PageContext},
    http::{extract::PathId, problem::Problem},
    mail::outbox,
    settings::Settings,
};

/// `GET /dev/outbox`: the list.
///
/// # Errors
/// [`Problem::NotFound`] for anyone but a [`Developer`]; [`Problem::Internal`] if the folder cannot be read.
pub(super) async fn index(
    _: Developer,
    context: PageContext,
    State(settings): State<Arc<Settings>>,
) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let mails = outbox::list(Path::new(&settings.mail.outbox)).await.map_err(unreadable)?;
    let by_smtp = settings.mail.has_server();
    let view = move || {
        let mails = mails.clone();
        view! { <OutboxView mails by_smtp /> }
    };
    Ok(context.page(StatusCode::OK, "Outbox", view).await)
}

/// `GET /dev/outbox/{name}`: one mail.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such mail, and for anyone but a [`Developer`]; [`Problem::Internal`] if the
/// folder cannot be read.
pub(super) async fn show(
    _: Developer,
    context: PageContext,
    State(settings): State<Arc<Settings>>,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let mail = outbox::find(Path::new(&settings.mail.outbox), id).await.map_err(unreadable)?;
    let mail = mail.ok_or(Problem::NotFound)?;
    let view = move || {
        let mail = mail.clone();
        view! { <MailView mail /> }
    };
    Ok(context.page(StatusCode::OK, "Mail", view).await)
}

fn unreadable(error: io::Error) -> Problem {
    Problem::Internal(format!("the outbox cannot be read: {error}"))
}
