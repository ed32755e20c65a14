//! Forms that are posted twice, again, too late, or as somebody else.

use std::{collections::BTreeSet, time::Duration};

use axum::http::Method;
use tokio::time::timeout;

use crate::support::{
    Browser, Database, House, PASSWORD, PageForm, Person, Reply, both,
    routes::{LINKS, PERSONAL_PAGES, POSTS, PUBLIC_PAGES},
};

both! {
    every_form_says_what_it_is_and_whom_it_is_for,
    what_is_posted_twice_at_once_is_done_once_and_answered_alike,
    what_is_dropped_half_way_and_posted_again_is_done_once,
    an_answer_is_given_again_to_its_own_browser_only,
    a_minute_later_it_is_a_form_of_its_own,
    a_form_that_failed_may_be_posted_again,
    a_form_without_a_key_is_done_each_time,
    a_reload_repeats_nothing,
    a_new_token_is_shown_once_after_the_redirect,
    what_is_to_be_shown_stands_in_no_url_and_no_table,
    nobody_can_plant_what_is_shown,
    their_version_is_a_link_away,
    what_was_written_as_ada_is_not_bobs,
    what_was_written_as_ada_is_bobs_when_he_says_so,
    what_ada_chose_is_not_done_to_bob,
    a_session_that_has_ended_loses_no_text,
    signing_in_wrongly_loses_no_text,
    text_of_ada_is_not_sent_when_bob_signs_in,
    no_password_is_carried_along,
    the_longest_note_is_carried_along,
    what_is_carried_leads_nowhere_else,
    what_is_carried_is_text,
}

const NEW: &str = "entirely different words";

