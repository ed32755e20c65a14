//! The rules: limits, validation, paging, conflicts.

use uuid::Uuid;

use super::{
    Draft, Note, NoteSummariesPage, NoteSummary, NotesPage,
    search::{Found, search},
    store,
};
use crate::{
    db::{Db, is_unique_violation},
    http::{
        bulk_delete::{DeletedIds, IdsToDelete},
        list::{Asked, Selection, count_that_fits, json_len, valid},
        merge_patch::keeps,
        problem::{FieldCode, FieldError, Problem},
    },
    settings::Resources,
    text::is_blank,
};

/// The most characters of a title.
pub const TITLE_MAX: usize = 200;
/// The most characters of a body.
pub const BODY_MAX: usize = 20_000;
const SEARCH_MAX: usize = 200;

/// Which notes to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The most notes to return, 1 to 100; 20 if left out.
    pub limit: Option<i64>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// The order, see [`crate::http::list::Sort`].
    pub sort: Option<String>,
    /// Only notes that changed at this time or later.
    pub updated_since: Option<String>,
    /// Text that the title or the body contains.
    pub q: Option<String>,
    /// Whether to count the notes of all pages.
    pub count: bool,
}

/// Changes to a note. Fields that are `None` stay as they are.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// A new title.
    pub title: Option<String>,
    /// A new body.
    pub body: Option<String>,
}

impl Change {
    /// Whether `note` is as this would make it. Of a change without fields that cannot be told.
    fn is_made_in(&self, note: &Note) -> bool {
        let Self { title, body } = self;
        let is_given = title.is_some() || body.is_some();
        is_given && keeps(title.as_ref(), &note.title) && keeps(body.as_ref(), &note.body)
    }
}

impl From<Draft> for Change {
    fn from(Draft { title, body }: Draft) -> Self {
        Self { title: Some(title), body: Some(body) }
    }
}

/// One page of the account's notes. A page of long notes may hold fewer than the limit, and one of a search that ran
/// out of time what it has found so far, or nothing; only a page without `next_cursor` is the last.
///
/// The cursor is the place of the last note that was looked at. The order of ids never changes, so no note that exists
/// throughout is skipped or repeated. A note that is added meanwhile is on a later page, if the clock of the instance
/// that added it is slow, or on none. In an order by change, a note that changes meanwhile moves to the end that the
/// latest changes are at.
///
/// # Errors
/// [`Problem::Validation`] if the filter is not valid; [`Problem::Unavailable`] if the search has to wait too long; if
/// the database fails.
pub async fn list(db: &Db, account: Uuid, filter: Filter) -> Result<NotesPage, Problem> {
    let size = |note: &Note| json_len(&note.title) + json_len(&note.body);
    let (items, next_cursor, total) = page(db, account, filter, size).await?;
    Ok(NotesPage { items, next_cursor, total })
}

/// A page like that of [`list`], without the bodies, so that it is never short.
///
/// # Errors
/// Those of [`list`].
pub async fn list_summaries(db: &Db, account: Uuid, filter: Filter) -> Result<NoteSummariesPage, Problem> {
    let (notes, next_cursor, total) = page(db, account, filter, |_| 0).await?;
    Ok(NoteSummariesPage { items: notes.into_iter().map(NoteSummary::from).collect(), next_cursor, total })
}

/// What is wrong with `filter`.
pub fn filter_errors(filter: &Filter) -> Vec<FieldError> {
    let mut errors = Vec::new();
    select(filter, &mut errors);
    errors
}

fn select(filter: &Filter, errors: &mut Vec<FieldError>) -> Selection {
    let Filter { limit, cursor, sort, updated_since, q, count } = filter.clone();
    let q = q.unwrap_or_default();
    let selection = Selection::of(Asked { limit, cursor, sort, updated_since }, q.trim(), errors);
    let length = q.chars().count();
    if length > SEARCH_MAX {
        errors.push(FieldError::too_long("q", "A search term can have at most 200 characters.", SEARCH_MAX, length));
    } else if q.contains('\0') {
        errors.push(FieldError::new("q", "The search term contains a character that no note has (NUL)."));
    }
    if count && !q.trim().is_empty() {
        let message = "Leave this out with `q`: what a search finds is not counted.";
        errors.push(FieldError::new("count", message).code(FieldCode::Exclusive));
    }
    selection
}

type Page = (Vec<Note>, Option<String>, Option<i64>);

async fn page(db: &Db, account: Uuid, filter: Filter, size: fn(&Note) -> usize) -> Result<Page, Problem> {
    let mut errors = Vec::new();
    let selection = select(&filter, &mut errors);
    valid(errors)?;
    let (q, count) = (filter.q.unwrap_or_default(), filter.count);
    let q = q.trim();

    let limit = selection.limit;
    let total = if count { Some(store::count(db, account, selection.since).await?) } else { None };
    let Found { mut notes, resume } = match q {
        "" => Found { notes: store::list(db, account, &selection, limit + 1).await?, resume: None },
        q => search(db, account, q, selection.clone(), limit + 1).await?,
    };
    let fitting = count_that_fits(&notes, limit, size);
    let more = notes.len() > fitting;
    notes.truncate(fitting);
    let last = if more { notes.last().map(store::position) } else { resume };
    Ok((notes, last.map(|last| selection.cursor(last)), total))
}

