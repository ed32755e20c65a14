//! Counters of what happens a few times a minute at most: their labels need no list in advance.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use super::{Kind, Text};

/// Counters by two labels, whose values are constants of the source.
#[derive(Debug)]
pub struct Tally {
    name: &'static str,
    help: &'static str,
    labels: [&'static str; 2],
    counts: Mutex<BTreeMap<[&'static str; 2], u64>>,
}

impl Tally {
    /// The counter `name`, which ends with `_total`, by `labels`.
    pub const fn new(name: &'static str, help: &'static str, labels: [&'static str; 2]) -> Self {
        Self { name, help, labels, counts: Mutex::new(BTreeMap::new()) }
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<[&'static str; 2], u64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds `number`, which may be zero, so that the series is known before something happens.
    pub fn add(&self, values: [&'static str; 2], number: u64) {
        *self.counts().entry(values).or_default() += number;
    }

    /// Writes all of them.
    pub fn write(&self, text: &mut Text) {
        text.family(self.name, Kind::Counter, self.help);
        for (values, count) in &*self.counts() {
            text.sample("", &[(self.labels[0], values[0]), (self.labels[1], values[1])], *count);
        }
    }
}

/// When something happened last, by one label.
#[derive(Debug)]
pub struct Times {
    name: &'static str,
    help: &'static str,
    label: &'static str,
    last: Mutex<BTreeMap<&'static str, u64>>,
}

impl Times {
    /// The gauge `name`, which ends with `_timestamp_seconds`, by `label`.
    pub const fn new(name: &'static str, help: &'static str, label: &'static str) -> Self {
        Self { name, help, label, last: Mutex::new(BTreeMap::new()) }
    }

    /// It has happened now.
    pub fn now(&self, value: &'static str) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.last.lock().unwrap_or_else(PoisonError::into_inner).insert(value, now);
    }

    /// Writes all of them.
    pub fn write(&self, text: &mut Text) {
        text.family(self.name, Kind::Gauge, self.help);
        for (value, time) in &*self.last.lock().unwrap_or_else(PoisonError::into_inner) {
            text.sample("", &[(self.label, *value)], *time);
        }
    }
}
