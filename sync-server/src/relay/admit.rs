//! From sealed bytes to a verified batch, and into the queue of its organisation.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crdt_model::codec::{self, DecodeError};
use crdt_model::ids::{DeviceId, OrgId, PersonId};
use crdt_model::sealing::{self, SealingError};
use crdt_model::sync::batch::{Batch, BatchError, FullBatch, SignedBatch, signed_bytes};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use tokio::sync::oneshot;

use super::organisation::{Admitted, DeviceKey, Job, Organisation, Work};
use super::settle;
use crate::app::SharedApp;
use crate::database;
use crate::problem::is_away;
use crate::store::devices;

/// What a batch is sealed for. Devices use the same bytes.
pub const SEALING_CONTEXT: &[u8] = b"ViorNet push 1";

/// Why a push was not judged at all. The texts are for logs.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    #[error("the batch cannot be opened: {0}")]
    Sealing(#[from] SealingError),
    #[error("the signed batch cannot be read: {0}")]
    Unreadable(#[from] DecodeError),
    #[error("no such device is registered")]
    UnknownDevice,
    #[error("the signature is not the device's")]
    BadSignature,
    #[error("the batch names another organisation, device or person than its signer")]
    NotItsOwn,
    #[error("the batch cannot be read: {0}")]
    Batch(#[source] BatchError),
    #[error("too many pushes wait")]
    Busy,
    #[error("PostgreSQL is away")]
    Away,
    #[error("the relay made a mistake")]
    Internal,
}

impl PushError {
    /// Whether the bytes are at fault, not we.
    pub const fn is_hostile(&self) -> bool {
        !matches!(self, Self::Busy | Self::Away | Self::Internal)
    }

    pub fn of_database(error: sqlx::Error) -> Self {
        if is_away(&error) {
            tracing::warn!(%error, "PostgreSQL is away");
            return Self::Away;
        }
        tracing::error!(?error, "a query failed");
        Self::Internal
    }
}

impl From<sqlx::Error> for PushError {
    fn from(error: sqlx::Error) -> Self {
        Self::of_database(error)
    }
}

/// Opens, verifies, judges and commits a batch. Whose session carried it does not matter.
pub async fn push(app: &SharedApp, sealed: &[u8]) -> Result<Admitted, PushError> {
    let began = tokio::time::Instant::now();
    let result = try_push(app, sealed).await;
    match &result {
        Ok(admitted) => {
            app.metrics.count_results(&admitted.results);
            app.metrics
                .ack_seconds
                .observe(began.elapsed().as_secs_f64());
        }
        Err(error) => {
            app.metrics.pushes_failed.inc();
            tracing::warn!(%error, bytes = sealed.len(), "a push was not judged");
        }
    }
    app.metrics.pushes.inc();
    result
}

async fn try_push(app: &SharedApp, sealed: &[u8]) -> Result<Admitted, PushError> {
    let signed = guarded(|| {
        let opened = sealing::open(&app.keys.sealing, SEALING_CONTEXT, sealed)?;
        Ok(codec::decode::<SignedBatch>(&opened)?)
    })?;
    let organisation = app.relay.organisation(signed.org);
    let key = match organisation.key(signed.device) {
        Some(key) => key,
        None => find_key(app, &organisation, signed.device).await?,
    };
    let batch = guarded(|| verify(&signed, &key))?;
    perform(app, organisation, Work::Batch(batch)).await
}

/// Has the relay bind blocks that wait for a device of this person.
pub async fn bind(
    app: &SharedApp,
    org: OrgId,
    person: PersonId,
    device: DeviceId,
) -> Result<Admitted, PushError> {
    let organisation = app.relay.organisation(org);
    perform(app, organisation, Work::Bind { person, device }).await
}

async fn perform(
    app: &SharedApp,
    organisation: Arc<Organisation>,
    work: Work,
) -> Result<Admitted, PushError> {
    let (answer, answered) = oneshot::channel();
    if !organisation.enqueue(Job { work, answer }) {
        return Err(PushError::Busy);
    }
    // In a task of its own: a connection that ends half-way must not end a transaction of several.
    tokio::spawn(settle::run(app.clone(), organisation));
    answered.await.unwrap_or(Err(PushError::Internal))
}

/// Bytes of strangers must not end more than their own push.
fn guarded<T>(work: impl FnOnce() -> Result<T, PushError>) -> Result<T, PushError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::error!("a batch made the relay panic");
        Err(PushError::Internal)
    })
}

async fn find_key(
    app: &SharedApp,
    organisation: &Organisation,
    device: DeviceId,
) -> Result<DeviceKey, PushError> {
    let mut tx = database::begin(&app.pool, organisation.id).await?;
    let found = devices::find(&mut tx, organisation.id, device)
        .await?
        .ok_or(PushError::UnknownDevice)?;
    let key = DeviceKey {
        person: found.person,
        public_key: found.public_key,
    };
    organisation.remember_key(device, key.clone());
    Ok(key)
}

/// Here and not under the organisation's lock, because building the changes is most of the work.
fn verify(signed: &SignedBatch, key: &DeviceKey) -> Result<FullBatch, PushError> {
    let message = signed_bytes(signed.org, signed.device, &signed.batch);
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &key.public_key)
        .verify(&message, &signed.signature)
        .map_err(|_| PushError::BadSignature)?;
    let batch =
        Batch::decode(signed.org, signed.device, &signed.batch).map_err(PushError::Batch)?;
    match batch.person == key.person {
        true => batch.expand().map_err(PushError::Batch),
        false => Err(PushError::NotItsOwn),
    }
}
