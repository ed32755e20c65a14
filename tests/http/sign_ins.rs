//! Signed-in browsers: how long they stay so, and how they are signed out.

use axum::http::Method;
use time::Duration;
use vestibule::sign_ins::service::sweep;

use crate::support::{Browser, Door, House, PASSWORD, Person, both};

both! {
    the_account_page_lists_every_browser_and_marks_this_one,
    a_revoked_browser_is_signed_out_at_its_next_request,
    a_revoked_browser_is_signed_out_of_the_json_door_too,
    a_revocation_holds_on_every_instance,
    another_accounts_sign_in_cannot_be_revoked,
    a_sign_in_ends_by_the_clock,
    a_remembered_sign_in_lasts_longer_and_ends_too,
    a_session_record_brought_back_opens_nothing,
    a_session_of_an_older_password_opens_nothing,
    deleting_the_account_signs_out_everywhere,
    what_is_over_is_swept_in_batches,
}

async fn second_browser(house: &House, person: &Person, remember: bool) -> Browser {
    let browser = house.browser();
    let mut form = vec![("email", person.email.as_str()), ("password", PASSWORD)];
    if remember {
        form.push(("remember", "on"));
    }
    browser.submit("/sign-in", &form).await.leads_to("/notes");
    browser
}

/// The paths that revoke a sign-in, as the account page gives them.
async fn revocations(browser: &Browser) -> Vec<String> {
    let page = browser.visit("/account").await.page(200);
    let actions = page.split(r#"action=""#).skip(1).filter_map(|rest| rest.split_once('"'));
    actions.map(|(path, _)| path.to_owned()).filter(|path| path.ends_with("/revoke")).collect()
}

async fn the_account_page_lists_every_browser_and_marks_this_one(house: House) {
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    let form = [("email", ada.email.as_str()), ("password", PASSWORD)];
    let ask = house.browser().ask(Method::POST, "/sign-in").form(&form);
    ask.header("user-agent", "Netscape Navigator 3").await.leads_to("/notes");

    let page = ada.browser.visit("/account").await.page(200);
    assert!(page.contains("Netscape Navigator 3"));
    assert_eq!(page.matches("This browser").count(), 1);
    assert_eq!(revocations(&ada.browser).await.len(), 1, "not the one that asks");
    assert!(revocations(&bob.browser).await.is_empty());
}

async fn a_revoked_browser_is_signed_out_at_its_next_request(house: House) {
    let ada = house.person("ada").await;
    let other = second_browser(&house, &ada, true).await;
    assert!(other.is_signed_in().await);
    let [revoke] = revocations(&ada.browser).await.try_into().unwrap();
    ada.browser.submit(&revoke, &[]).await.leads_to("/account");

    let reply = other.visit("/account").await;
    reply.leads_to("/sign-in?next=%2Faccount");
    let [cookie] = reply.set_cookies().try_into().unwrap();
    assert_eq!(cookie.attributes, ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Lax"]);
    assert_eq!(other.cookie(), None);
    assert!(ada.browser.is_signed_in().await);
    assert_eq!((house.count("sign_ins").await, house.count("tower_sessions").await), (1, 1));
    // A second click does no harm.
    ada.browser.submit(&revoke, &[]).await.leads_to("/account");
}

async fn a_revoked_browser_is_signed_out_of_the_json_door_too(house: House) {
    let ada = house.person("ada").await;
    let other = second_browser(&house, &ada, false).await;
    let [revoke] = revocations(&ada.browser).await.try_into().unwrap();
    ada.browser.submit(&revoke, &[]).await.leads_to("/account");
    other.get("/me").await.problem(401, "not_signed_in");
    assert_eq!(other.cookie(), None);
}

async fn a_revocation_holds_on_every_instance(house: House) {
    let ada = house.person("ada").await;
    let there = house.another_instance().await;
    let (browser, client) = (there.browser(), there.client(&ada.client.token));
    browser.plant(&ada.browser.cookie().unwrap());
    assert!(browser.is_signed_in().await);
    client.get("/me").await.is(200);

    ada.client.call(Method::POST, "/logout").await.is(204);
    client.get("/me").await.problem(401, "token_revoked");
    browser.submit("/sign-out", &[]).await.leads_to("/");
    assert!(!ada.browser.is_signed_in().await);
}

async fn another_accounts_sign_in_cannot_be_revoked(house: House) {
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    second_browser(&house, &ada, false).await;
    let [revoke] = revocations(&ada.browser).await.try_into().unwrap();
    bob.browser.submit(&revoke, &[]).await.leads_to("/account");
    house.browser().submit(&revoke, &[]).await.leads_to("/sign-in");
    bob.browser.submit("/account/sign-ins/nonsense/revoke", &[]).await.page(404);
    assert_eq!(house.count("sign_ins").await, 3);
}

async fn a_sign_in_ends_by_the_clock(house: House) {
    let ada = house.person("ada").await;
    house.clock.advance(Duration::hours(24) - Duration::seconds(5));
    assert!(ada.browser.is_signed_in().await);
    // Being used does not make it longer.
    house.clock.advance(Duration::seconds(5));
    let reply = ada.browser.get("/me").await;
    reply.problem(401, "not_signed_in");
    assert_eq!(ada.browser.cookie(), None);
}

async fn a_remembered_sign_in_lasts_longer_and_ends_too(house: House) {
    let ada = house.person("ada").await;
    let browser = second_browser(&house, &ada, true).await;
    house.clock.advance(Duration::days(29));
    assert!(browser.is_signed_in().await);
    house.clock.advance(Duration::days(1));
    assert!(!browser.is_signed_in().await);
}

async fn a_session_record_brought_back_opens_nothing(house: House) {
    let ada = house.person("ada").await;
    let cookie = ada.browser.cookie().unwrap();
    house.sql("CREATE TABLE kept AS SELECT * FROM tower_sessions").await;
    ada.browser.submit("/sign-out", &[]).await.leads_to("/");
    assert_eq!(house.count("tower_sessions").await, 0);

    // As a request still running would do it.
    house.sql("INSERT INTO tower_sessions SELECT * FROM kept").await;
    let thief = house.browser();
    thief.plant(&cookie);
    assert!(!thief.is_signed_in().await);
    assert_eq!(thief.cookie(), None);
    assert_eq!(house.count("tower_sessions").await, 0, "and it is dropped again");
}

async fn a_session_of_an_older_password_opens_nothing(house: House) {
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    house.sql("UPDATE accounts SET auth_stamp = (SELECT hash FROM tokens LIMIT 1) WHERE name = 'ada'").await;
    assert!(!ada.browser.is_signed_in().await, "her stamp has changed");
    assert!(bob.browser.is_signed_in().await);
}

async fn deleting_the_account_signs_out_everywhere(house: House) {
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    house.sql("DELETE FROM accounts WHERE name = 'ada'").await;
    assert!(!ada.browser.is_signed_in().await);
    ada.client.get("/me").await.problem(401, "token_invalid");
    assert!(bob.browser.is_signed_in().await);
}

async fn what_is_over_is_swept_in_batches(house: House) {
    let ada = house.person("ada").await;
    for _ in 0..2 {
        second_browser(&house, &ada, false).await;
    }
    let alive = second_browser(&house, &ada, true).await;
    assert_eq!(sweep(&house.db, 100).await.unwrap(), 0);
    assert_eq!(house.db.sweep_sessions(100).await.unwrap(), 0);

    house.clock.advance(Duration::days(15));
    assert_eq!(sweep(&house.db, 2).await.unwrap(), 2);
    assert_eq!(sweep(&house.db, 2).await.unwrap(), 1);
    assert_eq!(house.db.sweep_sessions(2).await.unwrap(), 2);
    assert_eq!(house.db.sweep_sessions(2).await.unwrap(), 1);
    assert_eq!((house.count("sign_ins").await, house.count("tower_sessions").await), (1, 1));
    assert!(alive.is_signed_in().await);
}
