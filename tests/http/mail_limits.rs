//! Signing up and asking for mail too often is slowed down, and keeps nobody from a link for a new password. A customer
//! with many networks is counted by all of them.

use time::Duration;
use vestibule::settings::Confirm;

use crate::{
    support::{Database, PASSWORD, TestApp, on_both_databases},
    throttle::{ELSEWHERE, login},
};

on_both_databases! {
    an_ipv6_customer_with_many_networks_is_counted_by_all_of_them,
    new_accounts_from_one_address_are_slowed_down,
    mail_to_one_address_is_slowed_down_whoever_asks_and_whosever_it_is,
    mail_that_one_address_asks_for_is_slowed_down,
    each_purpose_of_mail_counts_for_itself,
    where_signing_up_sends_mail_it_is_slowed_down_too,
}

async fn an_ipv6_customer_with_many_networks_is_counted_by_all_of_them(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.throttle.sign_ins_per_address = 2;
        settings.throttle.mails_per_address = 2;
    })
    .await;
    app.clock.stop();
    let spray = async |address: String| {
        let reply = login(&app, &format!("{}@example.org", address.replace(':', "-")), PASSWORD).at(&address).await;
        reply.status == 401
    };
    let mut made = 0;
    for n in 0..40 {
        made += u32::from(spray(format!("2001:db8:1:{n:x}::1")).await);
    }
    assert_eq!(made, 8, "of 56 bits, four times as much");
    for n in 1..120 {
        made += u32::from(spray(format!("2001:db8:1:{n:x}00::1")).await);
    }
    assert_eq!(made, 32, "of 48 bits, sixteen times as much");
    assert!(spray("2001:db8:2::1".into()).await);

    let mut asked = 0;
    for n in 0..40 {
        let form = [("email", format!("{n}@example.org"))];
        let form = form.each_ref().map(|(name, email)| (*name, email.as_str()));
        let ask = app.browser().ask(axum::http::Method::POST, "/forgot").form(&form);
        asked += u32::from(ask.at(&format!("2001:db8:3:{n:x}::1")).await.status == 202);
    }
    assert_eq!(asked, 8);
}

