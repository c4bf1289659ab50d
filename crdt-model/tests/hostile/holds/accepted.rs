//! What an accepted hold brings with it.

use super::acts::{LOST, decide, decided, hold, hold_a_sale, stating};
use super::told::listed;
use crdt_model::command::fact_put;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{BatchUndone, Codes, FactBody, HeldDecision, Verdict};
use crdt_model::ids::BatchId;
use crdt_model::money::Money;
use crdt_model::sync::message::Disposition;
use crdt_model::time::Month;

use crate::judge::{facts, sell};
use crate::relay::{Bench, NOW};

#[test]
fn he6_an_accepted_intent_is_written_by_the_relay_for_its_author() {
    let mut bench = Bench::new();
    let (agent, manager, till) = (bench.agent, bench.manager, bench.till(&bench.agent));
    let (hold, held) = hold_a_sale(&mut bench);
    let (_, facts_held) = listed(&held);
    let outcome = decide(&mut bench, &manager, till, hold, true);
    assert_eq!(decided(&outcome), [Some(true)]);
    let sales: Vec<_> = outcome
        .rows
        .iter()
        .filter(|row| row.document == till && row.author == agent.person)
        .collect();
    let [sale] = sales[..] else {
        panic!("{:?}", facts(&outcome))
    };
    assert_eq!(sale.device, None);
    assert_ne!(sale.actor, agent.actor());
    assert!(facts(&outcome).contains(&(till, facts_held[0].body.clone())));
}

#[test]
fn he6_what_follows_from_an_accepted_change_follows() {
    let mut bench = Bench::new();
    let (agent, manager, till) = (bench.agent, bench.manager, bench.till(&bench.agent));
    bench.revoked.insert(agent.device);
    let sale = stating(&bench, &agent, till, bench.sale(0));
    let (hold, _) = hold(&mut bench, &agent, &sale);
    let standing_sale = sell(&mut bench, &manager, 0).rows[0].intent;
    let told = facts(&decide(&mut bench, &manager, till, hold, true));
    assert!(told.iter().any(|(_, body)| matches!(
        body,
        FactBody::Verdict(Verdict::DoubleSale { standing, other, .. })
            if Some(standing.sale) == standing_sale && other.sale == sale.intents[0].id
    )));
}

/// A manager offline undoes a batch and then accepts a sale from it: both come in one push.
#[test]
fn co12_an_undo_and_an_accepted_sale_behind_it_come_in_one_batch() {
    let mut bench = Bench::new();
    let (agent, manager, till) = (bench.agent, bench.manager, bench.till(&bench.agent));
    bench.revoked.insert(agent.device);
    let sale = stating(&bench, &agent, till, bench.sale(0));
    let (hold, _) = hold(&mut bench, &agent, &sale);
    let undone = FactBody::BatchUndone(BatchUndone {
        batch: BatchId::from_bytes([5; 16]),
    });
    let batches = DocumentKey::Batches(bench.site);
    let mut batch = stating(&bench, &manager, batches, undone);
    let decision = FactBody::HeldDecision(HeldDecision {
        hold,
        accepted: true,
        reason: None,
        told: 1,
    });
    let mut second = stating(&bench, &manager, till, decision);
    second.intents[0].changes[0].document = 1;
    batch.documents.append(&mut second.documents);
    batch.intents.append(&mut second.intents);
    let outcome = bench.admit_as(&manager, &batch).unwrap();
    let answers: Vec<Disposition> = outcome.results.iter().map(|(_, answer)| *answer).collect();
    assert_eq!(answers, [Disposition::Accepted; 2]);
    let told = facts(&outcome);
    assert!(told.contains(&(till, bench.sale(0))));
}

#[test]
fn ad12_of_two_held_blocks_the_second_is_not_accepted() {
    let mut bench = Bench::new();
    let (owner, manager, till) = (bench.owner, bench.manager, bench.till(&bench.manager));
    bench.revoked.insert(manager.device);
    let block = DocumentKey::Block {
        site: bench.site,
        block: LOST,
    };
    let held = ["S1", "S2"].map(|packed| {
        let codes = FactBody::Codes(Codes {
            batch: BatchId::from_bytes([6; 16]),
            package: bench.package,
            price: Money::from_minor(1_000),
            packed: packed.into(),
        });
        let batch = stating(&bench, &manager, block, codes);
        hold(&mut bench, &manager, &batch).0
    });
    let first = decide(&mut bench, &owner, till, held[0], true);
    assert_eq!(decided(&first), [Some(true)]);
    let second = decide(&mut bench, &owner, till, held[1], true);
    assert_eq!(decided(&second), []);
    assert_eq!(bench.document(&block).sheet().facts.len(), 1);
}

#[test]
fn ad9_a_hold_that_grew_into_a_second_till_is_not_accepted() {
    let mut bench = Bench::new();
    let (agent, owner, till) = (bench.agent, bench.owner, bench.till(&bench.agent));
    bench.revoked.insert(agent.device);
    let first = stating(&bench, &agent, till, bench.sale(0));
    let id = first.intents[0].id;
    let (held, _) = hold(&mut bench, &agent, &first);
    let mut fact = bench.fact(&agent, bench.sale(1));
    fact.at = NOW.plus_millis(-90 * 86_400_000);
    let earlier = DocumentKey::Till {
        site: bench.site,
        person: agent.person,
        month: Month::of(fact.at),
    };
    let change = bench.write_intent(&agent, earlier, &[fact_put(&id.to_string(), &fact)]);
    let more = bench.batch(&agent, id, vec![(earlier, change)]);
    let (same, _) = hold(&mut bench, &agent, &more);
    assert_eq!(same, held);
    let outcome = decide(&mut bench, &owner, till, held, true);
    assert_eq!(decided(&outcome), []);
    let outcome = decide(&mut bench, &owner, till, held, false);
    assert_eq!(decided(&outcome), [Some(false)]);
}
