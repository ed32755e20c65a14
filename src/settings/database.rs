//! `[database]`: the URL of the database. A connection to another machine must use TLS, unless the settings say that
//! the network is private (S73).

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read},
    net::IpAddr,
    path::Path,
    str::FromStr,
};

use serde::{Deserialize, Serialize};
use sqlx::{
    postgres::{PgConnectOptions, PgSslMode},
    sqlite::SqliteConnectOptions,
};
use url::Url;
use uuid::Uuid;

use super::findings::Findings;

/// The first bytes of every SQLite file (<https://www.sqlite.org/fileformat.html>, section 1.3).
const SQLITE: &[u8; 16] = b"SQLite format 3\0";
const URL: &str = "database.url";
/// The parameters of the URL that name files, in the spellings that sqlx knows.
const CERTIFICATES: [&str; 7] = ["sslrootcert", "ssl-root-cert", "ssl-ca", "sslcert", "ssl-cert", "sslkey", "ssl-key"];

/// The parameters of PostgreSQL's URL: those of sqlx (`PgConnectOptions`), which ignores all others, and our own.
const PARAMETERS: [&str; 19] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "pgbouncer",
];

/// `[database]`
#[derive(Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite:FILE` or `postgres://…`. It may contain a password.
    pub url: String,
    /// Whether to connect to PostgreSQL on another machine without TLS.
    pub allow_plaintext: bool,
    /// How many connections to PostgreSQL an instance opens at most, without the two of searches.
    pub connections: u32,
    /// How long a search may take before it returns what it has found so far, in milliseconds.
    pub search_ms: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: "sqlite:vestibule.db".into(), allow_plaintext: false, connections: 16, search_ms: 2_000 }
    }
}

/// Keeps the password out of logs.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, allow_plaintext, connections, search_ms } = self;
        f.debug_struct("Database")
            .field("url", &without_credentials(url))
            .field("allow_plaintext", allow_plaintext)
            .field("connections", connections)
            .field("search_ms", search_ms)
            .finish()
    }
}

/// The URL of a database without user, password and parameters.
pub fn without_credentials(url: &str) -> String {
    let plain = url.split('?').next().unwrap_or_default();
    match (plain.split_once("://"), plain.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://{place}"),
        _ => plain.to_owned(),
    }
}

impl Database {
    /// Checks the settings alone. [`Database::check_file`] checks the file that they name.
    pub(super) fn check(&self, found: &mut Findings) {
        let url = &self.url;
        if url.starts_with("sqlite:") {
            check_sqlite(url, found);
        } else if is_postgres(url) {
            check_parameters(url, found);
            match PgConnectOptions::from_str(url) {
                Err(error) => found.error(URL, format!("is not a valid PostgreSQL URL: {error}")),
                Ok(options) => found.error_if(
                    !self.allow_plaintext && !is_private(&options),
                    URL,
                    "passwords and personal data would be sent to another machine unencrypted, or an attacker on the \
                     network could force that; add ?sslmode=verify-full, or at least ?sslmode=require, or set \
                     database.allow_plaintext = true if the network is private",
                ),
            }
        }
        let reason = "with fewer, requests wait for each other; PostgreSQL itself rarely does more at once";
        found.range("database.connections", self.connections, 2..=1_000, reason);
        let reason = "less time finds nothing, and more keeps other searches waiting";
        found.range("database.search_ms", self.search_ms, 100..=10_000, reason);
    }

    /// Checks that there is a SQLite database at the URL, or that one can be created. A PostgreSQL server is not
    /// checked: it may be started later.
    pub(super) fn check_file(&self, found: &mut Findings) {
        let url = &self.url;
        if !url.starts_with("sqlite:") {
            if let Err(message) = check_database_url(url) {
                found.error(URL, message);
            }
            return check_certificates(url, found);
        }
        if let Ok(options) = SqliteConnectOptions::from_str(url)
            && let Err(message) = is_usable(options.get_filename())
        {
            found.error(URL, message);
        }
    }
}

/// Checks that `url` is of one of the two databases.
///
/// # Errors
/// How it must begin.
pub fn check_database_url(url: &str) -> Result<(), &'static str> {
    if url.starts_with("sqlite:") || is_postgres(url) {
        return Ok(());
    }
    Err("must start with sqlite: or postgres:, such as sqlite:vestibule.db")
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres:") || url.starts_with("postgresql:")
}

