//! The pages as a browser without JavaScript uses them: links and forms.

use axum::http::Method;

use crate::support::{
    Browser, Database, Door, PASSWORD, Prepare, Response, TestApp, field_error, on_both_databases,
    resource::{COLLECTION, HOME, PAGE, READ_FIELD, TABLE, path_of, resource},
    routes::{DEV_PAGES, public_pages},
    without_database,
};

on_both_databases! {
    signing_up_signs_in_and_opens_the_first_page,
    signing_up_says_what_is_wrong_beside_each_field_and_keeps_what_was_typed,
    signing_up_refuses_weak_passwords_and_no_others,
    an_address_is_taken_once,
    signing_in_with_a_wrong_password_says_the_same_as_with_an_unknown_address,
    a_password_is_never_sent_back,
    signing_in_remembers_when_asked,
    signing_in_leads_where_the_visitor_was_going,
    signing_out_forgets_the_browser,
    a_form_posted_after_signing_out_changes_nothing,
    a_visitor_leaves_no_trace,
    a_failed_sign_in_leaves_no_session,
    what_is_typed_is_text_on_every_page,
}

without_database! {
    next_never_leads_off_the_site,
    whoever_is_signed_in_needs_no_form,
    every_signed_in_page_shows_who_it_is_and_the_way_out,
    what_stands_in_a_url_is_never_said_by_us,
    pages_for_developers_are_shown_to_nobody_else,
}

