//! Blocks, batches and records lie where they belong, and nowhere else.

use std::collections::BTreeSet;

use crdt_model::admission::{Malformed, Reader, may_read};
use crdt_model::document::DocumentKey;
use crdt_model::fact::{BatchMade, BlockMade, Codes, FactBody, LeaseAsked, RecallAsked};
use crdt_model::ids::{BatchId, BlockId, ClientId, RouterId, SiteId};
use crdt_model::money::Money;
use crdt_model::time::Month;

use crate::forge::{fact_put, refused, stated};
use crate::judge;
use crate::relay::{Author, Bench, NOW, record};
use crate::sales::block_of;

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
