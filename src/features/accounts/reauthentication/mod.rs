//! Proving once more who somebody is: the page that asks and leads back, and the JSON of both doors.

pub mod api;
pub mod page;
