//! How long it may take to reach a database, where nobody else limits it.

use std::{io, time::Duration};

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::time::timeout;

/// How long a connection may take to be made, and a small question to be answered.
pub(super) const LIMIT: Duration = Duration::from_secs(5);

/// `work`, for up to [`LIMIT`]. A server that is paused accepts connections and says nothing.
pub(super) async fn within<T>(work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    within_time(LIMIT, work).await
}

async fn within_time<T>(limit: Duration, work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    timeout(limit, work).await.unwrap_or_else(|_| Err(silent(limit)))
}

/// Whether `error` is that of [`within`].
pub(super) fn is_silent(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut)
}

fn silent(limit: Duration) -> sqlx::Error {
    let words = format!("it does not answer within {} seconds", limit.as_secs());
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, words))
}

/// Why a pool got no connection in time. It tries again for as long as there is time, and keeps the reason to itself;
/// so one connection is tried without it. Any other `error` says why.
pub(super) async fn cause(options: &PgConnectOptions, error: sqlx::Error) -> sqlx::Error {
    if !matches!(error, sqlx::Error::PoolTimedOut) {
        return error;
    }
    match within_time(Duration::from_secs(1), PgConnection::connect_with(options)).await {
        Err(found) if is_silent(&found) => silent(LIMIT),
        Err(found) => found,
        Ok(_) => error,
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, str::FromStr};

    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_says_nothing_is_given_up() {
        let error = within(pending::<sqlx::Result<()>>()).await.unwrap_err().to_string();
        assert!(error.contains("does not answer within 5 seconds"), "{error}");
        assert!(within(async { Ok(()) }).await.is_ok());
    }

    #[tokio::test]
    async fn a_pool_that_got_nothing_is_explained() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("postgres://me@{}/x", listener.local_addr().unwrap());
        let options = PgConnectOptions::from_str(&url).unwrap();
        let found = cause(&options, sqlx::Error::PoolTimedOut).await.to_string();
        assert!(found.contains("does not answer"), "{found}");
        drop(listener);
        let found = cause(&options, sqlx::Error::PoolTimedOut).await.to_string();
        assert!(found.contains("refused"), "{found}");
        let other = cause(&options, sqlx::Error::RowNotFound).await;
        assert!(matches!(other, sqlx::Error::RowNotFound));
    }
}
