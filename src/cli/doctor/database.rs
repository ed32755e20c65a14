//! The database.

use super::{report::Report, site::compare_clocks};
use crate::{
    db::{
        Clock, Db, OpenError,
        diagnosis::{Diagnosis, More, diagnose},
        moving, restored,
    },
    settings::Settings,
};

const CHECK: &str = "database";
/// A write-ahead log is checkpointed at 4 MB. One that grows past this is held by a reader that never ends.
const LONG_LOG: u64 = 256 << 20;
/// How many connections an instance opens for searches, beside `database.connections`.
const OF_SEARCHES: i64 = 2;

/// Looks at the database, and opens it if that changes nothing: if no migration has to run.
pub(super) async fn look(settings: &Settings, report: &mut Report) -> Option<Db> {
    let url = &settings.database.url;
    let diagnosis = match diagnose(url).await {
        Ok(diagnosis) => diagnosis,
        Err(error) => {
            let elsewhere = matches!(error, OpenError::Missing(_) | OpenError::UnknownKind(_));
            let advice = if elsewhere { "Use the server's environment, or --config." } else { "" };
            report.problem(CHECK, error.to_string(), advice);
            return None;
        }
    };
    let usable = migrations(&diagnosis, report);
    let well = format!("{}, {}, all migrations have run", diagnosis.program, megabytes(diagnosis.bytes));
    if let Some(error) = &diagnosis.refuses_writes {
        let advice =
            "A full disk, a read-only file or file system, or a writer that holds its lock. /readyz is 503 meanwhile.";
        report.problem(CHECK, format!("it refuses writes: {error}"), advice);
    }
    let db = if usable { opened(url, well, report).await } else { None };
    match diagnosis.more {
        More::File { log, .. } if log > LONG_LOG => {
            let advice = "A program that reads the file never ends its transaction: look for it by `lsof`, end it, and \
                          the log is emptied at the next write.";
            report.warning(CHECK, format!("its write-ahead log has {}", megabytes(log)), advice);
        }
        More::File { .. } => {}
        More::Server { ahead, connections, superuser, may_create } => {
            compare_clocks("the database", ahead, report);
            let own = i64::from(settings.database.connections) + OF_SEARCHES;
            server(own, connections, superuser, may_create, report);
        }
    }
    db
}

/// The database, if a server starts on it.
async fn opened(url: &str, well: String, report: &mut Report) -> Option<Db> {
    let db = match Db::open_to_look(url, Clock::default()).await {
        Ok(db) => db,
        Err(error) => {
            report.problem(CHECK, error.to_string(), "");
            return None;
        }
    };
    match refusal(&db).await {
        Ok(None) => {
            report.ok(CHECK, well);
            return Some(db);
        }
        Ok(Some(why)) => report.problem(CHECK, why, ""),
        Err(error) => report.problem(CHECK, error.to_string(), ""),
    }
    db.close().await;
    None
}

/// Why no server starts on the database, in the words of `serve`.
async fn refusal(db: &Db) -> sqlx::Result<Option<String>> {
    match restored::refusal(db).await? {
        Some(copy) => Ok(Some(copy)),
        None => moving::refusal(db).await,
    }
}

/// Whether the database fits this binary.
fn migrations(diagnosis: &Diagnosis, report: &mut Report) -> bool {
    let Diagnosis { pending, unknown, .. } = diagnosis;
    if let Some(version) = unknown {
        let advice = "Run that version, or a later one.";
        let message = format!("a newer vestibule has written it (migration {version} is unknown to this one)");
        report.problem(CHECK, message, advice);
        return false;
    }
    if *pending > 0 {
        let advice = "The server runs an older binary than this one. Restart it, after a backup, to run them.";
        report.warning(CHECK, format!("{pending} migrations of this binary have not run"), advice);
        return false;
    }
    true
}

/// `own` is how many connections an instance opens at most.
fn server(own: i64, (open, most): (i64, i64), superuser: bool, may_create: bool, report: &mut Report) {
    if most - open < own {
        let advice = "Raise max_connections, or put PgBouncer in between: docs/postgresql.md.";
        report.warning(CHECK, format!("{open} of the server's {most} connections are in use"), advice);
    }
    if superuser {
        let advice = "Give the server a role of its own: docs/postgresql.md.";
        report.warning(CHECK, "the role is a superuser", advice);
    }
    if !may_create {
        let advice = "GRANT CREATE ON SCHEMA to it before the next upgrade, or run migrations by another role.";
        report.warning(CHECK, "the role may not create tables, which migrations need", advice);
    }
}

/// `bytes` for people.
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}
