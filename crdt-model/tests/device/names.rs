//! What documents, actors and facts are called.

use std::collections::BTreeSet;

use crdt_model::document::{Document, DocumentId, DocumentKey, genesis_hash};
use crdt_model::sync::message::Disposition;
use sha2::{Digest, Sha256};

use crate::phone::{logged, till};
use crate::shop::Shop;

#[test]
fn id1_a_document_is_named_by_organisation_and_key() {
    let org = Shop::new().replica.me().org;
    let mut named = org.as_bytes().to_vec();
    named.extend_from_slice(b"/catalog/0");
    let id = DocumentId::of(org, &DocumentKey::Catalog);
    assert_eq!(id.as_bytes()[..], Sha256::digest(named)[..16]);
}

#[test]
fn id2_every_document_begins_with_the_same_change() {
    let hex: String = genesis_hash().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(
        hex,
        "a19e81f2d3ad28ce6fc758fdf069c0459127231920af0fa15bfe5bd286b8ab6e"
    );
    assert_eq!(Document::new().heads(), [genesis_hash()]);
    let foreign = automerge::Automerge::new().save();
    assert!(Document::load(&foreign).is_err());
}

#[test]
fn id3_an_actor_follows_from_device_and_salt() {
    let mut shop = Shop::new();
    shop.sell();
    let batch = shop.replica.next_batch().unwrap();
    let mut named = shop.replica.me().device.as_bytes().to_vec();
    named.extend_from_slice(&batch.salt);
    let expected = Sha256::digest(named);
    assert_eq!(batch.actor().as_bytes()[..], expected[..16]);
    assert_eq!(shop.replica.actor(), batch.actor());
}

#[test]
fn id5_a_fact_is_written_once_by_whichever_actor() {
    let mut shop = Shop::new();
    let id = shop.sell();
    let first = shop.replica.next_batch().unwrap();
    // It is on its way when the device writes it again; the relay took the first.
    shop.answer_once(Disposition::Rebase);
    let second = shop.replica.next_batch().unwrap();
    assert_ne!(first.actor(), second.actor());
    shop.replica.receive(1, logged(&first), &mut shop.rng);
    shop.answer(Disposition::Known);
    assert_eq!(shop.replica.outbox().count(), 0);
    let sheet = shop.replica.sheets().get(&till(&shop));
    let keys: BTreeSet<&String> = sheet.facts.keys().collect();
    assert_eq!(keys, BTreeSet::from([&id.to_string()]));
    let heads = shop.replica.heads(&till(&shop)).unwrap();
    assert_eq!(heads.len(), 1, "the second was never taken in");
}
