//! One number.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Zero.
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Adds one.
    pub fn add_one(&self) {
        self.add(1);
    }

    /// Adds `number`.
    pub fn add(&self, number: u64) {
        self.0.fetch_add(number, Relaxed);
    }

    /// The number.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A number that grows and falls.
#[derive(Debug, Default)]
pub struct Gauge(AtomicI64);

impl Gauge {
    /// Zero.
    pub const fn new() -> Self {
        Self(AtomicI64::new(0))
    }

    /// One more, until the result is dropped.
    pub fn raised(&self) -> Level<'_> {
        self.0.fetch_add(1, Relaxed);
        Level(self)
    }

    /// The number.
    pub fn get(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

/// Counted in a [`Gauge`] until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Level<'a>(&'a Gauge);

impl Drop for Level<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_falls_when_what_it_counts_is_over() {
        let gauge = Gauge::new();
        let one = gauge.raised();
        {
            let _two = gauge.raised();
            assert_eq!(gauge.get(), 2);
        }
        drop(one);
        assert_eq!(gauge.get(), 0);
    }
}