const FORM: [(&str, &str); 3] = [("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)];

async fn sign_in(app: &TestApp, next: &str) -> Response {
    let form = [("email", "ada@example.org"), ("password", PASSWORD), ("next", next)];
    app.browser().submit("/sign-in", &form).await
}

async fn signing_up_signs_in_and_opens_the_first_page(app: TestApp) {
    let browser = app.browser();
    let page = browser.visit("/sign-up").await.page(200);
    assert!(page.contains(r#"<form method="post" action="/sign-up">"#));
    let reply = browser.submit("/sign-up", &FORM).await;
    reply.assert_redirect(HOME);
    let [cookie] = reply.set_cookies().try_into().unwrap();
    assert_eq!(cookie.attributes, ["HttpOnly", "Path=/", "SameSite=Lax"]);
    let page = browser.visit(PAGE).await.page(200);
    assert!(page.contains("Signed in as ada@example.org"));
}

async fn signing_up_says_what_is_wrong_beside_each_field_and_keeps_what_was_typed(app: TestApp) {
    let browser = app.browser();
    let form = [("name", " "), ("email", "ada at example"), ("password", "short"), ("next", "/tokens")];
    let page = browser.submit("/sign-up", &form).await.page(422);
    assert_eq!(field_error(&page, "name"), "Enter a name of 1 to 100 characters.");
    assert_eq!(field_error(&page, "email"), "Enter an email address, such as ada@example.org.");
    assert!(field_error(&page, "password").starts_with("Use at least 8 characters"));
    assert!(page.contains(r#"value="ada at example""#) && page.contains(r#"name="next" value="/tokens""#), "{page}");

    let form = [("name", "Ada"), ("email", "ada@example.org"), ("password", "short")];
    let page = browser.submit("/sign-up", &form).await.page(422);
    assert!(page.contains(r#"value="Ada""#) && page.contains(r#"value="ada@example.org""#));
    assert_eq!((field_error(&page, "name"), field_error(&page, "email")), (String::new(), String::new()));
    for name in ["x".repeat(101), "a\u{0}b".into(), "a\nb".into()] {
        let page = browser.submit("/sign-up", &[("name", &name), FORM[1], FORM[2]]).await.page(422);
        assert!(!field_error(&page, "name").is_empty());
    }
    assert_eq!((app.count("accounts").await, browser.cookie()), (0, None));
}

async fn signing_up_refuses_weak_passwords_and_no_others(app: TestApp) {
    let browser = app.browser();
    let weak = ["", "1234567", "password1", "ada@example.org", "vestibule", &"x".repeat(129)];
    for password in weak {
        let page = browser.submit("/sign-up", &[FORM[0], FORM[1], ("password", password)]).await.page(422);
        assert!(!field_error(&page, "password").is_empty(), "{password}");
    }
    for (number, password) in
        ["  spaces count  ", "дом у реки", &"ночь в тихом доме ".repeat(7), "<>&\"';--"].iter().enumerate()
    {
        let email = format!("ada{number}@example.org");
        let form = [FORM[0], ("email", &email), ("password", password)];
        app.browser().submit("/sign-up", &form).await.assert_redirect(HOME);
        // As typed: neither trimmed nor cut.
        let form = |password: &str| [("email", email.clone()), ("password", password.to_owned())];
        let try_with = async |password: &str| {
            let form = form(password);
            let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            app.browser().submit("/sign-in", &form).await.status.as_u16()
        };
        assert_eq!(try_with(password).await, 303);
        assert_eq!(try_with(&format!("{password} ")).await, 401);
        assert_eq!(try_with(&password[..password.len() - password.chars().last().unwrap().len_utf8()]).await, 401);
    }
}

async fn an_address_is_taken_once(app: TestApp) {
    app.browser().submit("/sign-up", &FORM).await.assert_redirect(HOME);
    for email in ["ada@example.org", " ADA@Example.org "] {
        let page = app.browser().submit("/sign-up", &[FORM[0], ("email", email), FORM[2]]).await.page(422);
        assert_eq!(
            field_error(&page, "email"),
            "There is already an account with this email address. Sign in instead."
        );
    }
    assert_eq!(app.count("accounts").await, 1);
}

async fn signing_in_with_a_wrong_password_says_the_same_as_with_an_unknown_address(app: TestApp) {
    app.person("ada").await;
    let browser = app.browser();
    for email in ["ada@example.org", "nobody@example.org"] {
        let form = [("email", email), ("password", "wrong password"), ("remember", "on"), ("next", "/tokens")];
        let reply = browser.submit("/sign-in", &form).await;
        let page = reply.page(401);
        assert!(page.contains("The email address or the password is wrong.</p>"), "{page}");
        assert!(page.contains(&format!(r#"value="{email}""#)), "what was typed stays");
        assert!(page.contains(r#"name="remember" checked"#) && page.contains(r#"name="next" value="/tokens""#));
        assert!(!reply.has("set-cookie"));
    }
}

async fn a_password_is_never_sent_back(app: TestApp) {
    let browser = app.browser();
    let odd = "my odd password 7";
    let asks = [
        browser.submit("/sign-up", &[("name", ""), ("email", "x"), ("password", odd)]).await,
        browser.submit("/sign-up", &[FORM[0], FORM[1], ("password", odd)]).await,
        browser.submit("/sign-up", &[FORM[0], FORM[1], ("password", odd)]).await,
        browser.submit("/sign-in", &[FORM[1], ("password", &odd[1..])]).await,
        browser.submit("/sign-in", &[FORM[1], ("password", odd)]).await,
    ];
    for (reply, status) in asks.iter().zip([422, 303, 422, 401, 303]) {
        reply.assert_status(status);
        assert!(!reply.text().contains(&odd[1..]), "{}", reply.asked);
        let headers = format!("{:?}", reply.headers);
        assert!(!headers.contains(&odd[1..]), "{headers}");
    }
}

async fn signing_in_remembers_when_asked(app: TestApp) {
    app.person("ada").await;
    for (remember, cookies) in [(None, 0), (Some(("remember", "on")), 1)] {
        let form: Vec<_> = FORM[1..].iter().copied().chain(remember).collect();
        let reply = app.browser().submit("/sign-in", &form).await;
        let [cookie] = reply.assert_redirect(HOME).set_cookies().try_into().unwrap();
        let ages = cookie.attributes.iter().filter(|attribute| attribute.starts_with("Max-Age=")).count();
        assert_eq!(ages, cookies);
    }
}

async fn signing_in_leads_where_the_visitor_was_going(app: TestApp) {
    let note = app.person("ada").await.item_path("a").await;
    for (wanted, asked) in [
        ("/tokens", "/sign-in?next=%2Ftokens".to_owned()),
        (resource!("?q=a+b"), format!("/sign-in?next={}%3Fq%3Da%2Bb", PAGE.replace('/', "%2F"))),
        (&note, format!("/sign-in?next={}", note.replace('/', "%2F"))),
    ] {
        let browser = app.browser();
        browser.visit(wanted).await.assert_redirect(&asked);
        let page = browser.visit(&asked).await.page(200);
        assert!(page.contains(&format!(r#"name="next" value="{wanted}""#)), "{page}");
        assert!(page.contains(&asked.replace("sign-in", "sign-up")), "by way of signing up, too");
        sign_in(&app, wanted).await.assert_redirect(wanted);
    }
    let form = [FORM[0], ("email", "new@example.org"), FORM[2], ("next", "/tokens")];
    app.browser().submit("/sign-up", &form).await.assert_redirect("/tokens");
}

async fn next_never_leads_off_the_site(app: TestApp) {
    let ada = app.person("ada").await;
    for next in [
        "",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        resource!(" " => ""),
        "\t//evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r\nset-cookie: a=b",
        "/é",
        "/\u{0}",
        "@evil.example",
        "?next=//evil.example",
    ] {
        sign_in(&app, next).await.assert_redirect(HOME);
        let query: String = serde_urlencoded::to_string([("next", next)]).unwrap();
        ada.browser.visit(&format!("/sign-in?{query}")).await.assert_redirect(HOME);
        app.browser().visit(&format!("/sign-in?{query}")).await.page(200);
    }
    // Decoded once, not twice.
    sign_in(&app, "/%2F/evil.example").await.assert_redirect("/%2F/evil.example");
}

async fn whoever_is_signed_in_needs_no_form(app: TestApp) {
    let ada = app.person("ada").await;
    ada.browser.visit("/sign-in").await.assert_redirect(HOME);
    ada.browser.visit("/sign-in?next=%2Ftokens").await.assert_redirect("/tokens");
    ada.browser.visit("/sign-up").await.assert_redirect(HOME);
}

async fn signing_out_forgets_the_browser(app: TestApp) {
    let ada = app.person("ada").await;
    let thief = app.browser();
    thief.plant(&ada.browser.cookie().unwrap());
    let reply = ada.browser.submit("/sign-out", &[]).await;
    reply.assert_redirect("/");
    assert_eq!(reply.header("clear-site-data"), r#""cache", "storage""#);
    let [cookie] = reply.set_cookies().try_into().unwrap();
    assert_eq!(cookie.attributes, ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Lax"]);
    assert_eq!(ada.browser.cookie(), None);
    assert!(!thief.is_signed_in().await);
    // The second click does no harm, nor does a stranger's.
    ada.browser.submit("/sign-out", &[]).await.assert_redirect("/");
    app.browser().submit("/sign-out", &[]).await.assert_redirect("/");
}

async fn every_signed_in_page_shows_who_it_is_and_the_way_out(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    for (path, status) in
        [("/", 200), (COLLECTION, 200), (&note, 200), ("/tokens", 200), ("/account", 200), ("/x", 404)]
    {
        let page = ada.browser.visit(path).await.page(status);
        assert!(page.contains("Signed in as ada@example.org"), "{path}");
        assert!(page.contains(r#"<form method="post" action="/sign-out">"#), "{path}");
        assert!(!page.contains(r#"href="/sign-in""#), "{path}");
    }
    for path in public_pages() {
        let page = app.browser().visit(path).await.page(200);
        assert!(page.contains(r#"href="/sign-in""#) && !page.contains("/sign-out"), "{path}");
    }
}

async fn a_form_posted_after_signing_out_changes_nothing(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    ada.browser.submit("/sign-out", &[]).await.assert_redirect("/");
    let mut witness = app.witness().await;
    for path in
        [COLLECTION, &note, &format!("{note}/delete"), "/tokens", "/tokens/x/revoke", "/account/sessions/x/revoke"]
    {
        let form = [("title", "b"), ("body", ""), ("name", "b"), ("days", "7"), (READ_FIELD, "on")];
        let reply = ada.browser.submit(path, &form).await;
        // A post cannot be repeated after signing in, so the way back is not offered.
        let nothing_there = reply.status == 404 && path.contains("/x/");
        assert!(nothing_there || reply.assert_redirect("/sign-in").status == 303, "{path}");
    }
    assert!(!witness.saw_a_write().await);
}

async fn a_visitor_leaves_no_trace(app: TestApp) {
    let mut witness = app.witness().await;
    let paths =
        [COLLECTION, resource!("?q=a"), "/tokens", "/account", "/nothing", "/mark.svg", "/healthz", "/sign-in?next=/a"];
    for path in public_pages().into_iter().chain(paths) {
        for method in [Method::GET, Method::HEAD] {
            for cookie in ["", "theme=dark", "session=AAAAAAAAAAAAAAAAAAAAAQ"] {
                let reply = app.ask(method.clone(), path).header("cookie", cookie).await;
                let sets = reply.set_cookies().into_iter().filter(|cookie| !cookie.value.is_empty()).count();
                assert_eq!(sets, 0, "{}", reply.asked);
            }
        }
    }
    assert!(!witness.saw_a_write().await);
}

async fn a_failed_sign_in_leaves_no_session(app: TestApp) {
    app.person("ada").await;
    for form in [[FORM[1], ("password", "wrong password")], [("email", "nobody@example.org"), FORM[2]]] {
        let reply = app.browser().submit("/sign-in", &form).await;
        assert!(!reply.assert_status(401).has("set-cookie"));
    }
    let reply = app.browser().submit("/sign-up", &[FORM[0], FORM[1], FORM[2]]).await;
    assert!(!reply.assert_status(422).has("set-cookie"), "the address is taken");
    assert_eq!((app.count("browser_sessions").await, app.count("tower_sessions").await), (1, 1), "hers from before");
    assert_eq!(app.count("accounts").await, 1);
}

/// Closes whatever it may stand in.
const MARKUP: &str = r#""'><script>alert(1)</script></textarea></title><!--"#;

#[track_caller]
fn is_text(reply: &Response) {
    let page = reply.page(reply.status.as_u16());
    // Quotes end an attribute, but no text area.
    let (before, rest) = page.split_once("<textarea").unwrap_or((&page, ""));
    let after = rest.split_once("</textarea").map_or("", |(_, after)| after);
    assert!(!before.contains("\"'>") && !after.contains("\"'>"), "{}: {page}", reply.asked);
    for raw in ["<script>alert", "</textarea></title>", "<!--", "alert(1)</script>"] {
        assert!(!page.contains(raw), "{}: {raw} in {page}", reply.asked);
    }
}

/// It is there, so that the test cannot pass because the page leaves it out.
#[track_caller]
fn is_shown_as_text(reply: &Response) {
    is_text(reply);
    assert!(reply.text().contains("&lt;script&gt;alert(1)"), "{}: {}", reply.asked, reply.text());
}

async fn what_is_typed_is_text_on_every_page(app: TestApp) {
    let browser = app.browser();
    // In quotes it is an address, to which mail could be sent.
    let email = format!("\"{}\"@x", &MARKUP[1..]);
    is_shown_as_text(&browser.submit("/sign-up", &[("name", MARKUP), ("email", &email), ("password", "short")]).await);
    let form = [("email", &*email), ("password", "wrong"), ("next", MARKUP)];
    is_shown_as_text(&browser.submit("/sign-in", &form).await);

    let sign_up = [("name", MARKUP), ("email", &email), ("password", PASSWORD)];
    let ask = browser.ask(Method::POST, "/sign-up").header("user-agent", MARKUP).form(&sign_up);
    ask.await.assert_redirect(HOME);
    signed_in_pages_show_text(&app, &browser).await;

    let query: String = serde_urlencoded::to_string([("next", MARKUP), ("q", MARKUP), ("cursor", MARKUP)]).unwrap();
    let stranger = app.browser();
    for path in ["/sign-in", "/sign-up"] {
        is_shown_as_text(&stranger.visit(&format!("{path}?{query}")).await);
    }
    for path in ["/", "/nothing", "/%22%27%3E%3Cscript%3Ealert(1)%3C/script%3E"] {
        is_text(&stranger.visit(&format!("{path}?{query}")).await);
        is_text(&browser.visit(&format!("{path}?{query}")).await);
    }
    is_text(&browser.visit(&format!("{COLLECTION}?{query}")).await);
}

async fn signed_in_pages_show_text(app: &TestApp, browser: &Browser) {
    browser.submit(PAGE, &[("title", MARKUP), ("body", MARKUP)]).await.assert_redirect(PAGE);
    let note = path_of(&browser.get(COLLECTION).await.json()["items"][0]);
    for path in [COLLECTION, &note, "/account"] {
        is_shown_as_text(&browser.visit(path).await);
    }
    let query: String = serde_urlencoded::to_string([("q", MARKUP)]).unwrap();
    is_shown_as_text(&browser.visit(&format!("{COLLECTION}?{query}")).await);
    // Refused, and therefore shown again.
    is_shown_as_text(&browser.submit(PAGE, &[("title", ""), ("body", MARKUP)]).await);
    is_shown_as_text(&browser.submit(&note, &[("version", "1"), ("title", ""), ("body", MARKUP)]).await);
    is_shown_as_text(&browser.submit(&note, &[("version", MARKUP), ("title", ""), ("body", MARKUP)]).await);
    let outdated = browser.submit(&note, &[("version", "0"), ("title", MARKUP), ("body", MARKUP)]).await;
    is_shown_as_text(outdated.assert_status(412));
    let form = [("name", MARKUP), ("days", MARKUP), (READ_FIELD, MARKUP)];
    is_shown_as_text(&browser.submit("/tokens", &form).await);
    let form = [("name", MARKUP), ("days", "7"), (READ_FIELD, "on")];
    is_shown_as_text(browser.submit("/tokens", &form).await.assert_status(201));
    is_shown_as_text(&browser.visit("/tokens").await);
    assert_eq!(app.count(TABLE).await, 1);
}

async fn what_stands_in_a_url_is_never_said_by_us(app: TestApp) {
    let ada = app.person("ada").await;
    let said = "Your%20account%20is%20locked";
    let query = ["__err", "__path", "error", "message", "notice", "status", "title", "flash"]
        .map(|name| format!("{name}={said}"));
    let query = query.join("&");
    for path in ["/", "/sign-in", "/sign-up", "/nothing"] {
        assert!(!app.browser().visit(&format!("{path}?{query}")).await.text().contains("is locked"), "{path}");
    }
    for path in ["/", COLLECTION, "/tokens", "/account", "/nothing"] {
        assert!(!ada.browser.visit(&format!("{path}?{query}")).await.text().contains("is locked"), "{path}");
    }
}

async fn pages_for_developers_are_shown_to_nobody_else(database: Database) {
    let app = TestApp::on(database).await;
    for path in DEV_PAGES {
        assert_ne!(app.get_with_key(path).await.status, 404, "{path}");
    }
    let deployed = TestApp::https(database).await;
    for path in DEV_PAGES {
        deployed.get(path).await.page(404);
    }
}
