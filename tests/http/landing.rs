//! The front page.

use crate::support::{Browser, TestApp, without_database};

without_database! {
    the_front_page_has_another_nonce_each_time_and_is_the_same_otherwise,
}

async fn the_front_page_has_another_nonce_each_time_and_is_the_same_otherwise(app: TestApp) {
    let visit = async |browser: &Browser| {
        let reply = browser.visit("/").await;
        let policy = reply.header("content-security-policy").to_owned();
        let nonce = policy.split_once("'nonce-").unwrap().1.split_once('\'').unwrap().0.to_owned();
        let page = reply.page(200);
        assert!(page.contains(&format!("nonce=\"{nonce}\"")) && page.matches("<script").count() > 0, "{policy}");
        assert_eq!(page.matches("<script").count(), page.matches(&nonce).count(), "every script has it");
        (page.replace(&nonce, ""), nonce)
    };
    let ada = app.person("ada").await;
    let visitor = app.browser();
    let (first, nonce) = visit(&visitor).await;
    assert!(first.contains("Sign up"));
    let (hers, _) = visit(&ada.browser).await;
    assert!(hers.contains("Signed in as") && hers.contains("Go to your account"));
    let (second, other) = visit(&visitor).await;
    assert!(first == second && nonce != other);
    let (elsewhere, another) = visit(&app.browser()).await;
    assert!(first == elsewhere && another != nonce && another != other);
}
