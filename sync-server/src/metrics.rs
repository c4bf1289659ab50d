//! Numbers for Prometheus. One field per family; whoever counts, counts here.

use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use crdt_model::document::Hash;
use crdt_model::sync::message::Disposition;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::app::SharedApp;

/// Upper bounds in seconds: from a cached file to a request that waited for the database.
const BUCKETS: [f64; 9] = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
const GROUP_BUCKETS: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    pub route: String,
    pub method: &'static str,
    pub status: u16,
}

/// What became of a pushed change: accepted, known, held, refused or rebase.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ChangeLabels {
    pub result: &'static str,
}

pub struct Metrics {
    registry: Registry,
    pub requests: Family<RequestLabels, Counter>,
    pub request_seconds: Histogram,
    pub database_up: Gauge,
    pub connections: Gauge,
    pub pushes: Counter,
    pub pushes_failed: Counter,
    pub push_group_size: Histogram,
    pub ack_seconds: Histogram,
    pub changes: Family<ChangeLabels, Counter>,
    pub rows: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("viornet");
        let requests = Family::default();
        let request_seconds = Histogram::new(BUCKETS);
        let database_up = Gauge::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register(
            "http_request_seconds",
            "Time to answer a request",
            request_seconds.clone(),
        );
        registry.register(
            "database_up",
            "Whether PostgreSQL answers",
            database_up.clone(),
        );
        let connections = Gauge::default();
        let pushes = Counter::default();
        let pushes_failed = Counter::default();
        let push_group_size = Histogram::new(GROUP_BUCKETS);
        let ack_seconds = Histogram::new(BUCKETS);
        let changes = Family::default();
        let rows = Counter::default();
        registry.register("connections", "Open WebSockets", connections.clone());
        registry.register("pushes", "Batches received", pushes.clone());
        registry.register(
            "pushes_failed",
            "Batches that were not judged",
            pushes_failed.clone(),
        );
        registry.register(
            "push_group_size",
            "Batches that shared one commit",
            push_group_size.clone(),
        );
        registry.register(
            "ack_seconds",
            "Time from a batch to its acknowledgement",
            ack_seconds.clone(),
        );
        registry.register("changes", "Pushed changes by result", changes.clone());
        registry.register(
            "log_rows",
            "Rows committed to the log, the relay's own included",
            rows.clone(),
        );
        Self {
            registry,
            requests,
            request_seconds,
            database_up,
            connections,
            pushes,
            pushes_failed,
            push_group_size,
            ack_seconds,
            changes,
            rows,
        }
    }

    pub fn count_results(&self, results: &[(Hash, Disposition)]) {
        for (_, disposition) in results {
            let result = match disposition {
                Disposition::Accepted => "accepted",
                Disposition::Known => "known",
                Disposition::Held(..) => "held",
                Disposition::Refused(_) => "refused",
                Disposition::Rebase => "rebase",
            };
            self.changes.get_or_create(&ChangeLabels { result }).inc();
        }
    }

    /// The text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a string takes whatever is written to it");
        text
    }
}

/// Counts and logs each request. Query strings and bodies are never logged.
pub async fn observe(State(app): State<SharedApp>, request: Request, next: Next) -> Response {
    let method = name_of(request.method());
    // Not the path itself: whoever scans us must not make a time series of every name he tries.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("(file)", MatchedPath::as_str)
        .to_owned();
    let began = tokio::time::Instant::now();
    let response = next.run(request).await;
    let elapsed: Duration = began.elapsed();
    let status = response.status().as_u16();
    tracing::debug!(
        method,
        route,
        status,
        elapsed_ms = elapsed.as_millis(),
        "answered"
    );
    app.metrics
        .requests
        .get_or_create(&RequestLabels {
            route,
            method,
            status,
        })
        .inc();
    app.metrics.request_seconds.observe(elapsed.as_secs_f64());
    response
}

/// Methods are free text in HTTP, as paths are.
fn name_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
