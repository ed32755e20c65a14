//! The task that writes the rows of [`WriteBehind`](super::write_behind::WriteBehind).

use std::time::Duration;

use super::{
    Db, execute_now, is_transient,
    write_behind::{BatchInsert, Row},
};

/// The pause after the database has refused a batch.
const PAUSE: Duration = Duration::from_secs(1);

impl Db {
    /// Writes `row` after the request.
    pub(crate) fn write_later(&self, row: Row) {
        self.write_behind.push(row);
        self.start_writing();
    }

    /// Starts the task that writes, unless it runs or there is nothing to write.
    fn start_writing(&self) {
        if self.write_behind.begin() {
            let ours = self.clone();
            self.spawn_apart(async move { write(&ours).await });
        }
    }
}

/// Writes until the queue is empty.
async fn write(db: &Db) {
    let queue = &db.write_behind;
    loop {
        let batch = queue.take();
        if batch.is_empty() {
            return;
        }
        let count = batch.len();
        match insert(db, &batch).await {
            Ok(_) => queue.done_with(count),
            Err(error) if may_pass(&error) => {
                queue.put_back(batch);
                return try_again_soon(db.clone());
            }
            // The database will never accept one of them.
            Err(_) => one_by_one(db, batch).await,
        }
    }
}

async fn insert(db: &Db, batch: &[Row]) -> sqlx::Result<u64> {
    let Some(BatchInsert { sqlite, postgres }) = batch.first().map(|row| row.insert) else { return Ok(0) };
    let rows: Vec<_> = batch.iter().map(|row| row.json.as_str()).collect();
    execute_now!(db, affected, db.dialect(sqlite, postgres), format!("[{}]", rows.join(",")))
}

async fn one_by_one(db: &Db, batch: Vec<Row>) {
    for row in batch {
        // The statement's own line in the log says which table it was.
        if let Err(error) = insert(db, std::slice::from_ref(&row)).await {
            tracing::error!(%error, id = %row.id, "row not written");
        }
        db.write_behind.done_with(1);
    }
}

/// Not a task that [`Db::wait_idle`] waits for: it would keep a server from stopping while its database is away.
fn try_again_soon(db: Db) {
    tokio::spawn(async move {
        tokio::time::sleep(PAUSE).await;
        db.start_writing();
    });
}

/// Whether the database may accept it another time. A pool that is closed accepts nothing any more.
fn may_pass(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => is_transient(error.as_ref()),
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}
