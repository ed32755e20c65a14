//! Codes of authenticator apps: RFC 6238 with SHA-1, 30 seconds and six digits, which is what every app supports.

use hmac::{Hmac, Mac};
use sha1::Sha1;

use time::OffsetDateTime;

use crate::timestamp::Timestamp;

/// The length of a time step, in seconds.
const STEP_SECONDS: i64 = 30;
/// How many steps a clock may differ, in either direction (RFC 6238 section 6).
const DRIFT: i64 = 1;
/// How many digits a code has.
const DIGITS: usize = 6;
/// RFC 4648 section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// HOTP (RFC 4226 section 5.3), with six digits.
fn hotp(secret: &[u8], counter: u64) -> u32 {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else { return u32::MAX };
    mac.update(&counter.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 0xf);
    let number = digest[offset..offset + 4].iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    (number & 0x7fff_ffff) % 1_000_000
}

/// The number that `typed` shows, without the spaces and hyphens that apps show it with; `None` if it is no code.
pub(super) fn parsed(typed: &str) -> Option<u32> {
    let digits: String = typed.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    let is_code = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| digits.parse().ok())?
}

/// The time step after `last` whose code is `code`, of those around `now`. The newest counts, so that it can be used
/// once.
pub(super) fn matching_step(secret: &[u8], now: Timestamp, last: i64, code: u32) -> Option<i64> {
    let current = now.get().unix_timestamp().div_euclid(STEP_SECONDS);
    let steps = (current - DRIFT..=current + DRIFT).rev().filter(|step| *step > last);
    // All of them are computed, so that the time tells nothing.
    let matching: Vec<i64> = steps.filter(|step| hotp(secret, step.unsigned_abs()) == code).collect();
    matching.first().copied()
}

/// The newest time step whose code is accepted at `now`.
pub fn newest_step(now: Timestamp) -> i64 {
    now.get().unix_timestamp().div_euclid(STEP_SECONDS) + DRIFT
}

/// When a code of `step` was used, to half a minute; `None` for none.
pub(super) fn used_at(step: i64) -> Option<Timestamp> {
    let at = (step > 0).then(|| OffsetDateTime::from_unix_timestamp(step * STEP_SECONDS).ok())?;
    at.map(Timestamp::new)
}

/// `secret` in Base32, as apps take it.
pub(super) fn base32(secret: &[u8]) -> String {
    let bits = secret.iter().flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1)).collect::<Vec<_>>();
    let letter = |bits: &[u8]| {
        let value = bits.iter().chain(&[0; 5]).take(5).fold(0, |value, bit| value << 1 | bit);
        char::from(BASE32[usize::from(value)])
    };
    bits.chunks(5).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::new(OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds))
    }

    /// RFC 4226, appendix D.
    #[test]
    fn the_vectors_of_rfc_4226() {
        let expected = [755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489];
        for (counter, code) in (0..).zip(expected) {
            assert_eq!(hotp(SECRET, counter), code);
        }
    }

    /// RFC 6238, appendix B: the last six of its eight digits.
    #[test]
    fn the_vectors_of_rfc_6238() {
        for (seconds, code) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            assert_eq!(matching_step(SECRET, at(seconds), 0, code), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_clock_may_be_one_step_off_and_no_more() {
        let now = 2_000_000_010;
        let code = |steps: i64| hotp(SECRET, u64::try_from(now / 30 + steps).unwrap());
        for (steps, taken) in [(-4, false), (-2, false), (-1, true), (0, true), (1, true), (2, false), (4, false)] {
            let expected = taken.then_some(now / 30 + steps);
            assert_eq!(matching_step(SECRET, at(now), 0, code(steps)), expected, "{steps}");
        }
    }

    #[test]
    fn a_code_before_the_last_one_that_was_used_does_not_count() {
        let (now, step) = (2_000_000_010, 2_000_000_010 / 30);
        let code = |step: i64| hotp(SECRET, u64::try_from(step).unwrap());
        assert_eq!(matching_step(SECRET, at(now), step, code(step)), None);
        assert_eq!(matching_step(SECRET, at(now), step, code(step - 1)), None);
        assert_eq!(matching_step(SECRET, at(now), step, code(step + 1)), Some(step + 1));
    }

    #[test]
    fn codes_are_six_digits_however_they_are_grouped() {
        for typed in ["081804", "081 804", " 08-18-04 ", "081\u{a0}804"] {
            assert_eq!(parsed(typed), Some(81_804), "{typed:?}");
        }
        for typed in ["", "81804", "0818040", "08180a", "-81804", "０８１８０４", "1e5   "] {
            assert_eq!(parsed(typed), None, "{typed:?}");
        }
    }

    /// RFC 4648, section 10, without padding.
    #[test]
    fn the_vectors_of_rfc_4648() {
        for (bytes, text) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
        assert_eq!(base32(SECRET), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }
}
