//! Every metric there is. docs/monitoring.md describes them in this order.

use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::{Sources, process};
use crate::{
    app::{
        jobs,
        version::{COMMIT, VERSION},
    },
    auth::{activity, bearer, same_origin, sign_in::counted, store::tokens},
    db::{Db, PoolFigures, Readiness},
    http::{connection_limits, problem, request_metrics},
    mail,
    metrics::{Format, Kind, Text},
    settings::{Settings, without_credentials},
    text::hex::hex,
};

/// How long what is read of the database may take. What takes longer is left out.
const PATIENCE: Duration = Duration::from_secs(1);

/// The text of all metrics.
pub(super) async fn collect(sources: &Sources, format: Format) -> String {
    let Sources { state, gate, beside } = sources;
    let mut text = Text::new(format);
    about(&mut text, &state.settings, &state.db);
    readiness(&mut text, &state.db.readiness().await, state.draining.has_begun());

    request_metrics::write(&mut text);
    problem::ANSWERED.write(&mut text);
    text.single("vestibule_connections_open", Kind::Gauge, "Open connections.", gate.open());
    text.single("vestibule_connections_max", Kind::Gauge, "How many connections may be open.", gate.most());
    text.single(
        "vestibule_connections_refused_total",
        Kind::Counter,
        "Connections refused, because a limit was reached.",
        connection_limits::REFUSED.get(),
    );
    let streams = state.events.count();
    text.single("vestibule_event_streams_open", Kind::Gauge, "Open streams of GET events.", streams);

    counted::STEPS.write(&mut text);
    activity::RECORDED.write(&mut text);
    tokens::ISSUED.write(&mut text);
    bearer::REFUSED.write(&mut text);
    same_origin::REFUSED.write(&mut text);
    problem::REFUSED.write(&mut text);
    password_threads(&mut text, state.hasher.loads());

    pools(&mut text, &state.db.pool_figures());
    if let Some(sizes) = state.db.file_sizes().await {
        text.single("vestibule_sqlite_database_bytes", Kind::Gauge, "The size of the database file.", sizes.database);
        text.single("vestibule_sqlite_wal_bytes", Kind::Gauge, "The size of the write-ahead log.", sizes.wal);
    }
    let rows = state.db.write_behind.queued();
    let help = "Rows of activity that are yet to be written.";
    text.single("vestibule_database_rows_queued", Kind::Gauge, help, rows);

    mail::MAILS.write(&mut text);
    queue(&mut text, &state.db).await;
    jobs::RUNS.write(&mut text);
    jobs::SUCCEEDED.write(&mut text);
    beside(&mut text);
    process::write(&mut text);
    text.finish()
}

fn about(text: &mut Text, settings: &Settings, db: &Db) {
    text.family(
        "vestibule_build_info",
        Kind::Gauge,
        "The version, the commit it was built from, and the database that is used.",
    );
    text.sample("", &[("version", VERSION), ("commit", COMMIT), ("database", db.system())], 1);
    let help = "A fingerprint of the settings without secrets: it differs between instances whose settings differ.";
    text.family("vestibule_settings_info", Kind::Gauge, help);
    text.sample("", &[("fingerprint", fingerprint(settings).as_str())], 1);
}

/// Secrets are not part of the serialized settings, and the URL of the database is without its password.
fn fingerprint(settings: &Settings) -> String {
    let mut settings = settings.clone();
    settings.database.url = without_credentials(&settings.database.url);
    let hash = Sha256::digest(serde_json::to_vec(&settings).unwrap_or_default());
    hex(&hash[..6])
}

fn readiness(text: &mut Text, found: &Readiness, stops: bool) {
    let is_well = |result: Option<&Result<(), String>>| i32::from(matches!(result, Some(Ok(()))));
    text.family("vestibule_ready", Kind::Gauge, "Whether each component of /readyz is well.");
    text.sample("", &[("component", "server")], i32::from(!stops));
    text.sample("", &[("component", "database")], is_well(found.reads.as_ref()));
    text.sample("", &[("component", "database_writes")], is_well(found.writes.as_ref()));
}

