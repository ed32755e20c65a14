//! The listener: our own loop, because `axum::serve` sets no limits and waits for ever at shutdown (T19).

use std::{convert::Infallible, time::Duration};

use axum::{Router, body::Body, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::client::Peer;

/// How long a client may take to send its headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest request line and headers together.
const HEADER_LIMIT: usize = 32 * 1024;
/// How long running requests may go on after the signal (S44).
const GRACE: Duration = Duration::from_secs(30);

/// Serves `app` until `stop`, then lets what runs come to its end.
pub async fn serve(listener: TcpListener, app: Router, stop: impl Future<Output = ()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(HEADER_LIMIT);
    let running = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);

    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => (stream, Peer(peer.ip())),
                Err(error) => {
                    // Out of file descriptors, most likely: accepting goes on as soon as there are some.
                    tracing::warn!(%error, "connection not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let connection = running.watch(connection(&http, stream, peer, app.clone()));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended early");
            }
        });
    }

    drop(listener);
    tracing::info!("stopping: finishing what runs");
    if tokio::time::timeout(GRACE, running.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in {} s", GRACE.as_secs());
    }
}

fn connection(
    http: &http1::Builder,
    stream: TcpStream,
    peer: Peer,
    app: Router,
) -> http1::Connection<
    TokioIo<TcpStream>,
    impl hyper::service::HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send> + use<>,
> {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        app.clone().oneshot(request.map(Body::new))
    });
    http.serve_connection(TokioIo::new(stream), service)
}
