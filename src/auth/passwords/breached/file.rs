//! The file with the filter.
//!
//! | bytes | what they are |
//! |---|---|
//! | 8 | `vst-pwds` |
//! | 4 | the version of this format: 1 |
//! | 4 | the number of parts |
//! | 8 | the number of passwords |
//! | 8 | when it was made: seconds since 1970 |
//! | 8 | the length of the file |
//! | 16 per part | its seed (8), and its shape: exponent (4) and segments (4) |
//! | | the packed slots of each part |
//! | 4 | the CRC-32 of everything above |
//!
//! Numbers are little-endian. A key belongs to the part at its place among all keys: the first of `n` parts has the
//! first `n`th of them.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::fuse::{Fuse, MOST_KEYS, Shape};

const MAGIC: &[u8; 8] = b"vst-pwds";
const VERSION: u32 = 1;
const HEAD: usize = 40;
const PART: usize = 16;
const CHECKSUM: usize = 4;

/// What a file holds.
pub(super) struct Contents {
    pub(super) count: u64,
    /// Seconds since 1970.
    pub(super) made: u64,
    pub(super) parts: Vec<Fuse>,
}

/// The part, of `parts`, that `key` belongs to.
#[expect(clippy::cast_possible_truncation, reason = "the result is less than the number of parts")]
pub(super) fn part_of(key: u64, parts: usize) -> usize {
    ((u128::from(key) * parts as u128) >> 64) as usize
}

/// The bytes of a file for `keys`, which are sorted and all different.
///
/// # Errors
/// If a filter cannot be built.
pub(super) fn encoded(keys: &[u64], made: u64) -> Result<Vec<u8>, String> {
    // The parts of hashes differ in size by less than the rest.
    encoded_in_parts(keys, made, MOST_KEYS / 8 * 7)
}

/// The same, with about `size` keys in each part.
pub(super) fn encoded_in_parts(keys: &[u64], made: u64, size: usize) -> Result<Vec<u8>, String> {
    let parts = keys.len().div_ceil(size).max(1);
    let (mut table, mut slots, mut rest) = (Vec::with_capacity(parts * PART), Vec::new(), keys);
    for part in 0..parts {
        let (here, after) = rest.split_at(rest.partition_point(|key| part_of(*key, parts) <= part));
        rest = after;
        let filter = Fuse::of(here).ok_or("the hashes in the list are not those of passwords")?;
        let (shape, seed, packed) = filter.parts();
        let (exponent, segments) = shape.numbers();
        table.extend(seed.to_le_bytes());
        table.extend(exponent.to_le_bytes());
        table.extend(segments.to_le_bytes());
        slots.extend_from_slice(packed);
    }
    let length = HEAD + table.len() + slots.len() + CHECKSUM;
    let mut file = Vec::with_capacity(length);
    file.extend(MAGIC);
    file.extend(VERSION.to_le_bytes());
    file.extend(u32::try_from(parts).map_err(|_| "the list is too long")?.to_le_bytes());
    file.extend((keys.len() as u64).to_le_bytes());
    file.extend(made.to_le_bytes());
    file.extend((length as u64).to_le_bytes());
    file.extend(table);
    file.extend(slots);
    file.extend(crc32fast::hash(&file).to_le_bytes());
    Ok(file)
}

/// Reads the file at `path`. Its length is checked before it is read, so a wrong path costs no memory.
///
/// # Errors
/// Why it cannot be used.
pub(super) fn read(path: &Path) -> Result<Contents, String> {
    let failed = |error: io::Error| error.to_string();
    let found = fs::metadata(path).map_err(failed)?;
    if !found.is_file() {
        return Err("it is not a file".into());
    }
    let file = File::open(path).map_err(failed)?;
    let mut head = Vec::with_capacity(HEAD);
    (&file).take(HEAD as u64).read_to_end(&mut head).map_err(failed)?;
    if !head.starts_with(MAGIC) {
        return Err("it was not made by `vestibule passwords learn`".into());
    }
    let version = Fields(&head[MAGIC.len()..]).u32().ok_or(INCOMPLETE)?;
    if version != VERSION {
        return Err(format!("it has version {version} of the format, and this server reads version {VERSION}"));
    }
    let length = head.get(HEAD - 8..).and_then(|end| Fields(end).u64()).ok_or(INCOMPLETE)?;
    if length > found.len() {
        return Err(INCOMPLETE.into());
    }
    let mut bytes = Vec::new();
    let room = usize::try_from(length).ok().filter(|room| bytes.try_reserve_exact(*room).is_ok());
    room.ok_or("there is not enough memory for it")?;
    bytes.extend(head);
    file.take(length - HEAD as u64).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 != length || length != found.len() {
        return Err(DAMAGED.into());
    }
    decoded(&bytes).ok_or_else(|| DAMAGED.into())
}

const INCOMPLETE: &str = "it is incomplete; make it again with `vestibule passwords learn`";
const DAMAGED: &str = "it is damaged; make it again with `vestibule passwords learn`";

/// What a whole file holds; `None` if anything in it contradicts the rest.
fn decoded(file: &[u8]) -> Option<Contents> {
    let (contents, checksum) = file.split_at_checked(file.len().checked_sub(CHECKSUM)?)?;
    if crc32fast::hash(contents).to_le_bytes() != checksum {
        return None;
    }
    let mut fields = Fields(contents.get(MAGIC.len()..)?);
    let (_version, parts, count, made, _length) =
        (fields.u32()?, fields.u32()?, fields.u64()?, fields.u64()?, fields.u64()?);
    let table: Vec<_> = (0..parts).map_while(|_| Some((fields.u64()?, fields.u32()?, fields.u32()?))).collect();
    if parts == 0 || table.len() != parts as usize {
        return None;
    }
    let part = |(seed, exponent, segments)| {
        let shape = Shape::read(exponent, segments)?;
        Fuse::read(shape, seed, fields.take(shape.bytes())?.to_vec())
    };
    let parts = table.into_iter().map(part).collect::<Option<Vec<_>>>()?;
    fields.0.is_empty().then_some(Contents { count, made, parts })
}

/// Fields that follow each other.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }
}

/// Replaces the file at `path` by one with `contents`, for the server's own user only (S74). At no time is it
/// incomplete.
///
/// # Errors
/// If there is another file at `path`, or it cannot be written.
pub(super) fn write(path: &Path, contents: &[u8]) -> Result<(), String> {
    may_be_replaced(path)?;
    let failed = |error: io::Error| format!("{} cannot be written: {error}", path.display());
    let unfinished = unfinished(path).ok_or_else(|| format!("{} is not the name of a file", path.display()))?;
    let _ = fs::remove_file(&unfinished);
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(contents)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written.map_err(failed)
}

/// Whether nothing would be lost if `path` were replaced: there is nothing, or an older file of this kind.
///
/// # Errors
/// One line for the operator.
pub(super) fn may_be_replaced(path: &Path) -> Result<(), String> {
    let ours = || -> io::Result<bool> {
        let mut found = Vec::new();
        if fs::metadata(path)?.is_file() {
            File::open(path)?.take(MAGIC.len() as u64).read_to_end(&mut found)?;
        }
        Ok(found == MAGIC)
    };
    let path = path.display();
    match ours() {
        Ok(true) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(false) => {
            Err(format!("{path} exists and was not made by this command; remove it first, or name another file"))
        }
        Err(error) => Err(format!("{path} cannot be read: {error}")),
    }
}

/// The name of the file until it is complete.
fn unfinished(path: &Path) -> Option<PathBuf> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name()?);
    name.push(".new");
    Some(path.with_file_name(name))
}
