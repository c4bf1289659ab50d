//! Who decides, once, and about what they know.

use super::acts::{LOST, at_site, decide, decided, grant, hold, hold_a_sale, stating};
use crdt_model::admission::Malformed;
use crdt_model::capability::Role;
use crdt_model::command::fact_put;
use crdt_model::document::{Container, DocumentKey, Put};
use crdt_model::fact::{Codes, FactBody, HeldDecision, Verdict};
use crdt_model::ids::{BatchId, DeviceId, SiteId};
use crdt_model::money::Money;
use crdt_model::sync::message::{Disposition, RefusalCode};
use crdt_model::time::Month;

use crate::judge::{facts, state};
use crate::relay::{Author, Bench, NOW, record};

#[test]
fn he5_who_does_not_see_all_sales_decides_nothing() {
    let mut bench = Bench::new();
    let (hold, _) = hold_a_sale(&mut bench);
    let (agent, till) = (bench.agent, bench.till(&bench.agent));
    let outcome = decide(&mut bench, &agent, till, hold, true);
    assert!(matches!(
        outcome.results[..],
        [(_, Disposition::Refused(_))]
    ));
    assert!(outcome.rows.is_empty() && outcome.holds.is_empty());
}

#[test]
fn he5_a_reason_has_at_most_500_bytes() {
    let mut bench = Bench::new();
    let (hold, _) = hold_a_sale(&mut bench);
    let (manager, till) = (bench.manager, bench.till(&bench.agent));
    let mut answer = |bytes: usize| {
        let decision = HeldDecision {
            hold,
            accepted: false,
            reason: Some("x".repeat(bytes)),
            told: 1,
        };
        let batch = stating(&bench, &manager, till, FactBody::HeldDecision(decision));
        bench.admit_as(&manager, &batch).unwrap().results[0].1
    };
    let long = RefusalCode::Malformed(Malformed::BadValue);
    assert_eq!(answer(501), Disposition::Refused(long));
    assert_eq!(answer(500), Disposition::Accepted);
}

#[test]
fn he5_the_first_decision_at_the_site_counts() {
    let mut bench = Bench::new();
    let (hold, _) = hold_a_sale(&mut bench);
    let (owner, manager) = (bench.owner, bench.manager);
    let till = bench.till(&bench.agent);
    let elsewhere = DocumentKey::Till {
        site: SiteId::from_bytes([22; 16]),
        person: bench.agent.person,
        month: Month::of(NOW),
    };
    let there = decide(&mut bench, &owner, elsewhere, hold, true);
    assert_eq!(decided(&there), []);
    let first = decide(&mut bench, &manager, till, hold, false);
    assert_eq!(decided(&first), [Some(false)]);
    let second = decide(&mut bench, &owner, till, hold, true);
    assert_eq!(decided(&second), []);
    assert_eq!(second.rows.len(), 1, "the decision that came too late");
}

#[test]
fn he5_nobody_decides_about_their_own_work() {
    let mut bench = Bench::new();
    let (manager, till) = (bench.manager, bench.till(&bench.manager));
    let lost_phone = Author {
        device: DeviceId::from_bytes([99; 16]),
        ..manager
    };
    bench.revoked.insert(lost_phone.device);
    let sale = stating(&bench, &lost_phone, till, bench.sale(0));
    let (hold, _) = hold(&mut bench, &lost_phone, &sale);
    for accepted in [true, false] {
        let own = decide(&mut bench, &manager, till, hold, accepted);
        assert_eq!(decided(&own), []);
    }
    let owner = bench.owner;
    let outcome = decide(&mut bench, &owner, till, hold, true);
    assert_eq!(decided(&outcome), [Some(true)]);
}

#[test]
fn he5_who_sees_all_sales_accepts_what_an_agent_may_do_and_no_more() {
    let mut bench = Bench::new();
    let (agent, manager, owner) = (bench.agent, bench.manager, bench.owner);
    let till = bench.till(&agent);
    let (manages, accounts) = (
        at_site(&bench, Role::Manager),
        at_site(&bench, Role::Finance),
    );
    grant(&mut bench, &manager, manages, false);
    grant(&mut bench, &manager, accounts, true);
    // Finance sells nothing.
    let (sale, _) = hold_a_sale(&mut bench);
    let outcome = decide(&mut bench, &manager, till, sale, true);
    assert_eq!(decided(&outcome), [Some(true)]);
    // Nor does finance edit a site.
    let site = DocumentKey::SitePublic(bench.site);
    let id = bench.intent();
    let put = fact_put(&id.to_string(), &bench.fact(&agent, bench.sale(1)));
    let sold = bench.write_intent(&agent, till, &[put]);
    let named = bench.write_intent(&agent, site, &[record("site/name", "mine")]);
    let batch = bench.batch(&agent, id, vec![(site, named), (till, sold)]);
    let (both, _) = hold(&mut bench, &agent, &batch);
    let name = |bench: &Bench| {
        let document = bench.document(&site);
        document.sheet().text("site/name").map(String::from)
    };
    let outcome = decide(&mut bench, &manager, till, both, true);
    assert_eq!(decided(&outcome), []);
    assert_eq!(name(&bench), None);
    // The owner could have done it.
    let outcome = decide(&mut bench, &owner, till, both, true);
    assert_eq!(decided(&outcome), [Some(true)]);
    assert_eq!(name(&bench).as_deref(), Some("mine"));
}

