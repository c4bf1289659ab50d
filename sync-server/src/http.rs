//! Speaks HTTP over the connections of a [`Listener`].
//!
//! `axum::serve` has no timer: who sends a request a byte a minute would hold its socket for ever. So hyper is asked here,
//! in the same way but with deadlines. Once a connection is a WebSocket, its session keeps the time, and is the first to
//! lose its patience.

mod patient;

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::watch;
use tower::ServiceExt;
use tower_http::timeout::DeadlineBody;

use crate::listener::{Listener, Remote, Stream};
use patient::Patient;

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// To say what it wants. An idle connection is closed as well, later than the proxies we name give up theirs (two minutes).
    pub head: Duration,
    /// To send the rest of the request: a megabyte within it is 28 kbit/s, less than the slowest phones have.
    pub body: Duration,
    /// To take something of an answer, whatever of it is left. The kernel says so when a third of what it holds has gone,
    /// which may be a megabyte on a slow line.
    pub answer: Duration,
}

impl Deadlines {
    pub const USUAL: Self = Self {
        head: Duration::from_secs(150),
        body: Duration::from_secs(300),
        answer: Duration::from_secs(300),
    };
}

/// Serves until `stop`, then answers what is under way.
pub async fn serve(
    mut listener: Listener,
    router: Router,
    deadlines: Deadlines,
    stop: impl Future<Output = ()>,
) {
    let mut stop = pin!(stop);
    // Every connection hears of the end by the one, and says by letting go of the other that it has ended.
    let (ending, ended) = watch::channel(());
    let (open, held) = watch::channel(());
    loop {
        let (stream, remote) = tokio::select! {
            connection = listener.accept() => connection,
            () = &mut stop => break,
        };
        let (router, ended, held) = (router.clone(), ended.clone(), held.clone());
        tokio::spawn(async move {
            converse(stream, remote, router, deadlines, ended).await;
            drop(held);
        });
    }
    drop((listener, ending, held));
    open.closed().await;
}

async fn converse(
    stream: Stream,
    remote: Remote,
    router: Router,
    deadlines: Deadlines,
    mut ended: watch::Receiver<()>,
) {
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(remote));
        let request = request.map(|body| Body::new(DeadlineBody::new(deadlines.body, body)));
        answer(router.clone(), request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(deadlines.head)
        .serve_connection(
            TokioIo::new(Patient::new(stream, deadlines.answer)),
            service,
        )
        .with_upgrades();
    let mut connection = pin!(connection);
    let result = tokio::select! {
        result = &mut connection => result,
        // Its other end is gone: nothing is ever sent.
        _ = ended.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, remote = %remote.0, "a connection ended");
    }
}

async fn answer(router: Router, request: Request) -> Result<Response, Infallible> {
    router.oneshot(request).await
}
