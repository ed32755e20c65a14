//! HTTP manners of the JSON mounts: tags, `OPTIONS`, `Accept`, compression, paging.

use std::io::Read;

use axum::http::Method;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::{NoContext, Uuid};

use crate::support::{
    Door, Request, Response, TestApp, on_both_databases, path_of,
    routes::{session_calls, token_calls},
};

on_both_databases! {
    any_of_several_tags_will_do,
    a_weak_tag_changes_nothing,
    a_change_that_insists_on_another_version_is_412,
    a_list_that_is_known_is_304,
    options_says_which_methods_there_are,
    who_takes_no_json_is_told_so_before_anything_is_done,
    long_lists_are_compressed_for_who_takes_it,
    what_has_a_strong_tag_is_left_as_it_is_on_the_way,
    what_holds_a_secret_is_never_compressed,
    head_is_get_without_a_body,
    a_note_that_comes_late_is_neither_skipped_nor_repeated,
    paging_holds_while_several_instances_write,
}

async fn any_of_several_tags_will_do(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let note = ada.note_path("a").await;
        let mut title = 0;
        let mut change = |tags: &[&str]| {
            title += 1;
            tags.iter().fold(door.patch(&note, json!({"title": title.to_string()})), |ask, tag| {
                ask.append_header("if-match", tag)
            })
        };
        change(&["\"7\", \"1\""]).await.assert_status(200);
        change(&["\"1\"", "W/\"9\" , \"2\""]).await.assert_status(200);
        change(&[" * "]).await.assert_status(200);
        change(&["\"1\", \"2\", \"3\""]).await.problem(412, "precondition_failed");
        change(&["\"4\", *"]).await.assert_status(200);
        door.delete(&note).header("if-match", "\"4\"").await.problem(412, "precondition_failed");
        door.delete(&note).header("if-match", "\"4\",\"5\"").await.assert_status(204);
        door.delete(&note).header("if-match", "\"5\"").await.problem(404, "not_found");
    }
}

async fn a_weak_tag_changes_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.note_path("a").await;
    for door in ada.doors() {
        let tag = door.get(&note).await.header("etag").to_owned();
        door.patch(&note, json!({"title": "b"}))
            .header("if-match", &format!("W/{tag}"))
            .await
            .problem(412, "precondition_failed");
        let reply = door.get(&note).header("if-none-match", &format!("\"0\", W/{tag}")).await;
        assert!(reply.assert_status(304).body.is_empty());
        assert_eq!(reply.header("etag"), tag);
    }
}

async fn a_change_that_insists_on_another_version_is_412(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.note_path("a").await;
    for door in ada.doors() {
        for unwanted in ["*", "\"1\"", "\"0\", W/\"1\""] {
            let ask = door.patch(&note, json!({"title": "b"})).header("if-none-match", unwanted);
            ask.await.problem(412, "precondition_failed");
        }
        door.delete(&note).header("if-none-match", "*").await.problem(412, "precondition_failed");
    }
    ada.client.patch(&note, json!({"title": "b"})).header("if-none-match", "\"9\"").await.assert_status(200);
}

async fn a_list_that_is_known_is_304(app: TestApp) {
    let ada = app.person("ada").await;
    ada.note("a", "").await;
    for door in ada.doors() {
        for path in ["/notes", "/notes?q=a&limit=1", "/tokens"] {
            let list = door.get(path).await;
            let tag = list.assert_status(200).header("etag").to_owned();
            assert!(tag.starts_with("W/\""), "{path}: {tag}");
            for known in [tag.as_str(), &tag[2..], &format!("\"x\", {tag}"), "*"] {
                let reply = door.get(path).header("if-none-match", known).await;
                assert!(reply.assert_status(304).body.is_empty(), "{path} {known}");
                assert_eq!(reply.header("etag"), tag);
            }
        }
        let tag = door.get("/notes").await.header("etag").to_owned();
        let note = ada.note("b", "").await;
        let reply = door.get("/notes").header("if-none-match", &tag).await;
        assert_eq!(reply.assert_status(200).json()["items"][0], note);
        // A change of what is listed is a change of the list.
        let tag = reply.header("etag").to_owned();
        ada.client.patch(&path_of(&note), json!({"body": "changed"})).await.assert_status(200);
        door.get("/notes").header("if-none-match", &tag).await.assert_status(200);
    }
}

async fn options_says_which_methods_there_are(app: TestApp) {
    let ada = app.person("ada").await;
    for (door, calls) in ada.doors().into_iter().zip([session_calls(), token_calls()]) {
        for call in &calls {
            let reply = door.call(Method::OPTIONS, &call.path("x")).await;
            assert!(reply.assert_status(204).body.is_empty(), "{}", reply.asked);
            let allowed: Vec<_> = reply.header("allow").split(',').collect();
            assert!(allowed.contains(&call.method.as_str()), "{}: {allowed:?}", reply.asked);
        }
        door.call(Method::OPTIONS, "/nothing").await.problem(404, "not_found");
    }
    // Nobody needs to be anybody for that.
    app.ask(Method::OPTIONS, "/api/v1/notes").await.assert_status(204);
}

