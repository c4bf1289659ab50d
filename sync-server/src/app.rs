//! What every request can reach.

use std::sync::Arc;

use sqlx::PgPool;
use tokio::sync::Semaphore;

use crate::auth::password::Passwords;
use crate::clock::Clock;
use crate::gate::Gate;
use crate::keys::{Keys, KeysError};
use crate::metrics::Metrics;
use crate::relay::{Relay, wake};

/// Each of these keeps one connection to PostgreSQL busy at a time; together they leave some for everything else.
const ARRIVALS_AT_ONCE: usize = 6;
const HELLOS_AT_ONCE: usize = 8;
const READINGS_AT_ONCE: usize = 6;
/// A second or two of work.
const ARRIVALS_WAITING_MAX: usize = 512;
/// More than can be on their way with a ticket, as a rule.
const HELLOS_WAITING_MAX: usize = 2_048;
/// Every device of a large organisation, when it was restored or its staff changes.
const READINGS_WAITING_MAX: usize = 16_384;

/// One running server.
pub struct App {
    pub pool: PgPool,
    pub clock: Clock,
    pub keys: Keys,
    pub passwords: Passwords,
    pub metrics: Metrics,
    pub relay: Arc<Relay>,
    /// For devices that ask to be let in: refreshed sessions and tickets.
    pub arrivals: Gate,
    /// For connections that say who they are.
    pub hellos: Gate,
    /// For what connections read beside the log: their rights, and all of their documents in a comparison.
    pub readings: Gate,
    /// Whoever makes an export holds its only permit.
    pub exports: Arc<Semaphore>,
    /// The origins of our own pages, as browsers write them.
    pub origins: Vec<String>,
}

pub type SharedApp = Arc<App>;

impl App {
    pub async fn new(
        pool: PgPool,
        clock: Clock,
        origins: Vec<String>,
    ) -> Result<SharedApp, KeysError> {
        Self::with_relay(pool, clock, origins, Relay::new()).await
    }

    pub async fn with_relay(
        pool: PgPool,
        clock: Clock,
        origins: Vec<String>,
        relay: Relay,
    ) -> Result<SharedApp, KeysError> {
        let keys = Keys::load(&pool, &clock).await?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let passwords = Passwords::new(cores);
        let app = Arc::new(Self {
            pool,
            clock,
            keys,
            passwords,
            metrics: Metrics::new(),
            relay: Arc::new(relay),
            arrivals: Gate::new(ARRIVALS_AT_ONCE, ARRIVALS_WAITING_MAX),
            hellos: Gate::new(HELLOS_AT_ONCE, HELLOS_WAITING_MAX),
            readings: Gate::new(READINGS_AT_ONCE, READINGS_WAITING_MAX),
            exports: Arc::new(Semaphore::new(1)),
            origins,
        });
        wake::start(&app);
        Ok(app)
    }
}
