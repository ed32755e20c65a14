//! One table of what people do with each factor, run in every way there is: pages without JavaScript, islands, and JSON
//! at both doors. Where a way does not exist, the table says why.

use leptos::server_fn::axum::server_fn_paths;
use serde_json::{Value, json};

use crate::{
    email_codes::newest_code,
    sign_in::Enrolled,
    support::{Authenticator, Browser, Database, Door, PASSWORD, Response, TestApp, on_both_databases, resource::HOME},
};

on_both_databases! {
    every_scenario_runs_every_way_there_is,
    no_island_takes_a_credential,
}

/// What somebody does, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    SignUp,
    Password,
    NewPassword,
    Passkey,
    EmailCode,
    Totp,
    RecoveryCode,
    PasskeyStep,
    EmailCodeStep,
    ResetByMail,
    /// A sensitive action, which is refused until the password was given again.
    Reauthenticate,
}

use Move::{
    EmailCode, EmailCodeStep, NewPassword, Passkey, PasskeyStep, Password, Reauthenticate, RecoveryCode, ResetByMail,
    SignUp, Totp,
};

/// Whose account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Nobody,
    Plain,
    WithTotp,
    /// On a site that asks for a code by mail after the password.
    Mailed,
}

/// A way to do it: that, or why there is none.
type Way = Result<(), &'static str>;

struct Scenario {
    name: &'static str,
    who: Who,
    moves: &'static [Move],
    pages: Way,
    session: Way,
    token: Way,
}

/// Islands are no column: `no_island_takes_a_credential` shows that every one of these forms is posted as it is.
const TABLE: &[Scenario] = &[
    row("sign up: password", Who::Nobody, &[SignUp], Ok(()), Err(MADE_ON_PAGES), Err(MADE_ON_PAGES)),
    row("sign in: password", Who::Plain, &[Password], Ok(()), Ok(()), Ok(())),
    row("sign in: passkey", Who::Plain, &[Passkey], Ok(()), Ok(()), Err(OWN_ORIGIN)),
    row("sign in: code by mail", Who::Plain, &[EmailCode], Ok(()), Ok(()), Ok(())),
    row("second factor: app", Who::WithTotp, &[Password, Totp], Ok(()), Ok(()), Ok(())),
    row("second factor: app after a code by mail", Who::WithTotp, &[EmailCode, Totp], Ok(()), Ok(()), Ok(())),
    row("second factor: recovery code", Who::WithTotp, &[Password, RecoveryCode], Ok(()), Ok(()), Ok(())),
    row("second factor: passkey", Who::WithTotp, &[Password, PasskeyStep], Ok(()), Err(NO_STEP), Err(OWN_ORIGIN)),
    row("second factor: none after a passkey", Who::WithTotp, &[Passkey], Ok(()), Ok(()), Err(OWN_ORIGIN)),
    row("second factor: code by mail", Who::Mailed, &[Password, EmailCodeStep], Ok(()), Ok(()), Ok(())),
    row("reset: password", Who::Plain, &[ResetByMail, NewPassword], Ok(()), Err(LINKS), Err(LINKS)),
    row("reset: app", Who::WithTotp, &[ResetByMail, NewPassword, Totp], Ok(()), Err(LINKS), Err(LINKS)),
    row(
        "reset: recovery code",
        Who::WithTotp,
        &[ResetByMail, NewPassword, RecoveryCode],
        Ok(()),
        Err(LINKS),
        Err(LINKS),
    ),
    row("reauthentication: password", Who::Plain, &[Password, Reauthenticate], Ok(()), Ok(()), Ok(())),
    row("reauthentication: after an app", Who::WithTotp, &[Password, Totp, Reauthenticate], Ok(()), Ok(()), Ok(())),
];

const MADE_ON_PAGES: &str = "accounts are created on the site's own pages";
const OWN_ORIGIN: &str = "a passkey belongs to the site's own origin, so the token door has no step for it";
const NO_STEP: &str = "at the session door a passkey signs in alone, by POST login/passkey";
const LINKS: &str = "links in mails lead to pages";

