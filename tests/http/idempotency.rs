//! A request that is sent twice: `Idempotency-Key`.

use axum::http::Method;
use serde_json::Value;
use time::Duration;
use tokio::task::JoinSet;
use vestibule::http::idempotency;

use crate::support::{
    Door, Request, TestApp, hang_up_after, on_both_databases,
    resource::{COLLECTION, TABLE, change, item, resource},
};

on_both_databases! {
    a_repeated_create_makes_one_note,
    the_first_answer_comes_again_whatever_became_of_the_note,
    a_key_with_another_request_is_422,
    each_account_and_each_mount_has_keys_of_its_own,
    of_many_at_once_one_makes_the_note,
    while_the_first_is_at_it_the_second_is_told_to_wait,
    what_was_left_half_done_is_finished_by_the_next,
    who_hangs_up_gets_the_answer_with_the_next_try,
    what_is_refused_may_be_mended_and_sent_again,
    a_key_that_is_none_is_400,
    keys_are_forgotten_after_a_day,
    a_key_without_a_body_is_not_kept,
    nothing_but_a_hash_of_the_key_is_kept,
}

fn note() -> Value {
    item("once", "only")
}

fn create(door: &dyn Door, key: &str) -> Request {
    door.post(COLLECTION, note()).header("idempotency-key", key)
}

async fn a_repeated_create_makes_one_note(app: TestApp) {
    let ada = app.person("ada").await;
    for (index, door) in ada.doors().into_iter().enumerate() {
        let first = create(door, "\"8e03978e-40d5\"").await;
        assert!(!first.assert_status(201).has("idempotent-replayed"));
        // In quotes or bare, it is the same key.
        for key in ["\"8e03978e-40d5\"", "8e03978e-40d5"] {
            let again = create(door, key).await;
            assert_eq!(again.assert_status(201).json(), first.json());
            assert_eq!(again.header("idempotent-replayed"), "true");
            for name in ["location", "etag", "content-type"] {
                assert_eq!(again.header(name), first.header(name), "{name}");
            }
        }
        create(door, "another").await.assert_status(201);
        door.post(COLLECTION, note()).await.assert_status(201);
        assert_eq!(app.count(TABLE).await, 3 * (i64::try_from(index).unwrap() + 1));
    }
}

async fn the_first_answer_comes_again_whatever_became_of_the_note(app: TestApp) {
    let ada = app.person("ada").await;
    let first = create(&ada.client, "a").await;
    let path = first.header("location").trim_start_matches("/api/v1").to_owned();
    ada.client.patch(&path, change("changed")).await.assert_status(200);
    assert_eq!(create(&ada.client, "a").await.assert_status(201).json(), first.json());
    ada.client.delete(&path).await.assert_status(204);
    assert_eq!(create(&ada.client, "a").await.assert_status(201).json(), first.json());
    assert_eq!(app.count(TABLE).await, 0, "it is not made anew");
}

async fn a_key_with_another_request_is_422(app: TestApp) {
    let ada = app.person("ada").await;
    create(&ada.client, "a").await.assert_status(201);
    for other in [item("twice", "only"), item("once", "")] {
        let reply = ada.client.post(COLLECTION, other).header("idempotency-key", "a").await;
        reply.problem(422, "idempotency_key_reused");
    }
    // Spelt another way it is the same request.
    let text = "{ \"body\":\"only\",\n \"title\" : \"\\u006fnce\" }";
    let ask = ada.client.call(Method::POST, COLLECTION).body("application/json", text).header("idempotency-key", "a");
    assert_eq!(ask.await.assert_status(201).header("idempotent-replayed"), "true");
    assert_eq!(app.count(TABLE).await, 1);
}

async fn each_account_and_each_mount_has_keys_of_its_own(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    for (index, door) in ada.doors().into_iter().chain(bob.doors()).enumerate() {
        let reply = create(door, "same").await;
        assert!(!reply.assert_status(201).has("idempotent-replayed"), "{index}");
    }
    assert_eq!(app.count(TABLE).await, 4);
}

async fn of_many_at_once_one_makes_the_note(app: TestApp) {
    let ada = app.person("ada").await;
    let there = app.another_instance().await;
    let clients = [ada.client.clone(), there.client(&ada.client.token)];
    let running: JoinSet<_> = (0..40).map(|number| create(&clients[number % 2], "race").into_future()).collect();
    let mut made = Vec::new();
    for reply in running.join_all().await {
        match reply.status.as_u16() {
            201 => made.push(reply.json()),
            409 => assert!(reply.problem(409, "conflict")["detail"].as_str().unwrap().contains("Idempotency-Key")),
            _ => panic!("{}", reply.text()),
        }
    }
    assert!(!made.is_empty() && made.iter().all(|note| *note == made[0]), "{made:?}");
    assert_eq!(app.count(TABLE).await, 1);
    assert_eq!(create(&ada.client, "race").await.assert_status(201).json(), made[0]);
}

