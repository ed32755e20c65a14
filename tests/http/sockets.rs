//! Connections: what a client may do with one, and what it costs when it does nothing.
//!
//! What takes long is tried with short times on the listener itself, everything else on the binary.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    thread::sleep,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    routing::{get, post},
};
use tokio::sync::oneshot;
use vestibule::{
    http::{
        connection_limits::{Gate, Timeouts},
        listener::serve,
    },
    settings::Settings,
};

use crate::{
    binary::{PATIENCE, Server},
    support::folder,
};

/// Long enough never to be reached here.
const LONG: Duration = Duration::from_secs(600);
/// A short one, and one that is longer for sure.
pub(super) const SHORT: Duration = Duration::from_millis(300);
const LONGER: Duration = Duration::from_millis(1200);

fn patient() -> Timeouts {
    Timeouts { head: LONG, body: LONG, idle: LONG, idle_proxy: LONG, stall: LONG, grace: SHORT }
}

/// A listener with `timeouts`, in a thread of its own; it stops when this is dropped.
struct Listener {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Listener {
    fn open(timeouts: Timeouts) -> Self {
        let large = || async { vec![b'x'; 64 << 20] };
        let app = Router::new()
            .route("/", get(|| async { "hello" }))
            .route("/large", get(large))
            .route("/echo", post(|body: Bytes| async move { body }));
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = socket.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let gate = Gate::new(&Settings::default(), timeouts).unwrap();
                let listener = tokio::net::TcpListener::from_std(socket).unwrap();
                serve(listener, app, gate, async { drop(stopped.await) }).await;
            });
        });
        Self { address, _stop: stop }
    }

    fn connect(&self) -> TcpStream {
        connect(self.address)
    }
}

pub(super) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends a request without a body.
fn ask(stream: &mut TcpStream, path: &str) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).unwrap();
}

/// Reads one answer off the stream: its status and its body.
fn answer(stream: &mut TcpStream) -> (u16, String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), String::from_utf8(body).unwrap())
}

/// Whether the other side closes the connection without another word.
fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 16]) {
        Ok(size) => size == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

/// Waits until the other side has cut the connection, without reading from it.
fn is_cut(stream: &mut TcpStream, meanwhile: impl Fn(&mut TcpStream)) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        meanwhile(stream);
        if stream.write_all(b"x").is_err() {
            return true;
        }
        sleep(Duration::from_millis(50));
    }
    false
}

#[test]
fn a_client_that_does_not_read_is_cut_off() {
    let listener = Listener::open(Timeouts { stall: SHORT, ..patient() });
    let mut stream = listener.connect();
    ask(&mut stream, "/large");
    assert!(is_cut(&mut stream, |_| {}));
}

#[test]
fn a_byte_now_and_then_is_no_progress() {
    let listener = Listener::open(Timeouts { stall: SHORT, ..patient() });
    let mut stream = listener.connect();
    ask(&mut stream, "/large");
    assert!(is_cut(&mut stream, |stream| {
        let _ = stream.read(&mut [0]);
    }));
}

#[test]
fn who_reads_slowly_gets_everything() {
    let listener = Listener::open(Timeouts { stall: LONGER, ..patient() });
    let mut stream = listener.connect();
    ask(&mut stream, "/large");
    let mut part = vec![0; 8 << 20];
    for _ in 0..8 {
        sleep(SHORT);
        stream.read_exact(&mut part).unwrap();
    }
}

#[test]
fn the_time_for_a_head_is_not_that_between_two_requests() {
    let listener = Listener::open(Timeouts { head: SHORT, ..patient() });
    let mut stream = listener.connect();
    for _ in 0..2 {
        ask(&mut stream, "/");
        assert_eq!(answer(&mut stream), (200, "hello".into()));
        // Longer than a head may take, and yet the connection is there.
        sleep(LONGER);
    }
    stream.write_all(b"GET / HTTP/1.1\r\nhost: local").unwrap();
    assert!(is_closed(&mut stream), "a head that has begun comes to its end");
    assert!(is_closed(&mut listener.connect()), "and a connection is for asking something");
    // A byte now and then does not make it longer.
    let mut slow = listener.connect();
    slow.write_all(b"GET /").unwrap();
    assert!(is_cut(&mut slow, |_| {}));
}

/// Longer than 32 KiB with its request line, or with more than a hundred headers (RFC 6585, section 5).
#[test]
fn a_head_that_is_too_large_is_431() {
    let listener = Listener::open(patient());
    let begun = "GET / HTTP/1.1\r\nhost: localhost\r\nx-padding: ";
    let padded = |size: usize, end: &str| {
        let mut stream = listener.connect();
        let padding = "x".repeat(size - begun.len() - end.len());
        stream.write_all(format!("{begun}{padding}{end}").as_bytes()).unwrap();
        stream
    };
    assert_eq!(answer(&mut padded(31 << 10, "\r\n\r\n")), (200, "hello".into()));
    // No byte more than it reads: what is left unread would reset the connection, and its answer with it.
    let mut refused = padded(32 << 10, "");
    assert_eq!(answer(&mut refused).0, 431);
    assert!(is_closed(&mut refused));

    for (count, status) in [(90, 200), (100, 431)] {
        let mut stream = listener.connect();
        let headers = "x-one: more\r\n".repeat(count);
        stream.write_all(format!("GET / HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n").as_bytes()).unwrap();
        assert_eq!(answer(&mut stream).0, status, "{count} headers");
    }
}

