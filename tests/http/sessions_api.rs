//! Browser sessions and activity by the JSON API, at both doors.

use serde_json::json;
use time::Duration;
use uuid::Uuid;
use vestibule::auth::activity::service::list;

use crate::{
    browser_sessions::second_browser,
    support::{Door, PASSWORD, TestApp, all_scopes, members, on_both_databases},
};

on_both_databases! {
    browsers_are_listed_and_signed_out,
    nobody_signs_out_anothers_browser,
    signing_out_browsers_needs_the_password,
    what_happened_is_listed_by_pages,
}

async fn browsers_are_listed_and_signed_out(app: TestApp) {
    let ada = app.person("ada").await;
    app.person("bob").await;
    let second = second_browser(&app, &ada, true).await;
    for door in ada.doors() {
        let items = door.get("/sessions").await.assert_status(200).json()["items"].take();
        let items = items.as_array().unwrap();
        assert_eq!(items.len(), 2, "the newest first, and none of bob's");
        assert_eq!((&items[0]["remembered"], &items[1]["remembered"]), (&json!(true), &json!(false)));
        let current: Vec<_> = items.iter().map(|item| item["current"].as_bool().unwrap()).collect();
        assert_eq!(current, [false, door.mount() == "/session/v1"]);
        let expected = [
            "address",
            "bound_at",
            "browser",
            "created_at",
            "current",
            "ends_at",
            "expires_at",
            "id",
            "last_seen_at",
            "remembered",
            "user_agent",
        ];
        assert_eq!(members(&items[0]), expected);
    }
    let id = ada.client.get("/sessions").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    ada.client.delete(&format!("/sessions/{id}")).await.assert_status(204);
    ada.browser.delete(&format!("/sessions/{id}")).await.problem(404, "not_found");
    assert!(!second.is_signed_in().await && ada.browser.is_signed_in().await);

    let third = second_browser(&app, &ada, true).await;
    ada.browser.delete("/sessions").await.assert_status(204);
    assert!(!third.is_signed_in().await && ada.browser.is_signed_in().await);
    ada.client.get("/me").await.assert_status(200);
    ada.client.delete("/sessions").await.assert_status(204);
    assert!(!ada.browser.is_signed_in().await, "a token is no browser");
    app.db.wait_idle().await;
    let events = list(&app.db, ada.account.id).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.kind.as_str() == "sign_in_revoked").count(), 3);
}

async fn nobody_signs_out_anothers_browser(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let hers = ada.browser.get("/sessions").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    for door in bob.doors() {
        let mut bodies = Vec::new();
        for id in [hers.clone(), Uuid::now_v7().to_string(), "nonsense".into()] {
            let mut problem = door.delete(&format!("/sessions/{id}")).await.problem(404, "not_found");
            problem["request_id"].take();
            bodies.push(problem);
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]));
        assert!(!door.get("/sessions").await.text().contains(&hers));
        door.delete("/sessions").await.assert_status(204);
    }
    assert!(ada.browser.is_signed_in().await);
}

async fn signing_out_browsers_needs_the_password(app: TestApp) {
    let ada = app.person("ada").await;
    let own = app.token(&ada, &all_scopes()).await;
    app.clock.advance(Duration::minutes(10));
    let second = second_browser(&app, &ada, true).await;
    let id = ada.client.get("/sessions").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    for door in [&ada.browser as &dyn Door, &ada.client, &own] {
        for path in ["/sessions", &format!("/sessions/{id}")] {
            door.delete(path).await.problem(403, "reauthentication_required");
        }
    }
    assert!(second.is_signed_in().await);
    own.post("/reauthenticate", json!({"password": PASSWORD})).await.assert_status(204);
    own.delete(&format!("/sessions/{id}")).await.assert_status(204);
    assert!(!second.is_signed_in().await);
}

async fn what_happened_is_listed_by_pages(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    for number in 0..4 {
        ada.client.patch("/me", json!({"name": format!("Ada {number}")})).await.assert_status(200);
    }
    app.db.wait_idle().await;
    let all = list(&app.db, ada.account.id).await.unwrap();
    assert!(all.len() >= 7, "signing up, in, a token and its use, and four names: {}", all.len());
    for door in ada.doors() {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = door.get(&format!("/activity?limit=3&cursor={cursor}")).await.assert_status(200).json();
            assert_eq!(members(&page), ["items", "next_cursor"]);
            let items = page["items"].as_array().unwrap();
            assert!(items.len() == 3 || page["next_cursor"].is_null(), "{page}");
            seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.into(),
                None => break,
            }
        }
        let expected: Vec<_> = all.iter().map(|event| event.id.to_string()).collect();
        assert_eq!(seen, expected);
        let newest = door.get("/activity?limit=1").await.json()["items"][0].take();
        assert_eq!((&newest["event"], &newest["credential"]), (&json!("name_changed"), &json!("token")));
        let names = [
            "address",
            "at",
            "browser",
            "credential",
            "credential_id",
            "description",
            "event",
            "id",
            "subject",
            "subject_id",
        ];
        assert_eq!(members(&newest), names);
        for limit in ["0", "-1", "101", "many"] {
            door.get(&format!("/activity?limit={limit}")).await.names_field("limit");
        }
        door.get("/activity?cursor=nonsense").await.names_field("cursor");
    }
    // Another's cursor opens nothing.
    let theirs = bob.client.get(&format!("/activity?cursor={}", all[0].id)).await;
    assert!(!theirs.assert_status(200).text().contains("name_changed"));
}
