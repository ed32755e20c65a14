//! All experiments, a file per group. To add one, add a record: nothing else refers to an experiment by name.

mod bearer;
mod bug;
mod change;
mod cookies;
mod csrf;
mod frame;
mod network;
mod prefixes;
mod proxy;
mod reading;
mod verdicts;

use std::sync::LazyLock;

pub use self::bug::Switches;
use super::experiment::Experiment;

/// The experiments that "Run all" runs, in the order of the page.
static ALL: LazyLock<Vec<Experiment>> = LazyLock::new(|| {
    let pages = [reading::all(), cookies::all(), frame::all(), change::all(), network::all()];
    let essay = [bug::chosen(), csrf::all(), bearer::all(), proxy::all()];
    pages.into_iter().chain(essay).flatten().collect()
});

/// The experiments of the bench, one for each position of its switches.
static BENCH: LazyLock<Vec<Experiment>> = LazyLock::new(bug::all);

/// The experiments that "Run all" runs, in the order of the page.
pub fn all() -> &'static [Experiment] {
    &ALL
}

/// The experiment with the id `id`.
pub fn find(id: &str) -> Option<&'static Experiment> {
    ALL.iter().chain(BENCH.iter()).find(|experiment| experiment.id == id)
}

/// The codes of problems that experiments show, with the places of those on the page. `local` is whether it is the page
/// of a site on `http://localhost`.
pub fn that_explain(local: bool) -> Vec<(&'static str, String)> {
    let shown = ALL.iter().filter(|experiment| local || !experiment.local);
    shown
        .flat_map(|experiment| experiment.explains.iter().map(|code| (*code, format!("/lab#{}", experiment.id))))
        .collect()
}

/// The experiments that show a cause of the setup doctor. `local` is as above.
pub fn that_show(cause: &str, local: bool) -> impl Iterator<Item = &'static Experiment> {
    let shown = ALL.iter().filter(move |experiment| local || !experiment.local);
    shown.filter(move |experiment| experiment.shows.contains(&cause))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::features::lab::{experiment::Group, origins::Origin, prediction::Question, step::How};

    #[test]
    fn every_record_is_whole() {
        assert!(ALL.len() >= 25, "{}", ALL.len());
        let mut ids = HashSet::new();
        for experiment in ALL.iter() {
            let id = experiment.id;
            assert!(ids.insert(id), "{id} is there twice");
            assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{id}");
            for question in Question::COMMON {
                let verdict = experiment.verdict(question).unwrap_or_else(|| panic!("{id}: {question:?}"));
                let complete = !verdict.reason.is_empty() && verdict.spec.url.starts_with("https://");
                assert!(complete, "{id}: {question:?}");
            }
            for exception in &experiment.exceptions {
                let verdict = experiment.verdict(exception.question).unwrap();
                assert!(!exception.reason.is_empty(), "{id}");
                assert_ne!(verdict.value, exception.value, "{id}: not an exception");
            }
            for cookie in experiment.cookies() {
                let is_host = cookie.prefix.starts_with("__Host-");
                assert_eq!(cookie.path == "/", is_host, "{id}: Lab cookies keep to their path");
                assert!(is_host || cookie.path.starts_with("/lab"), "{id}");
            }
        }
    }

    #[test]
    fn a_form_posts_to_the_app_and_a_side_effect_has_a_verdict() {
        for experiment in ALL.iter() {
            let request = &experiment.request;
            assert!(request.how != How::Form || request.to == Origin::App, "{}", experiment.id);
            assert_eq!(request.answer.side_effect, experiment.verdict(Question::Done).is_some(), "{}", experiment.id);
        }
    }

    #[test]
    fn every_switch_can_be_flipped() {
        assert_eq!(BENCH.len(), 32);
        assert_eq!(BENCH.iter().map(|experiment| experiment.id).collect::<HashSet<_>>().len(), 32);
        for experiment in ALL.iter().filter(|experiment| experiment.group == Group::Bug) {
            assert!(BENCH.iter().any(|other| other.id == experiment.id), "{}", experiment.id);
        }
    }
}
