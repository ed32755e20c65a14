//! The description of the JSON mounts: that it is whole, and true.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Map, Value, json};
use vestibule::app::{FEATURES, openapi::TAG};

use crate::support::{
    Authenticator, Database, Door, OURS, Person, SPA, TestApp, all_scopes, features, members, on_both_databases,
    resource::{COLLECTION, LIST_SCHEMA},
    routes::{Call, Items, OPEN_PAGES, all, session_calls, token_calls},
    without_database,
};

on_both_databases! {
    every_route_is_tested,
    the_examples_are_taken,
    answers_look_like_their_examples,
}

without_database! {
    every_route_is_described,
    the_document_is_whole,
    any_page_may_read_it,
    a_browser_keeps_it_while_it_is_the_same,
    the_session_doors_own_stays_on_its_origin,
    the_settings_show,
    every_code_is_explained,
    the_explorer_shows_all_of_it,
    the_explorer_knows_nobody,
}

pub const MOUNTS: [&str; 2] = ["/api/v1", "/session/v1"];

pub async fn document(app: &TestApp, mount: &str) -> Value {
    app.get(&format!("{mount}/openapi.json")).await.assert_status(200).json()
}

/// Every operation: method, path and description.
pub fn operations(document: &Value) -> Vec<(Method, String, &Map<String, Value>)> {
    let items = document["paths"].as_object().unwrap().iter();
    let all = items.flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, operation)| {
            (method.to_uppercase().parse().unwrap(), path.clone(), operation.as_object().unwrap())
        })
    });
    all.collect()
}

fn named(document: &Value) -> BTreeSet<String> {
    operations(document).into_iter().map(|(method, path, _)| format!("{method} {path}")).collect()
}

/// What `value` points to, or itself.
pub fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let Some(name) = value["$ref"].as_str() else { return value };
    document.pointer(name.strip_prefix('#').unwrap()).unwrap_or_else(|| panic!("{name} leads nowhere"))
}

/// What the program lists is what its documents describe, and what each path takes, as it says itself in `Allow`.
async fn every_route_is_described(app: TestApp) {
    let browser = app.browser();
    for mount in MOUNTS {
        let listed = all().iter().filter(|route| route.path.starts_with(&format!("{mount}/")));
        // RFCs describe those that take the forms of clients.
        let listed = listed.filter(|route| !route.path.starts_with("/api/v1/oauth/"));
        let listed: Vec<_> = listed.map(|route| (route.method.clone(), route.path.clone())).collect();
        let mut served = BTreeSet::new();
        for path in listed.iter().map(|(_, path)| path).collect::<BTreeSet<_>>() {
            let reply = browser.ask("NONSENSE".parse().unwrap(), path).await;
            let allowed = reply.header("allow").split(',').filter(|method| *method != "HEAD");
            served.extend(allowed.map(|method| format!("{method} {}", path.strip_prefix(mount).unwrap())));
        }
        let below = |(method, path): &(String, String)| format!("{method} {}", path.strip_prefix(mount).unwrap());
        assert_eq!(listed.iter().map(below).collect::<BTreeSet<_>>(), served);
        assert_eq!(named(&document(&app, mount).await), served, "describe it with #[utoipa::path] and routes!(…)");
    }
}

/// The scopes as well: the tests of the doors hold them against what is really asked for.
async fn every_route_is_tested(app: TestApp) {
    let describe = |calls: Vec<Call>| -> BTreeSet<_> {
        calls.into_iter().map(|call| (call.method.to_string(), call.path.to_owned(), call.scope)).collect()
    };
    let tested = [describe(token_calls()), describe(session_calls())];
    for ((mount, scheme), tested) in MOUNTS.into_iter().zip(["token", "session"]).zip(tested) {
        let document = document(&app, mount).await;
        for (method, path, operation) in operations(&document) {
            let security = operation["security"].as_array().unwrap();
            let open = security.is_empty();
            let for_anybody = ["/login", "/sign-up/passkey/options", "/scopes", "/tokens/report", "/openapi.json"];
            let for_anybody = for_anybody.contains(&path.as_str()) || path.starts_with("/login/");
            assert_eq!(open, for_anybody, "{method} {path}");
            if open {
                continue;
            }
            let scopes = security[0][scheme].as_array().unwrap();
            let scope = scopes.first().map(|scope| scope.as_str().unwrap());
            if mount == "/session/v1" {
                assert_eq!(scope, None, "a person may do everything");
                assert!(tested.iter().any(|(tested, at, _)| (tested.as_str(), at) == (method.as_str(), &path)));
            } else {
                assert!(tested.contains(&(method.to_string(), path.clone(), scope)), "{method} {path} {scope:?}");
            }
        }
    }
}

