//! What is held, and who decides about it.

use std::collections::BTreeSet;

use crdt_model::admission::{Malformed, Reader, may_read};
use crdt_model::capability::{Grant, Principal, Role, Scope};
use crdt_model::command::fact_put;
use crdt_model::document::{Container, Document, DocumentKey, Put};
use crdt_model::fact::{
    BatchMade, BatchUndone, Codes, Fact, FactBody, HeldDecision, HeldEdit, HoldReason, Verdict,
    verdict_key,
};
use crdt_model::ids::{BatchId, BlockId, ClientId, DeviceId, HoldId, SiteId};
use crdt_model::money::Money;
use crdt_model::relay::Outcome;
use crdt_model::sync::batch::Batch;
use crdt_model::sync::message::{Disposition, RefusalCode};
use crdt_model::time::Month;

use super::judge::{facts, lease, sell, state};
use super::relay::{Author, Bench, NOW, record};

/// A block of which the relay knows nothing.
const LOST: BlockId = BlockId::from_bytes([77; 16]);

/// One tap that states one fact.
fn stating(bench: &Bench, by: &Author, key: DocumentKey, body: FactBody) -> Batch {
    let id = bench.intent();
    let put = fact_put(&id.to_string(), &bench.fact(by, body));
    let change = bench.write_intent(by, key, &[put]);
    bench.batch(by, id, vec![(key, change)])
}

fn hold(bench: &mut Bench, by: &Author, batch: &Batch) -> (HoldId, Outcome) {
    let outcome = bench.admit_as(by, batch).unwrap();
    let Disposition::Held(hold, _) = outcome.results[0].1 else {
        panic!("{:?}", outcome.results)
    };
    (hold, outcome)
}

/// A sale of the agent's from the lost block.
fn lost_sale(bench: &Bench) -> Batch {
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
fn decided(outcome: &Outcome) -> Vec<Option<bool>> {
    assert_eq!(outcome.results[0].1, Disposition::Accepted);
    outcome.holds.iter().map(|hold| hold.decided).collect()
}

fn at_site(bench: &Bench, role: Role) -> Grant {
    let scope = Scope::Site(bench.site);
    Grant { role, scope }
}

fn grant(bench: &mut Bench, to: &Author, grant: Grant, is_granted: bool) {
    let owner = bench.owner;
    let put = Put {
        container: Container::Records,
        key: format!("person/{}/grant/{grant}", to.person),
        value: is_granted.into(),
    };
    let id = bench.intent();
    bench.accepts(&owner, DocumentKey::Staff, id, &[put]);
}

#[test]
fn he1_held_is_what_the_author_may_not_or_a_revoked_device_does() {
    let mut bench = Bench::new();
    let (agent, manager) = (bench.agent, bench.manager);
    let reason = |outcome: &Outcome| outcome.holds[0].reason;
    bench.revoked.insert(manager.device);
    let sale = stating(&bench, &manager, bench.till(&manager), bench.sale(0));
    let (_, outcome) = hold(&mut bench, &manager, &sale);
    assert_eq!(reason(&outcome), HoldReason::DeviceRevoked);
    let role = at_site(&bench, Role::Agent);
    grant(&mut bench, &agent, role, false);
    let sale = stating(&bench, &agent, bench.till(&agent), bench.sale(0));
    let (_, outcome) = hold(&mut bench, &agent, &sale);
    assert_eq!(reason(&outcome), HoldReason::NotAllowed);
    // Something graver.
    let sale = stating(&bench, &manager, bench.till(&agent), bench.sale(0));
    let outcome = bench.admit_as(&manager, &sale).unwrap();
    let graver = RefusalCode::Malformed(Malformed::FactOfAnotherPerson);
    assert_eq!(outcome.results[0].1, Disposition::Refused(graver));
}

/// A phone that was revoked says again what another of its owner's got in, and something beside it.
#[test]
fn he1_only_what_is_not_here_is_held() {
    let mut bench = Bench::new();
    let (agent, till) = (bench.agent, bench.till(&bench.agent));
    let lost_phone = Author {
        device: DeviceId::from_bytes([99; 16]),
        ..agent
    };
    bench.revoked.insert(lost_phone.device);
    let id = bench.intent();
    let put = fact_put(&id.to_string(), &bench.fact(&agent, bench.sale(0)));
    bench.accepts(&agent, till, id, std::slice::from_ref(&put));

    // It had not heard of that.
    let again = Document::new().write(lost_phone.actor(), NOW.as_seconds(), &[put]);
    let again = again.unwrap().plain;
    let batch = bench.batch(&lost_phone, id, vec![(till, again.clone())]);
    let outcome = bench.admit_as(&lost_phone, &batch).unwrap();
    assert_eq!(outcome.results[0].1, Disposition::Known);
    assert!(outcome.holds.is_empty() && outcome.rows.is_empty());

    let clients = DocumentKey::Clients {
        site: bench.site,
        owner: agent.person,
        part: 0,
    };
    let name = record(&format!("client/{}/name", bench.package), "Juma");
    let client = bench.write_intent(&lost_phone, clients, &[name]);
    let batch = bench.batch(&lost_phone, id, vec![(till, again), (clients, client)]);
    let outcome = bench.admit_as(&lost_phone, &batch).unwrap();
    assert_eq!(outcome.results[0].1, Disposition::Known);
    assert!(matches!(outcome.results[1].1, Disposition::Held(..)));
    let [hold] = &outcome.holds[..] else {
        panic!("{:?}", outcome.holds)
    };
    let documents: Vec<DocumentKey> = hold.writes.iter().map(|write| write.document).collect();
    assert_eq!(documents, [clients]);
    assert_eq!(listed(&outcome).1, []);
}

#[test]
fn he2_pushing_again_finds_the_same_hold() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let batch = lost_sale(&bench);
    let (id, first) = hold(&mut bench, &agent, &batch);
    let of = |device: DeviceId| {
        let intent = batch.intents[0].id;
        verdict_key(&[b"hold", device.as_bytes(), intent.as_bytes()])
    };
    assert_eq!(id.to_string(), of(agent.device));
    assert_eq!(first.holds[0].id, id);
    let again = bench.admit_as(&agent, &batch).unwrap();
    assert_eq!(again.results, first.results);
    assert!(again.holds.is_empty() && again.rows.is_empty());
    assert_ne!(of(agent.device), of(bench.manager.device));
}

