//! Holding something, and deciding about it.

use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::command::fact_put;
use crdt_model::document::{Container, DocumentKey, Put};
use crdt_model::fact::{FactBody, HeldDecision, Verdict};
use crdt_model::ids::{BlockId, HoldId};
use crdt_model::relay::Outcome;
use crdt_model::sync::batch::Batch;
use crdt_model::sync::message::Disposition;

use crate::relay::{Author, Bench};

/// A block of which the relay knows nothing.
pub const LOST: BlockId = BlockId::from_bytes([77; 16]);

/// One tap that states one fact.
pub fn stating(bench: &Bench, by: &Author, key: DocumentKey, body: FactBody) -> Batch {
    let id = bench.intent();
    let put = fact_put(&id.to_string(), &bench.fact(by, body));
    let change = bench.write_intent(by, key, &[put]);
    bench.batch(by, id, vec![(key, change)])
}

pub fn hold(bench: &mut Bench, by: &Author, batch: &Batch) -> (HoldId, Outcome) {
    let outcome = bench.admit_as(by, batch).unwrap();
    let Disposition::Held(hold, _) = outcome.results[0].1 else {
        panic!("{:?}", outcome.results)
    };
    (hold, outcome)
}

/// A sale of the agent's from the lost block.
pub fn lost_sale(bench: &Bench) -> Batch {
    let agent = bench.agent;
    let mut body = bench.sale(0);
    let FactBody::Sale(sale) = &mut body else {
        unreachable!()
    };
    sale.lines[0].voucher.block = LOST;
    stating(bench, &agent, bench.till(&agent), body)
}

pub fn hold_a_sale(bench: &mut Bench) -> (HoldId, Outcome) {
    let (agent, batch) = (bench.agent, lost_sale(bench));
    hold(bench, &agent, &batch)
}

/// How many verdicts beside a till tell of a hold by now.
fn times_told(bench: &Bench, till: &DocumentKey, hold: HoldId) -> u32 {
    let listed_in = bench.document(&till.verdict().unwrap());
    let facts = &listed_in.sheet().facts;
    let told = facts.values().flatten().filter(|fact| {
        matches!(&fact.body, FactBody::Verdict(Verdict::Held { hold: told, .. }) if *told == hold)
    });
    u32::try_from(told.count()).unwrap()
}

/// Somebody's word about a hold, as it has been told of by now.
pub fn decide(
    bench: &mut Bench,
    by: &Author,
    till: DocumentKey,
    hold: HoldId,
    accepted: bool,
) -> Outcome {
    let decision = HeldDecision {
        hold,
        accepted,
        reason: (!accepted).then(|| "no".into()),
        told: times_told(bench, &till, hold),
    };
    let batch = stating(bench, by, till, FactBody::HeldDecision(decision));
    bench.admit_as(by, &batch).unwrap()
}

/// What a decision did: the holds it ended.
pub fn decided(outcome: &Outcome) -> Vec<Option<bool>> {
    assert_eq!(outcome.results[0].1, Disposition::Accepted);
    outcome.holds.iter().map(|hold| hold.decided).collect()
}

pub fn at_site(bench: &Bench, role: Role) -> Grant {
    let scope = Scope::Site(bench.site);
    Grant { role, scope }
}

pub fn grant(bench: &mut Bench, to: &Author, grant: Grant, is_granted: bool) {
    let owner = bench.owner;
    let put = Put {
        container: Container::Records,
        key: format!("person/{}/grant/{grant}", to.person),
        value: is_granted.into(),
    };
    let id = bench.intent();
    bench.accepts(&owner, DocumentKey::Staff, id, &[put]);
}
