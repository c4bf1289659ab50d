//! What follows from what is let in: leases, verdicts and holds.

use std::collections::BTreeSet;

use crdt_model::admission::{Reader, may_read};
use crdt_model::capability::Principal;
use crdt_model::command::fact_put;
use crdt_model::document::{DocumentKey, Scalar};
use crdt_model::fact::{
    BatchMade, BlockMade, Codes, Fact, FactBody, HeldDecision, LeaseAsked, Leased, Verdict,
};
use crdt_model::ids::{BatchId, BlockId, DeviceId, HoldId};
use crdt_model::money::Money;
use crdt_model::relay::Outcome;
use crdt_model::sync::batch::Batch;
use crdt_model::sync::message::Disposition;

use super::relay::{Author, Bench, NOW};

/// What the rows of an outcome state, with where.
pub fn facts(outcome: &Outcome) -> Vec<(DocumentKey, FactBody)> {
    let rows = outcome.rows.iter();
    rows.flat_map(|row| row.ops.iter().map(|op| (row.document, &op.value)))
        .filter_map(|(document, value)| match value {
            Scalar::Bytes(bytes) => Some((document, Fact::decode(bytes).unwrap().body)),
            _ => None,
        })
        .collect()
}

pub fn state(bench: &mut Bench, by: &Author, key: DocumentKey, body: FactBody) -> Outcome {
    let id = bench.intent();
    let put = fact_put(&id.to_string(), &bench.fact(by, body));
    bench.accepts(by, key, id, &[put])
}

pub fn lease(bench: &mut Bench, to: &Author) -> Outcome {
    let (owner, batches) = (bench.owner, DocumentKey::Batches(bench.site));
    let made = BatchMade {
        batch: BatchId::from_bytes([5; 16]),
        label: "first".into(),
        package: bench.package,
        price: Money::from_minor(1_000),
        blocks: vec![BlockMade {
            block: bench.block,
            count: 3,
        }],
        made_on: None,
    };
    state(bench, &owner, batches, FactBody::Batch(made));
    let asked = LeaseAsked {
        block: bench.block,
        to: to.person,
    };
    state(bench, &owner, batches, FactBody::LeaseAsked(asked))
}

pub fn leased(outcome: &Outcome) -> Vec<Leased> {
    let leased = facts(outcome)
        .into_iter()
        .filter_map(|(_, body)| match body {
            FactBody::Leased(leased) => Some(leased),
            _ => None,
        });
    leased.collect()
}

#[test]
fn co7_a_lease_follows_and_waits_for_a_device() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let outcome = lease(&mut bench, &agent);
    let first = Leased {
        block: bench.block,
        turn: 1,
        person: Some(agent.person),
        device: None,
        cause: outcome.rows[0].intent,
    };
    // In the batches, and beside the block for whoever gets it.
    assert_eq!(leased(&outcome), [first.clone(), first]);
}

#[test]
fn co8_the_first_device_to_say_hello_gets_the_block() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    lease(&mut bench, &agent);
    let mut hello = |device, replaced: &[DeviceId]| {
        let bound = bench
            .state
            .bind_leases(bench.site, agent.person, device, replaced, NOW);
        leased(&bound.unwrap())
    };
    let bound = hello(agent.device, &[]);
    assert_eq!(bound.len(), 2);
    assert_eq!((bound[0].turn, bound[0].device), (2, Some(agent.device)));
    let other = DeviceId::from_bytes([99; 16]);
    assert_eq!(hello(other, &[]), []);

    // What took the place of a device takes its blocks.
    let bound = hello(other, &[agent.device]);
    assert_eq!(bound.len(), 2);
    assert_eq!((bound[0].turn, bound[0].device), (3, Some(other)));
    assert_eq!(hello(other, &[agent.device]), []);
}

#[test]
fn co2_a_sale_by_another_than_the_holder_is_accepted_and_told() {
    let mut bench = Bench::new();
    let (agent, manager) = (bench.agent, bench.manager);
    lease(&mut bench, &agent);
    let till = bench.till(&manager);
    let sale = bench.sale(1);
    let outcome = state(&mut bench, &manager, till, sale);
    let told = facts(&outcome);
    assert!(told.iter().any(|(key, body)| {
        *key == till.verdict().unwrap()
            && matches!(body, FactBody::Verdict(Verdict::SoldAfterRecall { voucher, .. }) if voucher.index == 1)
    }));
    let elsewhere = Verdict::SoldElsewhere {
        block: bench.block,
        indexes: vec![1],
    };
    let expected = (
        bench.block_key().verdict().unwrap(),
        FactBody::Verdict(elsewhere),
    );
    assert!(told.contains(&expected), "{told:?}");
}

#[test]
fn co5_a_lease_comes_after_the_list_of_what_was_sold() {
    let mut bench = Bench::new();
    let (agent, manager) = (bench.agent, bench.manager);
    let till = bench.till(&manager);
    let sale = bench.sale(2);
    state(&mut bench, &manager, till, sale);
    let told = facts(&lease(&mut bench, &agent));
    let place = |wanted: &dyn Fn(&FactBody) -> bool| {
        let place = told.iter().position(|(_, body)| wanted(body));
        place.unwrap()
    };
    let listed = place(
        &|body| matches!(body, FactBody::Verdict(Verdict::SoldElsewhere { indexes, .. }) if *indexes == [2]),
    );
    assert!(listed < place(&|body| matches!(body, FactBody::Leased(_))));
}

#[test]
fn co4_a_code_that_exists_is_void_where_it_came_later() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    let mut make = |n: u8, packed: &str| {
        let codes = Codes {
            batch: BatchId::from_bytes([n; 16]),
            package: bench.package,
            price: Money::from_minor(1_000),
            packed: packed.into(),
        };
        let key = DocumentKey::Block {
            site: bench.site,
            block: BlockId::from_bytes([n; 16]),
        };
        facts(&state(&mut bench, &owner, key, FactBody::Codes(codes)))
    };
    assert_eq!(make(60, "X1\nX2").len(), 1);
    let told = make(61, "x1\nX2");
    let void = Verdict::DuplicateCodes {
        block: BlockId::from_bytes([61; 16]),
        indexes: vec![1],
    };
    assert_eq!(told[1].1, FactBody::Verdict(void));
    assert_eq!(told[1].0.kind(), crdt_model::document::Kind::VerdictBlock);
}

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
