//! The text formats of Prometheus: 0.0.4 (<https://prometheus.io/docs/instrumenting/exposition_formats/>) and
//! OpenMetrics 1.0.0.

use std::fmt::{Display, Write};

/// Which of the two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// 0.0.4
    Prometheus,
    /// OpenMetrics 1.0.0
    OpenMetrics,
}

impl Format {
    /// The one that a scraper asks for in `accept`.
    pub fn accepted(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") { Self::OpenMetrics } else { Self::Prometheus }
    }

    /// Its content type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// What a family is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows. Its name ends with `_total`.
    Counter,
    /// Grows and falls.
    Gauge,
    /// Buckets, with their sum and count.
    Histogram,
}

/// The text, as far as it is written.
#[derive(Debug)]
pub struct Text {
    format: Format,
    out: String,
    family: &'static str,
}

impl Text {
    /// Nothing written yet.
    pub fn new(format: Format) -> Self {
        Self { format, out: String::with_capacity(32 << 10), family: "" }
    }

    /// Begins a family. The samples that follow belong to it.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &str) {
        self.family = name;
        let kind_name = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        // In OpenMetrics, the suffix belongs to the sample.
        let shown = match self.format {
            Format::OpenMetrics => name.strip_suffix("_total").unwrap_or(name),
            Format::Prometheus => name,
        };
        // Writing to a string does not fail.
        let _ = writeln!(self.out, "# HELP {shown} {help}\n# TYPE {shown} {kind_name}");
    }

    /// A sample of the family, whose name has this `suffix`.
    pub fn sample(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.out, "{}{suffix}", self.family);
        for (place, (name, value)) in labels.iter().enumerate() {
            let _ = write!(self.out, "{}{name}=\"", if place == 0 { '{' } else { ',' });
            for char in value.chars() {
                match char {
                    '\\' => self.out.push_str("\\\\"),
                    '"' => self.out.push_str("\\\""),
                    '\n' => self.out.push_str("\\n"),
                    char => self.out.push(char),
                }
            }
            self.out.push('"');
        }
        let _ = writeln!(self.out, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    /// A family of one sample without labels.
    pub fn single(&mut self, name: &'static str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample("", &[], value);
    }

    /// The whole text.
    pub fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.out.push_str("# EOF\n");
        }
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_each_format_has_its_names() {
        let write = |format| {
            let mut text = Text::new(format);
            text.family("a_total", Kind::Counter, "Things.");
            text.sample("", &[("x", "a\"b\\c\nd")], 7);
            text.single("b", Kind::Gauge, "One.", 1.5);
            text.finish()
        };
        let sample = "a_total{x=\"a\\\"b\\\\c\\nd\"} 7\n# HELP b One.\n# TYPE b gauge\nb 1.5\n";
        assert_eq!(write(Format::Prometheus), format!("# HELP a_total Things.\n# TYPE a_total counter\n{sample}"));
        assert_eq!(write(Format::OpenMetrics), format!("# HELP a Things.\n# TYPE a counter\n{sample}# EOF\n"));
    }

    #[test]
    fn what_the_scraper_asks_for_decides() {
        let prometheus = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(Format::accepted(prometheus), Format::OpenMetrics);
        assert_eq!(Format::accepted("*/*"), Format::Prometheus);
    }
}
