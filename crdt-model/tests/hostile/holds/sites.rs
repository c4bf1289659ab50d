//! Two holds of two sites, accepted at once.

use std::collections::BTreeSet;

use super::acts::{LOST, decided, hold, stating};
use crdt_model::command::fact_put;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{FactBody, HeldDecision, Verdict};
use crdt_model::ids::{HoldId, SiteId};
use crdt_model::relay::Outcome;
use crdt_model::time::Month;

use crate::judge::facts;
use crate::relay::{Bench, NOW};

/// Two sales of one agent at two sites and in two months, each from a block that nobody knows, and their holds.
fn hold_at_two_sites(bench: &mut Bench, sales: [(&str, u32); 2]) -> [(HoldId, DocumentKey); 2] {
    let agent = bench.agent;
    let mut number = 0;
    sales.map(|(receipt, index)| {
        number += 1;
        let site = SiteId::from_bytes([20 + number; 16]);
        let mut body = bench.sale(index);
        let FactBody::Sale(sale) = &mut body else {
            unreachable!()
        };
        sale.receipt = receipt.into();
        sale.lines[0].voucher.block = LOST;
        let mut fact = bench.fact(&agent, body);
        fact.at = NOW.plus_millis(-60 * 86_400_000 * i64::from(number));
        let till = DocumentKey::Till {
            site,
            person: agent.person,
            month: Month::of(fact.at),
        };
        let id = bench.intent();
        let change = bench.write_intent(&agent, till, &[fact_put(&id.to_string(), &fact)]);
        let batch = bench.batch(&agent, id, vec![(till, change)]);
        (hold(bench, &agent, &batch).0, till)
    })
}

/// The owner accepts both without a signal, and both decisions come in one push.
fn accept_at_once(bench: &mut Bench, holds: [(HoldId, DocumentKey); 2]) -> Outcome {
    let owner = bench.owner;
    let mut batches = holds.map(|(hold, till)| {
        let decision = HeldDecision {
            hold,
            accepted: true,
            reason: None,
            told: 1,
        };
        stating(bench, &owner, till, FactBody::HeldDecision(decision))
    });
    let [first, second] = &mut batches;
    second.intents[0].changes[0].document = 1;
    first.documents.append(&mut second.documents);
    first.intents.append(&mut second.intents);
    bench.admit_as(&owner, first).unwrap()
}

/// Where an outcome tells what, among the verdict documents of tills.
fn told_beside(outcome: &Outcome, is_it: impl Fn(&Verdict) -> bool) -> BTreeSet<DocumentKey> {
    let told = facts(outcome).into_iter();
    told.filter(|(key, body)| {
        matches!(key, DocumentKey::VerdictTill { .. })
            && matches!(body, FactBody::Verdict(verdict) if is_it(verdict))
    })
    .map(|(key, _)| key)
    .collect()
}

#[test]
fn co3_a_receipt_number_given_at_two_sites_is_told_beside_each_till() {
    let mut bench = Bench::new();
    let holds = hold_at_two_sites(&mut bench, [("ABCD-000001", 0), ("ABCD-000001", 1)]);
    let outcome = accept_at_once(&mut bench, holds);
    assert_eq!(decided(&outcome), [Some(true); 2]);
    let doubled = |verdict: &Verdict| matches!(verdict, Verdict::DuplicateReceipt { .. });
    let expected = holds.map(|(_, till)| till.verdict().unwrap());
    assert_eq!(told_beside(&outcome, doubled), expected.into());
}

#[test]
fn co1_a_voucher_sold_at_two_sites_is_told_beside_each_till() {
    let mut bench = Bench::new();
    let holds = hold_at_two_sites(&mut bench, [("ABCD-000001", 0), ("ABCD-000002", 0)]);
    let outcome = accept_at_once(&mut bench, holds);
    assert_eq!(decided(&outcome), [Some(true); 2]);
    let doubled = |verdict: &Verdict| matches!(verdict, Verdict::DoubleSale { .. });
    let expected = holds.map(|(_, till)| till.verdict().unwrap());
    assert_eq!(told_beside(&outcome, doubled), expected.into());
}
