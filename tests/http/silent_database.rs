//! A PostgreSQL that neither answers nor closes its connections, because it is paused or its machine has vanished.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, UnixStream},
    task::JoinSet,
    time::timeout,
};
use vestibule::db::{Clock, Db, execute, fetch};

use crate::support::Postgres;

/// For what no answer comes to.
const PATIENCE: Duration = Duration::from_millis(400);

/// A relay in front of `postgres`, and what makes all connections silent that are open.
async fn relay(postgres: &Postgres) -> (String, Arc<AtomicUsize>) {
    let (_, socket) = postgres.url.split_once("host=").unwrap();
    let socket = format!("{socket}/.s.PGSQL.5432");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_, rest) = postgres.url.split_once("5432/").unwrap();
    let (database, _) = rest.split_once('?').unwrap();
    let vanished = Arc::new(AtomicUsize::new(0));
    let generation = vanished.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (generation, socket) = (generation.clone(), socket.clone());
            tokio::spawn(async move {
                let of = generation.load(SeqCst);
                let mut server = UnixStream::connect(&socket).await.unwrap();
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut server) => {}
                    () = async {
                        while generation.load(SeqCst) == of {
                            tokio::time::sleep(Duration::from_millis(1)).await;
                        }
                    } => std::future::pending().await,
                }
            });
        }
    });
    (format!("postgres://vestibule@{address}/{database}?sslmode=disable"), vanished)
}

async fn read(db: &Db) -> sqlx::Result<(i64,)> {
    fetch!(db, one, "SELECT count(*) FROM accounts")
}

async fn write(db: &Db) -> sqlx::Result<u64> {
    execute!(db, affected, "DELETE FROM accounts WHERE email = $1", "nobody")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_went_silent_are_given_up_and_replaced() {
    let postgres = Postgres::migrated().await;
    let (url, vanished) = relay(&postgres).await;
    let db = Db::open(&url, Clock::default()).await.unwrap();
    // As many connections as the pool may have.
    let open: JoinSet<_> = (0..32)
        .map(|number| {
            let db = db.clone();
            async move { if number % 2 == 0 { read(&db).await.is_ok() } else { write(&db).await.is_ok() } }
        })
        .collect();
    assert_eq!(open.join_all().await, [true; 32]);

    // A statement is under way when the server vanishes.
    let hasty = db.clone().answering_within(PATIENCE);
    let waiting = tokio::spawn({
        let db = hasty.clone();
        async move { fetch!(db, optional, "SELECT pg_sleep(3)::text").map(|row: Option<(String,)>| row.is_some()) }
    });
    tokio::time::sleep(PATIENCE / 4).await;
    vanished.fetch_add(1, SeqCst);
    let begun = Instant::now();
    let error = timeout(5 * PATIENCE, waiting).await.expect("it waits").unwrap().unwrap_err();
    assert!(matches!(error, sqlx::Error::Io(_)), "{error}");
    while read(&hasty).await.is_err() || write(&hasty).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "no connection is replaced");
    }
    let again: JoinSet<_> = (0..32)
        .map(|_| {
            let db = db.clone();
            async move { read(&db).await.is_ok() }
        })
        .collect();
    assert_eq!(again.join_all().await, [true; 32]);
}