async fn who_takes_no_json_is_told_so_before_anything_is_done(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        for accept in ["text/html", "application/xml, text/*;q=0.5", "*/*;q=0", "application/json;q=0"] {
            door.get("/me").header("accept", accept).await.problem(406, "not_acceptable");
            let write = door.post("/notes", json!({"title": "a", "body": ""})).header("accept", accept);
            write.await.problem(406, "not_acceptable");
        }
        for accept in
            ["*/*", "application/json", "application/problem+json", "text/html, */*;q=0.1", "application/*", ""]
        {
            door.get("/me").header("accept", accept).await.assert_status(200);
        }
    }
    assert_eq!(app.count("notes").await, 0);
}

fn unzipped(reply: &Response) -> Value {
    assert_eq!(reply.header("content-encoding"), "gzip", "{}", reply.asked);
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*reply.body).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn takes_gzip(ask: Request) -> Request {
    ask.header("accept-encoding", "br, gzip, deflate")
}

async fn long_lists_are_compressed_for_who_takes_it(app: TestApp) {
    let ada = app.person("ada").await;
    for number in 0..20 {
        ada.note(&number.to_string(), &"all work and no play ".repeat(20)).await;
    }
    for door in ada.doors() {
        let plain = door.get("/notes").await;
        assert!(!plain.has("content-encoding"));
        let zipped = takes_gzip(door.get("/notes")).await;
        assert_eq!(unzipped(&zipped), plain.json());
        assert!(zipped.body.len() * 4 < plain.body.len(), "{} of {}", zipped.body.len(), plain.body.len());
        assert_eq!(zipped.header("etag"), plain.header("etag"), "a weak tag is that of either");
        for reply in [&plain, &zipped] {
            let varies =
                reply.headers.get_all("vary").iter().any(|line| line.to_str().unwrap().contains("accept-encoding"));
            assert!(varies, "a cache must tell them apart");
        }
        takes_gzip(door.get("/notes")).header("if-none-match", zipped.header("etag")).await.assert_status(304);
        assert!(!takes_gzip(door.get("/notes?limit=1")).await.has("content-encoding"), "not worth it");
        assert!(!door.get("/notes").header("accept-encoding", "gzip;q=0").await.has("content-encoding"));
        // What is changed by its tag has a strong one, and stays as it is.
        let note = ada.note("long", &"all work and no play ".repeat(100)).await;
        let reply = takes_gzip(door.get(&path_of(&note))).await;
        assert!(!reply.has("content-encoding") && !reply.header("etag").starts_with("W/"));
        door.patch(&path_of(&note), json!({"title": "b"}))
            .header("if-match", reply.header("etag"))
            .await
            .assert_status(200);
        door.delete(&path_of(&note)).await.assert_status(204);
    }
}

async fn what_has_a_strong_tag_is_left_as_it_is_on_the_way(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let made = door.post("/notes", json!({"title": "a", "body": ""})).await;
        let path = path_of(&made.assert_status(201).json());
        let tag = made.header("etag").to_owned();
        let changed = door.patch(&path, json!({"title": "b"})).await;
        let known = door.get(&path).header("if-none-match", changed.assert_status(200).header("etag")).await;
        for reply in [&made, &changed, &door.get(&path).await, known.assert_status(304)] {
            assert!(reply.header("etag").starts_with('"'), "{}", reply.asked);
            assert_eq!(reply.header("cache-control"), "no-store, no-transform", "{}", reply.asked);
        }
        assert_ne!(changed.header("etag"), tag);
        assert_eq!(door.get("/notes").await.header("cache-control"), "no-store");
    }
}

async fn what_holds_a_secret_is_never_compressed(app: TestApp) {
    let ada = app.person("ada").await;
    let name = "a".repeat(100);
    let origins: Vec<_> = (0..5).map(|number| format!("https://{}{number}.example", "a".repeat(50))).collect();
    let token = json!({"name": name, "scopes": ["notes:read"], "days": 1, "origins": origins});
    let login = json!({"email": ada.email, "password": crate::support::PASSWORD, "name": name});
    let form = [("name", name.as_str()), ("days", "7"), ("scope-notes-read", "on")];
    for ask in [
        ada.browser.post("/tokens", token),
        app.post("/api/v1/login").json(login),
        ada.browser.ask(Method::POST, "/tokens").form(&form),
        ada.browser.ask(Method::GET, "/account"),
        ada.browser.ask(Method::GET, "/account/export"),
    ] {
        let reply = takes_gzip(ask).await;
        assert!(reply.status.is_success() && !reply.has("content-encoding"), "{}", reply.asked);
    }
}

