//! The rules: limits, validation, paging, conflicts.

use uuid::Uuid;

pub use super::store::Versioned;
use super::{
    Draft, Note, NotesPage,
    search::{Found, search},
    store,
};
use crate::{
    db::{Db, is_unique_violation},
    http::problem::{FieldError, Problem},
    settings::Resources,
    text::is_blank,
};

/// The most characters of a title.
pub const TITLE_MAX: usize = 200;
/// The most characters of a body.
pub const BODY_MAX: usize = 20_000;
const LIMIT_DEFAULT: i64 = 20;
const LIMIT_MAX: i64 = 100;
const SEARCH_MAX: usize = 200;
/// The most bytes of JSON that the titles and bodies of a page take. It bounds the memory that a slow client holds
/// (S63).
const PAGE_MAX: usize = 1024 * 1024;

/// Which notes to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The most notes to return, 1 to 100; 20 if left out.
    pub limit: Option<i64>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Text that the title or the body contains.
    pub q: Option<String>,
}

/// Changes to a note. Fields that are `None` stay as they are.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// A new title.
    pub title: Option<String>,
    /// A new body.
    pub body: Option<String>,
}

impl From<Draft> for Change {
    fn from(Draft { title, body }: Draft) -> Self {
        Self { title: Some(title), body: Some(body) }
    }
}

/// One page of the account's notes, newest first. A page of long notes may hold fewer than the limit, and one of a
/// search that ran out of time what it has found so far, or nothing; only a page without `next_cursor` is the last.
///
/// The cursor is the id of the last note that was looked at. The order of ids never changes, so no note that exists
/// throughout is skipped or repeated. A note that is added meanwhile is on a later page, if the clock of the instance
/// that added it is slow, or on none.
///
/// # Errors
/// [`Problem::Validation`] if the filter is not valid; [`Problem::Unavailable`] if the search has to wait too long; if
/// the database fails.
pub async fn list(db: &Db, account: Uuid, filter: Filter) -> Result<NotesPage, Problem> {
    let limit = filter.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::field("limit", "Ask for 1 to 100 notes."));
    }
    let cursor = filter.cursor.filter(|cursor| !cursor.is_empty());
    let cursor = cursor.map(|cursor| Uuid::parse_str(&cursor)).transpose();
    let cursor =
        cursor.map_err(|_| Problem::field("cursor", "Use the `next_cursor` of an earlier page, unchanged."))?;
    let q = filter.q.unwrap_or_default();
    if q.chars().count() > SEARCH_MAX || q.contains('\0') {
        return Err(Problem::field("q", "A search term can have at most 200 characters."));
    }

    let Found { notes: mut items, resume } = match q.trim() {
        "" => Found { notes: store::list(db, account, cursor, limit + 1).await?, resume: None },
        q => search(db, account, q, cursor, limit + 1).await?,
    };
    let fitting = count_that_fits(&items, usize::try_from(limit).unwrap_or_default());
    let more = items.len() > fitting;
    items.truncate(fitting);
    let last = if more { items.last().map(|note| note.id) } else { resume };
    Ok(NotesPage { items, next_cursor: last.map(|id| id.to_string()) })
}

/// How many of `notes` fit on a page of [`PAGE_MAX`] bytes and at most `limit` notes: at least one, if there is any.
fn count_that_fits(notes: &[Note], limit: usize) -> usize {
    let sizes = notes.iter().scan(0, |size, note| {
        *size += json_len(&note.title) + json_len(&note.body);
        Some(*size)
    });
    let fitting = sizes.take(limit).take_while(|size| *size <= PAGE_MAX).count();
    fitting.max(notes.len().min(1))
}

/// The length of `text` in JSON, in bytes: a control character takes six.
fn json_len(text: &str) -> usize {
    let byte = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(byte).sum()
}

/// Creates a note.
///
/// # Errors
/// [`Problem::Validation`] for each invalid field; [`Problem::Conflict`] if the account has reached its limit; if the
/// database fails.
pub async fn create(db: &Db, limits: &Resources, account: Uuid, draft: Draft) -> Result<Versioned, Problem> {
    create_as(db, limits, account, Uuid::now_v7(), draft).await
}

