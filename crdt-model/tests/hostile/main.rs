//! What a hostile device could send, and that each of it is turned away at little cost: in ten milliseconds of
//! processor time and 32 MB when optimised.

#![expect(clippy::unwrap_used, reason = "a test may")]

mod cost;
mod crowd;
mod fields;
mod holds;
mod judge;
mod kept;
mod people;
mod relay;
mod replaced;
mod stock;

use std::collections::BTreeSet;

use crdt_model::admission::{Malformed, Reader, caps, may_read};
use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::codec;
use crdt_model::document::{Container, DocumentKey, PlainChange, PlainOp, Put, Scalar};
use crdt_model::fact::{
    BatchMade, BlockMade, Codes, Ending, Fact, FactBody, HeldDecision, LeaseAsked, Leased,
    RecallAsked, Replacement, Sale, StockAskWithdrawn, StockNote, Verdict, VoucherRef,
};
use crdt_model::ids::{
    BatchId, BlockId, ClientId, HoldId, IntentId, PackageId, PersonId, RouterId, SiteId,
};
use crdt_model::money::Money;
use crdt_model::relay::{AdmitError, Outcome};
use crdt_model::sync::batch::{Batch, BatchError};
use crdt_model::sync::message::{Disposition, RefusalCode};
use crdt_model::sync::relay::{Session, Step};
use crdt_model::time::{Month, Timestamp};
use proptest::prelude::*;
use serde_bytes::ByteBuf;

use cost::cheaply;
use relay::{Author, Bench, NOW, record};

const fn refused(what: Malformed) -> Disposition {
    Disposition::Refused(RefusalCode::Malformed(what))
}

const IMPOSSIBLE: Disposition = Disposition::Refused(RefusalCode::Impossible);

/// Raw deflate of `count` zero bytes.
fn zeros(count: usize) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec(&vec![0; count], 1)
}

#[test]
fn ad2_a_deflate_bomb_is_not_inflated() {
    let bomb = zeros(256 << 20);
    assert!(bomb.len() < caps::FRAME_BYTES_MAX * 2);
    let result = cheaply(|| Batch::decode(&bomb));
    assert_eq!(result, Err(BatchError::Inflate));
}

#[test]
fn se4_automerge_bytes_are_no_batch() {
    let bench = Bench::new();
    let saved = bench.document(&DocumentKey::Catalog).save();
    assert!(cheaply(|| Batch::decode(&saved)).is_err());
    let deflated = miniz_oxide::deflate::compress_to_vec(&saved, 6);
    assert!(matches!(
        cheaply(|| Batch::decode(&deflated)),
        Err(BatchError::Decode(_))
    ));
}

#[test]
fn ad2_caps_hold_before_anything_is_built() {
    let bench = Bench::new();
    let ops = |count: usize| -> Vec<PlainOp> {
        (0..count)
            .map(|n| op(&format!("package/{n}/name"), "x"))
            .collect()
    };
    let change = |ops: Vec<PlainOp>| PlainChange {
        seq: 1,
        start_op: 3,
        time: 0,
        deps: vec![ByteBuf::from([7; 32])],
        ops,
    };
    let many_ops = bench.batch_of(&bench.agent, DocumentKey::Catalog, change(ops(2_001)));
    assert!(cheaply(|| Batch::decode(&many_ops.encode())).is_err());
    let mut many_changes = bench.batch_of(&bench.agent, DocumentKey::Catalog, change(ops(1)));
    let one = many_changes.intents[0].changes[0].clone();
    many_changes.intents[0].changes = vec![one; 257];
    let bytes = many_changes.encode();
    assert!(cheaply(|| Batch::decode(&bytes)).is_err());
    let mut many_dependencies = bench.batch_of(&bench.agent, DocumentKey::Catalog, change(ops(1)));
    many_dependencies.intents[0].changes[0].change.deps = vec![ByteBuf::new(); 4_000_000];
    let bytes = many_dependencies.encode();
    assert!(bytes.len() < caps::FRAME_BYTES_MAX);
    assert_eq!(cheaply(|| Batch::decode(&bytes)), Err(BatchError::TooMany));
}

/// Is a batch with so many of something read?
type IsRead<'a> = &'a dyn Fn(usize) -> bool;

#[test]
fn ad2_a_batch_may_have_this_much_and_no_more() {
    let bench = Bench::new();
    let owner = bench.owner;
    let with = |edit: &dyn Fn(&mut Batch)| {
        let mut batch = bench.batch_of(&owner, DocumentKey::Catalog, plain());
        edit(&mut batch);
        Batch::decode(&batch.encode()).is_ok()
    };
    let intents = |count| {
        with(&|batch| {
            let mut intent = batch.intents[0].clone();
            intent.changes.clear();
            batch.intents = vec![intent; count];
        })
    };
    let documents = |count| with(&|batch| batch.documents = vec![DocumentKey::Org; count]);
    // Over all intents together.
    let changes = |count| {
        with(&|batch| {
            let change = batch.intents[0].changes[0].clone();
            batch.intents[0].changes = vec![change; count / 2];
            let mut rest = batch.intents[0].clone();
            rest.changes
                .resize(count - count / 2, rest.changes[0].clone());
            batch.intents.push(rest);
        })
    };
    let of_change = |edit: &dyn Fn(&mut PlainChange)| {
        with(&|batch| edit(&mut batch.intents[0].changes[0].change))
    };
    let operations = |count| of_change(&|change| change.ops = vec![op("a/b", "x"); count]);
    let dependencies =
        |count| of_change(&|change| change.deps = vec![ByteBuf::from([7; 32]); count]);
    let replaced =
        |count| of_change(&|change| change.ops[0].replaces = vec![(4, owner.actor()); count]);
    let caps: [(&str, usize, IsRead); 6] = [
        ("intents", 256, &intents),
        ("documents", 256, &documents),
        ("changes", 256, &changes),
        ("operations", 2_000, &operations),
        ("dependencies", 64, &dependencies),
        ("replaced assignments", 64, &replaced),
    ];
    for (what, most, is_read) in caps {
        assert!(is_read(most), "{most} {what}");
        assert!(!is_read(most + 1), "{} {what}", most + 1);
    }
}

