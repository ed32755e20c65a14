//! The doctor's table of causes.

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;

/// The table, as the scripts import it: JSON after `export default`.
const SOURCE: &str = include_str!("../../../../public/lab/doctor/causes.js");

/// What has a line of its own, in the order of the page: the page's code, and servers.
pub(super) const STACKS: [(&str, &str); 10] = [
    ("page", "Your page"),
    ("axum", "axum"),
    ("django", "Django"),
    ("express", "Express"),
    ("rails", "Rails"),
    ("laravel", "Laravel"),
    ("nginx", "nginx"),
    ("caddy", "Caddy"),
    ("vite", "Vite"),
    ("vestibule", "Vestibule"),
];

/// One cause.
#[derive(Debug, Deserialize)]
pub(super) struct Cause {
    pub(super) id: String,
    pub(super) title: String,
    /// What happens, and what to do.
    pub(super) about: String,
    /// What it looks like in the Network panel.
    pub(super) look: String,
    /// Where the line belongs, and the line, by the key of the stack.
    lines: HashMap<String, (String, String)>,
}

#[derive(Debug, Default, Deserialize)]
struct Table {
    causes: Vec<Cause>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| parse().unwrap_or_default());

fn parse() -> Option<Table> {
    let (_, json) = SOURCE.split_once("export default ")?;
    serde_json::from_str(json.trim_end().trim_end_matches(';')).ok()
}

/// All causes, in the order of the page.
pub(super) fn all() -> &'static [Cause] {
    &TABLE.causes
}

/// The cause with this id.
pub(super) fn find(id: &str) -> Option<&'static Cause> {
    all().iter().find(|cause| cause.id == id)
}

impl Cause {
    /// Its lines, each with the name of its stack and its place.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&'static str, &str, &str)> {
        STACKS.into_iter().filter_map(|(key, name)| {
            let (place, line) = self.lines.get(key)?;
            Some((name, place.as_str(), line.as_str()))
        })
    }

    /// The place and the line of the first of these stacks that has one.
    pub(super) fn line_of(&self, stacks: &[&str]) -> Option<&(String, String)> {
        stacks.iter().find_map(|stack| self.lines.get(*stack))
    }
}

/// Replaces `{name}` in a text of the table by its value.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::lab::experiments;

    const DIAGNOSIS: &str = include_str!("../../../../public/lab/doctor/diagnosis.js");

    #[test]
    fn each_cause_names_the_line_of_the_page_or_of_eight_servers() {
        assert!(all().len() >= 12);
        for cause in all() {
            for (key, _) in &STACKS[1..9] {
                let alone = cause.lines.len() == 1 && cause.lines.contains_key("page");
                assert!(alone || cause.lines.contains_key(*key), "{}: {key}", cause.id);
            }
            assert!(cause.lines.keys().all(|key| STACKS.iter().any(|(known, _)| known == key)), "{}", cause.id);
            assert!(!cause.about.is_empty() && !cause.look.is_empty() && !cause.title.is_empty(), "{}", cause.id);
        }
    }

    #[test]
    fn the_diagnosis_knows_the_causes_of_the_table_and_no_others() {
        let quoted: Vec<_> = DIAGNOSIS.split('"').skip(1).step_by(2).collect();
        for cause in all() {
            assert!(quoted.contains(&cause.id.as_str()), "nothing leads to {}", cause.id);
        }
        for call in ["cause(\"", "either(\""] {
            for rest in DIAGNOSIS.split(call).skip(1) {
                let id = rest.split('"').next().unwrap();
                assert!(find(id).is_some(), "{id} is not in the table");
            }
        }
    }

    #[test]
    fn each_cause_can_be_seen_in_the_lab() {
        for cause in all() {
            assert!(experiments::that_show(&cause.id, true).next().is_some(), "no experiment shows {}", cause.id);
        }
        for experiment in experiments::all() {
            assert!(experiment.shows.iter().all(|id| find(id).is_some()), "{} shows no cause", experiment.id);
        }
    }

    #[test]
    fn a_value_takes_the_place_of_its_name() {
        assert_eq!(fill("{page} calls {api}, {rest}", &[("page", "a"), ("api", "b")]), "a calls b, {rest}");
    }
}
