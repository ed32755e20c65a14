//! Notes where the binary runs: on a full disk, and in little memory.

use std::{fs, io::Write};

use serde_json::{Value, json};

use super::path_of;
use crate::{
    binary::{PATIENCE, Server},
    durable::{FILE, becomes, call, export_of, full, kept_while_it_fills, limit, unavailable},
    sockets::connect,
    support::folder,
};

#[test]
fn on_a_full_disk_no_note_is_acknowledged_that_is_not_kept() {
    let folder = folder();
    let server = Server::start(&folder, &FILE);
    let token = server.token();
    let note = |number: i32| json!({"title": number.to_string(), "body": "x".repeat(15_000)});
    let first = server.json("POST /api/v1/notes", &token, &note(0)).1;
    becomes(&server, 200);

    let kept = kept_while_it_fills(&server, &folder, &token, "POST /api/v1/notes", &first, note);

    limit(&server, &full(&folder));
    let path = format!("/api/v1{}", path_of(&first));
    unavailable(call(&server, &format!("PATCH {path}"), &token, &json!({"title": "changed"})));
    unavailable(call(&server, &format!("DELETE {path}"), &token, &Value::Null));
    becomes(&server, 503);

    limit(&server, "unlimited");
    becomes(&server, 200);
    let (status, list) = server.json("GET /api/v1/notes?limit=100", &token, &Value::Null);
    let listed: Vec<_> = list["items"].as_array().unwrap().iter().map(|note| note["id"].clone()).collect();
    assert_eq!((status, listed), (200, kept));
    assert_eq!(server.json(&format!("GET {path}"), &token, &Value::Null).1, first, "neither changed nor deleted");
    let log = server.log();
    for named in ["INSERT notes", "UPDATE notes", "DELETE notes"] {
        assert!(log.lines().any(|line| line.contains("write_failed") && line.contains(named)), "{named}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_of_notes_is_never_in_memory_whole() {
    let notes = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 5000)
         INSERT INTO notes (id, account_id, title, body, version, created_at, updated_at)
         SELECT randomblob(16), accounts.id, 'a', replace(hex(zeroblob(10000)), '0', 'x'), 1, 1, 1
         FROM number, accounts";
    export_of(5_000, r#""title":"a""#, notes, 65_000).await;
}

/// In bytes.
fn most_memory(server: &Server) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() << 10
}

/// Each answer is 8 MB where a page of a list is not bounded by its bytes.
#[test]
fn clients_that_do_not_read_cost_no_memory() {
    let server = Server::start(&folder(), &[]);
    let token = server.token();
    for number in 0..100 {
        let note = json!({"title": number.to_string(), "body": "\u{1f511}".repeat(20_000)});
        assert_eq!(server.json("POST /api/v1/notes", &token, &note).0, 201);
    }
    let mut asking: Vec<_> = (0..80).map(|_| connect(server.address())).collect();
    let list =
        format!("GET /api/v1/notes?limit=100 HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n");
    for stream in &mut asking {
        stream.write_all(list.as_bytes()).unwrap();
        stream.set_read_timeout(Some(3 * PATIENCE)).unwrap();
    }
    for stream in &asking {
        // Answered in any way, or cut off.
        let _ = stream.peek(&mut [0]);
    }
    let most = most_memory(&server);
    assert!(most < 500 << 20, "{} MiB", most >> 20);
    // And the others are served.
    assert_eq!(server.json("GET /api/v1/me", &token, &Value::Null).0, 200);
}
