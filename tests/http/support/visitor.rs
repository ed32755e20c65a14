//! A person with one of everything, and the forms of all pages that show it.

use std::sync::Mutex;

use vestibule::features::accounts::factor_reset;

use super::{
    Authenticator, Browser, Database, PASSWORD, PageForm, Person, TestApp, apps, features,
    resource::{ITEM, PAGE, item_form},
    routes::{Items, OF_A_SECOND_FACTOR, STEP, personal_pages, public_pages},
};
use crate::{email_codes::newest_code, sign_in::Enrolled};

/// The password of a change.
pub const NEW_PASSWORD: &str = "entirely different words";

/// What a person would type into the form that posts to `action`.
pub fn typed(action: &str, email: &str) -> Vec<(&'static str, String)> {
    let typed: &[(&str, &str)] = match action {
        "/sign-up" => &[("name", "Eve"), ("email", "eve@example.org"), ("password", PASSWORD)],
        "/sign-in" => &[("email", email), ("password", PASSWORD)],
        "/forgot" | "/account/delete" | "/email-codes/sign-in" => &[("email", email)],
        PAGE => &item_form("Milk", "and bread"),
        ITEM => &[("title", "Changed")],
        "/tokens" => &[("name", "phone"), ("days", "30")],
        "/account/confirm" => &[("password-again", PASSWORD)],
        "/account/developer" => &apps::FIELDS,
        "/account/name" => &[("name", "Ada King")],
        "/account/passkeys/{id}/rename" => &[("name", "phone")],
        "/account/email" => &[("email", "new@example.org")],
        "/account/password" => &[("current", PASSWORD), ("password", NEW_PASSWORD)],
        "/reset/{token}" => &[("password", NEW_PASSWORD)],
        _ => &[],
    };
    typed.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// The path with what differs from one to the other left out.
pub fn pattern(action: &str) -> String {
    let action = action.split('?').next().unwrap();
    let (start, rest) = action[1..].split_once('/').map_or((&action[1..], None), |(start, rest)| (start, Some(rest)));
    if let ("reset" | "confirm" | "email" | "keep-factors", Some(_)) = (start, rest) {
        return format!("/{start}/{{token}}");
    }
    if let ("sign-in", Some(_)) = (start, rest) {
        return STEP.into();
    }
    let part = |part: &str| if part.len() == 36 { "{id}".to_owned() } else { part.to_owned() };
    action.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// A person with one of everything, and the pages that show it.
pub struct Visitor {
    /// The person.
    pub ada: Person,
    /// Her items.
    pub items: Items,
    /// Her passkey.
    pub passkey: Mutex<Authenticator>,
    /// Where links in her mails lead.
    pub links: Vec<String>,
}

impl Visitor {
    /// Makes them, as `name@example.org`.
    pub async fn new(app: &TestApp, name: &str) -> Self {
        let ada = app.person(name).await;
        let items = Items::of(&ada).await;
        let mut passkey = Authenticator::new();
        ada.browser.add_passkey(&mut passkey).await;
        apps::authorized(app, &ada).await;
        let form = [("email", ada.email.as_str()), ("password", PASSWORD)];
        app.browser().submit("/sign-in", &form).await.assert_status(303);
        let confirm = app.link("/confirm/").await;
        app.browser().submit("/forgot", &form[..1]).await.assert_status(202);
        let reset = app.link("/reset/").await;
        ada.browser.submit("/account/email", &[("email", &format!("{name}@new.example"))]).await.assert_status(202);
        let email = app.link("/email/").await;
        Self { ada, items, passkey: Mutex::new(passkey), links: vec![reset, confirm, email] }
    }

    /// What her authenticator answers when somebody signs in with `browser`.
    async fn answer(&self, browser: &Browser) -> String {
        let asked = browser.asked_to_sign().await;
        self.passkey.lock().unwrap().sign(&asked).to_string()
    }

    /// Every page with a form, with the browser that looks at it.
    pub fn pages(&self, stranger: &Browser) -> Vec<(Browser, String)> {
        let public = public_pages().into_iter().map(|path| (stranger.clone(), path.to_owned()));
        let links = self.links.iter().map(|path| (stranger.clone(), path.clone()));
        let personal = personal_pages().into_iter();
        let personal = personal.map(|path| (self.ada.browser.clone(), self.items.path(path)));
        public.chain(links).chain(personal).collect()
    }
}

/// The application without limits for one address.
pub async fn roomy(database: Database) -> TestApp {
    TestApp::with(database, |settings| {
        settings.throttle.sign_ups_per_address = 1000;
        settings.throttle.sign_ins_per_address = 1000;
        settings.throttle.mails_per_address = 1000;
    })
    .await
}

/// The number of rows in each table, and of mails, once no task runs.
pub async fn effects(app: &TestApp) -> Vec<(String, i64)> {
    app.db.wait_idle().await;
    let mut raw = app.raw().await;
    let tables = raw.tables().await;
    let of_features = features().iter().map(|feature| feature.name).filter(|name| tables.iter().any(|it| it == name));
    let mut counts = Vec::new();
    let others = ["tower_sessions", "one_time_links", "pending_sign_ins", "totp_secrets", "trusted_devices"];
    for table in of_features.chain(others.into_iter().filter(|name| tables.iter().any(|it| it == name))) {
        counts.push((table.to_owned(), raw.count(table).await));
    }
    counts.push(("letters".to_owned(), i64::try_from(app.letters().await.len()).unwrap()));
    counts
}

/// Finds the form of `action` on the pages of `visitor`, fills it in, and gives it with who posts it.
pub async fn filled(visitor: &Visitor, stranger: &Browser, action: &str) -> (Browser, PageForm) {
    for (browser, path) in visitor.pages(stranger) {
        let forms = PageForm::all(&browser.visit(&path).await.page(200));
        if let Some(form) = forms.into_iter().find(|form| pattern(&form.action) == action) {
            let mut typed = typed(action, &visitor.ada.email);
            let form = if typed.is_empty() && personal_pages().contains(&action) { form.edited() } else { form };
            typed.extend(
                form.passwords.iter().filter(|name| *name == "password").map(|_| ("password", NEW_PASSWORD.to_owned())),
            );
            if matches!(action, "/sign-up" | "/sign-in" | "/confirm/{token}" | "/email/{token}") {
                typed.retain(|(name, value)| *name != "password" || value != NEW_PASSWORD);
                typed.push(("password", PASSWORD.into()));
            }
            if action == "/passkeys/sign-in" {
                typed.push(("credential", visitor.answer(&browser).await));
            }
            if action == "/passkeys/sign-up" {
                let asked = browser.asked_to_sign_up("mallory@example.org").await;
                typed.extend([("name", "Mallory".to_owned()), ("email", "mallory@example.org".to_owned())]);
                typed.push(("credential", Authenticator::new().make(&asked).to_string()));
            }
            let typed: Vec<_> = typed.iter().map(|(name, value)| (*name, value.as_str())).collect();
            return (browser, form.with(&typed));
        }
    }
    panic!("no page has a form to {action}");
}

/// Somebody who is about to post a form.
pub struct Ready {
    /// The person whose form it is.
    pub ada: Person,
    /// Where it is posted.
    pub browser: Browser,
    /// Filled in.
    pub form: PageForm,
}

/// Somebody called `name`, about to post the form to `action`: any of those that the walks know.
pub async fn ready(app: &TestApp, name: &str, action: &str) -> Ready {
    if OF_A_SECOND_FACTOR.contains(&action) {
        return Box::pin(with_a_second_factor(app, name, action)).await;
    }
    let visitor = Box::pin(Visitor::new(app, name)).await;
    let (browser, form) = Box::pin(filled(&visitor, &app.browser(), action)).await;
    Ready { ada: visitor.ada, browser, form }
}

/// The same, for one of the forms that only some sign-ins and accounts have.
async fn with_a_second_factor(app: &TestApp, name: &str, action: &str) -> Ready {
    let ada = app.person(name).await;
    app.sql(&format!("UPDATE accounts SET email_verified_at = created_at WHERE email = '{}'", ada.email)).await;
    let (own, stranger) = (ada.browser.clone(), app.browser());
    let (browser, page, code) = match action {
        "/email-codes/enter" => {
            let ask = "/email-codes/sign-in";
            stranger.fill(ask, ask, &[("email", &ada.email)]).await.assert_status(303);
            (stranger, action.to_owned(), Some(newest_code(app).await))
        }
        "/account/security/totp/confirm" => {
            let begun = Enrolled::begun(app, ada.clone()).await;
            (own, "/account/security/totp".to_owned(), Some(begun.code(app, 0)))
        }
        _ => {
            let enrolled = Enrolled::of(app, ada.clone()).await;
            match action {
                STEP => {
                    let waiting = enrolled.waiting_browser(app).await;
                    (waiting, "/sign-in/totp".to_owned(), Some(enrolled.next_code(app)))
                }
                "/account/security/trusted/{id}/revoke" => {
                    let trusted = enrolled.waiting_browser(app).await;
                    let form = [("code", &*enrolled.next_code(app)), ("trust", "on")];
                    trusted.submit("/sign-in/totp", &form).await.assert_status(303);
                    (own, "/account/security".to_owned(), None)
                }
                "/keep-factors/{token}" | "/account/security/reset/stop" => {
                    let with = (&app.db, &app.settings, &app.state.mailer);
                    let whose = (ada.account.id, ada.email.as_str());
                    factor_reset::service::ask(with, &app.state.sign_ins, whose).await.unwrap();
                    let link = app.link("/keep-factors/").await;
                    if action == "/keep-factors/{token}" {
                        (stranger, link, None)
                    } else {
                        (own, "/account/security".into(), None)
                    }
                }
                action => (own, action.strip_suffix("/remove").unwrap_or(action).to_owned(), None),
            }
        }
    };
    let forms = PageForm::all(&browser.visit(&page).await.page(200));
    let form = forms.into_iter().find(|form| pattern(&form.action) == action);
    let form = form.unwrap_or_else(|| panic!("{page} has no form to {action}"));
    let typed: Vec<_> = code.iter().map(|code| ("code", code.as_str())).collect();
    Ready { ada, browser, form: form.with(&typed) }
}

/// As a form takes it.
pub fn fields<'a>(typed: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    typed.iter().map(|(name, value)| (*name, value.as_str())).collect()
}
