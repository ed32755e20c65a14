//! Whoever tries too often is slowed down, and nobody is locked out.

use std::time::Duration as StdDuration;

use serde_json::json;
use time::Duration;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use vestibule::{
    auth::rate_limit::{
        account_attempts::{account_waits, unlock},
        attempts::{self, Rule},
        by_network::{self, ByNetwork},
    },
    http::{client::Client as Somewhere, problem::Limit},
};

use crate::{
    sign_in::{Enrolled, step_in},
    support::{Database, PASSWORD, Request, Response, TestApp, on_both_databases},
};

on_both_databases! {
    failures_are_slowed_down_and_the_answer_says_until_when,
    the_page_comes_back_with_what_was_typed_and_says_when_to_try_again,
    both_doors_and_the_page_count_together,
    the_right_password_waits_too_and_then_clears_the_count,
    an_account_that_does_not_exist_is_counted_the_same,
    a_strangers_failures_do_not_touch_the_owner,
    the_owner_on_the_road_waits_a_minute_at_most,
    one_address_is_slowed_down_across_accounts,
    an_ipv6_customer_is_one_address,
    a_clock_that_was_ahead_keeps_nobody_out,
    a_sign_in_while_the_clock_was_ahead_slows_nobody_down,
    a_forged_header_is_no_other_address,
    sign_ins_that_succeed_are_not_counted,
    of_many_guesses_at_once_only_the_free_ones_are_made,
    whoever_hangs_up_is_counted,
    a_refusal_counts_for_nothing,
    every_instance_counts,
    nothing_that_was_typed_is_kept,
    what_is_forgiven_is_deleted,
    other_features_count_by_rules_of_their_own,
    an_operator_sees_the_wait_and_ends_it,
    an_operator_sees_the_wait_in_a_browser_that_the_account_knows_and_ends_it,
    an_operator_lifts_the_limit_of_an_address,
}

/// How long anything may take.
const PATIENCE: StdDuration = StdDuration::from_secs(20);
/// An address of a stranger.
pub(super) const ELSEWHERE: &str = "198.51.100.7";

pub(super) fn login(app: &TestApp, email: &str, password: &str) -> Request {
    app.post("/api/v1/login").json(json!({"email": email, "password": password}))
}

async fn guess(app: &TestApp, email: &str) -> Response {
    login(app, email, "wrong password").await
}

/// Fails fifteen times, a minute apart, so that the next has to wait longer than a slow machine takes for a request.
async fn fails(app: &TestApp, ask: impl Fn(u32) -> Request) {
    for number in 0..15 {
        app.clock.advance(Duration::minutes(1));
        ask(number).await.assert_status(401);
    }
}

/// The seconds to wait.
#[track_caller]
fn wait(reply: &Response) -> i64 {
    reply.problem(429, "rate_limited");
    reply.header("retry-after").parse().unwrap()
}

async fn failures_are_slowed_down_and_the_answer_says_until_when(app: TestApp) {
    app.clock.stop();
    let ada = app.person("ada").await;
    fails(&app, |_| login(&app, &ada.email, "wrong password")).await;
    let mut waits = Vec::new();
    for _ in 0..12 {
        let reply = guess(&app, &ada.email).await;
        let seconds = wait(&reply);
        waits.push(seconds);
        assert_eq!(reply.json()["title"], "Too many requests");
        assert!(!reply.has("set-cookie"));
        app.clock.advance(Duration::seconds(seconds - 10));
        let rest = wait(&guess(&app, &ada.email).await);
        assert_eq!(rest, 10, "not yet");
        app.clock.advance(Duration::seconds(rest));
        guess(&app, &ada.email).await.problem(401, "invalid_credentials");
    }
    assert_eq!(waits, [32, 64, 64, 128, 256, 512, 512, 900, 900, 900, 900, 900]);
    // All of it is forgiven with time.
    app.clock.advance(Duration::hours(6));
    for _ in 0..10 {
        guess(&app, &ada.email).await.problem(401, "invalid_credentials");
    }
}

