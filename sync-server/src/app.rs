//! What every request can reach.

use std::sync::Arc;

use sqlx::PgPool;
use tokio::sync::Semaphore;

use crate::auth::password::Passwords;
use crate::clock::Clock;
use crate::keys::{Keys, KeysError};
use crate::metrics::Metrics;
use crate::relay::{Relay, wake};

/// One running server.
pub struct App {
    pub pool: PgPool,
    pub clock: Clock,
    pub keys: Keys,
    pub passwords: Passwords,
    pub metrics: Metrics,
    pub relay: Arc<Relay>,
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
        let keys = Keys::load(&pool, &clock).await?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let passwords = Passwords::new(cores);
        let app = Arc::new(Self {
            pool,
            clock,
            keys,
            passwords,
            metrics: Metrics::new(),
            relay: Arc::new(Relay::new()),
            exports: Arc::new(Semaphore::new(1)),
            origins,
        });
        wake::start(&app);
        Ok(app)
    }
}
