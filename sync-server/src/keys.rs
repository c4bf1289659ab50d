//! The secrets of the installation: made at the first start, kept in the database, shared by all nodes.

use crdt_model::sealing::SealingSecretKey;
use ring::hmac;
use sqlx::PgPool;

use crate::clock::Clock;
use crate::store;

const TOKENS: &str = "tokens";
const SEALING: &str = "sealing";

/// Why the secrets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("cannot read the server's keys")]
    Database(#[from] sqlx::Error),
    #[error("the server key `{0}` is damaged")]
    Damaged(&'static str),
}

/// The server's own secrets.
pub struct Keys {
    /// Authenticates access and refresh tokens.
    pub tokens: hmac::Key,
    /// Opens what devices seal to us.
    pub sealing: SealingSecretKey,
}

impl Keys {
    /// Reads the keys, making those that do not exist.
    pub async fn load(pool: &PgPool, clock: &Clock) -> Result<Self, KeysError> {
        let tokens = load_or_create(pool, clock, TOKENS).await?;
        let sealing = load_or_create(pool, clock, SEALING).await?;
        Ok(Self {
            tokens: hmac::Key::new(hmac::HMAC_SHA256, &tokens),
            sealing: SealingSecretKey::from_bytes(&sealing)
                .map_err(|_| KeysError::Damaged(SEALING))?,
        })
    }
}

async fn load_or_create(
    pool: &PgPool,
    clock: &Clock,
    name: &'static str,
) -> Result<[u8; 32], KeysError> {
    let mut connection = pool.acquire().await?;
    let secret = match store::server_keys::find(&mut connection, name).await? {
        Some(secret) => secret,
        // Another node may be doing the same: whoever is first wins, and both use the winner's.
        None => {
            store::server_keys::add_if_missing(&mut connection, name, &random::<32>(), clock.now())
                .await?
        }
    };
    secret.try_into().map_err(|_| KeysError::Damaged(name))
}

/// Bytes nobody can guess.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has a random source");
    bytes
}
