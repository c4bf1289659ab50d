//! Which answer an intent gets, of several that fit.

use crdt_model::admission::{Malformed, caps};
use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::document::{Container, DocumentKey, Put, Scalar};
use crdt_model::fact::FactBody;
use crdt_model::money::Money;
use crdt_model::sync::message::{Disposition, RefusalCode};
use serde_bytes::ByteBuf;

use crate::forge::{fact_put, made_up, name, refused};
use crate::holds;
use crate::relay::{Bench, record};

#[test]
fn ad15_the_gravest_finding_speaks_for_the_intent() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let till = bench.till(&agent);
    let site = DocumentKey::SitePublic(bench.site);
    let hold = bench.write_intent(&agent, site, &[record("site/name", "mine")]);
    let FactBody::Sale(mut cheap) = bench.sale(0) else {
        unreachable!()
    };
    cheap.lines[0].price = Money::from_minor(1);
    let id = bench.intent();
    let sold = |bench: &Bench, id, body| {
        bench.write_intent(&agent, till, &[fact_put(id, &bench.fact(&agent, body))])
    };
    let refusable = sold(&bench, id, FactBody::Sale(cheap));
    let fine = sold(&bench, id, bench.sale(0));
    let mut orphan = fine.clone();
    orphan.deps = vec![ByteBuf::from([7; 32])];
    let answers = |bench: &mut Bench, changes| {
        let batch = bench.batch(&agent, id, changes);
        let outcome = bench.admit_as(&agent, &batch).unwrap();
        let documents = [site, till];
        assert!(
            outcome
                .rows
                .iter()
                .all(|row| !documents.contains(&row.document))
        );
        outcome
            .results
            .into_iter()
            .map(|(_, answer)| answer)
            .collect::<Vec<_>>()
    };
    let wrong_price = refused(Malformed::WrongPrice);
    assert_eq!(
        answers(
            &mut bench,
            vec![(site, hold.clone()), (till, refusable.clone())]
        ),
        [wrong_price; 2]
    );
    // An orphan in one document and a wrong price in another: refused outweighs rebase.
    let mut lost = hold.clone();
    lost.deps = vec![ByteBuf::from([7; 32])];
    assert_eq!(
        answers(&mut bench, vec![(site, lost), (till, refusable)]),
        [wrong_price; 2]
    );
    assert_eq!(
        answers(&mut bench, vec![(site, hold.clone()), (till, orphan)]),
        [Disposition::Rebase; 2]
    );
    let held = answers(&mut bench, vec![(site, hold), (till, fine)]);
    assert!(
        matches!(held[..], [Disposition::Held(one, _), Disposition::Held(two, _)] if one == two),
        "{held:?}"
    );
}

#[test]
fn ad15_what_was_accepted_or_is_known_stays_so() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let till = bench.till(&agent);
    let site = DocumentKey::SitePublic(bench.site);
    let id = bench.intent();
    let put = fact_put(id, &bench.fact(&agent, bench.sale(0)));
    let sold = bench.write_intent(&agent, till, std::slice::from_ref(&put));
    // The same again, by another incarnation.
    let mut known = sold.clone();
    known.time += 1;
    let may_not = bench.write_intent(&agent, site, &[record("site/name", "mine")]);
    bench.accepts(&agent, till, id, &[put]);
    for (change, salt, answer) in [
        (sold, 7, Disposition::Accepted),
        (known, 8, Disposition::Known),
    ] {
        let changes = vec![(till, change), (site, may_not.clone())];
        let mut batch = bench.batch(&agent, id, changes);
        batch.salt = [salt; 16];
        let outcome = bench.admit_as(&agent, &batch).unwrap();
        let answers: Vec<_> = outcome.results.iter().map(|(_, answer)| *answer).collect();
        assert_eq!(answers[0], answer);
        assert!(matches!(answers[1], Disposition::Held(..)));
    }
}

#[test]
fn ad6_unknown_fields_wrong_types_and_large_values_are_refused() {
    let mut bench = Bench::new();
    let owner = bench.owner;
    let large = Put {
        container: Container::Records,
        key: bench.package_field("name"),
        value: Scalar::Text("x".repeat(caps::VALUE_BYTES_MAX + 1)),
    };
    let long = record(
        &format!("package/{}/name", "x".repeat(caps::KEY_BYTES_MAX)),
        "x",
    );
    let unknown = record("package/p/name", "x");
    let retyped = Put {
        container: Container::Records,
        key: bench.package_field("price"),
        value: Scalar::Text("1000".into()),
    };
    for (put, what) in [
        (large, Malformed::TooLarge),
        (long, Malformed::TooLarge),
        (unknown, Malformed::UnknownField),
        (retyped, Malformed::WrongType),
    ] {
        let change = bench.write(&owner, DocumentKey::Catalog, &[put]).plain;
        bench.turns_away(&owner, DocumentKey::Catalog, change, refused(what));
    }
}

#[test]
fn ad14_what_one_may_not_do_is_held_or_refused_and_changes_nothing() {
    let mut bench = Bench::new();
    let agent = bench.agent;
    let not_allowed = Disposition::Refused(RefusalCode::NotAllowed);
    let change = bench
        .write(&agent, DocumentKey::Catalog, &[name(&bench, "mine")])
        .plain;
    bench.turns_away(&agent, DocumentKey::Catalog, change, not_allowed);
    let owner_of_all = Grant {
        role: Role::Owner,
        scope: Scope::Organisation,
    };
    let grant = Put {
        container: Container::Records,
        key: format!("person/{}/grant/{owner_of_all}", agent.person),
        value: true.into(),
    };
    let change = bench.write(&agent, DocumentKey::Staff, &[grant]).plain;
    bench.turns_away(&agent, DocumentKey::Staff, change, not_allowed);
    let change = bench.write_intent(&agent, DocumentKey::Org, &[record("org/name", "mine")]);
    bench.turns_away(&agent, DocumentKey::Org, change, not_allowed);
    let site = DocumentKey::SitePublic(bench.site);
    let change = bench
        .write(&agent, site, &[record("site/name", "mine")])
        .plain;
    bench.holds(&agent, site, change.clone());
    // Nor does it hide behind what would be held: whoever accepts sees all of it.
    let id = bench.intent();
    let catalog = bench.write_intent(&agent, DocumentKey::Catalog, &[name(&bench, "mine")]);
    let changes = vec![(DocumentKey::Catalog, catalog), (site, change)];
    let batch = bench.batch(&agent, id, changes);
    let outcome = bench.admit_as(&agent, &batch).unwrap();
    let answers: Vec<Disposition> = outcome.results.iter().map(|(_, answer)| *answer).collect();
    assert_eq!(answers, [not_allowed; 2]);
    assert!(outcome.holds.is_empty() && outcome.rows.is_empty());
}

#[test]
fn ad14_what_a_revoked_device_says_of_no_site_or_of_a_hold_is_refused() {
    let mut bench = Bench::new();
    let (owner, manager) = (bench.owner, bench.manager);
    let (hold, _) = holds::hold_a_sale(&mut bench);
    bench.revoked = [owner.device, manager.device].into();
    let not_allowed = Disposition::Refused(RefusalCode::NotAllowed);
    let change = made_up(&bench, &|_| ());
    bench.turns_away(&owner, DocumentKey::Catalog, change, not_allowed);
    let till = bench.till(&bench.agent);
    let decided = holds::decide(&mut bench, &manager, till, hold, false);
    assert_eq!(decided.results[0].1, not_allowed);
    assert!(decided.rows.is_empty() && decided.holds.is_empty());
}
