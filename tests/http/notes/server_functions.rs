//! The server functions of notes, as their islands call them.

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::MEMBERS;
use crate::support::{Browser, Door, Person, Request, TestApp, members, on_both_databases};

on_both_databases! {
    they_list_create_and_save,
    a_failure_is_a_problem_with_its_own_status,
    anothers_note_is_not_found,
    arguments_that_cannot_be_read_are_400,
    what_a_page_sends_is_for_whom_it_was_made,
    a_page_of_notes_says_whose_they_are,
}

fn call(browser: &Browser, name: &str, arguments: Value) -> Request {
    browser.ask(Method::POST, &format!("/fn/notes/{name}")).json(arguments)
}

fn draft(title: &str, body: &str) -> Value {
    json!({"draft": {"title": title, "body": body}})
}

fn change(id: &str, version: i64, title: &str, body: &str) -> Value {
    json!({"id": id, "version": version, "draft": {"title": title, "body": body}})
}

async fn they_list_create_and_save(app: TestApp) {
    let ada = app.person("ada").await;
    let note = call(&ada.browser, "create", draft("Milk", "two litres")).await.assert_status(200).json();
    assert_eq!(members(&note), MEMBERS);
    let id = note["id"].as_str().unwrap();
    let saved = call(&ada.browser, "save", change(id, 1, "Milk", "three litres")).await;
    assert_eq!(saved.assert_status(200).json(), json!(2));

    let list = call(&ada.browser, "list", json!({"q": "THREE"})).await.assert_status(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0], ada.client.get(&format!("/notes/{id}")).await.json());
    let list = call(&ada.browser, "list", json!({"q": "", "cursor": id})).await.assert_status(200).json();
    assert_eq!(list["items"], json!([]));
}

async fn a_failure_is_a_problem_with_its_own_status(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.note("a", "").await;
    let id = note["id"].as_str().unwrap();
    call(&ada.browser, "create", draft(" ", "")).await.names_field("title");
    call(&ada.browser, "create", draft("a", &"x".repeat(20_001))).await.names_field("body");
    call(&ada.browser, "list", json!({"q": "", "cursor": "x"})).await.names_field("cursor");
    let late = call(&ada.browser, "save", change(id, 0, "b", "")).await;
    late.problem(412, "precondition_failed");
    let gone = Uuid::now_v7().to_string();
    let gone = call(&ada.browser, "save", change(&gone, 1, "b", "")).await;
    gone.problem(404, "not_found");
    assert_eq!(ada.client.get("/notes").await.json()["items"], json!([note]));
}

async fn anothers_note_is_not_found(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let note = ada.note("secret", "").await;
    let taken = change(note["id"].as_str().unwrap(), 1, "taken", "");
    call(&bob.browser, "save", taken).await.problem(404, "not_found");
    let list = call(&bob.browser, "list", json!({"q": "secret"})).await.json();
    assert_eq!(list["items"], json!([]));
    assert_eq!(ada.client.get("/notes").await.json()["items"][0]["title"], "secret");
}

async fn arguments_that_cannot_be_read_are_400(app: TestApp) {
    let ada = app.person("ada").await;
    let id = Uuid::now_v7().to_string();
    for arguments in [
        json!({}),
        json!([]),
        json!(null),
        draft("a", ""),
        json!({"draft": "a"}),
        change("nonsense", 1, "a", ""),
        json!({"id": id, "version": "many", "draft": {"title": "a", "body": ""}}),
    ] {
        call(&ada.browser, "save", arguments).await.problem(400, "invalid_body");
    }
    call(&ada.browser, "create", json!({})).await.problem(400, "invalid_body");
    for body in [b"{\"draft\"".as_slice(), b"draft[title]=a&draft[body]=", b"\xff\x00", b""] {
        let ask = ada.browser.ask(Method::POST, "/fn/notes/create").body("application/json", body);
        ask.await.problem(400, "invalid_body");
    }
    assert_eq!(app.count("notes").await, 0);
}

/// Bob signs in in another tab, and Ada's page is still open in the first.
async fn what_a_page_sends_is_for_whom_it_was_made(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let note = bob.note("Bob's", "").await;
    let of_ada = json!({
        "for_account": id(&ada).await, "q": "", "id": note["id"], "version": 1, "draft": {"title": "Ada's", "body": ""},
    });
    for name in ["create", "save", "list"] {
        let problem = call(&bob.browser, name, of_ada.clone()).await.problem(409, "account_changed");
        assert!(problem["detail"].as_str().unwrap().contains("another account"), "{problem}");
        let nobody = call(&app.browser(), name, of_ada.clone()).await;
        nobody.problem(401, "not_signed_in");
    }
    assert_eq!(bob.client.get("/notes").await.json()["items"], json!([note]));
    assert_eq!(app.count("notes").await, 1);

    call(&ada.browser, "create", of_ada.clone()).await.assert_status(200);
    assert_eq!(call(&ada.browser, "list", of_ada).await.assert_status(200).json()["items"][0]["title"], "Ada's");
}

async fn a_page_of_notes_says_whose_they_are(app: TestApp) {
    let ada = app.person("ada").await;
    let said = format!("&quot;account&quot;:&quot;{}&quot;", id(&ada).await);
    for path in ["/notes".to_owned(), ada.note_path("a").await] {
        let page = ada.browser.visit(&path).await.page(200);
        assert!(page.contains(&said), "{page}");
    }
}

async fn id(person: &Person) -> String {
    person.client.get("/me").await.json()["id"].as_str().unwrap().to_owned()
}
