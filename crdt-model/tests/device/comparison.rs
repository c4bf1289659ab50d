//! A comparison of all documents, and what comes of it.

use crdt_model::command::fact_put;
use crdt_model::document::{Document, DocumentId, DocumentKey};
use crdt_model::fact::{Fact, FactBody, LeaseAsked};
use crdt_model::ids::{BlockId, IntentId, PersonId, SiteId};
use crdt_model::replica::Replica;
use crdt_model::sync::device::{Effect, Event};
use crdt_model::sync::message::{DeviceMessage, Disposition, RelayMessage};
use sha2::{Digest, Sha256};

use crate::phone::{Phone, edit, foreign_edit, intents, is_push, package_name, sent, till};
use crate::shop::{NOW, Shop};

#[test]
fn dg1_lists_everything_in_parts_of_ten_thousand() {
    let mut shop = Shop::new();
    let me = shop.replica.me();
    let writes = shop.replica.everything().writes;
    let page = |prefix: &str| {
        let key = format!("{prefix}{}", DocumentKey::Staff);
        writes[&key].clone().unwrap_or_default()
    };
    let (sheet, snapshot) = (page("s|"), {
        let key = format!("d|{}|0000", DocumentKey::Staff);
        writes[&key].clone().unwrap()
    });
    let entries = (0..10_001_u128).flat_map(|n| {
        let key = DocumentKey::Me(PersonId::from_bytes(n.to_be_bytes()));
        [
            (format!("d|{key}|0000"), snapshot.clone()),
            (format!("s|{key}"), sheet.clone()),
        ]
    });
    shop.replica = Replica::open(me, entries, &mut shop.rng).unwrap();
    let parts = |effects: &[Effect]| -> Vec<(usize, bool)> {
        let parts = sent(effects).into_iter().map(|message| match message {
            DeviceMessage::Digest { documents, more } => (documents.len(), more),
            other => panic!("{other:?}"),
        });
        parts.collect()
    };
    let effects = Phone::new(shop).connect(true);
    assert_eq!(parts(&effects), [(10_000, true), (1, false)]);

    let mut empty = Shop::new();
    empty.replica = Replica::new(me, &mut empty.rng);
    assert_eq!(parts(&Phone::new(empty).connect(true)), [(0, false)]);
}

#[test]
fn dg3_a_digest_is_of_the_acknowledged_heads() {
    let mut shop = Shop::new();
    let id = DocumentId::of(shop.replica.me().org, &DocumentKey::Catalog);
    let told = |shop: &Shop| {
        let digest = shop.replica.digest();
        digest.into_iter().find(|(of, _)| *of == id).unwrap().1
    };
    let (_, one) = foreign_edit(&mut shop, 1);
    let (_, two) = foreign_edit(&mut shop, 2);
    shop.replica.receive(2, vec![one, two], &mut shop.rng);
    let mut heads = shop.replica.heads(&DocumentKey::Catalog).unwrap().to_vec();
    assert_eq!(heads.len(), 2);
    heads.sort_unstable();
    let before = told(&shop);
    assert_eq!(before, Sha256::digest(heads.concat())[..8]);
    edit(&mut shop, "pending");
    assert_eq!(told(&shop), before);
    shop.answer(Disposition::Accepted);
    assert_ne!(told(&shop), before);
}

#[test]
fn dg5_what_an_unknown_document_had_waits_again() {
    let mut shop = Shop::new();
    let acknowledged = shop.sell();
    shop.answer(Disposition::Accepted);
    let pending = shop.sell();
    let id = DocumentId::of(shop.replica.me().org, &till(&shop));
    let commit = shop.replica.unknown_to_relay(&[id], NOW, &mut shop.rng);
    shop.replica.stored(commit.number);
    assert_eq!(intents(&shop.replica), [acknowledged, pending]);
}

#[test]
fn dg6_synced_gives_cursor_and_rights() {
    let mut phone = Phone::new(Shop::new());
    phone.connect(true);
    phone.hear(&RelayMessage::Synced {
        cursor: 12,
        rights: 34,
    });
    phone.feed(Event::Closed, NOW);
    let DeviceMessage::Hello { cursor, rights, .. } = phone.hello() else {
        panic!("a connection begins with hello")
    };
    assert_eq!((cursor, rights), (12, 34));
}

#[test]
fn dg9_a_comparison_that_was_cut_off_begins_again_under_any_rights() {
    let mut phone = Phone::new(Shop::new());
    phone.connect(true);
    phone.hear(&RelayMessage::Synced {
        cursor: 12,
        rights: 34,
    });
    // A block is leased to this device, comes halfway, and is taken away again while there is no signal: the rights
    // are then what they were.
    phone.welcome(true);
    phone.feed(Event::Closed, NOW);
    let DeviceMessage::Hello { rights, .. } = phone.hello() else {
        panic!("a connection begins with hello")
    };
    assert_eq!(rights, 0);
}

