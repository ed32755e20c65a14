//! Errors and how clients see them: [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problems on the JSON mounts and
//! from server functions, error pages elsewhere.

#[cfg(feature = "ssr")]
mod challenge;
#[cfg(feature = "ssr")]
mod database;
mod details;

#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
mod json;
#[cfg(feature = "ssr")]
mod kind;
#[cfg(feature = "ssr")]
mod limit;
#[cfg(feature = "ssr")]
mod response;

pub use crate::ui::{FieldCode, FieldError};
pub use details::{Details, NextStep};

#[cfg(feature = "ssr")]
pub use self::{
    challenge::DPOP_ALGS,
    json::{
        CONTENT_TYPE, Experiments, MEDIA_TYPE, answer_json, describe, problem_of, problem_response, render, worded,
    },
    kind::{ANSWERED, KINDS, Problem},
    limit::{Limit, REFUSED},
};
