//! An account an operator has disabled.

use serde_json::json;
use vestibule::accounts::operators;

use crate::support::{Browser, Database, Door, House, PASSWORD, Person, both};

both! {
    it_is_out_at_both_doors_from_the_next_request_on,
    only_who_knows_the_password_is_told,
    its_links_are_void_and_it_gets_no_new_ones,
    enabled_again_it_signs_in_and_nothing_that_ended_comes_back,
    a_sign_in_that_was_on_its_way_does_not_come_back_either,
    its_owner_sees_what_was_done,
    every_instance_keeps_it_out,
}

async fn disable(house: &House, person: &Person) {
    assert!(operators::disable(&house.db, person.account.id).await.unwrap());
}

async fn enable(house: &House, person: &Person) {
    assert!(operators::enable(&house.db, person.account.id).await.unwrap());
}

async fn sign_in(house: &House, email: &str, password: &str) -> (Browser, u16, String) {
    let browser = house.browser();
    let reply = browser.submit("/sign-in", &[("email", email), ("password", password)]).await;
    let (status, text) = (reply.status.as_u16(), reply.text().to_owned());
    (browser, status, text)
}

async fn it_is_out_at_both_doors_from_the_next_request_on(house: House) {
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    disable(&house, &ada).await;
    assert!(!ada.browser.is_signed_in().await);
    assert_eq!(ada.browser.cookie(), None, "signed out cleanly");
    ada.browser.get("/me").await.problem(401, "not_signed_in");
    let refused = ada.client.get("/me").await;
    refused.problem(401, "token_revoked");
    assert!(refused.header("www-authenticate").contains("invalid_token"));
    assert!(bob.browser.is_signed_in().await);
    bob.client.get("/me").await.is(200);
    assert!(!operators::disable(&house.db, ada.account.id).await.unwrap(), "once is enough");
}

async fn only_who_knows_the_password_is_told(house: House) {
    let ada = house.person("ada").await;
    disable(&house, &ada).await;
    let (_, wrong, page) = sign_in(&house, &ada.email, "wrong password").await;
    let (_, nobody, _) = sign_in(&house, "nobody@example.org", "wrong password").await;
    assert!(wrong == 401 && nobody == 401 && !page.contains("disabled"));
    let (browser, right, page) = sign_in(&house, &ada.email, PASSWORD).await;
    assert!(right == 403 && page.contains("This account is disabled.") && page.contains(&ada.email));
    assert_eq!(browser.cookie(), None);
    for path in ["/api/v1/login", "/session/v1/login"] {
        let login = |password: &str| house.post(path).json(json!({"email": ada.email, "password": password}));
        login("wrong password").await.problem(401, "invalid_credentials");
        login(PASSWORD).await.problem(403, "account_disabled");
    }
    assert_eq!(house.count("sign_ins").await, 0);
}

async fn its_links_are_void_and_it_gets_no_new_ones(house: House) {
    let ada = house.person("ada").await;
    let confirm = house.link("/confirm/").await;
    house.browser().submit("/forgot", &[("email", &ada.email)]).await.is(202);
    let reset = house.link("/reset/").await;
    disable(&house, &ada).await;
    let letters = house.letters().await.len();
    for link in [&confirm, &reset] {
        house.get(link).await.page(410);
        house.browser().submit(link, &[("password", "entirely different words")]).await.page(410);
    }
    house.browser().submit("/forgot", &[("email", &ada.email)]).await.is(202);
    assert_eq!(house.letters().await.len(), letters);
    assert!(operators::reset_link(&house.db, &house.settings, ada.account.id).await.is_err());
}

async fn enabled_again_it_signs_in_and_nothing_that_ended_comes_back(house: House) {
    let ada = house.person("ada").await;
    let thief = house.browser();
    thief.plant(&ada.browser.cookie().unwrap());
    disable(&house, &ada).await;
    enable(&house, &ada).await;
    assert!(!thief.is_signed_in().await && !ada.browser.is_signed_in().await);
    ada.client.get("/me").await.is(200);
    let (browser, status, _) = sign_in(&house, &ada.email, PASSWORD).await;
    assert!(status == 303 && browser.is_signed_in().await);
    assert!(!operators::enable(&house.db, ada.account.id).await.unwrap());
}

async fn a_sign_in_that_was_on_its_way_does_not_come_back_either(house: House) {
    let ada = house.person("ada").await;
    house.sql("CREATE TABLE kept AS SELECT * FROM sign_ins").await;
    let thief = house.browser();
    thief.plant(&ada.browser.cookie().unwrap());
    disable(&house, &ada).await;
    // As if the password had been proven just before, and the row written just after.
    house.sql("INSERT INTO sign_ins SELECT * FROM kept").await;
    assert!(!thief.is_signed_in().await);
    thief.plant(&ada.browser.cookie().unwrap_or_default());
    enable(&house, &ada).await;
    assert!(!thief.is_signed_in().await);
}

async fn its_owner_sees_what_was_done(house: House) {
    let ada = house.person("ada").await;
    disable(&house, &ada).await;
    enable(&house, &ada).await;
    let (browser, ..) = sign_in(&house, &ada.email, PASSWORD).await;
    house.db.settled().await;
    let page = browser.visit("/account").await.page(200);
    for said in ["Account disabled", "Account enabled", "Browser signed out", "the command line, by operator"] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

async fn every_instance_keeps_it_out(database: Database) {
    let house = House::with(database, |_| {}).await;
    let there = house.another_instance().await;
    let ada = house.person("ada").await;
    disable(&there, &ada).await;
    assert!(!ada.browser.is_signed_in().await);
    ada.client.get("/me").await.problem(401, "token_revoked");
}
