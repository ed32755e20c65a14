//! Every experiment there is, a file for each group. To add one, add a record; nothing else knows them by name.

mod bearer;
mod bug;
mod cookies;
mod csrf;
mod proxy;
mod reading;
mod verdicts;

use std::sync::LazyLock;

pub use self::{bug::Switches, verdicts::site};
use super::experiment::Experiment;

/// What is run with "Run all", in the order of the page.
static ALL: LazyLock<Vec<Experiment>> = LazyLock::new(|| {
    [reading::all(), cookies::all(), bug::chosen(), csrf::all(), bearer::all(), proxy::all()].concat()
});

/// Every position of the switches.
static BENCH: LazyLock<Vec<Experiment>> = LazyLock::new(bug::all);

/// What is run with "Run all".
pub fn all() -> &'static [Experiment] {
    &ALL
}

/// The experiment `id`.
pub fn find(id: &str) -> Option<&'static Experiment> {
    ALL.iter().chain(BENCH.iter()).find(|experiment| experiment.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::features::lab::experiment::{Group, How, Place, What};

    #[test]
    fn every_record_is_whole() {
        assert!(ALL.len() >= 25, "{}", ALL.len());
        let mut ids = HashSet::new();
        for experiment in ALL.iter() {
            let id = experiment.id;
            assert!(ids.insert(id), "{id} is there twice");
            assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{id}");
            for what in What::FIVE {
                let verdict = experiment.verdict(what).unwrap_or_else(|| panic!("{id}: {what:?}"));
                assert!(!verdict.reason.is_empty() && verdict.spec.url.starts_with("https://"), "{id}: {what:?}");
            }
            for exception in &experiment.exceptions {
                let verdict = experiment.verdict(exception.what).unwrap();
                assert!(!exception.reason.is_empty(), "{id}");
                assert_ne!(verdict.value, exception.value, "{id}: no exception at all");
            }
            for (_, cookie) in experiment.cookies() {
                assert_eq!(cookie.path == "/", cookie.prefix == "__Host-", "{id}: Lab cookies keep to their path");
            }
        }
    }

    #[test]
    fn a_form_posts_to_the_house_and_a_deed_is_told() {
        for experiment in ALL.iter() {
            let request = &experiment.request;
            assert!(request.how != How::Form || request.to == Place::House, "{}", experiment.id);
            assert_eq!(request.answer.deed, experiment.verdict(What::Done).is_some(), "{}", experiment.id);
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
