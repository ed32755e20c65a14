//! Opening the database. If that fails, the operator is told why in one line.

use std::fs;

use tokio::task::JoinSet;
use vestibule::db::{Clock, Db};

use crate::support::{Door, TestApp, folder, on_both_databases, resource::COLLECTION};

on_both_databases! {
    what_was_written_is_there_when_it_is_opened_again,
}

async fn refusal(url: &str) -> String {
    let line = Db::open(url, Clock::default()).await.expect_err("it should not open").to_string();
    assert_eq!(line.lines().count(), 1, "{line}");
    line
}

async fn what_was_written_is_there_when_it_is_opened_again(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item("kept", "text").await;
    app.db.close().await;
    let again = app.another_instance().await;
    let list = again.client(&ada.client.token).get(COLLECTION).await.assert_status(200).json();
    assert_eq!(list["items"][0], note);
}

/// As a command does right after the first start of a server.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_that_another_process_is_creating_is_waited_for() {
    let folder = folder();
    let url = format!("sqlite:{}", folder.join("new.db").display());
    let opened: JoinSet<_> = (0..8)
        .map(|_| {
            let url = url.clone();
            async move { Db::open(&url, Clock::default()).await.map(drop).map_err(|error| error.to_string()) }
        })
        .collect();
    assert_eq!(opened.join_all().await, vec![Ok(()); 8]);
}

/// The file is there as soon as a server begins to create its tables.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_command_waits_for_a_server_that_creates_the_database() {
    for _ in 0..5 {
        let folder = folder();
        let file = folder.join("new.db");
        let url = format!("sqlite:{}", file.display());
        let server = tokio::spawn({
            let url = url.clone();
            async move { Db::open(&url, Clock::default()).await.map(drop).map_err(|error| error.to_string()) }
        });
        while !file.exists() {
            tokio::task::yield_now().await;
        }
        let command = Db::open_existing(&url, Clock::default()).await.map(drop).map_err(|error| error.to_string());
        assert_eq!(command, Ok(()));
        assert_eq!(server.await.unwrap(), Ok(()));
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = folder();
    let file = folder.join("text.db");
    fs::write(&file, "Dear diary,\n".repeat(1_000)).unwrap();
    let line = refusal(&format!("sqlite:{}", file.display())).await;
    assert!(line.contains("text.db") && line.contains("must be a SQLite database"), "{line}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "Dear diary,\n".repeat(1_000));
}

#[tokio::test]
async fn a_place_where_no_file_can_be_is_refused() {
    let folder = folder();
    for place in [folder.clone(), folder.join("no/such/folder/house.db")] {
        let line = refusal(&format!("sqlite:{}", place.display())).await;
        assert!(line.contains("must exist and be writable"), "{line}");
    }
}

#[tokio::test]
async fn a_server_out_of_reach_is_refused_without_its_password() {
    let line = refusal("postgres://me:s3cret@127.0.0.1:1/vestibule").await;
    assert!(line.contains("127.0.0.1:1/vestibule") && line.contains("Check that the server runs"), "{line}");
    assert!(!line.contains("s3cret"), "{line}");
}

#[tokio::test]
async fn a_url_of_another_kind_is_refused() {
    for url in ["mysql://me:s3cret@db/vestibule", "vestibule.db", ""] {
        let line = refusal(url).await;
        assert!(line.contains("sqlite:") && line.contains("postgres:") && !line.contains("s3cret"), "{line}");
    }
}
