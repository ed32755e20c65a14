//! The description of the JSON mounts, as generators of clients read it: what they make of it has good names, calls the
//! right host, and loses no error.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::{
    openapi::{MOUNTS, document, operations, resolved},
    support::{
        Database, Door, TestApp, members, on_both_databases,
        resource::{COLLECTION, ITEM, change, item},
        without_database,
    },
};

on_both_databases! {
    a_refusal_tells_what_is_left_of_the_limit,
    an_answer_says_that_it_is_sent_again,
}

without_database! {
    the_server_is_the_public_url,
    every_body_has_a_name,
    every_body_has_an_example,
    a_problem_is_named_after_its_status,
    no_client_fails_at_a_value_it_does_not_know,
    headers_of_requests_are_described_once,
    both_doors_name_an_operation_alike,
    texts_speak_of_the_wire,
}

const PROBLEM: &str = "application/problem+json";

/// Every body that `operation` takes or sends, with its media type, and with its status if it is an answer.
fn bodies<'a>(document: &'a Value, operation: &'a Map<String, Value>) -> Vec<(Option<u16>, &'a str, &'a Value)> {
    let mut all = Vec::new();
    let answers = operation["responses"].as_object().unwrap().iter();
    let answers = answers.map(|(status, answer)| (status.parse().ok(), resolved(document, answer)));
    let asked = operation.get("requestBody").map(|body| (None, body));
    for (status, holder) in answers.chain(asked) {
        for (media_type, content) in holder["content"].as_object().into_iter().flatten() {
            all.push((status, media_type.as_str(), content));
        }
    }
    all
}

fn name(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

async fn the_server_is_the_public_url(database: Database) {
    for url in ["https://vestibule.example", "https://vestibule.example:8443"] {
        let app = TestApp::with(database, |settings| settings.server.public_url = url.parse().unwrap()).await;
        for mount in MOUNTS {
            assert_eq!(document(&app, mount).await["servers"], json!([{"url": format!("{url}{mount}")}]));
        }
    }
}

/// Generators make up a name for a schema that has none, from the operation or from a number.
async fn every_body_has_a_name(app: TestApp) {
    for mount in MOUNTS {
        let document = document(&app, mount).await;
        for (method, path, operation) in operations(&document) {
            for (status, media_type, content) in bodies(&document, operation) {
                let schema = &content["schema"];
                let is_plain = schema.get("properties").is_none() && schema.get("allOf").is_none();
                let unnamed = ["text/event-stream"].contains(&media_type) || path == "/openapi.json";
                let what = format!("{method} {path} {status:?}: give {schema} a name");
                assert!(schema["type"] != "object", "{what}");
                assert!(name(schema).is_some() || unnamed && is_plain, "{what}");
            }
        }
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            let is_told = ["properties", "additionalProperties"].iter().any(|part| schema.get(part).is_some());
            assert!(is_told || schema["type"] != "object", "say what {name} holds: OpenAPI Generator warns of it");
            for (member, schema) in schema["properties"].as_object().into_iter().flatten() {
                let inner = [schema, &schema["items"], &schema["additionalProperties"]];
                let is_unnamed = inner.iter().any(|schema| schema.get("properties").is_some());
                assert!(!is_unnamed, "give {member} of {name} a schema with a name");
            }
        }
    }
}

async fn every_body_has_an_example(app: TestApp) {
    for mount in MOUNTS {
        let document = document(&app, mount).await;
        for (method, path, operation) in operations(&document) {
            for (status, media_type, content) in bodies(&document, operation) {
                if path == "/openapi.json" || media_type == PROBLEM {
                    continue;
                }
                let schema = resolved(&document, &content["schema"]);
                let beside =
                    [content.get("example"), content["examples"].as_object().and_then(|all| all.values().next())];
                let example = schema["examples"].get(0).or(beside[0]).or(beside[1]);
                let Some(example) = example else { panic!("{method} {path} {status:?} has no example") };
                let Some(properties) = schema["properties"].as_object() else { continue };
                let known: BTreeSet<_> = properties.keys().cloned().collect();
                let shown: BTreeSet<_> = example.as_object().unwrap().keys().cloned().collect();
                // An answer has all of its members; what is optional in a request may be left out.
                let is_right = if status.is_some() { shown == known } else { shown.is_subset(&known) };
                assert!(is_right, "{method} {path} {status:?}: {shown:?}, but the schema has {known:?}");
            }
        }
    }
}

