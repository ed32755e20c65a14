//! Reading a list of breached passwords, of any length, in memory that is bounded by how many are kept.

use std::{
    cmp::Reverse,
    io::{self, BufRead},
    path::Path,
};

use super::{file, key::key};
use crate::{
    auth::passwords::{SHORTEST, normalize},
    timestamp::Timestamp,
};

/// The longest line that is looked at, in bytes. The longest password has fewer: 128 characters.
const LONGEST_LINE: usize = 1024;

/// The digits of a SHA-1 hash, and of an NTLM hash.
const SHA1_DIGITS: usize = 40;
const NTLM_DIGITS: usize = 32;

/// How often the caller is told, in lines.
const TOLD_EVERY: u64 = 1 << 18;

/// What a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines of `SHA1:COUNT`, as in the download of Have I Been Pwned.
    Sha1,
    /// A password per line.
    Plain,
}

/// How far reading has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Lines that were read.
    pub lines: u64,
    /// Bytes that were read.
    pub bytes: u64,
}

/// What was learned from a list.
#[derive(Debug)]
pub struct Learned {
    keys: Vec<u64>,
    /// How many lines were read.
    pub lines: u64,
    /// How many lines hold nothing that anybody could choose as a password here.
    pub skipped: u64,
}

impl Learned {
    /// How many passwords were kept.
    pub fn count(&self) -> usize {
        self.keys.len()
    }

    /// Writes the filter to `path`, made `now`, and returns how many bytes it has.
    ///
    /// # Errors
    /// One line for the operator.
    pub fn write(&self, path: &Path, now: Timestamp) -> Result<usize, String> {
        if self.keys.is_empty() {
            return Err("there is no password in the list; nothing was written".into());
        }
        let made = u64::try_from(now.get().unix_timestamp()).unwrap_or_default();
        let contents = file::encoded(&self.keys, made)?;
        file::write(path, &contents)?;
        Ok(contents.len())
    }
}

/// Whether [`Learned::write`] may write to `path`: there is nothing, or an older filter.
///
/// # Errors
/// One line for the operator.
pub fn may_be_replaced(path: &Path) -> Result<(), String> {
    file::may_be_replaced(path)
}

/// Reads a list and keeps the `most` frequent of its passwords; of those that are equally frequent, the first. It takes
/// 20 bytes of memory for each of `most`. A password that is listed more than once counts as often, but in a list that
/// is longer than `most` it may be forgotten in between.
///
/// # Errors
/// The number of the line that is not as `format` says, but not what is in it; or if reading fails.
pub fn learn(
    list: impl BufRead,
    format: Format,
    most: usize,
    mut progress: impl FnMut(Progress),
) -> Result<Learned, String> {
    let mut frequent = MostFrequent::new(most)?;
    let (mut read, mut skipped) = (Progress::default(), 0);
    let outcome = each_line(list, |line, bytes| {
        read.lines += 1;
        read.bytes += bytes;
        if read.lines.is_multiple_of(TOLD_EVERY) {
            progress(read);
        }
        let line = if read.lines == 1 { line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line) } else { line };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let found = match format {
            Format::Sha1 => hashed(line).map_err(|wrong| format!("line {} {wrong}", read.lines))?,
            Format::Plain => plain(line).map(|key| (key, 1)),
        };
        match found {
            Some((key, count)) => frequent.add(key, count, read.lines),
            None => skipped += 1,
        }
        Ok(())
    });
    outcome.map_err(|error| error.to_string())??;
    Ok(Learned { keys: frequent.keys(), lines: read.lines, skipped })
}

/// The key and the count in a line of hashes; `None` if it is empty.
fn hashed(line: &[u8]) -> Result<Option<(u64, u32)>, &'static str> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(None);
    }
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (hash, count) = line.split_at(digits);
    let count = match count {
        [] => Some(1),
        [b':', count @ ..] => number(count.trim_ascii()),
        _ => None,
    };
    match (digits, count) {
        (SHA1_DIGITS, Some(count)) => {
            let start = hash.iter().take(16).filter_map(|digit| char::from(*digit).to_digit(16));
            Ok(Some((start.fold(0, |key, digit| (key << 4) | u64::from(digit)), count)))
        }
        (NTLM_DIGITS, Some(_)) => Err("is an NTLM hash. Download the list of SHA-1 hashes instead"),
        _ => {
            Err("is not a SHA-1 hash and a count, such as 21BD12DC183F740EE76F27B78EB39C8AD972A757:52579. For a list \
                  of passwords, add --plain")
        }
    }
}

