//! What every list of a resource can be asked for: its order, its pages, what changed since, how many there are.
//!
//! The resource's `store.rs` has a statement for each [`Sort`]; each reads an index from a [`Position`] on, so a page
//! costs the same wherever it is.
//!
//! A cursor is bound to the order and the filter of its list: in another list it is refused, because it would skip or
//! repeat items there.

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use utoipa::openapi::{ObjectBuilder, Type, schema::Object};
use uuid::Uuid;

use crate::{
    http::problem::{FieldCode, FieldError, Problem},
    timestamp::Timestamp,
};

const LIMIT_DEFAULT: i64 = 20;
const LIMIT_MAX: i64 = 100;
/// The most bytes of JSON that the texts of a page take. It bounds the memory that a slow client holds (S63).
const PAGE_MAX: usize = 1024 * 1024;
/// The length of a cursor that holds more than an id, in hexadecimal digits.
const CURSOR_LENGTH: usize = 64;

/// The order of a list. As JSON names it, `-` stands for the latest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// `-created_at`, by the id: `UUIDv7` sorts by age.
    #[default]
    NewestFirst,
    /// `-updated_at`
    LatestChangeFirst,
    /// `updated_at`: an item that changes while pages are read moves to a later page, so none is missed.
    EarliestChangeFirst,
}

impl Sort {
    const NAMES: [(&'static str, Self); 3] = [
        ("-created_at", Self::NewestFirst),
        ("-updated_at", Self::LatestChangeFirst),
        ("updated_at", Self::EarliestChangeFirst),
    ];

    fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(_, sort)| *sort == self).map_or("", |(name, _)| name)
    }

    /// Before the first item that changed at `since` or later.
    fn start(self, since: Timestamp) -> Position {
        match self {
            Self::NewestFirst | Self::LatestChangeFirst => Position { updated_at: Timestamp::MAX, id: Uuid::max() },
            Self::EarliestChangeFirst => Position { updated_at: since, id: Uuid::nil() },
        }
    }
}

/// The schema of the parameter `sort`, for `#[param(schema_with = list::sort)]`.
pub fn sort() -> Object {
    let names = Sort::NAMES.map(|(name, _)| name);
    let about = "The order; `-` stands for the latest first. `-created_at` if left out, or `updated_at` with \
                 `updated_since`.";
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).description(Some(about)).build()
}

/// Where an item is in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// When it last changed. It does not matter if the list is sorted by age.
    pub updated_at: Timestamp,
    /// Its id.
    pub id: Uuid,
}

/// What a client asks of a list, as it was sent.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The most items of the page, 1 to 100; 20 if left out.
    pub limit: Option<i64>,
    /// The `next_cursor` of the page before; empty for the first page.
    pub cursor: Option<String>,
    /// The order, by the name of a [`Sort`].
    pub sort: Option<String>,
    /// Only items that changed at this time (RFC 3339) or later.
    pub updated_since: Option<String>,
}

/// Which items to read, in which order.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The most items of the page.
    pub limit: i64,
    /// The order.
    pub sort: Sort,
    /// Only items that changed at this time or later; [`Timestamp::MIN`] for all. With [`Sort::EarliestChangeFirst`],
    /// none before comes `after` the position.
    pub since: Timestamp,
    /// Only items that come after this one.
    pub after: Position,
    /// A hash of the order and the filter; `None` for the plain list, the newest first.
    binding: Option<u64>,
}

