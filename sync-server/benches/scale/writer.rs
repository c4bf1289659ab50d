//! A device that only writes: it makes facts, packs them into signed and sealed batches as devices do, and keeps
//! nothing else. The device core would fold its whole stock before each of a million sales.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crdt_model::codec;
use crdt_model::command::fact_put;
use crdt_model::document::{Actor, Document, DocumentKey, Hash};
use crdt_model::fact::{Fact, FactBody};
use crdt_model::ids::{DeviceId, IntentId};
use crdt_model::sealing::{self, SealingPublicKey};
use crdt_model::sync::batch::{
    BATCH_VERSION, Batch, BatchChange, BatchIntent, SignedBatch, signed_bytes,
};
use crdt_model::time::{Month, Timestamp};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use sync_server::app::SharedApp;
use sync_server::auth::{SignedIn, devices};
use sync_server::relay::admit::SEALING_CONTEXT;

/// Fewer than a batch may have, so that an intent of several changes still fits.
const CHANGES_PER_BATCH: usize = 200;

pub struct Writer {
    pub who: SignedIn,
    pub device: DeviceId,
    key: EcdsaKeyPair,
    relay: SealingPublicKey,
    salt: [u8; 16],
    actor: Actor,
    documents: BTreeMap<DocumentKey, Document>,
    receipts: u32,
    intents: Vec<(BatchIntent, Vec<Hash>)>,
    named: Vec<DocumentKey>,
    sealed: Vec<Vec<u8>>,
}

impl Writer {
    /// Registers a device for a person who has a login.
    pub async fn register(app: &SharedApp, who: SignedIn, salt: [u8; 16]) -> Result<Self> {
        let system = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &system)
            .ok()
            .context("making a device key")?;
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &system)
            .ok()
            .context("reading a device key")?;
        let request = devices::Register {
            public_key: BASE64_STANDARD.encode(key.public_key().as_ref()),
            label: "a phone".into(),
            recovery: None,
            replaces: None,
        };
        let device = devices::register(app, who, &request).await?.device_id;
        Ok(Self {
            who,
            device,
            key,
            relay: app.keys.sealing.public_key(),
            salt,
            actor: Actor::derive(device, &salt),
            documents: BTreeMap::new(),
            receipts: 0,
            intents: Vec::new(),
            named: Vec::new(),
            sealed: Vec::new(),
        })
    }

    pub fn next_receipt(&mut self) -> String {
        self.receipts += 1;
        format!("{}-{:06}", self.actor.receipt_prefix(), self.receipts)
    }

    /// One tap: its facts, each in a document of its own.
    pub fn tap(
        &mut self,
        id: IntentId,
        at: Timestamp,
        since: Timestamp,
        facts: Vec<(DocumentKey, FactBody)>,
    ) {
        let waiting: usize = self.intents.iter().map(|(_, hashes)| hashes.len()).sum();
        if waiting + facts.len() > CHANGES_PER_BATCH {
            self.seal();
        }
        let (mut changes, mut hashes) = (Vec::new(), Vec::new());
        for (document, body) in facts {
            let fact = Fact {
                at,
                since,
                by: self.who.person,
                body,
            };
            let put = fact_put(&id.to_string(), &fact);
            let known = self.documents.entry(document).or_default();
            let written = known
                .write(self.actor, at.as_seconds(), &[put])
                .expect("a fact is always new");
            let place = match self.named.iter().position(|named| *named == document) {
                Some(place) => place,
                None => {
                    self.named.push(document);
                    self.named.len() - 1
                }
            };
            changes.push(BatchChange {
                document: u16::try_from(place).expect("a batch names few documents"),
                change: written.plain,
            });
            hashes.push(written.hash);
        }
        self.intents.push((BatchIntent { id, at, changes }, hashes));
    }

    /// Forgets a document in which nothing of this device was accepted.
    pub fn forget(&mut self, document: DocumentKey) {
        self.documents.remove(&document);
    }

    /// The batches of everything that was tapped, in order.
    pub fn take(&mut self) -> Vec<Vec<u8>> {
        self.seal();
        // A block is written once.
        self.documents
            .retain(|key, _| !matches!(key, DocumentKey::Block { .. }));
        std::mem::take(&mut self.sealed)
    }

    /// Nothing is written any more in tills of months before this one.
    pub fn close_books(&mut self, before: Month) {
        self.documents
            .retain(|key, _| !matches!(key, DocumentKey::Till { month, .. } if *month < before));
    }

    fn seal(&mut self) {
        if self.intents.is_empty() {
            return;
        }
        let (intents, hashes): (Vec<BatchIntent>, Vec<Vec<Hash>>) =
            std::mem::take(&mut self.intents).into_iter().unzip();
        let mut batch = Batch {
            version: BATCH_VERSION,
            org: self.who.org,
            person: self.who.person,
            device: self.device,
            salt: self.salt,
            documents: std::mem::take(&mut self.named),
            intents,
        };
        batch.shorten(&hashes.concat());
        let encoded = batch.encode();
        let message = signed_bytes(batch.org, batch.device, &encoded);
        let signature = self
            .key
            .sign(&SystemRandom::new(), &message)
            .expect("a key of our own signs");
        let signed = SignedBatch {
            org: batch.org,
            device: batch.device,
            batch: encoded.into(),
            signature: signature.as_ref().to_vec().into(),
        };
        let sealed = sealing::seal(
            &self.relay,
            SEALING_CONTEXT,
            &codec::encode(&signed),
            &mut UnwrapErr(SysRng),
        );
        self.sealed.push(sealed.expect("the relay's key is one"));
    }
}