async fn the_document_is_whole(app: TestApp) {
    for mount in MOUNTS {
        let document = document(&app, mount).await;
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["servers"][0]["url"], format!("{OURS}{mount}"));
        let (mut ids, mut tags) = (BTreeSet::new(), BTreeSet::new());
        for (method, path, operation) in operations(&document) {
            let what = format!("{method} {mount}{path}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{what}: its id is another's");
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{what}");
            tags.extend(operation["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()));
            for name in path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()) {
                let mut given = operation["parameters"].as_array().unwrap().iter();
                let declared = given.any(|given| resolved(&document, given)["name"] == name);
                assert!(declared, "{what}: {name}");
            }
            check_answers(&document, &what, operation);
        }
        let declared = features().iter().flat_map(|feature| feature.tags).copied().chain([TAG]);
        let described = declared.map(|(name, _)| name).collect();
        assert_eq!(tags, described, "each is described, and none is empty");

        let text = document.to_string();
        for reference in text.split("\"$ref\":\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
        }
        for (kind, parts) in document["components"].as_object().unwrap() {
            for name in parts.as_object().unwrap().keys().filter(|_| kind != "securitySchemes") {
                assert!(text.contains(&format!("\"#/components/{kind}/{name}\"")), "nobody uses {kind} {name}");
            }
        }
    }
}

fn check_answers(document: &Value, what: &str, operation: &Map<String, Value>) {
    let answers = operation["responses"].as_object().unwrap();
    assert!(answers.keys().any(|status| status.starts_with('2')), "{what}");
    for status in ["500", "503"] {
        assert!(answers.contains_key(status), "{what}: {status}");
    }
    for (status, answer) in answers {
        let answer = resolved(document, answer);
        assert!(!answer["description"].as_str().unwrap().is_empty(), "{what}: {status}");
        assert!(answer["headers"].get("x-request-id").is_some(), "{what}: {status}");
        let number: u16 = status.parse().unwrap();
        if number < 400 {
            continue;
        }
        let examples = answer["content"]["application/problem+json"]["examples"].as_object().unwrap();
        assert!(!examples.is_empty(), "{what}: {status}");
        for (code, example) in examples {
            let example = &example["value"];
            assert_eq!((&example["code"], &example["status"]), (&json!(code), &json!(number)), "{what}");
            assert!(answer["description"].as_str().unwrap().contains(&format!("`{code}`: ")), "{what}");
            assert!(!example["detail"].as_str().unwrap().is_empty(), "{what}");
        }
        let needs = match number {
            401 if answer["headers"].get("WWW-Authenticate").is_none() => {
                what.contains("login") || what.contains("/session/")
            }
            429 | 503 => answer["headers"].get("Retry-After").is_some(),
            _ => true,
        };
        assert!(needs, "{what}: {status} lacks a header");
    }
}

/// `path` with the id of something that is there.
async fn filled(ada: &Person, path: &str) -> String {
    match path {
        "/tokens/{id}" => {
            path.replace("{id}", ada.browser.get("/tokens").await.json()["items"][0]["id"].as_str().unwrap())
        }
        "/sessions/{id}" => {
            path.replace("{id}", ada.browser.get("/sessions").await.json()["items"][0]["id"].as_str().unwrap())
        }
        "/passkeys/{id}" => path.replace("{id}", &ada.browser.add_passkey(&mut Authenticator::new()).await),
        _ if path.contains("{id}") => Items::of(ada).await.path(path),
        _ => path.to_owned(),
    }
}

/// The example of the body that `operation` takes.
fn example_body(document: &Value, operation: &Map<String, Value>) -> Option<Value> {
    let schema = operation.get("requestBody")?.pointer("/content/application~1json/schema")?;
    Some(resolved(document, schema)["examples"][0].clone())
}

