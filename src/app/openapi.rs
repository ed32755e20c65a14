//! `openapi.json` of each JSON mount: the description of exactly the routes that are served.

use axum::{
    Extension,
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::api;
use crate::{
    feature::Feature,
    http::{
        extract,
        openapi::{IfNoneMatch, MountDocs},
    },
    settings::Settings,
    state::AppState,
};

/// The description of `/api/v1`.
pub fn token_document(settings: &Settings, features: &[Feature]) -> Value {
    MountDocs::token(settings).describe(api::token_mount(features).merge(routes()).into_openapi(), &tags(features))
}

/// The description of `/session/v1`.
pub fn session_document(settings: &Settings, features: &[Feature]) -> Value {
    MountDocs::session(settings).describe(api::session_mount(features).merge(routes()).into_openapi(), &tags(features))
}

/// The tags of all features, and of the document itself.
fn tags(features: &[Feature]) -> Vec<(&'static str, &'static str)> {
    let own = [("Description", "This document.")];
    features.iter().flat_map(|feature| feature.tags).copied().chain(own).collect()
}

/// A document, ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Document {
    json: Bytes,
    etag: HeaderValue,
}

impl Document {
    pub(super) fn new(document: &Value) -> Result<Self, String> {
        let json = document.to_string();
        let hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(json.as_bytes())[..12]);
        let etag = HeaderValue::from_str(&format!("\"{hash}\"")).map_err(|error| error.to_string())?;
        Ok(Self { json: json.into(), etag })
    }
}

/// The route that answers with a [`Document`].
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show))
}

/// This document
///
/// OpenAPI 3.1. Any page on any origin may read it.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "getOpenApi", tag = "Description",
    params(IfNoneMatch),
    responses(
        (status = OK, body = Value, description = "The document.", headers(("ETag"))),
        (status = NOT_MODIFIED, description = "You have this version.", headers(("ETag"))),
    ),
)]
async fn show(Extension(document): Extension<Document>, headers: HeaderMap) -> Response {
    // A browser asks each time whether it has changed: after an update it must not be the old one.
    let cached = [(header::ETAG, document.etag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    if extract::none_match(&headers, document.etag.to_str().unwrap_or_default()) {
        let json = HeaderValue::from_static("application/json");
        return (cached, [(header::CONTENT_TYPE, json)], document.json).into_response();
    }
    (StatusCode::NOT_MODIFIED, cached).into_response()
}
