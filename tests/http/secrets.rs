//! What lies in the database opens nothing, and what opens something does not lie in the database.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::json;
use vestibule::auth::{passwords::Hasher, verify_password::rehash};

use crate::support::{
    PASSWORD, TestApp, on_both_databases,
    resource::{COLLECTION, READ_FIELD},
};

on_both_databases! {
    nothing_read_from_the_database_opens_a_door,
    nothing_that_opens_a_door_is_in_the_database,
    the_password_hash_is_argon2id_with_its_parameters,
    the_password_hash_leaves_the_database_in_no_answer,
    a_password_is_hashed_anew_when_the_settings_ask_for_more,
    a_password_that_changed_meanwhile_stays_changed,
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from_digit(digit.into(), 16).unwrap())
        .collect()
}

/// The ways to write `bytes` as a cookie or a token.
fn spellings(bytes: &[u8]) -> Vec<String> {
    let backwards: Vec<u8> = bytes.iter().rev().copied().collect();
    let mut all = vec![hex(bytes), hex(&backwards), STANDARD.encode(bytes)];
    all.extend([URL_SAFE_NO_PAD.encode(bytes), URL_SAFE_NO_PAD.encode(backwards)]);
    all.extend(
        String::from_utf8(bytes.to_vec()).ok().filter(|text| text.is_ascii() && !text.contains(char::is_control)),
    );
    all
}

async fn nothing_read_from_the_database_opens_a_door(app: TestApp) {
    let ada = app.person("ada").await;
    let mut raw = app.raw().await;
    let mut found = Vec::new();
    for id in raw.texts("SELECT id FROM tower_sessions").await {
        found.push(id.clone().into_bytes());
        found.push(URL_SAFE_NO_PAD.decode(id).unwrap());
    }
    for sql in ["SELECT data FROM tower_sessions", "SELECT hash FROM tokens", "SELECT auth_stamp FROM accounts"] {
        found.extend(raw.bytes(sql).await);
    }
    // What is inside the session's record, wherever it may begin.
    let data = raw.bytes("SELECT data FROM tower_sessions").await.remove(0);
    found.extend(data.windows(16).map(<[u8]>::to_vec));
    assert!(found.len() > 20);

    for candidate in found.iter().flat_map(|bytes| spellings(bytes)) {
        let cookie = app.get("/session/v1/me").header("cookie", &format!("session={candidate}")).await;
        cookie.problem(401, "not_signed_in");
        for token in [candidate.clone(), format!("vst_{candidate}")] {
            app.get("/api/v1/me").bearer(&token).await.problem(401, "token_invalid");
        }
    }
    assert!(ada.browser.is_signed_in().await);
}

async fn nothing_that_opens_a_door_is_in_the_database(app: TestApp) {
    let ada = app.person("ada").await;
    ada.browser.submit("/tokens", &[("name", "phone"), ("days", "30"), (READ_FIELD, "on")]).await.assert_status(201);
    let cookie = ada.browser.cookie().unwrap();
    let id = URL_SAFE_NO_PAD.decode(&cookie).unwrap();
    let backwards: Vec<u8> = id.iter().rev().copied().collect();
    let token = &ada.client.token;

    let dump = app.dump().await;
    // PostgreSQL prints bytes as hexadecimal digits.
    let found = |needle: &[u8]| dump.windows(needle.len()).any(|part| part == needle);
    let holds = |needle: &[u8]| found(needle) || found(hex(needle).as_bytes());
    assert!(holds(b"ada@example.org") && holds(b"phone"), "the dump is one");
    for needle in [
        cookie.as_bytes(),
        &id,
        &backwards,
        hex(&id).as_bytes(),
        hex(&backwards).as_bytes(),
        token.as_bytes(),
        &token.as_bytes()[4..],
        PASSWORD.as_bytes(),
    ] {
        assert!(!holds(needle), "{}", String::from_utf8_lossy(needle));
    }
}

async fn the_password_hash_is_argon2id_with_its_parameters(app: TestApp) {
    app.person("ada").await;
    app.person("bob").await;
    let hashes = app.raw().await.texts("SELECT password_hash FROM accounts").await;
    assert!(hashes.iter().all(|hash| hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$")), "{hashes:?}");
    assert_ne!(hashes[0], hashes[1], "one password, two salts");
}

/// Another instance, whose settings ask for `iterations` passes.
async fn with_iterations(app: &TestApp, iterations: u32) -> TestApp {
    let mut other = app.clone();
    other.settings.passwords.iterations = iterations;
    other.another_instance().await
}

async fn hash(app: &TestApp) -> String {
    app.db.wait_idle().await;
    app.raw().await.texts("SELECT password_hash FROM accounts").await.remove(0)
}

async fn a_password_is_hashed_anew_when_the_settings_ask_for_more(app: TestApp) {
    let ada = app.person("ada").await;
    let login = |app: &TestApp, password: &str| {
        app.post("/api/v1/login").json(json!({"email": ada.email, "password": password}))
    };
    let weak = hash(&app).await;
    assert!(weak.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{weak}");
    let stronger = with_iterations(&app, 3).await;
    login(&stronger, "wrong password").await.assert_status(401);
    assert_eq!(hash(&stronger).await, weak);
    login(&stronger, PASSWORD).await.assert_status(201);
    let strong = hash(&stronger).await;
    assert!(strong.starts_with("$argon2id$v=19$m=8,t=3,p=1$"), "{strong}");

    // Nobody is signed out, and the password is the same.
    assert!(ada.browser.is_signed_in().await);
    login(&stronger, PASSWORD).await.assert_status(201);
    login(&stronger, "wrong password").await.assert_status(401);
    assert_eq!(hash(&stronger).await, strong, "once is enough");
    login(&app, PASSWORD).await.assert_status(201);
    assert_eq!(hash(&app).await, strong, "nothing is lowered");
}

async fn a_password_that_changed_meanwhile_stays_changed(app: TestApp) {
    let ada = app.person("ada").await;
    let verified = hash(&app).await;
    let hasher = Hasher::new(&app.settings.passwords).unwrap();
    let again = async |verified: &str| {
        rehash(&app.db, &hasher, ada.account.id, verified.to_owned(), PASSWORD.into()).await.unwrap()
    };
    assert!(again(&verified).await);
    let changed = hash(&app).await;
    assert!(!again(&verified).await);
    assert_eq!(hash(&app).await, changed);
}

async fn the_password_hash_leaves_the_database_in_no_answer(app: TestApp) {
    let ada = app.person("ada").await;
    let note = ada.item_path("a").await;
    let [hash] = app.raw().await.texts("SELECT password_hash FROM accounts").await.try_into().unwrap();
    let pages = ["/", COLLECTION, &note, "/tokens", "/account", "/session/v1/me", "/session/v1/tokens"];
    for path in pages {
        let reply = ada.browser.visit(path).await;
        for secret in [&hash, &hash[30..], PASSWORD, &ada.client.token, &ada.browser.cookie().unwrap()] {
            assert!(!reply.assert_status(200).text().contains(secret), "{path}");
        }
    }
}
