//! Whose address it is: optional, and required.

use axum::http::Method;
use serde_json::json;
use time::Duration;
use vestibule::settings::Confirm;

use crate::support::{Browser, Database, Door, House, PASSWORD, Reply, beside, both};

both! {
    everybody_is_told_whether_the_address_is_confirmed,
    an_address_is_confirmed_by_a_link,
    a_link_followed_elsewhere_asks_for_the_password,
    whoever_is_signed_in_as_another_is_asked_too,
    opening_the_link_changes_nothing,
    a_link_is_over_by_the_clock_and_is_sent_again,
    a_new_password_by_mail_confirms_the_address,
    where_it_is_required_nobody_is_in_before,
    where_it_is_required_signing_up_says_the_same_of_every_address,
    where_it_is_required_an_account_stays_its_owners,
    where_it_is_required_a_form_is_checked_all_the_same,
    where_it_is_required_of_two_who_come_at_once_one_has_the_account,
    links_are_for_one_purpose,
}

const FORM: [(&str, &str); 3] = [("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
const UNCONFIRMED: &str = "Your address is not confirmed yet.";

async fn strict(database: Database) -> House {
    House::with(database, |settings| settings.accounts.confirm = Confirm::Required).await
}

/// The newest link.
async fn link(house: &House) -> String {
    house.link("/confirm/").await
}

async fn sign_in(browser: &Browser) -> Reply {
    browser.submit("/sign-in", &FORM[1..]).await
}

async fn an_address_is_confirmed_by_a_link(house: House) {
    let ada = house.person("ada").await;
    assert!(ada.browser.visit("/account").await.page(200).contains(UNCONFIRMED), "and signed in all the same");
    let [letter] = house.letters().await.try_into().unwrap();
    assert_eq!((letter.header("To"), letter.header("Subject")), ("ada@example.org", "Confirm your address"));
    let path = letter.path("/confirm/").unwrap();
    let page = ada.browser.visit(&path).await;
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert!(page.page(200).contains("Yes, it is mine") && !page.text().contains(r#"type="password""#));
    ada.browser.submit(&path, &[]).await.leads_to("/account");
    assert!(!ada.browser.visit("/account").await.page(200).contains(UNCONFIRMED));
    ada.browser.submit(&path, &[]).await.page(410);
    ada.browser.visit(&path).await.page(410);
}

async fn a_link_followed_elsewhere_asks_for_the_password(house: House) {
    let ada = house.person("ada").await;
    let (path, phone) = (link(&house).await, house.browser());
    assert!(phone.visit(&path).await.page(200).contains(r#"type="password""#));
    for wrong in [&[][..], &[("password", "")], &[("password", "wrong password")]] {
        let page = phone.submit(&path, wrong).await.page(401);
        assert_eq!(beside(&page, "password"), "This is not the password.");
    }
    assert!(ada.browser.visit("/account").await.page(200).contains(UNCONFIRMED));
    phone.submit(&path, &FORM[2..]).await.leads_to("/account");
    assert!(!phone.visit("/account").await.page(200).contains(UNCONFIRMED), "it is signed in, too");
}

async fn whoever_is_signed_in_as_another_is_asked_too(house: House) {
    house.person("ada").await;
    let path = link(&house).await;
    let bob = house.person("bob").await;
    assert!(bob.browser.visit(&path).await.page(200).contains(r#"type="password""#));
    bob.browser.submit(&path, &[]).await.page(401);
    bob.browser.submit(&path, &FORM[2..]).await.leads_to("/account");
    assert!(bob.browser.visit("/account").await.page(200).contains("Signed in as ada@example.org"));
}

async fn opening_the_link_changes_nothing(house: House) {
    house.person("ada").await;
    let path = link(&house).await;
    let mut witness = house.witness().await;
    for method in [Method::GET, Method::HEAD, Method::GET] {
        assert!(!house.ask(method, &path).await.is(200).has("set-cookie"));
    }
    assert!(!witness.saw_a_write().await);
}

async fn a_link_is_over_by_the_clock_and_is_sent_again(house: House) {
    let ada = house.person("ada").await;
    let first = link(&house).await;
    house.clock.advance(Duration::hours(24) - Duration::minutes(1));
    house.get(&first).await.page(200);
    house.clock.advance(Duration::minutes(1));
    house.get(&first).await.page(410);

    let browser = house.browser();
    sign_in(&browser).await.leads_to("/notes");
    let page = browser.visit("/account").await.page(200);
    assert!(page.contains(r#"<form method="post" action="/account/email/resend">"#));
    assert!(browser.submit("/account/email/resend", &[]).await.page(202).contains(&ada.email));
    let second = link(&house).await;
    browser.submit("/account/email/resend", &[]).await.page(202);
    browser.submit(&second, &[]).await.page(410);
    browser.submit(&link(&house).await, &[]).await.leads_to("/account");
    house.browser().submit("/account/email/resend", &[]).await.leads_to("/sign-in");
}

async fn a_new_password_by_mail_confirms_the_address(house: House) {
    house.person("ada").await;
    house.browser().submit("/forgot", &FORM[1..2]).await.is(202);
    let path = house.link("/reset/").await;
    house.browser().submit(&path, &FORM[2..]).await.page(200);
    let browser = house.browser();
    sign_in(&browser).await.leads_to("/notes");
    assert!(!browser.visit("/account").await.page(200).contains(UNCONFIRMED));
}

async fn where_it_is_required_nobody_is_in_before(database: Database) {
    let house = strict(database).await;
    let browser = house.browser();
    let reply = browser.submit("/sign-up", &FORM).await;
    assert!(reply.page(202).contains("Look into your mail") && !reply.has("set-cookie"));
    let path = link(&house).await;

    let page = sign_in(&browser).await.page(403);
    assert!(page.contains("Your address is not confirmed yet"), "{page}");
    let wrong = browser.submit("/sign-in", &[FORM[1], ("password", "wrong password")]).await.page(401);
    assert!(!wrong.contains("not confirmed"), "only whoever knows the password is told");
    let login = json!({"email": "ada@example.org", "password": PASSWORD});
    house.post("/api/v1/login").json(login.clone()).await.problem(403, "address_not_confirmed");
    browser.post("/login", login.clone()).await.problem(403, "address_not_confirmed");
    assert_eq!((house.count("sign_ins").await, house.count("tokens").await), (0, 0));

    browser.submit(&path, &FORM[2..]).await.leads_to("/account");
    assert!(browser.is_signed_in().await);
    sign_in(&house.browser()).await.leads_to("/notes");
    house.post("/api/v1/login").json(login).await.is(201);
}

async fn where_it_is_required_signing_up_says_the_same_of_every_address(database: Database) {
    let house = strict(database).await;
    let mut pages = Vec::new();
    for _ in 0..3 {
        let reply = house.browser().submit("/sign-up", &FORM).await;
        let nonce = reply.header("content-security-policy").split('\'').find(|part| part.starts_with("nonce-"));
        pages.push(reply.page(202).replace(nonce.unwrap().trim_start_matches("nonce-"), ""));
        assert!(!reply.has("set-cookie"));
        if pages.len() == 2 {
            let path = link(&house).await;
            house.browser().submit(&path, &FORM[2..]).await.leads_to("/account");
        }
        house.db.settled().await;
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
    let letters = house.letters().await;
    let subjects: Vec<_> = letters.iter().map(|letter| letter.header("Subject")).collect();
    assert_eq!(subjects, ["Confirm your address", "You have an account already", "You have an account already"]);
    assert!(letters[1].text().contains("/confirm/") && !letters[2].text().contains("/confirm/"));
    assert!(letters[2].text().contains("/sign-in") && letters[2].text().contains("/forgot"));
    assert_eq!(house.count("accounts").await, 1);
}

async fn where_it_is_required_an_account_stays_its_owners(database: Database) {
    let house = strict(database).await;
    house.browser().submit("/sign-up", &FORM).await.is(202);
    let stranger = [("name", "Eve"), FORM[1], ("password", "the words of a stranger")];
    house.db.settled().await;
    house.browser().submit("/sign-up", &stranger).await.is(202);
    let path = link(&house).await;
    house.browser().submit(&path, &stranger[2..]).await.page(401);
    let browser = house.browser();
    browser.submit(&path, &FORM[2..]).await.leads_to("/account");
    assert_eq!(browser.get("/me").await.json()["name"], "Ada");
}

async fn where_it_is_required_a_form_is_checked_all_the_same(database: Database) {
    let house = strict(database).await;
    let form = [("name", " "), ("email", "ada at example"), ("password", "short")];
    let page = house.browser().submit("/sign-up", &form).await.page(422);
    for field in ["name", "email", "password"] {
        assert!(!beside(&page, field).is_empty(), "{field}");
    }
    house.db.settled().await;
    assert_eq!((house.count("accounts").await, house.letters().await.len()), (0, 0));
}

async fn where_it_is_required_of_two_who_come_at_once_one_has_the_account(database: Database) {
    let house = strict(database).await;
    for round in 0..5 {
        let email = format!("ada{round}@example.org");
        let form = [FORM[0], ("email", email.as_str()), FORM[2]];
        let asks = [house.browser(), house.browser()].map(|browser| browser.ask(Method::POST, "/sign-up").form(&form));
        let [first, second] = asks.map(|ask| tokio::spawn(ask.into_future()));
        first.await.unwrap().is(202);
        second.await.unwrap().is(202);
        let letters = house.letters().await;
        assert_eq!(letters.iter().filter(|letter| letter.header("To") == email).count(), 2);
    }
    assert_eq!(house.count("accounts").await, 5);
}

async fn links_are_for_one_purpose(house: House) {
    let ada = house.person("ada").await;
    let token = link(&house).await.replace("/confirm/", "");
    for path in ["/reset/", "/email/"] {
        house.get(&format!("{path}{token}")).await.page(410);
        ada.browser.submit(&format!("{path}{token}"), &FORM[2..]).await.page(410);
    }
    ada.browser.visit(&format!("/confirm/{token}")).await.page(200);
}

async fn everybody_is_told_whether_the_address_is_confirmed(house: House) {
    let ada = house.person("ada").await;
    for door in ada.doors() {
        assert_eq!(door.get("/me").await.is(200).json()["email_confirmed"], false);
    }
    let link = house.link("/confirm/").await;
    ada.browser.submit(&link, &[]).await.leads_to("/account");
    for door in ada.doors() {
        assert_eq!(door.get("/me").await.is(200).json()["email_confirmed"], true);
    }
    let login = house.post("/api/v1/login").json(serde_json::json!({"email": ada.email, "password": PASSWORD})).await;
    assert_eq!(login.is(201).json()["account"]["email_confirmed"], true);
    assert_eq!(ada.browser.visit("/account/export").await.json()["account"]["email_confirmed"], true);
}