/// Where a hold is listed, and with which facts.
fn listed(outcome: &Outcome) -> (DocumentKey, Vec<Fact>) {
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
fn he6_an_accepted_intent_is_written_by_the_relay_for_its_author() {
    let mut bench = Bench::new();
    let (agent, manager, till) = (bench.agent, bench.manager, bench.till(&bench.agent));
    let (hold, held) = hold_a_sale(&mut bench);
    let (_, facts_held) = listed(&held);
    let outcome = decide(&mut bench, &manager, till, hold, true);
    assert_eq!(decided(&outcome), [Some(true)]);
    let sales: Vec<_> = outcome
        .rows
        .iter()
        .filter(|row| row.document == till && row.author == agent.person)
        .collect();
    let [sale] = sales[..] else {
        panic!("{:?}", facts(&outcome))
    };
    assert_eq!(sale.device, None);
    assert_ne!(sale.actor, agent.actor());
    assert!(facts(&outcome).contains(&(till, facts_held[0].body.clone())));
}

#[test]
fn he6_what_follows_from_an_accepted_change_follows() {
    let mut bench = Bench::new();
    let (agent, manager, till) = (bench.agent, bench.manager, bench.till(&bench.agent));
    bench.revoked.insert(agent.device);
    let sale = stating(&bench, &agent, till, bench.sale(0));
    let (hold, _) = hold(&mut bench, &agent, &sale);
    let standing_sale = sell(&mut bench, &manager, 0).rows[0].intent;
    let told = facts(&decide(&mut bench, &manager, till, hold, true));
    assert!(told.iter().any(|(_, body)| matches!(
        body,
        FactBody::Verdict(Verdict::DoubleSale { standing, other, .. })
            if Some(standing.sale) == standing_sale && other.sale == sale.intents[0].id
    )));
}

/// A manager offline undoes a batch and then accepts a sale from it: both come in one push.
#[test]
fn co12_an_undo_and_an_accepted_sale_behind_it_come_in_one_batch() {
    let mut bench = Bench::new();
    let (agent, manager, till) = (bench.agent, bench.manager, bench.till(&bench.agent));
    bench.revoked.insert(agent.device);
    let sale = stating(&bench, &agent, till, bench.sale(0));
    let (hold, _) = hold(&mut bench, &agent, &sale);
    let undone = FactBody::BatchUndone(BatchUndone {
        batch: BatchId::from_bytes([5; 16]),
    });
    let batches = DocumentKey::Batches(bench.site);
    let mut batch = stating(&bench, &manager, batches, undone);
    let decision = FactBody::HeldDecision(HeldDecision {
        hold,
        accepted: true,
        reason: None,
        told: 1,
    });
    let mut second = stating(&bench, &manager, till, decision);
    second.intents[0].changes[0].document = 1;
    batch.documents.append(&mut second.documents);
    batch.intents.append(&mut second.intents);
    let outcome = bench.admit_as(&manager, &batch).unwrap();
    let answers: Vec<Disposition> = outcome.results.iter().map(|(_, answer)| *answer).collect();
    assert_eq!(answers, [Disposition::Accepted; 2]);
    let told = facts(&outcome);
    assert!(told.contains(&(till, bench.sale(0))));
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

#[test]
fn he9_what_was_held_once_waits_for_its_decision() {
    for accepted in [None, Some(false), Some(true)] {
        let mut bench = Bench::new();
        let (agent, manager, till) = (bench.agent, bench.manager, bench.till(&bench.agent));
        let role = at_site(&bench, Role::Agent);
        grant(&mut bench, &agent, role, false);
        let sale = stating(&bench, &agent, till, bench.sale(0));
        let (id, first) = hold(&mut bench, &agent, &sale);
        grant(&mut bench, &agent, role, true);
        if let Some(accepted) = accepted {
            decide(&mut bench, &manager, till, id, accepted);
        }
        let again = bench.admit_as(&agent, &sale).unwrap();
        assert!(again.rows.is_empty() && again.holds.is_empty());
        let answer = match accepted {
            Some(true) => Disposition::Known,
            _ => first.results[0].1,
        };
        assert_eq!(again.results[0].1, answer, "{accepted:?}");
        // What is new goes through.
        sell(&mut bench, &agent, 1);
    }
}

#[test]
fn ad12_of_two_held_blocks_the_second_is_not_accepted() {
    let mut bench = Bench::new();
    let (owner, manager, till) = (bench.owner, bench.manager, bench.till(&bench.manager));
    bench.revoked.insert(manager.device);
    let block = DocumentKey::Block {
        site: bench.site,
        block: LOST,
    };
    let held = ["S1", "S2"].map(|packed| {
        let codes = FactBody::Codes(Codes {
            batch: BatchId::from_bytes([6; 16]),
            package: bench.package,
            price: Money::from_minor(1_000),
            packed: packed.into(),
        });
        let batch = stating(&bench, &manager, block, codes);
        hold(&mut bench, &manager, &batch).0
    });
    let first = decide(&mut bench, &owner, till, held[0], true);
    assert_eq!(decided(&first), [Some(true)]);
    let second = decide(&mut bench, &owner, till, held[1], true);
    assert_eq!(decided(&second), []);
    assert_eq!(bench.document(&block).sheet().facts.len(), 1);
}

#[test]
fn ad9_a_hold_that_grew_into_a_second_till_is_not_accepted() {
    let mut bench = Bench::new();
    let (agent, owner, till) = (bench.agent, bench.owner, bench.till(&bench.agent));
    bench.revoked.insert(agent.device);
    let first = stating(&bench, &agent, till, bench.sale(0));
    let id = first.intents[0].id;
    let (held, _) = hold(&mut bench, &agent, &first);
    let mut fact = bench.fact(&agent, bench.sale(1));
    fact.at = NOW.plus_millis(-90 * 86_400_000);
    let earlier = DocumentKey::Till {
        site: bench.site,
        person: agent.person,
        month: Month::of(fact.at),
    };
    let change = bench.write_intent(&agent, earlier, &[fact_put(&id.to_string(), &fact)]);
    let more = bench.batch(&agent, id, vec![(earlier, change)]);
    let (same, _) = hold(&mut bench, &agent, &more);
    assert_eq!(same, held);
    let outcome = decide(&mut bench, &owner, till, held, true);
    assert_eq!(decided(&outcome), []);
    let outcome = decide(&mut bench, &owner, till, held, false);
    assert_eq!(decided(&outcome), [Some(false)]);
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

#[test]
fn ad14_an_edit_at_a_site_is_held_and_its_fields_are_kept() {
    let mut bench = Bench::new();
    let (agent, owner, till) = (bench.agent, bench.owner, bench.till(&bench.agent));
    let site = DocumentKey::SitePublic(bench.site);
    let change = bench.write_intent(&agent, site, &[record("site/name", "mine")]);
    let batch = bench.batch_of(&agent, site, change);
    let (held, _) = hold(&mut bench, &agent, &batch);
    let outcome = decide(&mut bench, &owner, till, held, true);
    assert_eq!(decided(&outcome), [Some(true)]);
    assert_eq!(
        bench.document(&site).sheet().text("site/name"),
        Some("mine")
    );
}

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