/// What a person would type into the form that posts to `action`.
fn typed(action: &str, email: &str) -> Vec<(&'static str, String)> {
    let typed: &[(&str, &str)] = match action {
        "/sign-up" => &[("name", "Eve"), ("email", "eve@example.org"), ("password", PASSWORD)],
        "/sign-in" => &[("email", email), ("password", PASSWORD)],
        "/forgot" | "/account/delete" => &[("email", email)],
        "/notes" => &[("title", "Milk"), ("body", "and bread")],
        "/notes/{id}" => &[("title", "Changed")],
        "/tokens" => &[("name", "phone"), ("days", "30")],
        "/account/confirm" => &[("password-again", PASSWORD)],
        "/account/name" => &[("name", "Ada King")],
        "/account/email" => &[("email", "new@example.org")],
        "/account/password" => &[("current", PASSWORD), ("password", NEW)],
        "/reset/{token}" => &[("password", NEW)],
        _ => &[],
    };
    typed.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// The path with what differs from one to the other left out.
fn pattern(action: &str) -> String {
    let action = action.split('?').next().unwrap();
    let (start, rest) = action[1..].split_once('/').map_or((&action[1..], None), |(start, rest)| (start, Some(rest)));
    match (start, rest) {
        ("reset" | "confirm" | "email", Some(_)) => format!("/{start}/{{token}}"),
        _ => {
            let part = |part: &str| if part.len() == 36 { "{id}".to_owned() } else { part.to_owned() };
            action.split('/').map(part).collect::<Vec<_>>().join("/")
        }
    }
}

/// Somebody who has one of everything, and the pages that show it.
struct Visitor {
    ada: Person,
    note: String,
    links: Vec<String>,
}

impl Visitor {
    async fn new(house: &House, name: &str) -> Self {
        let ada = house.person(name).await;
        let note = ada.note_path("kept").await;
        let form = [("email", ada.email.as_str()), ("password", PASSWORD)];
        house.browser().submit("/sign-in", &form).await.is(303);
        let confirm = house.link("/confirm/").await;
        house.browser().submit("/forgot", &form[..1]).await.is(202);
        let reset = house.link("/reset/").await;
        ada.browser.submit("/account/email", &[("email", &format!("{name}@new.example"))]).await.is(202);
        let email = house.link("/email/").await;
        Self { ada, note, links: vec![reset, confirm, email] }
    }

    /// Every page with a form, with the browser that looks at it.
    fn pages(&self, stranger: &Browser) -> Vec<(Browser, String)> {
        let public = PUBLIC_PAGES.iter().map(|path| (stranger.clone(), (*path).to_owned()));
        let links = self.links.iter().map(|path| (stranger.clone(), path.clone()));
        let personal =
            PERSONAL_PAGES.iter().map(|path| (self.ada.browser.clone(), path.replace("/notes/{id}", &self.note)));
        public.chain(links).chain(personal).collect()
    }
}

async fn roomy(database: Database) -> House {
    House::with(database, |settings| {
        settings.throttle.sign_ups_per_address = 1000;
        settings.throttle.sign_ins_per_address = 1000;
        settings.throttle.mails_per_address = 1000;
    })
    .await
}

async fn every_form_says_what_it_is_and_whom_it_is_for(house: House) {
    let visitor = Visitor::new(&house, "ada").await;
    let mut keys = BTreeSet::new();
    let mut found = BTreeSet::new();
    for (browser, path) in visitor.pages(&house.browser()) {
        let forms = PageForm::all(&browser.visit(&path).await.page(200));
        for form in &forms {
            assert!(form.value("form_key").starts_with("form_") && form.value("form_key").len() > 32, "{form:?}");
            let whom = form.value("for_account");
            let anybody = !PERSONAL_PAGES.contains(&path.as_str()) && path != visitor.note;
            let expected = if anybody { String::new() } else { visitor.ada.account.id.to_string() };
            assert_eq!(whom, expected, "{path}: {form:?}");
            found.insert(pattern(&form.action));
        }
        if let Some(form) = forms.first() {
            assert!(keys.insert(form.value("form_key").to_owned()), "{path} has the key of another page");
        }
    }
    let expected = POSTS.into_iter().chain(LINKS).map(str::to_owned).collect();
    assert_eq!(found, expected, "no form of the site was left out");
}

/// Rows of every table, and mails, as they are once nothing runs any more.
async fn effects(house: &House) -> Vec<(String, i64)> {
    house.db.settled().await;
    let mut raw = house.raw().await;
    let mut counts = Vec::new();
    for table in ["accounts", "sign_ins", "tower_sessions", "notes", "tokens", "mail_links", "activity"] {
        counts.push((table.to_owned(), raw.count(table).await));
    }
    counts.push(("letters".to_owned(), i64::try_from(house.letters().await.len()).unwrap()));
    counts
}

/// Finds the form of `action` on the pages of `visitor`, fills it in, and gives it with who posts it.
async fn filled(visitor: &Visitor, stranger: &Browser, action: &str) -> (Browser, PageForm) {
    for (browser, path) in visitor.pages(stranger) {
        let forms = PageForm::all(&browser.visit(&path).await.page(200));
        if let Some(form) = forms.into_iter().find(|form| pattern(&form.action) == action) {
            let mut typed = typed(action, &visitor.ada.email);
            typed
                .extend(form.passwords.iter().filter(|name| *name == "password").map(|_| ("password", NEW.to_owned())));
            if matches!(action, "/sign-up" | "/sign-in" | "/confirm/{token}" | "/email/{token}") {
                typed.retain(|(name, value)| *name != "password" || value != NEW);
                typed.push(("password", PASSWORD.into()));
            }
            let typed: Vec<_> = typed.iter().map(|(name, value)| (*name, value.as_str())).collect();
            return (browser, form.with(&typed));
        }
    }
    panic!("no page has a form to {action}");
}

fn told(reply: &Reply) -> (u16, String, Vec<String>, String) {
    let cookies = reply.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned()).collect();
    (reply.status.as_u16(), reply.header("location").to_owned(), cookies, reply.text().to_owned())
}

async fn what_is_posted_twice_at_once_is_done_once_and_answered_alike(database: Database) {
    let (once, twice) = (roomy(database).await, roomy(database).await);
    for action in POSTS.into_iter().chain(LINKS) {
        for (house, again) in [(&once, false), (&twice, true)] {
            let visitor = Visitor::new(house, &format!("p{}", house.count("accounts").await)).await;
            let (browser, form) = filled(&visitor, &house.browser(), action).await;
            let ask = form.by(&browser);
            let (first, second) =
                tokio::join!(ask.clone(), async { if again { Some(ask.clone().await) } else { None } });
            assert!(matches!(first.status.as_u16(), 303), "{action}: {} {}", first.status, first.text());
            if let Some(second) = second {
                assert_eq!(told(&first), told(&second), "{action}");
                // And once more, when the first is answered: with the cookie it came with, and with the one it got.
                assert_eq!(told(&first), told(&form.by(&browser).await), "{action}");
            }
        }
        assert_eq!(effects(&once).await, effects(&twice).await, "{action}");
    }
}

