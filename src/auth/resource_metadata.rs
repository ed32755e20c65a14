//! RFC 9728: every 401 of the token door says where its metadata is, and with it which server issues tokens for it.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};

/// The parameter of a challenge that names the metadata, if the site has any.
#[derive(Clone, Debug)]
pub struct ResourceMetadata(Option<Arc<str>>);

impl ResourceMetadata {
    /// For metadata at `url`.
    pub fn new(url: Option<String>) -> Self {
        Self(url.map(|url| format!(r#", resource_metadata="{url}""#).into()))
    }
}

/// Adds it to the challenges of a 401 (RFC 9728 section 5.1), but for those that ask for a client's secret.
pub async fn layer(
    State(ResourceMetadata(parameter)): State<ResourceMetadata>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let Some(parameter) = parameter.filter(|_| response.status() == StatusCode::UNAUTHORIZED) else { return response };
    let headers = response.headers_mut();
    let challenges: Vec<HeaderValue> = headers.get_all(header::WWW_AUTHENTICATE).iter().cloned().collect();
    headers.remove(header::WWW_AUTHENTICATE);
    for challenge in challenges {
        let text = challenge.to_str().ok().filter(|text| text.starts_with("Bearer ") || text.starts_with("DPoP "));
        let longer = text.and_then(|text| HeaderValue::from_str(&format!("{text}{parameter}")).ok());
        headers.append(header::WWW_AUTHENTICATE, longer.unwrap_or(challenge));
    }
    response
}
