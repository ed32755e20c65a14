//! The server functions that the islands call. Their bodies are compiled into the server only.
//!
//! Each takes the id of the account the page was rendered for, and fails with `account_changed` if another account has
//! signed in since. Without an id this is not checked. There is none for deleting, which a form does.
//!
//! What only the server has is imported inside the functions, since this file is compiled for the browser as well.

#![expect(missing_docs, reason = "the server macro makes a struct of each function's arguments")]

use leptos::{prelude::*, server_fn::codec::Json};
use uuid::Uuid;

use super::{Draft, Note, NotesPage};
use crate::http::problem::Details;

/// The notes that contain `q`, from `cursor` on.
#[server(endpoint = "notes/list", input = Json)]
pub async fn list_notes(q: String, cursor: Option<String>, for_account: Option<Uuid>) -> Result<NotesPage, Details> {
    use super::service::{self, Filter};
    use crate::{
        auth::server_fn::{account, failure},
        db::Db,
    };

    let account = account(for_account).map_err(failure)?;
    let filter = Filter { cursor, q: Some(q), ..Filter::default() };
    service::list(&expect_context::<Db>(), account, filter).await.map_err(failure)
}

/// Creates a note.
#[server(endpoint = "notes/create", input = Json)]
pub async fn create_note(draft: Draft, for_account: Option<Uuid>) -> Result<Note, Details> {
    use std::sync::Arc;

    use super::service;
    use crate::{
        auth::server_fn::{account, failure},
        db::Db,
        settings::Settings,
    };

    let account = account(for_account).map_err(failure)?;
    let settings = expect_context::<Arc<Settings>>();
    service::create(&expect_context::<Db>(), &settings.resources, account, draft).await.map_err(failure)
}

/// Saves a note if it still has `version`, or has this text already, and returns its new version.
#[server(endpoint = "notes/save", input = Json)]
pub async fn save_note(id: Uuid, version: i64, draft: Draft, for_account: Option<Uuid>) -> Result<i64, Details> {
    use super::service::{self, Change};
    use crate::{
        auth::server_fn::{account, failure},
        db::Db,
    };

    let account = account(for_account).map_err(failure)?;
    let saved = service::update(&expect_context::<Db>(), account, id, Some(version), Change::from(draft)).await;
    Ok(saved.map_err(failure)?.version)
}
