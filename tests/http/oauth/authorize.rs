//! What `/authorize` refuses, and to whom it says so.

use serde_json::json;
use time::Duration;

use super::{
    CHALLENGE, OWN, OWN_URI, Site, THEIR_URI, code, decide, destination, exchange, parameter, query, registered, sent,
};
use crate::support::{Door, OURS, PASSWORD, PageForm, on_both_databases, without_database};

on_both_databases! {
    consent_that_is_clicked_twice_gives_one_code,
    a_client_that_asks_for_it_has_the_person_prove_who_they_are,
    a_port_of_the_own_machine_is_anybodys_so_consent_is_asked_for,
}

without_database! {
    what_is_wrong_with_a_request_is_told_to_its_client,
    where_a_redirect_uri_is_not_the_clients_only_the_person_is_told,
    a_client_that_asks_nobody_is_told_why,
    consent_is_neither_framed_nor_posted_from_elsewhere,
    a_script_of_the_site_gets_no_code,
    the_answer_leads_on_by_a_page_after_a_form_of_ours,
}

async fn what_is_wrong_with_a_request_is_told_to_its_client(Site(app): Site) {
    let ada = app.person("ada").await;
    for (changes, error) in [
        (vec![("response_type", Some("token"))], "unsupported_response_type"),
        (vec![("response_type", None)], "invalid_request"),
        (vec![("response_mode", Some("fragment"))], "invalid_request"),
        (vec![("request", Some("x"))], "request_not_supported"),
        (vec![("request_uri", Some("https://app.example/x"))], "request_uri_not_supported"),
        (vec![("resource", Some("https://other.example"))], "invalid_target"),
        (vec![("scope", None)], "invalid_scope"),
        (vec![("scope", Some("openid"))], "invalid_scope"),
        (vec![("scope", Some("account:read nonsense"))], "invalid_scope"),
        // What could do lasting harm no application gets.
        (vec![("scope", Some("tokens:manage"))], "invalid_scope"),
        (vec![("prompt", Some("none login"))], "invalid_request"),
        (vec![("prompt", Some("select_account"))], "invalid_request"),
        (vec![("max_age", Some("-1"))], "invalid_request"),
        (vec![("max_age", Some("soon"))], "invalid_request"),
        // PKCE is not left out, nor made weaker.
        (vec![("code_challenge", None)], "invalid_request"),
        (vec![("code_challenge_method", None)], "invalid_request"),
        (vec![("code_challenge_method", Some("plain"))], "invalid_request"),
        (vec![("code_challenge_method", Some("s256"))], "invalid_request"),
        (vec![("code_challenge", Some("short"))], "invalid_request"),
        (vec![("code_challenge", None), ("code_challenge_method", None)], "invalid_request"),
    ] {
        let url = destination(&sent(&ada.browser, &query(OWN, OWN_URI, &changes)).await);
        assert_eq!(url.as_str().split('?').next(), Some(OWN_URI), "{changes:?}");
        assert_eq!(parameter(&url, "error"), error, "{changes:?}");
        assert_eq!((parameter(&url, "state").as_str(), parameter(&url, "iss").as_str()), ("the state", OURS));
        assert!(!parameter(&url, "error_description").is_empty() && parameter(&url, "code").is_empty());
    }
    for (twice, value) in [("state", "x"), ("scope", "account:read"), ("code_challenge", CHALLENGE)] {
        let asked = format!("{}&{twice}={value}", query(OWN, OWN_URI, &[]));
        assert_eq!(parameter(&destination(&sent(&ada.browser, &asked).await), "error"), "invalid_request", "{twice}");
    }
    for resource in [OURS.to_owned(), format!("{OURS}/api/v1")] {
        let asked = query(OWN, OWN_URI, &[("resource", Some(&resource))]);
        assert!(!parameter(&destination(&sent(&ada.browser, &asked).await), "code").is_empty(), "{resource}");
    }
}

