//! One request and its answer.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::{Future, IntoFuture, poll_fn},
    net::{IpAddr, Ipv4Addr},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request as HttpRequest, StatusCode},
};
use hyper::body::{Body as HttpBody, Frame};
use serde_json::Value;
use tokio::{sync::oneshot, task::JoinHandle};
use tower::ServiceExt;
use vestibule::http::client::Peer;

/// A browser's cookies, by name.
pub type Jar = Arc<Mutex<BTreeMap<String, String>>>;

/// A request to come; `.await` sends it.
#[derive(Clone)]
pub struct Request {
    router: Router,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    peer: IpAddr,
    jar: Option<Jar>,
}

impl Request {
    pub fn new(router: Router, method: Method, path: &str) -> Self {
        let peer = Ipv4Addr::LOCALHOST.into();
        Self { router, method, path: path.into(), headers: HeaderMap::new(), body: Bytes::new(), peer, jar: None }
    }

    /// With the cookies in `jar`; those the answer sets go there.
    pub(super) fn with_jar(mut self, jar: &Jar) -> Self {
        self.jar = Some(jar.clone());
        self
    }

    /// From another address than this machine's.
    pub fn at(mut self, address: &str) -> Self {
        self.peer = address.parse().unwrap();
        self
    }

    /// With the header `name`, in place of any other of that name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(HeaderName::try_from(name).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    /// With one more header `name`.
    pub fn append_header(mut self, name: &str, value: &str) -> Self {
        self.headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    /// With all of `headers`.
    pub fn headers(self, headers: &[(&str, &str)]) -> Self {
        headers.iter().fold(self, |ask, (name, value)| ask.header(name, value))
    }

    /// With a bearer token.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With `value` as JSON.
    pub fn json(self, value: Value) -> Self {
        let text = value.to_string();
        drop(value);
        self.body("application/json", text)
    }

    /// With `fields` as a form posts them.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let text = serde_urlencoded::to_string(fields).unwrap();
        self.body("application/x-www-form-urlencoded", text)
    }

    /// With `body`, labelled `kind`.
    pub fn body(self, kind: &str, body: impl Into<Bytes>) -> Self {
        self.header("content-type", kind).unlabelled(body)
    }

    /// With `body`, and nothing that says what it is.
    pub fn unlabelled(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends everything but the body, which waits until it is released.
    pub fn held(self) -> Held {
        let ((reached, begun), (go, released)) = (oneshot::channel(), oneshot::channel());
        let body = HeldBody { reached: Some(reached), released: Some(released), bytes: Some(self.body.clone()) };
        Held { begun, go, reply: tokio::spawn(self.send_with(Body::new(body))) }
    }

    async fn send(self) -> Response {
        let body = Body::from(self.body.clone());
        self.send_with(body).await
    }

    /// Sends it with `body`, and gives the response before its body has come, with what was asked, for messages.
    pub async fn open(mut self, body: Body) -> (String, axum::response::Response) {
        if let Some(jar) = &self.jar
            && !self.headers.contains_key("cookie")
        {
            let pairs: Vec<_> = jar.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
            if !pairs.is_empty() {
                self = self.header("cookie", &pairs.join("; "));
            }
        }
        let asked = format!("{} {}", self.method, self.path);
        let mut request = HttpRequest::builder().method(self.method).uri(&self.path).body(body).unwrap();
        *request.headers_mut() = self.headers;
        request.extensions_mut().insert(Peer::Address(self.peer));
        (asked, self.router.oneshot(request).await.unwrap())
    }

    async fn send_with(self, body: Body) -> Response {
        let jar = self.jar.clone();
        let (asked, response) = self.open(body).await;
        let (parts, body) = response.into_parts();
        // A stream of events does not end by itself.
        let endless = parts.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let body = if endless { Bytes::new() } else { to_bytes(body, usize::MAX).await.unwrap() };
        let reply = Response { asked, status: parts.status, headers: parts.headers, body };
        if let Some(jar) = jar {
            reply.all_cookies().into_iter().for_each(|cookie| cookie.put_into(&jar));
        }
        reply
    }
}

impl IntoFuture for Request {
    type Output = Response;
    type IntoFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// A request in the middle.
pub struct Held {
    begun: oneshot::Receiver<()>,
    go: oneshot::Sender<()>,
    reply: JoinHandle<Response>,
}

impl Held {
    /// Waits until its handler asks for the body: the doors are behind it then.
    pub async fn is_inside(&mut self) {
        (&mut self.begun).await.unwrap();
    }

    /// Lets the body through.
    pub async fn finish(self) -> Response {
        self.go.send(()).unwrap();
        self.reply.await.unwrap()
    }
}

struct HeldBody {
    reached: Option<oneshot::Sender<()>>,
    released: Option<oneshot::Receiver<()>>,
    bytes: Option<Bytes>,
}

impl HttpBody for HeldBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(reached) = self.reached.take() {
            reached.send(()).unwrap();
        }
        if let Some(released) = &mut self.released {
            ready!(Pin::new(released).poll(cx)).unwrap();
            self.released = None;
        }
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// What was asked, for messages.
    pub asked: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// Insists on a status.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.asked, self.text());
        self
    }

