//! HTTP for the OAuth library, and for the API.

use oauth2::{HttpRequest, HttpResponse, url::form_urlencoded};
use ureq::{Agent, Body, http::Request};

use crate::Outcome;

/// The largest answer that is read, in bytes.
const LARGEST: u64 = 4 << 20;

/// Follows no redirects: the addresses of the server are those that it told.
pub fn agent() -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0);
    config.timeout_global(Some(std::time::Duration::from_secs(30))).user_agent("vestibule-notes").build().into()
}

/// A request of the OAuth library.
///
/// # Errors
/// If the server does not answer.
pub fn send(request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let (parts, body) = agent().run(request)?.into_parts();
    Ok(HttpResponse::from_parts(parts, read(body)?))
}

/// The JSON at `url`, with a token if there is one.
///
/// # Errors
/// If the server does not answer, or with an error.
pub fn get(url: &str, token: Option<&str>) -> Outcome<serde_json::Value> {
    let mut request = Request::get(url).header("accept", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let (parts, body) = agent().run(request.body(())?)?.into_parts();
    let body = read(body)?;
    if parts.status.is_success() {
        return Ok(serde_json::from_slice(&body)?);
    }
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let detail = problem["detail"].as_str().unwrap_or("The answer does not say why.");
    Err(format!("{url}: {}. {detail}", parts.status).into())
}

/// Posts a form.
///
/// # Errors
/// If the server does not answer, or with an error.
pub fn post(url: &str, form: &[(&str, &str)]) -> Outcome<()> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request =
        Request::post(url).header("content-type", "application/x-www-form-urlencoded").body(body.into_bytes())?;
    let status = agent().run(request)?.status();
    if status.is_success() { Ok(()) } else { Err(format!("{url}: {status}").into()) }
}

fn read(body: Body) -> Result<Vec<u8>, ureq::Error> {
    body.into_with_config().limit(LARGEST).read_to_vec()
}
