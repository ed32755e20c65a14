//! The device cookie: whatever strangers do, the owner signs in where they have signed in before.

use axum::http::Method;
use serde_json::json;
use time::Duration;
use vestibule::auth::known_devices;

use crate::support::{Browser, Database, PASSWORD, Request, Response, TestApp, on_both_databases};

on_both_databases! {
    the_cookie_is_exactly_this_and_only_signing_in_sets_it,
    guessed_at_for_a_day_the_owner_signs_in_where_they_did_before,
    guessed_at_for_hours_the_owner_has_a_link_everywhere_else,
    a_device_has_guesses_of_its_own,
    it_is_nothing_to_another_account,
    it_opens_nothing,
    an_id_that_is_not_known_is_never_adopted,
    those_who_share_a_browser_are_all_known_there,
    it_outlives_signing_out_and_a_new_password,
    the_token_door_reads_none,
    devices_are_bounded_kept_as_a_hash_and_deleted,
}

const EMAIL: &str = "ada@example.org";

fn page(browser: &Browser, password: &str) -> Request {
    browser.ask(Method::POST, "/sign-in").form(&[("email", EMAIL), ("password", password)])
}

fn session(browser: &Browser, password: &str) -> Request {
    browser.ask(Method::POST, "/session/v1/login").json(json!({"email": EMAIL, "password": password}))
}

/// A guess from the network `number`, of which there are more than minutes in a day.
async fn guess(app: &TestApp, number: u32) -> Response {
    let address = format!("10.{}.{}.1", number / 256, number % 256);
    app.post("/api/v1/login").json(json!({"email": EMAIL, "password": "wrong password"})).at(&address).await
}

/// Guesses from sixty networks, until the next from anywhere has to wait for a minute.
async fn attack(app: &TestApp) {
    for number in 0..60 {
        let reply = guess(app, number).await;
        if reply.status == 429 {
            app.clock.advance(Duration::seconds(wait(&reply)));
        }
    }
    app.clock.advance(Duration::minutes(1));
    guess(app, 60).await.assert_status(401);
}

/// The seconds to wait.
#[track_caller]
fn wait(reply: &Response) -> i64 {
    reply.assert_status(429).header("retry-after").parse().unwrap()
}

async fn the_cookie_is_exactly_this_and_only_signing_in_sets_it(database: Database) {
    let app = TestApp::https(database).await;
    let ada = app.person("ada").await;
    let first = ada.browser.device().unwrap();
    for ask in [page(&ada.browser, PASSWORD), session(&ada.browser, PASSWORD)] {
        let reply = ask.await;
        let ours = reply.all_cookies().into_iter().filter(|cookie| cookie.name.ends_with("device"));
        let [cookie] = ours.collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(cookie.name, "__Host-Http-device");
        assert_eq!(cookie.attributes, ["HttpOnly", "Max-Age=34560000", "Path=/", "SameSite=Lax", "Secure"]);
        assert_eq!(cookie.value, first, "the same, for longer");
        app.db.wait_idle().await;
    }
    let others = [
        page(&ada.browser, "wrong password").await,
        ada.browser.visit("/account").await,
        ada.browser.visit("/sign-in").await,
        app.browser().visit("/").await,
        app.post("/api/v1/login").json(json!({"email": EMAIL, "password": PASSWORD})).await,
    ];
    for reply in others {
        assert!(reply.all_cookies().iter().all(|cookie| !cookie.name.ends_with("device")), "{}", reply.asked);
    }
}

async fn guessed_at_for_a_day_the_owner_signs_in_where_they_did_before(app: TestApp) {
    let ada = app.person("ada").await;
    let device = ada.browser.device().unwrap();
    attack(&app).await;
    for minute in 0..24 * 60 {
        app.clock.advance(Duration::minutes(1));
        guess(&app, 100 + minute).await.assert_status(401);
        if minute % 180 == 0 {
            // Somebody else is refused, and she is not, wherever she is.
            assert!(wait(&page(&app.browser(), PASSWORD).at("192.0.2.1").await) <= 60);
            let browser = app.browser().with_device(&device);
            page(&browser, PASSWORD).at(&format!("198.51.100.{}", minute / 180)).await.assert_status(303);
            let browser = app.browser().with_device(&device);
            session(&browser, PASSWORD).at(&format!("203.0.113.{}", minute / 180)).await.assert_status(200);
            app.db.wait_idle().await;
        }
    }
}

