//! `POST /browser-reports`

use axum::{
    extract::{Request, State},
    http::StatusCode,
};

use super::{
    collector::Collector,
    parse::{Form, json, reports},
};
use crate::http::{
    client::Client,
    extract::{check_depth, essence, read},
    problem::Problem,
};

/// Takes reports. Whoever sends them learns nothing of what becomes of them.
///
/// # Errors
/// [`Problem::UnsupportedMediaType`], [`Problem::RateLimited`], [`Problem::BodyTooLarge`], [`Problem::InvalidBody`]
pub(super) async fn collect(
    State(collector): State<Collector>,
    client: Client,
    request: Request,
) -> Result<StatusCode, Problem> {
    let form = Form::of(&essence(request.headers())).ok_or(Problem::UnsupportedMediaType)?;
    collector.admit(&client)?;
    let bytes = read(request, &()).await?;
    check_depth(&bytes)?;
    let body = json(&bytes)?;
    let sent = reports(form, &body)?;
    let reports = sent.into_iter().filter_map(|report| collector.site().reduce(report)).collect();
    collector.take(reports, &client.browser());
    Ok(StatusCode::NO_CONTENT)
}
