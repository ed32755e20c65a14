//! Files: who may read them, and how much room is left for them.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::{database::megabytes, report::Report};
use crate::{db::backup::Place, settings::Settings};

const CHECK: &str = "permissions";
/// The permissions of everybody but the owner, and those to write.
const OTHERS: u32 = 0o077;
const OTHERS_WRITE: u32 = 0o022;
/// With less room than this, in bytes, a write may fail at any time; with less than the second, soon.
const NO_ROOM: u64 = 100 << 20;
const LITTLE_ROOM: u64 = 1 << 30;

/// Looks at the files that the settings name, at that of the settings itself, and at those with secrets alone.
pub(super) fn look(settings: &Settings, (file, secrets): (&Path, &[PathBuf]), report: &mut Report) {
    let database = match Place::of(&settings.database.url) {
        Ok(Place::File(path)) => Some(path),
        _ => None,
    };
    permissions(settings, (file, secrets), database.as_deref(), report);
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

fn permissions(
    settings: &Settings,
    (file, secrets): (&Path, &[PathBuf]),
    database: Option<&Path>,
    report: &mut Report,
) {
    let mut secret: Vec<PathBuf> = vec![settings.mail.outbox.as_str().into(), settings.backup.folder.as_str().into()];
    if let Some(database) = database {
        secret.extend(["", "-wal", "-shm"].map(|end| format!("{}{end}", database.display()).into()));
    }
    let with_password = [file].into_iter().chain(secrets.iter().map(PathBuf::as_path));
    let with_password = with_password.filter(|path| holds_password(path));
    secret.extend(with_password.map(Path::to_owned));
    let open: Vec<_> = secret.iter().filter(|path| mode(path).is_some_and(|mode| mode & closed(path) != 0)).collect();
    for path in &open {
        let message = format!("other users of this machine can read {}", path.display());
        if is_given(path) {
            let advice = "Its owner can close it to them. In a container that has no other users, nothing is wrong.";
            report.warning(CHECK, message, advice);
        } else {
            report.problem(CHECK, message, format!("chmod go= {}", path.display()));
        }
    }
    let Some(database) = database else {
        if open.is_empty() {
            report.ok(CHECK, "other users cannot read backups, mails and passwords");
        }
        return;
    };
    let unwritable = unwritable(database);
    if let Some((path, error)) = &unwritable {
        let path = path.display();
        let advice = format!("Give it to the server's user (chown), and chmod u+rw {path}; the server cannot write.");
        report.problem(CHECK, format!("{path} cannot be written to: {error}"), advice);
    }
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if mode(folder).is_some_and(|mode| mode & OTHERS_WRITE != 0 && mode & 0o1000 == 0) {
        let message = format!("other users can replace files in {}", folder.display());
        report.problem(CHECK, message, format!("chmod go-w {}", folder.display()));
    } else if open.is_empty() && unwritable.is_none() {
        report.ok(CHECK, "other users cannot read the database, backups, mails and passwords");
    }
    owner(database, report);
}

/// What this user cannot write to, although the database needs it. SQLite keeps files whose mode it cannot use, and
/// then every write fails. To be asked before the database is opened: to close another handle of it would release
/// SQLite's own locks.
fn unwritable(database: &Path) -> Option<(PathBuf, io::Error)> {
    ["", "-wal", "-shm"].into_iter().find_map(|end| {
        let path = PathBuf::from(format!("{}{end}", database.display()));
        let error = OpenOptions::new().read(true).write(true).open(&path).err()?;
        (error.kind() != io::ErrorKind::NotFound).then_some((path, error))
    })
}

/// The permissions that a file must not have. One of another user may be open to a group, by which we read it.
fn closed(path: &Path) -> u32 {
    if is_given(path) { OTHERS & 0o007 } else { OTHERS }
}

/// Whether another user gives us the file to read, as containers do with secrets. Its mode is not ours to change.
fn is_given(path: &Path) -> bool {
    let uid = |path: &Path| fs::metadata(path).map(|found| found.uid());
    // Where there is no such folder, every file is taken for ours.
    let Ok(ours) = uid(Path::new("/proc/self")) else { return false };
    ours != 0 && uid(path).is_ok_and(|owner| owner != ours)
}

fn holds_password(file: &Path) -> bool {
    fs::read_to_string(file).is_ok_and(|text| text.lines().any(has_password))
}

fn mode(path: &Path) -> Option<u32> {
    Some(fs::metadata(path).ok()?.permissions().mode())
}

/// Whether a line of a settings file, or of one with a secret alone, is a URL with a password.
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
            report.problem(CHECK, message, advice);
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
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("vestibule.db");
        assert!(unwritable(&database).is_none(), "there is none yet");
        fs::write(&database, "").unwrap();
        let index = folder.path().join("vestibule.db-shm");
        fs::write(&index, "").unwrap();
        assert!(unwritable(&database).is_none());
        fs::set_permissions(&index, fs::Permissions::from_mode(0o400)).unwrap();
        // Root may write all the same.
        if OpenOptions::new().write(true).open(&index).is_err() {
            assert_eq!(unwritable(&database).unwrap().0, index);
        }
    }

    #[test]
    fn a_password_in_a_settings_file_is_noticed() {
        for line in ["url = \"postgres://me:s3cret@db/x\"", "  smtp_url = 'smtps://a:b@mail.example'", "smtp://a:b@x"] {
            assert!(has_password(line), "{line}");
        }
        for line in
            ["# smtps://user:password@host", "url = \"sqlite:vestibule.db\"", "public_url = \"https://a:8443\"", ""]
        {
            assert!(!has_password(line), "{line}");
        }
    }
}
