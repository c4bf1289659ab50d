//! Pieces of what nobody honest writes.

use crdt_model::admission::Malformed;
use crdt_model::document::{Container, DocumentKey, PlainChange, PlainOp, Put};
use crdt_model::fact::{Fact, FactBody};
use crdt_model::ids::IntentId;
use crdt_model::sync::message::{Disposition, RefusalCode};
use serde_bytes::ByteBuf;

use crate::relay::{Author, Bench, record};

pub const fn refused(what: Malformed) -> Disposition {
    Disposition::Refused(RefusalCode::Malformed(what))
}

/// A change as an honest device would write it, with one thing about it made up.
pub fn made_up(bench: &Bench, edit: &dyn Fn(&mut PlainChange)) -> PlainChange {
    let owner = bench.owner;
    let mut change = bench
        .write(&owner, DocumentKey::Catalog, &[name(bench, "x")])
        .plain;
    edit(&mut change);
    change
}

/// Each fact is turned away with its answer, cheaply and without a trace.
pub fn turns_facts_away(bench: &mut Bench, cases: Vec<(Author, DocumentKey, Fact, Disposition)>) {
    for (author, document, fact, answer) in cases {
        let id = bench.intent();
        let change = bench.write_intent(&author, document, &[fact_put(id, &fact)]);
        bench.turns_away_intent(&author, document, id, change, answer);
    }
}

/// What the owner states, in a site's batches or in a block.
pub fn stated(
    bench: &Bench,
    key: DocumentKey,
    body: FactBody,
) -> (IntentId, (DocumentKey, PlainChange)) {
    let (owner, id) = (bench.owner, bench.intent());
    let put = fact_put(id, &bench.fact(&owner, body));
    (id, (key, bench.write_intent(&owner, key, &[put])))
}

pub fn op(key: &str, text: &str) -> PlainOp {
    PlainOp {
        container: Container::Records,
        key: key.into(),
        value: text.into(),
        replaces: Vec::new(),
    }
}

pub fn plain() -> PlainChange {
    PlainChange {
        seq: 1,
        start_op: 3,
        time: 0,
        deps: vec![ByteBuf::from(crdt_model::document::genesis_hash().to_vec())],
        ops: vec![op("package/p/name", "x")],
    }
}

pub fn name(bench: &Bench, text: &str) -> Put {
    record(&bench.package_field("name"), text)
}

pub fn fact_put(id: IntentId, fact: &Fact) -> Put {
    crdt_model::command::fact_put(&id.to_string(), fact)
}