type Loads<'a> = [(&'static str, (&'a crate::auth::passwords::Load, usize)); 3];

fn password_threads(text: &mut Text, loads: Loads<'_>) {
    text.family("vestibule_password_threads", Kind::Gauge, "Threads that hash and rate passwords.");
    for (queue, (load, _)) in loads {
        text.sample("", &[("queue", queue)], load.workers);
    }
    text.family("vestibule_password_queue_max", Kind::Gauge, "How many passwords may wait or be worked on.");
    for (queue, (load, _)) in loads {
        text.sample("", &[("queue", queue)], load.places);
    }
    text.family("vestibule_password_queue_jobs", Kind::Gauge, "Passwords that wait or are worked on.");
    for (queue, (load, jobs)) in loads {
        let running = load.running.get();
        let waiting = i64::try_from(jobs).unwrap_or_default().saturating_sub(running).max(0);
        text.sample("", &[("queue", queue), ("state", "running")], running);
        text.sample("", &[("queue", queue), ("state", "waiting")], waiting);
    }
    text.family("vestibule_password_queue_refusals_total", Kind::Counter, "Passwords refused: the queue was full.");
    for (queue, (load, _)) in loads {
        text.sample("", &[("queue", queue)], load.refused.get());
    }
    text.family("vestibule_password_wait_seconds", Kind::Histogram, "How long passwords waited for a thread.");
    for (queue, (load, _)) in loads {
        load.waits.write(text, &[("queue", queue)]);
    }
    text.family("vestibule_password_work_seconds", Kind::Histogram, "How long a thread worked on a password.");
    for (queue, (load, _)) in loads {
        load.took.write(text, &[("queue", queue)]);
    }
}

fn pools(text: &mut Text, pools: &[PoolFigures]) {
    text.family("vestibule_database_connections", Kind::Gauge, "Connections to the database, by pool and state.");
    for pool in pools {
        let idle = pool.idle.min(usize::try_from(pool.open).unwrap_or(usize::MAX));
        text.sample("", &[("pool", pool.name), ("state", "idle")], idle);
        let used = usize::try_from(pool.open).unwrap_or(usize::MAX) - idle;
        text.sample("", &[("pool", pool.name), ("state", "used")], used);
    }
    text.family("vestibule_database_connections_max", Kind::Gauge, "How many connections a pool may have.");
    for pool in pools {
        text.sample("", &[("pool", pool.name)], pool.most);
    }
    let waits = || pools.iter().filter_map(|pool| Some((pool.name, pool.waits?)));
    text.family("vestibule_database_waiting", Kind::Gauge, "Statements that wait for a connection.");
    for (pool, waits) in waits() {
        text.sample("", &[("pool", pool)], waits.waiting.get());
    }
    text.family(
        "vestibule_database_wait_seconds",
        Kind::Histogram,
        "How long statements waited that found no connection at once.",
    );
    for (pool, waits) in waits() {
        waits.times.write(text, &[("pool", pool)]);
    }
    text.family("vestibule_database_timeouts_total", Kind::Counter, "Statements that got no connection in time.");
    for (pool, waits) in waits() {
        text.sample("", &[("pool", pool)], waits.timeouts.get());
    }
}

async fn queue(text: &mut Text, db: &Db) {
    let Ok(Ok(queue)) = timeout(PATIENCE, mail::admin::queue(db)).await else { return };
    text.family("vestibule_mail_queue", Kind::Gauge, "Mails of all instances that wait, or that were given up.");
    text.sample("", &[("state", "waiting")], queue.waiting);
    text.sample("", &[("state", "failed")], queue.failed);
    let age = queue.oldest.map_or(0, |oldest| (db.now() - oldest).whole_seconds().max(0));
    let help = "For how long the oldest mail has been waiting.";
    text.single("vestibule_mail_queue_oldest_seconds", Kind::Gauge, help, age);
}
