//! The handlers of the pages and their forms; `feature.rs` says which path leads to which.
//!
//! `use leptos::prelude::*` stands inside of the functions that render, because it and axum both have names such as
//! `State`.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;

use super::{
    Draft, Note,
    service::{self, Change, Filter},
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

/// The list, with the form for a new note.
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::Validation`] if the query is not valid; if the database fails.
pub async fn index(
    context: PageContext,
    State(db): State<Db>,
    Query(ListQuery { q, cursor }): Query<ListQuery>,
) -> Result<Response, Problem> {
    list(context, &db, StatusCode::OK, q, cursor, FormState::default()).await
}

/// Creates a note. If that is refused, answers with the form as it was typed.
///
/// # Errors
/// [`Problem::NotSignedIn`]; if the database fails.
pub async fn create(
    context: PageContext,
    State(db): State<Db>,
    State(settings): State<Arc<Settings>>,
    form: Form,
) -> Result<Response, Problem> {
    let caller = context.signed_in()?;
    match service::create(&db, &settings.resources, caller.account.id, draft(&form)).await {
        Ok(_) => Ok(see_other("/notes")),
        Err(problem) => {
            let form = typed(&form).with_errors(&problem);
            list(context, &db, problem.status(), String::new(), None, form).await
        }
    }
}

async fn list(
    context: PageContext,
    db: &Db,
    status: StatusCode,
    q: String,
    cursor: Option<String>,
    form: FormState,
) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let caller = context.signed_in()?;
    let filter = Filter { cursor, q: Some(q.clone()), ..Filter::default() };
    let first = service::list(db, caller.account.id, filter).await?;
    let account = caller.account.id;
    let view = move || {
        let (first, q, form) = (first.clone(), q.clone(), form.clone());
        view! { <NotesView account first q form /> }
    };
    Ok(context.page(status, "Notes", view).await)
}

/// One note, with the form that edits it.
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::NotFound`]; if the database fails.
pub async fn show(context: PageContext, State(db): State<Db>, PathId(id): PathId) -> Result<Response, Problem> {
    let caller = context.signed_in()?;
    let note = service::find(&db, caller.account.id, id).await?;
    let form = filled(&note);
    Ok(editor(context, &caller, StatusCode::OK, note, form).await)
}

/// Saves a note. If that is refused, answers with the form as it was typed.
///
/// If the note has changed since the page was rendered, answers with what was typed; saving again overwrites the other
/// change.
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::NotFound`]; if the database fails.
pub async fn save(
    context: PageContext,
    State(db): State<Db>,
    PathId(id): PathId,
    form: Form,
) -> Result<Response, Problem> {
    let caller = context.signed_in()?;
    let version = form.text("version").parse().ok();
    match service::update(&db, caller.account.id, id, version, Change::from(draft(&form))).await {
        Ok(_) => Ok(see_other("/notes")),
        Err(Problem::NotFound) => Err(Problem::NotFound),
        Err(problem) => {
            let current = service::find(&db, caller.account.id, id).await?;
            let mut form = typed(&form).with_errors(&problem);
            if matches!(problem, Problem::PreconditionFailed(_)) {
                form.notice = Some(CHANGED_ELSEWHERE.into());
            }
            Ok(editor(context, &caller, problem.status(), current, form).await)
        }
    }
}

const CHANGED_ELSEWHERE: &str = "This note was changed elsewhere while you were editing. Your text is below: \
     save again to overwrite the other version, or view that one first.";

/// Deletes a note. Deleting twice is not an error.
///
/// # Errors
/// [`Problem::NotSignedIn`]; if the database fails.
pub async fn delete(context: PageContext, State(db): State<Db>, PathId(id): PathId) -> Result<Response, Problem> {
    let caller = context.signed_in()?;
    match service::delete(&db, caller.account.id, id, None).await {
        Ok(()) | Err(Problem::NotFound) => Ok(see_other("/notes")),
        Err(problem) => Err(problem),
    }
}

async fn editor(context: PageContext, caller: &Caller, status: StatusCode, note: Note, form: FormState) -> Response {
    use leptos::prelude::*;
    let (account, title) = (caller.account.id, note.title.clone());
    let changed_elsewhere = status == StatusCode::PRECONDITION_FAILED;
    let view = move || {
        let (note, form) = (note.clone(), form.clone());
        view! { <NoteView account note form changed_elsewhere /> }
    };
    context.page(status, title, view).await
}

/// What a form holds.
fn draft(form: &Form) -> Draft {
    Draft { title: form.text("title"), body: form.text("body") }
}

/// The form again, with what was typed.
fn typed(form: &Form) -> FormState {
    FormState::default().with("title", form.text("title")).with("body", form.text("body"))
}

/// The form that edits `note`.
fn filled(note: &Note) -> FormState {
    FormState::default().with("title", &note.title).with("body", &note.body)
}
