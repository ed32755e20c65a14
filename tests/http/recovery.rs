//! A forgotten password, and the link that mends it.

use axum::http::Method;
use time::Duration;
use vestibule::features::accounts::one_time_links::delete_expired;

use crate::support::{Database, Door, OURS, PASSWORD, Person, TestApp, all_scopes, field_error, on_both_databases};

on_both_databases! {
    a_link_gives_a_new_password,
    the_answer_is_the_same_whoever_is_asked_for,
    opening_the_link_changes_nothing,
    a_link_is_used_once_by_two_who_come_at_once,
    of_two_instances_one_takes_the_link,
    a_link_is_over_by_the_clock,
    a_newer_link_takes_the_place_of_the_older,
    a_new_password_ends_every_sign_in,
    tokens_are_revoked_if_they_are_to_be,
    a_password_that_will_not_do_leaves_the_link_good,
    a_link_is_void_once_the_address_or_the_password_has_changed,
    what_is_no_link_of_ours_is_over_too,
    a_link_leads_to_the_public_url_whatever_the_host,
    a_page_of_a_link_tells_nobody_where_it_is,
    no_link_is_in_the_database,
    links_that_are_over_are_deleted,
    without_a_database_the_link_is_kept,
}

const NEW: &str = "entirely different words";

/// Asks for a link and gives the path it leads to.
async fn link(app: &TestApp, person: &Person) -> String {
    app.browser().submit("/forgot", &[("email", &person.email)]).await.assert_status(202);
    app.link("/reset/").await
}

async fn sign_in(app: &TestApp, person: &Person, password: &str) -> u16 {
    let form = [("email", person.email.as_str()), ("password", password)];
    app.browser().submit("/sign-in", &form).await.status.as_u16()
}

