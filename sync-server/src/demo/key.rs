//! A device's signing key outside a browser: of the demo's devices, and of those that put the server under load.

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crdt_model::codec;
use crdt_model::sealing::{self, SealingPublicKey};
use crdt_model::sync::batch::{Batch, SignedBatch, signed_bytes};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

use crate::relay::admit::SEALING_CONTEXT;

pub struct Key(EcdsaKeyPair);

impl Key {
    pub fn generate() -> Result<Self> {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            .ok()
            .context("making a device key")?;
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random)
                .ok()
                .context("reading a device key")?;
        Ok(Self(pair))
    }

    /// The public half, as it is registered.
    pub fn public(&self) -> String {
        BASE64_STANDARD.encode(self.0.public_key().as_ref())
    }

    /// Signs a batch and seals it for the relay.
    pub fn seal(&self, batch: &Batch, relay: &SealingPublicKey) -> Result<Vec<u8>> {
        let encoded = batch.encode();
        let signature = self
            .0
            .sign(
                &SystemRandom::new(),
                &signed_bytes(batch.org, batch.device, &encoded),
            )
            .ok()
            .context("signing a batch")?;
        let signed = SignedBatch {
            org: batch.org,
            device: batch.device,
            batch: encoded.into(),
            signature: signature.as_ref().to_vec().into(),
        };
        let sealed = sealing::seal(
            relay,
            SEALING_CONTEXT,
            &codec::encode(&signed),
            &mut UnwrapErr(SysRng),
        );
        Ok(sealed?)
    }
}
