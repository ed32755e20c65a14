//! The listener: our own loop, because `axum::serve` sets no limits and waits for ever at shutdown (T19).

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{Router, body::Body, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tower::ServiceExt;

use super::host::OverTheWire;
use crate::http::{
    client::Peer,
    connection_limits::{Gate, Progress},
    request_bodies,
    slow_clients::Wire,
};

/// The longest request line and headers together.
const HEADER_LIMIT: usize = 32 * 1024;
/// To how many who are turned away at once it is said why.
const TURNED_AWAY: usize = 64;
/// What they are told.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n\
    content-length: 177\r\ncache-control: no-store\r\nretry-after: 2\r\nconnection: close\r\n\r\n\
    {\"type\":\"urn:vestibule:problem:unavailable\",\"title\":\"Temporarily unavailable\",\"status\":503,\
    \"detail\":\"Too many connections are open. Try again in a moment.\",\"code\":\"unavailable\"}";

/// Serves `app` until `stop`, then lets what runs come to its end, for as long as `gate` says (S44). Several listeners share
/// one gate.
pub async fn serve(listener: TcpListener, app: Router, gate: Gate, stop: impl Future<Output = ()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).max_buf_size(HEADER_LIMIT);
    let running = GracefulShutdown::new();
    let turned_away = Arc::new(Semaphore::new(TURNED_AWAY));
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
        let Some(ticket) = gate.enter(peer.0) else {
            if let Ok(permit) = turned_away.clone().try_acquire_owned() {
                tokio::spawn(async move {
                    turn_away(stream).await;
                    drop(permit);
                });
            }
            continue;
        };
        let connection = running.watch(connection(&mut http, stream, peer, &gate, app.clone()));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended early");
            }
            drop(ticket);
        });
    }

    drop(listener);
    tracing::info!("stopping: finishing what runs");
    if timeout(gate.timeouts().grace, running.shutdown()).await.is_err() {
        let seconds = gate.timeouts().grace.as_secs_f32();
        tracing::warn!(connections = gate.open(), "some requests did not finish in {seconds} s");
    }
}

/// Says why, to whoever listens, and takes what they send meanwhile, or they would see a reset instead.
async fn turn_away(mut stream: TcpStream) {
    let said = async {
        stream.write_all(FULL).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(1 << 20), &mut tokio::io::sink()).await
    };
    let _ = timeout(Duration::from_secs(1), said).await;
}

fn connection(
    http: &mut http1::Builder,
    stream: TcpStream,
    peer: Peer,
    gate: &Gate,
    app: Router,
) -> http1::Connection<
    TokioIo<Wire>,
    impl hyper::service::HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send> + use<>,
> {
    let _ = stream.set_nodelay(true);
    let (progress, idle) = (Progress::new(gate.clone()), gate.idle(peer.0));
    let wire = Wire::new(stream, progress.clone(), idle);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let busy = progress.begin();
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(OverTheWire);
        let method = request.method().clone();
        let answer = app.clone().oneshot(request_bodies::received(request, &busy));
        async move { answer.await.map(|response| request_bodies::answered(response, &method, busy)) }
    });
    // The wire measures both apart. For hyper they are one: it bounds what arrives behind the request before.
    http.header_read_timeout(idle + gate.timeouts().head);
    http.serve_connection(TokioIo::new(wire), service)
}