/// Advises to remove parameters that have no effect. That is no error: services that host databases give URLs with
/// those of other drivers.
fn check_parameters(url: &str, found: &mut Findings) {
    let Ok(url) = Url::parse(url) else { return };
    for (name, _) in url.query_pairs() {
        if PARAMETERS.contains(&&*name) || name.starts_with("options[") {
            continue;
        }
        let nearest = PARAMETERS.iter().map(|known| (strsim::levenshtein(&name.to_lowercase(), known), known)).min();
        let fix = match nearest {
            Some((changes, known)) if changes * 3 <= known.len() => format!("did you mean {known}?"),
            _ => "remove it".to_owned(),
        };
        // As it would look in the URL, since it may have any character.
        let name = name.escape_default();
        found.advice(URL, format!("has the parameter {name}, which is unknown and has no effect: {fix}"));
    }
}

/// Checks that the files of certificates can be read that the URL names: PostgreSQL's error would not name them.
fn check_certificates(url: &str, found: &mut Findings) {
    let Ok(url) = Url::parse(url) else { return };
    for (name, file) in url.query_pairs().filter(|(name, _)| CERTIFICATES.contains(&&**name)) {
        if let Err(error) = File::open(&*file) {
            found.error(URL, format!("cannot read the {name} {file}: {error}"));
        }
    }
}

fn check_sqlite(url: &str, found: &mut Findings) {
    if let Err(error) = SqliteConnectOptions::from_str(url) {
        return found.error(URL, format!("is not a valid SQLite URL: {error}"));
    }
    let (path, parameters) = url.split_once('?').unwrap_or((url, ""));
    let modes: Vec<_> = parameters.split('&').filter_map(|parameter| parameter.strip_prefix("mode=")).collect();
    found.error_if(
        path.ends_with(":memory:") || modes.contains(&"memory"),
        URL,
        "a database in memory is empty at every start, and each connection has its own; use a file",
    );
    let immutable = ["immutable=1", "immutable=true"].iter().any(|word| parameters.contains(word));
    found.error_if(modes.contains(&"ro") || immutable, URL, "is read-only; remove the mode and immutable parameters");
}

/// Whether nobody on the network can read the connection: it stays on this machine, or TLS is required. `prefer`, the
/// default, is not enough: it continues without TLS if an attacker on the network claims that the server has none.
fn is_private(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let here = host == "localhost" || host.starts_with('/') || address.is_ok_and(|address| address.is_loopback());
    let tls = matches!(options.get_ssl_mode(), PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull);
    options.get_socket().is_some() || here || tls
}

/// Whether there is a SQLite database at `file`, or one can be created there, and SQLite's log beside it.
fn is_usable(file: &Path) -> Result<(), String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match fs::metadata(folder) {
        Err(error) => return Err(format!("cannot use the folder {}: {error}", folder.display())),
        Ok(found) if !found.is_dir() => return Err(format!("{} is not a folder", folder.display())),
        Ok(_) => {}
    }
    match fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(format!("cannot use {}: {error}", file.display())),
        Ok(found) if found.is_dir() => return Err(format!("{} is a folder; name a file in it", file.display())),
        Ok(_) => {
            let opened = OpenOptions::new().read(true).write(true).open(file);
            let opened = opened.map_err(|error| format!("cannot write to {}: {error}", file.display()))?;
            if !is_sqlite(opened) {
                return Err(format!("{} is not a SQLite database", file.display()));
            }
        }
    }
    // Permissions alone do not tell: the whole file system may be read-only.
    let probe = folder.join(format!(".vestibule-{}", Uuid::now_v7()));
    let created = File::create_new(&probe).and_then(|_| fs::remove_file(&probe));
    created.map_err(|error| format!("cannot write to the folder {}: {error}", folder.display()))
}