impl Selection {
    /// What `asked` selects of a list that is also filtered by `filter`, which may be empty. Adds what is wrong with it
    /// to `errors`.
    ///
    /// Items that changed since a time are read by the index of changes, so `updated_since` goes with an order by
    /// change only.
    pub fn of(asked: Asked, filter: &str, errors: &mut Vec<FieldError>) -> Self {
        let limit = asked.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            errors.push(FieldError::out_of_range("limit", format!("Ask for 1 to {LIMIT_MAX} items."), 1, LIMIT_MAX));
        }
        let since = asked.updated_since.map(|text| text.parse::<Timestamp>().ok());
        if since == Some(None) {
            let message = "Write a time as RFC 3339, such as 2026-01-31T09:05:00Z. In a query, `+` is written `%2B`.";
            errors.push(FieldError::new("updated_since", message));
        }
        let default = if since.is_some() { Sort::EarliestChangeFirst } else { Sort::NewestFirst };
        let named = asked.sort.map(|name| Sort::NAMES.into_iter().find(|(known, _)| *known == name));
        let sort = match named {
            None => default,
            Some(Some((_, sort))) => sort,
            Some(None) => {
                let message = "Sort by `-created_at`, `-updated_at` or `updated_at`.";
                errors.push(FieldError::new("sort", message).code(FieldCode::InvalidChoice));
                default
            }
        };
        if since.is_some() && sort == Sort::NewestFirst {
            let message = "With `updated_since`, sort by `updated_at` or `-updated_at`.";
            errors.push(FieldError::new("sort", message));
        }
        let since = since.flatten().unwrap_or(Timestamp::MIN);
        let is_plain = sort == Sort::NewestFirst && filter.is_empty();
        let binding = (!is_plain).then(|| hash(sort, since, filter));
        let mut selection = Self { limit, sort, since, after: sort.start(since), binding };
        if let Some(cursor) = asked.cursor.filter(|cursor| !cursor.is_empty()) {
            match selection.read(&cursor) {
                Ok(after) => selection.after = after,
                Err(message) => errors.push(FieldError::new("cursor", message)),
            }
        }
        selection
    }

    /// The cursor of the page after the item at `last`.
    pub fn cursor(&self, last: Position) -> String {
        match self.binding {
            None => last.id.to_string(),
            Some(binding) => format!("{binding:016x}{:016x}{}", milliseconds(last.updated_at), last.id.simple()),
        }
    }

    /// # Errors
    /// What is wrong with the cursor.
    fn read(&self, cursor: &str) -> Result<Position, &'static str> {
        const NOT_OURS: &str = "Use the `next_cursor` of an earlier page, unchanged.";
        const OTHER_LIST: &str = "This cursor is of a list with another order or filter. Send the same parameters with \
                                  each page, except for `limit` and `count`.";
        if cursor.len() != CURSOR_LENGTH {
            let id = Uuid::try_parse(cursor).map_err(|_| NOT_OURS)?;
            return if self.binding.is_none() { Ok(Position { id, ..self.after }) } else { Err(OTHER_LIST) };
        }
        if !cursor.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NOT_OURS);
        }
        let (binding, place) = cursor.split_at(16);
        let (milliseconds, id) = place.split_at(16);
        let (binding, milliseconds) = (number(binding).ok_or(NOT_OURS)?, number(milliseconds).ok_or(NOT_OURS)?);
        let position =
            Position { updated_at: at(milliseconds).ok_or(NOT_OURS)?, id: Uuid::try_parse(id).map_err(|_| NOT_OURS)? };
        if self.binding == Some(binding) { Ok(position) } else { Err(OTHER_LIST) }
    }
}

/// A hash that is the same on every instance, and in the next version.
fn hash(sort: Sort, since: Timestamp, filter: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(sort.name());
    hash.update(milliseconds(since).to_be_bytes());
    hash.update(filter);
    let digest: [u8; 32] = hash.finalize().into();
    digest.first_chunk().copied().map(u64::from_be_bytes).unwrap_or_default()
}

