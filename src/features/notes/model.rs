//! The types of notes that the server, the browser and API clients share.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::timestamp::Timestamp;

/// A note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow, utoipa::ToSchema), schema(examples(super::examples::note)))]
pub struct Note {
    /// `UUIDv7`: sorting by it sorts by age.
    pub id: Uuid,
    /// 1 to 200 characters.
    pub title: String,
    /// Up to 20,000 characters.
    pub body: String,
    /// Grows by one with each change. To change this version only, send it in quotes: `If-Match: "1"` for version 1.
    #[cfg_attr(feature = "ssr", schema(minimum = 1))]
    pub version: i64,
    /// When the note was created.
    pub created_at: Timestamp,
    /// When the note last changed.
    pub updated_at: Timestamp,
}

/// A note without its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(examples(super::examples::summary)))]
pub struct NoteSummary {
    /// `UUIDv7`: sorting by it sorts by age.
    pub id: Uuid,
    /// 1 to 200 characters.
    pub title: String,
    /// The first 160 characters of the body.
    pub excerpt: String,
    /// Grows by one with each change. To change this version only, send it in quotes: `If-Match: "1"` for version 1.
    #[cfg_attr(feature = "ssr", schema(minimum = 1))]
    pub version: i64,
    /// When the note was created.
    pub created_at: Timestamp,
    /// When the note last changed.
    pub updated_at: Timestamp,
}

impl From<Note> for NoteSummary {
    fn from(note: Note) -> Self {
        let excerpt = note.excerpt();
        let Note { id, title, version, created_at, updated_at, .. } = note;
        Self { id, title, excerpt, version, created_at, updated_at }
    }
}

impl Note {
    /// The first 160 characters of the body.
    pub fn excerpt(&self) -> String {
        self.body.chars().take(160).collect()
    }
}

/// The fields of a note that a person fills in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// 1 to 200 characters.
    pub title: String,
    /// Up to 20,000 characters.
    pub body: String,
}

/// One page of notes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(examples(super::examples::page)))]
pub struct NotesPage {
    /// The notes of this page.
    pub items: Vec<Note>,
    /// The `cursor` of the next page, or `null` on the last page.
    pub next_cursor: Option<String>,
    /// How many notes all pages have together; `null` unless you asked with `count=true`.
    pub total: Option<i64>,
}

/// One page of notes without their bodies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(examples(super::examples::summaries)))]
pub struct NoteSummariesPage {
    /// The notes of this page.
    pub items: Vec<NoteSummary>,
    /// The `cursor` of the next page, or `null` on the last page.
    pub next_cursor: Option<String>,
    /// How many notes all pages have together; `null` unless you asked with `count=true`.
    pub total: Option<i64>,
}
