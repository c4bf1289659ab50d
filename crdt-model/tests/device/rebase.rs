//! Waiting work that is written again.

use crdt_model::client::ClientDetails;
use crdt_model::command::{Command, fact_put};
use crdt_model::document::{Document, DocumentKey};
use crdt_model::fact::{Fact, FactBody};
use crdt_model::ids::{DeviceId, IntentId};
use crdt_model::replica::{PendingState, Replica};
use crdt_model::sale::{Buyer, SellOrder};
use crdt_model::staff;
use crdt_model::sync::message::{Disposition, RefusalCode};

use crate::phone::{edit, hashes, intents, till};
use crate::shop::{NOW, Shop, codes, held, make_batch};

#[test]
fn rb1_waiting_work_is_written_again_in_its_order_by_a_new_actor() {
    let mut shop = Shop::new();
    let ids = [shop.sell(), edit(&mut shop, "mine"), shop.sell()];
    let before = shop.replica.next_batch().unwrap();
    shop.answer_once(Disposition::Rebase);
    let after = shop.replica.next_batch().unwrap();
    assert_ne!(before.salt, after.salt);
    assert_ne!(before.actor(), after.actor());
    assert_eq!(intents(&shop.replica), ids);
}

#[test]
fn rb2_facts_that_are_acknowledged_are_left_out() {
    let mut shop = Shop::new();
    let (first, second) = (shop.sell(), shop.sell());
    let sold = shop.sale(first);
    let intent = &shop.replica.pending(first).unwrap().intent;
    let fact = Fact {
        at: intent.at,
        since: intent.since,
        by: intent.by,
        body: FactBody::Sale(sold),
    };
    // Another incarnation of this device wrote the first sale.
    let key = till(&shop);
    shop.have(key, &[fact_put(&first.to_string(), &fact)]);
    assert_eq!(shop.replica.pending(first), None);
    assert_eq!(intents(&shop.replica), [second]);
    assert_eq!(shop.replica.sheets().get(&key).facts.len(), 2);
}

#[test]
fn rb3_what_was_accepted_of_an_intent_is_not_written_again() {
    let mut shop = Shop::new();
    let mut command = make_batch(&mut shop, 2, &codes(2, 6));
    // A change of another document that says the same would have the same hash.
    if let Command::MakeBatch { blocks, .. } = &mut command {
        blocks[1].codes = codes(2, 7);
    }
    let (id, _) = shop.execute(command).unwrap();
    let batch = shop.replica.next_batch().unwrap();
    assert_eq!(batch.changes(), 3);
    let dispositions = [
        Disposition::Accepted,
        Disposition::Rebase,
        Disposition::Rebase,
    ];
    let results: Vec<_> = hashes(&batch).into_iter().zip(dispositions).collect();
    let commit = shop.replica.acknowledge(&results, NOW, &mut shop.rng);
    shop.replica.stored(commit.number);
    let again = shop.replica.next_batch().unwrap();
    assert_eq!(intents(&shop.replica), [id]);
    assert_eq!(again.documents, batch.documents[1..]);
}

/// A sale with a client registered in the same tap: the relay takes the part that `is_taken` names and holds the other.
/// Then the database of the phone is lost.
fn half_taken_and_lost(is_taken: fn(&DocumentKey) -> bool) -> (Shop, Shop, IntentId, DocumentKey) {
    let mut shop = Shop::new();
    let order = SellOrder {
        client: Buyer::New(ClientDetails {
            name: "Neema".into(),
            ..ClientDetails::default()
        }),
        ..shop.order()
    };
    let (id, commit) = shop.replica.sell(order, NOW, &mut shop.rng).unwrap();
    shop.replica.stored(commit.number);
    let batch = shop.replica.next_batch().unwrap();
    assert_eq!(batch.documents.len(), 2);
    let waits = held(&mut shop);
    let answers = batch.documents.iter().map(|key| match is_taken(key) {
        true => Disposition::Accepted,
        false => waits,
    });
    let results: Vec<_> = hashes(&batch).into_iter().zip(answers).collect();
    let commit = shop.replica.acknowledge(&results, NOW, &mut shop.rng);
    shop.replica.stored(commit.number);
    assert!(intents(&shop.replica).is_empty());

    let journal = shop.replica.journal().into_iter().map(|(_, bytes)| bytes);
    let mut after = Shop::new();
    let (recovered, commit) = Replica::recover(shop.replica.me(), journal, &mut shop.rng);
    after.replica = recovered;
    after.replica.stored(commit.number);
    let taken = batch.documents.iter().find(|key| is_taken(key)).unwrap();
    (shop, after, id, *taken)
}

/// What the relay has of a document, as the first shop has it.
fn saved(shop: &mut Shop, key: &DocumentKey) -> Vec<u8> {
    let stored = shop.replica.everything().writes;
    stored[&format!("d|{key}|0000")].clone().unwrap()
}

