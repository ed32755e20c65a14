//! The page that asks for the password again, and back.

pub mod page;
