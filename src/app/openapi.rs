//! `openapi.json` of each JSON mount: the description of exactly the routes that are served.

use axum::{
    Extension,
    body::Bytes,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::api;
use crate::{
    feature::Feature,
    http::{
        conditional::{self, Conditions},
        openapi::{IfNoneMatch, MountDocs, refusals::TagRefused},
    },
    settings::Settings,
    state::AppState,
};

/// The tag of the operation of this file, and its description.
pub const TAG: (&str, &str) = ("Description", "This document.");

/// The description of `/api/v1`.
pub fn token_document(settings: &Settings, features: &[Feature]) -> Value {
    document(&MountDocs::token(settings), api::token_mount(features), features)
}

/// The description of `/session/v1`.
pub fn session_document(settings: &Settings, features: &[Feature]) -> Value {
    document(&MountDocs::session(settings), api::session_mount(features), features)
}

fn document(mount: &MountDocs, api: OpenApiRouter<AppState>, features: &[Feature]) -> Value {
    let tags = features.iter().flat_map(|feature| feature.tags).copied().chain([TAG]);
    mount.describe(api.merge(routes()).into_openapi(), tags)
}

/// A document, ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Document {
    json: Bytes,
    etag: String,
}

impl Document {
    pub(super) fn new(document: &Value) -> Self {
        let json = document.to_string();
        let etag = conditional::hashed(json.as_bytes());
        Self { json: json.into(), etag }
    }
}

/// The route of a [`Document`].
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show))
}

/// This document
///
/// OpenAPI 3.1. Pages of any origin may read it.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "getOpenApi", tag = "Description",
    params(IfNoneMatch),
    responses(
        (status = OK, body = Value, description = "The document.", headers(("ETag"))),
        (status = NOT_MODIFIED, description = "Not modified.", headers(("ETag"))),
        TagRefused,
    ),
)]
async fn show(Extension(document): Extension<Document>, conditions: Conditions) -> Response {
    // A browser revalidates it on every use, so that it never shows the document of an older version.
    let cache = [(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    if conditions.is_known(&document.etag) {
        return (cache, conditional::not_modified(&document.etag)).into_response();
    }
    let json = HeaderValue::from_static("application/json");
    (cache, [(header::ETAG, document.etag)], [(header::CONTENT_TYPE, json)], document.json).into_response()
}
