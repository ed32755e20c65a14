//! The names of settings: in the file, in the environment, and misspelled.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// The prefix of settings in the environment.
pub(super) const PREFIX: &str = "VESTIBULE_";
/// Variables that belong to scripts beside the server.
const SCRIPTS: [&str; 2] = ["VESTIBULE_TOOLS", "VESTIBULE_BINARY"];

/// Every setting by its name, such as `server.public_url`, with its default.
pub(super) type Keys = BTreeMap<String, Value>;

/// The settings in `defaults`, a struct of sections.
pub(super) fn keys(defaults: &impl Serialize) -> Keys {
    let Ok(Value::Object(sections)) = serde_json::to_value(defaults) else { return Keys::new() };
    let keys = sections.into_iter().flat_map(|(section, keys)| {
        let Value::Object(keys) = keys else { return Vec::new() };
        keys.into_iter().map(|(key, value)| (format!("{section}.{key}"), value)).collect()
    });
    keys.collect()
}

/// The setting that the variable `name` stands for, whether or not it exists.
pub(super) fn key_of(name: &str) -> Option<String> {
    Some(name.strip_prefix(PREFIX)?.to_lowercase().replacen("__", ".", 1))
}

/// The variable that stands for the setting `key`.
pub(super) fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replacen('.', "__", 1))
}

/// Why the variable `name` is a mistake, if it looks like a setting and is not one.
pub(super) fn unknown_variable(name: &str, value: &str, keys: &Keys) -> Option<String> {
    let key = key_of(name)?;
    if keys.contains_key(&key) || SCRIPTS.contains(&name) || is_of_an_orchestrator(name, value) {
        return None;
    }
    let fix = nearest(&key, keys).map_or_else(
        || "Leptos.toml lists every setting; in the environment its name is VESTIBULE_<SECTION>__<KEY>".to_owned(),
        |nearest| format!("did you mean {}?", variable_of(nearest)),
    );
    Some(format!("{name} ({key}) is not a setting: {fix}"))
}

/// Why `key` in the settings file is a mistake, if it is not a setting.
pub(super) fn unknown_key(key: &str, keys: &Keys) -> Option<String> {
    if keys.contains_key(key) {
        return None;
    }
    let fix = nearest(key, keys).map_or_else(|| "remove it".to_owned(), |nearest| format!("did you mean {nearest}?"));
    Some(format!("{key} is not a setting: {fix}"))
}

/// Kubernetes and container links announce the services around a container in variables that begin with the service's
/// name: `VESTIBULE_SERVICE_HOST`, `VESTIBULE_PORT=tcp://…`, `VESTIBULE_PORT_3000_TCP_ADDR`.
fn is_of_an_orchestrator(name: &str, value: &str) -> bool {
    let address = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    let of_a_port = name.split_once("_PORT_").is_some_and(|(_, rest)| {
        let (port, rest) = rest.split_once('_').unwrap_or((rest, ""));
        port.parse::<u16>().is_ok() && ["TCP", "UDP", "SCTP"].iter().any(|protocol| rest.starts_with(protocol))
    });
    !name.contains("__")
        && (name.ends_with("_SERVICE_HOST")
            || name.ends_with("_SERVICE_PORT")
            || name.contains("_SERVICE_PORT_")
            || name.ends_with("_PORT") && address
            || of_a_port)
}

/// The setting that `key` most likely means, if one is similar.
fn nearest<'a>(key: &str, keys: &'a Keys) -> Option<&'a String> {
    if let Some(key) = limit_of_a_resource(key, keys) {
        return Some(key);
    }
    let folded = |key: &str| key.replace('.', "_").replace("__", "_");
    let given = folded(key);
    let rank = |key: &'a String| {
        // The section is often left out.
        let alone = key.split_once('.').map_or(key.as_str(), |(_, key)| key);
        (distance(&given, &folded(key)).min(distance(&given, alone)), key)
    };
    let (away, nearest) = keys.keys().map(rank).min()?;
    is_similar(&given, away).then_some(nearest)
}

/// A limit in a section that is named after one kind of object: it is in `[resources]`, for all kinds.
fn limit_of_a_resource<'a>(key: &str, keys: &'a Keys) -> Option<&'a String> {
    let (section, name) = key.split_once('.')?;
    let (limit, _) = keys.get_key_value(&format!("resources.{name}"))?;
    let mut sections = keys.keys().filter_map(|key| key.split_once('.')).map(|(section, _)| section);
    sections.all(|known| !is_similar(section, distance(section, known))).then_some(limit)
}

/// Whether a name is similar to another at the distance `away`: a third of it may be wrong.
fn is_similar(name: &str, away: usize) -> bool {
    away * 3 <= name.len()
}

/// How many letters to add, drop or change to get from one to the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in other.bytes().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