const fn row(name: &'static str, who: Who, moves: &'static [Move], pages: Way, session: Way, token: Way) -> Scenario {
    Scenario { name, who, moves, pages, session, token }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Pages,
    Session,
    Token,
}

/// Somebody who goes one of the ways.
struct Actor<'a> {
    app: &'a TestApp,
    by: By,
    email: String,
    enrolled: Option<Enrolled>,
    passkey: Authenticator,
    browser: Browser,
    pending: String,
    token: Option<String>,
}

const NEW: &str = "entirely different words";

impl<'a> Actor<'a> {
    async fn new(app: &'a TestApp, by: By, who: Who, name: &str) -> Self {
        let (mut passkey, email, mut enrolled) = (Authenticator::new(), format!("{name}@example.org"), None);
        if who != Who::Nobody {
            let person = app.person(name).await;
            app.sql(&format!("UPDATE accounts SET email_verified_at = created_at WHERE email = '{email}'")).await;
            person.browser.add_passkey(&mut passkey).await;
            if who == Who::WithTotp {
                enrolled = Some(Enrolled::of(app, person).await);
            }
        }
        let browser = app.browser();
        Self { app, by, email, enrolled, passkey, browser, pending: String::new(), token: None }
    }

    async fn act(&mut self, what: Move) {
        match what {
            SignUp => {
                let form = [("name", "Ada"), ("email", self.email.as_str()), ("password", PASSWORD)];
                self.browser.fill("/sign-up", "/sign-up", &form).await.assert_redirect(HOME);
            }
            Password => self.password(PASSWORD).await,
            NewPassword => self.password(NEW).await,
            Passkey => {
                let asked = self.browser.asked_to_sign().await;
                let answer = self.passkey.sign(&asked);
                match self.by {
                    By::Pages => {
                        let typed = [("credential", &*answer.to_string())];
                        self.browser.submit("/passkeys/sign-in", &typed).await.assert_redirect(HOME);
                    }
                    _ => drop(
                        self.browser.post("/login/passkey", json!({"credential": answer})).await.assert_status(200),
                    ),
                }
            }
            EmailCode => {
                let body = json!({"email": self.email});
                match self.by {
                    By::Pages => {
                        let path = "/email-codes/sign-in";
                        self.browser.fill(path, path, &[("email", &self.email)]).await.assert_status(303);
                        let (path, code) = ("/email-codes/enter", newest_code(self.app).await);
                        self.browser.fill(path, path, &[("code", &code)]).await.assert_status(303);
                        return;
                    }
                    By::Session => drop(self.browser.post("/login/email_code/send", body).await.assert_status(202)),
                    By::Token => {
                        let reply = self.app.post("/api/v1/login/email_code/send").json(body).await;
                        self.keep(&reply.assert_status(202).json());
                    }
                }
                let code = newest_code(self.app).await;
                self.step("email_code", &code).await;
            }
            Totp => {
                let code = self.enrolled.as_ref().unwrap().next_code(self.app);
                self.step("totp", &code).await;
            }
            RecoveryCode => {
                let code = self.enrolled.as_mut().unwrap().codes.pop().unwrap();
                self.step("recovery_code", &code).await;
            }
            PasskeyStep => {
                let asked = self.browser.asked_to_sign().await;
                let answer = self.passkey.sign(&asked).to_string();
                self.step("passkey", &answer).await;
            }
            EmailCodeStep => {
                let code = newest_code(self.app).await;
                self.step("email_code", &code).await;
            }
            ResetByMail => {
                self.browser.fill("/forgot", "/forgot", &[("email", &self.email)]).await.assert_status(303);
                let link = self.app.link("/reset/").await;
                self.browser.fill_and_follow(&link, &link, &[("password", NEW)]).await.page(200);
                assert!(!self.is_in().await, "a link signs nobody in");
            }
            Reauthenticate => self.reauthenticate().await,
        }
    }

    fn keep(&mut self, answer: &Value) {
        self.pending = answer["pending"].as_str().unwrap_or(&self.pending).to_owned();
        if let Some(token) = answer["token"].as_str() {
            self.token = Some(token.to_owned());
        }
    }