async fn head_is_get_without_a_body(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.note_path("a").await;
    for door in ada.doors() {
        door.get("/me").await.assert_status(200);
        for path in ["/me", "/notes", "/notes?limit=1", "/tokens", &note] {
            let (get, head) = (door.get(path).await, door.call(Method::HEAD, path).await);
            assert!(head.assert_status(200).body.is_empty(), "{path}");
            for name in ["etag", "content-type", "content-length", "cache-control", "vary"] {
                assert_eq!(head.header(name), get.header(name), "{path}: {name}");
            }
        }
    }
    assert!(app.ask(Method::HEAD, "/api/v1/me").await.assert_status(401).body.is_empty());
}

/// A note whose id says that it was made `at`, as another instance would write it.
async fn plant(app: &TestApp, account: Uuid, title: &str, at: OffsetDateTime) -> Uuid {
    let seconds = u64::try_from(at.unix_timestamp()).unwrap();
    let id = Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, at.nanosecond()));
    let sqlite = app.settings.database.url.starts_with("sqlite:");
    let quoted = |id: Uuid| if sqlite { format!("x'{}'", id.simple()) } else { format!("'{id}'") };
    let now = if sqlite { "1" } else { "now()" };
    let (id_text, account) = (quoted(id), quoted(account));
    app.sql(&format!(
        "INSERT INTO notes (id, account_id, title, body, version, created_at, updated_at)
             VALUES ({id_text}, {account}, '{title}', '', 1, {now}, {now})"
    ))
    .await;
    id
}

/// Every page from the first on; between two of them `meanwhile` happens.
async fn pages(door: &dyn Door, limit: usize, mut meanwhile: impl AsyncFnMut(usize)) -> Vec<String> {
    let (mut seen, mut query) = (Vec::new(), format!("/notes?limit={limit}"));
    for round in 0.. {
        let page = door.get(&query).await.assert_status(200).json();
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|note| note["title"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("/notes?limit={limit}&cursor={cursor}");
        meanwhile(round).await;
    }
    seen
}

#[track_caller]
fn is_whole(seen: &[String], there: &[String]) {
    let mut once = seen.to_vec();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), seen.len(), "nothing comes twice: {seen:?}");
    for title in there {
        assert!(seen.contains(title), "{title} was skipped: {seen:?}");
    }
}

async fn a_note_that_comes_late_is_neither_skipped_nor_repeated(app: TestApp) {
    let ada = app.person("ada").await;
    let now = OffsetDateTime::now_utc();
    // All in one millisecond: their ids differ in what is random, and in that alone.
    let mut there = Vec::new();
    for number in 0..20 {
        there.push(format!("there {number}"));
        plant(&app, ada.account.id, &there[number], now).await;
    }
    for door in ada.doors() {
        let seen = pages(door, 3, async |round| {
            let mount = &door.mount()[1..4];
            if round > 12 {
                return;
            }
            // From the same millisecond, and from clocks that are ahead and behind.
            for (name, shift) in [("same", 0), ("ahead", 60), ("behind", -60)] {
                let title = format!("{mount} {name} {round}");
                plant(&app, ada.account.id, &title, now + Duration::seconds(shift)).await;
            }
        })
        .await;
        is_whole(&seen, &there);
        let behind =
            seen.iter().filter(|title| title.contains(&door.mount()[1..4]) && title.contains("behind")).count();
        assert!(behind > 0, "what comes behind the cursor is still met");
    }
}

async fn paging_holds_while_several_instances_write(app: TestApp) {
    let ada = app.person("ada").await;
    let there = app.another_instance().await;
    let mut titles = Vec::new();
    for number in 0..24 {
        titles.push(format!("there {number}"));
        let instance = if number % 2 == 0 { &app } else { &there };
        let body = json!({"title": titles[number], "body": ""});
        instance.client(&ada.client.token).post("/notes", body).await.assert_status(201);
    }
    let (writing, token) = ([app.clone(), there], ada.client.token.clone());
    let writers: tokio::task::JoinSet<()> = writing
        .into_iter()
        .map(|instance| {
            let client = instance.client(&token);
            async move {
                for number in 0..30 {
                    client
                        .post("/notes", json!({"title": format!("new {number}"), "body": ""}))
                        .await
                        .assert_status(201);
                }
            }
        })
        .collect();
    let seen = pages(&ada.client, 5, async |_| {}).await;
    writers.join_all().await;
    let old: Vec<_> = seen.into_iter().filter(|title| title.starts_with("there")).collect();
    titles.reverse();
    let mut sorted = old.clone();
    sorted.sort();
    let mut expected = titles.clone();
    expected.sort();
    assert_eq!(sorted, expected);
}
