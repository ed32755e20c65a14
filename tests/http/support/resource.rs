//! What the tests know of the resource that they go through, which is that of `entries/`.
//!
//! What the features of the product promise is in their own tests, such as `tests/http/notes`, which use nothing of
//! this.

use serde_json::{Value, json};

use super::people::{Door, Person};

/// Its path below either mount, with what follows and what goes before: `resource!("/api/v1" => "?limit=1")`.
macro_rules! resource {
    () => {
        "/entries"
    };
    ($after:literal) => {
        concat!("/entries", $after)
    };
    ($before:literal => $after:literal) => {
        concat!($before, "/entries", $after)
    };
}

pub(crate) use resource;

/// The collection below either mount.
pub const COLLECTION: &str = resource!();
/// One of its items, as routes name it.
pub const ITEM: &str = resource!("/{id}");
/// The page that lists it, with the form that makes an item.
pub const PAGE: &str = resource!();
/// Where signing in leads: to the first page of the list that the harness serves.
pub const HOME: &str = PAGE;
/// Its table.
pub const TABLE: &str = "entries";
/// What a token needs to read it.
pub const READ: &str = "entries:read";
/// The name of [`READ`] in JSON.
pub const READ_NAME: &str = "entries:read";
/// The name of what a token needs to change it, in JSON.
pub const WRITE_NAME: &str = "entries:write";
/// The field of the form for a new token that gives it [`READ`].
pub const READ_FIELD: &str = "scope-entries-read";
/// The field that gives it [`WRITE`].
pub const WRITE_FIELD: &str = "scope-entries-write";
/// The server function that lists it.
pub const LIST_FUNCTION: &str = "/fn/entries/list";
/// The server function that makes an item.
pub const CREATE_FUNCTION: &str = "/fn/entries/create";
/// The server function that changes one.
pub const SAVE_FUNCTION: &str = "/fn/entries/save";
/// Its list, as the OpenAPI document names the schema.
pub const LIST_SCHEMA: &str = "EntriesPage";

/// The body of a new item.
pub fn item(title: impl Into<String>, body: impl Into<String>) -> Value {
    json!({"title": title.into(), "body": body.into()})
}

/// The body of a change.
pub fn change(title: impl Into<String>) -> Value {
    json!({"title": title.into()})
}

/// The fields of the form for a new item.
pub fn item_form<'a>(title: &'a str, body: &'a str) -> [(&'static str, &'a str); 2] {
    [("title", title), ("body", body)]
}

/// The arguments of [`LIST_FUNCTION`].
pub fn list_arguments() -> Value {
    json!({})
}

/// The arguments of [`CREATE_FUNCTION`].
pub fn create_arguments(title: &str) -> Value {
    json!({"draft": item(title, "")})
}

/// The arguments of [`SAVE_FUNCTION`] for the item `id` as it was made.
pub fn save_arguments(id: &str, title: &str) -> Value {
    json!({"id": id, "version": 1, "draft": item(title, "")})
}

/// Arguments that every one of them takes, for the item `id`.
pub fn any_arguments(id: &str) -> Value {
    json!({"q": "", "id": id, "version": 1, "draft": item("a", "")})
}

/// The path of `item` below either mount.
pub fn path_of(item: &Value) -> String {
    format!("{COLLECTION}/{}", item["id"].as_str().unwrap())
}

impl Person {
    /// Makes an item and gives it.
    pub async fn item(&self, title: &str, body: &str) -> Value {
        self.client.post(COLLECTION, item(title, body)).await.assert_status(201).json()
    }

    /// Makes an item and gives its path below either mount.
    pub async fn item_path(&self, title: &str) -> String {
        path_of(&self.item(title, "").await)
    }
}
