//! The sample resource: its JSON, its list and search, its pages and its server functions.

mod binary;
mod changes;
mod deleting;
mod events;
mod items;
mod list;
mod orders;
mod pages;
mod scripts;
mod search;
mod server_functions;
mod summaries;
mod upgrade;
mod versions;

use serde_json::{Value, json};

use crate::support::{Door, Person, members};

pub const MEMBERS: [&str; 6] = ["body", "created_at", "id", "title", "updated_at", "version"];

pub fn titles(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|note| note["title"].as_str().unwrap().to_owned()).collect()
}

pub async fn list(door: &dyn Door, query: &str) -> Value {
    let list = door.get(&format!("/notes{query}")).await.assert_status(200).json();
    assert_eq!(members(&list), ["items", "next_cursor", "total"]);
    list
}

pub async fn write(person: &Person, titles: &[&str]) {
    for title in titles {
        person.note(title, "").await;
    }
}

/// The path of `note` below either mount.
pub fn path_of(note: &Value) -> String {
    format!("/notes/{}", note["id"].as_str().unwrap())
}

impl Person {
    /// Writes a note and gives it.
    pub async fn note(&self, title: &str, body: &str) -> Value {
        self.client.post("/notes", json!({"title": title, "body": body})).await.assert_status(201).json()
    }

    /// Writes a note and gives its path below either mount.
    pub async fn note_path(&self, title: &str) -> String {
        path_of(&self.note(title, "").await)
    }
}
