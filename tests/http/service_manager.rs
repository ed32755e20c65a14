//! What a service manager and a machine can rely on: one server for each SQLite file and for each UNIX socket, secrets
//! in files, what systemd is told, and signals.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixDatagram, UnixStream},
    },
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    binary::{PATIENCE, Server, command, exit_code, free_address, refusal},
    operators::run_with,
    support::{PASSWORD, RawDb, folder},
};

const SQLITE: (&str, &str) = ("DATABASE_URL", "sqlite:vestibule.db");

fn signal(id: u32, name: &str) {
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {id}")]).status().unwrap();
    assert!(status.success());
}

/// Waits until `there` is true.
fn wait_for(what: &str, there: impl Fn() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn two_servers_on_one_sqlite_file_are_one_too_many() {
    let folder = folder();
    let patient = [SQLITE, ("VESTIBULE_SERVER__SHUTDOWN_SECONDS", "30")];
    let hasty = [SQLITE, ("VESTIBULE_SERVER__SHUTDOWN_SECONDS", "1"), ("RUST_LOG", "error")];
    let first = Server::start(&folder, &patient);
    let (code, line) = refusal(&folder, free_address(), &hasty, &["serve"]);
    assert_eq!(code, 1);
    assert!(
        line.contains(&format!("another server (process {})", first.id())) && line.contains("PostgreSQL"),
        "{line}"
    );
    // Beside a server, commands go on working.
    run_with(&folder, &[SQLITE], &["accounts", "list"], "").assert_status(0);

    // One that begins while the other stops waits for it.
    let mut next = command(&folder, free_address(), &patient);
    let log = folder.join("next");
    let mut next = next.stdout(Stdio::null()).stderr(fs::File::create(&log).unwrap()).spawn().unwrap();
    wait_for("it does not wait", || fs::read_to_string(&log).unwrap().contains("waiting up to 30 s"));
    assert!(next.try_wait().unwrap().is_none());
    first.terminate();
    assert_eq!(first.wait(), Some(0));
    let lock = folder.join("vestibule.db-server");
    wait_for("it does not start", || fs::read_to_string(&lock).unwrap().trim() == next.id().to_string());
    // A crash blocks no start.
    next.kill().unwrap();
    next.wait().unwrap();
    drop(Server::start(&folder, &hasty));
}

/// A server that is killed when the test is over.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ask(path: &Path, head: &str) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "{head}host: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_proxy_reaches_the_server_at_a_unix_socket() {
    let folder = folder();
    let path = folder.join("http.sock");
    let address = format!("unix:{}", path.display());
    let settings = [SQLITE, ("LEPTOS_SITE_ADDR", address.as_str()), ("VESTIBULE_SERVER__SOCKET_MODE", "0600")];
    let log = folder.join("log");
    let start = || {
        let mut command = command(&folder, free_address(), &settings);
        let child = command.stdout(Stdio::null()).stderr(fs::File::create(&log).unwrap()).spawn().unwrap();
        let server = Running(child);
        wait_for("it does not listen", || UnixStream::connect(&path).is_ok());
        server
    };
    // As a killed server leaves it.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let mut server = start();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(ask(&path, "GET /healthz HTTP/1.1\r\n").starts_with("HTTP/1.1 200"));

    // The proxy is believed about the client's address, without being listed.
    let form = [("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    let body = serde_urlencoded::to_string(form).unwrap();
    let head = format!(
        "POST /sign-up HTTP/1.1\r\nsec-fetch-site: same-origin\r\nx-forwarded-for: 203.0.113.9, 192.0.2.1\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nhost: localhost\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let events = run_with(&folder, &[SQLITE], &["activity", "list", "ada@example.org", "--json"], "").json();
    assert!(events.as_array().unwrap().iter().all(|event| event["address"] == "192.0.2.1"), "{events}");

    // A second server does not take it away.
    let other = [&settings[1..], &[("DATABASE_URL", "sqlite:other.db")]].concat();
    let said = run_with(&folder, &other, &["serve"], "").assert_status(1);
    assert!(said.err.contains("another server listens there"), "{}", said.err);
    assert!(ask(&path, "GET /healthz HTTP/1.1\r\n").starts_with("HTTP/1.1 200"));
    signal(server.0.id(), "TERM");
    assert_eq!(exit_code(&mut server.0), Some(0), "{}", fs::read_to_string(&log).unwrap());
    assert!(!path.exists());
}

#[test]
fn systemd_is_told_and_a_reload_ends_nothing() {
    let folder = folder();
    let path = folder.join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let told = || {
        let mut said = [0; 64];
        let length = socket.recv(&mut said).unwrap();
        String::from_utf8_lossy(&said[..length]).into_owned()
    };
    let path = path.display().to_string();
    let settings = [SQLITE, ("NOTIFY_SOCKET", path.as_str()), ("WATCHDOG_USEC", "100000")];
    let server = Server::start(&folder, &settings);
    while told() != "READY=1" {}
    while told() != "WATCHDOG=1" {}
    signal(server.id(), "HUP");
    wait_for("SIGHUP is not logged", || server.log().contains("SIGHUP changes nothing"));
    assert_eq!(server.call("GET /readyz", &[], "").0, 200);
    server.terminate();
    while told() != "STOPPING=1" {}
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn secrets_are_read_from_files_and_named_by_them() {
    let folder = folder();
    fs::write(folder.join("url"), "sqlite:from-a-file.db\n").unwrap();
    let server = Server::start(&folder, &[("DATABASE_URL_FILE", "url")]);
    assert!(folder.join("from-a-file.db").exists());
    let said = run_with(&folder, &[("DATABASE_URL_FILE", "url")], &["accounts", "list"], "").assert_status(0);
    assert!(said.err.contains("sqlite:from-a-file.db (from DATABASE_URL_FILE"), "{}", said.err);
    drop(server);

    fs::create_dir(folder.join("credentials")).unwrap();
    fs::write(folder.join("credentials/database.url"), "sqlite:from-a-credential.db").unwrap();
    drop(Server::start(&folder, &[("CREDENTIALS_DIRECTORY", "credentials")]));
    assert!(folder.join("from-a-credential.db").exists());

    // As in a unit whose settings name the database as before.
    let both = [("CREDENTIALS_DIRECTORY", "credentials"), SQLITE];
    let told = "database.url is given twice: DATABASE_URL is used and the credential database.url is not";
    let said = run_with(&folder, &both, &["check"], "").assert_status(0).out;
    assert!(said.contains(told) && !said.contains("from-a-credential"), "{said}");
    let server = Server::start(&folder, &both);
    assert!(server.log().contains(told) && !server.log().contains("from-a-credential"), "{}", server.log());
    drop(server);

    fs::write(folder.join("url"), "postgres://me:s3cret@db.example/x").unwrap();
    for (settings, told) in [
        (&[("DATABASE_URL_FILE", "url")][..], "database.allow_plaintext"),
        (&[("DATABASE_URL_FILE", "url"), SQLITE], "are both set"),
        (&[("VESTIBULE_MAIL__SMTP_URL_FILE", "nowhere")], "nowhere"),
        (&[("VESTIBULE_MAIL__FROM_FILE", "url")], "is not a setting"),
    ] {
        let (code, line) = refusal(&folder, free_address(), settings, &["serve"]);
        assert!(code == 2 && line.contains(told) && !line.contains("s3cret"), "{settings:?}: {line}");
    }
}

#[tokio::test]
async fn passkeys_of_another_domain_are_told_at_the_start() {
    let folder = folder();
    // What is logged until it is open.
    let start = |url: &str| {
        let mut command = command(&folder, free_address(), &[SQLITE, ("VESTIBULE_SERVER__PUBLIC_URL", url)]);
        let log = folder.join("log");
        let child = command.stdout(Stdio::piped()).stderr(fs::File::create(&log).unwrap()).spawn().unwrap();
        let mut server = Running(child);
        let mut line = String::new();
        BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains(url), "{line}");
        fs::read_to_string(&log).unwrap()
    };
    let server = Server::start(&folder, &[SQLITE]);
    server.token();
    drop(server);
    let mut raw = RawDb::connect(&format!("sqlite:{}", folder.join("vestibule.db").display())).await;
    raw.run(
        "INSERT INTO passkeys (id, account_id, credential_id, public_key, sign_count, backup_eligible, backed_up, aaguid,
            name, created_at)
         SELECT id, id, id, id, 0, 0, 0, id, 'phone', created_at FROM accounts",
    )
    .await;
    let told = "browsers no longer offer those that were made before (1 in the database)";
    assert!(!start("http://localhost:4000").contains(told), "another port is the same domain");
    let log = start("https://accounts.example.com");
    assert!(log.contains(told) && log.contains("localhost") && log.contains("accounts.example.com"), "{log}");
    assert!(!start("https://accounts.example.com").contains(told), "once");
}
