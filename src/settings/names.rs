//! Names in the environment that begin like settings.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Settings;

/// What the name of a setting in the environment begins with.
pub(super) const PREFIX: &str = "VESTIBULE_";
/// Names of scripts beside the server.
const SCRIPTS: [&str; 2] = ["VESTIBULE_TOOLS", "VESTIBULE_BINARY"];

/// Every setting by its name, such as `server.public_url`, with its default.
pub(super) fn keys() -> BTreeMap<String, Value> {
    let Ok(Value::Object(sections)) = serde_json::to_value(Settings::default()) else { return BTreeMap::new() };
    let keys = sections.into_iter().flat_map(|(section, keys)| {
        let Value::Object(keys) = keys else { return Vec::new() };
        keys.into_iter().map(|(key, value)| (format!("{section}.{key}"), value)).collect()
    });
    keys.collect()
}

/// The setting that `name` would be, whether or not there is such a one.
pub(super) fn key_of(name: &str) -> Option<String> {
    Some(name.strip_prefix(PREFIX)?.to_lowercase().replacen("__", ".", 1))
}

/// The name in the environment of the setting `key`.
fn name_of(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replacen('.', "__", 1))
}

/// What is wrong with `name`, if it begins like a setting and is none.
pub(super) fn objection(name: &str, value: &str, keys: &BTreeMap<String, Value>) -> Option<String> {
    let key = key_of(name)?;
    if keys.contains_key(&key) || SCRIPTS.contains(&name) || is_of_an_orchestrator(name, value) {
        return None;
    }
    let mend = nearest(name, keys).map_or_else(
        || "Leptos.toml has every setting; in the environment it is VESTIBULE_<SECTION>__<KEY>".to_owned(),
        |nearest| format!("did you mean {nearest}?"),
    );
    Some(format!("{name} ({key}) is no setting: {mend}"))
}

/// Kubernetes and container links tell every container where the services around it are, in names that begin with the
/// service's own: `VESTIBULE_SERVICE_HOST`, `VESTIBULE_PORT=tcp://…`, `VESTIBULE_PORT_3000_TCP_ADDR`.
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

/// The name of a setting that is most like `name`, if one is like it at all.
fn nearest(name: &str, keys: &BTreeMap<String, Value>) -> Option<String> {
    let folded = |name: &str| name.to_uppercase().replace("__", "_");
    let given = folded(name);
    let rank = |key: &String| {
        let name = name_of(key);
        // Many leave the section out.
        let alone = key.split_once('.').map_or(String::new(), |(_, key)| folded(&format!("{PREFIX}{key}")));
        (distance(&given, &folded(&name)).min(distance(&given, &alone)), name)
    };
    let (away, nearest) = keys.keys().map(rank).min()?;
    // A third of what stands after the prefix may be wrong.
    (away * 3 <= given.len().saturating_sub(PREFIX.len())).then_some(nearest)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_nothing_is_told_with_what_was_meant() {
        let keys = keys();
        for (name, meant) in [
            ("VESTIBULE_SERVER_PUBLIC_URL", "did you mean VESTIBULE_SERVER__PUBLIC_URL?"),
            ("VESTIBULE_SERVER__PUBLC_URL", "did you mean VESTIBULE_SERVER__PUBLIC_URL?"),
            ("VESTIBULE_PUBLIC_URL", "did you mean VESTIBULE_SERVER__PUBLIC_URL?"),
            ("VESTIBULE_MAIL_SMTP_URL", "did you mean VESTIBULE_MAIL__SMTP_URL?"),
            ("VESTIBULE_CORS__ALLOWED_ORIGIN", "did you mean VESTIBULE_CORS__ALLOWED_ORIGINS?"),
            ("VESTIBULE_SERVER___HOSTS", "did you mean VESTIBULE_SERVER__HOSTS?"),
            ("VESTIBULE_DATABASE_URL", "did you mean VESTIBULE_DATABASE__URL?"),
            ("VESTIBULE_COLOUR", "VESTIBULE_<SECTION>__<KEY>"),
            ("VESTIBULE_", "VESTIBULE_<SECTION>__<KEY>"),
        ] {
            let why = objection(name, "x", &keys).unwrap();
            assert!(why.starts_with(name) && why.contains(meant), "{name}: {why}");
        }
    }

    #[test]
    fn every_setting_has_a_name() {
        let keys = keys();
        assert!(keys.len() > 40 && keys["cors.allowed_origins"].is_array() && keys["passwords.queue"].is_number());
        for key in keys.keys() {
            assert_eq!(objection(&name_of(key), "x", &keys), None, "{key}");
        }
    }

    #[test]
    fn what_others_put_there_is_theirs() {
        for (name, value) in [
            ("VESTIBULE_TOOLS", "/opt/tools"),
            ("VESTIBULE_BINARY", "target/debug/vestibule"),
            ("VESTIBULE_SERVICE_HOST", "10.0.0.1"),
            ("VESTIBULE_SERVICE_PORT", "3000"),
            ("VESTIBULE_SERVICE_PORT_HTTP", "3000"),
            ("VESTIBULE_PORT", "tcp://10.0.0.1:3000"),
            ("VESTIBULE_PORT_3000_TCP", "tcp://10.0.0.1:3000"),
            ("VESTIBULE_PORT_3000_TCP_ADDR", "10.0.0.1"),
            ("VESTIBULE_WEB_PORT_3000_TCP_PROTO", "tcp"),
            ("PATH", "/bin"),
        ] {
            assert_eq!(objection(name, value, &keys()), None, "{name}");
        }
        assert!(objection("VESTIBULE_PORT", "3000", &keys()).is_some(), "that one was meant for us");
    }
}
