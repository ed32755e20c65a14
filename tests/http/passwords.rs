//! How good a new password is: told while it is typed, and where it is refused.

use axum::http::Method;
use serde_json::{Value, json};
use time::Duration;
use tokio::task::JoinSet;

use crate::support::{
    Ask, Database, House, PASSWORD, beside, both, members,
    routes::{PERSONAL_PAGES, PUBLIC_PAGES},
};

both! {
    whoever_types_is_told_how_good_it_is,
    what_is_refused_is_refused_with_the_same_words_everywhere,
    a_name_and_an_address_are_easy_to_guess,
    what_is_too_long_is_not_looked_at,
    asking_writes_nothing_and_needs_nobody,
    a_flood_of_questions_keeps_nobody_from_signing_in,
    every_form_with_a_password_tells_password_managers_whose_it_is,
}

fn strength(house: &House, password: &str, email: &str, name: &str) -> Ask {
    let arguments = json!({"password": password, "email": email, "name": name});
    house.browser().ask(Method::POST, "/fn/accounts/strength").json(arguments)
}

async fn whoever_types_is_told_how_good_it_is(house: House) {
    let reply = strength(&house, "aaaaaaaaaaaa", "", "").await;
    let weak = reply.is(200).json();
    assert_eq!(members(&weak), ["advice", "objection", "score"]);
    assert_eq!(reply.header("cache-control"), "no-store");
    assert!(weak["score"].as_u64().unwrap() <= 1 && weak["advice"].as_str().unwrap().contains("Repeats"), "{weak}");
    assert!(weak["objection"].as_str().unwrap().starts_with("This is too easy to guess. Repeats"), "{weak}");
    let strong = strength(&house, PASSWORD, "ada@example.org", "Ada").await.is(200).json();
    assert_eq!(strong, json!({"score": 4, "objection": null, "advice": ""}));
    let short = strength(&house, "short", "", "").await.is(200).json();
    assert!(short["objection"].as_str().unwrap().contains("at least 8 characters"), "{short}");
}

async fn what_is_refused_is_refused_with_the_same_words_everywhere(house: House) {
    let ada = house.person("ada").await;
    house.browser().submit("/forgot", &[("email", &ada.email)]).await.is(202);
    let link = house.link("/reset/").await;
    for weak in ["monkeymonkey", "trustno1", "abcdefghijkl"] {
        let told = strength(&house, weak, &ada.email, "ada").await.is(200).json()["objection"].take();
        let new = [("name", "Bob"), ("email", "bob@example.org"), ("password", weak)];
        let pages = [
            house.browser().submit("/sign-up", &new).await.page(422),
            house.browser().submit(&link, &[("password", weak)]).await.page(422),
            ada.browser.submit("/account/password", &[("current", PASSWORD), ("password", weak)]).await.page(422),
        ];
        for page in pages {
            assert_eq!(Value::from(beside(&page, "password").replace("&quot;", "\"")), told, "{weak}");
            assert!(!page.contains(&format!(r#"value="{weak}""#)), "a password does not come back");
        }
    }
    assert_eq!(house.count("accounts").await, 1);
}

async fn a_name_and_an_address_are_easy_to_guess(house: House) {
    for mine in ["lovelace1815", "Ada Lovelace", "ada.lovelace@example.org", "vestibule2026"] {
        let told = strength(&house, mine, "ada.lovelace@example.org", "Ada Lovelace").await.is(200).json();
        assert!(told["objection"].is_string(), "{mine}: {told}");
    }
}

async fn what_is_too_long_is_not_looked_at(house: House) {
    let told = strength(&house, &"correct horse ".repeat(2_000), "", "").await.is(200).json();
    assert_eq!(told["objection"], "Use at most 128 characters.");
    strength(&house, "correct horse", &"ada@".repeat(5_000), &"a b ".repeat(5_000)).await.is(200);
    strength(&house, &"x".repeat(300_000), "", "").await.problem(413, "body_too_large");
}

async fn asking_writes_nothing_and_needs_nobody(house: House) {
    let mut witness = house.witness().await;
    let reply = strength(&house, PASSWORD, "", "").await;
    assert!(!reply.is(200).has("set-cookie"));
    assert!(!witness.saw_a_write().await);
}

async fn a_flood_of_questions_keeps_nobody_from_signing_in(database: Database) {
    let house = House::with(database, |settings| settings.passwords.queue = 1).await;
    let ada = house.person("ada").await;
    let questions = || (0..60).map(|_| strength(&house, PASSWORD, "", "").into_future());
    let mut running: JoinSet<_> = questions().collect();
    house.post("/api/v1/login").json(json!({"email": ada.email, "password": PASSWORD})).await.is(201);
    let mut statuses = Vec::new();
    while let Some(reply) = running.join_next().await {
        statuses.push(reply.unwrap().status.as_u16());
    }
    assert!(statuses.iter().all(|status| matches!(status, 200 | 503)) && statuses.contains(&503), "{statuses:?}");
    strength(&house, PASSWORD, "", "").await.is(200);
}

async fn every_form_with_a_password_tells_password_managers_whose_it_is(house: House) {
    let ada = house.person("ada").await;
    let note = ada.note("a", "").await;
    let mut pages = Vec::new();
    for path in PUBLIC_PAGES {
        pages.push((path, house.browser().visit(path).await.page(200)));
    }
    for path in PERSONAL_PAGES {
        let there = path.replace("{id}", note["id"].as_str().unwrap());
        pages.push((path, ada.browser.visit(&there).await.page(200)));
    }
    house.browser().submit("/forgot", &[("email", &ada.email)]).await.is(202);
    pages.push(("/reset", house.browser().visit(&house.link("/reset/").await).await.page(200)));
    ada.browser.submit("/account/email", &[("email", "new@example.org")]).await.page(202);
    pages.push(("/email", house.browser().visit(&house.link("/email/").await).await.page(200)));
    house.clock.advance(Duration::minutes(11));
    let token = [("name", "backup"), ("days", "30"), ("scope-notes-read", "on")];
    pages.push(("proof of a form", ada.browser.submit("/tokens", &token).await.page(403)));

    let mut with_a_password = Vec::new();
    for (path, page) in &pages {
        for form in page.split("<form").skip(1).filter_map(|form| form.split("</form>").next()) {
            let inputs: Vec<&str> = form.split("<input").skip(1).filter_map(|tag| tag.split('>').next()).collect();
            let passwords: Vec<_> = inputs.iter().filter(|input| input.contains("-password\"")).collect();
            if passwords.is_empty() {
                continue;
            }
            with_a_password.push(*path);
            let names = inputs.iter().filter(|input| input.contains(r#"autocomplete="username""#));
            assert!(names.clone().count() == 1, "one name on {path}: {form}");
            assert!(names.clone().all(|name| !name.contains(r#"type="hidden""#)), "managers see it on {path}: {form}");
            // Once it is shown it is a text like any other.
            for kept in [r#"spellcheck="false""#, r#"autocapitalize="none""#, r#"autocorrect="off""#] {
                assert!(passwords.iter().all(|password| password.contains(kept)), "{kept} on {path}: {form}");
            }
        }
    }
    let expected =
        ["/sign-up", "/sign-in", "/account/confirm", "/account/password", "/reset", "/email", "proof of a form"];
    assert_eq!(with_a_password, expected);
}
