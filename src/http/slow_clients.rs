//! A connection as a client may use it: not without end, and not for nothing.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep},
};

use crate::http::connection_limits::Progress;

/// Of an answer a client takes at least so much in the time it may stall: who reads a byte a minute reads nothing.
const LEAST: usize = 4096;
/// How long who reads nothing is borne where memory runs short, and how long who asks nothing where connections do.
const SHORT: Duration = Duration::from_secs(1);
const CROWDED: Duration = Duration::from_secs(5);
/// For so long, and for so many bytes, what a client still sends is thrown away before the connection is closed: closed at
/// once, it would be reset, and the answer lost with it (RFC 9112 section 9.6).
const LINGER: Duration = Duration::from_secs(2);
const LINGER_LIMIT: usize = 4 << 20;

/// The stream, with an eye on the clock.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    progress: Arc<Progress>,
    idle: Duration,
    timer: Pin<Box<Sleep>>,
    /// When anything last went out, or a request came in.
    last: Instant,
    /// When the head of the next request began.
    head: Option<Instant>,
    /// How many requests had come when that was last looked at.
    served: usize,
    /// Since when the client takes nothing, and the little it took since.
    stalled: Option<Instant>,
    taken: usize,
    /// Until when to linger, and how much may still come.
    linger: Option<(Instant, usize)>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, progress: Arc<Progress>, idle: Duration) -> Self {
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

    /// Notices that a request has come since, so that what is read next is another's head.
    fn look(&mut self) {
        let served = self.progress.served();
        if served != self.served {
            (self.served, self.head, self.last) = (served, None, Instant::now());
        }
    }

    /// When the client has to have sent something.
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

    /// Whether it is too late for what the client has to send. If not, the task looks again by itself.
    fn is_overdue(&mut self, context: &mut Context<'_>) -> bool {
        let due = self.due();
        // While a request runs there is nothing to wait for, and afterwards there is.
        let deadline = due.unwrap_or_else(|| Instant::now() + 2 * CROWDED);
        self.is_late(context, deadline, CROWDED) && due.is_some()
    }

    /// Whether it is `deadline`. If not, the task is woken then, or after `step`, since what it depends on may change.
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
                    // What the system holds for this client goes too.
                    let _ = self.stream.set_zero_linger();
                    return Poll::Ready(Err(late("the client takes nothing of the answer")));
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
        // An end of the stream is no error where nothing had begun.
        Poll::Ready(if this.head.is_some() { Err(late("the head of a request takes too long")) } else { Ok(()) })
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

    /// Asked where nothing is left to write.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.stalled = None;
        this.look();
        // hyper may not read again before something arrives, so the clock for the next request is set here.
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