async fn what_is_dropped_half_way_and_posted_again_is_done_once(database: Database) {
    let (once, twice) = (roomy(database).await, roomy(database).await);
    for action in POSTS.into_iter().chain(LINKS) {
        for (house, dropped) in [(&once, false), (&twice, true)] {
            let visitor = Visitor::new(house, &format!("p{}", house.count("accounts").await)).await;
            let (browser, form) = filled(&visitor, &house.browser(), action).await;
            if dropped {
                // It is begun, and then nobody waits for it.
                assert!(timeout(Duration::ZERO, form.by(&browser).into_future()).await.is_err(), "{action}");
            }
            form.by(&browser).await.is(303);
        }
        assert_eq!(effects(&once).await, effects(&twice).await, "{action}");
    }
}

async fn an_answer_is_given_again_to_its_own_browser_only(house: House) {
    let (ada, eve) = (house.person("ada").await, house.person("eve").await);
    let page = ada.browser.visit("/account/password").await.page(200);
    let form = PageForm::to(&page, "/account/password").with(&[("current", PASSWORD), ("password", NEW)]);
    let reply = form.by(&ada.browser).await;
    assert!(reply.leads_to("/account").has("set-cookie"));
    // Even with every word of it.
    for stranger in [&eve.browser, &house.browser()] {
        let other = form.by(stranger).await;
        assert!(!other.has("set-cookie"), "{:?}", other.headers);
        assert_ne!(other.status, 303);
    }
    assert_eq!(told(&form.by(&ada.browser).await), told(&reply));

    let page = house.browser().visit("/sign-in").await.page(200);
    let form = PageForm::to(&page, "/sign-in").with(&[("email", &ada.email), ("password", NEW)]);
    let browser = house.browser();
    form.by(&browser).await.leads_to("/notes");
    assert_ne!(told(&form.by(&eve.browser).await), told(&form.by(&browser).await));
    assert!(browser.is_signed_in().await);
}

async fn a_minute_later_it_is_a_form_of_its_own(house: House) {
    let ada = house.person("ada").await;
    let form = PageForm::to(&ada.browser.visit("/notes").await.page(200), "/notes").with(&[("title", "Milk")]);
    for (seconds, notes) in [(0, 1), (59, 1), (2, 2)] {
        house.clock.advance(time::Duration::seconds(seconds));
        form.by(&ada.browser).await.leads_to("/notes");
        assert_eq!(house.count("notes").await, notes);
    }
    // Another text is another note, whatever page it comes from.
    form.with(&[("title", "Tea")]).by(&ada.browser).await.leads_to("/notes");
    assert_eq!(house.count("notes").await, 3);
}

async fn a_form_that_failed_may_be_posted_again(house: House) {
    let ada = house.person("ada").await;
    let form = PageForm::to(&ada.browser.visit("/notes").await.page(200), "/notes").with(&[("title", "Milk")]);
    house.sql("ALTER TABLE notes RENAME TO hidden").await;
    assert!(form.by(&ada.browser).await.status.is_server_error());
    house.sql("ALTER TABLE hidden RENAME TO notes").await;
    form.by(&ada.browser).await.leads_to("/notes");
    assert_eq!(house.count("notes").await, 1);
}

async fn a_form_without_a_key_is_done_each_time(house: House) {
    let ada = house.person("ada").await;
    for key in ["", "form_", "form_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a"] {
        let fields = [("title", "Milk"), ("body", ""), ("form_key", key)];
        for _ in 0..2 {
            ada.browser.submit("/notes", &fields).await.leads_to("/notes");
        }
    }
    assert_eq!(house.count("notes").await, 8);
}