/// Creates a note with the id `id`, or returns the one that an earlier attempt of the same request created.
///
/// # Errors
/// [`Problem::Validation`] for each invalid field; [`Problem::Conflict`] if the account has reached its limit; if the
/// database fails.
pub async fn create_as(
    db: &Db,
    limits: &Resources,
    account: Uuid,
    id: Uuid,
    draft: Draft,
) -> Result<Versioned, Problem> {
    check(Some(&draft.title), Some(&draft.body))?;
    let now = db.now();
    let note = Note { id, title: draft.title, body: draft.body, created_at: now, updated_at: now };
    // No row is inserted if an earlier attempt has inserted it (a unique violation, unless the account is full by now),
    // if the account was deleted, or if it is full.
    match store::insert(db, account, note, limits.per_account.into()).await {
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
    Err(Problem::Conflict("This account has reached its limit of notes. Delete one to make room."))
}

/// The account's note `id`.
///
/// # Errors
/// [`Problem::NotFound`], also if the note belongs to another account; if the database fails.
pub async fn find(db: &Db, account: Uuid, id: Uuid) -> Result<Versioned, Problem> {
    store::find(db, account, id).await?.ok_or(Problem::NotFound)
}

/// Updates the account's note `id`; with a `version`, only if the note still has it. An update that changes nothing
/// leaves `version` and `updated_at` as they are.
///
/// # Errors
/// [`Problem::NotFound`]; [`Problem::PreconditionFailed`] if the note has another version; [`Problem::Validation`] for
/// each invalid field; if the database fails.
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
        None => Err(no_match(db, account, id).await?),
    }
}

/// Deletes the account's note `id`; with a `version`, only if the note still has it.
///
/// # Errors
/// [`Problem::NotFound`]; [`Problem::PreconditionFailed`] if the note has another version; if the database fails.
pub async fn delete(db: &Db, account: Uuid, id: Uuid, version: Option<i64>) -> Result<(), Problem> {
    if store::delete(db, account, id, version).await? == 0 {
        return Err(no_match(db, account, id).await?);
    }
    Ok(())
}

/// Why a statement matched no row.
async fn no_match(db: &Db, account: Uuid, id: Uuid) -> Result<Problem, Problem> {
    let there = store::find(db, account, id).await?.is_some();
    Ok(if there { Problem::PreconditionFailed } else { Problem::NotFound })
}

/// Checks the fields that are given. NUL is refused because PostgreSQL cannot store it.
fn check(title: Option<&str>, body: Option<&str>) -> Result<(), Problem> {
    let mut errors = Vec::new();
    if title.is_some_and(is_blank) {
        errors.push(FieldError::new("title", "A note needs a title."));
    }
    if title.is_some_and(|title| title.chars().count() > TITLE_MAX) {
        errors.push(FieldError::new("title", format!("The title can have at most {TITLE_MAX} characters.")));
    }
    if title.is_some_and(|title| title.contains('\0')) {
        errors.push(FieldError::new("title", "The title contains a character that cannot be stored (NUL)."));
    }
    if body.is_some_and(|body| body.chars().count() > BODY_MAX) {
        errors.push(FieldError::new("body", "The body can have at most 20,000 characters."));
    }
    if body.is_some_and(|body| body.contains('\0')) {
        errors.push(FieldError::new("body", "The body contains a character that cannot be stored (NUL)."));
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
        let count = |body: &str, there: usize, limit: usize| count_that_fits(&vec![note(body); there], limit);
        assert_eq!((count("", 0, 20), count("", 3, 20), count("", 21, 20)), (0, 3, 20));
        assert_eq!(count(&"a".repeat(20_000), 101, 100), PAGE_MAX / 20_001);
        assert_eq!(count(&"\u{1}".repeat(20_000), 101, 100), PAGE_MAX / 120_001);
        assert_eq!(count(&"a".repeat(PAGE_MAX), 3, 100), 1, "a page holds at least one note");
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
