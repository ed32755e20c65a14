//! The resource of the tests' own, and the smallest there is: the tests of everything else go through it, so that they
//! need no feature of the product. The harness serves it beside those that `app.rs` lists.

mod api;
mod front;
mod page;
mod server_fns;
mod store;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;
use vestibule::{
    app,
    auth::{event_streams::ResourceEvents, scope},
    feature::{Feature, have_front_page},
    http::{
        openapi::examples::{id, moment},
        pages::Pages,
        problem::Problem,
    },
    state::AppState,
    timestamp::Timestamp,
    ui::NavLink,
};

pub use self::store::create_table;

/// The entry in the list of features.
pub const FEATURE: Feature = Feature {
    tags: &[("Entries", "The resource of the tests.")],
    scopes: &[EntriesRead::INFO, EntriesWrite::INFO],
    events: &[ResourceEvents { resource: "entries", scope: EntriesRead::INFO.name }],
    nav: &[NavLink { path: "/entries", label: "Entries" }],
    api: api::routes,
    pages,
    export: Some(|db, account, document| {
        Box::pin(async move {
            let mut list = document.list("entries").await?;
            let mut before = None;
            loop {
                let page = store::list(db, account, before, 100).await.map_err(Problem::from)?;
                list.items(&page).await?;
                before = page.last().map(|entry| entry.id);
                if before.is_none() {
                    return list.end().await;
                }
            }
        })
    }),
    ..Feature::new("entries")
};

scope!(pub EntriesRead = "entries:read", "Read your entries");
scope!(pub EntriesWrite = "entries:write", "Create, change and delete your entries");

/// Its pages, and a front page if the app has none.
fn pages() -> Pages<AppState> {
    let pages = Pages::new()
        .get("/entries", page::index)
        .post_large("/entries", page::create)
        .get("/entries/{id}", page::show)
        .post_large("/entries/{id}", page::save)
        .post("/entries/{id}/delete", page::delete);
    if have_front_page(app::FEATURES) { pages } else { pages.get("/", front::front) }
}

#[derive(Clone, Debug, Serialize, Deserialize, sqlx::FromRow, ToSchema)]
#[schema(examples(example))]
struct Entry {
    id: Uuid,
    title: String,
    body: String,
    /// Becomes its `ETag`.
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// What a person writes.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewEntry, examples(json!({"title": "Milk", "body": "and bread"})))]
struct Draft {
    title: String,
    body: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(examples(json!({"items": [example()], "next_cursor": id(3)})))]
struct EntriesPage {
    items: Vec<Entry>,
    next_cursor: Option<String>,
}

fn example() -> Value {
    let (id, at) = (id(3), moment(0));
    json!({"id": id, "title": "Milk", "body": "and bread", "version": 1, "created_at": at, "updated_at": at})
}
