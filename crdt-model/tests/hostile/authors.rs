//! Who says it, and in which month.

use crdt_model::admission::Malformed;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{Fact, FactBody, HeldDecision, StockAskWithdrawn};
use crdt_model::ids::{HoldId, IntentId, PersonId};
use crdt_model::relay::AdmitError;
use crdt_model::sync::message::Disposition;
use crdt_model::time::{Month, Timestamp};

use crate::cost::cheaply;
use crate::forge::{fact_put, name, plain, refused, turns_facts_away};
use crate::relay::{Author, Bench, NOW, record};

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
