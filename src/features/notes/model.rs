//! A note, as the server, the browser and every client know it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::timestamp::Timestamp;

/// A note. On the wire its version travels as the `ETag`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow, utoipa::ToSchema), schema(examples(super::examples::note)))]
pub struct Note {
    /// `UUIDv7`: sorting by it sorts by age.
    pub id: Uuid,
    /// 1 to 200 characters.
    pub title: String,
    /// Up to 20,000 characters.
    pub body: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a person types.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// 1 to 200 characters.
    pub title: String,
    /// Up to 20,000 characters.
    pub body: String,
}

/// One page of notes, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(examples(super::examples::page)))]
pub struct NotesPage {
    /// The notes.
    pub items: Vec<Note>,
    /// Where the next page begins; nothing on the last one.
    pub next_cursor: Option<String>,
}
