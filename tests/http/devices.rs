//! The device cookie: whatever strangers do, the owner signs in where they have signed in before.

use axum::http::Method;
use serde_json::json;
use time::Duration;
use vestibule::accounts::familiar;

use crate::support::{Ask, Browser, Database, House, PASSWORD, Reply, both};

both! {
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
    devices_are_bounded_kept_as_a_hash_and_swept,
}

const EMAIL: &str = "ada@example.org";

fn page(browser: &Browser, password: &str) -> Ask {
    browser.ask(Method::POST, "/sign-in").form(&[("email", EMAIL), ("password", password)])
}

fn session(browser: &Browser, password: &str) -> Ask {
    browser.ask(Method::POST, "/session/v1/login").json(json!({"email": EMAIL, "password": password}))
}

/// A guess from the network `number`, of which there are more than minutes in a day.
async fn guess(house: &House, number: u32) -> Reply {
    let address = format!("10.{}.{}.1", number / 256, number % 256);
    house.post("/api/v1/login").json(json!({"email": EMAIL, "password": "wrong password"})).at(&address).await
}

/// Guesses from sixty networks, until the next from anywhere has to wait for a minute.
async fn attack(house: &House) {
    for number in 0..60 {
        let reply = guess(house, number).await;
        if reply.status == 429 {
            house.clock.advance(Duration::seconds(wait(&reply)));
        }
    }
    house.clock.advance(Duration::minutes(1));
    guess(house, 60).await.is(401);
}

/// The seconds to wait.
#[track_caller]
fn wait(reply: &Reply) -> i64 {
    reply.is(429).header("retry-after").parse().unwrap()
}

async fn the_cookie_is_exactly_this_and_only_signing_in_sets_it(database: Database) {
    let house = House::https(database).await;
    let ada = house.person("ada").await;
    let first = ada.browser.device().unwrap();
    for ask in [page(&ada.browser, PASSWORD), session(&ada.browser, PASSWORD)] {
        let reply = ask.await;
        let ours = reply.all_cookies().into_iter().filter(|cookie| cookie.name.ends_with("device"));
        let [cookie] = ours.collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(cookie.name, "__Host-Http-device");
        assert_eq!(cookie.attributes, ["HttpOnly", "Max-Age=34560000", "Path=/", "SameSite=Lax", "Secure"]);
        assert_eq!(cookie.value, first, "the same, for longer");
        house.db.settled().await;
    }
    let others = [
        page(&ada.browser, "wrong password").await,
        ada.browser.visit("/account").await,
        ada.browser.visit("/sign-in").await,
        house.browser().visit("/").await,
        house.post("/api/v1/login").json(json!({"email": EMAIL, "password": PASSWORD})).await,
    ];
    for reply in others {
        assert!(reply.all_cookies().iter().all(|cookie| !cookie.name.ends_with("device")), "{}", reply.asked);
    }
}

async fn guessed_at_for_a_day_the_owner_signs_in_where_they_did_before(house: House) {
    let ada = house.person("ada").await;
    let device = ada.browser.device().unwrap();
    attack(&house).await;
    for minute in 0..24 * 60 {
        house.clock.advance(Duration::minutes(1));
        guess(&house, 100 + minute).await.is(401);
        if minute % 180 == 0 {
            // Somebody else is refused, and she is not, wherever she is.
            assert!(wait(&page(&house.browser(), PASSWORD).at("192.0.2.1").await) <= 60);
            let browser = house.browser().with_device(&device);
            page(&browser, PASSWORD).at(&format!("198.51.100.{}", minute / 180)).await.is(303);
            let browser = house.browser().with_device(&device);
            session(&browser, PASSWORD).at(&format!("203.0.113.{}", minute / 180)).await.is(200);
            house.db.settled().await;
        }
    }
}

async fn guessed_at_for_hours_the_owner_has_a_link_everywhere_else(house: House) {
    house.person("ada").await;
    attack(&house).await;
    for number in 0..35 {
        let form = [("name", "Mallory"), ("email", EMAIL), ("password", PASSWORD)];
        let address = format!("10.100.{number}.1");
        house.browser().ask(Method::POST, "/sign-up").form(&form).at(&address).await;
    }
    let forgot =
        |browser: &Browser, address: &str| browser.ask(Method::POST, "/forgot").form(&[("email", EMAIL)]).at(address);
    let mut passwords = ["entirely different words", "words that are different again"].into_iter().cycle();
    for minute in 0..6 * 60 {
        house.clock.advance(Duration::minutes(1));
        guess(&house, 100 + minute).await.is(401);
        if minute % 10 == 0 {
            let address = format!("10.200.{}.{}", minute / 256, minute % 256);
            forgot(&house.browser(), &address).await.page(202);
        }
        if minute % 120 != 35 {
            continue;
        }
        let (browser, address) = (house.browser(), format!("198.51.100.{}", minute / 120));
        let password = passwords.next().unwrap();
        forgot(&browser, &address).await.page(202);
        let link = house.link("/reset/").await;
        // However long ago it was mailed, there is time to use it.
        house.clock.advance(Duration::minutes(14));
        browser.visit(&link).await.page(200);
        house.clock.advance(-Duration::minutes(14));
        let reset = browser.ask(Method::POST, &link).form(&[("password", password)]).at(&address);
        assert!(browser.device().is_none());
        reset.await.page(200);
        house.db.settled().await;
        assert!(wait(&page(&house.browser(), password).at(&address).await) <= 60);
        page(&browser, password).at(&address).await.is(303);
    }
    // And not one mail each time somebody asks.
    let mails = house.letters_about("Choose a new password").await.len();
    assert!((8..36).contains(&mails), "of 39 that were asked for: {mails}");
}