#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    // A batch whose unknown field holds arrays in arrays in arrays.
    let mut bytes = vec![0xa1, 0x61, b'z'];
    bytes.extend(std::iter::repeat_n(0x81, 200_000));
    bytes.push(0xf6);
    let bytes = miniz_oxide::deflate::compress_to_vec(&bytes, 6);
    assert!(cheaply(|| Batch::decode(&bytes)).is_err());
}

#[test]
fn a_fact_that_holds_facts_that_hold_facts_is_not_read() {
    // `Verdict::Held` holds facts, so this type is read by a call for each level.
    for levels in [20, 1_400, 190_000] {
        let mut bytes = vec![0x82, 0x01];
        for _ in 0..levels {
            bytes.extend(b"\xa1\x61b\xa1\x67Verdict\xa1\x64Held\xa1\x61f\x81");
        }
        bytes.push(0xf6);
        assert!(cheaply(|| Fact::decode(&bytes)).is_err(), "{levels}");
    }
}

#[test]
fn ad1_nobody_writes_as_another_device_or_person() {
    let mut bench = Bench::new();
    let written = bench.write(
        &bench.owner,
        DocumentKey::Catalog,
        &[record("package/p/name", "x")],
    );
    let batch = bench.batch_of(&bench.owner, DocumentKey::Catalog, written.plain);
    let agent = bench.agent;
    let result = cheaply(|| bench.admit_as(&agent, &batch));
    assert_eq!(result.unwrap_err(), AdmitError::WrongAuthor);
    let mut batch = batch;
    batch.person = agent.person;
    let owner = bench.owner;
    let result = cheaply(|| bench.admit_as(&owner, &batch));
    assert_eq!(result.unwrap_err(), AdmitError::WrongAuthor);
    let mut batch = bench.batch_of(&owner, DocumentKey::Catalog, plain());
    batch.org = crdt_model::ids::OrgId::from_bytes([9; 16]);
    let result = cheaply(|| bench.admit_as(&owner, &batch));
    assert_eq!(result.unwrap_err(), AdmitError::WrongOrganisation);
}

#[test]
fn ad1_nobody_is_the_relay() {
    let mut bench = Bench::new();
    let relay = Author {
        person: PersonId::RELAY,
        ..bench.owner
    };
    assert_eq!(relay.person.as_bytes(), &[0; 16]);
    let change = bench.write_intent(&relay, DocumentKey::Catalog, &[name(&bench, "x")]);
    let batch = bench.batch_of(&relay, DocumentKey::Catalog, change);
    let result = cheaply(|| bench.admit_as(&relay, &batch));
    assert_eq!(result.unwrap_err(), AdmitError::WrongAuthor);
    let owner = bench.owner;
    for field in ["name", "grant/AGENT@*"] {
        let put = record(&format!("person/{}/{field}", relay.person), "relay");
        let change = bench.write_intent(&owner, DocumentKey::Staff, &[put]);
        let unknown = refused(Malformed::UnknownField);
        bench.turns_away(&owner, DocumentKey::Staff, change, unknown);
    }
}

#[test]
fn ad4_orphans_are_asked_for_again_and_not_kept() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    let mut change = bench
        .write(&owner, DocumentKey::Catalog, &[name(&bench, "x")])
        .plain;
    change.deps = vec![ByteBuf::from([7; 32])];
    bench.turns_away(&owner, DocumentKey::Catalog, change, Disposition::Rebase);
}

/// A change as an honest device would write it, with one thing about it made up.
fn made_up(bench: &Bench, edit: &dyn Fn(&mut PlainChange)) -> PlainChange {
    let owner = bench.owner;
    let mut change = bench
        .write(&owner, DocumentKey::Catalog, &[name(bench, "x")])
        .plain;
    edit(&mut change);
    change
}

#[test]
fn ad4_sequence_numbers_are_the_next_of_their_actor() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    let change = made_up(&bench, &|c| c.seq = 7);
    bench.turns_away(&owner, DocumentKey::Catalog, change, Disposition::Rebase);
}

#[test]
fn ad5_counters_cannot_be_made_up() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    for change in [
        made_up(&bench, &|c| c.start_op += 1),
        made_up(&bench, &|c| c.start_op -= 1),
    ] {
        bench.turns_away(&owner, DocumentKey::Catalog, change, IMPOSSIBLE);
    }
    for change in [
        made_up(&bench, &|c| c.seq = 0),
        made_up(&bench, &|c| c.seq = u64::MAX),
        made_up(&bench, &|c| c.start_op = 0),
        made_up(&bench, &|c| c.start_op = u64::from(u32::MAX)),
        made_up(&bench, &|c| c.start_op = u64::MAX),
    ] {
        bench.cannot_be_built(&owner, DocumentKey::Catalog, change);
    }
}

#[test]
fn ad5_counters_are_beyond_every_own_one() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    let first = bench.batch_of(&owner, DocumentKey::Org, organisation("one"));
    let outcome = bench.admit_as(&owner, &first).unwrap();
    assert_eq!(outcome.results[0].1, Disposition::Accepted);
    // As if its author had not seen what they wrote before: the same operation id twice.
    let mut blind = organisation("two");
    blind.seq = 2;
    bench.turns_away(&owner, DocumentKey::Org, blind, IMPOSSIBLE);
}

/// The first change of the organisation's document.
fn organisation(name: &str) -> PlainChange {
    PlainChange {
        ops: vec![op("org/name", name)],
        ..plain()
    }
}

#[test]
fn cl2_an_intent_that_changes_a_document_twice_does_not_panic() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    let id = bench.intent();
    // Each fits, and the second not after the first.
    let changes = ["one", "two"].map(|name| (DocumentKey::Org, organisation(name)));
    let batch = bench.batch(&owner, id, changes.into());
    let outcome = bench.admit_as(&owner, &batch).unwrap();
    let answers: Vec<_> = outcome.results.iter().map(|(_, answer)| *answer).collect();
    assert_eq!(answers, [IMPOSSIBLE; 2]);
    assert!(outcome.rows.is_empty());
}

