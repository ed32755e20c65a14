//! HTTP manners of the JSON mounts: tags, `OPTIONS`, `Accept`, compression, paging.

use std::io::Read;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{
    Door, Request, Response, TestApp, on_both_databases,
    resource::{COLLECTION, READ_FIELD, READ_NAME, TABLE, change, item, path_of, resource},
    routes::{session_calls, token_calls},
    without_database,
};

on_both_databases! {
    any_of_several_tags_will_do,
    a_tag_that_a_proxy_made_weak_is_the_same_version,
    what_is_no_tag_is_400,
    a_merge_patch_is_taken_and_told_of,
    a_change_that_insists_on_another_version_is_412,
    a_list_that_is_known_is_304,
    head_is_get_without_a_body,
}

without_database! {
    options_says_which_methods_there_are,
    who_takes_no_json_is_told_so_before_anything_is_done,
    long_lists_are_compressed_for_who_takes_it,
    what_has_a_strong_tag_is_left_as_it_is_on_the_way,
    what_holds_a_secret_is_never_compressed,
}

async fn any_of_several_tags_will_do(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let note = ada.item_path("a").await;
        let mut title = 0;
        let mut change = |tags: &[&str]| {
            title += 1;
            tags.iter()
                .fold(door.patch(&note, change(title.to_string())), |ask, tag| ask.append_header("if-match", tag))
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

async fn a_tag_that_a_proxy_made_weak_is_the_same_version(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    for door in ada.doors() {
        let tag = door.get(&note).await.header("etag").to_owned();
        let weak = || door.patch(&note, change(door.mount())).header("if-match", &format!("W/{tag}"));
        weak().await.assert_status(200);
        weak().await.problem(412, "precondition_failed");
    }
}

async fn what_is_no_tag_is_400(app: TestApp) {
    let ada = app.person("ada").await;
    let item = ada.item_path("a").await;
    for door in ada.doors() {
        for wrong in ["1", "W/1", "'1'", "\"1", "\"1\" \"2\"", ""] {
            let asks = [
                door.patch(&item, change("b")).header("if-match", wrong),
                door.delete(&item).header("if-match", wrong),
                door.patch(&item, change("b")).header("if-none-match", wrong),
                door.get(&item).header("if-none-match", wrong),
                door.get(COLLECTION).header("if-none-match", wrong),
            ];
            for ask in asks {
                let problem = ask.await.problem(400, "invalid_body");
                assert!(problem["detail"].as_str().unwrap().contains("Match: \"3\"`"), "{problem}");
            }
        }
        assert_eq!(door.get(&item).await.json()["version"], 1);
    }
}

async fn a_merge_patch_is_taken_and_told_of(app: TestApp) {
    let ada = app.person("ada").await;
    let item = ada.item_path("a").await;
    for door in ada.doors() {
        let patch = |kind| door.call(Method::PATCH, &item).body(kind, change("b").to_string());
        patch("application/merge-patch+json").await.assert_status(200);
        let refused = patch("application/json-patch+json").await;
        refused.problem(415, "unsupported_media_type");
        let told = [refused, door.get(&item).await, door.call(Method::OPTIONS, &item).await];
        for reply in told.into_iter().chain([door.call(Method::PUT, &item).await]) {
            assert_eq!(
                reply.header("accept-patch"),
                "application/merge-patch+json, application/json",
                "{}",
                reply.asked
            );
        }
        door.patch(&item, json!({"title": null})).await.names_field("title");
    }
}

async fn a_change_that_insists_on_another_version_is_412(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    for door in ada.doors() {
        for unwanted in ["*", "\"1\"", "\"0\", W/\"1\""] {
            let ask = door.patch(&note, change("b")).header("if-none-match", unwanted);
            ask.await.problem(412, "precondition_failed");
        }
        door.delete(&note).header("if-none-match", "*").await.problem(412, "precondition_failed");
    }
    ada.client.patch(&note, change("b")).header("if-none-match", "\"9\"").await.assert_status(200);
}

async fn a_list_that_is_known_is_304(app: TestApp) {
    let ada = app.person("ada").await;
    ada.item("a", "").await;
    for door in ada.doors() {
        for path in [COLLECTION, resource!("?q=a&limit=1"), "/tokens"] {
            let list = door.get(path).await;
            let tag = list.assert_status(200).header("etag").to_owned();
            assert!(tag.starts_with("W/\""), "{path}: {tag}");
            for known in [tag.as_str(), &tag[2..], &format!("\"x\", {tag}"), "*"] {
                let reply = door.get(path).header("if-none-match", known).await;
                assert!(reply.assert_status(304).body.is_empty(), "{path} {known}");
                assert_eq!(reply.header("etag"), tag);
            }
        }
        let tag = door.get(COLLECTION).await.header("etag").to_owned();
        let note = ada.item("b", "").await;
        let reply = door.get(COLLECTION).header("if-none-match", &tag).await;
        assert_eq!(reply.assert_status(200).json()["items"][0], note);
        // A change of what is listed is a change of the list.
        let tag = reply.header("etag").to_owned();
        ada.client.patch(&path_of(&note), json!({"body": "changed"})).await.assert_status(200);
        door.get(COLLECTION).header("if-none-match", &tag).await.assert_status(200);
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
        door.call(Method::OPTIONS, "/nothing").await.problem(404, "route_not_found");
    }
    // Nobody needs to be anybody for that.
    app.ask(Method::OPTIONS, resource!("/api/v1" => "")).await.assert_status(204);
}

async fn who_takes_no_json_is_told_so_before_anything_is_done(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        for accept in ["text/html", "application/xml, text/*;q=0.5", "*/*;q=0", "application/json;q=0"] {
            door.get("/me").header("accept", accept).await.problem(406, "not_acceptable");
            let write = door.post(COLLECTION, item("a", "")).header("accept", accept);
            write.await.problem(406, "not_acceptable");
        }
        for accept in
            ["*/*", "application/json", "application/problem+json", "text/html, */*;q=0.1", "application/*", ""]
        {
            door.get("/me").header("accept", accept).await.assert_status(200);
        }
    }
    assert_eq!(app.count(TABLE).await, 0);
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
        ada.item(&number.to_string(), &"all work and no play ".repeat(20)).await;
    }
    for door in ada.doors() {
        let plain = door.get(COLLECTION).await;
        assert!(!plain.has("content-encoding"));
        let zipped = takes_gzip(door.get(COLLECTION)).await;
        assert_eq!(unzipped(&zipped), plain.json());
        assert!(zipped.body.len() * 4 < plain.body.len(), "{} of {}", zipped.body.len(), plain.body.len());
        assert_eq!(zipped.header("etag"), plain.header("etag"), "a weak tag is that of either");
        for reply in [&plain, &zipped] {
            let varies =
                reply.headers.get_all("vary").iter().any(|line| line.to_str().unwrap().contains("accept-encoding"));
            assert!(varies, "a cache must tell them apart");
        }
        takes_gzip(door.get(COLLECTION)).header("if-none-match", zipped.header("etag")).await.assert_status(304);
        assert!(!takes_gzip(door.get(resource!("?limit=1"))).await.has("content-encoding"), "not worth it");
        assert!(!door.get(COLLECTION).header("accept-encoding", "gzip;q=0").await.has("content-encoding"));
        // What is changed by its tag has a strong one, and stays as it is.
        let note = ada.item("long", &"all work and no play ".repeat(100)).await;
        let reply = takes_gzip(door.get(&path_of(&note))).await;
        assert!(!reply.has("content-encoding") && !reply.header("etag").starts_with("W/"));
        door.patch(&path_of(&note), change("b")).header("if-match", reply.header("etag")).await.assert_status(200);
        door.delete(&path_of(&note)).await.assert_status(204);
    }
}

