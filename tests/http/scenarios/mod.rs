//! One table of what people do with each factor, run in every way there is: pages without JavaScript, the same pages with
//! their scripts and islands, and JSON at both doors. Where a way does not exist, the table says why.

mod table;

use std::collections::BTreeSet;

use leptos::server_fn::axum::server_fn_paths;
use serde_json::{Value, json};

use self::table::{
    By,
    Move::{
        self, Again, EmailCode, EmailCodeStep, NewPassword, Passkey, PasskeyStep, Password, RecoveryCode, ResetByMail,
        SignUp, SignUpWithPasskey, Totp,
    },
    Scenario, TABLE, Who,
};
use crate::{
    email_codes::newest_code,
    sign_in::Enrolled,
    support::{
        Authenticator, Browser, Database, Door, PASSWORD, PageForm, Response, TestApp, on_both_databases,
        resource::HOME, without_database,
    },
};

on_both_databases! {
    every_scenario_runs_every_way_there_is,
}

without_database! {
    no_island_takes_a_credential,
    the_scripts_make_the_calls_that_the_table_makes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Pages,
    /// Pages whose scripts and islands make their calls beside the same forms.
    Scripts,
    Session,
    Token,
}

impl At {
    fn has_pages(self) -> bool {
        matches!(self, Self::Pages | Self::Scripts)
    }
}

/// What `public/passkeys.js` asks for before it fills in a form.
const CALLS: [&str; 2] = ["login/passkey/options", "sign-up/passkey/options"];
/// What it asks for on the page that lists passkeys, and `passkeys-automatic.js` after a sign-in.
const ADDING: [&str; 3] = ["passkeys", "passkeys/options", "passkeys/options/automatic"];

/// Somebody who goes one of the ways.
struct Actor<'a> {
    app: &'a TestApp,
    at: At,
    email: String,
    enrolled: Option<Enrolled>,
    passkey: Authenticator,
    browser: Browser,
    pending: String,
    token: Option<String>,
    /// The calls that a page's script made.
    called: BTreeSet<&'static str>,
}

const NEW: &str = "entirely different words";

impl<'a> Actor<'a> {
    async fn new(app: &'a TestApp, at: At, who: Who, name: &str) -> Self {
        let (mut passkey, email, mut enrolled) = (Authenticator::new(), format!("{name}@example.org"), None);
        if who != Who::Nobody {
            let person = app.person(name).await;
            app.sql(&format!("UPDATE accounts SET email_verified_at = created_at WHERE email = '{email}'")).await;
            person.browser.add_passkey(&mut passkey).await;
            if who == Who::WithTotp {
                enrolled = Some(Enrolled::of(app, person).await);
            }
        }
        let (browser, called) = (app.browser(), BTreeSet::new());
        Self { app, at, email, enrolled, passkey, browser, pending: String::new(), token: None, called }
    }

    async fn act(&mut self, what: Move) {
        match what {
            SignUp => {
                self.types(PASSWORD).await;
                let form = [("name", "Ada"), ("email", self.email.as_str()), ("password", PASSWORD)];
                self.browser.fill("/sign-up", "/sign-up", &form).await.assert_redirect(HOME);
            }
            SignUpWithPasskey => {
                self.called.insert("sign-up/passkey/options");
                let reply = self.browser.sign_up_with(&mut self.passkey, &self.email).await;
                reply.assert_redirect(HOME);
            }
            Password => self.password(PASSWORD).await,
            NewPassword => self.password(NEW).await,
            Passkey => {
                let answer = self.signed().await;
                if self.at.has_pages() {
                    let typed = [("credential", &*answer.to_string())];
                    self.browser.fill("/sign-in", "/passkeys/sign-in", &typed).await.assert_redirect(HOME);
                } else {
                    let body = json!({"credential": answer});
                    self.browser.post("/login/passkey", body).await.assert_status(200);
                }
            }
            EmailCode => self.email_code().await,
            Totp => {
                let code = self.enrolled.as_ref().unwrap().next_code(self.app);
                self.step("totp", &code).await;
            }
            RecoveryCode => {
                let code = self.enrolled.as_mut().unwrap().codes.pop().unwrap();
                self.step("recovery_code", &code).await;
            }
            PasskeyStep => {
                let answer = self.signed().await.to_string();
                self.step("passkey", &answer).await;
            }
            EmailCodeStep => {
                let code = newest_code(self.app).await;
                self.step("email_code", &code).await;
            }
            ResetByMail => {
                self.browser.fill("/forgot", "/forgot", &[("email", &self.email)]).await.assert_status(303);
                let link = self.app.link("/reset/").await;
                self.types(NEW).await;
                self.browser.fill_and_follow(&link, &link, &[("password", NEW)]).await.page(200);
                assert!(!self.is_in().await, "a link signs nobody in");
            }
            Again(by) => self.again(by).await,
        }
    }

