//! What client libraries look for: the metadata of the authorization server (RFC 8414), and that of the resources it
//! protects (RFC 9728). It is nobody's own, so pages of any origin may read it.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{client::offered, device::service::GRANT_TYPE};
use crate::{
    http::problem::DPOP_ALGS,
    settings::Settings,
    state::{AppState, Site},
};

/// The path of the metadata of `/api/v1` (RFC 9728 section 3.1).
pub(super) const RESOURCE_OF_THE_API: &str = "/.well-known/oauth-protected-resource/api/v1";

/// `GET /.well-known/oauth-authorization-server`
pub(super) async fn server(State(AppState { settings, site, .. }): State<AppState>) -> Response {
    let origin = settings.origin();
    let with_secret = ["client_secret_basic", "client_secret_post"];
    let methods = ["none", with_secret[0], with_secret[1]];
    public(json!({
        "issuer": origin,
        "authorization_endpoint": format!("{origin}/authorize"),
        "token_endpoint": format!("{origin}/api/v1/oauth/token"),
        "revocation_endpoint": format!("{origin}/api/v1/oauth/revoke"),
        "device_authorization_endpoint": format!("{origin}/api/v1/oauth/device_authorization"),
        "introspection_endpoint": format!("{origin}/api/v1/oauth/introspect"),
        "scopes_supported": scopes(&site),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", GRANT_TYPE],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": with_secret,
        "authorization_response_iss_parameter_supported": true,
        "dpop_signing_alg_values_supported": DPOP_ALGS.split(' ').collect::<Vec<_>>(),
        "prompt_values_supported": ["none", "login", "consent"],
        "protected_resources": [format!("{origin}/api/v1")],
        "service_documentation": format!("{origin}/api/docs"),
    }))
}

/// `GET /.well-known/oauth-protected-resource`
pub(super) async fn site(State(AppState { settings, site, .. }): State<AppState>) -> Response {
    resource(&settings, &site, settings.origin())
}

/// `GET /.well-known/oauth-protected-resource/api/v1`
pub(super) async fn api(State(AppState { settings, site, .. }): State<AppState>) -> Response {
    resource(&settings, &site, format!("{}/api/v1", settings.origin()))
}

fn resource(settings: &Arc<Settings>, site: &Site, resource: String) -> Response {
    public(json!({
        "resource": resource,
        "authorization_servers": [settings.origin()],
        "scopes_supported": scopes(site),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": DPOP_ALGS.split(' ').collect::<Vec<_>>(),
        "resource_documentation": format!("{}/api/docs", settings.origin()),
    }))
}

fn scopes(site: &Site) -> Vec<&'static str> {
    offered(&site.scopes).map(|scope| scope.name).collect()
}

fn public(document: Value) -> Response {
    let headers = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, Json(document)).into_response()
}