/// Creates a note.
///
/// # Errors
/// [`Problem::Validation`] for each invalid field; [`Problem::Conflict`] if the account has reached its limit; if the
/// database fails.
pub async fn create(db: &Db, limits: &Resources, account: Uuid, draft: Draft) -> Result<Note, Problem> {
    create_as(db, limits, account, Uuid::now_v7(), draft).await
}

/// Creates a note with the id `id`, or returns the one that an earlier attempt of the same request created.
///
/// # Errors
/// [`Problem::Validation`] for each invalid field; [`Problem::Conflict`] if the account has reached its limit; if the
/// database fails.
pub async fn create_as(db: &Db, limits: &Resources, account: Uuid, id: Uuid, draft: Draft) -> Result<Note, Problem> {
    valid(errors(Some(&draft.title), Some(&draft.body)))?;
    let now = db.now();
    let note = Note { id, title: draft.title, body: draft.body, version: 1, created_at: now, updated_at: now };
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
pub async fn find(db: &Db, account: Uuid, id: Uuid) -> Result<Note, Problem> {
    store::find(db, account, id).await?.ok_or(Problem::NotFound)
}

/// Updates the account's note `id`; with a `version`, only if the note still has it, or is by now as the change would
/// make it (RFC 9110 section 13.1.1): the change may have been sent twice. An update that changes nothing leaves
/// `version` and `updated_at` as they are.
///
/// # Errors
/// [`Problem::NotFound`]; [`Problem::PreconditionFailed`] if the note has another version; [`Problem::Validation`] for
/// each invalid field; if the database fails.
pub async fn update(db: &Db, account: Uuid, id: Uuid, version: Option<i64>, change: Change) -> Result<Note, Problem> {
    valid(errors(change.title.as_deref(), change.body.as_deref()))?;
    let Change { title, body } = change.clone();
    if let Some(changed) = store::update(db, account, id, version, title, body, db.now()).await? {
        return Ok(changed);
    }
    let current = find(db, account, id).await?;
    if change.is_made_in(&current) { Ok(current) } else { Err(Problem::PreconditionFailed(current.version)) }
}

/// Deletes the account's note `id`; with a `version`, only if the note still has it.
///
/// # Errors
/// [`Problem::NotFound`]; [`Problem::PreconditionFailed`] if the note has another version; if the database fails.
pub async fn delete(db: &Db, account: Uuid, id: Uuid, version: Option<i64>) -> Result<(), Problem> {
    if store::delete(db, account, id, version).await? == 0 {
        let current = find(db, account, id).await?;
        return Err(Problem::PreconditionFailed(current.version));
    }
    Ok(())
}

/// Deletes those of the notes that are the account's, all at once.
///
/// # Errors
/// [`Problem::Validation`] if there are none or too many; if the database fails.
pub async fn delete_many(db: &Db, account: Uuid, ids: IdsToDelete) -> Result<DeletedIds, Problem> {
    let ids = ids.checked()?;
    let deleted = store::delete_many(db, account, &ids).await?;
    Ok(DeletedIds::of(ids, deleted))
}

/// What is wrong with the fields that are given. NUL is refused because PostgreSQL cannot store it.
pub fn errors(title: Option<&str>, body: Option<&str>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let length = |text: Option<&str>| text.map(|text| text.chars().count()).unwrap_or_default();
    if title.is_some_and(is_blank) {
        errors.push(FieldError::required("title", "A note needs a title."));
    }
    if length(title) > TITLE_MAX {
        let message = format!("The title can have at most {TITLE_MAX} characters.");
        errors.push(FieldError::too_long("title", message, TITLE_MAX, length(title)));
    }
    if title.is_some_and(|title| title.contains('\0')) {
        errors.push(FieldError::new("title", "The title contains a character that cannot be stored (NUL)."));
    }
    if length(body) > BODY_MAX {
        let message = "The body can have at most 20,000 characters.";
        errors.push(FieldError::too_long("body", message, BODY_MAX, length(body)));
    }
    if body.is_some_and(|body| body.contains('\0')) {
        errors.push(FieldError::new("body", "The body contains a character that cannot be stored (NUL)."));
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_count_characters() {
        assert!(errors(Some(&"é".repeat(200)), Some(&"é".repeat(20_000))).is_empty());
        for (title, body) in [
            (" ".to_owned(), String::new()),
            ("\u{200b}\u{3164}".into(), String::new()),
            ("é".repeat(201), String::new()),
            ("a".into(), "é".repeat(20_001)),
            ("a\0".into(), "\0".into()),
        ] {
            assert!(!errors(Some(&title), Some(&body)).is_empty());
        }
    }
}