/// Every form leads to a page that can be asked for again.
async fn a_reload_repeats_nothing(database: Database) {
    let house = roomy(database).await;
    for action in POSTS.into_iter().chain(LINKS) {
        let visitor = Visitor::new(&house, &format!("p{}", house.count("accounts").await)).await;
        let (browser, form) = filled(&visitor, &house.browser(), action).await;
        let reply = form.by(&browser).await;
        let place = reply.is(303).header("location").to_owned();
        let before = effects(&house).await;
        for _ in 0..2 {
            let page = browser.visit(&place).await;
            assert!(page.status == 200 || page.status == 303, "{action}: {} {}", page.asked, page.status);
        }
        assert_eq!(effects(&house).await, before, "{action}");
    }

    let required = House::with(database, |settings| {
        settings.accounts.confirm = vestibule::settings::Confirm::Required;
        settings.server.public_url = "http://localhost:3000".parse().unwrap();
    })
    .await;
    let browser = required.browser();
    let page = browser.fill_and_follow("/sign-up", "/sign-up", &fields(&typed("/sign-up", ""))).await.page(200);
    assert!(page.contains("Look into your mail") && page.contains("eve@example.org"), "{page}");
    assert!(!browser.visit("/sign-up").await.page(200).contains("eve@example.org"), "once");

    let ada = house.person("ada").await;
    let page = ada.browser.fill_and_follow("/account", "/account/email/resend", &[]).await.page(200);
    assert!(page.contains("Look into your mail") && page.contains(&ada.email), "{page}");
    let change = [("email", "new@example.org")];
    let page = ada.browser.fill_and_follow("/account/email", "/account/email", &change).await.page(200);
    assert!(page.contains("Look into your mail") && page.contains("new@example.org"), "{page}");
    let page = house.browser().fill_and_follow("/forgot", "/forgot", &[("email", &ada.email)]).await.page(200);
    assert!(page.contains("Look into your mail") && !page.contains(&ada.email), "{page}");
    let (reset, browser) = (house.link("/reset/").await, house.browser());
    let page = browser.fill_and_follow(&reset, &reset, &[("password", NEW)]).await.page(200);
    assert!(page.contains("Your password is new") && page.contains("every token revoked"), "{page}");
    assert!(browser.visit("/sign-in").await.page(200).contains(r#"action="/sign-in""#), "and then one signs in");
}

fn fields<'a>(typed: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    typed.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// The token a page shows.
fn secret(page: &str) -> Option<String> {
    let (_, rest) = page.split_once(r#"id="secret""#)?;
    let (_, rest) = rest.split_once('>')?;
    Some(rest.split_once('<')?.0.to_owned())
}

async fn a_new_token_is_shown_once_after_the_redirect(house: House) {
    let ada = house.person("ada").await;
    let reply = ada.browser.fill("/tokens", "/tokens", &fields(&typed("/tokens", ""))).await;
    reply.leads_to("/tokens");
    let page = ada.browser.visit("/tokens").await;
    assert_eq!(page.header("cache-control"), "no-store");
    let token = secret(&page.page(200)).unwrap();
    house.get("/api/v1/token").bearer(&token).await.is(200);
    for _ in 0..2 {
        assert_eq!(secret(&ada.browser.visit("/tokens").await.page(200)), None);
    }
    assert_eq!(house.raw().await.texts("SELECT name FROM tokens WHERE issued_by = 'person'").await, ["phone"]);
    // Where the password is asked for in between, too.
    house.clock.advance(time::Duration::minutes(10));
    let asked = ada.browser.fill("/tokens", "/tokens", &fields(&typed("/tokens", ""))).await.page(403);
    let form = PageForm::to(&asked, "/tokens").with(&[("password-again", PASSWORD)]);
    form.by(&ada.browser).await.leads_to("/tokens");
    assert!(secret(&ada.browser.visit("/tokens").await.page(200)).is_some());
}

async fn what_is_to_be_shown_stands_in_no_url_and_no_table(database: Database) {
    let house = House::https(database).await;
    let browser = house.browser();
    let secure = |ask: crate::support::Ask| ask.header("host", "vestibule.example");
    let sign_up = [("name", "ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    secure(browser.ask(Method::POST, "/sign-up").form(&sign_up)).await.is(303);
    let page = secure(browser.ask(Method::GET, "/tokens")).await.page(200);
    let reply = PageForm::to(&page, "/tokens").with(&fields(&typed("/tokens", ""))).by(&browser).await;
    assert_eq!(reply.leads_to("/tokens").text(), "");
    let [cookie] = reply.set_cookies().try_into().unwrap();
    assert_eq!(cookie.name, "__Host-Http-shown-once");
    assert_eq!(cookie.attributes, ["HttpOnly", "Max-Age=60", "Path=/", "SameSite=Strict", "Secure"]);
    let shown = browser.visit("/tokens").await;
    let token = secret(&shown.page(200)).unwrap();
    let [removed] = shown.set_cookies().try_into().unwrap();
    assert_eq!(removed.attributes, ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Strict", "Secure"]);
    house.db.settled().await;
    let dump = house.dump().await;
    for text in [token.as_str(), cookie.value.as_str()] {
        assert!(!dump.windows(text.len()).any(|part| part == text.as_bytes()));
    }
}

async fn nobody_can_plant_what_is_shown(house: House) {
    let (ada, eve) = (house.person("ada").await, house.person("eve").await);
    let made = eve.browser.fill("/tokens", "/tokens", &fields(&typed("/tokens", ""))).await;
    let [planted] = made.set_cookies().try_into().unwrap();
    let session = ada.browser.cookie().unwrap();
    for value in [planted.value.as_str(), "token.", "token.dnN0X2E", "token.%00", "sent.PHNjcmlwdD4", "."] {
        let cookie = format!("session={session}; {}={value}", planted.name);
        let page = ada.browser.ask(Method::GET, "/tokens").header("cookie", &cookie).await.page(200);
        assert_eq!(secret(&page), None, "{value}");
    }
}

async fn their_version_is_a_link_away(house: House) {
    let ada = house.person("ada").await;
    let note = ada.note_path("Shared").await;
    let mine = PageForm::to(&ada.browser.visit(&note).await.page(200), &note).with(&[("body", "mine")]);
    ada.browser.fill(&note, &note, &[("body", "theirs")]).await.leads_to("/notes");
    let page = mine.by(&ada.browser).await.page(412);
    assert!(page.contains(&format!(r#"<a href="{note}" target="_blank">See their version"#)), "{page}");
    assert!(!page.contains("reload the page") && page.contains("mine"), "{page}");
    // A reload is the same post again, and tells the same.
    assert_eq!(mine.by(&ada.browser).await.page(412), page);
    let theirs = ada.browser.visit(&note).await.page(200);
    assert!(theirs.contains("theirs") && !theirs.contains("See their version"));
    let again = PageForm::to(&page, &note);
    assert_eq!(again.value("body"), "mine");
    again.by(&ada.browser).await.leads_to("/notes");
    assert!(ada.browser.visit(&note).await.page(200).contains("mine"));
}

/// Bob signs in where Ada was, in another tab.
async fn take_over(ada: &Person, bob: &Person) {
    let form = [("email", bob.email.as_str()), ("password", PASSWORD)];
    ada.browser.submit("/sign-in", &form).await.leads_to("/notes");
}

async fn what_was_written_as_ada_is_not_bobs(database: Database) {
    let house = roomy(database).await;
    for action in POSTS {
        let visitor = Visitor::new(&house, &format!("ada{}", house.count("accounts").await)).await;
        let bob = house.person(&format!("bob{}", house.count("accounts").await)).await;
        let (browser, form) = filled(&visitor, &house.browser(), action).await;
        if form.value("for_account").is_empty() {
            continue;
        }
        take_over(&visitor.ada, &bob).await;
        let before = effects(&house).await;
        let page = form.by(&browser).await.page(409);
        assert!(page.contains("You are now signed in as ") && page.contains(&bob.email), "{action}: {page}");
        assert_eq!(page.contains(&visitor.ada.email), action == "/account/delete", "{action}: what was typed, no more");
        assert!(!page.contains(PASSWORD) && !page.contains(NEW), "{action}");
        assert_eq!(effects(&house).await, before, "{action}");
        assert!(browser.is_signed_in().await, "{action}");
    }
}

async fn what_was_written_as_ada_is_bobs_when_he_says_so(house: House) {
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    let body = "and </textarea><script>alert(1)</script>\n\n\"bread\" & more";
    let form = PageForm::to(&ada.browser.visit("/notes").await.page(200), "/notes");
    let form = form.with(&[("title", "Milk"), ("body", body)]);
    take_over(&ada, &bob).await;
    let page = form.by(&ada.browser).await.page(409);
    assert!(!page.contains("<script>alert(1)") && page.contains("Send it as bob@example.org"), "{page}");
    assert_eq!(house.count("notes").await, 0);
    let form = PageForm::to(&page, "/notes");
    assert_eq!((form.value("title"), form.value("body")), ("Milk", body));
    assert_eq!(form.value("for_account"), bob.account.id.to_string());
    form.by(&ada.browser).await.leads_to("/notes");
    assert_eq!(house.raw().await.texts("SELECT body FROM notes").await, [body]);
}

async fn what_ada_chose_is_not_done_to_bob(house: House) {
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    let page = ada.browser.visit("/tokens").await.page(200);
    let form = PageForm::to(&page, "/tokens/revoke-all");
    take_over(&ada, &bob).await;
    let page = form.by(&ada.browser).await.page(409);
    assert!(!page.contains("Send it"), "there is nothing to send, and the question was not bob's");
    house.get("/api/v1/me").bearer(&bob.client.token).await.is(200);
    // Signing in says by itself who it is for.
    let sign_in = PageForm::to(&house.browser().visit("/sign-in").await.page(200), "/sign-in");
    sign_in.with(&[("email", &ada.email), ("password", PASSWORD)]).by(&ada.browser).await.leads_to("/notes");
    assert!(ada.browser.visit("/account").await.page(200).contains(&ada.email));
}

/// A note that was written, and whose session ended before it was sent.
async fn too_late(house: &House, ada: &Person, path: &str, typed: &[(&str, &str)]) -> String {
    let form = PageForm::to(&ada.browser.visit(path).await.page(200), path).with(typed);
    house.sql("DELETE FROM sign_ins").await;
    form.by(&ada.browser).await.page(401)
}

async fn a_session_that_has_ended_loses_no_text(house: House) {
    let ada = house.person("ada").await;
    let note = ada.note_path("Kept").await;
    let body = "and </textarea><script>alert(1)</script>\n\n\"bread\" & more";
    for path in ["/notes", note.as_str()] {
        let page = too_late(&house, &ada, path, &[("title", "Milk"), ("body", body)]).await;
        assert!(page.contains("Your session has ended.") && !page.contains("<script>alert"), "{page}");
        assert_eq!(ada.browser.cookie(), None);
        let sign_in = PageForm::to(&page, "/sign-in").with(&[("email", &ada.email), ("password", PASSWORD)]);
        let page = sign_in.by(&ada.browser).await.page(200);
        assert!(page.contains("Send it now") && page.contains("Sign out"), "{page}");
        let form = PageForm::to(&page, path);
        assert_eq!((form.value("title"), form.value("body")), ("Milk", body));
        form.by(&ada.browser).await.leads_to("/notes");
    }
    let bodies = house.raw().await.texts("SELECT body FROM notes").await;
    assert_eq!(bodies, [body, body]);
    // Where nothing was written, there is nothing to carry.
    let form = PageForm::to(&ada.browser.visit("/tokens").await.page(200), "/tokens/revoke-all");
    house.sql("DELETE FROM sign_ins").await;
    form.by(&ada.browser).await.leads_to("/sign-in");
}

async fn signing_in_wrongly_loses_no_text(house: House) {
    let ada = house.person("ada").await;
    let page = too_late(&house, &ada, "/notes", &[("title", "Milk"), ("body", "a\nb")]).await;
    let wrong = PageForm::to(&page, "/sign-in").with(&[("email", &ada.email), ("password", "wrong password")]);
    let page = wrong.by(&ada.browser).await.page(401);
    assert!(page.contains("The e-mail address or the password is wrong."));
    let right = PageForm::to(&page, "/sign-in").with(&[("password", PASSWORD)]);
    let page = right.by(&ada.browser).await.page(200);
    assert_eq!(PageForm::to(&page, "/notes").value("body"), "a\nb");
}

async fn text_of_ada_is_not_sent_when_bob_signs_in(house: House) {
    let (ada, bob) = (house.person("ada").await, house.person("bob").await);
    let page = too_late(&house, &ada, "/notes", &[("title", "Milk"), ("body", "")]).await;
    let sign_in = PageForm::to(&page, "/sign-in").with(&[("email", &bob.email), ("password", PASSWORD)]);
    let page = sign_in.by(&ada.browser).await.page(200);
    assert!(page.contains("You are now signed in as ") && page.contains("Send it as bob@example.org"), "{page}");
    assert!(!page.contains(&ada.email), "{page}");
    assert_eq!(house.count("notes").await, 0);
}

async fn no_password_is_carried_along(house: House) {
    let visitor = Visitor::new(&house, "ada").await;
    let mut names = BTreeSet::new();
    for (browser, path) in visitor.pages(&house.browser()) {
        for form in PageForm::all(&browser.visit(&path).await.page(200)) {
            names.extend(form.passwords);
        }
    }
    assert!(names.len() >= 3, "{names:?}");
    let ada = &visitor.ada;
    let sign_in = [("email", ada.email.as_str()), ("password", PASSWORD)];
    for name in &names {
        ada.browser.submit("/sign-in", &sign_in).await.is(303);
        let page = ada.browser.visit("/account/name").await.page(200);
        let form = PageForm::to(&page, "/account/name").with(&[("name", "Ada King"), (name, "a secret of hers")]);
        house.sql("DELETE FROM sign_ins").await;
        let reply = form.by(&ada.browser).await;
        assert!(!reply.text().contains("a secret of hers"), "{name}");
        if name == "password-again" {
            assert!(reply.page(401).contains("Ada King"));
        } else {
            // There is nothing in it without the password.
            reply.leads_to("/sign-in");
        }
        let carried = format!("unsent-{name}");
        let carried = [("unsent_to", "/account/name"), ("unsent-name", "Ada King"), (&*carried, "a secret of hers")];
        let page = house.browser().submit("/sign-in", &[&sign_in, carried.as_slice()].concat()).await.page(200);
        assert!(page.contains("Ada King") && !page.contains("a secret of hers"), "{page}");
    }
}

async fn the_longest_note_is_carried_along(house: House) {
    let ada = house.person("ada").await;
    let (title, body) = ("𝔪".repeat(200), "𝔪".repeat(20_000));
    let page = too_late(&house, &ada, "/notes", &[("title", &title), ("body", &body)]).await;
    let sign_in = PageForm::to(&page, "/sign-in").with(&[("email", &ada.email), ("password", PASSWORD)]);
    let page = sign_in.by(&ada.browser).await.page(200);
    PageForm::to(&page, "/notes").by(&ada.browser).await.leads_to("/notes");
    assert_eq!(house.raw().await.texts("SELECT body FROM notes").await, [body]);
}

async fn what_is_carried_leads_nowhere_else(house: House) {
    let ada = house.person("ada").await;
    for to in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/"] {
        let browser = house.browser();
        let form = [("email", ada.email.as_str()), ("password", PASSWORD), ("unsent_to", to), ("unsent-title", "a")];
        browser.submit("/sign-in", &form).await.leads_to("/notes");
    }
}

async fn what_is_carried_is_text(house: House) {
    let ada = house.person("ada").await;
    let markup = r#""'><script>alert(1)</script></textarea><!--"#;
    let name = format!("unsent-{markup}");
    let to = "/notes?\"><script>alert(1)</script>";
    for value in [markup, &format!("{markup}\n{markup}")] {
        let form = [("email", ada.email.as_str()), ("password", PASSWORD), ("unsent_to", to), (&name, value)];
        for password in ["wrong password", PASSWORD] {
            let mut form = form;
            form[1].1 = password;
            let page = house.browser().submit("/sign-in", &form).await;
            assert!(!page.text().contains("<script>alert"), "{}", page.text());
        }
    }
}