fn is_till(key: &DocumentKey) -> bool {
    matches!(key, DocumentKey::Till { .. })
}

#[test]
fn rb3_a_fact_that_was_accepted_is_stated_again_after_a_lost_database() {
    // The relay still has it.
    let (mut before, mut shop, id, till) = half_taken_and_lost(is_till);
    let whole = saved(&mut before, &till);
    let commit = shop.replica.snapshot(till, &whole, NOW, &mut shop.rng);
    shop.replica.stored(commit.unwrap().number);
    assert!(intents(&shop.replica).is_empty());
    let state = &shop.replica.pending(id).unwrap().state;
    assert!(matches!(state, PendingState::Held { .. }));

    // It was restored to before it, and knows nothing of the hold either.
    let (_, mut shop, id, till) = half_taken_and_lost(is_till);
    assert!(
        shop.replica
            .sheets()
            .get(&till)
            .facts
            .contains_key(&id.to_string())
    );
    let commit = shop.replica.synced(1, 1, &mut shop.rng);
    shop.replica.stored(commit.number);
    assert_eq!(intents(&shop.replica), [id, id]);
    assert_eq!(shop.replica.next_batch().unwrap().documents[0], till);
    shop.answer(Disposition::Accepted);
    assert_eq!(shop.replica.outbox().count(), 0);
}

#[test]
fn rb3_an_edit_that_was_accepted_is_made_again_only_where_the_relay_lost_it() {
    for is_lost in [true, false] {
        let (mut before, mut shop, _, clients) = half_taken_and_lost(|key| !is_till(key));
        let me = shop.replica.me().person;
        shop.have(DocumentKey::Staff, &staff::add(me, "Asha", &[staff::OWNER]));
        if !is_lost {
            let whole = saved(&mut before, &clients);
            let commit = shop.replica.snapshot(clients, &whole, NOW, &mut shop.rng);
            shop.replica.stored(commit.unwrap().number);
        }
        // A second comparison finds nothing more.
        for _ in 0..2 {
            let commit = shop.replica.synced(1, 1, &mut shop.rng);
            shop.replica.stored(commit.number);
            let batch = shop.replica.next_batch().unwrap();
            let count = batch
                .documents
                .iter()
                .filter(|key| **key == clients)
                .count();
            assert_eq!(count, usize::from(is_lost));
            assert_eq!(batch.changes(), 1 + usize::from(is_lost));
        }
    }
}

#[test]
fn rb4_an_intent_keeps_its_choices() {
    let mut shop = Shop::new();
    let id = shop.sell();
    let intent = shop.replica.pending(id).unwrap().intent.clone();
    let key = till(&shop);
    let fact = shop.replica.sheets().get(&key).facts[&id.to_string()].clone();
    shop.answer_once(Disposition::Rebase);
    assert_eq!(shop.replica.pending(id).unwrap().intent, intent);
    assert_eq!(shop.replica.sheets().get(&key).facts[&id.to_string()], fact);
}

#[test]
fn rb5_these_are_followed_by_a_rebase() {
    type Cause = fn(&mut Shop);
    let causes: [(&str, bool, Cause); 8] = [
        ("accepted", false, |shop| shop.answer(Disposition::Accepted)),
        ("rebase", true, |shop| {
            shop.answer_once(Disposition::Rebase);
        }),
        ("known", true, |shop| shop.answer(Disposition::Known)),
        ("held", true, |shop| {
            let held = held(shop);
            shop.answer(held);
        }),
        ("refused", true, |shop| {
            shop.answer(Disposition::Refused(RefusalCode::NotAllowed));
        }),
        ("snapshot", true, |shop| {
            let key = till(shop);
            let bytes = Document::new().save();
            shop.replica
                .snapshot(key, &bytes, NOW, &mut shop.rng)
                .unwrap();
        }),
        ("drop", true, |shop| {
            let key = till(shop);
            shop.replica.drop_documents(&[key], &mut shop.rng);
        }),
        ("device", true, |shop| {
            let device = DeviceId::from_bytes([8; 16]);
            shop.replica.change_device(device, &mut shop.rng);
        }),
    ];
    for (name, is_followed, cause) in causes {
        let mut shop = Shop::new();
        shop.sell();
        let salt = shop.replica.next_batch().unwrap().salt;
        cause(&mut shop);
        edit(&mut shop, "next");
        let everything = shop.replica.everything();
        shop.replica.stored(everything.number);
        let next = shop.replica.next_batch().unwrap().salt;
        assert_eq!(next != salt, is_followed, "{name}");
    }
    let mut shop = Shop::new();
    let id = shop.sell();
    let journal = shop.replica.journal().into_iter().map(|(_, bytes)| bytes);
    let me = shop.replica.me();
    let (mut recovered, commit) = Replica::recover(me, journal, &mut shop.rng);
    recovered.stored(commit.number);
    assert_ne!(recovered.actor(), shop.replica.actor());
    assert_eq!(intents(&recovered), [id]);
}
