//! A request that may be repeated: `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07).
//!
//! A client that does not know whether its `POST` arrived sends it again with the same key and gets the answer of the first
//! one, with `Idempotent-Replayed: true`, and nothing is made twice. While the first is still at it the answer is 409; where
//! the key came with something else before, 422. What a request is refused for is not kept: mended, it may be sent again
//! with the same key.
//!
//! **What is kept**, for a day: a hash of the account, the place and the key; a hash of what was asked; the answer. The id of
//! what is made is chosen before and kept with the key, so that a request whose server died half-way is finished by the
//! next, and still makes one thing. It goes with the account.

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

/// How long an answer is kept.
const KEPT: Duration = Duration::hours(24);
/// Who has not finished after so long never will: a request takes half of it at most.
const GIVEN_UP: Duration = Duration::minutes(1);
/// The longest key.
const LONGEST: usize = 255;

/// What the client calls its request, and where it was sent; nothing where it has no key.
#[derive(Clone, Debug)]
pub struct Repeatable {
    key: Option<String>,
    place: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Repeatable {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let uri = parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        let place = format!("{} {}", parts.method, uri.path());
        Ok(Self { key: key(&parts.headers)?, place })
    }
}

/// The key: a String of Structured Fields, in quotes, as the draft wants it, or bare, as most clients write it.
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

/// Refuses a key where no answer can be kept: a client that trusts in it would be let down.
///
/// # Errors
/// [`Problem::InvalidBody`]
pub fn not_here(headers: &HeaderMap) -> Result<(), Problem> {
    if !headers.contains_key(&KEY) {
        return Ok(());
    }
    let detail = "There is no Idempotency-Key here: the answer holds a secret, which is kept nowhere, so it cannot be \
                  given twice. Look at the list before you try again.";
    Err(Problem::InvalidBody(detail.into()))
}

/// An answer that can be given again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// 201, mostly.
    pub status: u16,
    /// Where it is.
    pub location: String,
    /// Its version.
    pub etag: String,
    /// What it is, as JSON.
    pub body: String,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::CREATED);
        let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let headers = [(header::LOCATION, self.location), (header::ETAG, self.etag)];
        (status, json, headers, self.body).into_response()
    }
}

/// Does `work` once for each key of `account`: it makes the thing with the id it is given, or finds it made. `asked` is
/// what the request asks for.
///
/// From the claim of the key to the answer it is done to its end, whatever becomes of the client: it would repeat the
/// request because it hung up, and gets that answer then.
///
/// # Errors
/// [`Problem::Conflict`] while another is at it; [`Problem::KeyReused`]; the work's.
pub async fn once<W>(
    db: &Db,
    account: Uuid,
    request: &Repeatable,
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

/// What becomes of a request with a key.
enum Claim {
    /// It is to be done, and makes the thing with this id.
    Ours(Uuid),
    /// It was done before, with this answer.
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
    // Of two who take it over, one does.
    if !store::take_over(db, key.to_vec(), now + -GIVEN_UP, now).await? {
        return Err(busy());
    }
    Ok(Claim::Ours(kept.subject_id))
}

/// Keeps the answer; what is refused leaves the key free.
async fn answer(db: &Db, key: Vec<u8>, done: Result<Answer, Problem>) -> Result<Answer, Problem> {
    match done {
        Ok(answer) => {
            let text = serde_json::to_string(&answer).map_err(|error| Problem::Internal(error.to_string()))?;
            store::finish(db, key, text).await?;
            Ok(answer)
        }
        Err(problem) => {
            if let Err(error) = store::give_up(db, key).await {
                tracing::warn!(%error, "an idempotency key is taken for a minute, although nothing was done");
            }
            Err(problem)
        }
    }
}

fn busy() -> Problem {
    Problem::Conflict("A request with this Idempotency-Key is still being answered. Try again in a moment.")
}

fn replayed(answer: &str) -> Result<Response, Problem> {
    let answer: Answer = serde_json::from_str(answer).map_err(|error| Problem::Internal(error.to_string()))?;
    let mut response = answer.into_response();
    response.headers_mut().insert(REPLAYED.clone(), HeaderValue::from_static("true"));
    Ok(response)
}

/// No two accounts, places and keys have one hash.
fn hash(account: Uuid, place: &str, key: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(account.as_bytes());
    hash.update((place.len() as u64).to_be_bytes());
    hash.update(place);
    hash.update(key);
    hash.finalize().to_vec()
}

/// Deletes up to `batch` answers that are older than a day and says how many there were (S10).
///
/// # Errors
/// The database's.
pub async fn sweep(db: &Db, batch: i64) -> sqlx::Result<u64> {
    store::sweep(db, db.now() + -KEPT, batch).await
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
