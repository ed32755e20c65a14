//! What hashing passwords costs, and whom.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use axum::http::Method;
use serde_json::json;
use time::Duration;
use tokio::task::JoinSet;
use vestibule::settings::Passwords;

use crate::{
    binary::Server,
    support::{Database, PASSWORD, Request, TestApp, folder, on_both_databases},
};

on_both_databases! {
    one_network_cannot_fill_the_queue,
    a_sign_up_that_fails_counts_before_it_costs_anything,
    a_new_password_is_judged_for_who_knows_the_old_one_only,
}

fn sign_up(app: &TestApp, name: &str, email: &str, password: &str) -> Request {
    let form = [("name", name), ("email", email), ("password", password)];
    app.browser().ask(Method::POST, "/sign-up").form(&form)
}

/// Sixteen places, of which one network has four at most; so ten at a time from elsewhere have always one.
async fn one_network_cannot_fill_the_queue(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.passwords = Passwords {
            memory_kib: 4096,
            iterations: 2,
            parallelism: 1,
            workers: 2,
            queue: 14,
            ..Passwords::default()
        };
        settings.throttle.sign_ups_per_address = 1_000_000;
        settings.throttle.mails_per_recipient = 1_000_000;
    })
    .await;
    let ada = app.person("ada").await;
    let over = Arc::new(AtomicBool::new(false));
    let mut attack = JoinSet::new();
    for number in 0..60 {
        let (app, over) = (app.clone(), over.clone());
        attack.spawn(async move {
            let long = "ab".repeat(32);
            let (name, email, password) = match number % 3 {
                0 => ("", "mallory@example.org", &*long),
                1 => ("Mallory", "mallory@example.org", &*long),
                _ => ("Mallory", "ada@example.org", PASSWORD),
            };
            let mut statuses = Vec::new();
            while !over.load(Ordering::Relaxed) {
                let reply = sign_up(&app, name, email, password).at("198.51.100.7").await;
                statuses.push(reply.status.as_u16());
                tokio::task::yield_now().await;
            }
            statuses
        });
    }
    for round in 0..4 {
        let login = json!({"email": ada.email, "password": PASSWORD});
        let honest: JoinSet<_> = (0..10)
            .map(|n| {
                app.post("/api/v1/login").json(login.clone()).at(&format!("192.0.2.{}", 10 * round + n)).into_future()
            })
            .collect();
        for reply in honest.join_all().await {
            reply.assert_status(201);
        }
    }
    over.store(true, Ordering::Relaxed);
    let statuses = attack.join_all().await.concat();
    assert!(statuses.iter().all(|status| matches!(status, 422 | 503)), "{statuses:?}");
}

async fn a_sign_up_that_fails_counts_before_it_costs_anything(database: Database) {
    let app = TestApp::with(database, |settings| settings.throttle.sign_ups_per_address = 3).await;
    for _ in 0..8 {
        app.clock.advance(Duration::minutes(1));
        sign_up(&app, "Ada", "ada@example.org", "monkeymonkey").await.page(422);
    }
    let page = sign_up(&app, "Ada", "ada@example.org", "monkeymonkey").await.page(429);
    assert!(!page.contains("easy to guess"), "it is not judged");
    // What is wrong at sight costs nothing, and says so still.
    let page = sign_up(&app, "", "ada@example.org", "short").await.page(422);
    assert!(page.contains("Enter a name of 1 to 100 characters.") && page.contains("at least 8 characters"), "{page}");
    assert_eq!(app.count("accounts").await, 0);
    // Nobody was mailed, so nobody's mail is used up.
    app.clock.advance(Duration::hours(1));
    sign_up(&app, "Ada", "ada@example.org", PASSWORD).at("192.0.2.1").await.assert_status(303);
}

async fn a_new_password_is_judged_for_who_knows_the_old_one_only(app: TestApp) {
    let ada = app.person("ada").await;
    let change = async |current: &str| {
        let form = [("current", current), ("password", "monkeymonkey")];
        ada.browser.submit("/account/password", &form).await
    };
    assert!(change(PASSWORD).await.page(422).contains("easy to guess"));
    let page = change("wrong password").await.page(422);
    assert!(page.contains("The current password is wrong.") && !page.contains("easy to guess"), "{page}");
}

/// A line of `/proc/…/status`, in KiB.
fn memory(process: u32, line: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let found = status.lines().find_map(|found| found.strip_prefix(line)).unwrap();
    found.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn memory_is_that_of_two_hashes_after_eighty() {
    let unlimited = [
        ("VESTIBULE_THROTTLE__SIGN_INS_PER_ADDRESS", "100000"),
        ("VESTIBULE_RATE_LIMITS__PER_ADDRESS", "100000"),
        ("VESTIBULE_PASSWORDS__WORKERS", "2"),
        ("VESTIBULE_PASSWORDS__QUEUE", "254"),
    ];
    let server = Server::start(&folder(), &unlimited);
    let before = memory(server.id(), "VmRSS");
    let guess = |number: u32| {
        let login = json!({"email": format!("{number}@example.org"), "password": "a wrong password"});
        assert_eq!(server.json("POST /api/v1/login", "", &login).0, 401);
    };
    thread::scope(|scope| {
        for first in 0..20 {
            scope.spawn(move || (0..4).for_each(|number| guess(first * 4 + number)));
        }
    });
    // Argon2's own, 19 MiB for each of two workers, and as much again for all the rest.
    let grown = memory(server.id(), "VmHWM").saturating_sub(before);
    assert!(grown < 2 * 2 * 19 * 1024, "{grown} KiB more than {before}");
}
