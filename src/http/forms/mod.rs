//! Forms as browsers really post them: twice, late, and again on reload.
//!
//! Every form has a key ([`crate::ui::FormGuard`]). A post with a key is processed once and to completion, even if
//! the browser no longer waits: a double click aborts the first of two requests. The second one gets the response to
//! the first, with its cookies. The result is shown after a redirect, by a [`ShownOnce`], so that a reload requests
//! the page again and does not repeat the post.
//!
//! A form without a key comes from a script, or from a page of an older version. It is processed every time.

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

/// The prefix of a form's key, which has the format and the checksum of a token.
const PREFIX: &str = "form";

/// How long a form may take. The browser waits as long.
const LONGEST: Duration = Duration::from_secs(30);

/// The form of this request, for layers and pages that need it besides the handler.
#[derive(Clone, Debug)]
pub struct Posted {
    /// The values.
    pub form: Form,
    /// Whether it has a key, so that it comes from one of our pages.
    pub keyed: bool,
}

/// A key for the forms of one page, or `None` if the operating system has no randomness.
pub fn new_key() -> Option<String> {
    Secret::generate(PREFIX).ok().map(|key| key.reveal().to_owned())
}

/// The state of the forms layer.
#[derive(Clone, Debug)]
pub struct Forms {
    db: Db,
    cookie: SessionCookie,
    replays: Replays,
}

impl Forms {
    /// For pages whose session is in `cookie`.
    pub fn new(db: &Db, cookie: SessionCookie) -> Self {
        Self { db: db.clone(), cookie, replays: Replays::default() }
    }

    /// A hash of the session cookie of the request, or of all cookies of that name if there are several.
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

/// Processes each form once. It belongs outside of the session layers, because their cookies are part of the
/// response, and inside of the same-origin guard.
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

/// A hash of `parts`, different for every list of parts.
fn fingerprint(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}
