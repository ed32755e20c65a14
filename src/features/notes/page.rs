//! The handlers of the pages and their forms.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;

use super::{
    Draft, Note,
    service::{self, Change, Filter, Versioned},
    view::{NoteView, NotesView},
};
use crate::{
    auth::{Caller, page::PageContext},
    db::Db,
    http::{
        extract::{Form, PathId, Query},
        problem::Problem,
        redirect::see_other,
    },
    settings::Settings,
    ui::FormState,
};

/// The query of the list: `?q=&cursor=`.
#[derive(Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    q: String,
    cursor: Option<String>,
}

/// `GET /notes`
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::Validation`] if the query is not valid; if the database fails.
pub async fn index(
    visit: PageContext,
    State(db): State<Db>,
    Query(ListQuery { q, cursor }): Query<ListQuery>,
) -> Result<Response, Problem> {
    list(visit, &db, StatusCode::OK, q, cursor, FormState::default()).await
}

/// `POST /notes`
///
/// # Errors
/// [`Problem::NotSignedIn`]; if the database fails.
pub async fn create(
    visit: PageContext,
    State(db): State<Db>,
    State(settings): State<Arc<Settings>>,
    form: Form,
) -> Result<Response, Problem> {
    let caller = visit.signed_in()?;
    let draft = draft(&form);
    let typed = form_state(&draft);
    match service::create(&db, &settings.resources, caller.account.id, draft).await {
        Ok(_) => Ok(see_other("/notes")),
        Err(problem) => list(visit, &db, problem.status(), String::new(), None, typed.with_errors(&problem)).await,
    }
}

async fn list(
    visit: PageContext,
    db: &Db,
    status: StatusCode,
    q: String,
    cursor: Option<String>,
    form: FormState,
) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let caller = visit.signed_in()?;
    let filter = Filter { limit: None, cursor, q: Some(q.clone()) };
    let first = service::list(db, caller.account.id, filter).await?;
    let account = caller.account.id;
    let content = move || {
        let (first, q, form) = (first.clone(), q.clone(), form.clone());
        view! { <NotesView account first q form /> }
    };
    Ok(visit.page(status, "Notes", content).await)
}

/// `GET /notes/{id}`
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::NotFound`]; if the database fails.
pub async fn show(visit: PageContext, State(db): State<Db>, PathId(id): PathId) -> Result<Response, Problem> {
    let caller = visit.signed_in()?;
    let Versioned { note, version } = service::find(&db, caller.account.id, id).await?;
    let form = form_state(&Draft { title: note.title.clone(), body: note.body.clone() });
    Ok(editor(visit, &caller, StatusCode::OK, note, version, form).await)
}

/// `POST /notes/{id}`
///
/// If the note has changed since the page was rendered, answers with what was typed; saving again overwrites the other
/// change.
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::NotFound`]; if the database fails.
pub async fn save(
    visit: PageContext,
    State(db): State<Db>,
    PathId(id): PathId,
    form: Form,
) -> Result<Response, Problem> {
    let caller = visit.signed_in()?;
    let version = form.text("version").parse().ok();
    let draft = draft(&form);
    let typed = form_state(&draft);
    match service::update(&db, caller.account.id, id, version, Change::from(draft)).await {
        Ok(_) => Ok(see_other("/notes")),
        Err(Problem::NotFound) => Err(Problem::NotFound),
        Err(problem) => {
            let current = service::find(&db, caller.account.id, id).await?;
            let mut form = typed.with_errors(&problem);
            if matches!(problem, Problem::PreconditionFailed) {
                form.notice = Some(CHANGED_ELSEWHERE.into());
            }
            Ok(editor(visit, &caller, problem.status(), current.note, current.version, form).await)
        }
    }
}

const CHANGED_ELSEWHERE: &str = "This note was changed elsewhere while you were editing. Your text is below: \
     save again to overwrite the other version, or view that one first.";

/// `POST /notes/{id}/delete`. Deleting twice is not an error.
///
/// # Errors
/// [`Problem::NotSignedIn`]; if the database fails.
pub async fn delete(visit: PageContext, State(db): State<Db>, PathId(id): PathId) -> Result<Response, Problem> {
    let caller = visit.signed_in()?;
    match service::delete(&db, caller.account.id, id, None).await {
        Ok(()) | Err(Problem::NotFound) => Ok(see_other("/notes")),
        Err(problem) => Err(problem),
    }
}

async fn editor(
    visit: PageContext,
    caller: &Caller,
    status: StatusCode,
    note: Note,
    version: i64,
    form: FormState,
) -> Response {
    use leptos::prelude::*;
    let (account, title) = (caller.account.id, note.title.clone());
    let changed_elsewhere = status == StatusCode::PRECONDITION_FAILED;
    let content = move || {
        let (note, form) = (note.clone(), form.clone());
        view! { <NoteView account note version form changed_elsewhere /> }
    };
    visit.page(status, title, content).await
}

fn draft(form: &Form) -> Draft {
    Draft { title: form.text("title"), body: form.text("body") }
}

fn form_state(draft: &Draft) -> FormState {
    FormState::default().with("title", &draft.title).with("body", &draft.body)
}
