//! Facts that are stated inside a change: read once, when their batch is expanded, and judged as they were read.

use std::collections::BTreeMap;

use crdt_model::admission::caps;
use crdt_model::document::{Container, DocumentKey, Put, Scalar};
use crdt_model::fact::{Fact, FactBody, HeldDecision, HoldReason, Verdict};
use crdt_model::ids::{DeviceId, HoldId, IntentId};

use super::relay::{Author, Bench, NOW};
use super::{cost, parted, pieces};

/// How much more memory than it says of itself a batch may take while it is expanded.
const SPARE_BYTES: usize = 4 << 20;

fn author(bench: &Bench, who: u8) -> Author {
    match who % 3 {
        0 => bench.owner,
        1 => bench.manager,
        _ => bench.agent,
    }
}

fn document(bench: &Bench, author: &Author, which: u8) -> DocumentKey {
    let till = bench.till(author);
    match which % 8 {
        0 => DocumentKey::Batches(bench.site),
        1 => bench.block_key(),
        2 => till.verdict().unwrap_or(till),
        3 => bench.till(&bench.agent),
        4 => DocumentKey::Catalog,
        _ => till,
    }
}

/// Who says it, and facts behind their lengths, each behind the document that it is for: one tap.
pub fn stated(bytes: &[u8]) {
    let Some((who, bytes)) = bytes.split_first() else {
        return;
    };
    let mut bench = Bench::new();
    let author = author(&bench, *who);
    let intent = bench.intent();
    let mut writes: BTreeMap<DocumentKey, Vec<Put>> = BTreeMap::new();
    for (n, piece) in parted(bytes).take(64).enumerate() {
        let Some((which, fact)) = piece.split_first() else {
            continue;
        };
        let puts = writes.entry(document(&bench, &author, *which)).or_default();
        // The first bears the name of its intent, as it should.
        let key = match puts.is_empty() {
            true => intent.to_string(),
            false => IntentId::from_bytes([u8::try_from(n).unwrap_or(0); 16]).to_string(),
        };
        puts.push(Put {
            container: Container::Facts,
            key,
            value: Scalar::Bytes(fact.to_vec().into()),
        });
    }
    let changes = writes.iter();
    let changes = changes.map(|(key, puts)| (*key, bench.write_intent(&author, *key, puts)));
    let batch = bench.batch(&author, intent, changes.collect());
    let (full, peak, _) = cost::measured(|| batch.expand());
    let full = full.expect("an honest device wrote it");
    let most = full.size() * 2 + SPARE_BYTES;
    assert!(peak <= most, "{peak} bytes, and it says {}", full.size());
    for change in full.changes() {
        assert_eq!(change.facts.len(), change.change.ops.len());
        for (op, stated) in change.change.ops.iter().zip(&change.facts) {
            let Scalar::Bytes(bytes) = &op.value else {
                panic!("only facts were written")
            };
            let read = Fact::decode(bytes).ok();
            let kept = read.filter(|fact| {
                bytes.len() <= caps::VALUE_BYTES_MAX && !fact.body.is_of_the_relay()
            });
            assert_eq!(*stated, kept);
        }
    }
    super::admit(&mut bench, &author, &batch);
}

/// What the people of the bench state, and verdicts in verdicts that nobody but the relay may.
pub fn seeds() -> Vec<Vec<u8>> {
    let bench = Bench::new();
    let agent = bench.agent;
    let sale = bench.fact(&agent, bench.sale(0));
    let verdict = |facts: Vec<Fact>| {
        let held = Verdict::Held {
            hold: HoldId::from_bytes([6; 16]),
            intent: IntentId::from_bytes([7; 16]),
            person: agent.person,
            device: DeviceId::from_bytes([8; 16]),
            reason: HoldReason::NotAllowed,
            facts,
            edits: Vec::new(),
            more_edits: 0,
        };
        bench.fact(&agent, FactBody::Verdict(held))
    };
    let nested = (0..4).fold(sale.clone(), |fact, _| verdict(vec![fact; 3]));
    let many = verdict(vec![sale.clone(); 60]);
    let decision = FactBody::HeldDecision(HeldDecision {
        hold: HoldId::from_bytes([6; 16]),
        accepted: true,
        reason: Some("it is so".into()),
        told: 1,
    });
    let decision = bench.fact(&bench.owner, decision);
    let taps: [(u8, &[(u8, &Fact)]); 4] = [
        (2, &[(5, &sale)]),
        (0, &[(3, &decision), (5, &sale), (0, &many)]),
        (2, &[(2, &nested), (5, &many), (5, &sale)]),
        (1, &[(1, &nested), (4, &sale)]),
    ];
    let tap = |(who, facts): (u8, &[(u8, &Fact)])| {
        let facts = facts
            .iter()
            .map(|(which, fact)| [vec![*which], fact.encode()].concat());
        [vec![who], pieces(facts)].concat()
    };
    debug_assert_eq!(sale.at, NOW);
    taps.map(tap).into()
}
