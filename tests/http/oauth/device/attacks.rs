//! Codes of devices in the wrong hands (RFC 8628 section 5).

use axum::http::Method;
use time::Duration;

use super::{TV, answer, approve, ask, entered};
use crate::{
    oauth::{Site, Tokens, refused},
    support::{Door, PageForm, on_both_databases, without_database},
};

on_both_databases! {
    of_two_people_who_approve_at_once_one_does,
}

without_database! {
    guesses_at_codes_are_few,
    nobody_approves_for_the_account_of_somebody_else,
    another_site_approves_nothing,
    a_second_click_approves_once,
    somebody_who_was_signed_out_approves_nothing,
}

async fn guesses_at_codes_are_few(Site(app): Site) {
    let (eve, ada, device) = (app.person("eve").await, app.person("ada").await, ask(&app, TV).await);
    for number in 0..10 {
        // By either form.
        let path = if number % 2 == 0 { "/device" } else { "/device/decide" };
        let guess = format!("BCDF-GHJ{}", &"BCDFGHJKLM"[number..=number]);
        let form = [("user_code", guess.as_str()), ("decision", "deny")];
        let page = eve.browser.submit(path, &form).await.page(422);
        assert!(page.contains("No device waits with this code"), "{page}");
    }
    let reply = entered(&eve.browser, "BCDF-GHJN").await;
    assert!(reply.assert_status(429).has("retry-after"));
    // The right code as well, from wherever; not somebody else, not even on the same network.
    let form = [("user_code", device.user_code.as_str())];
    eve.browser.ask(Method::POST, "/device").form(&form).at("203.0.113.9").await.assert_status(429);
    app.clock.advance(Duration::seconds(1));
    approve(&ada.browser, &device).await;
    // Right ones count for nothing.
    for _ in 0..12 {
        entered(&ada.browser, &ask(&app, TV).await.user_code).await.page(200);
    }
    app.clock.advance(Duration::minutes(15));
    entered(&eve.browser, "BCDF-GHJN").await.assert_status(422);
    entered(&eve.browser, "BCDF-GHJP").await.assert_status(429);
}

async fn nobody_approves_for_the_account_of_somebody_else(Site(app): Site) {
    let (ada, bob, device) = (app.person("ada").await, app.person("bob").await, ask(&app, TV).await);
    let form = answer(&ada.browser, &device.user_code, "approve").await;
    form.by(&bob.browser).await.page(409);
    form.by(&app.browser()).await;
    refused(&device.poll(&app).await, 400, "authorization_pending");
    form.by(&ada.browser).await.assert_redirect("/device");
    let tokens = Tokens::of(&app, &device.poll(&app).await);
    assert_eq!(tokens.access.get("/me").await.json()["email"], ada.email);
    // What one person has answered, nobody else does.
    entered(&bob.browser, &device.user_code).await.page(422);
}

async fn another_site_approves_nothing(Site(app): Site) {
    let (ada, device) = (app.person("ada").await, ask(&app, TV).await);
    for dest in ["iframe", "object"] {
        let headers = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", dest)];
        let path = format!("/device?user_code={}", device.user_code);
        ada.browser.forged(Method::GET, &path).headers(&headers).await.assert_status(403);
    }
    let form = answer(&ada.browser, &device.user_code, "approve").await;
    let fields: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for path in ["/device", "/device/decide"] {
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "null")],
            &[("origin", "https://app.example")],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://app.example")],
        ] {
            let forged = ada.browser.forged(Method::POST, path).headers(headers).form(&fields);
            forged.await.assert_status(403);
        }
    }
    refused(&device.poll(&app).await, 400, "authorization_pending");
    assert_eq!(app.count("oauth_device_codes WHERE account_id IS NOT NULL OR denied_at IS NOT NULL").await, 0);
}

async fn a_second_click_approves_once(Site(app): Site) {
    let (ada, device) = (app.person("ada").await, ask(&app, TV).await);
    let form = answer(&ada.browser, &device.user_code, "approve").await;
    let other = answer(&ada.browser, &device.user_code, "deny").await;
    let (first, second) = tokio::join!(form.by(&ada.browser), form.by(&ada.browser));
    first.assert_redirect("/device");
    second.assert_redirect("/device");
    // In another tab, the other button: the first answer counts.
    let page = other.by(&ada.browser).await.page(422);
    assert!(crate::support::field_error(&page, "user_code").contains("answered already"), "{page}");
    assert!(PageForm::all(&page).iter().any(|form| form.action == "/device"));
    assert!(Tokens::of(&app, &device.poll(&app).await).work().await);
    assert_eq!(app.count("oauth_grants").await, 1);
}

async fn of_two_people_who_approve_at_once_one_does(Site(app): Site) {
    let (ada, bob, device) = (app.person("ada").await, app.person("bob").await, ask(&app, TV).await);
    let one = answer(&ada.browser, &device.user_code, "approve").await;
    let other = answer(&bob.browser, &device.user_code, "approve").await;
    let (first, second) = tokio::join!(one.by(&ada.browser), other.by(&bob.browser));
    let statuses = [first.status.as_u16(), second.status.as_u16()];
    assert!(statuses == [303, 422] || statuses == [422, 303], "{statuses:?}");
    let winner = if statuses[0] == 303 { &ada } else { &bob };
    let tokens = Tokens::of(&app, &device.poll(&app).await);
    assert_eq!(tokens.access.get("/me").await.json()["email"], winner.email);
}

async fn somebody_who_was_signed_out_approves_nothing(Site(app): Site) {
    let (ada, device) = (app.person("ada").await, ask(&app, TV).await);
    let form = answer(&ada.browser, &device.user_code, "approve").await;
    ada.browser.submit("/sign-out", &[]).await.assert_status(303);
    // The sign-in page, which keeps the answer until somebody has signed in and sends it.
    let page = form.by(&ada.browser).await;
    assert_ne!(page.status, 303, "{}", page.text());
    refused(&device.poll(&app).await, 400, "authorization_pending");
}
