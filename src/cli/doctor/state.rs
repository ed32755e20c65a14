//! What the database tells of how the installation is used: whether clients have addresses of their own, and when the
//! last backup was made.

use std::{collections::HashSet, fs, net::IpAddr, path::Path, time::SystemTime};

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::report::Report;
use crate::{
    auth::browser_session::BrowserSessionWithOwner,
    cli::operators,
    db::{
        Db,
        backup::{self, Place},
        dump,
    },
    features::browser_sessions::service,
    settings::Settings,
};

/// How many of the newest browser sessions and of the operators' commands are looked at.
const NEWEST: u32 = 1_000;
/// Fewer sessions than this say nothing about a proxy.
const ENOUGH: usize = 3;

/// Looks at the addresses of browsers and at backups.
pub(super) async fn look(settings: &Settings, db: &Db, report: &mut Report) {
    let found = db.readiness().await;
    if !found.is_ready() {
        let failed = [found.reads, found.writes].into_iter().find_map(|result| result?.err());
        let why = failed.unwrap_or_else(|| "there is no answer in time".into());
        let advice = "A full disk, or a read-only file or server: /readyz is 503 meanwhile.";
        report.problem("database", format!("a write fails: {why}"), advice);
    }
    match service::list_all(db, None, Uuid::max(), NEWEST).await {
        Ok(sessions) => addresses(settings, &sessions, report),
        Err(error) => report.skipped("client address", error.to_string()),
    }
    backups(settings, db, report).await;
}

/// If every browser has the address of the proxy, the proxy is not trusted, or does not say whom it speaks for.
fn addresses(settings: &Settings, sessions: &[BrowserSessionWithOwner], report: &mut Report) {
    const CHECK: &str = "client address";
    let trusted = settings.server.trusted_networks().unwrap_or_default();
    let of_proxy = |address: &str| {
        let ip: Option<IpAddr> = address.parse().ok();
        ip.is_some_and(|ip| ip.is_loopback() || trusted.iter().any(|network| network.contains(&ip)))
    };
    let found: HashSet<_> = sessions.iter().map(|found| found.session.address.as_str()).collect();
    if settings.is_development() || sessions.len() < ENOUGH {
        return report.skipped(CHECK, "too few browsers have signed in to tell whether each has its own");
    }
    if !found.iter().all(|address| of_proxy(address)) {
        return report.ok(CHECK, format!("browsers have {} different ones", found.len()));
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_unstable();
    let message = format!("all {} browsers seem to come from {}", sessions.len(), found.join(", "));
    let header = settings.server.proxy_header;
    let advice = format!(
        "Set server.trusted_proxies to the proxy's address, and let the proxy add {header:?}: one visitor's failed \
         sign-ins slow down all others meanwhile."
    );
    report.problem(CHECK, message, advice);
}

/// The newest backup: those that the server makes, and those that operators have made.
async fn backups(settings: &Settings, db: &Db, report: &mut Report) {
    const CHECK: &str = "backup";
    let Ok(place) = Place::of(&settings.database.url) else { return };
    let made = operators::list(db, NEWEST).await.unwrap_or_default();
    let by_hand = made.iter().find(|entry| entry.action == "backup" && entry.outcome == "done");
    let by_hand = by_hand.map(|entry| entry.at.get());
    let by_server = newest(Path::new(&settings.backup.folder), place.extension());
    if settings.backup.every_hours > 0
        && let Place::Postgres(_) = place
        && let Err(error) = dump::has_programs(&settings.backup.postgres_bin)
    {
        return report.problem(CHECK, format!("the server can make none: {error}"), "");
    }
    let (hours, last) = (settings.backup.every_hours, by_hand.max(by_server));
    let age = last.map(|at| OffsetDateTime::now_utc() - at);
    let told = age.map_or_else(|| "none was found".into(), |age| format!("the newest is {} old", words(age)));
    if hours == 0 {
        if age.is_some_and(|age| age < Duration::days(2)) {
            return report.ok(CHECK, told);
        }
        let advice = "Set backup.every_hours = 24, or ignore this if the machine or the database server is backed up.";
        return report.warning(CHECK, format!("the server makes none, and {told}"), advice);
    }
    let due = Duration::hours(hours.into()) * 2;
    if age.is_some_and(|age| age < due) {
        return report.ok(CHECK, told);
    }
    let advice = "The log has event=\"backup_failed\" and why. Of several instances, another one may have it.";
    if age.is_none() {
        return report.warning(CHECK, format!("the server is to make one every {hours} hours, and {told} yet"), advice);
    }
    report.problem(CHECK, format!("the server is to make one every {hours} hours, and {told}"), advice);
}

fn words(age: Duration) -> String {
    match age.whole_hours() {
        hours @ ..48 => format!("{hours} hours"),
        hours => format!("{} days", hours / 24),
    }
}

/// When the newest backup in `folder` was made.
fn newest(folder: &Path, extension: &str) -> Option<OffsetDateTime> {
    let files = fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    let ours = files.filter(|path| {
        path.extension().is_some_and(|found| found == extension)
            && path.file_name().and_then(|name| name.to_str()).is_some_and(backup::is_of_the_timer)
    });
    let made = |path: std::path::PathBuf| -> Option<SystemTime> { path.metadata().ok()?.modified().ok() };
    ours.filter_map(made).max().map(OffsetDateTime::from)
}