#[test]
fn pu8_a_change_without_a_hash_is_left_out_and_spoils_its_intent() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    let id = bench.intent();
    let unbuilt = made_up(&bench, &|change| change.seq = 0);
    let changes = vec![
        (DocumentKey::Catalog, unbuilt),
        (DocumentKey::Org, organisation("one")),
    ];
    let batch = bench.batch(&owner, id, changes);
    let outcome = bench.admit_as(&owner, &batch).unwrap();
    assert!(matches!(outcome.results[..], [(_, IMPOSSIBLE)]));
    assert!(outcome.rows.is_empty());
}

#[test]
fn ad18_what_automerge_could_not_open_again_is_not_built() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    let actor = owner.actor();
    for change in [
        made_up(&bench, &|c| c.time = i64::MAX),
        made_up(&bench, &|c| c.time = i64::MIN),
        made_up(&bench, &|c| c.time = (1 << 52) + 1),
        made_up(&bench, &|c| c.ops.clear()),
        made_up(&bench, &|c| c.deps.push(c.deps[0].clone())),
        made_up(&bench, &|c| c.deps.push(ByteBuf::from([0; 32]))),
        made_up(&bench, &|c| c.ops[0].replaces = vec![(0, actor)]),
        made_up(&bench, &|c| {
            c.ops[0].replaces = vec![(5, actor), (4, actor)];
        }),
        made_up(&bench, &|c| {
            c.ops[0].replaces = vec![(4, actor), (4, actor)];
        }),
    ] {
        bench.cannot_be_built(&owner, DocumentKey::Catalog, change);
    }
}

#[test]
fn ad18_no_key_is_assigned_twice_in_a_change() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    let twice = made_up(&bench, &|c| c.ops.push(c.ops[0].clone()));
    let overwritten = refused(Malformed::FactOverwritten);
    bench.turns_away(&owner, DocumentKey::Catalog, twice, overwritten);
}

#[test]
fn ad18_the_furthest_time_can_be_opened_again() {
    for time in [1 << 52, -(1 << 52)] {
        let mut bench = Bench::new();
        let owner = bench.owner;
        let change = made_up(&bench, &|c| c.time = time);
        let batch = bench.batch_of(&owner, DocumentKey::Catalog, change);
        let outcome = bench.admit_as(&owner, &batch).unwrap();
        assert_eq!(outcome.results[0].1, Disposition::Accepted);
        // Loads what was saved.
        let heads = bench.document(&DocumentKey::Catalog).heads();
        assert_eq!(heads, [outcome.results[0].0]);
    }
}

#[test]
fn ad7_an_operation_replaces_only_assignments_of_its_own_field() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    let mut change = bench
        .write(&owner, DocumentKey::Catalog, &[name(&bench, "x")])
        .plain;
    let (counter, actor) = change.ops[0].replaces[0];
    change.ops[0].replaces = vec![(counter + 1, actor)];
    bench.turns_away(
        &owner,
        DocumentKey::Catalog,
        change,
        refused(Malformed::UnknownAssignment),
    );
}

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

/// Each fact is turned away with its answer, cheaply and without a trace.
fn turns_facts_away(bench: &mut Bench, cases: Vec<(Author, DocumentKey, Fact, Disposition)>) {
    for (author, document, fact, answer) in cases {
        let id = bench.intent();
        let change = bench.write_intent(&author, document, &[fact_put(id, &fact)]);
        bench.turns_away_intent(&author, document, id, change, answer);
    }
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
fn ad9_a_till_is_of_a_month_that_a_clock_can_show() {
    let mut bench = Bench::new();
    let (agent, manager) = (bench.agent, bench.manager);
    // Hours before and after midnight, UTC.
    let of = |bench: &Bench, by: &Author, millis, body| {
        let fact = Fact {
            at: Timestamp::from_millis(millis),
            ..bench.fact(by, body)
        };
        let till = DocumentKey::Till {
            site: bench.site,
            person: agent.person,
            month: Month::of(fact.at),
        };
        (till, fact)
    };
    let (first, last) = (-2_208_988_800_000, 4_102_444_799_999);
    let asked = IntentId::from_bytes([9; 16]);
    let withdrawn = || FactBody::StockAskWithdrawn(StockAskWithdrawn { asked });
    let decided = || {
        FactBody::HeldDecision(HeldDecision {
            hold: HoldId::from_bytes([9; 16]),
            accepted: true,
            reason: None,
            told: 1,
        })
    };
    let wrong = refused(Malformed::WrongMonth);
    let mut cases = Vec::new();
    for millis in [first - 1, last + 1, i64::MIN, i64::MAX] {
        let (till, fact) = of(&bench, &agent, millis, withdrawn());
        cases.push((agent, till, fact, wrong));
        let (till, fact) = of(&bench, &manager, millis, decided());
        cases.push((manager, till, fact, wrong));
    }
    turns_facts_away(&mut bench, cases);
    for millis in [first, last] {
        let (till, fact) = of(&bench, &agent, millis, withdrawn());
        let id = bench.intent();
        bench.accepts(&agent, till, id, &[fact_put(id, &fact)]);
    }
}

#[test]
fn ad9_a_fact_bears_its_author_its_intent_and_its_month() {
    let mut bench = Bench::new();
    let (agent, manager) = (bench.agent, bench.manager);
    let till = bench.till(&agent);
    let other_till = bench.till(&manager);
    let other_month = DocumentKey::Till {
        site: bench.site,
        person: agent.person,
        month: "202401".parse::<Month>().unwrap(),
    };
    let of_another = bench.fact(&manager, bench.sale(0));
    let own = bench.fact(&agent, bench.sale(0));
    let another = refused(Malformed::FactOfAnotherPerson);
    let cases = vec![
        (agent, till, of_another, another),
        (agent, other_till, own.clone(), another),
        (
            agent,
            other_month,
            own.clone(),
            refused(Malformed::WrongMonth),
        ),
        (
            agent,
            bench.block_key(),
            own.clone(),
            refused(Malformed::WrongDocument),
        ),
    ];
    turns_facts_away(&mut bench, cases);
    // A fact under a key that is not its intent's.
    let id = bench.intent();
    let other = bench.intent();
    let change = bench.write_intent(&agent, till, &[fact_put(other, &own)]);
    bench.turns_away_intent(
        &agent,
        till,
        id,
        change,
        refused(Malformed::FactNotOfItsIntent),
    );
}

#[test]
fn ad9_an_intent_has_one_till() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let this = (bench.till(&agent), bench.fact(&agent, bench.sale(0)));
    let mut fact = bench.fact(&agent, bench.sale(1));
    fact.at = NOW.plus_millis(-90 * 86_400_000);
    let earlier = DocumentKey::Till {
        site: bench.site,
        person: agent.person,
        month: Month::of(fact.at),
    };
    let other = (earlier, fact);
    let id = bench.intent();
    let tills = [this, other].map(|(till, fact)| {
        (
            till,
            bench.write_intent(&agent, till, &[fact_put(id, &fact)]),
        )
    });
    let two_tills = refused(Malformed::FactNotOfItsIntent);
    // At once.
    let both = bench.batch(&agent, id, tills.clone().into());
    let outcome = bench.admit_as(&agent, &both).unwrap();
    let answers: Vec<_> = outcome.results.iter().map(|(_, answer)| *answer).collect();
    assert_eq!(answers, [two_tills; 2]);
    assert!(outcome.rows.is_empty());
    // One after the other.
    let [this, (till, change)] = tills;
    let one = bench.batch(&agent, id, vec![this]);
    let outcome = bench.admit_as(&agent, &one).unwrap();
    assert_eq!(outcome.results[0].1, Disposition::Accepted);
    bench.turns_away_intent(&agent, till, id, change, two_tills);
}