#[test]
fn a_connection_that_nobody_uses_is_closed_in_the_end() {
    let listener = Listener::open(Timeouts { idle: SHORT, ..patient() });
    let mut stream = listener.connect();
    ask(&mut stream, "/");
    assert_eq!(answer(&mut stream).0, 200);
    assert!(is_closed(&mut stream));
}

#[test]
fn the_defaults_outlast_the_proxies_in_front() {
    let Timeouts { head, body, idle, idle_proxy, stall, .. } = Timeouts::default();
    assert_eq!((head.as_secs(), stall.as_secs()), (10, 30));
    assert!(idle > Duration::from_secs(120), "Caddy");
    assert!(idle_proxy > Duration::from_secs(900), "Cloudflare");
    assert!(body < Duration::from_secs(30), "or the request's time would be over first");
}

#[test]
fn a_body_has_a_time_of_its_own() {
    let listener = Listener::open(Timeouts { body: SHORT, ..patient() });
    let mut stream = listener.connect();
    stream.write_all(b"POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n12345").unwrap();
    assert_eq!(answer(&mut stream).0, 400);
    assert!(is_closed(&mut stream));
    let mut stream = listener.connect();
    stream.write_all(b"POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n1234567890").unwrap();
    assert_eq!(answer(&mut stream), (200, "1234567890".into()));
}

#[test]
fn a_body_that_is_refused_is_read_to_its_end_before_anything_is_closed() {
    let server = Server::start(&folder(), &[]);
    let token = server.token();
    let body = vec![b'x'; 900_000];
    let head = format!(
        "POST /api/v1/tokens HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    for _ in 0..20 {
        let mut stream = connect(server.address());
        for _ in 0..2 {
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&body).unwrap();
            assert_eq!(answer(&mut stream).0, 413);
        }
        ask(&mut stream, "/healthz");
        assert_eq!(answer(&mut stream), (200, "ok\n".into()));
    }
}

#[test]
fn a_body_without_end_is_not_read_without_end() {
    let server = Server::start(&folder(), &[]);
    let mut stream = connect(server.address());
    let head = "POST /api/v1/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    stream.write_all(format!("{head}content-length: {}\r\n\r\n", 1_u64 << 40).as_bytes()).unwrap();
    let part = vec![b'x'; 1 << 20];
    let sent = (0..256).take_while(|_| stream.write_all(&part).is_ok()).count();
    assert!(sent < 256, "{sent} MiB");
}

#[test]
fn a_request_names_its_host_once() {
    let server = Server::start(&folder(), &[]);
    let status = |request: &str| {
        let mut stream = connect(server.address());
        stream.write_all(request.as_bytes()).unwrap();
        answer(&mut stream)
    };
    for bad in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET /api/v1/me HTTP/1.1\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a b\r\n\r\n",
        "GET http://localhost/ HTTP/1.1\r\n\r\n",
    ] {
        let (code, body) = status(bad);
        assert_eq!(code, 400, "{bad}");
        assert!(body.contains(r#""code":"invalid_body""#) && body.contains("Host"), "{body}");
    }
    assert_eq!(status("GET /healthz HTTP/1.0\r\n\r\n").0, 200, "HTTP/1.0 knows no Host");
    assert_eq!(status("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").0, 200);
}

#[test]
fn one_network_does_not_take_all_connections() {
    let few = ("VESTIBULE_SERVER__CONNECTIONS_PER_NETWORK", "5");
    let server = Server::start(&folder(), &[few]);
    let mut inside: Vec<_> = (0..5).map(|_| connect(server.address())).collect();
    for stream in &mut inside {
        ask(stream, "/healthz");
        assert_eq!(answer(stream).0, 200);
    }
    let mut another = connect(server.address());
    ask(&mut another, "/healthz");
    let (status, body) = answer(&mut another);
    assert_eq!(status, 503);
    assert!(serde_json::from_str::<serde_json::Value>(&body).unwrap()["detail"].is_string());
    assert!(is_closed(&mut another));
    drop(inside);
    let begun = Instant::now();
    while server.call("GET /healthz", &[], "").0 != 200 {
        assert!(begun.elapsed() < PATIENCE, "what is closed is not counted");
        sleep(Duration::from_millis(20));
    }
    assert!(server.log().contains("server.connections_per_network"), "{}", server.log());

    // A trusted proxy brings everybody.
    let server = Server::start(&folder(), &[few, ("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.1")]);
    let mut inside: Vec<_> = (0..20).map(|_| connect(server.address())).collect();
    for stream in &mut inside {
        ask(stream, "/healthz");
        assert_eq!(answer(stream).0, 200);
    }
    let server = Server::start(&folder(), &[("VESTIBULE_SERVER__CONNECTIONS", "3")]);
    let mut inside: Vec<_> = (0..3).map(|_| connect(server.address())).collect();
    for stream in &mut inside {
        ask(stream, "/healthz");
        assert_eq!(answer(stream).0, 200);
    }
    assert_eq!(server.call("GET /healthz", &[], "").0, 503);
}
