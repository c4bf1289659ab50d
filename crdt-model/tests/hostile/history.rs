//! Changes that do not fit the history they claim, or that Automerge could not open again.

use crdt_model::admission::Malformed;
use crdt_model::document::{DocumentKey, PlainChange};
use crdt_model::sync::message::{Disposition, RefusalCode};
use serde_bytes::ByteBuf;

use crate::forge::{made_up, name, op, plain, refused};
use crate::relay::Bench;

const IMPOSSIBLE: Disposition = Disposition::Refused(RefusalCode::Impossible);

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
