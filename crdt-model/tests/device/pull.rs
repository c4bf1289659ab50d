//! What comes by the log.

use crdt_model::document::{Actor, Document, DocumentKey};
use crdt_model::replica::{Commit, Replica};
use crdt_model::sync::device::Effect;
use crdt_model::sync::message::{DeviceMessage, Disposition, LoggedChange};

use crate::phone::{Phone, edit, foreign_edit, intents, logged, package_name, rows, till};
use crate::shop::{NOW, Shop, details};

fn commits(effects: &[Effect]) -> Vec<&Commit> {
    let commits = effects.iter().filter_map(|effect| match effect {
        Effect::Commit(commit) => Some(commit),
        _ => None,
    });
    commits.collect()
}

#[test]
fn pl1_the_cursor_lies_in_the_commit_of_its_changes() {
    let mut shop = Shop::new();
    let (_, change) = foreign_edit(&mut shop, 1);
    let mut stored = shop.replica.everything().writes;
    let me = shop.replica.me();
    let mut phone = Phone::new(shop);
    phone.connect(false);
    let effects = phone.hear(&rows(0, 5, vec![change]));
    let [commit] = commits(&effects)[..] else {
        panic!("{effects:?}")
    };
    stored.extend(commit.writes.clone());
    let entries = stored
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)));
    let opened = Replica::open(me, entries, &mut phone.rng).unwrap();
    assert_eq!(opened.cursor(), 5);
    let key = DocumentKey::Catalog;
    assert_eq!(opened.heads(&key), phone.device.replica.heads(&key));
}

#[test]
fn pl2_rows_that_begin_elsewhere_end_the_connection() {
    let mut phone = Phone::new(Shop::new());
    phone.connect(false);
    let effects = phone.hear(&rows(3, 5, Vec::new()));
    assert_eq!(effects[0], Effect::Close);
    assert_eq!(phone.device.replica.cursor(), 0);
    assert!(!phone.device.is_online());
}

#[test]
fn pl6_a_gap_is_compared_at_the_next_hello() {
    let mut shop = Shop::new();
    shop.replica.synced(0, 7, &mut shop.rng);
    let (mut ahead, _) = foreign_edit(&mut shop, 1);
    let puts = details("later").puts(shop.package);
    let later = ahead
        .write(Actor::from_bytes([2; 16]), NOW.as_seconds(), &puts)
        .unwrap();
    let before = shop.replica.heads(&DocumentKey::Catalog).unwrap().to_vec();
    let mut phone = Phone::new(shop);
    phone.connect(false);
    let change = LoggedChange {
        key: DocumentKey::Catalog,
        chunk: later.chunk.into(),
    };
    let effects = phone.hear(&rows(0, 1, vec![change]));
    assert!(effects.contains(&Effect::Close));
    let heads = phone.device.replica.heads(&DocumentKey::Catalog);
    assert_eq!(heads, Some(before.as_slice()));
    let hello = phone.hello();
    assert!(matches!(hello, DeviceMessage::Hello { rights: 0, .. }));
}

#[test]
fn pl7_a_change_that_is_here_changes_nothing() {
    let mut shop = Shop::new();
    let (_, change) = foreign_edit(&mut shop, 1);
    shop.replica.receive(1, vec![change.clone()], &mut shop.rng);
    let heads = shop.replica.heads(&DocumentKey::Catalog).unwrap().to_vec();
    assert_eq!(package_name(&shop), "foreign 1");
    shop.replica.receive(2, vec![change], &mut shop.rng);
    assert_eq!(
        shop.replica.heads(&DocumentKey::Catalog),
        Some(heads.as_slice())
    );
    assert_eq!(package_name(&shop), "foreign 1");
    assert!(!shop.replica.has_gap());
}

#[test]
fn pl8_pending_work_that_comes_by_the_log_is_settled() {
    let mut shop = Shop::new();
    let id = shop.sell();
    let changes = logged(&shop.replica.next_batch().unwrap());
    let commit = shop.replica.receive(1, changes, &mut shop.rng);
    assert_eq!(commit.settled.len(), 1);
    assert_eq!(shop.replica.pending(id), None);
    let facts = &shop.replica.sheets().get(&till(&shop)).facts;
    assert!(facts.contains_key(&id.to_string()));
}

#[test]
fn pl9_what_does_not_go_on_top_is_written_again() {
    let mut shop = Shop::new();
    let actor = shop.replica.actor();
    // Another device writes as the same actor.
    let page = shop.replica.everything().writes;
    let stored = page[&format!("d|{}|0000", DocumentKey::Catalog)].clone();
    let mut theirs = Document::load(&stored.unwrap()).unwrap();
    let puts = details("cloned").puts(shop.package);
    let chunk = theirs.write(actor, NOW.as_seconds(), &puts).unwrap().chunk;
    let id = edit(&mut shop, "mine");
    let change = LoggedChange {
        key: DocumentKey::Catalog,
        chunk: chunk.into(),
    };
    let commit = shop.replica.receive(1, vec![change], &mut shop.rng);
    shop.replica.stored(commit.number);
    assert_ne!(shop.replica.actor(), actor);
    assert_eq!(intents(&shop.replica), [id]);
    assert_eq!(package_name(&shop), "mine");
    shop.answer(Disposition::Accepted);
    assert_eq!(shop.replica.outbox().count(), 0);
}
