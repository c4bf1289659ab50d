//! What is held, and that pushing it again finds the same hold.

use super::acts::{at_site, decide, decided, grant, hold, lost_sale, stating};
use super::told::listed;
use crdt_model::admission::Malformed;
use crdt_model::capability::Role;
use crdt_model::command::fact_put;
use crdt_model::document::{Document, DocumentKey};
use crdt_model::fact::{HoldReason, verdict_key};
use crdt_model::ids::DeviceId;
use crdt_model::relay::Outcome;
use crdt_model::sync::message::{Disposition, RefusalCode};

use crate::judge::sell;
use crate::relay::{Author, Bench, NOW, record};

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
