//! PostgreSQL's backups, by its own programs: `pg_dump` makes them, `pg_restore` checks them and writes the script that
//! [`super::dump_restore`] runs.

use std::{
    env, fs,
    io::BufReader,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    str::FromStr,
};

use sqlx::{ConnectOptions, Connection, Executor, PgConnection, Row, postgres::PgConnectOptions};
use url::Url;

use super::script::{self, Part};
use crate::{settings::without_credentials as shown, timestamp::Timestamp};

/// Where Debian has the programs, in a folder for each version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// The parameters of a URL that the programs know as well.
const KNOWN: [&str; 10] =
    ["host", "hostaddr", "port", "user", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey", "application_name"];
/// The schemas in which a restore keeps what was there before.
pub(super) const REPLACED: &str = "replaced_";

/// A program that works on the database at `url`. The password is in its environment, where other users of the machine
/// cannot read it.
fn program(name: &str, bin: &str, url: Option<&str>) -> Result<Command, String> {
    let path = find(name, bin).ok_or_else(|| {
        let place = if bin.is_empty() { "on the PATH".to_owned() } else { format!("in {bin} (backup.postgres_bin)") };
        format!(
            "{name} is not {place}. Install the client programs of PostgreSQL, of the server's version or a later one \
             (on Debian: postgresql-client), or set backup.postgres_bin to their folder"
        )
    })?;
    let mut command = Command::new(path);
    command.stdin(Stdio::null());
    if let Some(url) = url {
        let mut url = Url::parse(url).map_err(|_| "database.url is not a valid URL".to_owned())?;
        if let Some(password) = url.password() {
            let password = percent_encoding::percent_decode_str(password).decode_utf8_lossy().into_owned();
            command.env("PGPASSWORD", password);
            let _ = url.set_password(None);
        }
        let known: Vec<(String, String)> =
            url.query_pairs().into_owned().filter(|(name, _)| KNOWN.contains(&name.as_str())).collect();
        url.set_query(None);
        if !known.is_empty() {
            url.query_pairs_mut().extend_pairs(known);
        }
        command.arg(format!("--dbname={url}"));
    }
    Ok(command)
}

/// Whether the programs are there that make a backup and check it.
///
/// # Errors
/// One line for the operator that names the program that is missing.
pub fn has_programs(bin: &str) -> Result<(), String> {
    ["pg_dump", "pg_restore"].into_iter().try_for_each(|name| program(name, bin, None).map(drop))
}

fn find(name: &str, bin: &str) -> Option<PathBuf> {
    if !bin.is_empty() {
        return Some(Path::new(bin).join(name)).filter(|path| path.is_file());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<_> = fs::read_dir(DEBIAN).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    debian.sort_by_key(|path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()));
    let debian = debian.into_iter().rev().map(|version| version.join("bin"));
    env::split_paths(&path).chain(debian).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Runs `command`, and returns what it printed.
fn output(mut command: Command) -> Result<String, String> {
    let done = command.output().map_err(|error| error.to_string())?;
    if !done.status.success() {
        return Err(one_line(&done.stderr));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

fn one_line(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    said.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

pub(super) fn make(url: &str, bin: &str, to: &Path) -> Result<(), String> {
    let mut command = program("pg_dump", bin, Some(url))?;
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--no-password"]);
    // What mails say that wait may have links that open accounts.
    command.arg("--exclude-table-data=*.outgoing_mails").arg(format!("--exclude-schema={REPLACED}*"));
    command.arg("--file").arg(to);
    output(command).map(drop)
}

/// Reads all of the backup `file`, and returns the versions of the migrations that its tables have had, as far as they
/// are in rows of `COPY`.
pub(super) fn verify(bin: &str, file: &Path) -> Result<Vec<i64>, String> {
    const TABLE: &str = "_sqlx_migrations";
    let list = list(bin, file)?;
    if !list.lines().any(|line| line.contains("TABLE DATA") && line.contains(TABLE)) {
        return Err("it has no tables of a server".into());
    }
    let (mut versions, mut column) = (Vec::new(), None);
    script(bin, file, |part| {
        match part {
            Part::Copy(statement) => column = script::column(&statement, TABLE, "version"),
            Part::Rows(rows) => versions.extend(column.map(|at| script::numbers(&rows, at)).unwrap_or_default()),
            Part::Sql(_) | Part::End => {}
        }
        true
    })?;
    Ok(versions)
}

/// The table of contents.
fn list(bin: &str, file: &Path) -> Result<String, String> {
    let mut command = program("pg_restore", bin, None)?;
    command.arg("--list").arg(file);
    output(command)
}

/// When the backup `file` was made, in the words of `pg_restore`.
pub(super) fn made_at(bin: &str, file: &Path) -> Result<String, String> {
    let list = list(bin, file)?;
    let said = list.lines().find_map(|line| line.split_once("Archive created at "));
    Ok(said.map_or_else(|| "an unknown time".to_owned(), |(_, time)| time.trim().to_owned()))
}

/// Gives `take` the script by which the backup `file` is restored, until that returns false. All of the file is read.
pub(super) fn script(bin: &str, file: &Path, take: impl FnMut(Part) -> bool) -> Result<(), String> {
    let mut command = program("pg_restore", bin, None)?;
    command.args(["--no-owner", "--no-privileges", "--file=-"]).arg(file);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
    let read = child.stdout.take().map_or(Ok(()), |said| script::parts(BufReader::new(said), take));
    let done = child.wait_with_output().map_err(|error| error.to_string())?;
    if !done.status.success() {
        let said = one_line(&done.stderr);
        return Err(if said.is_empty() { done.status.to_string() } else { said });
    }
    read.map_err(|error| error.to_string())
}

/// What stands in the way of a restore.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Whether there are tables of a server.
    pub tables: bool,
    /// How many others are connected to the database.
    pub others: i64,
}

/// What the database at `url` has.
///
/// # Errors
/// One line for the operator.
pub async fn look(url: &str) -> Result<Found, String> {
    let work = async {
        let mut connection = connect(url).await?;
        let found = seen(&mut connection).await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>(found)
    };
    work.await.map_err(|error| cannot_open(url, &error))
}

/// The same on a connection.
pub(super) async fn seen(connection: &mut PgConnection) -> sqlx::Result<Found> {
    let row = connection
        .fetch_one(
            "SELECT to_regclass('_sqlx_migrations') IS NOT NULL,
                (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                    AND pid <> pg_backend_pid() AND backend_type = 'client backend')",
        )
        .await?;
    Ok(Found { tables: row.try_get(0)?, others: row.try_get(1)? })
}

pub(super) fn cannot_open(url: &str, error: &sqlx::Error) -> String {
    format!("cannot open the database {}: {error}", shown(url))
}

pub(super) async fn connect(url: &str) -> sqlx::Result<PgConnection> {
    let (url, _) = super::pooler::asked_for(url);
    // Statements of a restore are slow, and as long as a schema.
    PgConnection::connect_with(&PgConnectOptions::from_str(&url)?.disable_statement_logging()).await
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Runs `work`, which waits for programs or the disk, on a thread of its own.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(error.to_string()))
}

/// A time that can be part of a file's name and sorts by age.
pub fn stamp(now: Timestamp) -> String {
    now.to_string().chars().filter(char::is_ascii_alphanumeric).collect()
}
