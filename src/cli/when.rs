//! Times on the command line.

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::failure::Failure;
use crate::timestamp::Timestamp;

/// The time that the value of `option` says, if it is given, seen from `now`.
pub(super) fn when(option: &str, value: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let Some(text) = value else { return Ok(None) };
    let at = parse(text, now);
    let wrong = || Failure::usage(format!("{option} {text}: not a time, such as 24h or 2026-01-31"));
    at.map(Some).ok_or_else(wrong)
}

/// The time that `text` says, seen from `now`.
fn parse(text: &str, now: Timestamp) -> Option<Timestamp> {
    let ago = |unit: char, minutes: i64| {
        let number: i64 = text.strip_suffix(unit)?.parse().ok().filter(|number| (0..=1_000_000).contains(number))?;
        Some(now + -Duration::minutes(number * minutes))
    };
    let day = |text: &str| OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339).ok().map(Timestamp::new);
    let instant = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok().map(Timestamp::new);
    ago('m', 1).or_else(|| ago('h', 60)).or_else(|| ago('d', 1_440)).or_else(|| day(text)).or_else(|| instant(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_time_ago_a_day_or_an_instant() {
        let now = parse("2026-02-01T12:00:00Z", Timestamp::MIN).unwrap();
        for (text, at) in [
            ("30m", "2026-02-01T11:30:00.000Z"),
            ("24h", "2026-01-31T12:00:00.000Z"),
            ("7d", "2026-01-25T12:00:00.000Z"),
            ("2026-01-31", "2026-01-31T00:00:00.000Z"),
            ("2026-01-31T09:05:00+01:00", "2026-01-31T08:05:00.000Z"),
        ] {
            assert_eq!(parse(text, now).map(|at| at.to_string()).as_deref(), Some(at), "{text}");
        }
        for text in ["", "yesterday", "h", "-1h", "99999999999999999999d", "2026-13-01"] {
            assert_eq!(parse(text, now), None, "{text}");
        }
    }
}
