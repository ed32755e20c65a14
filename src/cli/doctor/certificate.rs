//! The time in which a certificate is valid.

use time::{Date, Month, OffsetDateTime, Time};

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// When the X.509 certificate `der` begins and ends to be valid (RFC 5280, section 4.1.2.5), if it is one.
pub(super) fn validity(der: &[u8]) -> Option<[OffsetDateTime; 2]> {
    let (_, certificate, _) = element(der)?;
    let (_, mut fields, _) = element(certificate)?;
    let (tag, _, rest) = element(fields)?;
    if tag == VERSION {
        fields = rest;
    }
    // The serial number, the algorithm and the issuer.
    for _ in 0..3 {
        (_, _, fields) = element(fields)?;
    }
    let (tag, times, _) = element(fields)?;
    let (from, begin, rest) = element(times)?;
    let (until, end, _) = element(rest)?;
    if tag != SEQUENCE {
        return None;
    }
    Some([moment(from, begin)?, moment(until, end)?])
}

/// The first element of `der` (ITU-T X.690): its tag, what is in it, and what comes after it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f)).filter(|(bytes, _)| bytes.len() <= 4)?;
        (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((tag, value, rest))
}

/// `YYMMDDHHMMSSZ`, from 1950 to 2049, or `YYYYMMDDHHMMSSZ`.
fn moment(tag: u8, text: &[u8]) -> Option<OffsetDateTime> {
    let digits = str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = digits.split_at_checked(2)?;
            let year: i32 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = digits.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let part = |at: usize| rest.get(at..at + 2)?.parse::<u8>().ok();
    let date = Date::from_calendar_date(year, Month::try_from(part(0)?).ok()?, part(2)?).ok()?;
    Some(date.with_time(Time::from_hms(part(4)?, part(6)?, part(8)?).ok()?).assume_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::local_https::certificate::make;

    #[test]
    fn the_time_of_a_certificate_is_read() {
        let now = OffsetDateTime::now_utc();
        let made = make(now).unwrap();
        for der in [&made.authority, &made.localhost] {
            let [from, until] = validity(der).unwrap();
            assert!(
                from < now && now < until && until.unix_timestamp() == made.until.unix_timestamp(),
                "{from} {until}"
            );
            for cut in [0, 1, 5, 40, der.len() - 1] {
                assert_eq!(validity(&der[..cut]), None);
            }
        }
    }

    #[test]
    fn both_forms_of_a_time_are_read() {
        let read = |tag, text: &str| moment(tag, text.as_bytes()).map(|at| at.to_string());
        assert_eq!(read(UTC_TIME, "491231235959Z").unwrap(), "2049-12-31 23:59:59.0 +00:00:00");
        assert_eq!(read(UTC_TIME, "500101000000Z").unwrap(), "1950-01-01 0:00:00.0 +00:00:00");
        assert_eq!(read(GENERALIZED_TIME, "20500101000000Z").unwrap(), "2050-01-01 0:00:00.0 +00:00:00");
        for bad in ["", "Z", "491331235959Z", "49123123595Z", "491231235959", "ää1231235959Z"] {
            assert_eq!(read(UTC_TIME, bad), None, "{bad}");
        }
    }
}
