//! Requests that can be repeated safely: `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07).
//!
//! A client that does not know whether its `POST` arrived sends it again with the same key. It gets the response to
//! the first request, with `Idempotent-Replayed: true`, and nothing is created twice. While the first request is
//! still running, the response is 409; if the key was sent with a different request before, it is 422. Refusals are
//! not stored: after a correction, the request may be sent again with the same key.
//!
//! **Stored** for a day: a hash of the account, the path and the key; a hash of the request; the response. The id of
//! the new resource is chosen first and stored with the key. If the server dies half-way, the next attempt finishes the
//! request and still creates only one resource. Deleting the account deletes its keys.

mod store;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::Duration;
use uuid::Uuid;

use crate::{db::Db, http::problem::Problem};

static KEY: HeaderName = HeaderName::from_static("idempotency-key");
static REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// How long a response is stored.
const KEPT: Duration = Duration::hours(24);
/// A request that has not finished after this time has failed: requests take half of it at most.
const GIVEN_UP: Duration = Duration::minutes(1);
/// The longest key, in bytes.
const LONGEST: usize = 255;

/// The key of a request, if it has one, and its method and path.
#[derive(Clone, Debug)]
pub struct IdempotentRequest {
    key: Option<String>,
    place: String,
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotentRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let uri = parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        let place = format!("{} {}", parts.method, uri.path());
        Ok(Self { key: key(&parts.headers)?, place })
    }
}

/// The key: in quotes, a String of Structured Fields, as the draft has it; or without quotes, as most clients send it.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let wrong = || {
        let detail = format!("Send one Idempotency-Key of 1 to {LONGEST} visible characters, such as \"a-new-uuid\".");
        Err(Problem::InvalidBody(detail))
    };
    let mut values = headers.get_all(&KEY).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value.to_str().unwrap_or_default().trim(),
        (Some(_), Some(_)) => return wrong(),
    };
    let bare = value.strip_prefix('"').map_or(Some(value), |rest| rest.strip_suffix('"'));
    match bare {
        Some(key)
            if (1..=LONGEST).contains(&key.len())
                && key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\') =>
        {
            Ok(Some(key.to_owned()))
        }
        _ => wrong(),
    }
}

/// Refuses a key on routes whose response is not stored, because the client would rely on it in vain.
///
/// # Errors
/// [`Problem::InvalidBody`]
pub fn not_here(headers: &HeaderMap) -> Result<(), Problem> {
    if !headers.contains_key(&KEY) {
        return Ok(());
    }
    let detail = "Idempotency-Key is not supported here: the response holds a secret, which is not stored, so it \
                  cannot be sent twice. Check the list before you try again.";
    Err(Problem::InvalidBody(detail.into()))
}

/// A stored response, which can be sent again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The status, 201 in most cases.
    pub status: u16,
    /// The `Location` of the new resource, if there is one.
    pub location: Option<String>,
    /// The `ETag` of the new resource.
    pub etag: Option<String>,
    /// The body, as JSON.
    pub body: String,
}

impl Answer {
    /// 201 with the new `resource`, which is at `location` and has the tag `etag`.
    ///
    /// # Errors
    /// [`Problem::Internal`] if it cannot be written as JSON.
    pub fn created(location: String, etag: String, resource: &impl Serialize) -> Result<Self, Problem> {
        let body = json(resource)?;
        Ok(Self { status: StatusCode::CREATED.as_u16(), location: Some(location), etag: Some(etag), body })
    }

    /// 200 with the `result` of a request that creates no resource.
    ///
    /// # Errors
    /// [`Problem::Internal`] if it cannot be written as JSON.
    pub fn ok(result: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { status: StatusCode::OK.as_u16(), location: None, etag: None, body: json(result)? })
    }
}

fn json(content: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(content).map_err(|error| Problem::Internal(error.to_string()))
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::CREATED);
        let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let location = self.location.map(|location| [(header::LOCATION, location)]);
        let etag = self.etag.map(|etag| [(header::ETAG, etag)]);
        (status, json, location, etag, self.body).into_response()
    }
}