async fn guessed_at_for_hours_the_owner_has_a_link_everywhere_else(app: TestApp) {
    app.person("ada").await;
    attack(&app).await;
    for number in 0..35 {
        let form = [("name", "Mallory"), ("email", EMAIL), ("password", PASSWORD)];
        let address = format!("10.100.{number}.1");
        app.browser().ask(Method::POST, "/sign-up").form(&form).at(&address).await;
    }
    let forgot =
        |browser: &Browser, address: &str| browser.ask(Method::POST, "/forgot").form(&[("email", EMAIL)]).at(address);
    let mut passwords = ["entirely different words", "words that are different again"].into_iter().cycle();
    for minute in 0..6 * 60 {
        app.clock.advance(Duration::minutes(1));
        guess(&app, 100 + minute).await.assert_status(401);
        if minute % 10 == 0 {
            let address = format!("10.200.{}.{}", minute / 256, minute % 256);
            forgot(&app.browser(), &address).await.page(202);
        }
        if minute % 120 != 35 {
            continue;
        }
        let (browser, address) = (app.browser(), format!("198.51.100.{}", minute / 120));
        let password = passwords.next().unwrap();
        forgot(&browser, &address).await.page(202);
        let link = app.link("/reset/").await;
        // However long ago it was mailed, there is time to use it.
        app.clock.advance(Duration::minutes(14));
        browser.visit(&link).await.page(200);
        app.clock.advance(-Duration::minutes(14));
        let reset = browser.ask(Method::POST, &link).form(&[("password", password)]).at(&address);
        assert!(browser.device().is_none());
        reset.await.page(200);
        app.db.wait_idle().await;
        assert!(wait(&page(&app.browser(), password).at(&address).await) <= 60);
        page(&browser, password).at(&address).await.assert_status(303);
    }
    // And not one mail each time somebody asks.
    let mails = app.emails_with_subject("Choose a new password").await.len();
    assert!((8..36).contains(&mails), "of 39 that were asked for: {mails}");
}

async fn a_device_has_guesses_of_its_own(app: TestApp) {
    let ada = app.person("ada").await;
    let device = ada.browser.device().unwrap();
    let guess =
        |password: &'static str, address: &'static str| page(&app.browser().with_device(&device), password).at(address);
    for number in 0..15 {
        app.clock.advance(Duration::minutes(1));
        guess("wrong password", ["192.0.2.1", "198.51.100.7"][number % 2]).await.assert_status(401);
    }
    let seconds = wait(&guess(PASSWORD, "203.0.113.9").await);
    assert!((1..=900).contains(&seconds), "{seconds}");
    // They count for nothing else.
    page(&app.browser(), PASSWORD).at("192.0.2.1").await.assert_status(303);
    page(&app.browser(), PASSWORD).at("198.51.100.8").await.assert_status(303);
    app.clock.advance(Duration::seconds(seconds));
    guess(PASSWORD, "203.0.113.9").await.assert_status(303);
    app.db.wait_idle().await;
    for _ in 0..9 {
        guess("wrong password", "203.0.113.9").await.assert_status(401);
    }
}

async fn it_is_nothing_to_another_account(app: TestApp) {
    app.person("ada").await;
    let mallory = app.person("mallory").await;
    let device = mallory.browser.device().unwrap();
    attack(&app).await;
    let theirs = app.browser().with_device(&device);
    assert!(wait(&page(&theirs, "wrong password").at("192.0.2.1").await) <= 60);
}

