//! What is held, and what becomes of it.

use crdt_model::document::{DocumentId, DocumentKey, genesis_hash};
use crdt_model::fact::{Fact, FactBody, HoldReason, Verdict};
use crdt_model::ids::{HoldId, IntentId, PersonId};
use crdt_model::replica::PendingState;
use crdt_model::sync::message::Disposition;

use crate::phone::{hashes, intents, till};
use crate::shop::{NOW, Shop, codes, held, make_batch};

#[test]
fn he4_a_held_intent_leaves_the_documents_and_the_rest_goes_through() {
    let mut shop = Shop::new();
    let (first, second) = (shop.sell(), shop.sell());
    let hash = hashes(&shop.replica.next_batch().unwrap()).remove(0);
    let disposition = held(&mut shop);
    let results = [(hash, disposition)];
    let commit = shop.replica.acknowledge(&results, NOW, &mut shop.rng);
    shop.replica.stored(commit.number);
    let facts = &shop.replica.sheets().get(&till(&shop)).facts;
    assert!(!facts.contains_key(&first.to_string()));
    assert!(facts.contains_key(&second.to_string()));
    let state = &shop.replica.pending(first).unwrap().state;
    assert!(matches!(state, PendingState::Held { .. }));
    assert_eq!(intents(&shop.replica), [second]);
    let batch = shop.replica.next_batch().unwrap();
    assert_eq!(
        batch.intents[0].changes[0].change.deps,
        [genesis_hash().to_vec()]
    );
    shop.answer(Disposition::Accepted);
    assert_eq!(shop.replica.outbox().count(), 1);
}

fn verdict_till(shop: &Shop) -> DocumentKey {
    till(shop).verdict().unwrap()
}

#[test]
fn he7_an_accepted_item_is_settled_and_a_declined_one_waits_for_its_author() {
    for accepted in [true, false] {
        let mut shop = Shop::new();
        let intent = shop.sell();
        let disposition = held(&mut shop);
        shop.answer(disposition);
        let Disposition::Held(hold, _) = disposition else {
            panic!("{disposition:?}")
        };
        let by = PersonId::from_bytes([3; 16]);
        let reason = Some("no".to_string());
        let verdict = Verdict::HeldDecided {
            hold,
            intent,
            by,
            accepted,
            reason: reason.clone(),
        };
        let key = verdict_till(&shop);
        shop.have_facts(key, vec![FactBody::Verdict(verdict)]);
        let state = shop.replica.pending(intent).map(|item| item.state.clone());
        if accepted {
            assert_eq!(state, None);
        } else {
            assert_eq!(state, Some(PendingState::Declined { by, reason }));
            shop.replica.dismiss(intent);
            assert_eq!(shop.replica.pending(intent), None);
        }
    }
}

/// What a restored relay lost is brought back document by document, under the name that it had.
#[test]
fn he7_one_word_ends_the_wait_of_every_part() {
    for accepted in [true, false] {
        let mut shop = Shop::new();
        let command = make_batch(&mut shop, 2, &codes(2, 7));
        let intent = shop.execute(command).unwrap().0;
        shop.answer(Disposition::Accepted);
        let documents: Vec<DocumentKey> = shop.replica.document_keys().copied().collect();
        let has_it = |key: &&DocumentKey| {
            let facts = &shop.replica.sheets().get(key).facts;
            facts.contains_key(&intent.to_string())
        };
        let lost: Vec<DocumentKey> = documents.iter().filter(has_it).copied().collect();
        assert!(lost.len() > 1);
        let org = shop.replica.me().org;
        let ids: Vec<DocumentId> = lost.iter().map(|key| DocumentId::of(org, key)).collect();
        let commit = shop.replica.unknown_to_relay(&ids, NOW, &mut shop.rng);
        shop.replica.stored(commit.number);
        assert_eq!(shop.replica.outbox().count(), lost.len());
        let disposition = held(&mut shop);
        shop.answer(disposition);
        let Disposition::Held(hold, _) = disposition else {
            panic!("{disposition:?}")
        };
        let decided = Verdict::HeldDecided {
            hold,
            intent,
            by: PersonId::from_bytes([3; 16]),
            accepted,
            reason: None,
        };
        let key = verdict_till(&shop);
        shop.have_facts(key, vec![FactBody::Verdict(decided)]);
        let states: Vec<&PendingState> = shop.replica.outbox().map(|item| &item.state).collect();
        let is_declined = |state: &&&PendingState| matches!(state, PendingState::Declined { .. });
        assert_eq!(states.iter().filter(is_declined).count(), states.len());
        assert_eq!(states.len(), if accepted { 0 } else { lost.len() });
    }
}

#[test]
fn he10_a_hold_that_no_verdict_lists_is_pushed_again() {
    for is_listed in [true, false] {
        let mut shop = Shop::new();
        let intent = shop.sell();
        let disposition = held(&mut shop);
        shop.answer(disposition);
        let Disposition::Held(hold, reason) = disposition else {
            panic!("{disposition:?}")
        };
        if is_listed {
            list_held(&mut shop, hold, intent, reason, Vec::new());
        }
        let commit = shop.replica.synced(1, 1, &mut shop.rng);
        shop.replica.stored(commit.number);
        let expected = if is_listed { vec![] } else { vec![intent] };
        assert_eq!(intents(&shop.replica), expected);
    }
}

fn list_held(
    shop: &mut Shop,
    hold: HoldId,
    intent: IntentId,
    reason: HoldReason,
    facts: Vec<Fact>,
) {
    let me = shop.replica.me();
    let verdict = Verdict::Held {
        hold,
        intent,
        person: me.person,
        device: me.device,
        reason,
        facts,
        edits: Vec::new(),
        more_edits: 0,
    };
    let key = verdict_till(shop);
    shop.have_facts(key, vec![FactBody::Verdict(verdict)]);
}

#[test]
fn he11_whoever_sees_the_verdict_does_not_sell_a_held_voucher() {
    let mut author = Shop::new();
    let id = author.sell();
    let sale = author.sale(id);
    let voucher = sale.lines[0].voucher;
    let fact = Fact {
        at: NOW,
        since: NOW,
        by: author.replica.me().person,
        body: FactBody::Sale(sale),
    };
    let mut other = Shop::new();
    let is_free = |shop: &Shop| {
        let stock = shop.replica.stock();
        stock
            .mine()
            .any(|block| stock.free(block).any(|free| free == voucher))
    };
    assert!(is_free(&other));
    let hold = HoldId::from_bytes([1; 16]);
    list_held(&mut other, hold, id, HoldReason::NotAllowed, vec![fact]);
    assert!(!is_free(&other));
}
