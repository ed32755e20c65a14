//! Files: who may read them, and how much room is left for them.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::{database::megabytes, report::Report};
use crate::{db::backup::Place, settings::Settings};

/// The permissions of everybody but the owner, and those to write.
const OTHERS: u32 = 0o077;
const OTHERS_WRITE: u32 = 0o022;
/// With less room than this, in bytes, a write may fail at any time; with less than the second, soon.
const NO_ROOM: u64 = 100 << 20;
const LITTLE_ROOM: u64 = 1 << 30;

/// Looks at the files that the settings name; `file` is that of the settings.
pub(super) fn look(settings: &Settings, file: &Path, report: &mut Report) {
    let database = match Place::of(&settings.database.url) {
        Ok(Place::File(path)) => Some(path),
        _ => None,
    };
    permissions(settings, file, database.as_deref(), report);
    let backups = (settings.backup.every_hours > 0).then(|| PathBuf::from(&settings.backup.folder));
    let outbox = (!settings.mail.has_server()).then(|| PathBuf::from(&settings.mail.outbox));
    let mut seen = Vec::new();
    for path in database.into_iter().chain(backups).chain(outbox) {
        let Some((device, folder)) = existing(&path) else { continue };
        if !seen.contains(&device) {
            seen.push(device);
            room(&folder, report);
        }
    }
}

/// The folder of `path` that exists, and the device it is on.
fn existing(path: &Path) -> Option<(u64, PathBuf)> {
    let absolute = std::path::absolute(path).ok()?;
    absolute.ancestors().find_map(|folder| Some((fs::metadata(folder).ok()?, folder))).map(|(found, folder)| {
        let folder = if found.is_dir() { folder } else { folder.parent().unwrap_or(folder) };
        (found.dev(), folder.to_owned())
    })
}

fn permissions(settings: &Settings, file: &Path, database: Option<&Path>, report: &mut Report) {
    const CHECK: &str = "permissions";
    let mut secret: Vec<PathBuf> = vec![settings.mail.outbox.as_str().into(), settings.backup.folder.as_str().into()];
    if let Some(database) = database {
        secret.extend(["", "-wal", "-shm"].map(|end| format!("{}{end}", database.display()).into()));
    }
    if fs::read_to_string(file).is_ok_and(|text| text.lines().any(has_password)) {
        secret.push(file.to_owned());
    }
    let open: Vec<_> = secret.iter().filter(|path| mode(path).is_some_and(|mode| mode & OTHERS != 0)).collect();
    for path in &open {
        let path = path.display();
        let advice = format!("chmod go= {path}");
        report.problem(CHECK, format!("other users of this machine can read {path}"), advice);
    }
    let Some(database) = database else {
        if open.is_empty() {
            report.ok(CHECK, "other users cannot read backups, mails and passwords");
        }
        return;
    };
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if mode(folder).is_some_and(|mode| mode & OTHERS_WRITE != 0 && mode & 0o1000 == 0) {
        let message = format!("other users can replace files in {}", folder.display());
        report.problem(CHECK, message, format!("chmod go-w {}", folder.display()));
    } else if open.is_empty() {
        report.ok(CHECK, "other users cannot read the database, backups, mails and passwords");
    }
    owner(database, report);
}

fn mode(path: &Path) -> Option<u32> {
    Some(fs::metadata(path).ok()?.permissions().mode())
}

/// Whether a line of a settings file is a URL with a password.
fn has_password(line: &str) -> bool {
    let line = line.trim_start();
    let rest = line.split_once("://").map(|(_, rest)| rest);
    !line.starts_with('#') && rest.and_then(|rest| rest.split_once('@')).is_some_and(|(user, _)| user.contains(':'))
}

/// A file that a command made as another user cannot be opened by the server.
fn owner(database: &Path, report: &mut Report) {
    let uid = |path: &Path| fs::metadata(path).map(|found| found.uid());
    let Ok(owner) = uid(database) else { return };
    for end in ["-wal", "-shm"] {
        let path = PathBuf::from(format!("{}{end}", database.display()));
        if uid(&path).is_ok_and(|found| found != owner) {
            let message = format!("{} belongs to another user than the database", path.display());
            let advice = format!("chown --reference={} {}", database.display(), path.display());
            report.problem("permissions", message, advice);
        }
    }
}

#[cfg(target_os = "linux")]
fn room(folder: &Path, report: &mut Report) {
    const CHECK: &str = "disk";
    let found = match rustix::fs::statvfs(folder) {
        Ok(found) => found,
        Err(error) => return report.skipped(CHECK, format!("{}: {error}", folder.display())),
    };
    let (free, all) = (found.f_bavail.saturating_mul(found.f_frsize), found.f_blocks.saturating_mul(found.f_frsize));
    let message = format!("{} of {} are free for {}", megabytes(free), megabytes(all), folder.display());
    let advice = "Make room: on a full disk every write fails with 503, and a backup needs as much as the database.";
    if free < NO_ROOM || found.f_files > 0 && found.f_favail == 0 {
        report.problem(CHECK, message, advice);
    } else if free < LITTLE_ROOM || free < all / 20 {
        report.warning(CHECK, message, advice);
    } else {
        report.ok(CHECK, message);
    }
}

#[cfg(not(target_os = "linux"))]
fn room(folder: &Path, report: &mut Report) {
    report.skipped("disk", format!("how much room is left for {} is known on Linux only", folder.display()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_settings_file_is_noticed() {
        for line in ["url = \"postgres://me:s3cret@db/x\"", "  smtp_url = 'smtps://a:b@mail.example'"] {
            assert!(has_password(line), "{line}");
        }
        for line in
            ["# smtps://user:password@host", "url = \"sqlite:vestibule.db\"", "public_url = \"https://a:8443\"", ""]
        {
            assert!(!has_password(line), "{line}");
        }
    }
}