#[test]
fn ad11_a_sale_names_vouchers_that_exist_at_their_price() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let till = bench.till(&agent);
    let edited = |edit: &dyn Fn(&mut Sale)| {
        let FactBody::Sale(mut sale) = bench.sale(0) else {
            unreachable!()
        };
        edit(&mut sale);
        bench.fact(&agent, FactBody::Sale(sale))
    };
    let bad_value = refused(Malformed::BadValue);
    let wrong = [
        (
            edited(&|s| s.lines[0].price = Money::from_minor(1)),
            refused(Malformed::WrongPrice),
        ),
        (
            edited(&|s| s.lines[0].voucher.index = 99),
            refused(Malformed::UnknownVoucher),
        ),
        (
            edited(&|s| s.lines[0].package = PackageId::from_bytes([9; 16])),
            refused(Malformed::UnknownVoucher),
        ),
        (edited(&|s| s.lines.clear()), bad_value),
        (
            edited(&|s| {
                let line = s.lines[0].clone();
                let lines = (0..21).map(|index| {
                    let mut line = line.clone();
                    line.voucher.index = index;
                    line
                });
                s.lines = lines.collect();
            }),
            bad_value,
        ),
        (
            edited(&|s| s.lines = vec![s.lines[0].clone(); 2]),
            bad_value,
        ),
        (
            edited(&|s| s.lines[0].price = Money::from_minor(-5)),
            bad_value,
        ),
        (edited(&|s| s.receipt = "free text".into()), bad_value),
        (edited(&|s| s.reference = Some("x".repeat(65))), bad_value),
    ];
    let cases = wrong
        .map(|(fact, answer)| (agent, till, fact, answer))
        .to_vec();
    turns_facts_away(&mut bench, cases);
}

#[test]
fn ad11_twenty_vouchers_and_64_bytes_of_reference_are_a_sale() {
    let mut bench = Bench::new();
    let (owner, agent) = (bench.owner, bench.agent);
    let block = BlockId::from_bytes([44; 16]);
    let key = DocumentKey::Block {
        site: bench.site,
        block,
    };
    let codes: Vec<String> = (0..20).map(|n| format!("E{n}")).collect();
    let codes = FactBody::Codes(Codes {
        batch: BatchId::from_bytes([5; 16]),
        package: bench.package,
        price: Money::from_minor(1_000),
        packed: codes.join("\n"),
    });
    judge::state(&mut bench, &owner, key, codes);
    let FactBody::Sale(mut sale) = bench.sale(0) else {
        unreachable!()
    };
    let lines = (0..20).map(|index| {
        let mut line = sale.lines[0].clone();
        line.voucher = VoucherRef { block, index };
        line
    });
    sale.lines = lines.collect();
    sale.reference = Some("x".repeat(64));
    let till = bench.till(&agent);
    judge::state(&mut bench, &agent, till, FactBody::Sale(sale));
}

/// Each line of a sale names a block, and each block is two documents and all that was sold of it.
#[test]
fn ad2_nothing_is_looked_up_for_what_will_be_refused() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let till = bench.till(&agent);
    let sale_of = |bench: &Bench, first: u32, lines: u32| {
        let FactBody::Sale(mut sale) = bench.sale(0) else {
            unreachable!()
        };
        let line = sale.lines[0].clone();
        sale.lines = (first..first + lines)
            .map(|number| {
                let mut line = line.clone();
                let bytes = u128::from(number).to_be_bytes();
                line.voucher.block = BlockId::from_bytes(bytes);
                line
            })
            .collect();
        bench.fact(&agent, FactBody::Sale(sale))
    };
    let one = |bench: &Bench, id, lines| vec![fact_put(id, &sale_of(bench, 1, lines))];
    // Forty sales of one tap, all but one under keys that are not its own.
    let many = |bench: &Bench, id| {
        let puts = (0..40).map(|n| {
            let key = if n == 20 { id } else { bench.intent() };
            fact_put(key, &sale_of(bench, 1 + 20 * n, 20))
        });
        puts.collect()
    };
    let ids = [bench.intent(), bench.intent(), bench.intent()];
    let cases: [(IntentId, Vec<Put>, Malformed, usize); 3] = [
        (ids[0], one(&bench, ids[0], 1_000), Malformed::TooLarge, 10),
        (ids[1], one(&bench, ids[1], 21), Malformed::BadValue, 10),
        (
            ids[2],
            many(&bench, ids[2]),
            Malformed::FactNotOfItsIntent,
            70,
        ),
    ];
    for (id, puts, what, most) in cases {
        let change = bench.write_intent(&agent, till, &puts);
        let batch = bench.batch(&agent, id, vec![(till, change.clone())]);
        let needs = bench.state.needs(&batch.expand().unwrap(), NOW);
        assert!(needs.len() <= most, "{} needs, {what:?}", needs.len());
        bench.turns_away_intent(&agent, till, id, change, refused(what));
    }
    assert!(bench.state.documents_loaded() <= 60);
}