async fn where_a_redirect_uri_is_not_the_clients_only_the_person_is_told(Site(app): Site) {
    let ada = app.person("ada").await;
    let (client, _) = registered(&ada, THEIR_URI, false).await;
    for uri in [
        "",
        "https://app.example/Callback",
        "https://app.example/callback/",
        "https://app.example/callback?x=1",
        "https://app.example/callback#x",
        "https://app.example/callback/../callback",
        "https://app.example/x/../callback",
        "https://app.example/%63allback",
        "https://app.example:443/callback",
        "https://app.example:8443/callback",
        "https://app.example@evil.example/callback",
        "https://me@app.example/callback",
        "https://APP.example/callback",
        "http://app.example/callback",
        "https://evil.example/callback",
        "//app.example/callback",
        "javascript:alert(1)",
        OWN_URI,
    ] {
        let asked = query(&client, uri, &[]);
        let reply = sent(&ada.browser, &asked).await;
        assert!(reply.page(400).contains("This app cannot be authorized"), "{uri}");
        assert!(!reply.has("location") && !reply.has("refresh"), "{uri}");
        // Nor by a form that was not ours.
        let form = [("request", asked.as_str()), ("decision", "allow")];
        ada.browser.submit("/authorize", &form).await.assert_status(400);
    }
    let none = query(&client, THEIR_URI, &[("redirect_uri", None)]);
    let (twice, other) = (format!("{}&redirect_uri={OWN_URI}", query(&client, THEIR_URI, &[])), "x".repeat(5_000));
    let long = query(OWN, OWN_URI, &[("state", Some(&other))]);
    for asked in [none, twice, long, query("nobody", THEIR_URI, &[]), String::new(), "client_id=a&client_id=b".into()] {
        let reply = sent(&ada.browser, &asked).await;
        assert!(reply.page(400).contains("This app cannot be authorized"), "{asked}");
    }
    assert_eq!(app.count("oauth_codes").await, 0);
}

async fn a_client_that_asks_nobody_is_told_why(Site(app): Site) {
    let ada = app.person("ada").await;
    let (client, _) = registered(&ada, THEIR_URI, false).await;
    let silent = |client: &str, uri: &str, more: Option<&str>| {
        query(client, uri, &[("prompt", Some("none")), ("max_age", more)])
    };
    let error = |reply| parameter(&destination(&reply), "error");
    assert_eq!(error(sent(&app.browser(), &silent(OWN, OWN_URI, None)).await), "login_required");
    assert_eq!(error(sent(&ada.browser, &silent(&client, THEIR_URI, None)).await), "consent_required");
    assert_eq!(error(sent(&ada.browser, &silent(OWN, OWN_URI, None)).await), "");
    assert_eq!(error(sent(&ada.browser, &silent(OWN, OWN_URI, Some("60"))).await), "");
    app.clock.advance(Duration::seconds(61));
    assert_eq!(error(sent(&ada.browser, &silent(OWN, OWN_URI, Some("60"))).await), "login_required");
}

async fn a_client_that_asks_for_it_has_the_person_prove_who_they_are(Site(app): Site) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::minutes(2));
    for changes in [[("prompt", Some("login"))], [("max_age", Some("60"))]] {
        let reply = sent(&ada.browser, &query(OWN, OWN_URI, &changes)).await;
        let confirm = reply.assert_status(303).header("location").to_owned();
        assert!(confirm.starts_with("/account/confirm?next="), "{confirm}");
        let form = PageForm::to(&ada.browser.visit(&confirm).await.page(200), "/account/confirm");
        let next = form.value("next").to_owned();
        form.with(&[("password-again", PASSWORD)]).by(&ada.browser).await.assert_redirect(&next);
        let url = destination(&ada.browser.visit(&next).await);
        assert!(!parameter(&url, "code").is_empty() && parameter(&url, "state") == "the state", "{url}");
        app.clock.advance(Duration::minutes(2));
    }
    // Whoever signs in on the way has proved it.
    let visitor = app.browser();
    let reply = sent(&visitor, &query(OWN, OWN_URI, &[("prompt", Some("login"))])).await;
    let sign_in = reply.assert_status(303).header("location").to_owned();
    let form = PageForm::to(&visitor.visit(&sign_in).await.page(200), "/sign-in");
    let reply = form.with(&[("email", "ada@example.org"), ("password", PASSWORD)]).by(&visitor).await;
    let url = destination(&visitor.visit(reply.assert_status(303).header("location")).await);
    assert!(!parameter(&url, "code").is_empty(), "{url}");
}

async fn consent_that_is_clicked_twice_gives_one_code(Site(app): Site) {
    let ada = app.person("ada").await;
    let (client, _) = registered(&ada, THEIR_URI, false).await;
    let reply = sent(&ada.browser, &query(&client, THEIR_URI, &[])).await;
    let form = PageForm::to(&reply.page(200), "/authorize").with(&[("decision", "allow")]);
    let (first, second) = tokio::join!(form.by(&ada.browser), form.by(&ada.browser));
    assert_eq!(first.header("refresh"), second.header("refresh"));
    assert_eq!(app.count("oauth_codes").await, 1);
    let code = parameter(&destination(&first), "code");
    exchange(&app, &client, THEIR_URI, &code).await.assert_status(200);
}

