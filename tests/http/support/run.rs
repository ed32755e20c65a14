//! What one run of the tests needs on the machine, all of it removed at the end: a folder, and a PostgreSQL in it.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::MetadataExt,
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{Connection, Executor, PgConnection};

use super::template;

/// Starts PostgreSQL when it is asked to, and waits at its standard input, a pipe whose other end only the test process
/// holds. However that process ends, the pipe closes; then PostgreSQL is stopped and the folder removed.
///
/// PostgreSQL refuses to run as root, so root hands it over to the user `postgres`, with a program that may not be on
/// root's PATH.
const WATCHER: &str = r#"
trap '' INT HUP TERM
PATH=$PATH:/usr/sbin:/sbin
folder=$1 as= binaries=
cd "$folder" || exit 1
start() {
    if [ "$(id -u)" = 0 ]; then
        as="runuser -u postgres --"
        chmod a+x . && chown postgres postgres
    fi
    cd postgres &&
    $as "$binaries/initdb" --pgdata=data --username=vestibule --auth=trust --encoding=UTF8 --no-locale --no-sync &&
    cat ../postgresql.conf >> data/postgresql.conf &&
    $as "$binaries/pg_ctl" start --wait --pgdata=data --log=server.log
}
while read -r binaries_given; do
    binaries=$binaries_given
    if start > log 2>&1 < /dev/null; then
        echo ready
    else
        tr '\n' ' ' < "$folder/log"
        echo
    fi
done
if [ -n "$binaries" ]; then
    $as "$binaries/pg_ctl" stop --mode=immediate --pgdata="$folder/postgres/data" > /dev/null 2>&1 < /dev/null
fi
cd / && rm -rf "$folder"
"#;

/// Nothing in it outlives the run, so nothing has to reach the disk.
const POSTGRESQL_CONF: &str = "
listen_addresses = ''
max_connections = 1000
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 128MB
";

struct Run {
    folder: PathBuf,
    orders: Mutex<ChildStdin>,
    answers: Mutex<BufReader<ChildStdout>>,
    _watcher: Child,
}

/// An empty folder.
pub fn folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let folder = run().folder.join(COUNT.fetch_add(1, Ordering::Relaxed).to_string());
    fs::create_dir(&folder).unwrap();
    folder
}

/// A PostgreSQL database for one test. Each takes 7 MB, so those no longer used are dropped before the next is made.
#[derive(Debug)]
pub struct Postgres {
    /// How to reach it.
    pub url: String,
    pub(super) name: String,
}

static DONE_WITH: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Drop for Postgres {
    fn drop(&mut self) {
        DONE_WITH.lock().unwrap().push(std::mem::take(&mut self.name));
    }
}

impl Postgres {
    /// An empty one.
    pub async fn new() -> Self {
        Self::copy_of("template1").await
    }

    /// One that every migration has run on.
    pub async fn migrated() -> Self {
        Self::copy_of(template::postgres().await).await
    }

    /// A copy of the database `template`, which nobody may be connected to.
    async fn copy_of(template: &str) -> Self {
        static CLUSTER: OnceLock<()> = OnceLock::new();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        CLUSTER.get_or_init(start_postgres);
        let mut admin = PgConnection::connect(&url("postgres")).await.unwrap();
        let done_with = std::mem::take(&mut *DONE_WITH.lock().unwrap());
        for name in done_with {
            admin.execute(format!("DROP DATABASE {name} WITH (FORCE)").as_str()).await.unwrap();
        }
        let name = format!("house_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        admin.execute(format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY").as_str()).await.unwrap();
        admin.close().await.unwrap();
        Self { url: url(&name), name }
    }
}

/// A `PgBouncer` in transaction mode before a database, with fewer connections to it than clients have.
#[derive(Debug)]
pub struct Pgbouncer {
    /// How to reach the database through it.
    pub url: String,
    running: Child,
}

/// Ends with the pipe at its standard input, however the test ends.
const POOLER: &str = r#""$0" "$@" > log 2>&1 < /dev/null & pooler=$!; read -r _; kill $pooler; wait"#;

impl Drop for Pgbouncer {
    fn drop(&mut self) {
        drop(self.running.stdin.take());
        let _ = self.running.wait();
    }
}

impl Pgbouncer {
    /// One before `postgres`.
    pub async fn before(postgres: &Postgres) -> Self {
        let (folder, socket) = (folder(), run().folder.join("postgres"));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = format!(
            "[databases]\n* = host={} port=5432 user=vestibule\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             default_pool_size = 3\nmax_client_conn = 500\n",
            socket.display()
        );
        fs::write(folder.join("pgbouncer.ini"), settings).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", POOLER]).arg(program("pgbouncer", &["/usr/sbin"])).current_dir(&folder);
        // Like PostgreSQL, it refuses to run as root.
        if fs::metadata(&folder).unwrap().uid() == 0 {
            command.args(["-u", "postgres"]);
        }
        let running = command.arg("pgbouncer.ini").stdin(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(begun.elapsed().as_secs() < 20, "PgBouncer does not start: {log}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let url = format!("postgres://vestibule@127.0.0.1:{port}/{}?sslmode=disable&pgbouncer=true", postgres.name);
        Self { url, running }
    }
}

/// The path of a program, on the PATH or in one of `folders`.
fn program(name: &str, folders: &[&str]) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut places = env::split_paths(&path).chain(folders.iter().map(PathBuf::from)).map(|folder| folder.join(name));
    let found = places.find(|place| place.is_file());
    found.unwrap_or_else(|| panic!("{name} is not installed. Run `make test`: its set-up installs it"))
}

fn url(database: &str) -> String {
    let socket = run().folder.join("postgres");
    format!("postgres://vestibule@localhost:5432/{database}?sslmode=disable&host={}", socket.display())
}

fn run() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| {
        let folder = tempfile::Builder::new().prefix("vestibule-tests-").tempdir().unwrap().keep();
        let mut watcher = Command::new("sh")
            .args(["-c", WATCHER, "watcher"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let orders = Mutex::new(watcher.stdin.take().unwrap());
        let answers = Mutex::new(BufReader::new(watcher.stdout.take().unwrap()));
        Run { folder, orders, answers, _watcher: watcher }
    })
}

fn start_postgres() {
    let run = run();
    let socket = run.folder.join("postgres");
    let settings = format!("{POSTGRESQL_CONF}unix_socket_directories = '{}'\n", socket.display());
    fs::create_dir(&socket).unwrap();
    fs::write(run.folder.join("postgresql.conf"), settings).unwrap();
    writeln!(run.orders.lock().unwrap(), "{}", binaries().display()).unwrap();
    let mut answer = String::new();
    run.answers.lock().unwrap().read_line(&mut answer).unwrap();
    assert_eq!(answer, "ready\n", "PostgreSQL did not start");
}

/// The folder that holds PostgreSQL's programs. Debian keeps them off the PATH.
fn binaries() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    debian.sort();
    let places = env::split_paths(&path).chain(debian.into_iter().rev());
    let real = |folder: PathBuf| Some(folder.join("initdb").canonicalize().ok()?.parent()?.to_owned());
    let whole = |folder: &PathBuf| ["initdb", "postgres", "pg_ctl"].iter().all(|name| folder.join(name).is_file());
    places.filter_map(real).find(whole).expect(
        "PostgreSQL is not installed, and these tests run on both databases. Run `make test`: its set-up installs it",
    )
}