async fn new_accounts_from_one_address_are_slowed_down(database: Database) {
    let app = TestApp::with(database, |settings| settings.throttle.sign_ups_per_address = 3).await;
    let sign_up = |name: &str, password: &str| {
        let email = format!("{name}@example.org");
        let form = [("name", name), ("email", &email), ("password", password), ("next", "/tokens")];
        app.browser().ask(axum::http::Method::POST, "/sign-up").form(&form)
    };
    // What would make no account costs nothing.
    for _ in 0..5 {
        sign_up("ada", "short").await.assert_status(422);
    }
    for name in ["ada", "bob", "eve", "ida", "kim", "lou", "pat", "ray"] {
        app.clock.advance(Duration::minutes(1));
        sign_up(name, PASSWORD).await.assert_status(303);
    }
    let reply = sign_up("mallory", PASSWORD).await;
    let (page, seconds) = (reply.page(429), reply.header("retry-after").to_owned());
    let said =
        format!("Too many attempts to sign up came from your network address. Try again in {seconds} seconds.</p>");
    assert!(page.contains(&said), "{seconds}: {page}");
    assert!(page.contains(r#"value="mallory@example.org""#) && page.contains(r#"name="next" value="/tokens""#));
    sign_up("mallory", PASSWORD).at(ELSEWHERE).await.assert_status(303);
    app.clock.advance(Duration::seconds(seconds.parse().unwrap()));
    sign_up("oscar", PASSWORD).await.assert_status(303);
    assert_eq!(app.count("accounts").await, 10);
}

async fn mail_to_one_address_is_slowed_down_whoever_asks_and_whosever_it_is(app: TestApp) {
    app.clock.stop();
    let ada = app.person("ada").await;
    app.clock.advance(Duration::days(1));
    let forgot = |email: &str, number: u32| {
        let ask = app.browser().ask(axum::http::Method::POST, "/forgot").form(&[("email", email)]);
        ask.at(&format!("203.0.113.{number}"))
    };
    let mut pages = Vec::new();
    for email in [&*ada.email, "nobody@example.org"] {
        for number in 0..60 {
            app.clock.advance(Duration::minutes(1));
            let reply = forgot(&format!(" {}", email.to_uppercase()), number).await;
            let nonce = reply.header("content-security-policy").split('\'').find(|part| part.starts_with("nonce-"));
            pages.push(reply.page(202).replace(nonce.unwrap().trim_start_matches("nonce-"), ""));
            if email == ada.email {
                // Mailed or not, the link that came last is good for a quarter of an hour at least.
                let link = app.link("/reset/").await;
                app.clock.advance(Duration::minutes(14));
                app.get(&link).await.page(200);
                app.clock.advance(-Duration::minutes(14));
            }
        }
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "the answer is the same whether or not one is mailed");
    let mails = app.emails_with_subject("Choose a new password").await.len();
    assert_eq!(mails, 17, "some at once, then one in a quarter of an hour at most");
    // Others are not touched, and neither is the link that came last.
    let bob = app.person("bob").await;
    forgot(&bob.email, 99).await.page(202);
    bob.browser.submit("/account/email/resend", &[]).await.page(202);
}

async fn mail_that_one_address_asks_for_is_slowed_down(database: Database) {
    let app = TestApp::with(database, |settings| settings.throttle.mails_per_address = 3).await;
    let ada = app.person("ada").await;
    let forgot = |number: u32| {
        let email = format!("{number}@example.org");
        app.browser().ask(axum::http::Method::POST, "/forgot").form(&[("email", &*email)])
    };
    for number in 0..8 {
        app.clock.advance(Duration::minutes(1));
        forgot(number).await.page(202);
    }
    let reply = forgot(8).await;
    reply.page(429);
    assert!(reply.header("retry-after").parse::<u32>().is_ok_and(|seconds| (1..=300).contains(&seconds)));
    // Whatever sends mail counts.
    let resend = ada.browser.submit("/account/email/resend", &[]).await;
    assert!(resend.page(429).contains("Too many requests") && resend.has("retry-after"));
    let change = ada.browser.submit("/account/email", &[("email", "ada@new.example")]).await.page(429);
    assert!(change.contains("Too many emails were requested") && change.contains("ada@new.example"));
    forgot(9).at(ELSEWHERE).await.page(202);
}

async fn each_purpose_of_mail_counts_for_itself(app: TestApp) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    // Signing up with somebody's address mails them nothing.
    for number in 0..20 {
        let form = [("name", "Mallory"), ("email", &*ada.email), ("password", PASSWORD)];
        let sign_up = app.browser().ask(axum::http::Method::POST, "/sign-up").form(&form);
        sign_up.at(&format!("203.0.113.{number}")).await.assert_status(422);
    }
    for _ in 0..20 {
        bob.browser.submit("/account/email", &[("email", &ada.email)]).await;
    }
    app.db.wait_idle().await;
    ada.browser.submit("/account/email/resend", &[]).await.page(202);
    app.browser().submit("/forgot", &[("email", &ada.email)]).await.page(202);
    assert_eq!(app.emails_with_subject("Choose a new password").await.len(), 1);
}

async fn where_signing_up_sends_mail_it_is_slowed_down_too(database: Database) {
    let app = TestApp::with(database, |settings| settings.accounts.confirm = Confirm::Required).await;
    app.clock.stop();
    let sign_up = |email: &str, number: u32| {
        let form = [("name", "Ada"), ("email", email), ("password", PASSWORD)];
        let ask = app.browser().ask(axum::http::Method::POST, "/sign-up").form(&form);
        ask.at(&format!("203.0.113.{number}"))
    };
    for number in 0..12 {
        app.clock.advance(Duration::minutes(1));
        sign_up("ada@example.org", number).await.assert_status(if number < 11 { 202 } else { 429 });
    }
    let letters = app.letters().await.len();
    assert_eq!(letters, 11, "the twelfth has to wait for 64 seconds");
    sign_up("ada@example.org", 99).await.assert_status(429);
    sign_up("bob@example.org", 99).await.assert_status(202);
}
