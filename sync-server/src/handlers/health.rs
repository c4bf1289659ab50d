//! For whoever watches the server: is it alive, can it work, how much does it do.

use std::time::Duration;

use axum::Extension;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::SharedApp;
use crate::database;
use crate::listener::Remote;
use crate::problem::Problem;

const READY_TIMEOUT: Duration = Duration::from_secs(2);

/// `GET /healthz`: the process runs.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: PostgreSQL answers, so requests can be served.
pub async fn ready(State(app): State<SharedApp>) -> Result<&'static str, Problem> {
    match tokio::time::timeout(READY_TIMEOUT, database::is_ready(&app.pool)).await {
        Ok(true) => Ok("ok\n"),
        _ => Err(Problem::unavailable()),
    }
}

/// `GET /metrics`, for a Prometheus on this machine: what comes through a proxy is from elsewhere.
pub async fn metrics(
    State(app): State<SharedApp>,
    remote: Option<Extension<ConnectInfo<Remote>>>,
    headers: HeaderMap,
) -> Response {
    let is_local =
        remote.is_some_and(|Extension(ConnectInfo(Remote(address)))| address.ip().is_loopback());
    let is_forwarded =
        headers.contains_key(header::FORWARDED) || headers.contains_key("x-forwarded-for");
    if !is_local || is_forwarded {
        return StatusCode::NOT_FOUND.into_response();
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], app.metrics.text()).into_response()
}
