//! Forms as browsers really post them: twice, late, and again with a reload.
//!
//! Every form carries a key ([`crate::ui::FormGuard`]). What is posted with a key is done once, to its end, whether or
//! not the browser still waits: a double click aborts the first of two requests. The second is answered as the first
//! was, cookies included. A page that tells what was done is shown after a redirect, by a [`ShownOnce`], so that a reload
//! asks again for a page and never for the deed.
//!
//! A form without a key is a script's, or of a page that an older version made: it is done each time, and answered at
//! once.

mod replays;
mod shown_once;

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Method},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use self::replays::{Kept, Replays, Turn};
pub use self::shown_once::{ShownOnce, shown};
use crate::{
    db::Db,
    http::{
        cookie::{self, SessionCookie},
        extract::{self, Form},
        problem::Problem,
    },
    secret::Secret,
    ui::FORM_KEY,
};

/// What a form's key begins with. It has the shape and the checksum of a token.
const PREFIX: &str = "form";

/// How long a form may take: as long as the browser may wait.
const LONGEST: Duration = Duration::from_secs(30);

/// The form this request posted, for layers and pages that need it besides the handler.
#[derive(Clone, Debug)]
pub struct Posted {
    /// What was posted.
    pub form: Form,
    /// Whether it came with a key, from a page of ours.
    pub keyed: bool,
}

/// A key for the forms of one page. None where the operating system gives no randomness.
pub fn new_key() -> Option<String> {
    Secret::generate(PREFIX).ok().map(|key| key.reveal().to_owned())
}

/// What the layer of forms needs.
#[derive(Clone, Debug)]
pub struct Forms {
    db: Db,
    cookie: SessionCookie,
    replays: Replays,
}

impl Forms {
    /// For the pages behind `cookie`.
    pub fn new(db: &Db, cookie: SessionCookie) -> Self {
        Self { db: db.clone(), cookie, replays: Replays::default() }
    }

    /// The session the request comes with, hashed; of several cookies of that name, all.
    fn session(&self, headers: &HeaderMap) -> Option<Vec<u8>> {
        let mut hash = Sha256::new();
        let mut any = false;
        for value in cookie::values(headers, self.cookie.name) {
            hash.update(value);
            any = true;
        }
        any.then(|| hash.finalize().to_vec())
    }
}

/// Stands outside the session layers, whose cookies belong to the answer, and inside the same-origin guard.
pub async fn layer(State(forms): State<Forms>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let secure = forms.cookie.secure;
    if parts.method != Method::POST || extract::essence(&parts.headers) != extract::FORM {
        if let Some(shown) = ShownOnce::brought(&parts.headers, secure) {
            parts.extensions.insert(shown);
        }
        let response = next.run(Request::from_parts(parts, body)).await;
        return shown_once::write_cookie(response, secure);
    }

    let bytes = match extract::read(Request::from_parts(parts.clone(), body), &()).await {
        Ok(bytes) => bytes,
        Err(problem) => return problem.into_response(),
    };
    let form = Form::parse(&bytes);
    let key = Secret::parse(PREFIX, &form.text(FORM_KEY));
    parts.extensions.insert(Posted { form, keyed: key.is_some() });
    let (session, place) = (forms.session(&parts.headers), parts.uri.to_string());
    let request = Request::from_parts(parts, Body::from(bytes.clone()));
    let Some(key) = key else { return next.run(request).await };

    let asked = fingerprint(&[key.reveal().as_bytes(), place.as_bytes(), &bytes]);
    match forms.replays.turn(asked, session.clone(), forms.db.now()) {
        Turn::First(first) => {
            let name = forms.cookie.name;
            let answer = forms.db.run_to_completion(async move {
                let response = timeout(LONGEST, next.run(request)).await;
                let late = |_| Problem::Unavailable("a form took too long".into()).into_response();
                let response = shown_once::write_cookie(response.unwrap_or_else(late), secure);
                let kept = Kept::of(response, name, session).await?;
                first.answered(&kept);
                Ok::<_, Problem>(kept)
            });
            answer.await.map_or_else(IntoResponse::into_response, Kept::into_response)
        }
        Turn::Again(again) => again.await.map_or_else(IntoResponse::into_response, Kept::into_response),
        Turn::Another => next.run(request).await,
    }
}

/// No two lists of parts have one.
fn fingerprint(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}
