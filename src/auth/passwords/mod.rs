//! Passwords: the rules for choosing one, an estimate of their strength, and hashing with Argon2id on dedicated
//! threads.
//!
//! **Rejected passwords** (S24): shorter than 8 or longer than 128 characters, one of the 30,000 most common passwords,
//! the person's email address, their name or the site's name, and anything zxcvbn guesses in fewer than a million
//! attempts (scores 0 and 1). No character class is required: any long password that is not mere repetition passes. The
//! strength meter and the rejected form show the same message.
//!
//! **Breached passwords** (S79): see [`breached`]. They are refused when somebody chooses a password; whoever has one
//! already can still sign in with it.
//!
//! **Unicode** (S75): see [`normalize`].

mod model;

#[cfg(feature = "ssr")]
pub mod breached;
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
    pool::{Held, Load},
    rules::{PasswordContext, Rejection, password_error},
};
pub use model::PasswordStrength;

/// The minimum length of a password, in characters (ASVS 6.2.1).
pub const SHORTEST: usize = 8;

/// The hint shown next to a field for a new password.
pub const HINT: &str = "At least 8 characters; 15 or more is better. A few words in a row make a good password.";
