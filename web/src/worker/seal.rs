//! Signs and seals a batch, so that any session, or a locked screen, can carry it.

use crdt_model::codec;
use crdt_model::sealing::{self, SealingPublicKey};
use crdt_model::sync::batch::{Batch, SignedBatch, signed_bytes};

use crate::keys::browser_rng;
use crate::keys::sign::SigningKey;
use crate::store::StoreError;

/// Bound into every sealed push.
const CONTEXT: &[u8] = b"ViorNet push 1";

pub async fn seal(
    batch: &Batch,
    key: &SigningKey,
    relay_key: &[u8],
) -> Result<Vec<u8>, StoreError> {
    let encoded = batch.encode();
    let signature = key
        .sign(&signed_bytes(batch.org, batch.device, &encoded))
        .await?;
    let signed = SignedBatch {
        org: batch.org,
        device: batch.device,
        batch: encoded.into(),
        signature: signature.into(),
    };
    let failed = |error: sealing::SealingError| StoreError::Failed(error.to_string());
    let relay_key = SealingPublicKey::from_bytes(relay_key).map_err(failed)?;
    sealing::seal(
        &relay_key,
        CONTEXT,
        &codec::encode(&signed),
        &mut browser_rng(),
    )
    .map_err(failed)
}
