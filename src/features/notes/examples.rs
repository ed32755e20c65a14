//! The examples of the OpenAPI document.

use serde_json::{Value, json};

use crate::http::openapi::examples::{id, moment};

/// A note.
pub fn note() -> Value {
    json!({
        "id": id(3),
        "title": "Groceries",
        "body": "Oat milk, rye bread, lemons.",
        "version": 2,
        "created_at": moment(0),
        "updated_at": moment(60),
    })
}

/// A note without its body.
pub fn summary() -> Value {
    json!({
        "id": id(3),
        "title": "Groceries",
        "excerpt": "Oat milk, rye bread, lemons.",
        "version": 2,
        "created_at": moment(0),
        "updated_at": moment(60),
    })
}

/// A page of notes.
pub fn page() -> Value {
    json!({ "items": [note()], "next_cursor": id(3), "total": null })
}

/// A page of notes without their bodies.
pub fn summaries() -> Value {
    json!({ "items": [summary()], "next_cursor": id(3), "total": 42 })
}
