//! What follows from what is let in: leases and verdicts.

use crdt_model::command::fact_put;
use crdt_model::document::{DocumentKey, Scalar};
use crdt_model::fact::{BatchMade, BlockMade, Codes, Fact, FactBody, LeaseAsked, Leased, Verdict};
use crdt_model::ids::{BatchId, BlockId, DeviceId};
use crdt_model::money::Money;
use crdt_model::relay::Outcome;

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
