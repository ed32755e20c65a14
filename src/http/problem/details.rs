//! A problem on the wire, shared by the server and the browser.

use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};
use server_fn::codec::JsonEncoding;

use crate::ui::FieldError;

/// The members of an `application/problem+json` answer (RFC 9457 section 3.1) and our extensions.
///
/// Server functions fail with the same type, so that an island reads what an API client reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(as = Problem))]
pub struct Details {
    /// A URI for the kind of problem.
    pub r#type: String,
    /// What kind of problem this is, the same for each of its kind.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time, and what to do about it.
    pub detail: String,
    /// The stable, machine-readable name of the kind.
    pub code: String,
    /// The request, as the server's log calls it.
    pub request_id: String,
    /// What is wrong with which field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// A failure that our own code did not word: no network, or arguments that cannot be read.
impl FromServerFnError for Details {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        use ServerFnErrorErr as E;
        let (status, code, title, detail) = match error {
            E::Request(_) => (
                503,
                "unavailable",
                "Not reached",
                "The server cannot be reached. Check your connection and try again.",
            ),
            E::Args(_) | E::MissingArg(_) | E::Deserialization(_) => (
                400,
                "invalid_body",
                "Invalid request",
                "What was sent cannot be understood. Reload the page and try again.",
            ),
            _ => (500, "internal", "Internal error", "Something went wrong on the way. Reload the page and try again."),
        };
        Self {
            r#type: format!("urn:vestibule:problem:{code}"),
            title: title.into(),
            status,
            detail: detail.into(),
            code: code.into(),
            request_id: String::new(),
            errors: Vec::new(),
        }
    }
}