#[test]
fn ad11_a_replacement_that_is_not_due_is_held() {
    let mut bench = Bench::new();
    let (agent, manager, block) = (bench.agent, bench.manager, bench.block);
    let intent = |outcome: Outcome| outcome.rows[0].intent.unwrap();
    let standing = intent(judge::sell(&mut bench, &agent, 0));
    let lost = intent(judge::sell(&mut bench, &manager, 0));
    let voucher = |index| VoucherRef { block, index };
    let package = bench.package;
    let of = |sale, index| {
        FactBody::Replacement(Replacement {
            sale,
            replaces: voucher(0),
            voucher: voucher(index),
            package,
        })
    };
    let push = |bench: &mut Bench, by: &Author, body| {
        let till = bench.till(by);
        let id = bench.intent();
        let change = bench.write_intent(by, till, &[fact_put(id, &bench.fact(by, body))]);
        let batch = bench.batch(by, id, vec![(till, change)]);
        bench.admit_as(by, &batch).unwrap().results[0].1
    };
    let is_held = |answer| matches!(answer, Disposition::Held(..));
    // Of a sale that stands, and of another's.
    assert!(is_held(push(&mut bench, &agent, of(standing, 1))));
    assert!(is_held(push(&mut bench, &agent, of(lost, 1))));
    let unknown = refused(Malformed::UnknownVoucher);
    assert_eq!(push(&mut bench, &manager, of(lost, 99)), unknown);
    let due = push(&mut bench, &manager, of(lost, 1));
    assert_eq!(due, Disposition::Accepted);
    // It has its new code.
    assert!(is_held(push(&mut bench, &manager, of(lost, 2))));
}

/// A block of one voucher that the owner makes, at whatever site.
fn block_of(bench: &mut Bench, site: SiteId, n: u8, package: PackageId, price: i64) -> VoucherRef {
    let (owner, block) = (bench.owner, BlockId::from_bytes([n; 16]));
    let codes = FactBody::Codes(Codes {
        batch: BatchId::from_bytes([n; 16]),
        package,
        price: Money::from_minor(price),
        packed: format!("N{n}"),
    });
    judge::state(bench, &owner, DocumentKey::Block { site, block }, codes);
    VoucherRef { block, index: 0 }
}

#[test]
fn ad11_one_contradicted_sale_is_worth_one_voucher_of_its_kind() {
    let mut bench = Bench::new();
    let (agent, owner, here, package) = (bench.agent, bench.owner, bench.site, bench.package);
    let elsewhere = SiteId::from_bytes([77; 16]);
    let dear = PackageId::from_bytes([78; 16]);
    let price = 1_000;
    let same = block_of(&mut bench, here, 61, package, price);
    let more = block_of(&mut bench, here, 62, package, price);
    let other_site = block_of(&mut bench, elsewhere, 63, package, price);
    let other_package = block_of(&mut bench, here, 64, dear, price);
    let other_price = block_of(&mut bench, here, 65, package, price + 1);
    judge::sell(&mut bench, &agent, 0);
    let lost = judge::sell(&mut bench, &owner, 0).rows[0].intent.unwrap();
    let give = |bench: &mut Bench, site, at, voucher, package| {
        let mut fact = bench.fact(
            &owner,
            FactBody::Replacement(Replacement {
                sale: lost,
                replaces: VoucherRef {
                    block: bench.block,
                    index: 0,
                },
                voucher,
                package,
            }),
        );
        fact.at = at;
        let till = DocumentKey::Till {
            site,
            person: owner.person,
            month: Month::of(at),
        };
        let id = bench.intent();
        let change = bench.write_intent(&owner, till, &[fact_put(id, &fact)]);
        let batch = bench.batch(&owner, id, vec![(till, change)]);
        bench.admit_as(&owner, &batch).unwrap().results[0].1
    };
    let is_held = |answer| matches!(answer, Disposition::Held(..));
    assert!(is_held(give(&mut bench, here, NOW, other_package, dear)));
    assert!(is_held(give(&mut bench, here, NOW, other_price, package)));
    let earlier = NOW.plus_millis(-40 * 86_400_000);
    let due = give(&mut bench, here, earlier, same, package);
    assert_eq!(due, Disposition::Accepted);
    // Another month, another site: it has its new code all the same.
    assert!(is_held(give(&mut bench, here, NOW, more, package)));
    assert!(is_held(give(
        &mut bench, elsewhere, NOW, other_site, package
    )));
}

#[test]
fn ad11_a_block_of_another_site_is_not_leased_or_recalled_here() {
    let mut bench = Bench::new();
    let (owner, block) = (bench.owner, bench.block);
    let batches = DocumentKey::Batches(bench.site);
    let to = bench.agent.person;
    let recall = RecallAsked {
        block,
        to: Some(to),
        reason: "gone".into(),
    };
    for body in [
        FactBody::LeaseAsked(LeaseAsked { block, to }),
        FactBody::RecallAsked(recall),
    ] {
        let id = bench.intent();
        let put = fact_put(id, &bench.fact(&owner, body));
        let change = bench.write_intent(&owner, batches, &[put]);
        bench.holds_intent(&owner, batches, id, change);
    }
}

