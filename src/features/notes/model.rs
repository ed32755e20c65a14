//! The types of notes that the server, the browser and API clients share.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::timestamp::Timestamp;

/// A note. Its version is not a field: it is sent as the `ETag`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow, utoipa::ToSchema), schema(examples(super::examples::note)))]
pub struct Note {
    /// `UUIDv7`: sorting by it sorts by age.
    pub id: Uuid,
    /// 1 to 200 characters.
    pub title: String,
    /// Up to 20,000 characters.
    pub body: String,
    /// When the note was created.
    pub created_at: Timestamp,
    /// When the note last changed.
    pub updated_at: Timestamp,
}

/// The fields of a note that a person fills in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// 1 to 200 characters.
    pub title: String,
    /// Up to 20,000 characters.
    pub body: String,
}

/// One page of notes, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(examples(super::examples::page)))]
pub struct NotesPage {
    /// The notes of this page.
    pub items: Vec<Note>,
    /// The `cursor` of the next page, or `null` on the last page.
    pub next_cursor: Option<String>,
}
