//! The list of notes, page by page.

use serde_json::Value;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::{NoContext, Uuid};

use super::{MEMBERS, list, path_of, titles, write};
use crate::support::{Door, TestApp, members, on_both_databases};

on_both_databases! {
    notes_come_newest_first_and_twenty_at_a_time,
    limit_is_1_to_100,
    a_cursor_we_never_gave_is_refused,
    paging_neither_skips_nor_repeats_while_notes_are_added_and_deleted,
    a_page_of_long_notes_is_bounded_in_bytes,
    a_note_that_comes_late_is_neither_skipped_nor_repeated,
    paging_holds_while_several_instances_write,
}

async fn notes_come_newest_first_and_twenty_at_a_time(app: TestApp) {
    let ada = app.person("ada").await;
    for number in 0..25 {
        ada.note(&number.to_string(), "").await;
    }
    for door in ada.doors() {
        let first = list(door, "").await;
        let expected: Vec<_> = (5..25).rev().map(|number| number.to_string()).collect();
        assert_eq!(titles(&first), expected);
        assert_eq!(members(&first["items"][0]), MEMBERS);
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = list(door, &format!("?cursor={cursor}")).await;
        assert_eq!(titles(&second), ["4", "3", "2", "1", "0"]);
        assert_eq!(second["next_cursor"], Value::Null);
    }
}

async fn limit_is_1_to_100(app: TestApp) {
    let ada = app.person("ada").await;
    write(&ada, &["a", "b", "c"]).await;
    for door in ada.doors() {
        assert_eq!(titles(&list(door, "?limit=1").await), ["c"]);
        // Exactly as many as there are is the last page.
        assert_eq!(list(door, "?limit=3").await["next_cursor"], Value::Null);
        assert_eq!(titles(&list(door, "?limit=100").await).len(), 3);
        for limit in ["0", "101", "-1", "x", "1.5", "", "99999999999999999999"] {
            door.get(&format!("/notes?limit={limit}")).await.names_field("limit");
        }
    }
}

async fn a_cursor_we_never_gave_is_refused(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        for cursor in ["x", "1", "%00", "' OR 1=1".replace(' ', "+").as_str()] {
            door.get(&format!("/notes?cursor={cursor}")).await.names_field("cursor");
        }
    }
}

async fn paging_neither_skips_nor_repeats_while_notes_are_added_and_deleted(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let prefix = door.mount();
        let mut expected: Vec<_> = (0..7).map(|number| format!("{prefix} {number}")).collect();
        for title in &expected {
            ada.note(title, "").await;
        }
        expected.reverse();

        let (mut seen, mut query) = (Vec::new(), format!("?limit=2&q={prefix}"));
        loop {
            let page = list(door, &query).await;
            seen.extend(titles(&page));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            query = format!("?limit=2&q={prefix}&cursor={cursor}");
            ada.note(&format!("{prefix} new"), "").await;
            // The note the cursor stands at goes away.
            ada.client.delete(&path_of(&page["items"][1])).await.assert_status(204);
        }
        assert_eq!(seen, expected);
    }
}

async fn a_page_of_long_notes_is_bounded_in_bytes(app: TestApp) {
    let ada = app.person("ada").await;
    for number in 0..30 {
        // Six bytes each in JSON.
        ada.note(&number.to_string(), &"\u{1}".repeat(20_000)).await;
    }
    for door in ada.doors() {
        let (mut seen, mut path, mut pages) = (Vec::new(), "/notes?limit=100".to_owned(), 0);
        loop {
            let page = door.get(&path).await;
            assert!(page.assert_status(200).body.len() < 1_100_000, "{}", page.body.len());
            pages += 1;
            seen.extend(titles(&page.json()));
            let Some(cursor) = page.json()["next_cursor"].as_str().map(str::to_owned) else { break };
            path = format!("/notes?limit=100&cursor={cursor}");
        }
        assert_eq!(seen, (0..30).rev().map(|number| number.to_string()).collect::<Vec<_>>());
        assert_eq!(pages, 4);
    }
    let page = ada.browser.visit("/notes").await.page(200);
    assert!(page.contains("Older"), "the list goes on here as well");
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
    assert_eq!(old, titles, "the newest first, each once, whichever instance wrote it");
}
