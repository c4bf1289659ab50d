//! What is too much: bytes, items, depth.

use crdt_model::admission::{Malformed, caps};
use crdt_model::codec;
use crdt_model::document::{DocumentKey, PlainChange, PlainOp, Put};
use crdt_model::fact::{Fact, FactBody};
use crdt_model::ids::{BlockId, DeviceId, IntentId, OrgId};
use crdt_model::sync::batch::{Batch, BatchError};
use crdt_model::sync::relay::{Session, Step};
use proptest::prelude::*;
use serde_bytes::ByteBuf;

use crate::cost::cheaply;
use crate::forge::{fact_put, op, plain, refused};
use crate::relay::{Bench, NOW};

/// Raw deflate of `count` zero bytes.
fn zeros(count: usize) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec(&vec![0; count], 1)
}

fn read(bytes: &[u8]) -> Result<Batch, BatchError> {
    Batch::decode(
        OrgId::from_bytes([1; 16]),
        DeviceId::from_bytes([2; 16]),
        bytes,
    )
}

#[test]
fn ad2_a_deflate_bomb_is_not_inflated() {
    let bomb = zeros(256 << 20);
    assert!(bomb.len() < caps::FRAME_BYTES_MAX * 2);
    let result = cheaply(|| read(&bomb));
    assert_eq!(result, Err(BatchError::Inflate));
}

#[test]
fn se4_automerge_bytes_are_no_batch() {
    let bench = Bench::new();
    let saved = bench.document(&DocumentKey::Catalog).save();
    assert!(cheaply(|| read(&saved)).is_err());
    let deflated = miniz_oxide::deflate::compress_to_vec(&saved, 6);
    assert!(matches!(
        cheaply(|| read(&deflated)),
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
    assert!(cheaply(|| read(&many_ops.encode())).is_err());
    let mut many_changes = bench.batch_of(&bench.agent, DocumentKey::Catalog, change(ops(1)));
    let one = many_changes.intents[0].changes[0].clone();
    many_changes.intents[0].changes = vec![one; 257];
    let bytes = many_changes.encode();
    assert!(cheaply(|| read(&bytes)).is_err());
    let mut many_dependencies = bench.batch_of(&bench.agent, DocumentKey::Catalog, change(ops(1)));
    many_dependencies.intents[0].changes[0].change.deps = vec![ByteBuf::new(); 4_000_000];
    let bytes = many_dependencies.encode();
    assert!(bytes.len() < caps::FRAME_BYTES_MAX);
    assert_eq!(cheaply(|| read(&bytes)), Err(BatchError::TooMany));
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
        read(&batch.encode()).is_ok()
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
    assert!(cheaply(|| read(&bytes)).is_err());
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

proptest! {
    #[test]
    fn any_bytes_end_in_an_error_or_a_message(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let steps = Session::new().frame(&bytes);
        prop_assert!(steps.len() <= 2);
        let _ = read(&bytes);
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
