//! The resource that the tests of everything else go through. To send them through another, change this file alone.
//!
//! What the sample resource itself promises is in `tests/http/notes`, which uses nothing of this.

use serde_json::{Value, json};

use super::people::{Door, Person};

/// Its path below either mount, with what follows and what goes before: `resource!("/api/v1" => "?limit=1")`.
macro_rules! resource {
    () => {
        "/notes"
    };
    ($after:literal) => {
        concat!("/notes", $after)
    };
    ($before:literal => $after:literal) => {
        concat!($before, "/notes", $after)
    };
}

pub(crate) use resource;

/// The collection below either mount.
pub const COLLECTION: &str = resource!();
/// One of its items, as routes name it.
pub const ITEM: &str = resource!("/{id}");
/// The page that lists it, with the form that makes an item.
pub const PAGE: &str = resource!();
/// Where signing in leads.
pub const HOME: &str = "/notes";
/// Its table.
pub const TABLE: &str = "notes";
/// What a token needs to read it.
pub const READ: &str = "notes:read";
/// What a token needs to change it.
pub const WRITE: &str = "notes:write";
/// The name of [`READ`] in JSON.
pub const READ_NAME: &str = "notes:read";
/// The name of [`WRITE`] in JSON.
pub const WRITE_NAME: &str = "notes:write";
/// The field of the form for a new token that gives it [`READ`].
pub const READ_FIELD: &str = "scope-notes-read";
/// The field that gives it [`WRITE`].
pub const WRITE_FIELD: &str = "scope-notes-write";
/// The server function that lists it.
pub const LIST_FUNCTION: &str = "/fn/notes/list";
/// The server function that makes an item.
pub const CREATE_FUNCTION: &str = "/fn/notes/create";
/// The server function that changes one.
pub const SAVE_FUNCTION: &str = "/fn/notes/save";
/// Its list, as the OpenAPI document names the schema.
pub const LIST_SCHEMA: &str = "NotesPage";

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
    json!({"q": ""})
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

/// Makes `count` items of 20,000 characters for every account, in SQLite.
pub fn many_in_sqlite(count: usize) -> String {
    format!(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {count})
         INSERT INTO {TABLE} (id, account_id, title, body, version, created_at, updated_at)
         SELECT randomblob(16), accounts.id, 'a', replace(hex(zeroblob(10000)), '0', 'x'), 1, 1, 1
         FROM number, accounts"
    )
}

/// The path of `item` below either mount.
pub fn path_of(item: &Value) -> String {
    format!("{COLLECTION}/{}", item["id"].as_str().unwrap())
}

/// The id in such a path.
pub fn id_in(path: &str) -> &str {
    path.strip_prefix(resource!("/")).unwrap()
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
