//! Devices that are let in by a code (RFC 8628).

mod attacks;
mod polls;

use serde_json::{Value, json};
use time::Duration;
use vestibule::features::oauth::admin::{self, NewClient};

use super::{OWN, SCOPE, Site, THEIR_URI, Tokens, events, refresh, refused, registered, token};
use crate::support::{
    Browser, Door, OURS, PASSWORD, PageForm, Response, TestApp, features, members, on_both_databases, without_database,
};

on_both_databases! {
    a_device_is_let_in_by_its_code,
}

without_database! {
    signing_in_on_the_way_keeps_the_code,
    the_person_sees_what_asks_and_from_where,
    a_link_with_the_code_asks_to_compare_it,
    to_approve_the_person_confirms_who_they_are,
    what_is_no_code_is_said_beside_the_field,
    only_clients_that_are_registered_for_it_get_codes,
    what_is_wrong_with_a_request_is_told_to_the_device,
    what_ends_the_access_of_a_device,
}

/// The site's own application for televisions, in the settings.
pub const TV: &str = "tv";
pub const PATH: &str = "/api/v1/oauth/device_authorization";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The codes of a device.
struct Device {
    code: String,
    user_code: String,
    answer: Value,
}

/// A device asks for access.
async fn ask(app: &TestApp, client: &str) -> Device {
    Device::of(&app.post(PATH).form(&[("client_id", client), ("scope", SCOPE)]).await)
}

impl Device {
    #[track_caller]
    fn of(reply: &Response) -> Self {
        let answer = reply.assert_status(200).json();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        Self { code: text("device_code"), user_code: text("user_code"), answer }
    }

    /// What it gets at the token endpoint.
    async fn poll(&self, app: &TestApp) -> Response {
        poll(app, TV, &self.code).await
    }
}

async fn poll(app: &TestApp, client: &str, code: &str) -> Response {
    token(app, &[("grant_type", GRANT), ("client_id", client), ("device_code", code)]).await
}

/// The page that says what asks, for a code that somebody has entered.
async fn entered(browser: &Browser, code: &str) -> Response {
    browser.fill("/device", "/device", &[("user_code", code)]).await
}

/// The form of that page, with the answer.
async fn answer(browser: &Browser, code: &str, decision: &str) -> PageForm {
    let page = entered(browser, code).await.page(200);
    PageForm::to(&page, "/device/decide").with(&[("decision", decision)])
}

async fn approve(browser: &Browser, device: &Device) {
    answered(browser, &device.user_code, "approve").await;
}

/// Answers, and follows to the page that says so.
async fn answered(browser: &Browser, code: &str, decision: &str) {
    answer(browser, code, decision).await.by(browser).await.assert_redirect("/device");
    browser.visit("/device").await.page(200);
}

