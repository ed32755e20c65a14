//! The steps of a sign-in after the first, on the pages and at both doors, for whatever second factors there are.
//! [`crate::auth::sign_in`] decides; what is here asks and answers.

pub(crate) mod finish;
pub(super) mod page;
pub(crate) mod steps;
mod view;

pub(crate) use self::page::begin;
pub(crate) use super::sign_in_form::later;
