//! Counters that differ in labels whose values are known in advance.

use super::{Counter, Kind, Text};

/// A counter for each value of one label.
#[derive(Debug)]
pub struct Family<const N: usize> {
    name: &'static str,
    help: &'static str,
    label: &'static str,
    values: [&'static str; N],
    counters: [Counter; N],
}

impl<const N: usize> Family<N> {
    /// The counter `name`, which ends with `_total`, for each of `values`. Equal values are written as one.
    pub const fn new(name: &'static str, help: &'static str, label: &'static str, values: [&'static str; N]) -> Self {
        Self { name, help, label, values, counters: [const { Counter::new() }; N] }
    }

    /// Adds one for the value at `place`.
    pub fn count(&self, place: usize) {
        if let Some(counter) = self.counters.get(place) {
            counter.add_one();
        }
    }

    /// Writes all of them, also those that are zero, so that the first one is seen as an increase.
    pub fn write(&self, text: &mut Text) {
        text.family(self.name, Kind::Counter, self.help);
        for (place, value) in self.values.iter().enumerate() {
            if self.values[..place].contains(value) {
                continue;
            }
            let same = self.values.iter().zip(&self.counters).filter(|(other, _)| *other == value);
            let sum: u64 = same.map(|(_, counter)| counter.get()).sum();
            text.sample("", &[(self.label, *value)], sum);
        }
    }
}

/// A counter for each pair of values of two labels.
#[derive(Debug)]
pub struct Grid<const ROWS: usize, const COLUMNS: usize> {
    name: &'static str,
    help: &'static str,
    labels: [&'static str; 2],
    rows: [&'static str; ROWS],
    columns: [&'static str; COLUMNS],
    counters: [[Counter; COLUMNS]; ROWS],
}

impl<const ROWS: usize, const COLUMNS: usize> Grid<ROWS, COLUMNS> {
    /// The counter `name`, which ends with `_total`, for each value of `rows` and of `columns`, the values of `labels`.
    pub const fn new(
        name: &'static str,
        help: &'static str,
        labels: [&'static str; 2],
        rows: [&'static str; ROWS],
        columns: [&'static str; COLUMNS],
    ) -> Self {
        let counters = [const { [const { Counter::new() }; COLUMNS] }; ROWS];
        Self { name, help, labels, rows, columns, counters }
    }

    /// Adds one for the values at `row` and `column`.
    pub fn count(&self, row: usize, column: usize) {
        if let Some(counter) = self.counters.get(row).and_then(|row| row.get(column)) {
            counter.add_one();
        }
    }

    /// Writes all of them.
    pub fn write(&self, text: &mut Text) {
        text.family(self.name, Kind::Counter, self.help);
        for (row, counters) in self.rows.iter().zip(&self.counters) {
            for (column, counter) in self.columns.iter().zip(counters) {
                text.sample("", &[(self.labels[0], *row), (self.labels[1], *column)], counter.get());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Format;

    #[test]
    fn every_value_is_written_once() {
        let family = Family::new("x_total", "Things.", "code", ["a", "b", "a"]);
        family.count(0);
        family.count(2);
        family.count(9);
        let mut text = Text::new(Format::Prometheus);
        family.write(&mut text);
        let expected = "# HELP x_total Things.\n# TYPE x_total counter\nx_total{code=\"a\"} 2\nx_total{code=\"b\"} 0\n";
        assert_eq!(text.finish(), expected);
    }

    #[test]
    fn a_grid_has_every_pair() {
        let grid = Grid::new("y_total", "Pairs.", ["r", "c"], ["1", "2"], ["x", "y"]);
        grid.count(1, 0);
        grid.count(2, 0);
        let mut text = Text::new(Format::Prometheus);
        grid.write(&mut text);
        let text = text.finish();
        assert!(
            text.contains("y_total{r=\"2\",c=\"x\"} 1\n") && text.contains("y_total{r=\"1\",c=\"y\"} 0\n"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 6);
    }
}