/// A count; the largest there is if it is larger.
fn number(digits: &[u8]) -> Option<u32> {
    let digit = |digit: &u8| char::from(*digit).to_digit(10);
    let add = |number: u32, digit| Some(number.saturating_mul(10).saturating_add(digit?));
    if digits.is_empty() { None } else { digits.iter().map(digit).try_fold(0, add) }
}

/// The key of a password; `None` if nobody could choose it.
fn plain(line: &[u8]) -> Option<u64> {
    let password = str::from_utf8(line).ok().filter(|password| password.len() <= LONGEST_LINE)?;
    let enough = password.chars().nth(SHORTEST - 1).is_some();
    enough.then(|| if password.is_ascii() { key(password) } else { key(&normalize(password)) })
}

/// Calls `act` with each line, without its end, and with the number of its bytes. A longer line than
/// [`LONGEST_LINE`] is cut one byte after that.
fn each_line(
    mut list: impl BufRead,
    mut act: impl FnMut(&[u8], u64) -> Result<(), String>,
) -> io::Result<Result<(), String>> {
    let (mut begun, mut length) = (Vec::new(), 0);
    loop {
        let buffer = match list.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            buffer => buffer?,
        };
        if buffer.is_empty() {
            return Ok(if length == 0 { Ok(()) } else { act(&begun, length) });
        }
        let end = memchr::memchr(b'\n', buffer);
        let (part, taken) = end.map_or((buffer, buffer.len()), |end| (&buffer[..end], end + 1));
        let room = (LONGEST_LINE + 1).saturating_sub(begun.len());
        let part = &part[..part.len().min(room)];
        length += taken as u64;
        if end.is_none() {
            begun.extend_from_slice(part);
        } else {
            let done = if begun.is_empty() {
                act(part, length)
            } else {
                begun.extend_from_slice(part);
                act(&begun, length)
            };
            if done.is_err() {
                return Ok(done);
            }
            begun.clear();
            length = 0;
        }
        list.consume(taken);
    }
}

/// A password in a list.
struct Seen {
    key: u64,
    count: u32,
    /// The first line it was in, or the largest number there is.
    line: u32,
}

/// The most frequent passwords so far, and some more until there are too many.
struct MostFrequent {
    most: usize,
    room: usize,
    seen: Vec<Seen>,
    /// How often a password must have been seen to be added, less one.
    least: u32,
}

impl MostFrequent {
    fn new(most: usize) -> Result<Self, String> {
        let room = most + most / 4 + 1;
        let mut seen = Vec::new();
        seen.try_reserve_exact(room).map_err(|_| format!("there is not enough memory for {most} passwords"))?;
        Ok(Self { most, room, seen, least: 0 })
    }

    fn add(&mut self, key: u64, count: u32, line: u64) {
        if count <= self.least {
            return;
        }
        self.seen.push(Seen { key, count, line: u32::try_from(line).unwrap_or(u32::MAX) });
        if self.seen.len() == self.room {
            self.forget();
        }
    }

    /// Keeps the most frequent.
    fn forget(&mut self) {
        self.seen.sort_unstable_by_key(|seen| (seen.key, seen.line));
        self.seen.dedup_by(|later, first| {
            let same = later.key == first.key;
            if same {
                first.count = first.count.saturating_add(later.count);
            }
            same
        });
        if self.seen.len() > self.most {
            self.seen.select_nth_unstable_by_key(self.most, |seen| (Reverse(seen.count), seen.line));
            self.seen.truncate(self.most);
            self.least = self.seen.iter().map(|seen| seen.count).min().unwrap_or_default();
        }
    }

