//! An instant as the server has it.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

/// An instant in UTC, to the millisecond.
///
/// It is a newtype so that its JSON (RFC 3339) and its column (an integer in SQLite, `TIMESTAMPTZ` in PostgreSQL) are
/// decided once, and so that what is answered to a write equals what is read later on either database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, format = DateTime)]
#[serde(transparent)]
pub struct Timestamp(#[serde(with = "time::serde::rfc3339")] OffsetDateTime);

impl Timestamp {
    /// Cuts `instant` to whole milliseconds of UTC.
    pub fn new(instant: OffsetDateTime) -> Self {
        let instant = instant.to_offset(UtcOffset::UTC);
        let cut = i64::from(instant.nanosecond() % 1_000_000);
        Self(instant - time::Duration::nanoseconds(cut))
    }

    /// The instant, in UTC.
    pub fn get(self) -> OffsetDateTime {
        self.0
    }

    /// For people, to the minute: `2026-01-31 09:05 UTC`.
    pub fn to_minute(self) -> String {
        let (date, time) = (self.0.date(), self.0.time());
        format!("{date} {:02}:{:02} UTC", time.hour(), time.minute())
    }

    /// How many whole seconds it is later than `earlier`.
    pub fn seconds_after(self, earlier: Self) -> i64 {
        (self - earlier).whole_seconds()
    }
}

impl std::ops::Add<time::Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: time::Duration) -> Self {
        Self(self.0 + duration)
    }
}

impl std::ops::Sub for Timestamp {
    type Output = time::Duration;

    fn sub(self, earlier: Self) -> time::Duration {
        self.0 - earlier.0
    }
}

/// RFC 3339, as in `datetime="…"` and in JSON.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_cut_to_milliseconds_of_utc() {
        let instant = OffsetDateTime::parse("2026-01-31T10:05:06.789999+01:00", &Rfc3339).unwrap();
        let timestamp = Timestamp::new(instant);
        assert_eq!(timestamp.to_string(), "2026-01-31T09:05:06.789Z");
        assert_eq!(timestamp.to_minute(), "2026-01-31 09:05 UTC");
        assert_eq!(serde_json::to_string(&timestamp).unwrap(), r#""2026-01-31T09:05:06.789Z""#);
    }
}