async fn what_has_a_strong_tag_is_left_as_it_is_on_the_way(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let made = door.post(COLLECTION, item("a", "")).await;
        let path = path_of(&made.assert_status(201).json());
        let tag = made.header("etag").to_owned();
        let changed = door.patch(&path, change("b")).await;
        let known = door.get(&path).header("if-none-match", changed.assert_status(200).header("etag")).await;
        for reply in [&made, &changed, &door.get(&path).await, known.assert_status(304)] {
            assert!(reply.header("etag").starts_with('"'), "{}", reply.asked);
            assert_eq!(reply.header("cache-control"), "no-store, no-transform", "{}", reply.asked);
        }
        assert_ne!(changed.header("etag"), tag);
        assert_eq!(door.get(COLLECTION).await.header("cache-control"), "no-store");
    }
}

async fn what_holds_a_secret_is_never_compressed(app: TestApp) {
    let ada = app.person("ada").await;
    let name = "a".repeat(100);
    let origins: Vec<_> = (0..5).map(|number| format!("https://{}{number}.example", "a".repeat(50))).collect();
    let token = json!({"name": name, "scopes": [READ_NAME], "days": 1, "origins": origins});
    let login = json!({"email": ada.email, "password": crate::support::PASSWORD, "name": name});
    let form = [("name", name.as_str()), ("days", "7"), (READ_FIELD, "on")];
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
    let note = ada.item_path("a").await;
    for door in ada.doors() {
        door.get("/me").await.assert_status(200);
        for path in ["/me", COLLECTION, resource!("?limit=1"), "/tokens", &note] {
            let (get, head) = (door.get(path).await, door.call(Method::HEAD, path).await);
            assert!(head.assert_status(200).body.is_empty(), "{path}");
            for name in ["etag", "content-type", "content-length", "cache-control", "vary"] {
                assert_eq!(head.header(name), get.header(name), "{path}: {name}");
            }
        }
    }
    ada.client.call(Method::HEAD, resource!("/x")).await.assert_status(404);
    assert!(app.ask(Method::HEAD, "/api/v1/me").await.assert_status(401).body.is_empty());
}
