//! Its pages, without islands.

use axum::{extract::State, http::StatusCode, response::Response};
use leptos::prelude::*;
use uuid::Uuid;
use vestibule::{
    auth::page::PageContext,
    db::Db,
    http::{
        extract::{Form, PathId},
        problem::Problem,
        redirect::see_other,
    },
    ui::{Field, FormGuard, FormState, TextField, Time, describedby, in_textarea},
};

use super::{Draft, Entry, api, store};

pub(super) async fn index(context: PageContext, State(db): State<Db>) -> Result<Response, Problem> {
    list(context, &db, StatusCode::OK, FormState::default()).await
}

pub(super) async fn create(context: PageContext, State(db): State<Db>, form: Form) -> Result<Response, Problem> {
    let account = context.signed_in()?.account.id;
    let draft = Draft { title: form.text("title"), body: form.text("body") };
    let typed = state_of(&draft);
    match store::insert(&db, account, Uuid::now_v7(), draft).await {
        Ok(_) => Ok(see_other("/entries")),
        Err(problem) => list(context, &db, problem.status(), typed.with_errors(&problem)).await,
    }
}

pub(super) async fn show(context: PageContext, State(db): State<Db>, PathId(id): PathId) -> Result<Response, Problem> {
    let Entry { title, body, version, .. } = store::find(&db, context.signed_in()?.account.id, id).await?;
    let form = state_of(&Draft { title, body });
    Ok(editor(context, StatusCode::OK, id, version, form).await)
}

pub(super) async fn save(
    context: PageContext,
    State(db): State<Db>,
    PathId(id): PathId,
    form: Form,
) -> Result<Response, Problem> {
    let account = context.signed_in()?.account.id;
    let version = form.text("version").parse().ok();
    let (title, body) = (form.text("title"), form.text("body"));
    let typed = state_of(&Draft { title: title.clone(), body: body.clone() });
    match store::update(&db, account, id, version, Some(title), Some(body)).await {
        Ok(_) => Ok(see_other("/entries")),
        Err(Problem::NotFound) => Err(Problem::NotFound),
        Err(problem) => {
            let version = store::find(&db, account, id).await?.version;
            Ok(editor(context, problem.status(), id, version, typed.with_errors(&problem)).await)
        }
    }
}

pub(super) async fn delete(
    context: PageContext,
    State(db): State<Db>,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    match store::delete(&db, context.signed_in()?.account.id, id, None).await {
        Ok(()) | Err(Problem::NotFound) => Ok(see_other("/entries")),
        Err(problem) => Err(problem),
    }
}

async fn list(context: PageContext, db: &Db, status: StatusCode, form: FormState) -> Result<Response, Problem> {
    let page = api::page_of(db, context.signed_in()?.account.id, None, None).await?;
    let view = move || {
        let rows = page.items.clone().into_iter().map(|entry| {
            let href = format!("/entries/{}", entry.id);
            view! { <li><a href=href>{entry.title}</a> " " <Time at=entry.updated_at /> <p>{entry.body}</p></li> }
        });
        view! {
            <h1>"Entries"</h1>
            <form method="post" action="/entries">
                <FormGuard />
                <Fields form=form.clone() />
            </form>
            <ul>{rows.collect_view()}</ul>
        }
    };
    Ok(context.page(status, "Entries", view).await)
}

async fn editor(context: PageContext, status: StatusCode, id: Uuid, version: i64, form: FormState) -> Response {
    let title = form.value("title");
    let view = move || {
        let action = format!("/entries/{id}");
        view! {
            <h1>"Edit entry"</h1>
            <form method="post" action=action.clone()>
                <FormGuard />
                <input type="hidden" name="version" value=version.to_string() />
                <Fields form=form.clone() />
            </form>
            <form method="post" action=format!("{action}/delete")>
                <FormGuard />
                <button>"Delete"</button>
            </form>
        }
    };
    context.page(status, title, view).await
}

#[component]
fn Fields(form: FormState) -> impl IntoView {
    let (error, body) = (form.error("body"), in_textarea(&form.value("body")));
    view! {
        <TextField name="title" label="Title" form=form />
        <Field name="body" label="Body" error=error>
            <textarea id="body" name="body" aria-describedby=describedby("body", "")>{body}</textarea>
        </Field>
        <button>"Save"</button>
    }
}

fn state_of(draft: &Draft) -> FormState {
    FormState::default().with("title", &draft.title).with("body", &draft.body)
}
