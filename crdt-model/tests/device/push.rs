//! What is sent, in which pieces, and when it counts as safe.

use std::collections::BTreeSet;

use crdt_model::command::{Command, DocumentWrite};
use crdt_model::document::{Container, DocumentKey, Put, genesis_hash};
use crdt_model::ids::{IntentId, PersonId};
use crdt_model::replica::{Pending, Replica};
use crdt_model::sync::batch::Batch;
use crdt_model::sync::device::{Effect, Event, SEAL_AGAIN_MILLIS};
use crdt_model::sync::message::{DeviceMessage, Disposition, RelayMessage};
use crdt_model::{codec, staff};

use crate::phone::{Phone, edit, hashes, intents, logged, sent, till};
use crate::shop::{NOW, Shop, details};

#[test]
fn pu1_only_what_is_durable_is_pushed() {
    let mut shop = Shop::new();
    let command = Command::EditPackage {
        package: shop.package,
        details: details("mine"),
    };
    let (id, commit) = shop.replica.execute(command, NOW, &mut shop.rng).unwrap();
    assert_eq!(shop.replica.next_batch(), None);
    shop.replica.stored(commit.number);
    assert_eq!(intents(&shop.replica), [id]);
}

#[test]
fn pu2_one_batch_is_on_its_way_and_goes_again_after_a_connection() {
    let mut shop = Shop::new();
    shop.sell();
    let mut phone = Phone::new(shop);
    phone.connect(false);
    let (_, effects) = phone.seal();
    let first = sent(&effects);
    assert!(matches!(first[..], [DeviceMessage::Push { .. }]));
    assert_eq!(phone.feed(Event::Stored(u64::MAX), NOW), []);
    assert_eq!(phone.feed(Event::Tick, NOW), []);
    phone.feed(Event::Closed, NOW);
    assert_eq!(sent(&phone.connect(false)), first);
}

#[test]
fn pu3_a_batch_holds_the_oldest_up_to_its_caps() {
    let mut shop = Shop::new();
    let ids: Vec<IntentId> = (0..260)
        .map(|n| edit(&mut shop, &format!("name {n}")))
        .collect();
    assert_eq!(intents(&shop.replica), ids[..256]);
    shop.answer_once(Disposition::Accepted);
    assert_eq!(intents(&shop.replica), ids[256..]);
}

#[test]
fn pu3_an_intent_larger_than_a_batch_is_spread_over_several() {
    let mut shop = Shop::new();
    let id = edit(&mut shop, "mine");
    let (_, entry) = shop.replica.journal().remove(0);
    let mut pending: Pending = codec::decode(&entry).unwrap();
    pending.writes = (0..40)
        .map(|n| DocumentWrite {
            document: DocumentKey::Me(PersonId::from_bytes([n; 16])),
            puts: vec![Put {
                container: Container::Records,
                key: "large".into(),
                value: format!("{n:030000}").into(),
            }],
        })
        .collect();
    let entry = codec::encode(&pending);
    let me = shop.replica.me();
    let (replica, commit) = Replica::recover(me, [entry], &mut shop.rng);
    shop.replica = replica;
    shop.replica.stored(commit.number);
    let first = shop.replica.next_batch().unwrap().changes();
    assert!((1..40).contains(&first));
    shop.answer_once(Disposition::Accepted);
    assert_eq!(intents(&shop.replica), [id]);
    assert_eq!(shop.replica.next_batch().unwrap().changes(), 40 - first);
}

#[test]
fn pu4_a_batch_has_one_author_and_one_actor() {
    let mut shop = Shop::new();
    shop.sell();
    let before = shop.replica.actor();
    let commit = shop.replica.drop_documents(&[till(&shop)], &mut shop.rng);
    shop.replica.stored(commit.number);
    shop.sell();
    let batch = shop.replica.next_batch().unwrap();
    assert_eq!(batch.intents.len(), 2);
    assert_eq!(batch.person, shop.replica.me().person);
    assert_eq!(batch.actor(), shop.replica.actor());
    assert_ne!(batch.actor(), before);
    // Built under that actor, each has the hash by which the device knows it.
    shop.answer_once(Disposition::Accepted);
    assert_eq!(shop.replica.outbox().count(), 0);
}

