//! The rules of notes.

use uuid::Uuid;

pub use super::store::Versioned;
use super::{Draft, Note, NotesPage, search::search, store};
use crate::{
    db::{Db, is_unique_violation},
    http::problem::{FieldError, Problem},
    settings::Resources as Settings,
    text::is_blank,
};

const TITLE_MAX: usize = 200;
const BODY_MAX: usize = 20_000;
const LIMIT_DEFAULT: i64 = 20;
const LIMIT_MAX: i64 = 100;
const SEARCH_MAX: usize = 200;
/// How many bytes of JSON the titles and bodies of a page take at most, which bounds what a client that does not read it
/// keeps in memory (S63).
const PAGE_MAX: usize = 1024 * 1024;

/// Which notes to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// How many at most, 1 to 100; 20 if left out.
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// What the title or the body contains.
    pub q: Option<String>,
}

/// What to change of a note; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// A new title.
    pub title: Option<String>,
    /// A new body.
    pub body: Option<String>,
}

/// One page of the account's notes, the newest first. Of long ones it holds fewer than it may, and `next_cursor` goes on.
///
/// The cursor is the last note's id, and ids are one order that never changes: no note that is there from the first page to
/// the last is skipped or comes twice. Ids begin with the millisecond and end at random, so two instances that make notes
/// in one millisecond, or whose clocks differ, still give no two the same place; a note that is added meanwhile stands where
/// its id says, and is on a page to come or on none.
///
/// # Errors
/// [`Problem::Validation`] where the filter makes no sense; [`Problem::Unavailable`] where the search takes too long.
pub async fn list(db: &Db, account: Uuid, filter: Filter) -> Result<NotesPage, Problem> {
    let limit = filter.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::field("limit", "Ask for 1 to 100 notes."));
    }
    let cursor = filter.cursor.filter(|cursor| !cursor.is_empty());
    let cursor = cursor.map(|cursor| Uuid::parse_str(&cursor)).transpose();
    let cursor = cursor.map_err(|_| Problem::field("cursor", "Use `next_cursor` as it was given."))?;
    let q = filter.q.unwrap_or_default();
    if q.chars().count() > SEARCH_MAX || q.contains('\0') {
        return Err(Problem::field("q", "Search for 200 characters at most."));
    }

    let mut items = match q.trim() {
        "" => store::list(db, account, cursor, limit + 1).await?,
        q => search(db, account, q, cursor, limit + 1).await?,
    };
    let fitting = fitting(&items, usize::try_from(limit).unwrap_or_default());
    let more = items.len() > fitting;
    items.truncate(fitting);
    let next_cursor = items.last().filter(|_| more).map(|note| note.id.to_string());
    Ok(NotesPage { items, next_cursor })
}

/// How many of `notes`, of `limit` at most, make a page of [`PAGE_MAX`] bytes; the first always does.
fn fitting(notes: &[Note], limit: usize) -> usize {
    let sizes = notes.iter().scan(0, |size, note| {
        *size += json_len(&note.title) + json_len(&note.body);
        Some(*size)
    });
    let fitting = sizes.take(limit).take_while(|size| *size <= PAGE_MAX).count();
    fitting.max(notes.len().min(1))
}

/// How long `text` is in JSON, where a control character takes six bytes.
fn json_len(text: &str) -> usize {
    let byte = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(byte).sum()
}

/// Makes a note.
///
/// # Errors
/// [`Problem::Validation`] per field; [`Problem::Conflict`] where the account has as many as it may have.
pub async fn create(db: &Db, settings: &Settings, account: Uuid, draft: Draft) -> Result<Versioned, Problem> {
    create_as(db, settings, account, Uuid::now_v7(), draft).await
}

/// Makes a note with the id `id`, or finds it where it was made before.
///
/// # Errors
/// [`Problem::Validation`] per field; [`Problem::Conflict`] where the account has as many as it may have.
pub async fn create_as(
    db: &Db,
    settings: &Settings,
    account: Uuid,
    id: Uuid,
    draft: Draft,
) -> Result<Versioned, Problem> {
    check(Some(&draft.title), Some(&draft.body))?;
    let now = db.now();
    let note = Note { id, title: draft.title, body: draft.body, created_at: now, updated_at: now };
    match store::insert(db, account, note, settings.per_account.into()).await {
        Ok(Some(made)) => return Ok(made),
        Ok(None) => {}
        Err(error) if is_unique_violation(&error) => return find(db, account, id).await,
        Err(error) => return Err(error.into()),
    }
    if let Some(made) = store::find(db, account, id).await? {
        return Ok(made);
    }
    if !store::has_owner(db, account).await? {
        return Err(Problem::NotSignedIn);
    }
    Err(Problem::Conflict("The account has as many notes as it may have. Delete one that is no longer needed."))
}