/// What the owner states, in a site's batches or in a block.
fn stated(
    bench: &Bench,
    key: DocumentKey,
    body: FactBody,
) -> (IntentId, (DocumentKey, PlainChange)) {
    let (owner, id) = (bench.owner, bench.intent());
    let put = fact_put(id, &bench.fact(&owner, body));
    (id, (key, bench.write_intent(&owner, key, &[put])))
}

#[test]
fn ad22_a_block_and_a_batch_lie_at_one_site() {
    let mut bench = Bench::new();
    let (owner, agent, here, package) = (bench.owner, bench.agent, bench.site, bench.package);
    let there = SiteId::from_bytes([77; 16]);
    let voucher = block_of(&mut bench, here, 61, package, 1_000);
    let (block, batch) = (voucher.block, BatchId::from_bytes([61; 16]));
    let codes = |batch: BatchId, name: &str| {
        FactBody::Codes(Codes {
            batch,
            package,
            price: Money::from_minor(1_000),
            packed: name.into(),
        })
    };
    let made = |batch, blocks: &[BlockId]| {
        let blocks = blocks.iter().map(|block| BlockMade {
            block: *block,
            count: 1,
        });
        FactBody::Batch(BatchMade {
            batch,
            label: "November".into(),
            package,
            price: Money::from_minor(1_000),
            blocks: blocks.collect(),
            made_on: None,
        })
    };
    let (fresh, other) = (BlockId::from_bytes([62; 16]), BatchId::from_bytes([62; 16]));
    let at = |site, block| DocumentKey::Block { site, block };
    let (batches_here, batches_there) = (DocumentKey::Batches(here), DocumentKey::Batches(there));
    let misplaced = refused(Malformed::WrongDocument);
    for (key, body) in [
        (at(there, block), codes(other, "M1")),
        (at(there, fresh), codes(batch, "M1")),
        (batches_there, made(other, &[block])),
        (batches_there, made(batch, &[fresh])),
        // Of this site, and of another batch.
        (batches_here, made(other, &[block])),
    ] {
        let (id, (key, change)) = stated(&bench, key, body);
        bench.turns_away_intent(&owner, key, id, change, misplaced);
    }
    let many = made(other, &[fresh; 1_001]);
    let (id, (key, change)) = stated(&bench, batches_here, many);
    bench.turns_away_intent(&owner, key, id, change, refused(Malformed::BadValue));
    // At once, when nothing of it is here to be asked.
    let (id, first) = stated(&bench, at(here, fresh), codes(other, "M1"));
    for body in [
        (at(there, fresh), codes(other, "M2")),
        (batches_there, made(other, &[fresh])),
    ] {
        let put = fact_put(id, &bench.fact(&owner, body.1));
        let second = (body.0, bench.write_intent(&owner, body.0, &[put]));
        let both = bench.batch(&owner, id, vec![first.clone(), second]);
        let outcome = bench.admit_as(&owner, &both).unwrap();
        let answers: Vec<_> = outcome.results.iter().map(|(_, answer)| *answer).collect();
        assert_eq!(answers, [misplaced; 2]);
        assert!(outcome.rows.is_empty());
    }

    // What a restored relay does not have yet may be named, and is no way to another site's block.
    let lost = BlockId::from_bytes([63; 16]);
    let unknown = BatchId::from_bytes([64; 16]);
    judge::state(&mut bench, &owner, batches_there, made(unknown, &[lost]));
    judge::state(&mut bench, &owner, at(here, lost), codes(other, "M3"));
    let recall = FactBody::RecallAsked(RecallAsked {
        block: lost,
        to: Some(agent.person),
        reason: "gone".into(),
    });
    let lease = FactBody::LeaseAsked(LeaseAsked {
        block: lost,
        to: agent.person,
    });
    for body in [recall, lease] {
        let (id, (key, change)) = stated(&bench, batches_there, body);
        bench.turns_away_intent(&owner, key, id, change, misplaced);
    }
    let mut sale = bench.sale(0);
    if let FactBody::Sale(sale) = &mut sale {
        sale.lines[0].voucher = voucher;
    }
    let till = DocumentKey::Till {
        site: there,
        person: owner.person,
        month: Month::of(NOW),
    };
    let (id, (_, change)) = stated(&bench, till, sale);
    bench.turns_away_intent(&owner, till, id, change, misplaced);
    // The honest ones are as ever.
    judge::state(&mut bench, &owner, batches_here, made(batch, &[block]));
    judge::state(&mut bench, &owner, at(here, fresh), codes(other, "M1"));
    judge::state(
        &mut bench,
        &owner,
        batches_here,
        made(other, &[fresh, lost]),
    );
}

#[test]
fn ad22_the_codes_of_a_block_are_read_at_its_site_alone() {
    let bench = Bench::new();
    let reader = Reader {
        principal: bench.state.principal(bench.agent.person).unwrap(),
        leases: BTreeSet::from([(bench.site, bench.block)]),
        history: 0,
    };
    assert!(may_read(&reader, &bench.block_key()));
    let elsewhere = DocumentKey::Block {
        site: SiteId::from_bytes([77; 16]),
        block: bench.block,
    };
    assert!(!may_read(&reader, &elsewhere));
}