#[test]
fn pu5_what_the_relay_can_tell_is_left_out() {
    let mut shop = Shop::new();
    let ids = [shop.sell(), shop.sell()];
    let batch = shop.replica.next_batch().unwrap();
    let shorts: Vec<_> = batch.intents.iter().map(|i| &i.changes[0].change).collect();
    assert_eq!(shorts[0].deps, [genesis_hash().to_vec()]);
    assert!(shorts[1].deps.is_empty());
    assert!(shorts.iter().all(|change| change.ops[0].key.is_empty()));
    let full = batch.expand().unwrap().intents;
    for (intent, id) in full.iter().zip(ids) {
        assert_eq!(intent.changes[0].change.ops[0].key, id.to_string());
    }
    let first = full[0].changes[0].hash().unwrap();
    assert_eq!(full[1].changes[0].change.deps, [first.to_vec()]);
}

#[test]
fn pu6_a_sealed_batch_is_kept_while_anything_is_pending() {
    let mut shop = Shop::new();
    shop.sell();
    let mut phone = Phone::new(shop);
    let (batch, effects) = phone.seal();
    assert_eq!(effects, [], "kept, though there is no connection");
    let results = hashes(&batch)
        .into_iter()
        .map(|hash| (hash, Disposition::Accepted))
        .collect();
    phone.connect(false);
    phone.hear(&RelayMessage::Ack { number: 1, results });
    let effects = phone.feed(Event::Stored(u64::MAX), NOW);
    assert_eq!(effects, [Effect::NothingToSeal]);
    assert_eq!(phone.feed(Event::Stored(u64::MAX), NOW), []);
}

#[test]
fn pu6_what_could_not_be_sealed_is_sealed_later() {
    let mut shop = Shop::new();
    shop.sell();
    let mut phone = Phone::new(shop);
    phone.connect(false);
    let first = phone.feed(Event::Stored(u64::MAX), NOW);
    assert!(matches!(&first[..], [Effect::Seal { number: 1, .. }]));
    let mut tick = |millis| phone.feed(Event::Tick, NOW.plus_millis(millis));
    assert_eq!(tick(500), []);
    assert_eq!(tick(500 + SEAL_AGAIN_MILLIS - 1), []);
    let again = tick(500 + SEAL_AGAIN_MILLIS);
    let [Effect::Seal { number, batch }] = &again[..] else {
        panic!("{again:?}")
    };
    assert!(matches!(&first[..], [Effect::Seal { batch: first, .. }] if first == batch));
    let sealed = Event::Sealed {
        number: *number,
        bytes: vec![1],
    };
    let later = NOW.plus_millis(500 + SEAL_AGAIN_MILLIS);
    assert!(matches!(
        sent(&phone.feed(sealed, later))[..],
        [DeviceMessage::Push { .. }]
    ));
    assert_eq!(
        phone.feed(Event::Tick, later.plus_millis(SEAL_AGAIN_MILLIS)),
        []
    );
}