async fn a_device_has_guesses_of_its_own(house: House) {
    let ada = house.person("ada").await;
    let device = ada.browser.device().unwrap();
    let guess = |password: &'static str, address: &'static str| {
        page(&house.browser().with_device(&device), password).at(address)
    };
    for number in 0..15 {
        house.clock.advance(Duration::minutes(1));
        guess("wrong password", ["192.0.2.1", "198.51.100.7"][number % 2]).await.is(401);
    }
    let seconds = wait(&guess(PASSWORD, "203.0.113.9").await);
    assert!((1..=900).contains(&seconds), "{seconds}");
    // They count for nothing else.
    page(&house.browser(), PASSWORD).at("192.0.2.1").await.is(303);
    page(&house.browser(), PASSWORD).at("198.51.100.8").await.is(303);
    house.clock.advance(Duration::seconds(seconds));
    guess(PASSWORD, "203.0.113.9").await.is(303);
    house.db.settled().await;
    for _ in 0..9 {
        guess("wrong password", "203.0.113.9").await.is(401);
    }
}

async fn it_is_nothing_to_another_account(house: House) {
    house.person("ada").await;
    let mallory = house.person("mallory").await;
    let device = mallory.browser.device().unwrap();
    attack(&house).await;
    let theirs = house.browser().with_device(&device);
    assert!(wait(&page(&theirs, "wrong password").at("192.0.2.1").await) <= 60);
}

async fn it_opens_nothing(house: House) {
    let ada = house.person("ada").await;
    let browser = house.browser().with_device(&ada.browser.device().unwrap());
    assert!(!browser.is_signed_in().await);
    browser.ask(Method::GET, "/session/v1/me").await.problem(401, "not_signed_in");
    page(&browser, "wrong password").await.is(401);
}

async fn an_id_that_is_not_known_is_never_adopted(house: House) {
    let (ada, mallory) = (house.person("ada").await, house.person("mallory").await);
    let planted = mallory.browser.device().unwrap();
    let victims = house.browser().with_device(&planted);
    page(&victims, PASSWORD).await.is(303);
    house.db.settled().await;
    let fresh = victims.device().unwrap();
    assert!(fresh != planted && fresh != ada.browser.device().unwrap());
    attack(&house).await;
    let attackers = house.browser().with_device(&planted);
    page(&attackers, "wrong password").at("192.0.2.1").await.is(429);
    page(&house.browser().with_device(&fresh), PASSWORD).at("192.0.2.1").await.is(303);
    for twice in [format!("device={fresh}; device={fresh}"), format!("dev%69ce={fresh}"), format!("DEVICE={fresh}")] {
        page(&house.browser(), PASSWORD).header("cookie", &twice).at("192.0.2.2").await.is(429);
    }
    let beside = format!("city=Zürich; device={fresh}");
    page(&house.browser(), PASSWORD).header("cookie", &beside).at("192.0.2.2").await.is(303);
}

async fn those_who_share_a_browser_are_all_known_there(house: House) {
    let ada = house.person("ada").await;
    let browser = ada.browser;
    let bob = house.person("bob").await;
    browser.submit("/sign-out", &[]).await.is(303);
    browser.submit("/sign-in", &[("email", &bob.email), ("password", PASSWORD)]).await.is(303);
    house.db.settled().await;
    attack(&house).await;
    page(&browser, PASSWORD).at("192.0.2.1").await.is(303);
    assert_eq!(house.count("known_devices").await, 3, "hers and his in her browser, and his own");
}

async fn it_outlives_signing_out_and_a_new_password(house: House) {
    let ada = house.person("ada").await;
    let device = ada.browser.device();
    let form = [("current", PASSWORD), ("password", "entirely different words")];
    ada.browser.submit("/account/password", &form).await.leads_to("/account");
    ada.browser.submit("/sign-out", &[]).await.leads_to("/");
    assert_eq!((ada.browser.cookie(), ada.browser.device()), (None, device));
    attack(&house).await;
    page(&ada.browser, "entirely different words").at("192.0.2.1").await.is(303);
}

async fn the_token_door_reads_none(house: House) {
    let ada = house.person("ada").await;
    let cookie = format!("device={}", ada.browser.device().unwrap());
    attack(&house).await;
    let login = house.post("/api/v1/login").json(json!({"email": EMAIL, "password": PASSWORD}));
    login.clone().header("cookie", &cookie).at("192.0.2.1").await.problem(429, "rate_limited");
    // But it knows the network she comes from.
    login.await.is(201);
}

async fn devices_are_bounded_kept_as_a_hash_and_swept(house: House) {
    let ada = house.person("ada").await;
    let first = ada.browser.device().unwrap();
    for _ in 0..35 {
        house.clock.advance(Duration::minutes(1));
        page(&house.browser(), PASSWORD).await.is(303);
        house.db.settled().await;
    }
    assert_eq!(house.count("known_devices").await, 32);
    let dump = house.dump().await;
    assert!(!dump.windows(first.len()).any(|part| part == first.as_bytes()));
    // The one that was not used for longest has made room.
    attack(&house).await;
    page(&house.browser().with_device(&first), PASSWORD).at("192.0.2.1").await.is(429);
    house.clock.advance(Duration::days(401));
    assert_eq!(familiar::sweep(&house.db, 10).await.unwrap(), 10);
    assert_eq!(familiar::sweep(&house.db, 100).await.unwrap(), 22);
}
