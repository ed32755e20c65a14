//! The binary itself: how it starts, how it refuses to, and how it ends.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    ops::Range,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio, id},
    sync::atomic::{AtomicU32, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use time::OffsetDateTime;
use vestibule::timestamp::Timestamp;

use crate::support::{Database, PASSWORD, Postgres, Prepare, TestApp, folder, on_both_databases};

on_both_databases! {
    a_write_that_was_answered_survives_kill_9,
    sigterm_lets_a_request_come_to_its_end,
    the_log_holds_no_secret,
    the_address_is_the_connections_unless_a_trusted_proxy_says_another,
    a_database_of_a_newer_version_is_one_line_and_1,
}

/// How long anything may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn command(folder: &Path, address: SocketAddr, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command
        .env_clear()
        .env("LEPTOS_SITE_ADDR", address.to_string())
        // Not the one that follows the address, so that commands agree with the server.
        .env("VESTIBULE_SERVER__PUBLIC_URL", "http://localhost:3000")
        .env("RUST_BACKTRACE", "1")
        .envs(settings.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

/// With this setting, the public URL follows the address, as it does for anybody who does not set it.
pub(super) const PUBLIC_URL_BY_ADDRESS: (&str, &str) = ("VESTIBULE_SERVER__PUBLIC_URL", "");

/// With this setting, a server says in its log that it is open.
pub(super) const JSON_LOG: (&str, &str) = ("VESTIBULE_LOG__FORMAT", "json");

/// An address nobody listens on.
///
/// Not one that the system picks: it could give the port to a connection of another test before the server has it.
pub(super) fn free_address() -> SocketAddr {
    /// Below those of connections (`ip_local_port_range`).
    const PORTS: Range<u32> = 18_000..32_000;
    static TRIED: AtomicU32 = AtomicU32::new(0);
    loop {
        // By two: the port above is the Lab's. Tests that run at the same time begin at others.
        let number = id().wrapping_mul(194).wrapping_add(TRIED.fetch_add(2, Ordering::Relaxed));
        let port = PORTS.start + number % (PORTS.end - PORTS.start);
        let address = SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap()));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// A running server; it is killed when the test is over.
pub(super) struct Server {
    pub(super) child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts it in `folder` and waits until it says that it is open.
    pub(super) fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        Self::start_saying(folder, settings).0
    }

    /// The same, with the address of the outbox that it says then.
    pub(super) fn start_saying(folder: &Path, settings: &[(&str, &str)]) -> (Self, String) {
        let (address, log) = (free_address(), folder.join("log"));
        let mut command = command(folder, address, settings);
        let mut child = command.stdout(Stdio::piped()).stderr(fs::File::create(&log).unwrap()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        if settings.contains(&JSON_LOG) {
            let begun = Instant::now();
            // The last of these lines.
            while !fs::read_to_string(&log).unwrap().contains("Mail is shown at") {
                assert!(begun.elapsed() < PATIENCE, "{}", fs::read_to_string(&log).unwrap());
                sleep(Duration::from_millis(20));
            }
            return (Self { child, address, log }, String::new());
        }
        let mut line = || {
            let mut line = String::new();
            said.read_line(&mut line).unwrap();
            line
        };
        let port = if settings.contains(&PUBLIC_URL_BY_ADDRESS) { address.port() } else { 3000 };
        let open = format!("Vestibule is running at http://localhost:{port}\n");
        assert_eq!(line(), open, "{}", fs::read_to_string(&log).unwrap());
        assert!(line().starts_with("Version "));
        let outbox = line();
        (Self { child, address, log }, outbox)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn log_path(&self) -> PathBuf {
        self.log.clone()
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// One request: the status, the headers and the body.
    pub(super) fn call(&self, request: &str, headers: &[&str], body: &str) -> (u16, String, String) {
        let mut stream = self.connect();
        stream.write_all(head(request, headers, body.len()).as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        answer(stream)
    }

    pub(super) fn json(&self, request: &str, token: &str, body: &Value) -> (u16, Value) {
        let authorization = format!("authorization: Bearer {token}");
        let headers = ["content-type: application/json", &authorization];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, _, body) = self.call(request, &headers, &body);
        (status, serde_json::from_str(&body).unwrap_or_default())
    }

    pub(super) fn form(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> (u16, String, String) {
        let cookie = format!("cookie: {cookie}");
        let headers = ["content-type: application/x-www-form-urlencoded", "sec-fetch-site: same-origin", &cookie];
        self.call(&format!("POST {path}"), &headers, &serde_urlencoded::to_string(fields).unwrap())
    }

    /// Signs Ada up and gives her a token.
    pub(super) fn token(&self) -> String {
        let form = [("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
        assert_eq!(self.form("/sign-up", "", &form).0, 303);
        let (_, listed) = self.json("GET /api/v1/scopes", "", &Value::Null);
        let scopes: Vec<_> = listed["items"].as_array().unwrap().iter().map(|scope| &scope["name"]).collect();
        let login = json!({"email": "ada@example.org", "password": PASSWORD, "scopes": scopes});
        let (status, login) = self.json("POST /api/v1/login", "", &login);
        assert_eq!(status, 201);
        login["token"].as_str().unwrap().to_owned()
    }

    pub(super) fn terminate(&self) {
        let status = Command::new("sh").args(["-c", "kill -TERM $0", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// The exit code.
    pub(super) fn wait(mut self) -> Option<i32> {
        exit_code(&mut self.child)
    }
}

pub(super) fn exit_code(child: &mut Child) -> Option<i32> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        assert!(begun.elapsed() < PATIENCE, "it does not end");
        sleep(Duration::from_millis(20));
    }
}

fn head(request: &str, headers: &[&str], length: usize) -> String {
    let headers: String = headers.iter().flat_map(|line| [*line, "\r\n"]).collect();
    format!("{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n")
}

pub(super) fn answer(mut stream: TcpStream) -> (u16, String, String) {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), body.to_owned())
}

/// Starts it where it must refuse to, and gives the exit code and the one line it says.
pub(super) fn refusal(
    folder: &Path,
    address: SocketAddr,
    settings: &[(&str, &str)],
    arguments: &[&str],
) -> (i32, String) {
    let mut command = command(folder, address, settings);
    let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let code = exit_code(&mut child).unwrap();
    let (mut said, mut line) = (String::new(), String::new());
    child.stdout.unwrap().read_to_string(&mut said).unwrap();
    child.stderr.unwrap().read_to_string(&mut line).unwrap();
    assert_eq!(said, "", "what went wrong is no output");
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.starts_with("vestibule: ") && !line.contains("panicked"), "{line}");
    (code, line)
}

/// A database for the program: PostgreSQL's, or a SQLite file where it starts.
pub(super) enum DatabaseLocation {
    File,
    At(&'static str),
    Postgres(Postgres),
}

impl Prepare for DatabaseLocation {
    async fn on(database: Database) -> Self {
        match database {
            Database::Sqlite => Self::File,
            Database::Postgres => Self::Postgres(Postgres::new().await),
        }
    }
}

impl DatabaseLocation {
    pub(super) fn url(&self) -> &str {
        match self {
            Self::File => "sqlite:vestibule.db",
            Self::At(url) => url,
            Self::Postgres(postgres) => &postgres.url,
        }
    }
}

/// What `POST tokens` takes of a token that ends before that of a login does.
pub(super) fn new_token(name: &str) -> Value {
    let soon = Timestamp::new(OffsetDateTime::now_utc() + time::Duration::hours(1));
    json!({"name": name, "scopes": ["account:read"], "expires_at": soon})
}

async fn a_write_that_was_answered_survives_kill_9(place: DatabaseLocation) {
    let (folder, url) = (folder(), place.url());
    let settings = [("DATABASE_URL", url)];
    let mut server = Server::start(&folder, &settings);
    let token = server.token();
    let mut written = Vec::new();
    for round in 0..3 {
        let (status, made) = server.json("POST /api/v1/tokens", &token, &new_token(&round.to_string()));
        server.child.kill().unwrap();
        assert_eq!(status, 201);
        written.push(made);
        server.child.wait().unwrap();

        server = Server::start(&folder, &settings);
        let (status, list) = server.json("GET /api/v1/tokens", &token, &Value::Null);
        let list = list["items"].as_array().unwrap();
        // One is of the login.
        assert_eq!((status, list.len()), (200, written.len() + 1), "{list:?}");
        for made in &written {
            let found = list.iter().find(|found| found["id"] == made["id"]).unwrap();
            let same = |member: &str| found[member] == made[member];
            assert!(["name", "scopes", "created_at", "expires_at"].into_iter().all(same), "{found} {made}");
            assert_eq!(server.json("GET /api/v1/me", made["token"].as_str().unwrap(), &Value::Null).0, 200);
        }
    }
}

async fn sigterm_lets_a_request_come_to_its_end(place: DatabaseLocation) {
    let (folder, url) = (folder(), place.url());
    let server = Server::start(&folder, &[("DATABASE_URL", url)]);
    let token = server.token();
    let body = new_token("slow").to_string();
    let headers = ["content-type: application/json", &format!("authorization: Bearer {token}")];
    let mut slow = server.connect();
    slow.write_all(head("POST /api/v1/tokens", &headers, body.len()).as_bytes()).unwrap();
    slow.write_all(&body.as_bytes()[..5]).unwrap();
    sleep(Duration::from_millis(200));

    server.terminate();
    let begun = Instant::now();
    while TcpStream::connect(server.address).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "it goes on accepting");
        sleep(Duration::from_millis(20));
    }
    slow.write_all(&body.as_bytes()[5..]).unwrap();
    assert_eq!(answer(slow).0, 201);
    assert_eq!(server.wait(), Some(0));
    // SQLite's log is folded into the file, which can then be copied alone.
    let log = folder.join("vestibule.db-wal").metadata().map_or(0, |log| log.len());
    assert_eq!(log, 0);
}

async fn the_address_is_the_connections_unless_a_trusted_proxy_says_another(place: DatabaseLocation) {
    let (folder, url) = (folder(), place.url());
    let trusted = ("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.1");
    let mut known = false;
    for (settings, seen) in [(&[][..], "127.0.0.1"), (&[trusted][..], "192.0.2.1")] {
        let server = Server::start(&folder, &[&[("DATABASE_URL", url)], settings].concat());
        let form = [("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
        let headers = [
            "content-type: application/x-www-form-urlencoded",
            "sec-fetch-site: same-origin",
            "x-forwarded-for: 203.0.113.9, 192.0.2.1",
        ];
        let path = if known { "POST /sign-in" } else { "POST /sign-up" };
        known = true;
        let (status, head, _) = server.call(path, &headers, &serde_urlencoded::to_string(form).unwrap());
        assert_eq!(status, 303);
        let (_, rest) = head.split_once("set-cookie: session=").unwrap();
        let cookie = format!("cookie: session={}", rest.split_once(';').unwrap().0);
        let (_, _, page) = server.call("GET /account", &[&cookie], "");
        assert!(page.contains(&format!(" from {seen}")), "{seen}");
    }
}

async fn the_log_holds_no_secret(place: DatabaseLocation) {
    let (folder, url) = (folder(), place.url());
    let server = Server::start(&folder, &[("DATABASE_URL", url), ("RUST_LOG", "trace")]);
    let token = server.token();
    let wrong = "a wrong password";
    let (status, ..) = server.form("/sign-in", "", &[("email", "ada@example.org"), ("password", wrong)]);
    assert_eq!(status, 401);
    let form = [("email", "ada@example.org"), ("password", PASSWORD), ("remember", "on")];
    let (status, head, _) = server.form("/sign-in", "", &form);
    assert_eq!(status, 303);
    let (_, rest) = head.split_once("set-cookie: session=").unwrap();
    let id = rest.split_once(';').unwrap().0;
    let cookie = format!("session={id}");
    let form = [("name", "phone"), ("days", "7"), ("scope-account-read", "on")];
    let (status, _, page) = server.form("/tokens", &cookie, &form);
    assert_eq!(status, 201);
    let made = page.split_once(r#"<code id="secret">"#).unwrap().1.split_once('<').unwrap().0;
    assert_eq!(server.json("GET /api/v1/me?access_token=in-the-query", &token, &Value::Null).0, 422);
    assert_eq!(server.json("GET /api/v1/me", &token, &Value::Null).0, 200);
    server.json("GET /api/v1/me", "vst_nonsense-for-a-token", &Value::Null);
    server.form("/sign-out", &cookie, &[]);
    assert_eq!(server.form("/forgot", "", &[("email", "ada@example.org")]).0, 202);
    let link = mailed(&folder, "/reset/link_");
    assert_eq!(server.call(&format!("GET /reset/link_{link}"), &[], "").0, 200);
    assert_eq!(server.form(&format!("/reset/link_{link}"), "", &[("password", "short")]).0, 422);
    let confirm = mailed(&folder, "/confirm/link_");
    let tried = "tried-while-typing";
    let headers = ["content-type: application/json", "sec-fetch-site: same-origin"];
    let arguments = json!({"password": tried, "email": "", "name": ""}).to_string();
    assert_eq!(server.call("POST /fn/accounts/strength", &headers, &arguments).0, 200);
    server.terminate();
    let log = server.log.clone();
    assert_eq!(server.wait(), Some(0));

    let log = fs::read_to_string(log).unwrap();
    let events = ["account_created", "sign_in_failed", "signed_in", "token_created", "token_first_used", "signed_out"];
    for event in events.into_iter().chain(["mail_sent", "answered"]) {
        assert!(log.contains(event), "{event} is not in the log");
    }
    for secret in [
        PASSWORD,
        wrong,
        tried,
        &token,
        made,
        id,
        &link,
        &confirm,
        "in-the-query",
        "nonsense-for-a-token",
        "correct+horse",
    ] {
        if let Some(line) = log.lines().find(|line| line.contains(secret)) {
            panic!("{secret} is in the log: {line}");
        }
    }
}

/// What stands after `start` in the first mail of the outbox that has it.
fn mailed(folder: &Path, start: &str) -> String {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let files = fs::read_dir(folder.join("outbox")).into_iter().flatten().flatten();
        let texts = files.filter_map(|file| fs::read_to_string(file.path()).ok());
        if let Some(text) = texts.into_iter().find(|text| text.contains(start)) {
            let (_, rest) = text.split_once(start).unwrap();
            return rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        }
        sleep(Duration::from_millis(20));
    }
    panic!("no mail with {start}");
}

async fn a_database_of_a_newer_version_is_one_line_and_1(app: TestApp) {
    app.sql(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             SELECT 9999, 'future', success, checksum, 1 FROM _sqlx_migrations WHERE version = 1",
    )
    .await;
    let settings = [("DATABASE_URL", app.settings.database.url.as_str())];
    let (code, line) = refusal(&folder(), free_address(), &settings, &["serve"]);
    assert_eq!(code, 1);
    assert!(line.contains("newer vestibule") && line.contains("9999"), "{line}");
}

#[test]
fn an_unreadable_database_is_one_line_and_1() {
    let folder = folder();
    fs::write(folder.join("diary.db"), "Dear diary,\n".repeat(1_000)).unwrap();
    for url in ["sqlite:diary.db", "postgres://me:s3cret@127.0.0.1:1/vestibule"] {
        let (code, line) = refusal(&folder, free_address(), &[("DATABASE_URL", url)], &[]);
        assert_eq!(code, 1, "{line}");
        assert!(!line.contains("s3cret"), "{line}");
    }
}
