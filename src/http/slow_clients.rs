//! The stream of a connection, with timeouts for clients that send or read too slowly.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use crate::http::{connection_limits::Progress, listener::Stream};

/// How many bytes a client has to read before its stall ends: one byte a minute does not count as reading.
const LEAST: usize = 4096;
/// How long a client may stall when memory is short, and be idle when few connections are left.
const SHORT: Duration = Duration::from_secs(1);
const CROWDED: Duration = Duration::from_secs(5);
/// For how long, and how many bytes, the server reads and discards what a client still sends before it closes the
/// connection: closed at once, the connection would be reset and the response lost (RFC 9112 section 9.6).
const LINGER: Duration = Duration::from_secs(2);
const LINGER_LIMIT: usize = 4 << 20;

/// A stream that fails with a timeout when the client is too slow.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: Stream,
    progress: Arc<Progress>,
    idle: Duration,
    timer: Pin<Box<Sleep>>,
    /// When bytes last went out, or a request came in.
    last: Instant,
    /// When the head of the next request began to arrive.
    head: Option<Instant>,
    /// The number of requests at the last look.
    served: usize,
    /// Since when the client has stalled, and how many bytes it read since.
    stalled: Option<Instant>,
    taken: usize,
    /// Until when to linger, and how many bytes may still come.
    linger: Option<(Instant, usize)>,
}

impl Wire {
    pub(crate) fn new(stream: Stream, progress: Arc<Progress>, idle: Duration) -> Self {
        let now = Instant::now();
        Self {
            stream,
            progress,
            idle,
            timer: Box::pin(sleep(Duration::ZERO)),
            last: now,
            head: Some(now),
            served: 0,
            stalled: None,
            taken: 0,
            linger: None,
        }
    }

    /// Notices a new request, so that the next bytes are the head of another one.
    fn look(&mut self) {
        let served = self.progress.served();
        if served != self.served {
            (self.served, self.head, self.last) = (served, None, Instant::now());
        }
    }

    /// When the client must have sent more, if it has to.
    fn due(&self) -> Option<Instant> {
        let gate = self.progress.gate();
        if self.progress.is_busy() {
            return None;
        }
        if let Some(begun) = self.head {
            return Some(begun + gate.timeouts().head);
        }
        let idle = if gate.is_crowded() { self.idle.min(CROWDED) } else { self.idle };
        self.stalled.is_none().then(|| self.last + idle)
    }

    /// Whether the client has missed its deadline to send. If not, the task is woken to check again.
    fn is_overdue(&mut self, context: &mut Context<'_>) -> bool {
        let due = self.due();
        // A running request has no deadline, but the task has to be woken for the time after it.
        let deadline = due.unwrap_or_else(|| Instant::now() + 2 * CROWDED);
        self.is_late(context, deadline, CROWDED) && due.is_some()
    }

    /// Whether `deadline` has passed. If not, the task is woken then, or after `step`, because the deadline may change.
    fn is_late(&mut self, context: &mut Context<'_>, deadline: Instant, step: Duration) -> bool {
        loop {
            let now = Instant::now();
            if now >= deadline {
                return true;
            }
            let soon = deadline.min(now + step);
            if self.timer.is_elapsed() || self.timer.deadline() > soon {
                self.timer.as_mut().reset(soon);
            }
            if self.timer.as_mut().poll(context).is_pending() {
                return false;
            }
        }
    }

    fn wrote(&mut self, context: &mut Context<'_>, wrote: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match wrote {
            Poll::Ready(Ok(size)) => {
                self.last = Instant::now();
                self.progress.sent(size);
                self.taken = self.taken.saturating_add(size);
                if self.taken >= LEAST {
                    self.stalled = None;
                }
                wrote
            }
            Poll::Ready(Err(_)) => wrote,
            Poll::Pending => {
                if self.stalled.is_none() {
                    (self.stalled, self.taken) = (Some(Instant::now()), 0);
                }
                let gate = self.progress.gate();
                let stall = gate.timeouts().stall;
                let patience = if gate.is_short_of_memory() { stall.min(SHORT) } else { stall };
                let since = self.stalled.unwrap_or(self.last);
                if self.is_late(context, since + patience, SHORT) {
                    // Also drops what the operating system has buffered for this client.
                    self.stream.set_zero_linger();
                    return Poll::Ready(Err(late("the client does not read the response")));
                }
                Poll::Pending
            }
        }
    }
}

fn late(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        this.look();
        if read.is_ready() {
            if buffer.filled().len() > before && this.head.is_none() && !this.progress.is_busy() {
                this.head = Some(Instant::now());
            }
            return read;
        }
        if !this.is_overdue(context) {
            return Poll::Pending;
        }
        // Without the beginning of a request, the end of the stream is not an error.
        Poll::Ready(if this.head.is_some() { Err(late("the request head takes too long")) } else { Ok(()) })
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.wrote(context, wrote)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.stream).poll_write_vectored(context, bytes);
        this.wrote(context, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper calls it when nothing is left to write.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.stalled = None;
        this.look();
        // hyper may not poll for reading before bytes arrive, so the timer for the next request is set here.
        this.is_overdue(context);
        Pin::new(&mut this.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
        }
        if !this.progress.left_unread() {
            return Poll::Ready(Ok(()));
        }
        let (until, mut left) = this.linger.unwrap_or((Instant::now() + LINGER, LINGER_LIMIT));
        let mut waste = [0; 8192];
        loop {
            let mut buffer = ReadBuf::new(&mut waste);
            let read = Pin::new(&mut this.stream).poll_read(context, &mut buffer);
            let size = buffer.filled().len();
            this.linger = Some((until, left));
            match read {
                Poll::Ready(Ok(())) if size > 0 && size <= left => left -= size,
                Poll::Pending if !this.is_late(context, until, LINGER) => return Poll::Pending,
                _ => return Poll::Ready(Ok(())),
            }
        }
    }
}
