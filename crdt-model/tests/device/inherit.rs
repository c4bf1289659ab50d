//! A store that was sealed when its password was forgotten, and is opened after a new one went on: nothing lost, nothing
//! twice.

use std::collections::BTreeSet;

use crdt_model::command::Command;
use crdt_model::document::DocumentKey;
use crdt_model::package;
use crdt_model::replica::{PendingState, Replica};
use crdt_model::sync::message::Disposition;

use crate::random::Random;
use crate::shop::{Shop, details, held};

/// A new store that has fetched what the relay has of this one.
fn new_store(shop: &mut Shop) -> Replica {
    let acknowledged = shop.replica.everything().writes.into_iter();
    let entries = acknowledged
        .filter(|(key, _)| key.starts_with("d|") || key.starts_with("s|"))
        .filter_map(|(key, value)| Some((key, value?)));
    Replica::open(shop.replica.me(), entries, &mut Random::new(8)).unwrap()
}

/// What the sealed store has that the relay did not answer to.
fn left(replica: &Replica) -> Vec<Vec<u8>> {
    replica
        .journal()
        .into_iter()
        .map(|(_, bytes)| bytes)
        .collect()
}

fn edit(shop: &mut Shop, name: &str) {
    let edited = Command::EditPackage {
        package: shop.package,
        details: details(name),
    };
    shop.execute(edited).unwrap();
}

fn name_in(replica: &Replica, shop: &Shop) -> String {
    let catalog = replica.sheets().get(&DocumentKey::Catalog);
    package::package(catalog, shop.package)
        .unwrap()
        .details
        .name
}

#[test]
fn rb6_what_was_sent_from_the_ready_slot_is_not_written_again() {
    let mut shop = Shop::new();
    shop.sell();
    shop.sell();
    edit(&mut shop, "mine");
    let left = left(&shop.replica);
    shop.answer(Disposition::Accepted);
    edit(&mut shop, "newer");
    shop.answer(Disposition::Accepted);
    let mut store = new_store(&mut shop);
    let inherited = store.inherit(left, &mut Random::new(9));
    assert_eq!((inherited.waiting, inherited.known), (0, 3));
    assert_eq!(store.outbox().count(), 0);
    assert_eq!(name_in(&store, &shop), "newer");
}

#[test]
fn rb6_what_was_not_sent_waits_behind_what_is_here_and_only_once() {
    let mut shop = Shop::new();
    let mut store = new_store(&mut shop);
    let held_sale = shop.sell();
    let disposition = held(&mut shop);
    shop.answer(disposition);
    let sale = shop.sell();
    edit(&mut shop, "mine");
    let left = left(&shop.replica);
    // The new store knows nothing of it, and may sell the same voucher.
    shop.replica = std::mem::replace(&mut store, Replica::new(shop.replica.me(), &mut shop.rng));
    shop.rng = Random::new(9);
    let own = shop.sell();
    let inherited = shop.replica.inherit(left.clone(), &mut shop.rng);
    assert_eq!((inherited.waiting, inherited.known), (3, 0));
    let waiting: Vec<_> = shop
        .replica
        .outbox()
        .map(|pending| pending.intent.id)
        .collect();
    assert_eq!(waiting[..3], [own, held_sale, sale]);
    let state = &shop.replica.pending(held_sale).unwrap().state;
    assert!(matches!(state, PendingState::Held { .. }));
    // All of it is in the commit, for the database and for the journal.
    let kept: BTreeSet<u64> = inherited
        .commit
        .pending
        .iter()
        .map(|(order, _)| *order)
        .collect();
    assert!(
        shop.replica
            .outbox()
            .all(|pending| kept.contains(&pending.order))
    );
    shop.replica.stored(inherited.commit.number);

    let again = shop.replica.inherit(left.clone(), &mut shop.rng);
    assert_eq!((again.waiting, again.known), (0, 3));
    shop.replica.stored(again.commit.number);
    shop.answer(Disposition::Accepted);
    assert_eq!(name_in(&shop.replica, &shop), "mine");
    edit(&mut shop, "newer");
    let again = shop.replica.inherit(left, &mut shop.rng);
    assert_eq!((again.waiting, again.known), (0, 3));
    assert_eq!(name_in(&shop.replica, &shop), "newer");
}

#[test]
fn rb6_a_sale_of_each_store_of_the_same_voucher_is_one_fact_each() {
    let mut shop = Shop::new();
    let mut store = new_store(&mut shop);
    let sale = shop.sell();
    let left = left(&shop.replica);
    shop.replica = std::mem::replace(&mut store, Replica::new(shop.replica.me(), &mut shop.rng));
    shop.rng = Random::new(9);
    let own = shop.sell();
    shop.answer(Disposition::Accepted);
    let inherited = shop.replica.inherit(left, &mut shop.rng);
    shop.replica.stored(inherited.commit.number);
    let batch = shop.replica.next_batch().unwrap().expand().unwrap();
    assert_eq!(batch.hashes().count(), 1);
    let facts: BTreeSet<String> = shop
        .replica
        .sheets()
        .facts()
        .map(|(_, id, _)| id.to_string())
        .collect();
    assert!(facts.contains(&sale.to_string()) && facts.contains(&own.to_string()));
}

#[test]
fn rb5_what_was_held_is_kept_under_the_number_that_the_journal_had_to_give_it() {
    let mut shop = Shop::new();
    let mut store = new_store(&mut shop);
    let sale = shop.sell();
    let disposition = held(&mut shop);
    shop.answer(disposition);
    let journal = left(&shop.replica);
    shop.replica = std::mem::replace(&mut store, Replica::new(shop.replica.me(), &mut shop.rng));
    shop.rng = Random::new(9);
    shop.sell();
    let commit = shop.replica.adopt(journal, &mut shop.rng).unwrap();
    let order = shop.replica.pending(sale).unwrap().order;
    assert!(commit.pending.iter().any(|(kept, _)| *kept == order));
}