async fn the_page_comes_back_with_what_was_typed_and_says_when_to_try_again(app: TestApp) {
    let ada = app.person("ada").await;
    let browser = app.browser();
    let form = [("email", &*ada.email), ("password", "wrong password"), ("remember", "on"), ("next", "/tokens")];
    for _ in 0..15 {
        app.db.wait_idle().await;
        app.clock.advance(Duration::minutes(1));
        let reply = browser.submit("/sign-in", &form).await;
        assert!(matches!(reply.status.as_u16(), 401 | 429), "{}", reply.status);
    }
    let reply = browser.submit("/sign-in", &form).await;
    let page = reply.page(429);
    let seconds = reply.header("retry-after");
    assert!(seconds.parse::<u32>().is_ok_and(|seconds| seconds > 1), "{seconds}");
    assert!(
        page.contains(&format!("Too many attempts with a password. Try again in {seconds} seconds.</p>")),
        "{page}"
    );
    assert!(page.contains(&format!(r#"value="{}""#, ada.email)), "what was typed stays");
    assert!(page.contains(r#"name="remember" checked"#) && page.contains(r#"name="next" value="/tokens""#));
    assert!(!page.contains("wrong password"));
}

async fn both_doors_and_the_page_count_together(app: TestApp) {
    let ada = app.person("ada").await;
    let wrong = json!({"email": ada.email, "password": "wrong password"});
    let form = [("email", &*ada.email), ("password", "wrong password")];
    let asks = || {
        [
            app.post("/api/v1/login").json(wrong.clone()),
            app.browser().ask(axum::http::Method::POST, "/session/v1/login").json(wrong.clone()),
            app.browser().ask(axum::http::Method::POST, "/sign-in").form(&form),
        ]
    };
    for ask in (0..5).flat_map(|_| asks()) {
        app.clock.advance(Duration::minutes(1));
        ask.await.assert_status(401);
    }
    for ask in asks() {
        ask.await.assert_status(429);
    }
}

async fn the_right_password_waits_too_and_then_clears_the_count(app: TestApp) {
    let ada = app.person("ada").await;
    for _ in 0..2 {
        fails(&app, |_| login(&app, &ada.email, "wrong password")).await;
        let seconds = wait(&login(&app, &ada.email, PASSWORD).await);
        app.clock.advance(Duration::seconds(seconds));
        login(&app, &ada.email, PASSWORD).await.assert_status(201);
        app.db.wait_idle().await;
    }
}

async fn an_account_that_does_not_exist_is_counted_the_same(app: TestApp) {
    app.person("ada").await;
    for address in [ELSEWHERE, "192.0.2.1"] {
        for _ in 0..40 {
            let mut answers = Vec::new();
            for email in ["ada@example.org", "nobody@example.org"] {
                let reply = login(&app, email, "wrong password").at(address).await;
                let mut body = reply.json();
                body["request_id"].take();
                answers.push((reply.status, reply.header("retry-after").to_owned(), body));
            }
            // A second may begin between the two.
            let close = |a: &str, b: &str| match (a.parse::<i64>(), b.parse::<i64>()) {
                (Ok(a), Ok(b)) => (a - b).abs() <= 2,
                _ => a == b,
            };
            assert_eq!(answers[0].0, answers[1].0);
            assert!(close(&answers[0].1, &answers[1].1), "{answers:?}");
            assert!(answers[0].0 == 429 || answers[0].2 == answers[1].2, "{answers:?}");
            app.clock.advance(Duration::minutes(1));
        }
    }
}

/// Lets many machines guess the password of `email` for a while, until the next has to wait, and gives the seconds.
async fn guessed_from_everywhere(app: &TestApp, email: &str) -> i64 {
    for number in 0.. {
        let reply = login(app, email, "wrong password").at(&format!("203.0.113.{}", number % 200)).await;
        if reply.status != 429 {
            continue;
        }
        let seconds = wait(&reply);
        if number >= 60 {
            return seconds;
        }
        app.clock.advance(Duration::seconds(seconds));
    }
    unreachable!("it ends when they have to wait")
}

async fn a_strangers_failures_do_not_touch_the_owner(app: TestApp) {
    let ada = app.person("ada").await;
    for _ in 0..20 {
        login(&app, &ada.email, "wrong password").at(ELSEWHERE).await;
    }
    guessed_from_everywhere(&app, &ada.email).await;
    // From where she has signed in before, she signs in at once, and may mistype.
    for _ in 0..9 {
        guess(&app, &ada.email).await.problem(401, "invalid_credentials");
    }
    login(&app, &ada.email, PASSWORD).await.assert_status(201);
}

async fn the_owner_on_the_road_waits_a_minute_at_most(app: TestApp) {
    let ada = app.person("ada").await;
    let seconds = guessed_from_everywhere(&app, &ada.email).await;
    assert!((1..=60).contains(&seconds), "{seconds}");
    let on_the_road = || login(&app, &ada.email, PASSWORD).at("192.0.2.200");
    let seconds = wait(&on_the_road().await);
    app.clock.advance(Duration::seconds(seconds));
    on_the_road().await.assert_status(201);
    app.db.wait_idle().await;
    // Now she is known there.
    guessed_from_everywhere(&app, &ada.email).await;
    on_the_road().await.assert_status(201);
    // For a month.
    app.db.wait_idle().await;
    app.clock.advance(Duration::days(31));
    guessed_from_everywhere(&app, &ada.email).await;
    on_the_road().await.assert_status(429);
}

async fn one_address_is_slowed_down_across_accounts(app: TestApp) {
    let ada = app.person("ada").await;
    let spray = |number: u32| login(&app, &format!("{number}@example.org"), PASSWORD).at(ELSEWHERE);
    let mut waits = 0;
    for number in 0..1_000 {
        let reply = spray(number).await;
        if reply.status == 401 {
            continue;
        }
        assert!(number >= 60, "{number}");
        let seconds = wait(&reply);
        assert!(seconds <= 10, "many may share it: {seconds}");
        app.clock.advance(Duration::seconds(seconds));
        waits += 1;
        if waits == 5 {
            break;
        }
    }
    assert_eq!(waits, 5);
    login(&app, &ada.email, PASSWORD).at("198.51.100.8").await.assert_status(201);
}

async fn an_ipv6_customer_is_one_address(app: TestApp) {
    let ada = app.person("ada").await;
    fails(&app, |n| login(&app, &ada.email, "wrong password").at(&format!("2001:db8:1:2:{n}::{n}"))).await;
    login(&app, &ada.email, "wrong password").at("2001:db8:1:2:ffff::").await.assert_status(429);
    login(&app, &ada.email, "wrong password").at("2001:db8:1:3::1").await.assert_status(401);
}

async fn a_clock_that_was_ahead_keeps_nobody_out(app: TestApp) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::days(1));
    fails(&app, |_| login(&app, &ada.email, "wrong password")).await;
    guess(&app, &ada.email).await.assert_status(429);
    app.clock.advance(-Duration::days(1));
    for _ in 0..9 {
        guess(&app, &ada.email).await.assert_status(401);
    }
    login(&app, &ada.email, PASSWORD).await.assert_status(201);
}

async fn a_sign_in_while_the_clock_was_ahead_slows_nobody_down(app: TestApp) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::days(400));
    login(&app, &ada.email, PASSWORD).await.assert_status(201);
    app.clock.advance(-Duration::days(400));
    for _ in 0..3 {
        login(&app, &ada.email, PASSWORD).await.assert_status(201);
    }
}

async fn a_forged_header_is_no_other_address(app: TestApp) {
    let ada = app.person("ada").await;
    let forged = |number: u32| {
        let address = format!("192.0.2.{number}");
        let ask = login(&app, &ada.email, "wrong password").header("x-forwarded-for", &address);
        ask.header("forwarded", &format!("for={address}")).header("x-real-ip", &address)
    };
    fails(&app, forged).await;
    forged(100).await.assert_status(429);
}

async fn sign_ins_that_succeed_are_not_counted(app: TestApp) {
    let ada = app.person("ada").await;
    for _ in 0..70 {
        login(&app, &ada.email, PASSWORD).await.assert_status(201);
        app.db.wait_idle().await;
    }
}

async fn of_many_guesses_at_once_only_the_free_ones_are_made(app: TestApp) {
    app.clock.stop();
    let ada = app.person("ada").await;
    let guesses: JoinSet<_> = (0..50).map(|_| login(&app, &ada.email, "wrong password").into_future()).collect();
    let statuses: Vec<_> = guesses.join_all().await.into_iter().map(|reply| reply.status.as_u16()).collect();
    let made = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!(made, 10, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 50 - made);
}

async fn whoever_hangs_up_is_counted(database: Database) {
    let app = TestApp::with(database, |settings| settings.passwords.workers = 1).await;
    app.clock.stop();
    let ada = app.person("ada").await;
    let counted =
        async || app.raw().await.texts("SELECT CAST(due_at AS TEXT) FROM rate_limit_attempts ORDER BY key").await;
    for _ in 0..15 {
        app.clock.advance(Duration::minutes(1));
        let (held, before) = (app.state.hasher.hold_hashing().unwrap(), counted().await);
        let guess = tokio::spawn(login(&app, &ada.email, "wrong password").into_future());
        // The password cannot be checked, so the client goes away before there is an answer.
        let counting = async {
            while counted().await == before {
                sleep(StdDuration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, counting).await.expect("it is counted");
        guess.abort();
        assert!(guess.await.unwrap_err().is_cancelled());
        drop(held);
        app.db.wait_idle().await;
    }
    guess(&app, &ada.email).await.assert_status(429);
}

async fn a_refusal_counts_for_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    fails(&app, |_| login(&app, &ada.email, "wrong password")).await;
    let mut witness = app.witness().await;
    let first = wait(&guess(&app, &ada.email).await);
    for _ in 0..20 {
        assert!(wait(&guess(&app, &ada.email).await) <= first);
    }
    assert!(!witness.saw_a_write().await);
}

async fn every_instance_counts(app: TestApp) {
    let ada = app.person("ada").await;
    let there = app.another_instance().await;
    fails(&app, |n| login(if n % 2 == 0 { &app } else { &there }, &ada.email, "wrong password")).await;
    guess(&app, &ada.email).await.assert_status(429);
    guess(&there, &ada.email).await.assert_status(429);
}

async fn nothing_that_was_typed_is_kept(app: TestApp) {
    app.person("ada").await;
    // A password in the wrong field.
    guess(&app, "not-an-address-but-a-secret").await.assert_status(401);
    login(&app, "nobody@example.org", "also a secret").at("198.51.100.99").await.assert_status(401);
    assert!(app.count("rate_limit_attempts").await > 0);
    let dump = app.dump().await;
    for typed in ["not-an-address-but-a-secret", "nobody@example.org", "also a secret", "198.51.100.99"] {
        assert!(!dump.windows(typed.len()).any(|part| part == typed.as_bytes()), "{typed}");
    }
}

async fn what_is_forgiven_is_deleted(app: TestApp) {
    let ada = app.person("ada").await;
    for number in 0..5 {
        guess(&app, &format!("{number}@example.org")).await.assert_status(401);
    }
    app.db.wait_idle().await;
    let rows = app.count("rate_limit_attempts").await;
    assert!(rows >= 10, "{rows}");
    app.clock.advance(Duration::hours(1));
    assert_eq!(attempts::delete_expired(&app.db, 4).await.unwrap(), 4);
    attempts::delete_expired(&app.db, 100).await.unwrap();
    assert_eq!(app.count("rate_limit_attempts").await, 1, "that her address is known");
    login(&app, &ada.email, PASSWORD).await.assert_status(201);
    app.db.wait_idle().await;
    app.clock.advance(Duration::days(31));
    attempts::delete_expired(&app.db, 100).await.unwrap();
    assert_eq!(app.count("rate_limit_attempts").await, 0);
}

async fn other_features_count_by_rules_of_their_own(app: TestApp) {
    let rule = Rule { what: "test", limit: Limit::Mail, burst: 2, pace: Duration::hours(1) };
    let take = async |whom: &str| attempts::take(&app.db, vec![rule.of(&[whom])]).await;
    let mut last = None;
    for _ in 0..7 {
        app.clock.advance(Duration::minutes(1));
        last = Some(take("ada").await.unwrap());
    }
    assert!(take("ada").await.unwrap_err().retry_after().is_some_and(|seconds| (20..=32).contains(&seconds)));
    let _others = take("bob").await.unwrap();
    last.unwrap().give_back(&app.db).await;
    let _again = take("ada").await.unwrap();
    assert!(take("ada").await.is_err());
}

async fn an_operator_sees_the_wait_and_ends_it(app: TestApp) {
    let ada = app.person("ada").await;
    app.clock.stop();
    while guess(&app, &ada.email).await.status != 429 {}
    login(&app, &ada.email, PASSWORD).await.assert_status(429);
    let from = [Somewhere { address: "127.0.0.1".parse().ok(), ..Somewhere::default() }];
    let (throttle, whose) = (&app.settings.throttle, (ada.account.id, ada.email.as_str()));
    assert!(account_waits(&app.db, throttle, whose, &from).await.unwrap() > Duration::ZERO);
    assert!(unlock(&app.db, throttle, whose, &from).await.unwrap() > 0);
    assert_eq!(account_waits(&app.db, throttle, whose, &from).await.unwrap(), Duration::ZERO);
    assert_eq!(unlock(&app.db, throttle, whose, &from).await.unwrap(), 0);
    login(&app, &ada.email, PASSWORD).await.assert_status(201);
}

async fn an_operator_sees_the_wait_in_a_browser_that_the_account_knows_and_ends_it(app: TestApp) {
    let ada = Enrolled::new(&app, "ada").await;
    app.db.wait_idle().await;
    app.clock.stop();
    let own = app.browser().with_device(&ada.person.browser.device().unwrap());
    let (throttle, whose) = (&app.settings.throttle, (ada.person.account.id, ada.person.email.as_str()));
    let waits = async || account_waits(&app.db, throttle, whose, &[]).await.unwrap();
    let guess = |password: &str| {
        let body = json!({"email": ada.person.email, "password": password});
        own.ask(axum::http::Method::POST, "/session/v1/login").json(body)
    };
    for _ in 0..10 {
        guess("wrong password").await.assert_status(401);
    }
    guess(PASSWORD).await.problem(429, "rate_limited");
    assert!(waits().await > Duration::ZERO);
    assert!(unlock(&app.db, throttle, whose, &[]).await.unwrap() > 0);
    assert_eq!(waits().await, Duration::ZERO);
    for _ in 0..10 {
        guess(PASSWORD).await.problem(401, "second_factor_required");
        step_in(&own, "totp", &ada.wrong_code(&app)).await.assert_status(422);
    }
    guess(PASSWORD).await.problem(401, "second_factor_required");
    step_in(&own, "recovery_code", &ada.codes[0]).await.problem(429, "rate_limited");
    assert!(waits().await > Duration::ZERO);
    assert!(unlock(&app.db, throttle, whose, &[]).await.unwrap() > 0);
    assert_eq!(waits().await, Duration::ZERO);
    step_in(&own, "recovery_code", &ada.codes[0]).await.assert_status(200);
}

async fn an_operator_lifts_the_limit_of_an_address(database: Database) {
    let app = TestApp::with(database, |settings| settings.throttle.sign_ins_per_address = 3).await;
    let ada = app.person("ada").await;
    app.clock.stop();
    for number in 0..3 {
        guess(&app, &format!("{number}@example.org")).await.assert_status(401);
    }
    // It is no account that is limited, and the answer says so, whether or not there is one.
    for email in [&*ada.email, "nobody@example.org"] {
        let problem = login(&app, email, PASSWORD).await.problem(429, "rate_limited");
        let detail = "Too many attempts with a password came from your network address. Try again in ";
        assert!(problem["detail"].as_str().unwrap().starts_with(detail), "{problem}");
    }
    let (throttle, here) = (&app.settings.throttle, "127.0.0.1".parse().unwrap());
    let waits = async |kind| by_network::waits(&app.db, throttle, kind, here).await.unwrap();
    assert!(waits(ByNetwork::SignIn).await > Duration::ZERO);
    assert_eq!(waits(ByNetwork::UserCode).await, Duration::ZERO);
    assert!(by_network::forgive(&app.db, throttle, here).await.unwrap() > 0);
    assert_eq!(waits(ByNetwork::SignIn).await, Duration::ZERO);
    login(&app, &ada.email, PASSWORD).await.assert_status(201);
}
