//! What is held, and who decides about it.

use std::collections::BTreeSet;

use crdt_model::admission::{Reader, may_read};
use crdt_model::capability::Principal;
use crdt_model::command::fact_put;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{Fact, FactBody, HeldDecision, Verdict};
use crdt_model::ids::{BlockId, HoldId};
use crdt_model::relay::Outcome;
use crdt_model::sync::batch::Batch;
use crdt_model::sync::message::Disposition;

use super::judge::facts;
use super::relay::{Author, Bench};

/// A sale from a block of which the relay knows nothing.
fn held_sale(bench: &Bench) -> (Batch, DocumentKey, Fact) {
    let agent = bench.agent;
    let till = bench.till(&agent);
    let FactBody::Sale(mut sale) = bench.sale(0) else {
        panic!("no sale")
    };
    sale.lines[0].voucher.block = BlockId::from_bytes([77; 16]);
    let id = bench.intent();
    let fact = bench.fact(&agent, FactBody::Sale(sale));
    let change = bench.write_intent(&agent, till, &[fact_put(&id.to_string(), &fact)]);
    (bench.batch(&agent, id, vec![(till, change)]), till, fact)
}

#[test]
fn he2_pushing_again_finds_the_same_hold() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let (batch, ..) = held_sale(&bench);
    let first = bench.admit_as(&agent, &batch).unwrap();
    let Disposition::Held(hold, _) = first.results[0].1 else {
        panic!("{:?}", first.results)
    };
    assert_eq!(first.holds[0].id, hold);
    let again = bench.admit_as(&agent, &batch).unwrap();
    assert_eq!(again.results, first.results);
    assert!(again.holds.is_empty() && again.rows.is_empty());
}

#[test]
fn he3_a_held_intent_is_listed_beside_its_till_with_its_facts() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let (batch, till, fact) = held_sale(&bench);
    let told = facts(&bench.admit_as(&agent, &batch).unwrap());
    let [(key, FactBody::Verdict(Verdict::Held { facts, .. }))] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(*key, till.verdict().unwrap());
    assert_eq!(facts, std::slice::from_ref(&fact));
}

/// Somebody's word about the hold of a batch, in the till it is listed beside.
fn decide(bench: &mut Bench, by: &Author, till: DocumentKey, hold: HoldId) -> Outcome {
    let decision = HeldDecision {
        hold,
        accepted: true,
        reason: None,
    };
    let id = bench.intent();
    let put = fact_put(
        &id.to_string(),
        &bench.fact(by, FactBody::HeldDecision(decision)),
    );
    let change = bench.write_intent(by, till, &[put]);
    let batch = bench.batch(by, id, vec![(till, change)]);
    bench.admit_as(by, &batch).unwrap()
}

#[test]
fn he5_who_does_not_see_all_sales_decides_nothing() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let (batch, till, _) = held_sale(&bench);
    let held = bench.admit_as(&agent, &batch).unwrap();
    let outcome = decide(&mut bench, &agent, till, held.holds[0].id);
    assert!(matches!(
        outcome.results[..],
        [(_, Disposition::Refused(_))]
    ));
    assert!(outcome.rows.is_empty() && outcome.holds.is_empty());
}

#[test]
fn he6_an_accepted_intent_is_written_by_the_relay_for_its_author() {
    let mut bench = Bench::new();
    let (agent, manager) = (bench.agent, bench.manager);
    let (batch, till, fact) = held_sale(&bench);
    let held = bench.admit_as(&agent, &batch).unwrap();
    let outcome = decide(&mut bench, &manager, till, held.holds[0].id);
    assert_eq!(outcome.holds[0].decided, Some(true));
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
    assert!(facts(&outcome).contains(&(till, fact.body)));
}

#[test]
fn he8_who_left_still_reads_their_own_tills() {
    let bench = Bench::new();
    let gone = Reader {
        principal: Principal {
            person: bench.agent.person,
            active: false,
            grants: BTreeSet::new(),
        },
        leases: BTreeSet::new(),
        history: 0,
    };
    let own = bench.till(&bench.agent);
    assert!(may_read(&gone, &own) && may_read(&gone, &own.verdict().unwrap()));
    assert!(may_read(&gone, &DocumentKey::Me(bench.agent.person)));
    for closed in [
        bench.till(&bench.manager),
        bench.block_key(),
        DocumentKey::Staff,
        DocumentKey::Org,
    ] {
        assert!(!may_read(&gone, &closed), "{closed}");
    }
}
