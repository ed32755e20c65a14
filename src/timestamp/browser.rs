//! The browser's timestamp.

use std::fmt;

use js_sys::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// An instant in UTC, to the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    milliseconds: i64,
}

impl Timestamp {
    #[expect(clippy::cast_precision_loss, reason = "a float holds every millisecond of the calendar")]
    fn date(self) -> Date {
        Date::new(&(self.milliseconds as f64).into())
    }

    /// For people, to the minute: `2026-01-31 09:05 UTC`.
    pub fn to_minute(self) -> String {
        let text = self.to_string();
        let (day, time) = text.split_once('T').unwrap_or_default();
        format!("{day} {} UTC", time.get(..5).unwrap_or_default())
    }

    /// How many whole seconds it is later than `earlier`.
    pub fn seconds_after(self, earlier: Self) -> i64 {
        (self.milliseconds - earlier.milliseconds) / 1000
    }
}

/// RFC 3339, as in `datetime="…"` and in JSON.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from(self.date().to_iso_string()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let milliseconds = Date::parse(&text);
        if milliseconds.is_nan() {
            return Err(D::Error::custom("no instant"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "a float holds every millisecond of the calendar")]
        Ok(Self { milliseconds: milliseconds as i64 })
    }
}
