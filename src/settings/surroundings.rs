//! What the doctor says of the place the server stands in: whether there can be a database, and an outbox.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    path::Path,
    str::FromStr,
};

use sqlx::sqlite::SqliteConnectOptions;
use uuid::Uuid;

use super::{Finding, Settings, doctor::Findings};

/// How every SQLite file begins (<https://www.sqlite.org/fileformat.html>, section 1.3).
const SQLITE: &[u8; 16] = b"SQLite format 3\0";
const URL: &str = "database.url";

impl Settings {
    /// Everything that this machine would not let the server do. Whether PostgreSQL is there, only the start tells: it
    /// may come later.
    pub fn surroundings(&self) -> Vec<Finding> {
        let mut found = Findings::default();
        let url = &self.database.url;
        if url.starts_with("sqlite:") {
            if let Ok(options) = SqliteConnectOptions::from_str(url)
                && let Err(why) = database_fits(options.get_filename())
            {
                found.error(URL, why);
            }
        } else if !url.starts_with("postgres:") && !url.starts_with("postgresql:") {
            found.error(URL, "must start with sqlite: or postgres:, such as sqlite:vestibule.db");
        }
        let outbox = Path::new(&self.mail.outbox);
        let in_the_way = self.mail.smtp_url.is_empty() && outbox.exists() && !outbox.is_dir();
        found.error_if(in_the_way, "mail.outbox", format!("{:?} is no folder", self.mail.outbox));
        found.sorted()
    }
}

/// Whether there is a SQLite database at `file`, or could be one, and SQLite's log beside it.
fn database_fits(file: &Path) -> Result<(), String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match fs::metadata(folder) {
        Err(error) => return Err(format!("the folder {} is not to be had: {error}", folder.display())),
        Ok(found) if !found.is_dir() => return Err(format!("{} is no folder", folder.display())),
        Ok(_) => {}
    }
    match fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(format!("{} is not to be had: {error}", file.display())),
        Ok(found) if found.is_dir() => return Err(format!("{} is a folder; name a file in it", file.display())),
        Ok(_) => {
            let opened = OpenOptions::new().read(true).write(true).open(file);
            let opened = opened.map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
            if !is_sqlite(opened) {
                return Err(format!("{} is no SQLite database", file.display()));
            }
        }
    }
    // Permissions do not tell: the whole file system may be read-only.
    let probe = folder.join(format!(".vestibule-{}", Uuid::now_v7()));
    let made = File::create_new(&probe).and_then(|_| fs::remove_file(&probe));
    made.map_err(|error| format!("the folder {} cannot be written: {error}", folder.display()))
}

/// An empty file is one as well.
fn is_sqlite(mut file: File) -> bool {
    let mut begins = Vec::new();
    let read = file.by_ref().take(SQLITE.len() as u64).read_to_end(&mut begins);
    read.is_ok() && (begins.is_empty() || begins == SQLITE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(url: &str) -> Vec<Finding> {
        let mut settings = Settings::default();
        settings.database.url = url.into();
        settings.surroundings()
    }

    #[test]
    fn where_no_database_can_be_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
        fs::write(folder.path().join("diary.db"), "Dear diary,\n".repeat(1_000)).unwrap();
        fs::write(folder.path().join("empty.db"), "").unwrap();
        fs::write(folder.path().join("house.db"), [SQLITE.as_slice(), &[0; 84]].concat()).unwrap();
        for (url, told) in [
            (at("diary.db"), "is no SQLite database"),
            (at(""), "is a folder"),
            (at("no/such/folder/house.db"), "is not to be had"),
            (at("diary.db/house.db"), "is no folder"),
            ("mysql://me:s3cret@db/x".into(), "must start with sqlite: or postgres:"),
            ("vestibule.db".into(), "must start with sqlite: or postgres:"),
        ] {
            let found = found(&url);
            assert_eq!(found.len(), 1, "{url}");
            assert!(found[0].key == "database.url" && found[0].why.contains(told), "{url}: {found:?}");
            assert!(!found[0].why.contains("s3cret"));
        }
        let before = fs::read_dir(&folder).unwrap().count();
        for url in [at("empty.db"), at("house.db"), at("new.db"), "postgres://localhost/x".into()] {
            assert!(found(&url).is_empty(), "{url}: {:?}", found(&url));
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), before, "looking leaves nothing behind");
    }

    #[test]
    fn an_outbox_is_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        settings.mail.outbox = folder.path().display().to_string();
        assert!(settings.surroundings().is_empty());
        settings.mail.outbox = folder.path().join("mail").display().to_string();
        fs::write(&settings.mail.outbox, "").unwrap();
        assert_eq!(settings.surroundings()[0].key, "mail.outbox");
    }
}