async fn a_script_of_the_site_gets_no_code(Site(app): Site) {
    let ada = app.person("ada").await;
    let path = format!("/authorize?{}", query(OWN, OWN_URI, &[]));
    let fields = [("request", path.as_str()), ("decision", "allow")];
    for mode in ["cors", "same-origin", "no-cors"] {
        let headers = [("origin", OURS), ("sec-fetch-site", "same-origin"), ("sec-fetch-mode", mode)];
        let read = ada.browser.forged(axum::http::Method::GET, &path).headers(&headers);
        assert!(read.await.page(400).contains("A script asked for this page."), "{mode}");
        let posted = ada.browser.ask(axum::http::Method::POST, "/authorize").form(&fields).headers(&headers[2..]);
        assert!(posted.await.page(400).contains("A script asked for this page."), "{mode}");
    }
    assert_eq!(app.count("oauth_codes").await, 0);
}

async fn consent_is_neither_framed_nor_posted_from_elsewhere(Site(app): Site) {
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    let (client, _) = registered(&eve, THEIR_URI, false).await;
    let asked = query(&client, THEIR_URI, &[]);
    let path = format!("/authorize?{asked}");
    for dest in ["iframe", "object", "embed", "image"] {
        let headers = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", dest)];
        ada.browser.forged(axum::http::Method::GET, &path).headers(&headers).await.assert_status(403);
    }
    let page = sent(&ada.browser, &asked).await;
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    let form = PageForm::to(&page.page(200), "/authorize").with(&[("decision", "allow")]);
    assert_eq!(form.value("for_account"), ada.account.id.to_string());
    let fields: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "null")],
        &[("origin", "https://app.example")],
        &[],
    ] {
        let ask = ada.browser.forged(axum::http::Method::POST, "/authorize").headers(headers).form(&fields);
        ask.await.assert_status(403);
    }
    // Whoever is signed in by now is asked for themselves.
    form.by(&eve.browser).await.assert_status(409);
    assert_eq!(app.count("oauth_codes").await, 0);
    decide(&ada.browser, &page, "allow").await.assert_status(200);
    assert_eq!(app.count("oauth_codes").await, 1);
}

async fn a_port_of_the_own_machine_is_anybodys_so_consent_is_asked_for(Site(app): Site) {
    let ada = app.person("ada").await;
    // Exactly as in the settings, it is the site's own.
    assert!(!code(&ada.browser, OWN, OWN_URI).await.is_empty());
    let other = "http://localhost:49152/callback";
    let reply = sent(&ada.browser, &query(OWN, other, &[])).await;
    assert!(reply.page(200).contains("http://localhost:49152 on your computer"));
    let url = destination(&decide(&ada.browser, &reply, "allow").await);
    assert!(url.as_str().starts_with(&format!("{other}?code=")), "{url}");
    exchange(&app, OWN, other, &parameter(&url, "code")).await.assert_status(200);
    // It does not become known by that.
    sent(&ada.browser, &query(OWN, other, &[])).await.page(200);
    for other in ["http://localhost:49152/other", "http://127.0.0.1:5175/callback", "https://localhost:5175/callback"] {
        assert!(
            sent(&ada.browser, &query(OWN, other, &[])).await.page(400).contains("cannot be authorized"),
            "{other}"
        );
    }
    let native = "com.example.app:/callback http://127.0.0.1/callback";
    let (client, _) = registered(&ada, native, false).await;
    for uri in ["com.example.app:/callback", "http://127.0.0.1:50000/callback"] {
        for _ in 0..2 {
            let page = sent(&ada.browser, &query(&client, uri, &[])).await;
            let url = destination(&decide(&ada.browser, &page, "allow").await);
            exchange(&app, &client, uri, &parameter(&url, "code")).await.assert_status(200);
        }
    }
}

async fn the_answer_leads_on_by_a_page_after_a_form_of_ours(Site(app): Site) {
    let ada = app.person("ada").await;
    let asked = format!("/authorize?{}", query(OWN, OWN_URI, &[]));
    let reply = ada.browser.visit(&asked).await;
    let page = reply.page(200);
    let url = destination(&reply);
    assert!(page.contains(&format!("href=\"{}\"", url.as_str().replace('&', "&amp;"))), "{page}");
    assert_eq!((reply.header("cache-control"), reply.header("referrer-policy")), ("no-store", "same-origin"));
    assert!(reply.header("content-security-policy").contains("form-action 'self'"));
    ada.browser.get("/me").await.assert_status(200);
    let body = json!({"email": ada.email, "password": PASSWORD});
    assert!(!ada.browser.post("/login", body).await.has("refresh"));
}