#[test]
fn dg8_nothing_is_pushed_before_the_comparison_is_complete() {
    let mut shop = Shop::new();
    let lost = shop.sell();
    shop.answer(Disposition::Accepted);
    let pending = edit(&mut shop, "mine");
    let id = DocumentId::of(shop.replica.me().org, &till(&shop));
    let mut phone = Phone::new(shop);
    phone.seal();
    assert!(!sent(&phone.connect(true)).iter().any(is_push));
    let effects = phone.hear(&RelayMessage::Unknown { ids: vec![id] });
    assert!(!sent(&effects).iter().any(is_push));
    let (batch, effects) = phone.seal();
    assert_eq!(effects, []);
    let order: Vec<IntentId> = batch.intents.iter().map(|intent| intent.id).collect();
    assert_eq!(order, [lost, pending], "what was lost goes first");
    let synced = RelayMessage::Synced {
        cursor: 1,
        rights: 1,
    };
    assert!(sent(&phone.hear(&synced)).iter().any(is_push));
}

#[test]
fn dg10_a_restored_relay_gets_back_what_it_lost() {
    let mut shop = Shop::new();
    let old = shop.replica.everything().writes;
    let old = old[&format!("d|{}|0000", DocumentKey::Catalog)].clone();
    let sold = shop.sell();
    edit(&mut shop, "mine");
    shop.answer(Disposition::Accepted);
    // Another's edit is for another to bring back.
    let (_, theirs) = foreign_edit(&mut shop, 1);
    shop.replica.receive(3, vec![theirs], &mut shop.rng);
    for (key, bytes) in [
        (DocumentKey::Catalog, old.unwrap()),
        (till(&shop), Document::new().save()),
    ] {
        let commit = shop
            .replica
            .snapshot(key, &bytes, NOW, &mut shop.rng)
            .unwrap();
        shop.replica.stored(commit.number);
    }
    assert_eq!(package_name(&shop), "mine");
    let batch = shop.replica.next_batch().unwrap();
    assert!(batch.intents.iter().any(|intent| intent.id == sold));
    assert_eq!(batch.intents.len(), 2);
}

/// What is brought back goes before what was pending all along, and is acknowledged in the same order.
#[test]
fn dg10_what_was_lost_and_what_was_pending_is_acknowledged_at_once() {
    let mut shop = Shop::new();
    let lost = shop.sell();
    shop.answer(Disposition::Accepted);
    let pending = shop.sell();
    let empty = Document::new().save();
    let commit = shop
        .replica
        .snapshot(till(&shop), &empty, NOW, &mut shop.rng)
        .unwrap();
    shop.replica.stored(commit.number);
    assert_eq!(intents(&shop.replica), [lost, pending]);
    shop.answer_once(Disposition::Accepted);
    assert!(!shop.replica.has_gap());
    assert_eq!(shop.replica.next_batch(), None);
}

#[test]
fn dg10_only_what_is_ones_own_is_brought_back() {
    let mut shop = Shop::new();
    let old = shop.replica.everything().writes;
    let old = old[&format!("d|{}|0000", DocumentKey::Catalog)].clone();
    // This device wrote it in an earlier incarnation.
    edit(&mut shop, "mine");
    shop.answer(Disposition::Accepted);
    let before = shop.replica.actor();
    shop.sell();
    shop.answer_once(Disposition::Rebase);
    shop.answer(Disposition::Accepted);
    assert_ne!(shop.replica.actor(), before);
    // This person stated one of these, on another device.
    let [own, others] = [1, 2].map(|n| IntentId::from_bytes([n; 16]));
    let asked = |by| Fact {
        at: NOW,
        since: NOW,
        by,
        body: FactBody::LeaseAsked(LeaseAsked {
            block: BlockId::from_bytes([3; 16]),
            to: by,
        }),
    };
    let site = DocumentKey::Batches(SiteId::from_bytes([4; 16]));
    let facts = [
        (own, shop.replica.me().person),
        (others, PersonId::from_bytes([5; 16])),
    ]
    .map(|(id, by)| fact_put(&id.to_string(), &asked(by)));
    shop.have(site, &facts);
    assert_eq!(shop.replica.outbox().count(), 0);
    for (key, bytes) in [
        (DocumentKey::Catalog, old.unwrap()),
        (site, Document::new().save()),
    ] {
        let lost = shop.replica.snapshot(key, &bytes, NOW, &mut shop.rng);
        shop.replica.stored(lost.unwrap().number);
    }
    assert_eq!(package_name(&shop), "mine");
    let waiting = intents(&shop.replica);
    assert_eq!((waiting.len(), waiting[1]), (2, own));
    let back = &shop.replica.pending(own).unwrap().writes;
    assert_eq!(back[0].puts, facts[..1], "and nothing of others");
}

#[test]
fn dg11_a_dropped_document_leaves_its_work_in_the_outbox() {
    let mut shop = Shop::new();
    let id = edit(&mut shop, "mine");
    let keys = [DocumentKey::Catalog, DocumentKey::Staff];
    let commit = shop.replica.drop_documents(&keys, &mut shop.rng);
    for prefix in ["d|staff|0000", "s|staff", "d|catalog|0000", "s|catalog"] {
        assert_eq!(commit.writes.get(prefix), Some(&None), "{prefix}");
    }
    assert_eq!(shop.replica.heads(&DocumentKey::Staff), None);
    assert!(shop.replica.pending(id).is_some());
    shop.replica.stored(commit.number);
    assert_eq!(intents(&shop.replica), [id]);
}