    /// The header `name`, empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Whether there is a header `name`.
    pub fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: {error}: {}", self.asked, self.text()))
    }

    /// Insists on an `application/problem+json` answer as the contract describes it, and gives it.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        self.assert_status(status);
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.asked);
        assert_eq!(self.header("cache-control"), "no-store", "{}", self.asked);
        let problem = self.json();
        assert_eq!(problem["code"], code, "{}: {problem}", self.asked);
        assert_eq!(problem["status"], status, "{}", self.asked);
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{}", self.asked);
        assert!(!self.header("x-request-id").is_empty(), "{}", self.asked);
        let mut expected = vec!["code", "detail", "request_id", "status", "title", "type"];
        if code == "validation_failed" {
            expected.insert(2, "errors");
        }
        if code == "rate_limited" {
            expected.insert(2, "limit");
        }
        if code == "second_factor_required" {
            expected.insert(2, "next");
            // At the session door the handle is in a cookie.
            if problem.get("pending").is_some() {
                expected.insert(3, "pending");
            }
        }
        if let Some(see) = problem.get("see") {
            assert!(!see.as_array().unwrap().is_empty());
            expected.insert(expected.len() - 3, "see");
        }
        assert_eq!(members(&problem), expected, "{}", self.asked);
        problem
    }

    /// Insists on a 422 that names `field`, and gives what it says about it.
    #[track_caller]
    pub fn names_field(&self, field: &str) -> String {
        let problem = self.problem(422, "validation_failed");
        let errors = problem["errors"].as_array().unwrap();
        let error = errors.iter().find(|error| error["field"] == field);
        error.unwrap_or_else(|| panic!("{}: no {field:?} in {problem}", self.asked))["message"].as_str().unwrap().into()
    }

    /// Insists on an HTML page, and gives it without the marks Leptos puts between pieces of text.
    #[track_caller]
    pub fn page(&self, status: u16) -> String {
        self.assert_status(status);
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8", "{}", self.asked);
        self.text().replace("<!>", "")
    }

    /// Insists on the way to somewhere else.
    #[track_caller]
    pub fn assert_redirect(&self, path: &str) -> &Self {
        self.assert_status(303);
        assert_eq!(self.header("location"), path, "{}", self.asked);
        self
    }

    /// The cookies it sets, but for the device cookie and the way in that was used last, which say nothing of who is
    /// signed in.
    pub fn set_cookies(&self) -> Vec<SetCookie> {
        let says_nothing = |name: &str| name.ends_with("device") || name.ends_with("last-way");
        self.all_cookies().into_iter().filter(|cookie| !says_nothing(&cookie.name)).collect()
    }

    /// The cookies it sets.
    pub fn all_cookies(&self) -> Vec<SetCookie> {
        self.headers.get_all("set-cookie").iter().map(|line| SetCookie::parse(line.to_str().unwrap())).collect()
    }
}

/// Polls `work` so many times at most and then drops it, as the server does when the client hangs up: at one moment
/// after another, on a fast machine and on a slow one.
pub async fn hang_up_after<F: IntoFuture>(polls: usize, work: F) -> Option<F::Output> {
    let (mut work, mut left) = (Box::pin(work.into_future()), polls);
    poll_fn(move |context| {
        if let Poll::Ready(output) = work.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        left = left.saturating_sub(1);
        if left == 0 { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

/// The names of an object's members, in order.
#[track_caller]
pub fn members(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// What `page` says is wrong with the field `name`, empty if nothing is.
#[track_caller]
pub fn field_error(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!(r#"id="{name}-error""#)).expect("every field has a place for its error");
    let (_, rest) = rest.split_once('>').unwrap();
    rest.split_once("</p>").unwrap().0.to_owned()
}

/// One `Set-Cookie`, read as a browser does.
#[derive(Clone, Debug)]
pub struct SetCookie {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// The attributes as they were written, sorted.
    pub attributes: Vec<String>,
}

impl SetCookie {
    fn parse(line: &str) -> Self {
        let mut parts = line.split(';').map(str::trim);
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let mut attributes: Vec<_> = parts.map(str::to_owned).collect();
        attributes.sort();
        Self { name: name.into(), value: value.into(), attributes }
    }

    fn has(&self, attribute: &str) -> bool {
        self.attributes.iter().any(|given| given.eq_ignore_ascii_case(attribute))
    }

    /// 6265bis, section 5.7: a `__Host-` cookie without the attributes it promises is ignored, a removal too.
    fn put_into(self, jar: &Jar) {
        let has_domain = self.attributes.iter().any(|given| given.to_ascii_lowercase().starts_with("domain"));
        if self.name.starts_with("__Host-") && (!self.has("Secure") || !self.has("Path=/") || has_domain) {
            return;
        }
        let mut jar = jar.lock().unwrap();
        if self.has("Max-Age=0") {
            jar.remove(&self.name);
        } else {
            jar.insert(self.name, self.value);
        }
    }
}
