//! What can go wrong, and how it is said: [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) on the JSON mounts and on
//! server functions, a page elsewhere.

#[cfg(feature = "ssr")]
mod database;
mod details;

#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
mod json;
#[cfg(feature = "ssr")]
mod kind;

pub use crate::ui::FieldError;
pub use details::Details;

#[cfg(feature = "ssr")]
pub use self::{
    json::{CONTENT_TYPE, MEDIA_TYPE, answer_json, describe, problem_response},
    kind::Problem,
};