#[test]
fn pu6_what_is_sold_while_a_batch_is_on_its_way_is_kept_too() {
    let mut shop = Shop::new();
    shop.sell();
    let order = shop.order();
    let mut phone = Phone::new(shop);
    phone.connect(false);
    let (first, _) = phone.seal();
    let (_, commit) = phone.device.sell(order, NOW, &mut phone.rng).unwrap();
    let effects = phone.feed(Event::Stored(commit.number), NOW);
    let [Effect::Seal { number, batch }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((first.intents.len(), batch.intents.len()), (1, 2));
    let sealed = Event::Sealed {
        number: *number,
        bytes: vec![2],
    };
    assert_eq!(phone.feed(sealed, NOW), [], "one at a time");
    assert_eq!(
        phone.feed(Event::Stored(u64::MAX), NOW),
        [],
        "once is enough"
    );
    phone.feed(Event::Closed, NOW);
    let again = sent(&phone.connect(false));
    assert!(matches!(&again[..], [DeviceMessage::Push { sealed, .. }] if sealed[..] == [2]));
}

#[test]
fn pu9_safe_is_what_was_accepted() {
    let mut shop = Shop::new();
    let id = shop.sell();
    shop.answer_once(Disposition::Rebase);
    assert!(shop.replica.pending(id).is_some());
    assert_eq!(shop.replica.safe_at(), None);
    shop.answer_once(Disposition::Accepted);
    assert_eq!(shop.replica.pending(id), None);
    assert_eq!(shop.replica.safe_at(), Some(NOW));
}

/// A sale that the relay took by another way, and whose change was written again since; and one after it.
fn known_elsewhere() -> (Shop, IntentId, Batch) {
    let mut shop = Shop::new();
    let id = shop.sell();
    let first = shop.replica.next_batch().unwrap();
    shop.answer_once(Disposition::Rebase);
    assert!(shop.answer_once(Disposition::Known));
    (shop, id, first)
}

#[test]
fn pu9_what_is_known_is_seen_until_it_comes() {
    let (mut shop, id, first) = known_elsewhere();
    // Its voucher is not for sale again, and it is not sent again.
    let sold = shop.sale(id).lines[0].voucher;
    let is_free = |shop: &Shop| {
        let stock = shop.replica.stock();
        let mut blocks = stock.mine();
        blocks.any(|block| stock.free(block).any(|free| free == sold))
    };
    assert!(!is_free(&shop));
    assert!(shop.replica.pending(id).is_some());
    assert_eq!(shop.replica.next_batch(), None);
    assert_eq!(shop.replica.safe_at(), None);
    assert!(shop.replica.has_gap());
    // What is sold meanwhile does not build on it.
    let next = shop.sell();
    assert_eq!(intents(&shop.replica), [next]);
    shop.answer_once(Disposition::Rebase);
    assert_eq!(intents(&shop.replica), [next]);
    let batch = shop.replica.next_batch().unwrap();
    let deps = &batch.intents[0].changes[0].change.deps;
    assert_eq!(*deps, [genesis_hash().to_vec()]);
    shop.answer_once(Disposition::Accepted);

    shop.replica.receive(1, logged(&first), &mut shop.rng);
    assert_eq!(shop.replica.outbox().count(), 0);
    assert!(!is_free(&shop));
    let facts = &shop.replica.sheets().get(&till(&shop)).facts;
    let keys: BTreeSet<&String> = facts.keys().collect();
    assert_eq!(keys, BTreeSet::from([&id.to_string(), &next.to_string()]));
    assert!(facts.values().all(Option::is_some));
}

#[test]
fn pu9_what_is_known_and_may_not_be_read_is_not_waited_for() {
    let mut shop = Shop::new();
    // Blocks are recalled in a document that somebody who has just left does not read.
    let me = shop.replica.me().person;
    let block = shop.replica.stock().mine().next().unwrap().id;
    let recall = Command::RecallBlock {
        site: shop.site,
        block,
        to: None,
        reason: "lost".into(),
    };
    shop.execute(recall).unwrap();
    assert!(shop.answer_once(Disposition::Known));
    let mut gone = staff::add(me, "Asha", &[staff::OWNER]);
    gone.extend(staff::set_active(me, false));
    shop.have(DocumentKey::Staff, &gone);
    let key = DocumentKey::Batches(shop.site);
    shop.replica.drop_documents(&[key], &mut shop.rng);
    assert_eq!(shop.replica.outbox().count(), 1);
    shop.replica.synced(9, 7, &mut shop.rng);
    assert_eq!(shop.replica.outbox().count(), 0);
    assert_eq!(shop.replica.next_batch(), None);
}

/// It was said of a database in whose place an older one is now.
#[test]
fn pu9_what_was_known_and_is_lost_is_sent_again() {
    let (mut shop, id, _) = known_elsewhere();
    let commit = shop.replica.synced(9, 7, &mut shop.rng);
    shop.replica.stored(commit.number);
    assert!(shop.replica.pending(id).is_some());
    assert_eq!(intents(&shop.replica), [id]);
    shop.answer(Disposition::Accepted);
    assert_eq!(shop.replica.outbox().count(), 0);
}