async fn the_examples_are_taken(database: Database) {
    let app = TestApp::with(database, |settings| settings.throttle.sign_ups_per_address = 1_000).await;
    let ada = app.person("ada").await;
    for mount in MOUNTS {
        let document = document(&app, mount).await;
        for (number, (method, path, operation)) in operations(&document).into_iter().enumerate() {
            // Each call has a person of its own, since some of them end the session or token that made them. The
            // example of a login names Ada.
            let name = format!("{}{number}", mount.trim_start_matches('/').replace('/', "-"));
            let person = if path == "/login" { ada.clone() } else { app.person(&name).await };
            let door = person.doors().into_iter().find(|door| door.mount() == mount).unwrap();
            // What a login makes ends with it, so whoever makes a token needs one that lasts.
            let lasting = app.token(&person, &all_scopes()).await;
            let door = if (mount, path.as_str()) == ("/api/v1", "/tokens") { &lasting } else { door };
            let mut ask = door.call(method.clone(), &filled(&person, &path).await);
            if let Some(body) = example_body(&document, operation) {
                ask = ask.json(body);
            }
            let reply = ask.await;
            // An example cannot answer the challenge of a passkey.
            match path.as_str() {
                "/passkeys" if method == Method::POST => {
                    reply.names_field("credential");
                    continue;
                }
                "/login/passkey" => {
                    reply.problem(401, "passkey_refused");
                    continue;
                }
                _ => {}
            }
            if (mount, path.as_str()) == ("/session/v1", "/token") {
                reply.problem(404, "not_found");
                continue;
            }
            if path.starts_with("/login/")
                && !["/login/passkey/options", "/login/email_code/send"].contains(&path.as_str())
            {
                // It goes on with a sign-in that waits, and none does.
                reply.problem(401, "sign_in_expired");
                continue;
            }
            assert!(reply.status.is_success(), "{}: {}", reply.asked, reply.text());
            let answer = &operation["responses"][reply.status.as_str()];
            assert!(answer.is_object(), "{}: {} is not described", reply.asked, reply.status);
            for header in answer["headers"].as_object().unwrap().keys().filter(|name| *name != "Idempotent-Replayed") {
                assert!(reply.has(header), "{}: no {header}", reply.asked);
            }
        }
    }
}

async fn answers_look_like_their_examples(app: TestApp) {
    let ada = app.person("ada").await;
    ada.item("a", "").await;
    let document = document(&app, "/api/v1").await;
    for (path, schema) in [("/me", "Account"), ("/token", "CurrentToken"), (COLLECTION, LIST_SCHEMA)] {
        let reply = ada.client.get(path).await.json();
        let schema = &document["components"]["schemas"][schema];
        assert_eq!(members(&reply), members(&schema["examples"][0]), "{path}");
        assert_eq!(members(&reply), members(&schema["properties"]), "{path}");
        assert_eq!(members(&reply).len(), schema["required"].as_array().unwrap().len(), "{path}");
    }
}

async fn any_page_may_read_it(app: TestApp) {
    for origin in [SPA, "https://elsewhere.example", "null"] {
        let reply = app.get("/api/v1/openapi.json").header("origin", origin).await;
        reply.assert_status(200);
        assert_eq!(reply.header("access-control-allow-origin"), "*", "{origin}");
        assert!(!reply.has("access-control-allow-credentials") && !reply.has("set-cookie"), "{origin}");
        let preflight = app.ask(Method::OPTIONS, "/api/v1/openapi.json").headers(&[
            ("origin", origin),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "if-none-match"),
        ]);
        let preflight = preflight.await;
        assert_eq!(preflight.header("access-control-allow-origin"), "*", "{origin}");
        assert_eq!(preflight.header("access-control-allow-headers"), "if-none-match", "{origin}");
    }
    app.ask(Method::POST, "/api/v1/openapi.json").await.problem(405, "method_not_allowed");
    // Only this one is so open.
    let other = app.get("/api/v1/me").header("origin", "https://elsewhere.example").await;
    assert!(!other.has("access-control-allow-origin"));
}

async fn a_browser_keeps_it_while_it_is_the_same(app: TestApp) {
    let first = app.get("/api/v1/openapi.json").await;
    assert_eq!(first.assert_status(200).header("content-type"), "application/json");
    assert_eq!(first.header("cache-control"), "no-cache");
    let etag = first.header("etag").to_owned();
    let again = app.get("/api/v1/openapi.json").header("if-none-match", &etag).await;
    assert!(again.assert_status(304).body.is_empty());
    assert_eq!(again.header("etag"), etag);
    app.get("/api/v1/openapi.json").header("if-none-match", "\"other\"").await.assert_status(200);
    let another = app.another_instance().await.get("/api/v1/openapi.json").await;
    assert_eq!(another.header("etag"), etag, "every instance sends the same");
}

