//! The body of a stream: the text of its events, as the client reads them (HTML, "Server-sent events").

use std::{
    convert::Infallible,
    fmt::Write,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Bytes;
use hyper::body::{Body, Frame};
use serde_json::json;

use super::model::ChangeEvent;
use crate::auth::event_streams::{Change, Stream, Told};

/// It makes the next piece of text when the connection has room for it, so a client that does not read costs no memory.
pub(super) struct Events(Option<Next>);

type Next = Pin<Box<dyn Future<Output = Option<(Bytes, Source)>> + Send>>;

/// Where the text comes from.
struct Source {
    stream: Stream,
    /// The resources that the caller may be told of.
    resources: Vec<&'static str>,
}

impl Events {
    pub(super) fn new(stream: Stream, resources: Vec<&'static str>) -> Self {
        Self(Some(Box::pin(Source { stream, resources }.next())))
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(next) = &mut self.0 else { return Poll::Ready(None) };
        let made = ready!(next.as_mut().poll(context));
        let (text, source) = made.unzip();
        self.0 = source.map(|source| -> Next { Box::pin(source.next()) });
        Poll::Ready(text.map(|text| Ok(Frame::data(text))))
    }
}

impl Source {
    /// The next text, once there is some; `None` at the end.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        loop {
            let text = match self.stream.next().await? {
                Told::Ready(id) => self.whole("ready", id),
                Told::Reset(id) => self.whole("reset", id),
                Told::CaughtUp(id) => self.whole("caught_up", id),
                Told::Changes(changes) => self.changed(&changes),
                Told::Nothing => ":\n\n".into(),
                Told::Ended => "event: end\ndata: {}\n\n".into(),
            };
            if !text.is_empty() {
                return Some((text.into(), self));
            }
        }
    }

    /// An event about all that the stream covers.
    fn whole(&self, kind: &str, id: i64) -> String {
        let (retry, data) = (self.stream.retry(), json!({"resources": self.resources}));
        format!("retry: {retry}\nevent: {kind}\nid: {id}\ndata: {data}\n\n")
    }

    fn changed(&self, changes: &[Change]) -> String {
        let mut text = String::new();
        for Change { id, resource, item_id, version, kind } in changes {
            if !self.resources.contains(&resource.as_str()) {
                continue;
            }
            let data = ChangeEvent { resource, id: *item_id, version: *version };
            let data = serde_json::to_string(&data).unwrap_or_default();
            // Writing to a string does not fail.
            let _ = write!(text, "event: {kind}\nid: {id}\ndata: {data}\n\n");
        }
        text
    }
}