    /// What the island beside a new password asks while it is typed.
    async fn types(&self, password: &str) {
        if self.at == At::Scripts {
            let arguments = json!({"password": password, "email": self.email, "name": ""});
            let ask = self.browser.ask(axum::http::Method::POST, STRENGTH).json(arguments);
            ask.await.assert_status(200);
        }
    }

    /// What the passkey answers.
    async fn signed(&mut self) -> Value {
        self.called.insert("login/passkey/options");
        let asked = self.browser.asked_to_sign().await;
        self.passkey.sign(&asked)
    }

    async fn email_code(&mut self) {
        let body = json!({"email": self.email});
        if self.at.has_pages() {
            let path = "/email-codes/sign-in";
            self.browser.fill(path, path, &[("email", &self.email)]).await.assert_status(303);
            let (path, code) = ("/email-codes/enter", newest_code(self.app).await);
            self.browser.fill(path, path, &[("code", &code)]).await.assert_status(303);
            return;
        }
        if self.at == At::Token {
            let reply = self.app.post("/api/v1/login/email_code/send").json(body).await;
            self.keep(&reply.assert_status(202).json());
        } else {
            self.browser.post("/login/email_code/send", body).await.assert_status(202);
        }
        let code = newest_code(self.app).await;
        self.step("email_code", &code).await;
    }

    fn keep(&mut self, answer: &Value) {
        self.pending = answer["pending"].as_str().unwrap_or(&self.pending).to_owned();
        if let Some(token) = answer["token"].as_str() {
            self.token = Some(token.to_owned());
        }
    }

    async fn password(&mut self, password: &str) {
        let mut body = json!({"email": self.email, "password": password});
        match self.at {
            At::Pages | At::Scripts => {
                let form = [("email", self.email.as_str()), ("password", password)];
                self.browser.fill("/sign-in", "/sign-in", &form).await.assert_status(303);
            }
            At::Session => drop(self.browser.post("/login", body).await),
            At::Token => {
                body["scopes"] = json!(["account:read", "account:write"]);
                let reply = self.app.post("/api/v1/login").json(body).await;
                self.keep(&reply.json());
            }
        }
    }

    async fn step(&mut self, step: &str, code: &str) {
        match self.at {
            At::Pages | At::Scripts => {
                let path = format!("/sign-in/{step}");
                self.browser.fill(&path, &path, &[("code", code)]).await.assert_redirect(HOME);
            }
            At::Session => drop(self.browser.post(&format!("/login/{step}"), json!({"code": code})).await),
            At::Token => {
                let body = json!({"pending": self.pending, "code": code});
                let reply = self.app.post(&format!("/api/v1/login/{step}")).json(body).await;
                self.keep(&reply.json());
            }
        }
    }

    /// A call at its own door; of the pages, at the session door.
    fn door(&self) -> Box<dyn Door> {
        match (self.at, &self.token) {
            (At::Token, Some(token)) => Box::new(self.app.client(token)),
            _ => Box::new(self.browser.clone()),
        }
    }

    async fn sensitive(&self) -> Response {
        self.door().delete("/factors/totp").await
    }

    async fn again(&mut self, by: By) {
        self.app.clock.advance(time::Duration::minutes(11));
        self.sensitive().await.problem(403, "reauthentication_required");
        if self.at.has_pages() {
            self.again_on_the_page(by).await;
        } else {
            self.again_by_json(by).await;
        }
        self.sensitive().await.assert_status(204);
    }

    async fn again_on_the_page(&mut self, by: By) {
        let path = "/account/confirm";
        let mut page = self.browser.visit(path).await.page(200);
        let shown = |by: &'static str| [("again-show", by)];
        let answer = match by {
            By::Password => {
                let form = PageForm::to(&page, path).with(&[("password-again", PASSWORD)]);
                form.by(&self.browser).await.assert_redirect("/account");
                return;
            }
            By::Totp => {
                page = PageForm::to(&page, path).with(&shown("totp")).by(&self.browser).await.page(200);
                self.enrolled.as_ref().unwrap().next_code(self.app)
            }
            By::Passkey => {
                page = PageForm::to(&page, path).with(&shown("passkey")).by(&self.browser).await.page(200);
                self.signed().await.to_string()
            }
            By::EmailCode => {
                let begin = [("again-begin", "email_code")];
                page = PageForm::to(&page, path).with(&begin).by(&self.browser).await.page(200);
                newest_code(self.app).await
            }
        };
        let form = PageForm::to(&page, path).with(&[("code", &answer)]);
        form.by(&self.browser).await.assert_redirect("/account");
    }

