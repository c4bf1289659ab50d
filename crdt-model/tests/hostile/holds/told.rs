//! What is told of a hold, to whom, and beside which till.

use std::collections::BTreeSet;

use super::acts::{LOST, decide, hold, hold_a_sale, stating};
use crdt_model::admission::{Reader, may_read};
use crdt_model::capability::Principal;
use crdt_model::command::fact_put;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{BatchMade, Codes, Fact, FactBody, HeldEdit, Verdict};
use crdt_model::ids::{BatchId, ClientId, DeviceId, SiteId};
use crdt_model::money::Money;
use crdt_model::relay::Outcome;
use crdt_model::time::Month;

use crate::judge::{facts, lease};
use crate::relay::{Author, Bench, NOW, record};

/// Where a hold is listed, and with which facts.
pub fn listed(outcome: &Outcome) -> (DocumentKey, Vec<Fact>) {
    let told = facts(outcome);
    let Some((key, FactBody::Verdict(Verdict::Held { facts, .. }))) = told.first() else {
        panic!("{told:?}")
    };
    (*key, facts.clone())
}

#[test]
fn he3_a_held_intent_is_listed_by_receipt_with_its_facts() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let mut fact = bench.fact(&agent, bench.sale(0));
    let FactBody::Sale(sale) = &mut fact.body else {
        unreachable!()
    };
    sale.lines[0].voucher.block = LOST;
    // Sold three months ago, and heard of today.
    fact.at = NOW.plus_millis(-90 * 86_400_000);
    let till = |month| DocumentKey::Till {
        site: bench.site,
        person: agent.person,
        month,
    };
    let (then, today) = (till(Month::of(fact.at)), till(Month::of(NOW)));
    assert_ne!(then, today);
    let id = bench.intent();
    let change = bench.write_intent(&agent, then, &[fact_put(&id.to_string(), &fact)]);
    let batch = bench.batch(&agent, id, vec![(then, change)]);
    let (_, outcome) = hold(&mut bench, &agent, &batch);
    let expected = (today.verdict().unwrap(), vec![fact]);
    assert_eq!(listed(&outcome), expected);
}

#[test]
fn he11_whoever_gets_the_block_next_is_told_what_was_handed_out() {
    let mut bench = Bench::new();
    let (agent, manager) = (bench.agent, bench.manager);
    let told = |outcome: &Outcome| -> Vec<(DocumentKey, Vec<u32>)> {
        facts(outcome)
            .into_iter()
            .filter_map(|(key, body)| match body {
                FactBody::Verdict(Verdict::SoldElsewhere { indexes, .. }) => Some((key, indexes)),
                _ => None,
            })
            .collect()
    };
    lease(&mut bench, &agent);
    bench.revoked.insert(agent.device);
    let sale = stating(&bench, &agent, bench.till(&agent), bench.sale(1));
    let (_, outcome) = hold(&mut bench, &agent, &sale);
    let verdict_block = bench.block_key().verdict().unwrap();
    assert_eq!(told(&outcome), [(verdict_block, vec![1])]);

    // Who never held it does not make its vouchers unsaleable.
    let lost_phone = Author {
        device: DeviceId::from_bytes([99; 16]),
        ..manager
    };
    bench.revoked.insert(lost_phone.device);
    let sale = stating(&bench, &lost_phone, bench.till(&manager), bench.sale(2));
    let (_, outcome) = hold(&mut bench, &lost_phone, &sale);
    assert_eq!(told(&outcome), []);

    // Who held a block that a restore took from here cannot be told.
    let (_, outcome) = hold_a_sale(&mut bench);
    let (site, block) = (bench.site, LOST);
    let verdicts = DocumentKey::VerdictBlock { site, block };
    assert_eq!(told(&outcome), [(verdicts, vec![0])]);
}