/// Since 1970, two's complement.
fn milliseconds(at: Timestamp) -> u64 {
    let milliseconds = i64::try_from(at.get().unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    milliseconds.cast_unsigned()
}

fn at(milliseconds: u64) -> Option<Timestamp> {
    let nanoseconds = i128::from(milliseconds.cast_signed()) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok().map(Timestamp::new)
}

fn number(digits: &str) -> Option<u64> {
    u64::from_str_radix(digits, 16).ok()
}

/// [`Problem::Validation`] if there are errors.
///
/// # Errors
/// [`Problem::Validation`]
pub fn valid(errors: Vec<FieldError>) -> Result<(), Problem> {
    Problem::unless(errors, ())
}

/// How many of `items` fit on a page: at most `limit`, and of those that take up to a mebibyte at least one, if there
/// is any. `size` is the length of the texts of an item, see [`json_len`].
pub fn count_that_fits<T>(items: &[T], limit: i64, size: impl Fn(&T) -> usize) -> usize {
    let sizes = items.iter().scan(0, |sum, item| {
        *sum += size(item);
        Some(*sum)
    });
    let limit = usize::try_from(limit).unwrap_or_default();
    let fitting = sizes.take(limit).take_while(|sum| *sum <= PAGE_MAX).count();
    fitting.max(items.len().min(1))
}

/// The length of `text` in JSON, in bytes: a control character takes six.
pub fn json_len(text: &str) -> usize {
    let byte = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(byte).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(sort: Option<&str>, since: Option<&str>, cursor: Option<String>) -> Asked {
        Asked { limit: None, cursor, sort: sort.map(Into::into), updated_since: since.map(Into::into) }
    }

    fn selected(asked: Asked, filter: &str) -> Result<Selection, Vec<String>> {
        let mut errors = Vec::new();
        let selection = Selection::of(asked, filter, &mut errors);
        if errors.is_empty() { Ok(selection) } else { Err(errors.into_iter().map(|error| error.field).collect()) }
    }

    #[test]
    fn the_order_follows_from_what_is_asked() {
        let sort = |sort, since| selected(asked(sort, since, None), "").map(|selection| selection.sort);
        let since = Some("2026-01-31T09:05:00.5+01:00");
        assert_eq!(sort(None, None), Ok(Sort::NewestFirst));
        assert_eq!(sort(None, since), Ok(Sort::EarliestChangeFirst));
        for (name, named) in Sort::NAMES {
            assert_eq!(sort(Some(name), None), Ok(named));
        }
        assert_eq!(sort(Some("-updated_at"), since), Ok(Sort::LatestChangeFirst));
        assert_eq!(sort(Some("-created_at"), since), Err(vec!["sort".to_owned()]));
        for unknown in ["", "created_at", "title", "-Created_At", " updated_at", "+updated_at"] {
            assert_eq!(sort(Some(unknown), None), Err(vec!["sort".to_owned()]), "{unknown}");
        }
        for wrong in ["", "yesterday", "2026-01-31", "2026-01-31T09:05:00", "1769850300", "2026-01-31T10:05:00 01:00"] {
            assert_eq!(sort(None, Some(wrong)), Err(vec!["updated_since".to_owned()]), "{wrong}");
        }
        let all = Asked { limit: Some(0), cursor: Some("x".into()), ..asked(Some("x"), Some("x"), None) };
        assert_eq!(selected(all, "").unwrap_err(), ["limit", "updated_since", "sort", "cursor"]);
    }

    #[test]
    fn a_cursor_is_read_in_the_list_it_was_made_for_and_in_no_other() {
        let since = Some("2026-01-31T09:05:00Z");
        let lists = [
            (None, None, ""),
            (None, None, "milk"),
            (Some("-updated_at"), None, ""),
            (Some("-updated_at"), None, "milk"),
            (Some("-updated_at"), since, ""),
            (Some("updated_at"), None, ""),
            (Some("updated_at"), since, ""),
            (Some("updated_at"), Some("2026-01-31T09:05:00.001Z"), ""),
        ];
        for time in
            ["2026-03-01T00:00:00.123Z", "1969-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"]
        {
            let last = Position { updated_at: time.parse().unwrap(), id: Uuid::from_u128(u128::MAX / 3) };
            for (sort, since, filter) in lists {
                let selection = selected(asked(sort, since, None), filter).unwrap();
                let cursor = selection.cursor(last);
                for other in lists {
                    let read = selected(asked(other.0, other.1, Some(cursor.clone())), other.2);
                    assert_eq!(read.is_ok(), other == (sort, since, filter), "{cursor} in {other:?}");
                }
                let after = selected(asked(sort, since, Some(cursor)), filter).unwrap().after;
                assert_eq!(after.id, last.id);
                assert!(selection.binding.is_none() || after == last);
            }
        }
        // The same instant is the same filter, however it is written.
        let cursor = selected(asked(None, since, None), "").unwrap().cursor(Sort::NewestFirst.start(Timestamp::MIN));
        assert!(selected(asked(Some("updated_at"), Some("2026-01-31T10:05:00+01:00"), Some(cursor)), "").is_ok());
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let far = format!("{:016x}{:016x}{}", 1, u64::MAX / 2, Uuid::nil().simple());
        for wrong in ["x", "1", "é", &"g".repeat(64), &"é".repeat(32), &"0".repeat(63), &far] {
            for sort in [None, Some("updated_at")] {
                assert_eq!(selected(asked(sort, None, Some(wrong.to_owned())), "").unwrap_err(), ["cursor"], "{wrong}");
            }
        }
        assert!(selected(asked(Some("updated_at"), None, Some(String::new())), "").is_ok(), "the first page");
    }

    #[test]
    fn a_page_is_bounded_in_bytes() {
        let count =
            |text: &str, there: usize, limit: i64| count_that_fits(&vec![text; there], limit, |text| json_len(text));
        assert_eq!((count("", 0, 20), count("", 3, 20), count("", 21, 20)), (0, 3, 20));
        assert_eq!(count(&"a".repeat(20_000), 101, 100), PAGE_MAX / 20_000);
        assert_eq!(count(&"\u{1}".repeat(20_000), 101, 100), PAGE_MAX / 120_000);
        assert_eq!(count(&"a".repeat(PAGE_MAX + 1), 3, 100), 1, "a page holds at least one item");
        for text in ["", "plain é", "\"\\\n\r\t", "\u{1}\u{1f}"] {
            assert_eq!(json_len(text) + 2, serde_json::to_string(text).unwrap().len(), "{text:?}");
        }
    }
}
