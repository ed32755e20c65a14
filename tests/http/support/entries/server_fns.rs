//! Its server functions, as islands would call them.

use leptos::{prelude::*, server_fn::codec::Json};
use uuid::Uuid;
use vestibule::{
    auth::server_fn::{account, failure},
    db::Db,
    http::problem::Details,
};

use super::{Draft, EntriesPage, Entry, api, store};

#[server(endpoint = "entries/list", input = Json)]
async fn list_entries(for_account: Option<Uuid>) -> Result<EntriesPage, Details> {
    let account = account(for_account).map_err(failure)?;
    api::page_of(&expect_context::<Db>(), account, None, None).await.map_err(failure)
}

#[server(endpoint = "entries/create", input = Json)]
async fn create_entry(draft: Draft, for_account: Option<Uuid>) -> Result<Entry, Details> {
    let account = account(for_account).map_err(failure)?;
    let made = store::insert(&expect_context::<Db>(), account, Uuid::now_v7(), draft).await;
    made.map_err(failure)
}

#[server(endpoint = "entries/save", input = Json)]
async fn save_entry(id: Uuid, version: i64, draft: Draft, for_account: Option<Uuid>) -> Result<i64, Details> {
    let account = account(for_account).map_err(failure)?;
    let Draft { title, body } = draft;
    let saved = store::update(&expect_context::<Db>(), account, id, Some(version), Some(title), Some(body)).await;
    Ok(saved.map_err(failure)?.version)
}
