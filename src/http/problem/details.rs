//! The wire form of a problem, shared by the server and the browser.

use std::borrow::Cow;

use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};
use server_fn::codec::JsonEncoding;

use crate::ui::{FieldError, SubmitError};

/// The members of an `application/problem+json` response (RFC 9457 section 3.1), with our extensions.
///
/// Server functions fail with the same type, so that an island reads the same errors as an API client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = Problem))]
pub struct Details {
    /// A URI for the kind of problem.
    pub r#type: String,
    /// The kind of problem, in a few words. The same for every problem of its kind.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong this time, and what to do about it.
    pub detail: String,
    /// The stable, machine-readable name of the kind.
    pub code: String,
    /// The id of the request in the log of the server.
    pub request_id: String,
    /// What is wrong with each field; with `validation_failed` only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Which limit was met, such as `token` or `address`; with `rate_limited` only. docs/errors.md lists them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, nullable = false))]
    pub limit: Option<Cow<'static, str>>,
    /// The handle of the sign-in that waits for a second factor; with `second_factor_required` of `/api/v1` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ssr", schema(value_type = String, nullable = false))]
    pub pending: Option<String>,
    /// The steps of which one comes next; with `second_factor_required` only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<NextStep>,
    /// Where to read more: a page of the documentation, and the experiment of the Lab where this site has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub see: Vec<String>,
}

/// A step with which a sign-in may go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(examples(json!({"step": "totp"}))))]
pub struct NextStep {
    /// Its name, and the last segment of the path that its answer is posted to. Later versions may add others.
    pub step: String,
}

impl SubmitError for Details {
    fn field_errors(&self) -> &[FieldError] {
        &self.errors
    }

    fn message(&self) -> &str {
        &self.detail
    }

    fn is_signed_out(&self) -> bool {
        self.code == "not_signed_in"
    }
}

impl Details {
    /// A problem without a request id and without errors in fields.
    pub fn new(status: u16, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            r#type: format!("urn:vestibule:problem:{code}"),
            title: title.into(),
            status,
            detail: detail.into(),
            code: code.into(),
            request_id: String::new(),
            errors: Vec::new(),
            limit: None,
            pending: None,
            next: Vec::new(),
            see: Vec::new(),
        }
    }
}

/// Failures outside of our own code: no network, or arguments that cannot be decoded.
impl FromServerFnError for Details {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        use ServerFnErrorErr as E;
        match error {
            E::Request(_) => Self::new(
                503,
                "unavailable",
                "Server not reached",
                "The server cannot be reached. Check your connection and try again.",
            ),
            E::Args(_) | E::MissingArg(_) | E::Deserialization(_) => Self::new(
                400,
                "invalid_body",
                "Invalid request",
                "The server could not read the request. Reload the page and try again.",
            ),
            _ => Self::new(500, "internal", "Internal error", "Something went wrong. Reload the page and try again."),
        }
    }
}
