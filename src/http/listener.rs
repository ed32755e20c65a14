//! The listener: our own loop, because `axum::serve` has no limits and may wait forever at shutdown (T19).

mod stream;

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{Router, body::Body, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::Semaphore,
    time::timeout,
};
use tower::ServiceExt;

pub use self::stream::Listener;
pub(crate) use self::stream::Stream;
use super::host::OverTheWire;
use crate::http::{
    client::Peer,
    connection_limits::{Gate, Progress},
    request_bodies,
    slow_clients::Wire,
    tls::Tls,
};

/// The largest request line and headers together, in bytes.
const HEADER_LIMIT: usize = 32 * 1024;
/// How many refused connections get a response at the same time.
const TURNED_AWAY: usize = 64;
/// The response to a refused connection.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n\
    content-length: 177\r\ncache-control: no-store\r\nretry-after: 2\r\nconnection: close\r\n\r\n\
    {\"type\":\"urn:vestibule:problem:unavailable\",\"title\":\"Temporarily unavailable\",\"status\":503,\
    \"detail\":\"Too many connections are open. Try again in a moment.\",\"code\":\"unavailable\"}";

/// Serves `app` until `stop` resolves, then waits for running requests, up to the grace period of `gate` (S44). Several
/// listeners may share one gate.
pub async fn serve(listener: impl Into<Listener>, app: Router, gate: Gate, stop: impl Future<Output = ()>) {
    serve_over(listener, None, app, gate, stop).await;
}

/// The same, over TLS if there is a certificate.
pub async fn serve_over(
    listener: impl Into<Listener>,
    tls: Option<Tls>,
    app: Router,
    gate: Gate,
    stop: impl Future<Output = ()>,
) {
    let listener = listener.into();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).max_buf_size(HEADER_LIMIT);
    let running = GracefulShutdown::new();
    let turned_away = Arc::new(Semaphore::new(TURNED_AWAY));
    let mut stop = std::pin::pin!(stop);

    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Most likely out of file descriptors. Try again when some may have been closed.
                    tracing::warn!(%error, "connection not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let Some(ticket) = gate.enter(peer) else {
            if let Ok(permit) = turned_away.clone().try_acquire_owned() {
                tokio::spawn(async move {
                    turn_away(stream).await;
                    drop(permit);
                });
            }
            continue;
        };
        let (progress, idle) = (Progress::new(gate.clone()), gate.idle(peer));
        // `Wire` measures idle time and the head separately. hyper has one timeout for both, as a second bound.
        http.header_read_timeout(idle + gate.timeouts().head);
        let wire = Wire::new(stream, progress.clone(), idle);
        let app = app.clone();
        let Some(tls) = &tls else {
            let connection = running.watch(connection(&http, wire, peer, progress, app));
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "connection ended early");
                }
                drop(ticket);
            });
            continue;
        };
        let (shaken, watcher, http) = (tls.accept(wire), running.watcher(), http.clone());
        tokio::spawn(async move {
            match shaken.await {
                Ok(stream) => {
                    if let Err(error) = watcher.watch(connection(&http, stream, peer, progress, app)).await {
                        tracing::debug!(%error, "connection ended early");
                    }
                }
                Err(error) => tracing::debug!(%error, "no TLS"),
            }
            drop(ticket);
        });
    }

    drop(listener);
    tracing::info!("stopping: waiting for running requests");
    if timeout(gate.timeouts().grace, running.shutdown()).await.is_err() {
        let seconds = gate.timeouts().grace.as_secs_f32();
        tracing::warn!(connections = gate.open(), "some requests did not finish in {seconds} s");
    }
}

/// Sends the reason, and reads what the client sends meanwhile. Otherwise it would see a reset instead.
async fn turn_away(mut stream: Stream) {
    let said = async {
        stream.write_all(FULL).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(1 << 20), &mut tokio::io::sink()).await
    };
    let _ = timeout(Duration::from_secs(1), said).await;
}

fn connection<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    http: &http1::Builder,
    stream: S,
    peer: Peer,
    progress: Arc<Progress>,
    app: Router,
) -> http1::Connection<
    TokioIo<S>,
    impl hyper::service::HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send> + use<S>,
> {
    let service = service_fn(move |mut request: Request<Incoming>| {
        let busy = progress.begin();
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(OverTheWire);
        let method = request.method().clone();
        let answer = app.clone().oneshot(request_bodies::received(request, &busy));
        async move { answer.await.map(|response| request_bodies::answered(response, &method, busy)) }
    });
    http.serve_connection(TokioIo::new(stream), service)
}