#[test]
fn he5_what_is_known_to_be_false_is_not_accepted() {
    let mut bench = Bench::new();
    let (owner, till) = (bench.owner, bench.till(&bench.agent));
    let (hold, _) = hold_a_sale(&mut bench);
    // The block comes back, and cost more.
    let codes = FactBody::Codes(Codes {
        batch: BatchId::from_bytes([6; 16]),
        package: bench.package,
        price: Money::from_minor(2_000),
        packed: "S1\nS2".into(),
    });
    let block = DocumentKey::Block {
        site: bench.site,
        block: LOST,
    };
    state(&mut bench, &owner, block, codes);
    let accepted = decide(&mut bench, &owner, till, hold, true);
    assert_eq!(decided(&accepted), []);
    let declined = decide(&mut bench, &owner, till, hold, false);
    assert_eq!(decided(&declined), [Some(false)]);
}

#[test]
fn he5_a_hold_is_no_way_to_contacts_or_past_the_last_owner() {
    let mut bench = Bench::new();
    let (agent, owner, till) = (bench.agent, bench.owner, bench.till(&bench.agent));
    bench.revoked.insert(agent.device);
    let admin = at_site(&bench, Role::Admin);
    let manager = bench.manager;
    grant(&mut bench, &manager, admin, true);
    let contact = record(&format!("contact/{}/note", owner.person), "mine");
    let demotion = Put {
        container: Container::Records,
        key: format!("person/{}/active", owner.person),
        value: false.into(),
    };
    for (index, key, put) in [
        (0, DocumentKey::StaffPrivate, contact),
        (1, DocumentKey::Staff, demotion),
    ] {
        let id = bench.intent();
        let sold = fact_put(&id.to_string(), &bench.fact(&agent, bench.sale(index)));
        let changes = [(key, put), (till, sold)]
            .map(|(key, put)| (key, bench.write_intent(&agent, key, &[put])));
        let batch = bench.batch(&agent, id, changes.into());
        let outcome = bench.admit_as(&agent, &batch).unwrap();
        let refused = Disposition::Refused(RefusalCode::NotAllowed);
        let answers: Vec<Disposition> = outcome.results.iter().map(|(_, answer)| *answer).collect();
        assert_eq!(answers, [refused; 2], "{key}");
        assert!(outcome.holds.is_empty() && outcome.rows.is_empty());
    }
}

#[test]
fn he5_what_is_added_to_a_hold_is_told_before_it_can_be_accepted() {
    let mut bench = Bench::new();
    let (agent, owner, till) = (bench.agent, bench.owner, bench.till(&bench.agent));
    bench.revoked.insert(agent.device);
    let id = bench.intent();
    let sold = fact_put(&id.to_string(), &bench.fact(&agent, bench.sale(0)));
    let change = bench.write_intent(&agent, till, &[sold]);
    let first = bench.batch(&agent, id, vec![(till, change)]);
    let (held, _) = hold(&mut bench, &agent, &first);

    let site = DocumentKey::SitePublic(bench.site);
    let change = bench.write_intent(&agent, site, &[record("site/name", "mine")]);
    let more = bench.batch(&agent, id, vec![(site, change)]);
    let (same, outcome) = hold(&mut bench, &agent, &more);
    assert_eq!(same, held);
    let told = facts(&outcome);
    let [(_, FactBody::Verdict(Verdict::Held { facts, edits, .. }))] = &told[..] else {
        panic!("{told:?}")
    };
    assert!(facts.is_empty(), "only what is new");
    assert_eq!(edits.len(), 1);
    // The same once more tells nothing.
    assert!(bench.admit_as(&agent, &more).unwrap().rows.is_empty());

    // Who had seen the sale alone has accepted nothing, and may look again.
    let unseen = HeldDecision {
        hold: held,
        accepted: true,
        reason: None,
        told: 1,
    };
    let batch = stating(&bench, &owner, till, FactBody::HeldDecision(unseen));
    assert_eq!(decided(&bench.admit_as(&owner, &batch).unwrap()), []);
    assert_eq!(bench.document(&site).sheet().text("site/name"), None);
    let outcome = decide(&mut bench, &owner, till, held, true);
    assert_eq!(decided(&outcome), [Some(true)]);
    assert_eq!(
        bench.document(&site).sheet().text("site/name"),
        Some("mine")
    );
}
