//! The pages of notes, and what their server functions do.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use leptos::prelude::expect_context;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Draft, Note, NotesPage,
    service::{self, Change, Filter, Versioned},
    view::{NoteView, NotesView},
};
use crate::{
    auth::{
        Caller,
        page::PageContext,
        server_fn::{caller, failure},
    },
    db::Db,
    http::{
        extract::{Form, PathId, Query},
        problem::{Details, Problem},
        redirect::see_other,
    },
    settings::Settings,
    ui::FormState,
};

/// `?q=&cursor=`
#[derive(Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    q: String,
    cursor: Option<String>,
}

/// `GET /notes`
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::Validation`] where the query makes no sense; the database's.
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
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn create(
    visit: PageContext,
    State(db): State<Db>,
    State(settings): State<Arc<Settings>>,
    form: Form,
) -> Result<Response, Problem> {
    let caller = visit.signed_in()?;
    let draft = draft(&form);
    let typed = filled(&draft);
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
/// [`Problem::NotSignedIn`]; [`Problem::NotFound`]; the database's.
pub async fn show(visit: PageContext, State(db): State<Db>, PathId(id): PathId) -> Result<Response, Problem> {
    let caller = visit.signed_in()?;
    let Versioned { note, version } = service::find(&db, caller.account.id, id).await?;
    let form = filled(&Draft { title: note.title.clone(), body: note.body.clone() });
    Ok(editor(visit, &caller, StatusCode::OK, note, version, form).await)
}

/// `POST /notes/{id}`. Where somebody else was faster, what was typed stays, and the next save goes over theirs.
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::NotFound`]; the database's.
pub async fn save(
    visit: PageContext,
    State(db): State<Db>,
    PathId(id): PathId,
    form: Form,
) -> Result<Response, Problem> {
    let caller = visit.signed_in()?;
    let version = form.text("version").parse().ok();
    let draft = draft(&form);
    let typed = filled(&draft);
    match service::update(&db, caller.account.id, id, version, change(draft)).await {
        Ok(_) => Ok(see_other("/notes")),
        Err(Problem::NotFound) => Err(Problem::NotFound),
        Err(problem) => {
            let current = service::find(&db, caller.account.id, id).await?;
            let mut form = typed.with_errors(&problem);
            if matches!(problem, Problem::PreconditionFailed) {
                form.notice = Some(OVERTAKEN.into());
            }
            Ok(editor(visit, &caller, problem.status(), current.note, current.version, form).await)
        }
    }
}

const OVERTAKEN: &str = "This note was changed elsewhere while you were editing. Your text is still below: \
     save again to keep yours, or look at theirs first.";

/// `POST /notes/{id}/delete`. A second click finds nothing left to do and says so no louder.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
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
    let overtaken = status == StatusCode::PRECONDITION_FAILED;
    let content = move || {
        let (note, form) = (note.clone(), form.clone());
        view! { <NoteView account note version form overtaken /> }
    };
    visit.page(status, title, content).await
}

fn draft(form: &Form) -> Draft {
    Draft { title: form.text("title"), body: form.text("body") }
}

fn change(draft: Draft) -> Change {
    Change { title: Some(draft.title), body: Some(draft.body) }
}

fn filled(draft: &Draft) -> FormState {
    FormState::default().with("title", &draft.title).with("body", &draft.body)
}

pub(super) async fn list_notes(
    q: String,
    cursor: Option<String>,
    for_account: Option<Uuid>,
) -> Result<NotesPage, Details> {
    let db = expect_context::<Db>();
    let caller = caller(for_account).map_err(failure)?;
    let filter = Filter { limit: None, cursor, q: Some(q) };
    service::list(&db, caller.account.id, filter).await.map_err(failure)
}

pub(super) async fn create_note(draft: Draft, for_account: Option<Uuid>) -> Result<Note, Details> {
    let db = expect_context::<Db>();
    let caller = caller(for_account).map_err(failure)?;
    let settings = expect_context::<Arc<Settings>>();
    let created = service::create(&db, &settings.resources, caller.account.id, draft).await.map_err(failure)?;
    Ok(created.note)
}

pub(super) async fn save_note(id: Uuid, version: i64, draft: Draft, for_account: Option<Uuid>) -> Result<i64, Details> {
    let db = expect_context::<Db>();
    let caller = caller(for_account).map_err(failure)?;
    let saved = service::update(&db, caller.account.id, id, Some(version), change(draft)).await.map_err(failure)?;
    Ok(saved.version)
}