async fn while_the_first_is_at_it_the_second_is_told_to_wait(app: TestApp) {
    let ada = app.person("ada").await;
    create(&ada.client, "a").await.assert_status(201);
    // As it is between the beginning and the answer.
    app.sql("UPDATE idempotency SET answer = NULL").await;
    create(&ada.client, "a").await.problem(409, "conflict");
    app.clock.advance(Duration::seconds(50));
    create(&ada.client, "a").await.problem(409, "conflict");
    assert_eq!(app.count(TABLE).await, 1);
}

async fn what_was_left_half_done_is_finished_by_the_next(app: TestApp) {
    let ada = app.person("ada").await;
    // Its server died after the note was made, or before.
    for died_after in [true, false] {
        let key = if died_after { "after" } else { "before" };
        let first = create(&ada.client, key).await.assert_status(201).json();
        app.sql("UPDATE idempotency SET answer = NULL").await;
        if !died_after {
            app.sql(&format!("DELETE FROM {TABLE}")).await;
        }
        app.clock.advance(Duration::minutes(1));
        let running: JoinSet<_> = (0..10).map(|_| create(&ada.client, key).into_future()).collect();
        let replies = running.join_all().await;
        let made: Vec<_> = replies.iter().filter(|reply| reply.status == 201).map(|reply| reply.json()).collect();
        assert!(!made.is_empty() && made.iter().all(|note| note["id"] == first["id"]), "{made:?}");
        assert!(replies.iter().all(|reply| matches!(reply.status.as_u16(), 201 | 409)));
        assert_eq!(app.count(TABLE).await, 1);
    }
}

/// At any moment from the claim of the key to the answer.
async fn who_hangs_up_gets_the_answer_with_the_next_try(app: TestApp) {
    let ada = app.person("ada").await;
    let (mut made, mut hung_up) = (0, 0);
    for _ in 0..10 {
        for polls in 1.. {
            made += 1;
            let key = made.to_string();
            let answered = hang_up_after(polls, create(&ada.client, &key)).await.is_some();
            app.db.wait_idle().await;
            create(&ada.client, &key).await.assert_status(201);
            assert_eq!(app.count(TABLE).await, made);
            if answered {
                break;
            }
            hung_up += 1;
        }
    }
    // On a busy machine the database may answer within the first poll, but not each time.
    assert!(hung_up > 0);
}

async fn what_is_refused_may_be_mended_and_sent_again(app: TestApp) {
    let ada = app.person("ada").await;
    let with = |body: Value| ada.client.post(COLLECTION, body).header("idempotency-key", "a");
    with(item("", "")).await.names_field("title");
    with(change("a")).await.names_field("body");
    assert_eq!(app.count("idempotency").await, 0);
    with(note()).await.assert_status(201);
}

async fn a_key_that_is_none_is_400(app: TestApp) {
    let ada = app.person("ada").await;
    for key in ["", "\"\"", "\"open", "a b", "é", &"x".repeat(256)] {
        create(&ada.client, key).await.problem(400, "invalid_body");
    }
    create(&ada.client, "a").append_header("idempotency-key", "a").await.problem(400, "invalid_body");
    assert_eq!(app.count(TABLE).await, 0);
    create(&ada.client, &"x".repeat(255)).await.assert_status(201);
}

async fn keys_are_forgotten_after_a_day(app: TestApp) {
    let ada = app.person("ada").await;
    for key in ["a", "b", "c"] {
        create(&ada.browser, key).await.assert_status(201);
    }
    app.clock.advance(Duration::hours(23));
    ada.browser
        .submit("/sign-in", &[("email", &ada.email), ("password", crate::support::PASSWORD)])
        .await
        .assert_status(303);
    assert_eq!(idempotency::delete_expired(&app.db, 10).await.unwrap(), 0);
    create(&ada.browser, "a").await.assert_status(201);
    assert_eq!(app.count(TABLE).await, 3);
    app.clock.advance(Duration::hours(1) + Duration::seconds(1));
    assert_eq!(idempotency::delete_expired(&app.db, 2).await.unwrap(), 2);
    assert_eq!(idempotency::delete_expired(&app.db, 2).await.unwrap(), 1);
    create(&ada.browser, "a").await.assert_status(201);
    assert_eq!(app.count(TABLE).await, 4);
    // And with the account.
    app.sql("DELETE FROM accounts").await;
    assert_eq!(app.count("idempotency").await, 0);
}

async fn a_key_without_a_body_is_not_kept(app: TestApp) {
    let ada = app.person("ada").await;
    let ask = ada.client.call(Method::POST, COLLECTION).header("idempotency-key", "a");
    ask.await.problem(415, "unsupported_media_type");
    app.post(resource!("/api/v1" => ""))
        .json(note())
        .header("idempotency-key", "a")
        .await
        .problem(401, "token_missing");
    assert_eq!(app.count("idempotency").await, 0);
}

async fn nothing_but_a_hash_of_the_key_is_kept(app: TestApp) {
    let ada = app.person("ada").await;
    create(&ada.client, "a-key-that-would-be-seen").await.assert_status(201);
    let dump = app.dump().await;
    assert!(!dump.windows(24).any(|part| part == b"a-key-that-would-be-seen"));
}
