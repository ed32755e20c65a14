//! What an event holds.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The `data` of the events `created`, `updated` and `deleted`.
#[derive(Serialize, ToSchema)]
#[schema(examples(json!({"resource": "invoices", "id": "019526de-6c00-7000-8000-000000000001", "version": 2})))]
pub(super) struct ChangeEvent<'a> {
    /// The last part of the path of the resource.
    pub resource: &'a str,
    /// The id of the item.
    pub id: Uuid,
    /// The version the item has now, as in its `ETag`; the last it had if it was deleted.
    pub version: i64,
}

/// An event of the stream, as a client reads it.
#[derive(ToSchema)]
#[schema(as = Event, examples(json!({
    "event": "updated",
    "id": "42",
    "data": r#"{"resource":"invoices","id":"019526de-6c00-7000-8000-000000000001","version":2}"#,
})))]
#[expect(dead_code, reason = "the body writes its text; this describes it")]
pub(super) struct ServerSentEvent {
    /// `ready`, `created`, `updated`, `deleted`, `caught_up`, `reset` or `end`.
    event: String,
    /// What to send as `Last-Event-ID` to go on after it.
    id: String,
    /// JSON: a `ChangeEvent`, or of `ready`, `caught_up` and `reset` the names of the resources that the stream covers.
    data: String,
}