/// And nothing else is: a client tells problems apart by the type that it gets for a status.
async fn a_problem_is_named_after_its_status(app: TestApp) {
    let mut statuses = BTreeMap::new();
    for mount in MOUNTS {
        let document = document(&app, mount).await;
        for (method, path, operation) in operations(&document) {
            for (status, media_type, content) in bodies(&document, operation) {
                let is_refusal = status.is_some_and(|status| status >= 400);
                assert_eq!(media_type == PROBLEM, is_refusal, "{method} {path} {status:?}");
                let (Some(status), true) = (status, is_refusal) else { continue };
                let schema = name(&content["schema"]).unwrap();
                assert!(schema.ends_with("Problem") && schema != "Problem", "{method} {path} {status}: {schema}");
                assert_eq!(statuses.entry(schema.to_owned()).or_insert(status), &status, "{schema} is of two statuses");
                let parts = resolved(&document, &content["schema"]);
                assert_eq!(name(&parts["allOf"][0]), Some("Problem"), "{schema}");
                let own = parts["allOf"][1]["properties"].as_object().unwrap();
                assert_eq!(own.keys().collect::<Vec<_>>(), ["status"], "{schema}");
                let number = &own["status"];
                assert_eq!((&number["type"], &number["enum"]), (&json!("integer"), &json!([status])), "{schema}");
                assert!(number.get("const").is_none(), "some generators ignore it");
            }
        }
        let problem = &document["components"]["schemas"]["Problem"];
        assert_eq!(name(&problem["properties"]["code"]), Some("ProblemCode"));
        assert_eq!(problem["properties"]["status"]["type"], "integer");
    }
    assert_eq!(statuses.get("PreconditionFailedProblem"), Some(&412));
    assert!(statuses.len() > 10, "{statuses:?}");
}

async fn no_client_fails_at_a_value_it_does_not_know(app: TestApp) {
    for mount in MOUNTS {
        let document = document(&app, mount).await;
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let code = &schemas["ProblemCode"];
        assert_eq!((&code["type"], code.get("enum")), (&json!("string"), None));
        let known = code["x-extensible-enum"].as_array().unwrap();
        for (_, path, operation) in operations(&document) {
            for (.., content) in bodies(&document, operation).into_iter().filter(|(_, kind, _)| *kind == PROBLEM) {
                let codes = content["examples"].as_object().unwrap().keys();
                codes.for_each(|code| assert!(known.contains(&json!(code)), "{path}: {code}"));
            }
        }
        let issued_by = &schemas["IssuedBy"];
        assert_eq!(issued_by["x-extensible-enum"], json!(["person", "login", "token", "client"]));

        let mut sent: Vec<&Value> = Vec::new();
        for (_, _, operation) in operations(&document) {
            let answers = bodies(&document, operation).into_iter().filter(|(status, ..)| status.is_some());
            sent.extend(answers.map(|(.., content)| &content["schema"]));
        }
        let mut seen = BTreeSet::new();
        while let Some(schema) = sent.pop() {
            let is_open = schema["type"] != "string" || schema.get("enum").is_none();
            assert!(is_open, "an answer has a closed enumeration: {schema}");
            if let Some(name) = name(schema) {
                if seen.insert(name) {
                    sent.push(&schemas[name]);
                }
                continue;
            }
            for part in [&schema["allOf"], &schema["oneOf"], &schema["anyOf"], &schema["prefixItems"]] {
                sent.extend(part.as_array().into_iter().flatten());
            }
            sent.extend(schema["properties"].as_object().into_iter().flat_map(Map::values));
            sent.extend(["items", "additionalProperties"].iter().filter_map(|part| schema.get(part)));
        }
        assert!(seen.contains("Timestamp") && seen.contains("IssuedBy"), "{seen:?}");
        for (name, schema) in schemas {
            for (member, schema) in schema["properties"].as_object().into_iter().flatten() {
                let either = schema["oneOf"].as_array().into_iter().flatten();
                let mut scalar = either.filter_map(|part| schemas.get(self::name(part)?)).map(|part| &part["type"]);
                assert!(!scalar.any(|kind| kind == "string"), "{member} of {name} may be null: write a list of types");
            }
        }
    }
}

