//! The backups that the server makes by itself.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Duration as StdDuration,
};

use time::Duration;

use super::operators::schedule;
use crate::{
    db::{
        Db,
        backup::{self, PREFIX, Place},
    },
    metrics::Tally,
    settings::Settings,
};

/// How often the timer looks.
const TICK: StdDuration = StdDuration::from_secs(60);
/// When a backup is tried again that could not be made.
const RETRY: Duration = Duration::minutes(10);

/// Backups by the timer of this instance.
pub(super) static BACKUPS: Tally =
    Tally::new("vestibule_backups_total", "Backups that this instance made by its timer, by result.", ["by", "result"]);

/// Makes backups for as long as the server runs, if the settings say so.
pub(super) async fn run(db: Db, settings: Settings) {
    if settings.backup.every_hours == 0 {
        return;
    }
    let pause = Duration::hours(settings.backup.every_hours.into());
    loop {
        match schedule::claim(&db, pause).await {
            Ok(false) => {}
            Ok(true) => {
                let made = once(&db, &settings).await;
                BACKUPS.add(["timer", if made.is_ok() { "made" } else { "failed" }], 1);
                if let Err(error) = made {
                    tracing::error!(event = "backup_failed", error);
                    if let Err(error) = schedule::put_off(&db, RETRY).await {
                        tracing::warn!(%error, "the next backup is made in its time");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "whether a backup is due cannot be read"),
        }
        tokio::time::sleep(TICK).await;
    }
}

async fn once(db: &Db, settings: &Settings) -> Result<(), String> {
    let (place, folder) = (Place::of(&settings.database.url)?, PathBuf::from(&settings.backup.folder));
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.map_err(|error| format!("{}: {error}", folder.display()))?;
    let (now, extension) = (db.now(), place.extension());
    let file = folder.join(format!("{PREFIX}{}.{extension}", backup::stamp(now)));
    let bytes = backup::make(place, file.clone(), settings.backup.postgres_bin.clone(), now).await?;
    tracing::info!(event = "backup_made", file = %file.display(), bytes);
    let keep = usize::try_from(settings.backup.keep).unwrap_or(usize::MAX);
    rotate(&file, keep).map_err(|error| format!("{}: {error}", folder.display()))
}

/// Removes all but the newest `keep` of the backups of the kind of `made` that the server has made by itself. `made` is
/// one of those that stay, also if the clock was ahead before. Other files stay.
fn rotate(made: &Path, keep: usize) -> io::Result<()> {
    let mut earlier = Vec::new();
    for entry in fs::read_dir(made.parent().unwrap_or(made))? {
        let path = entry?.path();
        let ours = path.file_name().and_then(|name| name.to_str()).is_some_and(backup::is_of_the_timer);
        if ours && path.extension() == made.extension() && path.file_name() != made.file_name() {
            earlier.push(path);
        }
    }
    // Their names sort by age.
    earlier.sort_unstable();
    let old = (earlier.len() + 1).saturating_sub(keep);
    earlier.into_iter().take(old).try_for_each(fs::remove_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_backups_stay_and_so_does_what_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "vestibule-20260101T000000000Z.db",
            "vestibule-20260102T000000000Z.db",
            "vestibule-20260103T000000000Z.db",
        ];
        let others = [
            "before-the-move.db",
            "vestibule-before-the-move.db",
            "vestibule-20250101T000000000Z.db.old",
            "vestibule-20250101T000000000Z.dump",
            "vestibule.toml",
        ];
        for name in names.iter().chain(&others) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        rotate(&folder.path().join(names[2]), 2).unwrap();
        let there = |name: &str| folder.path().join(name).exists();
        assert!(!there(names[0]) && there(names[1]) && there(names[2]) && others.into_iter().all(there));
        rotate(&folder.path().join(names[2]), 7).unwrap();
        assert!(there(names[1]) && there(names[2]));
        // The clock was set back since the other one.
        rotate(&folder.path().join(names[1]), 1).unwrap();
        assert!(there(names[1]) && !there(names[2]) && others.into_iter().all(there));
    }
}
