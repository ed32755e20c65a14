//! The server's timestamp.

use std::{fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Unexpected},
};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

/// The length of the text of an instant, in bytes.
const LENGTH: usize = 24;

/// An instant in UTC, to the millisecond.
///
/// It is a newtype so that its JSON (RFC 3339) and its column (an integer in SQLite, `TIMESTAMPTZ` in PostgreSQL) are
/// decided in one place, and so that the response to a write equals what is read later from either database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(
    value_type = String,
    format = DateTime,
    description = "An instant in UTC, to the millisecond (RFC 3339).",
    examples("2024-10-04T00:00:00.000Z")
)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// The earliest timestamp that every format can express: RFC 3339 has four digits for the year.
    pub const MIN: Self = Self::at(-62_135_596_800_000);
    /// The latest timestamp that every format can express.
    pub const MAX: Self = Self::at(253_402_300_799_999);

    const fn at(milliseconds: i64) -> Self {
        match OffsetDateTime::from_unix_timestamp_nanos(milliseconds as i128 * 1_000_000) {
            Ok(instant) => Self(instant),
            Err(_) => Self(OffsetDateTime::UNIX_EPOCH),
        }
    }

    /// Truncates `instant` to whole milliseconds in UTC, and clamps it to [`Self::MIN`] and [`Self::MAX`].
    pub fn new(instant: OffsetDateTime) -> Self {
        let Some(instant) = instant.checked_to_offset(UtcOffset::UTC) else { return Self::MAX };
        let cut = i64::from(instant.nanosecond() % 1_000_000);
        Self(instant - time::Duration::nanoseconds(cut)).clamp(Self::MIN, Self::MAX)
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

    /// RFC 3339, written into `bytes`. A list has two for each row, and the general formatting takes ten times as long.
    fn text(self, bytes: &mut [u8; LENGTH]) -> &str {
        let (year, month, day) = self.0.to_calendar_date();
        let (hour, minute, second, millisecond) = self.0.to_hms_milli();
        *bytes = *b"0000-00-00T00:00:00.000Z";
        // Between `MIN` and `MAX`, a year has at most four digits and is not negative.
        let year = u16::try_from(year).unwrap_or_default();
        let numbers = [
            (0, 4, year),
            (5, 2, u8::from(month).into()),
            (8, 2, day.into()),
            (11, 2, hour.into()),
            (14, 2, minute.into()),
            (17, 2, second.into()),
            (20, 3, millisecond),
        ];
        for (start, digits, number) in numbers {
            let mut left = number;
            for byte in bytes[start..start + digits].iter_mut().rev() {
                *byte += u8::try_from(left % 10).unwrap_or_default();
                left /= 10;
            }
        }
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// How many whole seconds it is later than `earlier`.
    pub fn seconds_after(self, earlier: Self) -> i64 {
        (self - earlier).whole_seconds()
    }
}

/// Saturates at [`Timestamp::MIN`] and [`Timestamp::MAX`].
impl std::ops::Add<time::Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: time::Duration) -> Self {
        Self(self.0.saturating_add(duration)).clamp(Self::MIN, Self::MAX)
    }
}

impl std::ops::Sub for Timestamp {
    type Output = time::Duration;

    fn sub(self, earlier: Self) -> time::Duration {
        self.0 - earlier.0
    }
}

/// RFC 3339, as in `datetime="…"` and in JSON. There are always three digits after the second, as browsers write it, so
/// that texts sort in the order of time and clients see one form only.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text(&mut [0; LENGTH]))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text(&mut [0; LENGTH]))
    }
}

/// Parses any RFC 3339 text, with any number of digits and in any zone.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::invalid_value(Unexpected::Other("text"), &"a time of RFC 3339"))
    }
}

impl FromStr for Timestamp {
    type Err = time::error::Parse;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        OffsetDateTime::parse(text, &Rfc3339).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::Duration;

    use super::*;

    proptest! {
        #[test]
        fn every_digit_is_written(milliseconds in -62_135_596_800_000_i64..=253_402_300_799_999) {
            let timestamp = Timestamp::at(milliseconds);
            let ((year, month, day), (hour, minute, second, thousandths)) =
                (timestamp.get().to_calendar_date(), timestamp.get().to_hms_milli());
            let month = u8::from(month);
            let date = format!("{year:04}-{month:02}-{day:02}");
            let time = format!("{hour:02}:{minute:02}:{second:02}.{thousandths:03}");
            prop_assert_eq!(timestamp.to_string(), format!("{date}T{time}Z"));
            prop_assert_eq!(timestamp.to_string().parse::<Timestamp>().unwrap(), timestamp);
        }
    }

    #[test]
    fn what_cannot_be_told_is_the_first_or_the_last_that_can() {
        let now = Timestamp::new(OffsetDateTime::UNIX_EPOCH);
        for far in [Duration::days(9_999_999), Duration::days(u32::MAX.into()), Duration::MAX] {
            assert_eq!((now + far, now + -far), (Timestamp::MAX, Timestamp::MIN));
            assert_eq!(Timestamp::MIN + far + far, Timestamp::MAX);
        }
        assert_eq!(now + Duration::MIN, Timestamp::MIN);
        assert!(Timestamp::MAX - Timestamp::MIN > Duration::days(3_652_000));
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::MIN.to_string(), "0001-01-01T00:00:00.000Z");
        let next_year = OffsetDateTime::parse("9999-12-31T23:59:59-12:00", &Rfc3339).unwrap();
        assert_eq!(Timestamp::new(next_year), Timestamp::MAX);
    }

    #[test]
    fn is_cut_to_milliseconds_of_utc() {
        let instant = OffsetDateTime::parse("2026-01-31T10:05:06.789999+01:00", &Rfc3339).unwrap();
        let timestamp = Timestamp::new(instant);
        assert_eq!(timestamp.to_string(), "2026-01-31T09:05:06.789Z");
        assert_eq!(timestamp.to_minute(), "2026-01-31 09:05 UTC");
        assert_eq!(serde_json::to_string(&timestamp).unwrap(), r#""2026-01-31T09:05:06.789Z""#);
    }

    #[test]
    fn is_written_with_three_digits_after_the_second() {
        for (given, written) in [
            ("2026-01-31T09:05:06Z", "2026-01-31T09:05:06.000Z"),
            ("2026-01-31T09:05:06.1Z", "2026-01-31T09:05:06.100Z"),
            ("2026-01-31T09:05:06.12Z", "2026-01-31T09:05:06.120Z"),
            ("2026-01-31T09:05:06.0009Z", "2026-01-31T09:05:06.000Z"),
            ("0999-12-31T23:59:59.999999999-00:30", "1000-01-01T00:29:59.999Z"),
        ] {
            let timestamp: Timestamp = given.parse().unwrap();
            assert_eq!(timestamp.to_string(), written);
            assert_eq!(serde_json::to_string(&timestamp).unwrap(), format!("{written:?}"));
            assert_eq!(serde_json::from_str::<Timestamp>(&format!("{given:?}")).unwrap(), timestamp);
        }
    }
}