/// Runs `work` once for each key of `account`. `work` creates the resource with the id it is given, or finds that it
/// exists. `asked` is the content of the request, to recognize a different one with the same key.
///
/// It runs to completion even if the client disconnects, because that client will repeat the request and then gets the
/// stored response.
///
/// # Errors
/// [`Problem::Conflict`] while another request with the key is running; [`Problem::KeyReused`]; the errors of `work`.
pub async fn once<W>(
    db: &Db,
    account: Uuid,
    request: &IdempotentRequest,
    asked: &impl Serialize,
    work: impl FnOnce(Uuid) -> W + Send + 'static,
) -> Result<Response, Problem>
where
    W: Future<Output = Result<Answer, Problem>> + Send + 'static,
{
    let id = Uuid::now_v7();
    let Some(key) = &request.key else { return Ok(work(id).await?.into_response()) };
    let asked = serde_json::to_vec(asked).map_err(|error| Problem::Internal(error.to_string()))?;
    let fingerprint = Sha256::digest(&asked).to_vec();
    let (ours, key) = (db.clone(), hash(account, &request.place, key));
    db.run_to_completion(async move {
        match claim(&ours, &key, account, fingerprint, id).await? {
            Claim::Ours(subject) => {
                let answer = answer(&ours, key, work(subject).await).await?;
                Ok(answer.into_response())
            }
            Claim::Answered(answer) => replayed(&answer),
        }
    })
    .await
}

/// What to do with a request that has a key.
enum Claim {
    /// Run it, to create the resource with this id.
    Ours(Uuid),
    /// Send the stored response.
    Answered(String),
}

async fn claim(db: &Db, key: &[u8], account: Uuid, fingerprint: Vec<u8>, id: Uuid) -> Result<Claim, Problem> {
    let now = db.now();
    if store::claim(db, key.to_vec(), account, fingerprint.clone(), id, now).await? {
        return Ok(Claim::Ours(id));
    }
    let Some(kept) = store::find(db, key.to_vec()).await? else { return Err(busy()) };
    if kept.fingerprint != fingerprint {
        return Err(Problem::KeyReused);
    }
    if let Some(answer) = kept.answer {
        return Ok(Claim::Answered(answer));
    }
    // Of two requests that take it over, only one succeeds.
    if !store::take_over(db, key.to_vec(), now + -GIVEN_UP, now).await? {
        return Err(busy());
    }
    Ok(Claim::Ours(kept.subject_id))
}

/// Stores the response. After a refusal the key is free again.
async fn answer(db: &Db, key: Vec<u8>, done: Result<Answer, Problem>) -> Result<Answer, Problem> {
    match done {
        Ok(answer) => {
            let text = json(&answer)?;
            store::finish(db, key, text).await?;
            Ok(answer)
        }
        Err(problem) => {
            if let Err(error) = store::give_up(db, key).await {
                tracing::warn!(%error, "an idempotency key stays reserved for a minute, although its request failed");
            }
            Err(problem)
        }
    }
}

fn busy() -> Problem {
    Problem::Conflict("Another request with this Idempotency-Key is still in progress. Try again in a moment.")
}

fn replayed(answer: &str) -> Result<Response, Problem> {
    let answer: Answer = serde_json::from_str(answer).map_err(|error| Problem::Internal(error.to_string()))?;
    let mut response = answer.into_response();
    response.headers_mut().insert(REPLAYED.clone(), HeaderValue::from_static("true"));
    Ok(response)
}

/// Different accounts, paths and keys have different hashes.
fn hash(account: Uuid, place: &str, key: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(account.as_bytes());
    hash.update((place.len() as u64).to_be_bytes());
    hash.update(place);
    hash.update(key);
    hash.finalize().to_vec()
}

/// Deletes up to `batch` responses that are older than a day, and returns how many it deleted (S10).
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(db: &Db, batch: i64) -> sqlx::Result<u64> {
    store::delete_expired(db, db.now() + -KEPT, batch).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Option<String>, &'static str> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(&KEY, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        key(&headers).map_err(|problem| problem.code())
    }

    #[test]
    fn a_key_comes_in_quotes_or_bare() {
        assert_eq!(read(&[]), Ok(None));
        for same in ["\"8e03978e\"", "8e03978e", " 8e03978e "] {
            assert_eq!(read(&[same]), Ok(Some("8e03978e".into())), "{same}");
        }
        assert!(read(&[&"x".repeat(255)]).is_ok());
        for wrong in ["", "\"\"", "\"", "\"a", "a\"", "a b", "a\\b", "é", &"x".repeat(256)] {
            assert_eq!(read(&[wrong]), Err("invalid_body"), "{wrong}");
        }
        assert_eq!(read(&["a", "a"]), Err("invalid_body"));
    }
}