/// An empty file is a SQLite database as well.
fn is_sqlite(mut file: File) -> bool {
    let mut begins = Vec::new();
    let read = file.by_ref().take(SQLITE.len() as u64).read_to_end(&mut begins);
    read.is_ok() && (begins.is_empty() || begins == SQLITE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::findings::{Finding, Severity};

    fn findings(url: &str, allow_plaintext: bool, check: fn(&Database, &mut Findings)) -> Vec<Finding> {
        let mut found = Findings::default();
        check(&Database { url: url.into(), allow_plaintext, ..Database::default() }, &mut found);
        found.sorted()
    }

    #[test]
    fn no_password_is_shown() {
        let shown = without_credentials("postgres://me:s@cret@db/vestibule?sslmode=require");
        assert_eq!(shown, "postgres://db/vestibule");
        assert_eq!(without_credentials("sqlite:vestibule.db"), "sqlite:vestibule.db");
        let database = Database { url: "postgres://me:s3cret@db/x?password=s3cret".into(), ..Database::default() };
        assert!(!format!("{database:?}").contains("s3cret"));
    }

    #[test]
    fn a_database_elsewhere_is_spoken_to_in_private() {
        let errors = |url: &str, plaintext| findings(url, plaintext, Database::check);
        for good in [
            "postgres://me:s3cret@db.example/x?sslmode=require",
            "postgres://me:s3cret@db.example/x?sslmode=verify-ca",
            "postgresql://me:s3cret@10.0.0.5/x?ssl-mode=verify-full",
            "postgres://localhost/x",
            "postgres://me@127.0.0.1:5433/x?sslmode=disable",
            "postgres://me@[::1]/x",
            "postgres://me@%2Fvar%2Frun%2Fpostgresql/x",
            "postgres://me@localhost:5432/x?sslmode=disable&host=/tmp/socket",
        ] {
            assert!(errors(good, false).is_empty(), "{good}: {:?}", errors(good, false));
        }
        for bad in [
            "postgres://me:s3cret@db.example/x",
            "postgres://me:s3cret@db.example/x?sslmode=prefer",
            "postgres://me:s3cret@10.0.0.5/x?sslmode=disable",
            "postgres://me:s3cret@localhost/x?host=db.example",
            "postgres://me:s3cret@localhost/x?hostaddr=10.0.0.5",
            "postgres://me:s3cret@localhost.example/x",
            "postgres://me:s3cret@db/x",
        ] {
            let found = errors(bad, false);
            assert_eq!(found.len(), 1, "{bad}");
            let Finding { key, message, .. } = &found[0];
            assert!(*key == "database.url" && message.contains("sslmode=verify-full"), "{message}");
            assert!(message.contains("database.allow_plaintext") && !message.contains("s3cret"), "{message}");
            assert!(errors(bad, true).is_empty(), "{bad}");
        }
    }

    #[test]
    fn a_parameter_without_effect_is_named() {
        for (parameters, told) in [
            ("pgbouncr=true", "pgbouncr, which is unknown and has no effect: did you mean pgbouncer?"),
            ("SSLMODE=require", "did you mean sslmode?"),
            ("sslrootcrt=/etc/ca.pem", "did you mean sslrootcert?"),
            ("foo=s3cret", "foo, which is unknown and has no effect: remove it"),
        ] {
            let found = findings(&format!("postgres://localhost/x?{parameters}"), false, Database::check);
            assert_eq!(found.len(), 1, "{parameters}: {found:?}");
            let Finding { severity, key, message } = &found[0];
            assert!(*severity == Severity::Advice && *key == "database.url", "{found:?}");
            assert!(message.contains(told) && !message.contains("s3cret"), "{message}");
        }
        let known = "postgres://localhost/x?pgbouncer=true&options[search_path]=app&application_name=vestibule";
        assert!(findings(known, false, Database::check).is_empty());
    }

    #[test]
    fn a_database_that_keeps_nothing_is_refused() {
        let errors = |url: &str| findings(url, false, Database::check);
        for url in [
            "sqlite::memory:",
            "sqlite://:memory:",
            "sqlite:house.db?mode=memory",
            "sqlite:house.db?cache=shared&mode=memory",
            "sqlite:house.db?mode=ro",
            "sqlite:house.db?immutable=1",
            "sqlite:house.db?colour=blue",
        ] {
            let found = errors(url);
            assert!(found.len() == 1 && found[0].key == "database.url", "{url}: {found:?}");
        }
        assert!(errors("sqlite:house.db?mode=rwc").is_empty());
    }

    #[test]
    fn where_no_database_can_be_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
        fs::write(folder.path().join("diary.db"), "Dear diary,\n".repeat(1_000)).unwrap();
        fs::write(folder.path().join("empty.db"), "").unwrap();
        fs::write(folder.path().join("house.db"), [SQLITE.as_slice(), &[0; 84]].concat()).unwrap();
        let errors = |url: &str| findings(url, false, Database::check_file);
        for (url, told) in [
            (at("diary.db"), "is not a SQLite database"),
            (at(""), "is a folder"),
            (at("no/such/folder/house.db"), "cannot use the folder"),
            (at("diary.db/house.db"), "is not a folder"),
            ("postgres://me:s3cret@db/x?sslrootcert=/no/such/ca.pem".into(), "cannot read the sslrootcert /no/such/ca"),
            ("mysql://me:s3cret@db/x".into(), "must start with sqlite: or postgres:"),
            ("vestibule.db".into(), "must start with sqlite: or postgres:"),
        ] {
            let found = errors(&url);
            assert_eq!(found.len(), 1, "{url}");
            assert!(found[0].key == "database.url" && found[0].message.contains(told), "{url}: {found:?}");
            assert!(!found[0].message.contains("s3cret"));
        }
        let before = fs::read_dir(&folder).unwrap().count();
        for url in [at("empty.db"), at("house.db"), at("new.db"), "postgres://localhost/x".into()] {
            assert!(errors(&url).is_empty(), "{url}: {:?}", errors(&url));
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), before, "looking leaves nothing behind");
    }
}
