//! What the documents say is what the server does.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};
use vestibule::app::{FEATURES, routes::routes};

use crate::support::{TestApp, without_database};

without_database! {
    the_samples_look_like_the_answers,
}

/// A path that a document, an error or a comment names, with its method: `POST /session/v1/logout`, or, below either
/// mount, `POST login`. CHANGELOG.md names paths of the past. Documents may go on to name a feature that was removed.
#[test]
fn every_path_that_is_named_exists() {
    let served: HashSet<_> =
        routes(FEATURES).into_iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    // Those of listeners of their own.
    let elsewhere = ["GET /metrics", "POST /lab/theft/steal/{drill}"];
    let is_served = |named: &str| {
        if elsewhere.contains(&named) {
            return true;
        }
        let (method, path) = named.split_once(' ').unwrap();
        let path = path.trim_start_matches('/');
        ["/", "/api/v1/", "/session/v1/"].iter().any(|mount| served.contains(&format!("{method} {mount}{path}")))
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tree = fs::read_to_string(root.join("docs/architecture.md")).unwrap();
    let is_of_a_removed_feature = |named: &str| {
        named.split(['/', ' ']).any(|part| {
            tree.contains(&format!("| `src/features/{part}/` |")) && FEATURES.iter().all(|feature| feature.name != part)
        })
    };
    let files = [root.join("README.md"), root.join("examples/spa/README.md")].into_iter();
    let files = files.chain(files_below(&root.join("docs"), "md")).chain(files_below(&root.join("src"), "rs"));
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files {
        for named in named_paths(&fs::read_to_string(&file).unwrap()) {
            count += 1;
            if !is_served(&named) && !is_of_a_removed_feature(&named) {
                wrong.push(format!("{}: {named}", file.strip_prefix(root).unwrap().display()));
            }
        }
    }
    assert!(count > 40, "{count}");
    assert!(wrong.is_empty(), "there is no such route:\n{}", wrong.join("\n"));
}

/// Every `METHOD path` in `text`: any path after the slash, and in backticks also one below a mount.
fn named_paths(text: &str) -> Vec<String> {
    let mut named = Vec::new();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        for (at, _) in text.match_indices(&format!("{method} ")) {
            let path = &text[at + method.len() + 1..];
            let path: String =
                path.chars().take_while(|c| c.is_ascii_alphanumeric() || "/_-.{}".contains(*c)).collect();
            let quoted = text[..at].ends_with('`') && path.starts_with(|c: char| c.is_ascii_lowercase());
            if path.starts_with('/') || quoted {
                named.push(format!("{method} {}", path.trim_end_matches('.')));
            }
        }
    }
    named
}

fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { files_below(&path, extension) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|ending| ending == extension)).collect()
}

/// The events of accounts' activity, of which there are many, have names in the activity itself.
#[test]
fn every_event_in_the_log_is_described() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let described = fs::read_to_string(root.join("docs/logs.md")).unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files_below(&root.join("src"), "rs") {
        let code = fs::read_to_string(&file).unwrap();
        for after in code.split("event = \"").skip(1) {
            let event = after.split('"').next().unwrap();
            count += 1;
            if !described.contains(&format!("`{event}`")) {
                wrong.push(format!("{}: {event}", file.strip_prefix(root).unwrap().display()));
            }
        }
    }
    assert!(count > 20, "{count}");
    assert!(wrong.is_empty(), "docs/logs.md does not name:\n{}", wrong.join("\n"));
}

/// The session with curl in `docs/tokens.md`: each JSON object has all the members that its schema requires, and no
/// others; what an error says is what it says today.
async fn the_samples_look_like_the_answers(app: TestApp) {
    let description = app.get("/api/v1/openapi.json").await.assert_status(200).json();
    let (paths, schemas) = (&description["paths"], description["components"]["schemas"].as_object().unwrap());
    let details: Vec<_> = description.to_string().split(r#""detail":""#).skip(1).map(str::to_owned).collect();
    let samples = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tokens.md")).unwrap();
    // `scripts/transcripts` breaks long lines.
    let samples = samples.replace("\n ", " ");
    let (mut count, mut is_served) = (0, false);
    for line in samples.lines() {
        if let Some((_, path)) = line.split_once("$api") {
            let resource = path.split(['/', '?', ' ', '\'']).nth(1).unwrap();
            is_served = paths.get(format!("/{resource}")).is_some();
        } else if is_served && line.starts_with('{') {
            let sample: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            if let Some(detail) = sample["detail"].as_str() {
                // What follows a backtick is the name of a scope.
                let detail = detail.split('`').next().unwrap();
                assert!(details.iter().any(|known| known.starts_with(detail)), "no error says so: {line}");
            }
            for object in objects(&sample) {
                count += 1;
                assert!(schemas.values().any(|schema| describes(schema, object)), "{object:?} in {line}");
            }
        }
    }
    assert!(count >= 4, "{count}");
}

fn objects(value: &Value) -> Vec<&Map<String, Value>> {
    match value {
        Value::Object(members) => [members].into_iter().chain(members.values().flat_map(objects)).collect(),
        Value::Array(items) => items.iter().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

/// Whether `object` has the members that `schema` requires, and only ones that it knows.
fn describes(schema: &Value, object: &Map<String, Value>) -> bool {
    let (Some(known), Some(required)) = (schema["properties"].as_object(), schema["required"].as_array()) else {
        return false;
    };
    let required = required.iter().all(|name| object.contains_key(name.as_str().unwrap()));
    required && object.keys().all(|name| known.contains_key(name))
}
