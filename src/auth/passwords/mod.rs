//! Passwords: the rules for choosing one, how easily one is guessed, and Argon2id on threads of its own.
//!
//! **What is refused** (S24): fewer than 8 characters or more than 128, one of the most common, the address or the site's
//! name, and what zxcvbn finds in less than a million guesses, its scores 0 and 1. No kind of character is demanded, and
//! whatever is long and not mere repetition passes. The same verdict stands under the field while somebody types, and
//! beside it where the form is refused.
//!
//! **What is one password** (S75): see [`normalize`].

mod model;

#[cfg(feature = "ssr")]
mod hasher;
#[cfg(feature = "ssr")]
mod normalize;
#[cfg(feature = "ssr")]
mod pool;
#[cfg(feature = "ssr")]
mod rules;

#[cfg(feature = "ssr")]
pub use self::{
    hasher::{Hasher, Match},
    normalize::normalize,
    pool::Held,
    rules::About,
};
pub use model::Verdict;

/// The shortest, in characters (ASVS 6.2.1).
pub const SHORTEST: usize = 8;

/// What to say to whoever chooses one.
pub const HINT: &str = "At least 8 characters; 15 or more is better. A few words in a row make a good one.";
