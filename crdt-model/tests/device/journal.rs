//! What the journal brings back, and what it does not.

use crdt_model::client::ClientDetails;
use crdt_model::command::Command;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{FactBody, Verdict};
use crdt_model::ids::{ClientId, HoldId, PersonId};
use crdt_model::package;
use crdt_model::sync::message::Disposition;
use crdt_model::time::Month;

use crate::shop::{NOW, Shop, details, held};

#[test]
fn rb3_an_edit_that_was_acknowledged_is_not_written_again_from_the_journal() {
    let mut shop = Shop::new();
    let edited = Command::EditPackage {
        package: shop.package,
        details: details("mine"),
    };
    let (_, commit) = shop.execute(edited).unwrap();
    let journal: Vec<Vec<u8>> = commit.pending.into_iter().map(|(_, bytes)| bytes).collect();
    shop.answer(Disposition::Accepted);
    // It is edited afterwards, so often that its name is forgotten; then this device starts with a journal that lost
    // "settled".
    for n in 0..80 {
        shop.execute(Command::EditPackage {
            package: shop.package,
            details: details(&format!("newer {n}")),
        })
        .unwrap();
        shop.answer(Disposition::Accepted);
    }
    let commit = shop.replica.adopt(journal, &mut shop.rng);
    assert_eq!(shop.replica.outbox().count(), 0);
    assert_eq!(commit.map(|commit| commit.settled.len()), Some(1));
    let catalog = shop.replica.sheets().get(&DocumentKey::Catalog);
    let package = package::package(catalog, shop.package).unwrap();
    assert_eq!(package.details.name, "newer 79");
}

#[test]
fn rb3_what_was_settled_is_not_made_again_where_its_document_is_gone() {
    let mut shop = Shop::new();
    let client = ClientId::generate(NOW, &mut shop.rng);
    let registered = Command::RegisterClient {
        client,
        site: shop.site,
        details: ClientDetails {
            name: "Neema".into(),
            ..ClientDetails::default()
        },
    };
    let (id, commit) = shop.execute(registered).unwrap();
    let document = shop.replica.pending(id).unwrap().writes[0].document;
    let journal: Vec<Vec<u8>> = commit.pending.into_iter().map(|(_, bytes)| bytes).collect();
    shop.answer(Disposition::Accepted);
    // This person may no longer read it; then this device starts with a journal that lost "settled".
    shop.replica.drop_documents(&[document], &mut shop.rng);
    let commit = shop.replica.adopt(journal, &mut shop.rng);
    assert_eq!(shop.replica.outbox().count(), 0);
    assert_eq!(commit.map(|commit| commit.settled.len()), Some(1));
}

#[test]
fn rb3_what_was_held_and_decided_does_not_wait_again_from_the_journal() {
    for accepted in [true, false] {
        let mut shop = Shop::new();
        let id = shop.sell();
        let disposition = held(&mut shop);
        shop.answer(disposition);
        let journal: Vec<Vec<u8>> = shop
            .replica
            .journal()
            .into_iter()
            .map(|(_, bytes)| bytes)
            .collect();
        let decided = Verdict::HeldDecided {
            hold: HoldId::from_bytes([6; 16]),
            intent: id,
            by: PersonId::from_bytes([8; 16]),
            accepted,
            reason: None,
        };
        let verdicts = DocumentKey::VerdictTill {
            site: shop.site,
            person: shop.replica.me().person,
            month: Month::of(NOW),
        };
        shop.have_facts(verdicts, vec![FactBody::Verdict(decided)]);
        let is_settled = shop.replica.pending(id).is_none();
        assert_eq!(is_settled, accepted);
        let state = shop
            .replica
            .pending(id)
            .map(|pending| pending.state.clone());
        // This device starts with a journal that lost "settled".
        shop.replica.adopt(journal, &mut shop.rng);
        let again = shop
            .replica
            .pending(id)
            .map(|pending| pending.state.clone());
        assert_eq!(again, state);
    }
}