    /// The keys of the most frequent passwords, sorted.
    fn keys(mut self) -> Vec<u64> {
        self.forget();
        let mut keys: Vec<_> = self.seen.into_iter().map(|seen| seen.key).collect();
        keys.sort_unstable();
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(list: &str, format: Format, most: usize) -> Result<Learned, String> {
        learn(list.as_bytes(), format, most, |_| {})
    }

    fn hash(number: u64) -> String {
        format!("{number:016X}{:024X}", 0)
    }

    #[test]
    fn the_most_frequent_are_kept() {
        let lines = (1..=5_000_u64).map(|n| format!("{}:{}\r\n", hash(n * 7919 % 5_003), n % 1_000));
        let list = lines.collect::<Vec<_>>().concat();
        for most in [1, 10, 999, 5_000, 6_000] {
            let mut expected: Vec<_> = (1..=5_000_u64).map(|n| (Reverse(n % 1_000), n, n * 7919 % 5_003)).collect();
            expected.retain(|(Reverse(count), ..)| *count > 0);
            expected.sort_unstable();
            let mut expected: Vec<_> = expected.into_iter().take(most).map(|(.., key)| key).collect();
            expected.sort_unstable();
            let found = learned(&list, Format::Sha1, most).unwrap();
            assert!(found.keys == expected && found.lines == 5_000, "{most}: {}", found.keys.len());
        }
    }

    #[test]
    fn of_equally_frequent_ones_the_first_are_kept_and_each_once() {
        let lines: Vec<_> = (0..100).map(|n| format!("password number {}", n / 2)).collect();
        let found = learned(&lines.join("\n"), Format::Plain, 7).unwrap();
        let mut expected: Vec<_> = (0..7).map(|n| key(&format!("password number {n}"))).collect();
        expected.sort_unstable();
        assert_eq!(found.keys, expected);
        let twice = format!("{0}:2\n{0}:2\n{1}:3\n", hash(1), hash(2));
        assert_eq!(learned(&twice, Format::Sha1, 1).unwrap().keys, [1]);
    }

    #[test]
    fn hashes_are_read_in_any_case_and_with_or_without_a_count() {
        let list = format!("\u{feff}{}:1\r\n{}\n\n  {}:99999999999999999999 ", hash(0xa1), hash(2), hash(0xb3))
            .replace("A1", "a1");
        let found = learned(&list, Format::Sha1, 100).unwrap();
        assert_eq!((found.keys.as_slice(), found.lines, found.skipped), (&[2, 0xa1, 0xb3][..], 4, 1));
        assert_eq!(learned("", Format::Sha1, 9).unwrap().count(), 0);
    }

    #[test]
    fn what_is_no_list_of_hashes_is_refused_by_the_number_of_its_line() {
        let ntlm = "8846F7EAEE8FB117AD06BDD830B7586C";
        for (line, told) in [
            (format!("{ntlm}:5"), "is an NTLM hash"),
            (ntlm.into(), "is an NTLM hash"),
            ("correct horse battery".into(), "add --plain"),
            (hash(1)[..39].into(), "is not a SHA-1 hash"),
            (format!("{}0", hash(1)), "is not a SHA-1 hash"),
            (format!("{}:", hash(1)), "is not a SHA-1 hash"),
            (format!("{}:-1", hash(1)), "is not a SHA-1 hash"),
            (format!("{} 1", hash(1)), "is not a SHA-1 hash"),
            ("A".repeat(5_000_000), "is not a SHA-1 hash"),
        ] {
            let said = learned(&format!("{}:1\n{line}\n", hash(7)), Format::Sha1, 9).unwrap_err();
            assert!(said.starts_with("line 2 ") && said.contains(told) && !said.contains("horse"), "{said}");
        }
    }

    #[test]
    fn passwords_that_nobody_could_choose_are_skipped() {
        let long = "x".repeat(2_000_000);
        let list = [b"short\npasse\x6d\xe9moire\n", long.as_bytes(), b"\n\nlong enough\r\n  blanks  "].concat();
        let found = learn(io::BufReader::with_capacity(5, list.as_slice()), Format::Plain, 9, |_| {}).unwrap();
        let mut expected = [key("long enough"), key("  blanks  ")];
        expected.sort_unstable();
        assert_eq!((found.keys.as_slice(), found.lines, found.skipped), (&expected[..], 6, 4));
    }
}
