//! Facts: written once, by whom they are for, and none that is the relay's.

use crdt_model::admission::Malformed;
use crdt_model::document::{DocumentKey, Scalar};
use crdt_model::fact::{BatchMade, Codes, Ending, FactBody, Leased, StockNote, Verdict};
use crdt_model::ids::{BatchId, BlockId, IntentId};
use crdt_model::money::Money;
use crdt_model::sync::message::Disposition;
use crdt_model::time::Timestamp;

use crate::forge::{fact_put, refused, turns_facts_away};
use crate::relay::{Bench, record};

#[test]
fn ad8_facts_are_not_overwritten_deleted_or_doubled() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let till = bench.till(&agent);
    let id = bench.intent();
    let sale = bench.sale(0);
    bench.accepts(&agent, till, id, &[fact_put(id, &bench.fact(&agent, sale))]);
    // Another sale under the same key.
    let other = bench.fact(&agent, bench.sale(1));
    let overwritten = bench.write_intent(&agent, till, &[fact_put(id, &other)]);
    assert!(!overwritten.ops[0].replaces.is_empty());
    bench.turns_away_intent(
        &agent,
        till,
        id,
        overwritten.clone(),
        refused(Malformed::FactOverwritten),
    );
    let mut unseen = overwritten.clone();
    unseen.ops[0].replaces.clear();
    bench.turns_away_intent(
        &agent,
        till,
        id,
        unseen,
        refused(Malformed::FactOverwritten),
    );
    // Emptied.
    let mut emptied = overwritten;
    emptied.ops[0].value = Scalar::Null;
    bench.turns_away_intent(
        &agent,
        till,
        id,
        emptied,
        refused(Malformed::FactOverwritten),
    );
    // No bytes, and bytes that are no fact.
    for (value, what) in [
        (Scalar::Text("sale".into()), Malformed::WrongType),
        (Scalar::Bytes(vec![0x80].into()), Malformed::UnknownFact),
    ] {
        let id = bench.intent();
        let mut unread = bench.write_intent(&agent, till, &[fact_put(id, &other)]);
        unread.ops[0].value = value;
        bench.turns_away_intent(&agent, till, id, unread, refused(what));
    }
    let id = bench.intent();
    let mut twice = bench.write_intent(&agent, till, &[fact_put(id, &other)]);
    let again = twice.ops[0].clone();
    twice.ops.push(again);
    bench.turns_away_intent(&agent, till, id, twice, refused(Malformed::FactOverwritten));
}

/// No database can hold another, and whoever stores it could store nothing else behind it.
#[test]
fn ad8_a_batch_was_made_on_a_day_of_the_calendar() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    let batches = DocumentKey::Batches(bench.site);
    let made_on = |bench: &Bench, millis: i64| {
        let made = FactBody::Batch(BatchMade {
            batch: BatchId::from_bytes([5; 16]),
            label: "first".into(),
            package: bench.package,
            price: Money::from_minor(1_000),
            blocks: Vec::new(),
            made_on: Some(Timestamp::from_millis(millis)),
        });
        bench.fact(&owner, made)
    };
    let (first, last) = (-2_208_988_800_000, 253_402_300_799_999);
    let cases = [
        -300_000_000_000_000,
        first - 1,
        last + 1,
        i64::MIN,
        i64::MAX,
    ]
    .map(|millis| made_on(&bench, millis))
    .map(|fact| (owner, batches, fact, refused(Malformed::BadValue)));
    turns_facts_away(&mut bench, cases.into());
    for millis in [first, last] {
        let id = bench.intent();
        let fact = made_on(&bench, millis);
        bench.accepts(&owner, batches, id, &[fact_put(id, &fact)]);
    }
}

#[test]
fn ad13_verdicts_and_leases_are_the_relays_alone() {
    let mut bench = Bench::new();
    let (agent, manager) = (bench.agent, bench.manager);
    let verdict = FactBody::Verdict(Verdict::SoldElsewhere {
        block: bench.block,
        indexes: vec![0],
    });
    let leased = FactBody::Leased(Leased {
        block: bench.block,
        turn: 9,
        person: Some(agent.person),
        device: Some(agent.device),
        cause: None,
    });
    let ended = FactBody::StockNote(StockNote::Ended {
        of: IntentId::from_bytes([9; 16]),
        how: Ending::Withdrawn,
    });
    let relay_only = refused(Malformed::RelayOnly);
    let cases = vec![
        (
            agent,
            bench.till(&agent).verdict().unwrap(),
            bench.fact(&agent, verdict),
            relay_only,
        ),
        (
            manager,
            DocumentKey::Batches(bench.site),
            bench.fact(&manager, leased),
            relay_only,
        ),
        (
            agent,
            bench.till(&agent),
            bench.fact(&agent, ended),
            relay_only,
        ),
    ];
    turns_facts_away(&mut bench, cases);
}

#[test]
fn ad13_the_currency_is_the_relays_alone() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    let change = bench.write_intent(&owner, DocumentKey::Org, &[record("org/currency", "TZS")]);
    let relay_only = refused(Malformed::RelayOnly);
    bench.turns_away(&owner, DocumentKey::Org, change, relay_only);
}

#[test]
fn ad10_a_fact_that_is_there_to_the_letter_is_known() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let till = bench.till(&agent);
    let id = bench.intent();
    let put = fact_put(id, &bench.fact(&agent, bench.sale(0)));
    // The same tap, written once more as if nothing had been heard of the first.
    let mut again = bench.write_intent(&agent, till, std::slice::from_ref(&put));
    again.time += 1;
    let mut batch = bench.batch(&agent, id, vec![(till, again)]);
    batch.salt = [8; 16];
    bench.accepts(&agent, till, id, &[put]);
    let heads = bench.document(&till).heads();
    let outcome = bench.admit_as(&agent, &batch).unwrap();
    assert_eq!(outcome.results[0].1, Disposition::Known);
    assert!(outcome.rows.is_empty());
    assert_eq!(bench.document(&till).heads(), heads);
}

#[test]
fn ad12_codes_are_the_first_fact_of_a_block() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    let codes = FactBody::Codes(Codes {
        batch: BatchId::from_bytes([5; 16]),
        package: bench.package,
        price: Money::from_minor(1_000),
        packed: "D1\nD2".into(),
    });
    let overwritten = refused(Malformed::FactOverwritten);
    let cases = vec![(
        owner,
        bench.block_key(),
        bench.fact(&owner, codes.clone()),
        overwritten,
    )];
    turns_facts_away(&mut bench, cases);
    // In a block of its own the same fact is the first, and let in.
    let new_block = DocumentKey::Block {
        site: bench.site,
        block: BlockId::from_bytes([44; 16]),
    };
    let id = bench.intent();
    let put = fact_put(id, &bench.fact(&owner, codes));
    bench.accepts(&owner, new_block, id, &[put]);
}