    async fn again_by_json(&mut self, by: By) {
        let body = match by {
            By::Password => json!({"password": PASSWORD}),
            By::Totp => json!({"step": "totp", "code": self.enrolled.as_ref().unwrap().next_code(self.app)}),
            By::Passkey => json!({"step": "passkey", "credential": self.signed().await}),
            By::EmailCode => {
                self.door().post("/reauthenticate", json!({"step": "email_code"})).await.assert_status(202);
                json!({"step": "email_code", "code": newest_code(self.app).await})
            }
        };
        self.door().post("/reauthenticate", body).await.assert_status(204);
    }

    async fn is_in(&self) -> bool {
        match (self.at, &self.token) {
            (At::Token, Some(token)) => self.app.client(token).get("/token").await.status == 200,
            (At::Token, None) => false,
            _ => self.browser.is_signed_in().await,
        }
    }
}

fn roomy(settings: &mut vestibule::settings::Settings) {
    settings.throttle.sign_ups_per_address = 1000;
    settings.throttle.sign_ins_per_address = 1000;
    settings.throttle.mails_per_address = 1000;
}

async fn every_scenario_runs_every_way_there_is(database: Database) {
    let app = TestApp::with(database, roomy).await;
    let mailed = {
        let mut settings = app.settings.clone();
        settings.email_codes.second_step = true;
        app.with_settings(settings).await
    };
    let (mut run, mut called) = (0, BTreeSet::new());
    for (number, scenario) in TABLE.iter().enumerate() {
        let Scenario { name, who, moves, pages, scripts, session, token } = scenario;
        let ways = [(At::Pages, pages), (At::Scripts, scripts), (At::Session, session), (At::Token, token)];
        for (at, way) in ways {
            if let Err(why) = way {
                assert!(why.contains(' '), "{name}: {why}");
                continue;
            }
            let person = format!("p{number}{at:?}").to_lowercase();
            let mut actor = Box::pin(Actor::new(&app, at, *who, &person)).await;
            if *who == Who::Mailed {
                (actor.app, actor.browser) = (&mailed, mailed.browser());
            }
            for (place, step) in moves.iter().enumerate() {
                let is_in = matches!(step, Again(_));
                assert_eq!(actor.is_in().await, is_in, "{name} by {at:?} before {step:?}");
                Box::pin(actor.act(*step)).await;
                let is_in = moves.get(place + 1).is_none_or(|next| matches!(next, Again(_)));
                assert_eq!(actor.is_in().await, is_in, "{name} by {at:?} after {step:?}");
            }
            if at == At::Pages {
                assert!(actor.called.is_empty(), "{name}: without JavaScript nothing is called");
            } else if at == At::Scripts {
                called.append(&mut actor.called);
            }
            run += 1;
        }
    }
    assert!(run > 60, "{run}");
    assert_eq!(called, CALLS.into());
}

/// What the island beside a new password calls.
const STRENGTH: &str = "/fn/accounts/strength";

/// The islands of these pages rate a password while it is typed, and nothing else: the forms are posted as they are.
async fn no_island_takes_a_credential(_: TestApp) {
    let functions: Vec<_> = server_fn_paths().map(|(path, _)| path).collect();
    let of_accounts: Vec<_> = functions.iter().filter(|path| path.starts_with("/fn/accounts/")).collect();
    assert_eq!(of_accounts, [&STRENGTH]);
    for feature in ["totp", "recovery_codes", "passkeys", "email_codes", "sign"] {
        assert!(!functions.iter().any(|path| path.contains(feature)), "{feature}: {functions:?}");
    }
}

/// The column of scripts stands for `public/`: a call that a script makes and the table does not would be found here.
async fn the_scripts_make_the_calls_that_the_table_makes(_: TestApp) {
    let (passkeys, automatic) =
        (include_str!("../../../public/passkeys.js"), include_str!("../../../public/passkeys-automatic.js"));
    let after = |text: &'static str, start: &'static str| {
        text.split(start).skip(1).map(|rest| rest.split_once('"').unwrap().0).collect::<Vec<_>>()
    };
    let made: BTreeSet<_> =
        [after(passkeys, "post(\""), after(automatic, "fetch(\"/session/v1/")].concat().into_iter().collect();
    assert_eq!(made, CALLS.into_iter().chain(ADDING).collect());
    assert_eq!((passkeys.matches("fetch(").count(), automatic.matches("fetch(").count()), (1, 2));
}
