//! Passwords that are known from breaches of other sites (S79), without asking anybody: the server has a filter of
//! their hashes, in a file that `vestibule passwords learn` makes. One in 4,096 other passwords is refused with them.
//!
//! Lists hold hashes of passwords as people typed them, so a new password is looked up as typed and normalized.

mod file;
mod fuse;
mod key;
mod learn;

use std::{fmt, path::Path};

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

pub use self::learn::{Format, Learned, Progress, learn, may_be_replaced};
use self::{fuse::Fuse, key::key};
use super::normalize;
use crate::{settings::Passwords, timestamp::Timestamp};

/// A filter of breached passwords.
pub struct BreachedPasswords {
    count: u64,
    made: Timestamp,
    parts: Vec<Fuse>,
}

impl BreachedPasswords {
    /// Reads the file that `settings` name; `None` if they name none. It stays in memory.
    ///
    /// # Errors
    /// One line for the operator: why the file cannot be used.
    pub fn open(settings: &Passwords) -> Result<Option<Self>, String> {
        let path = settings.breached.as_str();
        if path.is_empty() {
            return Ok(None);
        }
        let found = file::read(Path::new(path)).map_err(|error| format!("{path} cannot be used: {error}"))?;
        let made = OffsetDateTime::from_unix_timestamp(i64::try_from(found.made).unwrap_or_default());
        let made = Timestamp::new(made.unwrap_or(OffsetDateTime::UNIX_EPOCH));
        Ok(Some(Self { count: found.count, made, parts: found.parts }))
    }

    /// How many passwords it knows.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// When it was made.
    pub fn made(&self) -> Timestamp {
        self.made
    }

    /// Whether `password` is known, as typed or normalized.
    pub fn contains(&self, password: &str) -> bool {
        let normalized = SecretString::from(normalize(password));
        let normalized = normalized.expose_secret();
        let known = |password: &str| {
            let key = key(password);
            self.parts.get(file::part_of(key, self.parts.len())).is_some_and(|part| part.contains(key))
        };
        known(password) || (normalized != password && known(normalized))
    }
}