async fn a_device_is_let_in_by_its_code(Site(app): Site) {
    let ada = app.person("ada").await;
    let reply = app.post(PATH).form(&[("client_id", TV), ("scope", SCOPE)]).await;
    assert_eq!((reply.header("cache-control"), reply.header("pragma")), ("no-store", "no-cache"));
    let device = Device::of(&reply);
    let Device { user_code, answer: asked, .. } = &device;
    assert_eq!((&asked["expires_in"], &asked["interval"]), (&json!(600), &json!(5)));
    assert_eq!(asked["verification_uri"], format!("{OURS}/device"));
    assert_eq!(asked["verification_uri_complete"], format!("{OURS}/device?user_code={user_code}"));
    assert_eq!(members(asked).len(), 6);
    assert!(user_code.len() == 9 && user_code.bytes().all(|byte| b"BCDFGHJKLMNPQRSTVWXZ-".contains(&byte)), "{asked}");
    refused(&device.poll(&app).await, 400, "authorization_pending");

    // In whatever case it is typed, and without its hyphen.
    let typed = user_code.to_lowercase().replace('-', " ");
    let form = answer(&ada.browser, &typed, "approve").await;
    let reply = form.by(&ada.browser).await;
    let page = ada.browser.visit(reply.assert_status(303).header("location")).await.page(200);
    assert!(page.contains("Device connected"), "{page}");
    assert!(!ada.browser.visit("/device").await.page(200).contains("Device connected"), "it is said once");

    let reply = device.poll(&app).await;
    assert_eq!(reply.json()["scope"], SCOPE);
    let tokens = Tokens::of(&app, &reply);
    assert_eq!(tokens.access.get("/me").await.assert_status(200).json()["email"], ada.email);
    tokens.access.post("/entries", json!({"title": "a"})).await.problem(403, "scope_missing");
    let tokens = Tokens::of(&app, &refresh(&app, TV, &tokens.refresh).await);
    assert!(events(&app, &ada).await.contains(&"device_authorized".to_owned()));

    // The device goes on without the browser in which it was approved, and is on the list of what has access.
    ada.browser.submit("/sign-out", &[]).await.assert_status(303);
    let tokens = Tokens::of(&app, &refresh(&app, TV, &tokens.refresh).await);
    assert!(tokens.work().await);
    ada.browser.submit("/sign-in", &[("email", &ada.email), ("password", PASSWORD)]).await.assert_status(303);
    let page = ada.browser.visit("/account/apps").await.page(200);
    assert!(page.contains("Own TV") && page.contains("On a device that you connected with a code"), "{page}");
    let export = ada.browser.visit("/account/export").await.assert_status(200).json();
    assert_eq!(export["oauth"]["authorized_apps"][0]["on_device"], true, "{export}");
    PageForm::to(&page, "/account/apps/revoke").by(&ada.browser).await.assert_redirect("/account/apps");
    assert!(!tokens.work().await);
    refused(&refresh(&app, TV, &tokens.refresh).await, 400, "invalid_grant");

    // Only hashes are stored.
    let dump = app.dump().await;
    for text in [&device.code[7..], user_code, &user_code.replace('-', ""), &tokens.refresh[4..42]] {
        assert!(!dump.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
}

async fn signing_in_on_the_way_keeps_the_code(Site(app): Site) {
    let enrolled = crate::sign_in::Enrolled::new(&app, "ada").await;
    let (device, visitor) = (ask(&app, TV).await, app.browser());
    let link = device.answer["verification_uri_complete"].as_str().unwrap().strip_prefix(OURS).unwrap();
    let sign_in = visitor.visit(link).await.assert_status(303).header("location").to_owned();
    let form = PageForm::to(&visitor.visit(&sign_in).await.page(200), "/sign-in");
    let reply = form.with(&[("email", "ada@example.org"), ("password", PASSWORD)]).by(&visitor).await;
    let step = reply.assert_status(303).header("location").to_owned();
    assert!(step.starts_with("/sign-in/totp?next="), "{step}");
    let page = visitor.visit(&step.replace("/totp", "/recovery_code")).await.page(200);
    let form = PageForm::to(&page, "/sign-in/recovery_code").with(&[("code", &enrolled.codes[0])]);
    let reply = form.by(&visitor).await;
    reply.assert_redirect(link);
    let page = visitor.visit(link).await.page(200);
    let reply = PageForm::to(&page, "/device").by(&visitor).await;
    let form = PageForm::to(&reply.page(200), "/device/decide").with(&[("decision", "approve")]);
    form.by(&visitor).await.assert_redirect("/device");
    assert!(Tokens::of(&app, &device.poll(&app).await).work().await);
}

async fn the_person_sees_what_asks_and_from_where(Site(app): Site) {
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let client = with_devices(&bob).await;
    let request = app.post(PATH).form(&[("client_id", &client), ("scope", SCOPE)]).at("198.51.100.7");
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    let device = Device::of(&request.header("user-agent", agent).await);
    let reply = entered(&ada.browser, &device.user_code).await;
    let page = reply.page(200);
    for part in [
        "Their app",
        "registered by a user of this site",
        &device.user_code,
        "ada@example.org",
        "Read your name",
        "<code>entries:read</code>",
        "<strong>198.51.100.7</strong>",
        "Firefox on Linux",
        "another network",
        "Approve only if you started this yourself",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("entries:write"));
    assert!(reply.header("content-security-policy").contains("frame-ancestors 'none'"));
    // Nothing is chosen for them.
    let form = PageForm::to(&page, "/device/decide");
    assert!(form.fields.iter().all(|(name, _)| name != "decision"));
    let (_, html) = page.split_once("action=\"/device/decide\"").unwrap();
    assert!(!html.split_once("</form>").unwrap().0.contains("autofocus"));
    // The same network, and one that cannot be compared.
    let near = ask(&app, TV).await;
    let page = entered(&ada.browser, &near.user_code).await.page(200);
    assert!(page.contains("the network that you are on") && !page.contains("another network"), "{page}");
    let request = app.post(PATH).form(&[("client_id", TV), ("scope", SCOPE)]).at("2001:db8::7");
    let page = entered(&ada.browser, &Device::of(&request.await).user_code).await.page(200);
    assert!(page.contains("2001:db8::7") && !page.contains("network"), "{page}");
}

async fn a_link_with_the_code_asks_to_compare_it(Site(app): Site) {
    let (ada, device) = (app.person("ada").await, ask(&app, TV).await);
    let page = ada.browser.visit(&format!("/device?user_code={}", device.user_code)).await.page(200);
    assert!(page.contains("Does the device in front of you show this code?") && page.contains(&device.user_code));
    // It says nothing of what asks, nor whether anything does: nothing was looked up.
    let other = ada.browser.visit("/device?user_code=BBBB-BBBB").await.page(200);
    assert!(!page.contains("Own TV") && other.contains("Does the device in front of you show this code?"));
    assert!(PageForm::all(&page).iter().all(|form| form.action != "/device/decide"));
    let form = PageForm::to(&page, "/device");
    assert_eq!(form.value("user_code"), device.user_code);
    assert!(form.by(&ada.browser).await.page(200).contains("Own TV"));
    for nonsense in ["", "%22%3E%3Cscript%3E", "WDJB"] {
        let page = ada.browser.visit(&format!("/device?user_code={nonsense}")).await.page(200);
        assert!(page.contains("Enter the code that your device shows") && !page.contains("<script>\">"), "{page}");
    }
}

async fn to_approve_the_person_confirms_who_they_are(Site(app): Site) {
    let ada = app.person("ada").await;
    app.clock.advance(Duration::minutes(11));
    let device = ask(&app, TV).await;
    let page = answer(&ada.browser, &device.user_code, "approve").await.by(&ada.browser).await.page(403);
    assert_eq!(app.count("oauth_device_codes WHERE account_id IS NOT NULL").await, 0);
    let form = PageForm::to(&page, "/device/decide");
    form.clone().with(&[("password-again", "wrong")]).by(&ada.browser).await.page(401);
    refused(&device.poll(&app).await, 400, "authorization_pending");
    form.with(&[("password-again", PASSWORD)]).by(&ada.browser).await.assert_redirect("/device");
    // What was answered is said once, and not in the place of another code.
    let link = format!("/device?user_code={}", device.user_code);
    assert!(!ada.browser.visit(&link).await.page(200).contains("Device connected"));
    assert!(ada.browser.visit("/device").await.page(200).contains("Device connected"));
    assert!(Tokens::of(&app, &device.poll(&app).await).work().await);
    // To deny, nobody has to.
    app.clock.advance(Duration::minutes(11));
    let device = ask(&app, TV).await;
    let reply = answer(&ada.browser, &device.user_code, "deny").await.by(&ada.browser).await;
    assert!(ada.browser.visit(reply.header("location")).await.page(200).contains("Access denied"));
    refused(&device.poll(&app).await, 400, "access_denied");
}

async fn what_is_no_code_is_said_beside_the_field(Site(app): Site) {
    let ada = app.person("ada").await;
    for _ in 0..4 {
        for (typed, said) in [("", "Enter the code"), ("WDJB-MJH", "eight letters"), ("AEIOU-123", "eight letters")] {
            let page = entered(&ada.browser, typed).await.page(422);
            assert!(crate::support::field_error(&page, "user_code").contains(said), "{typed}: {page}");
            assert_eq!(PageForm::to(&page, "/device").value("user_code"), typed);
        }
    }
    // Those were no guesses.
    let device = ask(&app, TV).await;
    entered(&ada.browser, &device.user_code).await.page(200);
    app.browser().visit("/device").await.assert_redirect("/sign-in?next=%2Fdevice");
}

/// An application that `person` registers for devices.
async fn with_devices(person: &crate::support::Person) -> String {
    let path = "/account/developer";
    let typed = [("name", "Their app"), ("redirect_uris", ""), ("device_grant", "on")];
    let page = person.browser.fill_and_follow(path, path, &typed).await.page(200);
    assert!(page.contains("Devices"), "{page}");
    let (_, rest) = page.split_once("Client ID <code>").unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

async fn only_clients_that_are_registered_for_it_get_codes(Site(app): Site) {
    let ada = app.person("ada").await;
    let (theirs, _) = registered(&ada, THEIR_URI, false).await;
    for client in [OWN, &theirs] {
        let reply = app.post(PATH).form(&[("client_id", client), ("scope", SCOPE)]).await;
        refused(&reply, 400, "unauthorized_client");
    }
    let reply = app.post(PATH).form(&[("client_id", "nobody"), ("scope", SCOPE)]).await;
    refused(&reply, 401, "invalid_client");
    // A client with a secret needs it, to ask and to poll.
    let declared: Vec<_> = features().iter().flat_map(|feature| feature.scopes).copied().collect();
    let new = NewClient {
        name: "Box".into(),
        is_confidential: true,
        device_grant: true,
        scopes: admin::scopes(&declared),
        ..NewClient::default()
    };
    let (client, secret) = admin::add(&app.db, &declared, new).await.unwrap();
    let secret = secret.unwrap().reveal().to_owned();
    let (id, scope) = (("client_id", client.id.as_str()), ("scope", SCOPE));
    refused(&app.post(PATH).form(&[id, scope]).await, 401, "invalid_client");
    let device = Device::of(&app.post(PATH).form(&[id, scope, ("client_secret", &secret)]).await);
    approve(&ada.browser, &device).await;
    refused(&poll(&app, &client.id, &device.code).await, 401, "invalid_client");
    let fields = [("grant_type", GRANT), id, ("client_secret", &secret), ("device_code", &device.code)];
    assert!(Tokens::of(&app, &token(&app, &fields).await).work().await);
    // A page of the client may ask from its origin, and none of another.
    let request = || app.post(PATH).form(&[("client_id", TV), scope]);
    request().header("origin", OURS).await.assert_status(200);
    refused(&request().header("origin", super::THEIR_ORIGIN).await, 401, "invalid_client");
    let metadata = app.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["device_authorization_endpoint"], format!("{OURS}{PATH}"));
    assert!(metadata["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT)));
}

async fn what_is_wrong_with_a_request_is_told_to_the_device(Site(app): Site) {
    for (changed, error) in [
        (("scope", ""), "invalid_scope"),
        (("scope", "openid"), "invalid_scope"),
        // What could do lasting harm no application gets.
        (("scope", "tokens:manage"), "invalid_scope"),
        (("resource", "https://other.example"), "invalid_target"),
        (("dpop_jkt", "short"), "invalid_request"),
    ] {
        let mut fields = vec![("client_id", TV), ("scope", SCOPE)];
        fields.retain(|(name, _)| *name != changed.0);
        fields.push(changed);
        refused(&app.post(PATH).form(&fields).await, 400, error);
    }
    let resource = format!("{OURS}/api/v1");
    app.post(PATH).form(&[("client_id", TV), ("scope", SCOPE), ("resource", &resource)]).await.assert_status(200);
    refused(&token(&app, &[("grant_type", GRANT), ("client_id", TV)]).await, 400, "invalid_request");
    refused(&poll(&app, TV, "device_nonsense").await, 400, "invalid_grant");
    // A network asks so often, whatever client it says it is.
    let mut replies = Vec::new();
    for _ in 0..70 {
        replies.push(app.post(PATH).form(&[("client_id", TV), ("scope", SCOPE)]).at("203.0.113.1").await);
    }
    let limited = replies.iter().find(|reply| reply.status != 200).unwrap();
    refused(limited, 429, "temporarily_unavailable");
    assert!(limited.has("retry-after"));
    app.post(PATH).form(&[("client_id", TV), ("scope", SCOPE)]).at("203.0.113.2").await.assert_status(200);
}

async fn what_ends_the_access_of_a_device(Site(app): Site) {
    let ada = app.person("ada").await;
    let connected = async || {
        let device = ask(&app, TV).await;
        approve(&ada.browser, &device).await;
        Tokens::of(&app, &device.poll(&app).await)
    };
    let assert_over = async |tokens: &Tokens| {
        assert!(!tokens.work().await);
        refused(&refresh(&app, TV, &tokens.refresh).await, 400, "invalid_grant");
    };
    // A stolen refresh token.
    let tokens = connected().await;
    let newer = Tokens::of(&app, &refresh(&app, TV, &tokens.refresh).await);
    app.clock.advance(Duration::seconds(31));
    refused(&refresh(&app, TV, &tokens.refresh).await, 400, "invalid_grant");
    assert_over(&newer).await;
    assert!(events(&app, &ada).await.contains(&"refresh_token_reused".to_owned()));
    // The device itself; all tokens; the password; the time.
    let tokens = connected().await;
    let fields = [("client_id", TV), ("token", &tokens.refresh)];
    app.post("/api/v1/oauth/revoke").form(&fields).await.assert_status(200);
    assert_over(&tokens).await;
    let tokens = connected().await;
    ada.browser.submit("/tokens/revoke-all", &[]).await.assert_status(303);
    assert_over(&tokens).await;
    let tokens = connected().await;
    super::change_password(&ada.browser).await;
    assert_over(&tokens).await;
    assert!(!ada.browser.visit("/account/apps").await.page(200).contains("Own TV"));
    let tokens = connected().await;
    app.clock.advance(Duration::days(91));
    assert_over(&tokens).await;
}