async fn it_opens_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    let browser = app.browser().with_device(&ada.browser.device().unwrap());
    assert!(!browser.is_signed_in().await);
    browser.ask(Method::GET, "/session/v1/me").await.problem(401, "not_signed_in");
    page(&browser, "wrong password").await.assert_status(401);
}

async fn an_id_that_is_not_known_is_never_adopted(app: TestApp) {
    let (ada, mallory) = (app.person("ada").await, app.person("mallory").await);
    let planted = mallory.browser.device().unwrap();
    let victims = app.browser().with_device(&planted);
    page(&victims, PASSWORD).await.assert_status(303);
    app.db.wait_idle().await;
    let fresh = victims.device().unwrap();
    assert!(fresh != planted && fresh != ada.browser.device().unwrap());
    attack(&app).await;
    let attackers = app.browser().with_device(&planted);
    page(&attackers, "wrong password").at("192.0.2.1").await.assert_status(429);
    page(&app.browser().with_device(&fresh), PASSWORD).at("192.0.2.1").await.assert_status(303);
    for twice in [format!("device={fresh}; device={fresh}"), format!("dev%69ce={fresh}"), format!("DEVICE={fresh}")] {
        page(&app.browser(), PASSWORD).header("cookie", &twice).at("192.0.2.2").await.assert_status(429);
    }
    let field_error = format!("city=Zürich; device={fresh}");
    page(&app.browser(), PASSWORD).header("cookie", &field_error).at("192.0.2.2").await.assert_status(303);
}

async fn those_who_share_a_browser_are_all_known_there(app: TestApp) {
    let ada = app.person("ada").await;
    let browser = ada.browser;
    let bob = app.person("bob").await;
    browser.submit("/sign-out", &[]).await.assert_status(303);
    browser.submit("/sign-in", &[("email", &bob.email), ("password", PASSWORD)]).await.assert_status(303);
    app.db.wait_idle().await;
    attack(&app).await;
    page(&browser, PASSWORD).at("192.0.2.1").await.assert_status(303);
    assert_eq!(app.count("known_devices").await, 3, "hers and his in her browser, and his own");
}

async fn it_outlives_signing_out_and_a_new_password(app: TestApp) {
    let ada = app.person("ada").await;
    let device = ada.browser.device();
    let form = [("current", PASSWORD), ("password", "entirely different words")];
    ada.browser.submit("/account/password", &form).await.assert_redirect("/account");
    ada.browser.submit("/sign-out", &[]).await.assert_redirect("/");
    assert_eq!((ada.browser.cookie(), ada.browser.device()), (None, device));
    attack(&app).await;
    page(&ada.browser, "entirely different words").at("192.0.2.1").await.assert_status(303);
}

async fn the_token_door_reads_none(app: TestApp) {
    let ada = app.person("ada").await;
    let cookie = format!("device={}", ada.browser.device().unwrap());
    attack(&app).await;
    let login = app.post("/api/v1/login").json(json!({"email": EMAIL, "password": PASSWORD}));
    login.clone().header("cookie", &cookie).at("192.0.2.1").await.problem(429, "rate_limited");
    // But it knows the network she comes from.
    login.await.assert_status(201);
}

async fn devices_are_bounded_kept_as_a_hash_and_deleted(app: TestApp) {
    let ada = app.person("ada").await;
    let first = ada.browser.device().unwrap();
    for _ in 0..35 {
        app.clock.advance(Duration::minutes(1));
        page(&app.browser(), PASSWORD).await.assert_status(303);
        app.db.wait_idle().await;
    }
    assert_eq!(app.count("known_devices").await, 32);
    let dump = app.dump().await;
    assert!(!dump.windows(first.len()).any(|part| part == first.as_bytes()));
    // The one that was not used for longest has made room.
    attack(&app).await;
    page(&app.browser().with_device(&first), PASSWORD).at("192.0.2.1").await.assert_status(429);
    app.clock.advance(Duration::days(401));
    assert_eq!(known_devices::delete_expired(&app.db, 10).await.unwrap(), 10);
    assert_eq!(known_devices::delete_expired(&app.db, 100).await.unwrap(), 22);
}