/// Which records a held change would edit is told by the names of their fields.
#[test]
fn he3_edits_are_listed_without_their_values() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    bench.revoked.insert(agent.device);
    let key = DocumentKey::Clients {
        site: bench.site,
        owner: agent.person,
        part: 0,
    };
    let id = bench.intent();
    let puts = [
        record("client/01ARZ3NDEKTSV4RRFFQ69G5FAV/name", "Mama Neema"),
        record("client/01ARZ3NDEKTSV4RRFFQ69G5FAV/phone", "+255713204118"),
    ];
    let change = bench.write_intent(&agent, key, &puts);
    let batch = bench.batch(&agent, id, vec![(key, change)]);
    let (_, outcome) = hold(&mut bench, &agent, &batch);
    let told = facts(&outcome);
    let [(_, FactBody::Verdict(Verdict::Held { facts, edits, .. }))] = &told[..] else {
        panic!("{told:?}")
    };
    assert!(facts.is_empty());
    let expected = HeldEdit {
        record: "client/01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(),
        fields: vec!["name".to_owned(), "phone".to_owned()],
    };
    assert_eq!(edits, &[expected]);
}

/// Who decides about a whole list of clients sees some of them, and how many there are.
#[test]
fn he3_records_past_those_that_are_listed_are_counted() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    bench.revoked.insert(agent.device);
    let key = DocumentKey::Clients {
        site: bench.site,
        owner: agent.person,
        part: 0,
    };
    let id = bench.intent();
    let puts: Vec<_> = (1..=34_u8)
        .flat_map(|n| {
            let client = ClientId::from_bytes([n; 16]);
            ["name", "notes"].map(|field| record(&format!("client/{client}/{field}"), "Neema"))
        })
        .collect();
    let change = bench.write_intent(&agent, key, &puts);
    let batch = bench.batch(&agent, id, vec![(key, change)]);
    let (_, outcome) = hold(&mut bench, &agent, &batch);
    let told = facts(&outcome);
    let [
        (
            _,
            FactBody::Verdict(Verdict::Held {
                edits, more_edits, ..
            }),
        ),
    ] = &told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!((edits.len(), *more_edits), (20, 14));
    assert!(edits.iter().all(|edit| edit.fields.len() == 2));
}

#[test]
fn he3_codes_are_left_out_and_the_last_site_is_told() {
    let mut bench = Bench::new();
    let manager = bench.manager;
    bench.revoked.insert(manager.device);
    let elsewhere = SiteId::from_bytes([22; 16]);
    let codes = FactBody::Codes(Codes {
        batch: BatchId::from_bytes([6; 16]),
        package: bench.package,
        price: Money::from_minor(1_000),
        packed: "S1\nS2".into(),
    });
    // One of another batch: a batch lies at one site.
    let made = FactBody::Batch(BatchMade {
        batch: BatchId::from_bytes([7; 16]),
        label: "second".into(),
        package: bench.package,
        price: Money::from_minor(1_000),
        blocks: Vec::new(),
        made_on: None,
    });
    let block = DocumentKey::Block {
        site: bench.site,
        block: LOST,
    };
    let batches = DocumentKey::Batches(elsewhere);
    let id = bench.intent();
    let made = bench.fact(&manager, made);
    let changes = [
        (block, bench.fact(&manager, codes)),
        (batches, made.clone()),
    ];
    let changes = changes.map(|(key, fact)| {
        let put = fact_put(&id.to_string(), &fact);
        (key, bench.write_intent(&manager, key, &[put]))
    });
    let batch = bench.batch(&manager, id, changes.into());
    let (_, outcome) = hold(&mut bench, &manager, &batch);
    let (key, facts) = listed(&outcome);
    assert_eq!((key.site(), facts), (Some(elsewhere), vec![made]));
}

#[test]
fn he7_the_decision_stands_beside_the_hold() {
    for accepted in [true, false] {
        let mut bench = Bench::new();
        let (manager, till) = (bench.manager, bench.till(&bench.agent));
        let (hold, held) = hold_a_sale(&mut bench);
        // Decided in another month.
        bench.now = NOW.plus_millis(40 * 86_400_000);
        let told = facts(&decide(&mut bench, &manager, till, hold, accepted));
        let expected = Verdict::HeldDecided {
            hold,
            intent: held.holds[0].intent,
            by: manager.person,
            accepted,
            reason: (!accepted).then(|| "no".into()),
        };
        let place = (listed(&held).0, FactBody::Verdict(expected));
        assert_eq!(told.last(), Some(&place));
        let has_sale = told
            .iter()
            .any(|(_, body)| matches!(body, FactBody::Sale(_)));
        assert_eq!(has_sale, accepted);
    }
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
