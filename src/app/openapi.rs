//! `openapi.json` of each JSON mount: the description of exactly the routes that are served.

use std::sync::{Arc, LazyLock};

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
        openapi::{Description, IfNoneMatch, MountDocs, refusals::TagRefused},
    },
    settings::Settings,
    state::AppState,
};

/// The tag of the operation of this file, and its description.
pub const TAG: (&str, &str) = ("Description", "This document.");

/// The description that `document` makes of what the server of `state` serves with `features`.
pub(super) fn description(
    state: &AppState,
    features: &[Feature],
    document: fn(&Settings, &[Feature]) -> Value,
) -> Description {
    let (settings, features) = (state.settings.clone(), features.to_vec());
    Description::new(move || document(&settings, &features))
}

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

/// A document that is made when it is first asked for.
#[derive(Clone)]
pub(super) struct Document(Arc<LazyLock<Text, Box<dyn FnOnce() -> Text + Send>>>);

/// A document, ready to be sent.
struct Text {
    json: Bytes,
    etag: String,
}

impl Document {
    /// The document of `description`.
    pub(super) fn of(description: Description) -> Self {
        let make = move || {
            let json = description.document().to_string();
            Text { etag: conditional::hashed(json.as_bytes()), json: json.into() }
        };
        Self(Arc::new(LazyLock::new(Box::new(make))))
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
    let Text { json, etag } = &**document.0;
    if conditions.is_known(etag) {
        return (cache, conditional::not_modified(etag)).into_response();
    }
    let kind = HeaderValue::from_static("application/json");
    (cache, [(header::ETAG, etag.clone())], [(header::CONTENT_TYPE, kind)], json.clone()).into_response()
}
