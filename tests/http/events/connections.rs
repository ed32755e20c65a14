//! `GET events` over the wire: what an open stream is to the server's limits, and to its end.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    binary::{PATIENCE, Server},
    sockets::connect,
    support::folder,
};

/// Opens a stream, and gives the status, and the connection after the first event.
fn open(server: &Server, token: &str) -> (u16, BufReader<TcpStream>) {
    let mut stream = connect(server.address());
    let request = format!("GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    while status == 200 && !line.starts_with("event: ready") {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "it ends early");
    }
    (status, reader)
}

/// Running requests have 22 seconds to finish, longer than anything here may take.
#[test]
fn sigterm_ends_streams_at_once() {
    let server = Server::start(&folder(), &[]);
    let token = server.token();
    let (status, mut stream) = open(&server, &token);
    assert_eq!(status, 200);
    server.terminate();
    let mut line = String::new();
    while stream.read_line(&mut line).unwrap() > 0 {}
    assert!(line.ends_with("0\r\n\r\n"), "the response is whole: {line:?}");
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn who_hangs_up_makes_room() {
    let server = Server::start(&folder(), &[("VESTIBULE_EVENTS__STREAMS_PER_ACCOUNT", "1")]);
    let token = server.token();
    let (_, stream) = open(&server, &token);
    assert_eq!(open(&server, &token).0, 429);
    drop(stream);
    let begun = Instant::now();
    while open(&server, &token).0 != 200 {
        assert!(begun.elapsed() < PATIENCE, "it is still counted");
        sleep(Duration::from_millis(50));
    }
}

/// They are no large responses that wait for clients to read them.
#[test]
fn idle_streams_leave_room_for_large_responses() {
    let settings = [
        ("VESTIBULE_EVENTS__STREAMS_PER_ACCOUNT", "1000"),
        ("VESTIBULE_RATE_LIMITS__PER_TOKEN", "100000"),
        ("VESTIBULE_SERVER__CONNECTIONS_PER_NETWORK", "1000"),
    ];
    let server = Server::start(&folder(), &settings);
    let token = server.token();
    let streams: Vec<_> = (0..600).map(|_| open(&server, &token)).collect();
    assert!(streams.iter().all(|(status, _)| *status == 200));
    let (status, _, body) = server.call("GET /api/docs", &[], "");
    assert_eq!(status, 200);
    assert!(body.len() > 64 << 10, "it is a large response");
}