async fn headers_of_requests_are_described_once(app: TestApp) {
    for mount in MOUNTS {
        let document = document(&app, mount).await;
        for (method, path, operation) in operations(&document) {
            for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
                let is_shared = parameter.get("$ref").is_some();
                let parameter = resolved(&document, parameter);
                let (place, name) = (&parameter["in"], &parameter["name"]);
                assert!(is_shared || place != "header", "{method} {path}: {name}");
                assert!(!parameter["description"].as_str().unwrap_or_default().is_empty(), "{method} {path}: {name}");
            }
        }
        let shared = document["components"]["parameters"].as_object().unwrap();
        for name in ["IfMatch", "IfNoneMatch", "IdempotencyKey"] {
            assert_eq!(shared[name]["in"], "header");
        }
        let headers = &document["components"]["headers"];
        let always = ["ETag", "Location", "x-request-id"].map(|name| &headers[name]["required"] == true);
        assert_eq!(always, [true; 3]);
        let limits = ["RateLimit", "RateLimit-Policy"].map(|name| headers.get(name).is_some());
        assert_eq!(limits, [mount == "/api/v1"; 2], "the session door counts no requests");
    }
}

/// The name of a method in most clients.
async fn both_doors_name_an_operation_alike(app: TestApp) {
    let mut ids = BTreeMap::<_, String>::new();
    for mount in MOUNTS {
        for (method, path, operation) in operations(&document(&app, mount).await) {
            let id = operation["operationId"].as_str().unwrap();
            let is_camel = id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(char::is_alphanumeric);
            assert!(is_camel, "{method} {path}: {id}");
            assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{method} {path}: clients group by tag");
            let first = ids.entry((method.to_string(), path.clone())).or_insert_with(|| id.to_owned());
            assert_eq!(first, id, "{method} {path}");
        }
    }
}

async fn texts_speak_of_the_wire(app: TestApp) {
    const INSIDE: [&str; 19] = [
        "rust",
        "axum",
        "serde",
        "utoipa",
        "leptos",
        "handler",
        "extractor",
        "newtype",
        "struct",
        "trait",
        "crate",
        "middleware",
        "island",
        "server function",
        "sqlite",
        "postgres",
        "column",
        "[`",
        "::",
    ];
    for mount in MOUNTS {
        let document = document(&app, mount).await;
        let mut left = vec![&document];
        while let Some(value) = left.pop() {
            left.extend(value.as_array().into_iter().flatten());
            for (name, member) in value.as_object().into_iter().flatten() {
                left.push(member);
                let text = member.as_str().filter(|_| ["description", "summary"].contains(&name.as_str()));
                let text = text.unwrap_or_default().to_lowercase();
                let words: BTreeSet<_> = text.split(|c: char| !c.is_alphanumeric()).collect();
                for word in INSIDE {
                    let is_said = if word.chars().all(char::is_alphabetic) {
                        words.contains(word) || words.contains(format!("{word}s").as_str())
                    } else {
                        text.contains(word)
                    };
                    assert!(!is_said, "a client does not know what “{word}” is: {text}");
                }
            }
        }
    }
}

async fn a_refusal_tells_what_is_left_of_the_limit(app: TestApp) {
    let ada = app.person("ada").await;
    let document = document(&app, "/api/v1").await;
    let path = ada.item_path("a").await;
    let missing = format!("{COLLECTION}/019526de-6c00-7000-8000-000000000009");
    let refusals = [
        (ada.client.get(&missing).await, "get", 404),
        (ada.client.patch(&path, change("b")).header("if-match", "\"9\"").await, "patch", 412),
        (ada.client.patch(&path, json!({"other": "b"})).await, "patch", 422),
    ];
    for (reply, method, status) in refusals {
        reply.assert_status(status);
        let answer = resolved(&document, &document["paths"][ITEM][method]["responses"][status.to_string()]);
        for header in ["RateLimit", "RateLimit-Policy", "x-request-id"] {
            assert!(answer["headers"].get(header).is_some(), "{status}: {header} is not described");
            assert!(reply.has(header), "{status}: {header} is not sent");
        }
        let (known, sent) = (&document["components"]["schemas"]["Problem"]["properties"], reply.json());
        for member in members(&sent) {
            assert!(known.get(member).is_some(), "{status}: {member}");
        }
    }
}

async fn an_answer_says_that_it_is_sent_again(app: TestApp) {
    let ada = app.person("ada").await;
    for door in ada.doors() {
        let mount = door.mount();
        let document = document(&app, mount).await;
        let answer = &document["paths"][COLLECTION]["post"]["responses"]["201"];
        assert!(answer["headers"].get("Idempotent-Replayed").is_some(), "{mount}");
        let other = &document["paths"][COLLECTION]["get"]["responses"]["200"];
        assert!(other["headers"].get("Idempotent-Replayed").is_none(), "{mount}");
        for is_replayed in [false, true] {
            let reply = door.post(COLLECTION, item("a", "")).header("idempotency-key", "once").await;
            assert_eq!(reply.assert_status(201).has("idempotent-replayed"), is_replayed, "{mount}");
        }
    }
}
