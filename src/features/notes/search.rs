//! Searching notes.

use uuid::Uuid;

use super::{Note, store};
use crate::{
    db::{Db, SearchError},
    http::{
        list::{Position, Selection},
        problem::Problem,
    },
    text::folding::Term,
};

/// How many notes are read at a time: at most 8 MB, in a few milliseconds.
const BATCH: i64 = 100;

/// What a search has found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// In the order of the selection.
    pub notes: Vec<Note>,
    /// The last note that was compared, if the time was up before all were. The search goes on from there.
    pub resume: Option<Position>,
}

/// Up to `limit` notes of the `selection` whose title or body contains `q`, regardless of case and Unicode composition,
/// see [`Term`]. The comparison is done here, so both databases find the same.
///
/// # Errors
/// [`Problem::Unavailable`] if the time is up before any note was compared; if the database fails.
pub(super) async fn search(
    db: &Db,
    account: Uuid,
    q: &str,
    mut selection: Selection,
    limit: i64,
) -> Result<Found, Problem> {
    let (searching, term, limit) =
        (db.search.begin(account).await?, Term::new(q), usize::try_from(limit).unwrap_or_default());
    let mut found = Found::default();
    loop {
        let batch = match searching.read(store::batch(&searching, account, &selection, BATCH)).await {
            Err(SearchError::TimedOut) if found.resume.is_some() => return Ok(found),
            batch => batch?,
        };
        let more = i64::try_from(batch.len()).is_ok_and(|read| read == BATCH);
        let last = batch.last().map(store::position);
        let term = term.clone();
        found.notes.extend(searching.compare(move || matching(batch, term)).await?);
        if !more || found.notes.len() >= limit {
            found.notes.truncate(limit);
            return Ok(Found { resume: None, ..found });
        }
        found.resume = last;
        selection.after = last.unwrap_or(selection.after);
    }
}

fn matching(mut notes: Vec<Note>, mut term: Term) -> Vec<Note> {
    notes.retain(|note| term.is_in(&note.title) || term.is_in(&note.body));
    notes
}