#[test]
fn ad23_a_record_lies_in_one_document() {
    let mut bench = Bench::new();
    let (owner, agent, here) = (bench.owner, bench.agent, bench.site);
    let there = SiteId::from_bytes([77; 16]);
    let clients = |site, by: &Author, part| DocumentKey::Clients {
        site,
        owner: by.person,
        part,
    };
    let client = |field: &str, text: &str| {
        let id = ClientId::from_bytes([81; 16]);
        record(&format!("client/{id}/{field}"), text)
    };
    let router = |text: &str| {
        let id = RouterId::from_bytes([82; 16]);
        record(&format!("router/{id}/name"), text)
    };
    let misplaced = refused(Malformed::WrongDocument);

    // In two documents at once.
    let id = bench.intent();
    let both = [clients(here, &owner, 0), clients(here, &owner, 1)].map(|key| {
        (
            key,
            bench.write_intent(&owner, key, &[client("name", "Neema")]),
        )
    });
    let batch = bench.batch(&owner, id, both.into());
    let outcome = bench.admit_as(&owner, &batch).unwrap();
    let answers: Vec<_> = outcome.results.iter().map(|(_, answer)| *answer).collect();
    assert_eq!(answers, [misplaced; 2]);

    let id = bench.intent();
    bench.accepts(
        &owner,
        clients(here, &owner, 0),
        id,
        &[client("name", "Neema"), client("notes", "gate")],
    );
    let id = bench.intent();
    bench.accepts(&owner, DocumentKey::Site(here), id, &[router("R1")]);
    // By who may write there; by nobody else's rights, whatever the field, nor in another part of one's own.
    for (by, key, put) in [
        (agent, clients(here, &agent, 0), client("name", "mine")),
        (agent, clients(here, &agent, 0), client("notes", "mine")),
        (owner, clients(here, &owner, 1), client("name", "again")),
        (owner, clients(there, &owner, 0), client("name", "there")),
        (owner, DocumentKey::Site(there), router("mine")),
    ] {
        let change = bench.write_intent(&by, key, &[put]);
        bench.turns_away(&by, key, change, misplaced);
    }
    // It is edited where it is.
    let id = bench.intent();
    bench.accepts(
        &owner,
        clients(here, &owner, 0),
        id,
        &[client("name", "Neema K")],
    );
    let id = bench.intent();
    bench.accepts(&owner, DocumentKey::Site(here), id, &[router("R2")]);
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
fn ad3_a_change_that_is_here_is_accepted_and_not_looked_at_again() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    let change = made_up(&bench, &|_| ());
    let batch = bench.batch_of(&owner, DocumentKey::Catalog, change);
    let first = bench.admit_as(&owner, &batch).unwrap();
    assert_eq!(first.rows.len(), 1);
    let again = bench.admit_as(&owner, &batch).unwrap();
    assert_eq!(again.results, first.results);
    assert_eq!(again.results[0].1, Disposition::Accepted);
    assert!(again.rows.is_empty());
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

#[test]
fn ad15_the_gravest_finding_speaks_for_the_intent() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let till = bench.till(&agent);
    let site = DocumentKey::SitePublic(bench.site);
    let hold = bench.write_intent(&agent, site, &[record("site/name", "mine")]);
    let FactBody::Sale(mut cheap) = bench.sale(0) else {
        unreachable!()
    };
    cheap.lines[0].price = Money::from_minor(1);
    let id = bench.intent();
    let sold = |bench: &Bench, id, body| {
        bench.write_intent(&agent, till, &[fact_put(id, &bench.fact(&agent, body))])
    };
    let refusable = sold(&bench, id, FactBody::Sale(cheap));
    let fine = sold(&bench, id, bench.sale(0));
    let mut orphan = fine.clone();
    orphan.deps = vec![ByteBuf::from([7; 32])];
    let answers = |bench: &mut Bench, changes| {
        let batch = bench.batch(&agent, id, changes);
        let outcome = bench.admit_as(&agent, &batch).unwrap();
        let documents = [site, till];
        assert!(
            outcome
                .rows
                .iter()
                .all(|row| !documents.contains(&row.document))
        );
        outcome
            .results
            .into_iter()
            .map(|(_, answer)| answer)
            .collect::<Vec<_>>()
    };
    let wrong_price = refused(Malformed::WrongPrice);
    assert_eq!(
        answers(
            &mut bench,
            vec![(site, hold.clone()), (till, refusable.clone())]
        ),
        [wrong_price; 2]
    );
    // An orphan in one document and a wrong price in another: refused outweighs rebase.
    let mut lost = hold.clone();
    lost.deps = vec![ByteBuf::from([7; 32])];
    assert_eq!(
        answers(&mut bench, vec![(site, lost), (till, refusable)]),
        [wrong_price; 2]
    );
    assert_eq!(
        answers(&mut bench, vec![(site, hold.clone()), (till, orphan)]),
        [Disposition::Rebase; 2]
    );
    let held = answers(&mut bench, vec![(site, hold), (till, fine)]);
    assert!(
        matches!(held[..], [Disposition::Held(one, _), Disposition::Held(two, _)] if one == two),
        "{held:?}"
    );
}

#[test]
fn ad15_what_was_accepted_or_is_known_stays_so() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let till = bench.till(&agent);
    let site = DocumentKey::SitePublic(bench.site);
    let id = bench.intent();
    let put = fact_put(id, &bench.fact(&agent, bench.sale(0)));
    let sold = bench.write_intent(&agent, till, std::slice::from_ref(&put));
    // The same again, by another incarnation.
    let mut known = sold.clone();
    known.time += 1;
    let may_not = bench.write_intent(&agent, site, &[record("site/name", "mine")]);
    bench.accepts(&agent, till, id, &[put]);
    for (change, salt, answer) in [
        (sold, 7, Disposition::Accepted),
        (known, 8, Disposition::Known),
    ] {
        let changes = vec![(till, change), (site, may_not.clone())];
        let mut batch = bench.batch(&agent, id, changes);
        batch.salt = [salt; 16];
        let outcome = bench.admit_as(&agent, &batch).unwrap();
        let answers: Vec<_> = outcome.results.iter().map(|(_, answer)| *answer).collect();
        assert_eq!(answers[0], answer);
        assert!(matches!(answers[1], Disposition::Held(..)));
    }
}

#[test]
fn ad17_a_sale_from_an_unknown_block_is_held() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let till = bench.till(&agent);
    let FactBody::Sale(mut sale) = bench.sale(0) else {
        unreachable!()
    };
    sale.lines[0].voucher.block = BlockId::from_bytes([77; 16]);
    let id = bench.intent();
    let fact = bench.fact(&agent, FactBody::Sale(sale));
    let change = bench.write_intent(&agent, till, &[fact_put(id, &fact)]);
    let batch = bench.batch(&agent, id, vec![(till, change)]);
    let outcome = bench.admit_as(&agent, &batch).unwrap();
    assert!(matches!(outcome.results[0].1, Disposition::Held(..)));
    assert_eq!(outcome.holds.len(), 1);
    assert!(outcome.rows.iter().all(|row| row.document != till));
}

