//! Searching notes.

use uuid::Uuid;

use super::{Note, store};
use crate::{db::Db, http::problem::Problem, text::folded};

/// How many notes are read at a time: at most 8 MB, in a few milliseconds.
const BATCH: i64 = 100;

/// Up to `limit` notes older than `before` (or the newest without it) whose title or body contains `q`, regardless of
/// case and Unicode composition, see [`folded`]. The comparison is done here, so both databases find the same.
///
/// # Errors
/// [`Problem::Unavailable`] if the search takes too long; if the database fails.
pub(super) async fn search(
    db: &Db,
    account: Uuid,
    q: &str,
    mut before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Note>, Problem> {
    let (searching, q, limit) =
        (db.search.begin(account).await?, folded(q), usize::try_from(limit).unwrap_or_default());
    let mut found = Vec::new();
    loop {
        let batch = searching.read(store::batch(&searching, account, before, BATCH)).await?;
        let more = i64::try_from(batch.len()).is_ok_and(|read| read == BATCH);
        before = batch.last().map(|note| note.id);
        let q = q.clone();
        found.extend(searching.compare(move || matching(batch, &q)).await?);
        if !more || found.len() >= limit {
            found.truncate(limit);
            return Ok(found);
        }
    }
}

fn matching(mut notes: Vec<Note>, q: &str) -> Vec<Note> {
    notes.retain(|note| folded(&note.title).contains(q) || folded(&note.body).contains(q));
    notes
}
