//! `GET /readyz`: whether this instance can serve, by component.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::identity::{IDENTITY, Identity};
use crate::{
    db::{Db, Readiness},
    http::{draining::Draining, seldom::Seldom},
};

static LOGGED: Seldom = Seldom::new();

/// 200 if the database answers and takes writes, and the server is not about to stop; 503 otherwise. The answer comes
/// within a second, also if the database hangs. It says what is wrong in a word; the log has the error.
/// To [`super::identity::CHALLENGE`] it says which installation it is.
pub(super) async fn ready(
    State(db): State<Db>,
    State(draining): State<Draining>,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
) -> Response {
    let found = db.readiness().await;
    let stops = draining.has_begun();
    let is_ready = found.is_ready() && !stops;
    if !found.is_ready() && LOGGED.again() {
        // Beside the answer, which comes within a second.
        tokio::spawn(log(db, found.clone()));
    }
    let word = |result: Option<&Result<(), String>>| match result {
        Some(Ok(())) => "ok",
        Some(Err(_)) => "failing",
        None => "no answer",
    };
    // Writes are not tried if reads fail.
    let writes = if matches!(found.reads, Some(Err(_))) { "failing" } else { word(found.writes.as_ref()) };
    let body = format!(
        "{}\nserver: {}\ndatabase: {}\ndatabase writes: {writes}\n",
        if is_ready { "ready" } else { "not ready" },
        if stops { "stopping" } else { "ok" },
        word(found.reads.as_ref()),
    );
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut response = (status, [(header::CACHE_CONTROL, "no-store")], body).into_response();
    // Not while the database hangs, in which the key is.
    if found.is_ready()
        && let Some(answer) = identity.answer(&headers).await
    {
        response.headers_mut().insert(IDENTITY, answer);
    }
    response
}

async fn log(db: Db, found: Readiness) {
    let cause = if matches!(found.reads, Some(Ok(()))) { None } else { db.why_silent().await };
    let (reads, writes) = told(&found);
    tracing::warn!(reads, writes, cause = cause.as_deref(), "not ready");
}

/// Both results in words, for the log.
fn told(found: &Readiness) -> (&str, &str) {
    // Writes are not tried before reads are answered.
    let untried = found.writes.is_none() && !matches!(found.reads, Some(Ok(())));
    (words(found.reads.as_ref()), if untried { "not tried" } else { words(found.writes.as_ref()) })
}

fn words(result: Option<&Result<(), String>>) -> &str {
    match result {
        Some(Ok(())) => "ok",
        Some(Err(error)) => error,
        None => "no answer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_says_in_words_what_was_found() {
        let told = |reads, writes| {
            let found = Readiness { reads, writes };
            let (reads, writes) = super::told(&found);
            format!("{reads}, {writes}")
        };
        assert_eq!(told(None, None), "no answer, not tried");
        assert_eq!(told(Some(Err("refused".into())), None), "refused, not tried");
        assert_eq!(told(Some(Ok(())), None), "ok, no answer");
        assert_eq!(told(Some(Ok(())), Some(Err("full".into()))), "ok, full");
    }
}
