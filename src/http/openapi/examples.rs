//! Values for examples that are the same in every document.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::timestamp::Timestamp;

/// A time, `seconds` after the first one.
pub fn moment(seconds: i64) -> Timestamp {
    let first = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
    Timestamp::new(first + time::Duration::seconds(seconds))
}

/// The id with this `number`, a `UUIDv7` of the first [`moment`].
pub fn id(number: u8) -> Uuid {
    let milliseconds = moment(0).get().unix_timestamp().unsigned_abs() * 1_000;
    let mut random = [0; 10];
    random[9] = number;
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
}
