//! How long something took, in buckets.

use std::time::Duration;

use super::{Counter, Text};

/// The upper bounds of the buckets, in microseconds: from half a millisecond to ten seconds.
pub const BOUNDS: [u64; 14] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000,
];

/// Counts durations by buckets. The same buckets everywhere, so that dashboards can compare.
#[derive(Debug, Default)]
pub struct Histogram {
    /// The last one is for whatever took longer.
    buckets: [Counter; BOUNDS.len() + 1],
    /// In microseconds.
    sum: Counter,
}

impl Histogram {
    /// Nothing counted.
    pub const fn new() -> Self {
        Self { buckets: [const { Counter::new() }; BOUNDS.len() + 1], sum: Counter::new() }
    }

    /// Counts something that `took` so long.
    pub fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().position(|bound| micros <= *bound).unwrap_or(BOUNDS.len());
        self.buckets[bucket].add_one();
        self.sum.add(micros);
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(Counter::get).sum()
    }

    /// Writes the samples of one series of the family that was begun last.
    pub fn write(&self, text: &mut Text, labels: &[(&str, &str)]) {
        let bounds: Vec<_> = BOUNDS.iter().map(|bound| seconds(*bound)).chain(["+Inf".into()]).collect();
        let (mut all, mut labels) = (0, labels.to_vec());
        for (bucket, bound) in self.buckets.iter().zip(&bounds) {
            all += bucket.get();
            labels.push(("le", bound.as_str()));
            text.sample("_bucket", &labels, all);
            labels.pop();
        }
        text.sample("_sum", &labels, seconds(self.sum.get()));
        text.sample("_count", &labels, all);
    }
}

/// So many microseconds as a number of seconds. OpenMetrics wants a point in each bound.
fn seconds(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let short = text.trim_end_matches('0');
    if short.ends_with('.') { format!("{short}0") } else { short.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Format, Kind};

    #[test]
    fn buckets_hold_what_is_below_them() {
        let histogram = Histogram::new();
        for micros in [500, 501, 1_000_000, 20_000_000] {
            histogram.record(Duration::from_micros(micros));
        }
        let mut text = Text::new(Format::Prometheus);
        text.family("t_seconds", Kind::Histogram, "Time.");
        histogram.write(&mut text, &[("pool", "a")]);
        let text = text.finish();
        for line in [
            "t_seconds_bucket{pool=\"a\",le=\"0.0005\"} 1",
            "t_seconds_bucket{pool=\"a\",le=\"0.001\"} 2",
            "t_seconds_bucket{pool=\"a\",le=\"1.0\"} 3",
            "t_seconds_bucket{pool=\"a\",le=\"10.0\"} 3",
            "t_seconds_bucket{pool=\"a\",le=\"+Inf\"} 4",
            "t_seconds_sum{pool=\"a\"} 21.001001",
            "t_seconds_count{pool=\"a\"} 4",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
    }
}