#[test]
fn ad6_unknown_fields_wrong_types_and_large_values_are_refused() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    let large = Put {
        container: Container::Records,
        key: bench.package_field("name"),
        value: Scalar::Text("x".repeat(caps::VALUE_BYTES_MAX + 1)),
    };
    let long = record(
        &format!("package/{}/name", "x".repeat(caps::KEY_BYTES_MAX)),
        "x",
    );
    let unknown = record("package/p/name", "x");
    let retyped = Put {
        container: Container::Records,
        key: bench.package_field("price"),
        value: Scalar::Text("1000".into()),
    };
    for (put, what) in [
        (large, Malformed::TooLarge),
        (long, Malformed::TooLarge),
        (unknown, Malformed::UnknownField),
        (retyped, Malformed::WrongType),
    ] {
        let change = bench.write(&owner, DocumentKey::Catalog, &[put]).plain;
        bench.turns_away(&owner, DocumentKey::Catalog, change, refused(what));
    }
}

#[test]
fn ad14_what_one_may_not_do_is_held_or_refused_and_changes_nothing() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let not_allowed = Disposition::Refused(RefusalCode::NotAllowed);
    let change = bench
        .write(&agent, DocumentKey::Catalog, &[name(&bench, "mine")])
        .plain;
    bench.turns_away(&agent, DocumentKey::Catalog, change, not_allowed);
    let owner_of_all = Grant {
        role: Role::Owner,
        scope: Scope::Organisation,
    };
    let grant = Put {
        container: Container::Records,
        key: format!("person/{}/grant/{owner_of_all}", agent.person),
        value: true.into(),
    };
    let change = bench.write(&agent, DocumentKey::Staff, &[grant]).plain;
    bench.turns_away(&agent, DocumentKey::Staff, change, not_allowed);
    let change = bench.write_intent(&agent, DocumentKey::Org, &[record("org/name", "mine")]);
    bench.turns_away(&agent, DocumentKey::Org, change, not_allowed);
    let site = DocumentKey::SitePublic(bench.site);
    let change = bench
        .write(&agent, site, &[record("site/name", "mine")])
        .plain;
    bench.holds(&agent, site, change.clone());
    // Nor does it hide behind what would be held: whoever accepts sees all of it.
    let id = bench.intent();
    let catalog = bench.write_intent(&agent, DocumentKey::Catalog, &[name(&bench, "mine")]);
    let changes = vec![(DocumentKey::Catalog, catalog), (site, change)];
    let batch = bench.batch(&agent, id, changes);
    let outcome = bench.admit_as(&agent, &batch).unwrap();
    let answers: Vec<Disposition> = outcome.results.iter().map(|(_, answer)| *answer).collect();
    assert_eq!(answers, [not_allowed; 2]);
    assert!(outcome.holds.is_empty() && outcome.rows.is_empty());
}

#[test]
fn ad14_what_a_revoked_device_says_of_no_site_or_of_a_hold_is_refused() {
    let mut bench = Bench::new();
    let (owner, manager) = (bench.owner, bench.manager);
    let (hold, _) = holds::hold_a_sale(&mut bench);
    bench.revoked = [owner.device, manager.device].into();
    let not_allowed = Disposition::Refused(RefusalCode::NotAllowed);
    let change = made_up(&bench, &|_| ());
    bench.turns_away(&owner, DocumentKey::Catalog, change, not_allowed);
    let till = bench.till(&bench.agent);
    let decided = holds::decide(&mut bench, &manager, till, hold, false);
    assert_eq!(decided.results[0].1, not_allowed);
    assert!(decided.rows.is_empty() && decided.holds.is_empty());
}

#[test]
fn a_document_that_took_everything_admitted_can_be_opened_again() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    for text in ["one", "two", "three"] {
        let change = bench
            .write(&owner, DocumentKey::Catalog, &[name(&bench, text)])
            .plain;
        let batch = bench.batch_of(&owner, DocumentKey::Catalog, change);
        bench.admit_as(&owner, &batch).unwrap();
    }
    let saved = bench.document(&DocumentKey::Catalog).save();
    let loaded = crdt_model::document::Document::load(&saved).unwrap();
    assert_eq!(
        loaded.heads(),
        bench.document(&DocumentKey::Catalog).heads()
    );
}

proptest! {
    #[test]
    fn any_bytes_end_in_an_error_or_a_message(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let steps = Session::new().frame(&bytes);
        prop_assert!(steps.len() <= 2);
        let _ = Batch::decode(&bytes);
        let _ = codec::decode::<Batch>(&bytes);
        let _ = Fact::decode(&bytes);
    }
}

#[test]
fn tr2_a_frame_beyond_the_cap_is_not_looked_at() {
    let bytes = vec![0; caps::FRAME_BYTES_MAX + 1];
    let steps = cheaply(|| Session::new().frame(&bytes));
    assert!(matches!(steps.last(), Some(Step::Close(_))));
}

fn op(key: &str, text: &str) -> PlainOp {
    PlainOp {
        container: Container::Records,
        key: key.into(),
        value: text.into(),
        replaces: Vec::new(),
    }
}

fn plain() -> PlainChange {
    PlainChange {
        seq: 1,
        start_op: 3,
        time: 0,
        deps: vec![ByteBuf::from(crdt_model::document::genesis_hash().to_vec())],
        ops: vec![op("package/p/name", "x")],
    }
}

fn name(bench: &Bench, text: &str) -> Put {
    record(&bench.package_field("name"), text)
}

fn fact_put(id: IntentId, fact: &Fact) -> Put {
    crdt_model::command::fact_put(&id.to_string(), fact)
}