impl fmt::Debug for BreachedPasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreachedPasswords")
            .field("count", &self.count)
            .field("made", &self.made)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use sha1::{Digest, Sha1};

    use super::*;

    fn now() -> Timestamp {
        "2026-11-28T12:00:00Z".parse().unwrap()
    }

    fn opened(path: &Path) -> Result<Option<BreachedPasswords>, String> {
        BreachedPasswords::open(&Passwords { breached: path.display().to_string(), ..Passwords::default() })
    }

    fn known(number: u32) -> String {
        format!("correct horse {number}")
    }

    #[test]
    fn a_list_is_learned_written_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("breached.filter");
        let list: String = (0..100_000).map(|number| known(number) + "\n").collect();
        let learned = learn(list.as_bytes(), Format::Plain, 1_000_000, |_| {}).unwrap();
        let size = learned.write(&path, now()).unwrap();
        assert_eq!((learned.count(), fs::metadata(&path).unwrap().len()), (100_000, size as u64));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
        let filter = opened(&path).unwrap().unwrap();
        assert_eq!((filter.count(), filter.made()), (100_000, now()));
        assert!((0..100_000).all(|number| filter.contains(&known(number))));
        let alarms = (100_000..300_000).filter(|number| filter.contains(&known(*number))).count();
        assert!((10..110).contains(&alarms), "{alarms} of 200,000, and 200 would be 0.1 %");
        assert!(size < 100_000 * 16 / 8, "{size}");
    }

    #[test]
    fn a_list_of_several_parts_is_known_whole() {
        let mut keys: Vec<u64> = (0..10_000).map(|number| key(&known(number))).collect();
        keys.sort_unstable();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("breached.filter");
        file::write(&path, &file::encoded_in_parts(&keys, 0, 1_500).unwrap()).unwrap();
        let filter = opened(&path).unwrap().unwrap();
        assert_eq!(filter.parts.len(), 7);
        assert!((0..10_000).all(|number| filter.contains(&known(number))));
    }

    #[test]
    fn a_password_is_known_as_typed_and_normalized() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("breached.filter");
        // The hash of the decomposed form, and that of a composed one.
        let typed = "e\u{301}te\u{301} a\u{300} la mer";
        let list = format!("{:X}:3\n{:X}:1\n", Sha1::digest(typed), Sha1::digest("œuvre complète"));
        learn(list.as_bytes(), Format::Sha1, 10, |_| {}).unwrap().write(&path, now()).unwrap();
        let filter = opened(&path).unwrap().unwrap();
        assert!(
            filter.contains(typed) && filter.contains("œuvre comple\u{300}te") && filter.contains("œuvre complète")
        );
        assert!(!filter.contains("été à la mer") && !filter.contains("Œuvre complète"));
        assert!(!format!("{filter:?}").contains("parts"));
    }

    #[test]
    fn a_file_that_is_not_whole_or_not_ours_is_refused_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("breached.filter");
        let refused = || opened(&path).err().unwrap_or_default();
        assert!(refused().contains("No such file"), "{}", refused());
        learn(&b"correct horse battery"[..], Format::Plain, 10, |_| {}).unwrap().write(&path, now()).unwrap();
        let whole = fs::read(&path).unwrap();
        assert!(opened(&path).unwrap().unwrap().contains("correct horse battery"));
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(refused().contains(if length < 8 { "was not made by" } else { "is incomplete" }), "{length}");
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            fs::write(&path, damaged).unwrap();
            assert!(!refused().is_empty() && refused().lines().count() == 1, "byte {at}: {}", refused());
        }
        fs::write(&path, [&whole[..], b"more"].concat()).unwrap();
        assert!(refused().contains("is damaged"), "{}", refused());
        let newer = [&whole[..8], &[2], &whole[9..]].concat();
        fs::write(&path, newer).unwrap();
        assert!(refused().contains("has version 2 of the format"), "{}", refused());
        assert!(opened(folder.path()).unwrap_err().contains("it is not a file"));
        assert!(opened(Path::new("")).unwrap().is_none());
    }

    #[test]
    fn a_checksum_that_is_right_does_not_make_nonsense_right() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("breached.filter");
        let whole = file::encoded(&[1, 2, 3], 0).unwrap();
        // The number of parts, and the exponent and the segments of the first.
        for (at, number) in [(12, 0_u32), (12, 2), (12, u32::MAX), (48, 99), (48, 5), (52, 0), (52, u32::MAX)] {
            let mut nonsense = whole[..whole.len() - 4].to_vec();
            nonsense[at..at + 4].copy_from_slice(&number.to_le_bytes());
            nonsense.extend(crc32fast::hash(&nonsense).to_le_bytes());
            fs::write(&path, nonsense).unwrap();
            assert!(opened(&path).unwrap_err().contains("is damaged"), "{number} at {at}");
        }
    }

    #[test]
    fn another_file_is_not_replaced_and_an_older_filter_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("breached.filter");
        let learned = learn(&b"correct horse battery"[..], Format::Plain, 10, |_| {}).unwrap();
        for other in ["", "a list of hashes"] {
            fs::write(&path, other).unwrap();
            assert!(learned.write(&path, now()).unwrap_err().contains("exists and was not made by this command"));
            assert_eq!(fs::read_to_string(&path).unwrap(), other);
        }
        fs::remove_file(&path).unwrap();
        learned.write(&path, now()).unwrap();
        learned.write(&path, now()).unwrap();
        assert!(learned.write(folder.path(), now()).is_err());
        assert!(learned.write(&folder.path().join("missing/breached.filter"), now()).unwrap_err().contains("No such"));
        let none = learn(&b"short"[..], Format::Plain, 10, |_| {}).unwrap();
        assert!(none.write(&path, now()).unwrap_err().contains("no password in the list"));
    }
}