/// The account's note `id`.
///
/// # Errors
/// [`Problem::NotFound`], for another account's note as well.
pub async fn find(db: &Db, account: Uuid, id: Uuid) -> Result<Versioned, Problem> {
    store::find(db, account, id).await?.ok_or(Problem::NotFound)
}

/// Changes the account's note `id`; with a `version`, only if it still has that one. What changes nothing leaves its version
/// and its time.
///
/// # Errors
/// [`Problem::NotFound`]; [`Problem::PreconditionFailed`] where somebody was faster; [`Problem::Validation`] per field.
pub async fn update(
    db: &Db,
    account: Uuid,
    id: Uuid,
    version: Option<i64>,
    change: Change,
) -> Result<Versioned, Problem> {
    check(change.title.as_deref(), change.body.as_deref())?;
    let changed = store::update(db, account, id, version, change.title, change.body, db.now()).await?;
    match changed {
        Some(versioned) => Ok(versioned),
        None => Err(missed(db, account, id).await?),
    }
}

/// Deletes the account's note `id`; with a `version`, only if it still has that one.
///
/// # Errors
/// [`Problem::NotFound`]; [`Problem::PreconditionFailed`] where somebody changed it.
pub async fn delete(db: &Db, account: Uuid, id: Uuid, version: Option<i64>) -> Result<(), Problem> {
    if store::delete(db, account, id, version).await? == 0 {
        return Err(missed(db, account, id).await?);
    }
    Ok(())
}

/// Why a change touched no row.
async fn missed(db: &Db, account: Uuid, id: Uuid) -> Result<Problem, Problem> {
    let there = store::find(db, account, id).await?.is_some();
    Ok(if there { Problem::PreconditionFailed } else { Problem::NotFound })
}

/// PostgreSQL's text knows no NUL, and nobody types one.
fn check(title: Option<&str>, body: Option<&str>) -> Result<(), Problem> {
    let mut errors = Vec::new();
    if title.is_some_and(is_blank) {
        errors.push(FieldError::new("title", "A note needs a title."));
    }
    if title.is_some_and(|title| title.chars().count() > TITLE_MAX) {
        errors.push(FieldError::new("title", "The title may have 200 characters at most."));
    }
    if title.is_some_and(|title| title.contains('\0')) {
        errors.push(FieldError::new("title", "The title contains a character that cannot be kept (NUL)."));
    }
    if body.is_some_and(|body| body.chars().count() > BODY_MAX) {
        errors.push(FieldError::new("body", "The body may have 20,000 characters at most."));
    }
    if body.is_some_and(|body| body.contains('\0')) {
        errors.push(FieldError::new("body", "The body contains a character that cannot be kept (NUL)."));
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::Validation(errors)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(body: &str) -> Note {
        let at = crate::timestamp::Timestamp::new(time::OffsetDateTime::UNIX_EPOCH);
        Note { id: Uuid::now_v7(), title: "a".into(), body: body.into(), created_at: at, updated_at: at }
    }

    #[test]
    fn a_page_is_bounded_in_bytes() {
        let count = |body: &str, there: usize, limit: usize| fitting(&vec![note(body); there], limit);
        assert_eq!((count("", 0, 20), count("", 3, 20), count("", 21, 20)), (0, 3, 20));
        assert_eq!(count(&"a".repeat(20_000), 101, 100), PAGE_MAX / 20_001);
        assert_eq!(count(&"\u{1}".repeat(20_000), 101, 100), PAGE_MAX / 120_001);
        assert_eq!(count(&"a".repeat(PAGE_MAX), 3, 100), 1, "it always goes on");
        for text in ["", "plain é", "\"\\\n\r\t", "\u{1}\u{1f}"] {
            assert_eq!(json_len(text) + 2, serde_json::to_string(text).unwrap().len(), "{text:?}");
        }
    }

    #[test]
    fn limits_count_characters() {
        assert!(check(Some(&"é".repeat(200)), Some(&"é".repeat(20_000))).is_ok());
        for (title, body) in [
            (" ".to_owned(), String::new()),
            ("\u{200b}\u{3164}".into(), String::new()),
            ("é".repeat(201), String::new()),
            ("a".into(), "é".repeat(20_001)),
            ("a\0".into(), "\0".into()),
        ] {
            assert!(check(Some(&title), Some(&body)).is_err());
        }
    }
}