async fn the_session_doors_own_stays_on_its_origin(app: TestApp) {
    let ask = || app.get("/session/v1/openapi.json");
    ask().header("sec-fetch-site", "cross-site").await.problem(403, "cross_origin_request");
    let reply = ask().header("sec-fetch-site", "same-origin").await;
    assert!(!reply.assert_status(200).has("access-control-allow-origin"));
    let document = reply.json();
    assert_eq!(document["components"]["securitySchemes"]["session"]["name"], "session");
    assert!(document["paths"].get("/logout-all").is_none());
}

async fn the_settings_show(database: Database) {
    let app = TestApp::with(database, |settings| {
        settings.server.public_url = "https://vestibule.example".parse().unwrap();
        settings.tokens.prefix = "acme".into();
    });
    let app = app.await;
    let token = document(&app, "/api/v1").await;
    assert_eq!(token["components"]["schemas"]["TokenText"]["pattern"], "^acme_[0-9A-Za-z]{38}$");
    assert_eq!(token["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    let session = document(&app, "/session/v1").await;
    assert_eq!(session["components"]["securitySchemes"]["session"]["name"], "__Host-Http-session");
}

async fn the_explorer_shows_all_of_it(app: TestApp) {
    let page = app.get("/api/docs").await.page(200);
    let document = document(&app, "/api/v1").await;
    for (method, path, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        let (_, card) = page.split_once(&format!(r#"<article id="{id}""#)).expect(id);
        let card = card.split_once("</article>").unwrap().0;
        assert!(card.contains(&format!("<code>/api/v1{path}</code>")), "{method} {path}");
        assert!(card.contains(&format!(r#"data-method="{method}""#)), "{method} {path}");
        for (status, answer) in operation["responses"].as_object().unwrap() {
            assert!(card.contains(&format!("<dt>{status}</dt>")), "{id}: {status}");
            let examples = &resolved(&document, answer)["content"]["application/problem+json"]["examples"];
            for code in examples.as_object().into_iter().flat_map(Map::keys) {
                assert!(card.contains(&format!("#code-{code}")), "{id}: {code}");
            }
        }
        if let Some(scope) = operation["security"].pointer("/0/token/0") {
            assert!(card.contains(&format!(r#"<span class="badge">{}</span>"#, scope.as_str().unwrap())), "{id}");
        }
    }
    // What is linked within the page is there.
    for link in page.split(r##"href="#"##).skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(page.contains(&format!(r#"id="{link}""#)), "#{link} leads nowhere");
    }
    app.post("/api/docs").await.page(405);
}

async fn the_explorer_knows_nobody(app: TestApp) {
    let ada = app.person("ada").await;
    for path in OPEN_PAGES {
        let reply = ada.browser.visit(path).await;
        let page = reply.page(200);
        assert!(!reply.has("set-cookie") && !reply.has("access-control-allow-origin"));
        assert_eq!(reply.header("cross-origin-resource-policy"), "same-origin");
        assert!(reply.header("content-security-policy").contains("frame-ancestors 'none'"));
        for claim in ["Sign in", "Sign up", "Sign out", "ada@"] {
            assert!(!page.split("<main").next().unwrap().contains(claim), "{path}: {claim}");
        }
        assert_eq!(app.get(path).await.page(200).len(), page.len(), "the same for everybody");
    }
}

async fn every_code_is_explained(app: TestApp) {
    let (explained, errors) = (include_str!("../../docs/tokens.md"), include_str!("../../docs/errors.md"));
    for mount in MOUNTS {
        let document = document(&app, mount).await;
        for code in document["components"]["schemas"]["ProblemCode"]["x-extensible-enum"].as_array().unwrap() {
            let row = format!("| `{}` |", code.as_str().unwrap());
            assert!(errors.contains(&row), "docs/errors.md does not say what to do about {code}");
        }
    }
    for scope in FEATURES.iter().flat_map(|feature| feature.scopes) {
        assert!(explained.contains(&format!("| `{}` |", scope.name)), "{}", scope.name);
    }
}
