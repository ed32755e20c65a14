//! Request bodies with a time limit, and response bodies that are counted until they are read.

use std::{
    error::Error,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{Method, Request, header},
    response::{IntoResponse, Response},
};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::{
    runtime::Handle,
    time::{Sleep, sleep, timeout},
};

use crate::http::{
    body_timeout::BodyTimeout,
    connection_limits::Busy,
    negotiation::EVENT_STREAM,
    problem::{Problem, problem_response},
    request_id::RequestId,
};

/// Up to how many bytes, and for how long, the rest of a refused body is read and discarded, so that its sender (a
/// proxy above all) goes on to read the response and can reuse the connection (RFC 9112 section 9.6).
const REST_LIMIT: usize = 8 << 20;
const REST_TIME: Duration = Duration::from_secs(10);
/// In bytes. A response up to this size is always sent.
const SMALL: usize = 64 << 10;

/// `request` with a time limit on its body.
pub(crate) fn received(request: Request<Incoming>, busy: &Busy) -> Request<Body> {
    let expects = request.headers().contains_key(header::EXPECT);
    request.map(|body| {
        if body.is_end_stream() {
            return Body::empty();
        }
        let time = busy.progress().gate().timeouts().body;
        Body::new(Received { rest: Some((body, busy.clone())), timer: Box::pin(sleep(time)), asked: !expects })
    })
}

struct Received {
    /// The rest of the body; `None` once it is complete or has failed.
    rest: Option<(Incoming, Busy)>,
    timer: Pin<Box<Sleep>>,
    /// Whether the client was told to send the body. One that waits for `100 Continue` sends nothing before.
    asked: bool,
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.asked = true;
        let Some((body, _)) = &mut self.rest else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        match polled {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(Ok(frame))),
            Poll::Ready(ended) => {
                self.rest = None;
                Poll::Ready(ended.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending if self.timer.as_mut().poll(context).is_ready() => {
                if let Some((_, busy)) = self.rest.take() {
                    busy.progress().leave_unread();
                }
                Poll::Ready(Some(Err(BodyTimeout.into())))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.as_ref().is_none_or(|(body, _)| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), |(body, _)| body.size_hint())
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        let Some((mut body, busy)) = self.rest.take().filter(|(body, _)| !body.is_end_stream()) else { return };
        let runtime = Handle::try_current().ok().filter(|_| self.asked);
        let Some(runtime) = runtime else { return busy.progress().leave_unread() };
        runtime.spawn(async move {
            let rest = async {
                let mut left = REST_LIMIT;
                while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
                    left = left.checked_sub(frame.ok()?.data_ref().map_or(0, Bytes::len))?;
                }
                Some(())
            };
            if !matches!(timeout(REST_TIME, rest).await, Ok(Some(()))) {
                busy.progress().leave_unread();
            }
        });
    }
}

/// `response` to a request with `method`, counted until it is read, or 503 if too much is unread already.
pub(crate) fn answered(response: Response, method: &Method, busy: Busy) -> Response {
    let progress = busy.progress();
    if response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == EVENT_STREAM) {
        // It is made as it is read, so no more of it is in memory than what is counted as it goes by.
        progress.answers(Some(0));
        return response.map(|body| Body::new(Answer { body, unknown: true, counts: true, busy }));
    }
    let size = response.body().size_hint().exact().map(|size| usize::try_from(size).unwrap_or(usize::MAX));
    let large = size.is_none_or(|size| size > SMALL);
    // Only `GET` is refused: another method may have changed something, and the client must learn of it.
    let response = if large && method == Method::GET && !progress.gate().has_room_for(size.unwrap_or_default()) {
        refused(response)
    } else {
        progress.answers(size);
        response
    };
    response.map(|body| Body::new(Answer { body, unknown: size.is_none(), counts: false, busy }))
}

fn refused(mut response: Response) -> Response {
    let problem = Problem::Unavailable("too many responses wait for slow clients".into());
    let retry = problem.clone().into_response().headers_mut().remove(header::RETRY_AFTER);
    let headers = response.headers_mut();
    for name in [header::ETAG, header::CONTENT_ENCODING, header::CONTENT_DISPOSITION, header::LAST_MODIFIED] {
        headers.remove(name);
    }
    if let Some(retry) = retry {
        headers.insert(header::RETRY_AFTER, retry);
    }
    let id = RequestId::told(headers);
    problem_response(response, &problem, &id)
}

struct Answer {
    body: Body,
    unknown: bool,
    /// Whether each piece is counted when it is made.
    counts: bool,
    busy: Busy,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let (true, Poll::Ready(Some(Ok(frame)))) = (self.counts, &polled) {
            self.busy.progress().answers(Some(frame.data_ref().map_or(0, Bytes::len)));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // A streamed response holds no memory once its last chunk is sent.
        if self.unknown {
            self.busy.progress().sent(usize::MAX);
        }
    }
}