    async fn password(&mut self, password: &str) {
        let body = json!({"email": self.email, "password": password});
        match self.by {
            By::Pages => {
                let form = [("email", self.email.as_str()), ("password", password)];
                self.browser.fill("/sign-in", "/sign-in", &form).await.assert_status(303);
            }
            By::Session => drop(self.browser.post("/login", body).await),
            By::Token => {
                let mut body = body;
                body["scopes"] = json!(["account:read", "account:write"]);
                let reply = self.app.post("/api/v1/login").json(body).await;
                self.keep(&reply.json());
            }
        }
    }

    async fn step(&mut self, step: &str, code: &str) {
        match self.by {
            By::Pages => {
                let path = format!("/sign-in/{step}");
                self.browser.fill(&path, &path, &[("code", code)]).await.assert_redirect(HOME);
            }
            By::Session => drop(self.browser.post(&format!("/login/{step}"), json!({"code": code})).await),
            By::Token => {
                let body = json!({"pending": self.pending, "code": code});
                let reply = self.app.post(&format!("/api/v1/login/{step}")).json(body).await;
                self.keep(&reply.json());
            }
        }
    }

    async fn sensitive(&self) -> Response {
        match (self.by, &self.token) {
            (By::Token, Some(token)) => self.app.client(token).delete("/factors/totp").await,
            _ => self.browser.delete("/factors/totp").await,
        }
    }

    async fn reauthenticate(&mut self) {
        self.app.clock.advance(time::Duration::minutes(11));
        self.sensitive().await.problem(403, "reauthentication_required");
        match (self.by, &self.token) {
            (By::Pages, _) => {
                let path = "/account/confirm";
                self.browser.fill(path, path, &[("password-again", PASSWORD)]).await.assert_status(303);
            }
            (By::Token, Some(token)) => {
                let client = self.app.client(token);
                client.post("/reauthenticate", json!({"password": PASSWORD})).await.assert_status(204);
            }
            _ => drop(self.browser.post("/reauthenticate", json!({"password": PASSWORD})).await.assert_status(204)),
        }
        self.sensitive().await.assert_status(204);
    }

    async fn is_in(&self) -> bool {
        match (self.by, &self.token) {
            (By::Token, Some(token)) => self.app.client(token).get("/token").await.status == 200,
            (By::Token, None) => false,
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
    let mut run = 0;
    for (number, scenario) in TABLE.iter().enumerate() {
        let Scenario { name, who, moves, .. } = scenario;
        for (by, way) in [(By::Pages, scenario.pages), (By::Session, scenario.session), (By::Token, scenario.token)] {
            if let Err(why) = way {
                assert!(why.contains(' '), "{name}: {why}");
                continue;
            }
            let person = format!("p{number}{by:?}").to_lowercase();
            let mut actor = Box::pin(Actor::new(&app, by, *who, &person)).await;
            if *who == Who::Mailed {
                (actor.app, actor.browser) = (&mailed, mailed.browser());
            }
            for (place, step) in moves.iter().enumerate() {
                assert_eq!(actor.is_in().await, *step == Reauthenticate, "{name} by {by:?} before {step:?}");
                actor.act(*step).await;
                let last = place + 1 == moves.len() || moves[place + 1] == Reauthenticate;
                assert_eq!(actor.is_in().await, last, "{name} by {by:?} after {step:?}");
            }
            run += 1;
        }
    }
    assert!(run > 30, "{run}");
}

/// The islands of these pages rate a password while it is typed, and nothing else: the forms are posted as they are.
async fn no_island_takes_a_credential(_: TestApp) {
    let functions: Vec<_> = server_fn_paths().map(|(path, _)| path).collect();
    let of_accounts: Vec<_> = functions.iter().filter(|path| path.starts_with("/fn/accounts/")).collect();
    assert_eq!(of_accounts, [&"/fn/accounts/strength"]);
    for feature in ["totp", "recovery_codes", "passkeys", "email_codes", "sign"] {
        assert!(!functions.iter().any(|path| path.contains(feature)), "{feature}: {functions:?}");
    }
}