async fn a_link_gives_a_new_password(app: TestApp) {
    let ada = app.person("ada").await;
    let browser = app.browser();
    assert!(browser.visit("/sign-in").await.page(200).contains(r#"href="/forgot""#));
    assert!(browser.visit("/forgot").await.page(200).contains(r#"<form method="post" action="/forgot">"#));
    let path = link(&app, &ada).await;
    let [letter] = app.emails_with_subject("Choose a new password").await.try_into().unwrap();
    assert_eq!(letter.header("To"), "ada@example.org");
    assert!(!letter.raw.contains("ada\n"), "her name is not in it: {}", letter.raw);

    let page = browser.visit(&path).await.page(200);
    assert!(page.contains(&format!(r#"<form method="post" action="{path}">"#)), "{page}");
    let page = browser.submit(&path, &[("password", NEW)]).await.page(200);
    assert!(page.contains("Password changed") && page.contains(r#"href="/sign-in""#));
    assert_eq!(browser.cookie(), None, "the next step is to sign in");
    assert_eq!((sign_in(&app, &ada, PASSWORD).await, sign_in(&app, &ada, NEW).await), (401, 303));

    let [told] = app.emails_with_subject("Your password was changed").await.try_into().unwrap();
    assert_eq!(told.header("To"), "ada@example.org");
    for again in [browser.visit(&path).await, browser.submit(&path, &[("password", "another one, too")]).await] {
        let page = again.page(410);
        assert!(page.contains("This link has expired") && page.contains(r#"href="/forgot""#));
    }
    assert_eq!(sign_in(&app, &ada, NEW).await, 303);
}

async fn the_answer_is_the_same_whoever_is_asked_for(app: TestApp) {
    app.person("ada").await;
    let mut pages = Vec::new();
    for email in ["ada@example.org", " ADA@example.org ", "nobody@example.org", "no address", "", "a\0b@example.org"] {
        let reply = app.browser().submit("/forgot", &[("email", email)]).await;
        let nonce = reply.header("content-security-policy").split('\'').find(|part| part.starts_with("nonce-"));
        pages.push(reply.page(202).replace(nonce.unwrap().trim_start_matches("nonce-"), ""));
        assert!(!reply.has("set-cookie"));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
    let letters = app.emails_with_subject("Choose a new password").await;
    assert!(letters.iter().all(|letter| letter.header("To") == "ada@example.org"));
    assert_eq!(letters.len(), 2);
}

async fn opening_the_link_changes_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    let path = link(&app, &ada).await;
    let mut witness = app.witness().await;
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let reply = app.ask(method, &path).header("user-agent", "Mail Scanner/1.0").await;
        assert!(!reply.assert_status(200).has("set-cookie"));
    }
    assert!(!witness.saw_a_write().await);
    app.browser().submit(&path, &[("password", NEW)]).await.page(200);
}

async fn a_link_is_used_once_by_two_who_come_at_once(app: TestApp) {
    let ada = app.person("ada").await;
    for round in 0..4 {
        let path = link(&app, &ada).await;
        let (one, other) = (format!("the words of one {round}"), format!("the words of other {round}"));
        let (first, second) = (app.browser(), app.browser());
        let first = first.ask(Method::POST, &path).form(&[("password", &one)]).into_future();
        let second = second.ask(Method::POST, &path).form(&[("password", &other)]).into_future();
        let (first, second) = tokio::join!(tokio::spawn(first), tokio::spawn(second));
        let (first, second) = (first.unwrap().status.as_u16(), second.unwrap().status.as_u16());
        let winner = match (first, second) {
            (200, 410) => &one,
            (410, 200) => &other,
            both => panic!("{both:?}"),
        };
        assert_eq!(sign_in(&app, &ada, winner).await, 303);
    }
}

async fn of_two_instances_one_takes_the_link(app: TestApp) {
    let ada = app.person("ada").await;
    let instances = [app.another_instance().await, app.another_instance().await];
    for _ in 0..4 {
        let path = link(&app, &ada).await;
        let ask = |there: &TestApp| there.browser().ask(Method::POST, &path).form(&[("password", NEW)]).into_future();
        let (first, second) = tokio::join!(tokio::spawn(ask(&instances[0])), tokio::spawn(ask(&instances[1])));
        let mut statuses = [first.unwrap().status.as_u16(), second.unwrap().status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 410]);
    }
}

async fn a_link_is_over_by_the_clock(app: TestApp) {
    let ada = app.person("ada").await;
    let path = link(&app, &ada).await;
    app.clock.advance(Duration::minutes(30) - Duration::seconds(5));
    app.get(&path).await.page(200);
    app.clock.advance(Duration::seconds(5));
    app.get(&path).await.page(410);
    app.browser().submit(&path, &[("password", NEW)]).await.page(410);
    assert_eq!(sign_in(&app, &ada, PASSWORD).await, 303);
}

async fn a_newer_link_takes_the_place_of_the_older(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let (older, newer, others) = (link(&app, &ada).await, link(&app, &ada).await, link(&app, &bob).await);
    app.browser().submit(&older, &[("password", NEW)]).await.page(410);
    app.get(&newer).await.page(200);
    app.get(&others).await.page(200);
}

async fn a_new_password_ends_every_sign_in(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let path = link(&app, &ada).await;
    let other = app.browser();
    other
        .submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD), ("remember", "on")])
        .await
        .assert_status(303);
    // Her own browser is where she follows the link.
    let page = ada.browser.submit(&path, &[("password", NEW)]).await.page(200);
    assert!(!page.contains("Signed in as"), "{page}");
    assert_eq!(ada.browser.cookie(), None);
    assert!(!other.is_signed_in().await);
    assert!(bob.browser.is_signed_in().await);
    assert_eq!(app.count("browser_sessions").await, 1);

    // Whoever is signed in as somebody else stays so.
    let path = link(&app, &ada).await;
    bob.browser.submit(&path, &[("password", NEW)]).await.page(200);
    assert!(bob.browser.is_signed_in().await);
}

async fn tokens_are_revoked_if_they_are_to_be(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    app.sql("UPDATE accounts SET email_verified_at = created_at").await;
    let token = app.token(&ada, &all_scopes()).await;
    let path = link(&app, &ada).await;
    let page = app.get(&path).await.page(200);
    assert!(page.contains(r#"name="tokens" checked"#), "the box is ticked: {page}");
    app.browser().submit(&path, &[("password", NEW)]).await.page(200);
    token.get("/me").await.assert_status(200);

    let path = link(&app, &ada).await;
    app.browser().submit(&path, &[("password", NEW), ("tokens", "on")]).await.page(200);
    token.get("/me").await.problem(401, "token_revoked");
    bob.client.get("/me").await.assert_status(200);
}

async fn a_password_that_will_not_do_leaves_the_link_good(app: TestApp) {
    let ada = app.person("ada").await;
    let path = link(&app, &ada).await;
    for weak in ["", "short", "password1", "ada@example.org"] {
        let page = app.browser().submit(&path, &[("password", weak), ("tokens", "on")]).await.page(422);
        assert!(!field_error(&page, "password").is_empty(), "{weak}");
        assert!(page.contains(r#"name="tokens" checked"#), "what was ticked stays");
    }
    assert!(ada.browser.is_signed_in().await);
    app.browser().submit(&path, &[("password", NEW)]).await.page(200);
}

async fn a_link_is_void_once_the_address_or_the_password_has_changed(app: TestApp) {
    let ada = app.person("ada").await;
    let path = link(&app, &ada).await;
    app.sql("UPDATE accounts SET email = 'ada@new.example'").await;
    app.get(&path).await.page(410);
    app.browser().submit(&path, &[("password", NEW)]).await.page(410);
    app.sql("UPDATE accounts SET email = 'ada@example.org'").await;
    app.get(&path).await.page(200);
    app.sql("UPDATE accounts SET auth_stamp = (SELECT hash FROM tokens LIMIT 1)").await;
    app.get(&path).await.page(410);
    app.browser().submit(&path, &[("password", NEW)]).await.page(410);
    assert_eq!(sign_in(&app, &ada, PASSWORD).await, 303);
}

async fn what_is_no_link_of_ours_is_over_too(app: TestApp) {
    let ada = app.person("ada").await;
    let path = link(&app, &ada).await;
    let cut = &path[..path.len() - 1];
    let token = ada.client.token.as_str();
    for other in [cut, &format!("{path}x"), "/reset/x", "/reset/%00", &format!("/reset/{token}"), "/reset/%f0"] {
        let status = app.get(other).await.status.as_u16();
        assert!(status == 410 || (status == 400 && other.ends_with("%f0")), "{other}: {status}");
        let status = app.browser().submit(other, &[("password", NEW)]).await.status.as_u16();
        assert!(status == 410 || (status == 400 && other.ends_with("%f0")), "{other}: {status}");
    }
    app.get("/reset/").await.page(404);
}

async fn a_link_leads_to_the_public_url_whatever_the_host(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.server.public_url = "https://vestibule.example".parse().unwrap();
        settings.server.hosts = vec!["other.example".into()];
    })
    .await;
    let ada = app.person("ada").await;
    let ask = app.browser().ask(Method::POST, "/forgot").form(&[("email", &ada.email)]);
    ask.clone().header("host", "evil.example").await.assert_status(421);
    ask.headers(&[("host", "other.example"), ("x-forwarded-host", "evil.example")]).await.assert_status(202);
    let [letter] = app.emails_with_subject("Choose a new password").await.try_into().unwrap();
    assert!(letter.text().contains("https://vestibule.example/reset/link_"), "{}", letter.raw);
    assert!(
        !letter.raw.contains("evil") && !letter.raw.contains("other.example") && !letter.raw.contains(OURS),
        "{}",
        letter.raw
    );
}

async fn a_page_of_a_link_tells_nobody_where_it_is(app: TestApp) {
    let ada = app.person("ada").await;
    let path = link(&app, &ada).await;
    let (browser, there) = (app.browser(), app.another_instance().await);
    there.db.close().await;
    for reply in [
        browser.forged(Method::POST, &path).await,
        there.get(&path).await,
        browser.visit(&path).await,
        browser.submit(&path, &[("password", "short")]).await,
        browser.submit(&path, &[("password", NEW)]).await,
        browser.submit(&path, &[("password", NEW)]).await,
        browser.visit(&path).await,
    ] {
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{} {}", reply.asked, reply.status);
        assert_eq!(reply.header("cache-control"), "no-store");
    }
}

async fn no_link_is_in_the_database(app: TestApp) {
    let ada = app.person("ada").await;
    let path = link(&app, &ada).await;
    let token = path.trim_start_matches("/reset/link_");
    let dump = app.dump().await;
    let holds = |needle: &[u8]| dump.windows(needle.len()).any(|part| part == needle);
    assert!(holds(b"ada@example.org"), "the dump is one");
    assert!(!holds(token.as_bytes()));
    assert!(!holds(&token.as_bytes()[..32]));
}

async fn links_that_are_over_are_deleted(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    link(&app, &ada).await;
    app.clock.advance(Duration::minutes(20));
    let good = link(&app, &bob).await;
    assert_eq!(delete_expired(&app.db, 100).await.unwrap(), 0);
    app.clock.advance(Duration::minutes(11));
    assert_eq!(delete_expired(&app.db, 100).await.unwrap(), 1);
    assert_eq!(app.count("one_time_links WHERE purpose = 'reset'").await, 1);
    app.get(&good).await.page(200);
}

async fn without_a_database_the_link_is_kept(app: TestApp) {
    let ada = app.person("ada").await;
    let path = link(&app, &ada).await;
    let there = app.another_instance().await;
    there.db.close().await;
    there.browser().submit("/forgot", &[("email", &ada.email)]).await.page(503);
    there.get(&path).await.page(503);
    there.browser().submit(&path, &[("password", NEW)]).await.page(503);
    app.browser().submit(&path, &[("password", NEW)]).await.page(200);
}
