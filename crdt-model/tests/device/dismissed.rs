//! What was refused or declined, and dismissed by who sold it: a client may have the code all the same.

use crdt_model::command::Command;
use crdt_model::fact::VoucherRef;
use crdt_model::ids::IntentId;
use crdt_model::replica::{Brief, PendingState, Replica};
use crdt_model::sync::message::{Disposition, RefusalCode};
use crdt_model::time::{Month, Timestamp};

use crate::random::Random;
use crate::shop::{NOW, Shop, details};

const REFUSED: Disposition = Disposition::Refused(RefusalCode::Impossible);

/// A shop whose first sale was refused and dismissed, and the voucher of that sale.
fn dismissed() -> (Shop, IntentId, VoucherRef) {
    let mut shop = Shop::new();
    let id = shop.sell();
    let voucher = shop.sale(id).lines[0].voucher;
    shop.answer(REFUSED);
    let commit = shop.replica.dismiss(id);
    shop.replica.stored(commit.number);
    (shop, id, voucher)
}

fn free(replica: &Replica) -> Vec<VoucherRef> {
    let stock = replica.shared_stock();
    let mine: Vec<_> = stock.mine().collect();
    mine.iter().flat_map(|block| stock.free(block)).collect()
}

/// As the same device finds its database at the next start.
fn restarted(replica: &mut Replica) -> Replica {
    let entries = replica.everything().writes.into_iter();
    let entries = entries.filter_map(|(key, value)| Some((key, value?)));
    Replica::open(replica.me(), entries, &mut Random::new(8)).unwrap()
}

#[test]
fn pu11_the_vouchers_of_a_dismissed_sale_are_not_sold_again() {
    let (mut shop, id, voucher) = dismissed();
    assert_eq!(shop.replica.outbox().count(), 0);
    assert_eq!(shop.replica.pending(id), None);
    assert!(shop.replica.safe_at().is_none());
    let commit = shop.replica.contact(NOW, NOW, false);
    shop.replica.stored(commit.number);
    assert_eq!(shop.replica.safe_at(), Some(NOW));
    // Two are left of three, and none of them is that one.
    let next = [shop.sell(), shop.sell()];
    for sold in next {
        assert_ne!(shop.sale(sold).lines[0].voucher, voucher);
    }
    let (order, now) = (shop.order(), NOW);
    assert!(shop.replica.sell(order, now, &mut shop.rng).is_err());
    assert_eq!(shop.replica.next_batch().unwrap().intents.len(), 2);
}

#[test]
fn pu11_they_stay_so_after_a_restart_a_lost_database_and_a_forgotten_password() {
    let (mut shop, id, voucher) = dismissed();
    let left = free(&shop.replica);
    assert_eq!(left.len(), 2);
    assert!(!left.contains(&voucher));

    let again = restarted(&mut shop.replica);
    assert_eq!(free(&again), left);
    assert_eq!(again.outbox().count(), 0);

    // From the journal alone; the relay sends the documents again.
    let journal: Vec<Vec<u8>> = shop
        .replica
        .journal()
        .into_iter()
        .map(|one| one.1)
        .collect();
    assert_eq!(shop.replica.journal_len(), journal.len());
    let me = shop.replica.me();
    let (mut lost, commit) = Replica::recover(me, journal.clone(), &mut Random::new(9));
    lost.stored(commit.number);
    assert_eq!(lost.outbox().count(), 0);
    for key in shop.replica.document_keys().copied().collect::<Vec<_>>() {
        let whole = &shop.replica.everything().writes[&format!("d|{key}|0000")];
        let whole = whole.clone().unwrap();
        let commit = lost.snapshot(key, &whole, NOW, &mut Random::new(10));
        lost.stored(commit.unwrap().number);
    }
    assert_eq!(free(&lost), left);

    // A store that was begun anew, and takes over what the old one had: once.
    let entries = shop.replica.everything().writes.into_iter();
    let entries = entries
        .filter(|(key, _)| !key.starts_with("o|") && key != "meta")
        .filter_map(|(key, value)| Some((key, value?)));
    let mut store = Replica::open(me, entries, &mut Random::new(11)).unwrap();
    assert_eq!(free(&store).len(), 3);
    for _ in 0..2 {
        let taken = store.inherit(journal.clone(), &mut Random::new(12));
        assert_eq!((taken.waiting, taken.known), (0, 1));
        store.stored(taken.commit.number);
        assert_eq!(store.journal_len(), 1);
    }
    assert_eq!(store.pending(id), None);
    assert_eq!(free(&store), left);
}

#[test]
fn pu11_a_brief_of_the_months_before_knows_them() {
    let (mut shop, _, voucher) = dismissed();
    // That month has a sale too, which a brief leaves out.
    shop.sell();
    shop.answer(Disposition::Accepted);
    let next = NOW.plus_millis(40 * 86_400_000);
    let month = Month::of(next);
    let mut stored = shop.replica.everything().writes;
    let made = shop.replica.make_brief(month, &mut Random::new(13));
    let (bytes, commit) = made.unwrap();
    stored.extend(commit.writes);
    let brief = Brief::decode(&bytes).unwrap();
    let left_out = brief.left_out();
    let entries = stored
        .into_iter()
        .filter(|(key, _)| !left_out.contains(key))
        .filter_map(|(key, value)| Some((key, value?)));
    let journal = shop.replica.journal().into_iter().map(|one| one.1);
    let me = shop.replica.me();
    let opened = Replica::open_brief(me, brief, entries, journal, next, &mut Random::new(14));
    let opened = opened.unwrap().unwrap();
    assert!(!opened.is_whole());
    let left = free(&opened);
    assert_eq!(left.len(), 1);
    assert!(!left.contains(&voucher));
}

#[test]
fn pu11_what_hands_nothing_out_is_forgotten() {
    let mut shop = Shop::new();
    let edited = Command::EditPackage {
        package: shop.package,
        details: details("2 weeks"),
    };
    let (id, _) = shop.execute(edited).unwrap();
    shop.answer(REFUSED);
    let commit = shop.replica.dismiss(id);
    assert!(commit.pending.is_empty());
    assert_eq!(commit.settled.len(), 1);
    assert_eq!(shop.replica.journal_len(), 0);
    assert_eq!(free(&shop.replica).len(), 3);
    assert_eq!(shop.replica.last_contact(), None::<Timestamp>);
}

#[test]
fn he12_what_there_was_no_room_for_is_pushed_again_unless_it_was_dismissed() {
    let mut shop = Shop::new();
    let full = Disposition::Refused(RefusalCode::TooMuchHeld);
    let sold = [shop.sell(), shop.sell()];
    assert!(shop.answer_once(full));
    assert!(shop.replica.next_batch().is_none());
    let commit = shop.replica.dismiss(sold[0]);
    shop.replica.stored(commit.number);
    let commit = shop.replica.synced(1, 1, &mut shop.rng);
    shop.replica.stored(commit.number);
    let again = shop.replica.next_batch().unwrap();
    let ids: Vec<IntentId> = again.intents.iter().map(|intent| intent.id).collect();
    assert_eq!(ids, sold[1..]);
}

/// A name that a version of later wrote, in what this one reads.
fn renamed(bytes: &[u8], name: &[u8], later: &[u8]) -> Vec<u8> {
    let at = bytes.windows(name.len()).position(|part| part == name);
    let at = at.expect("the name is in it");
    [&bytes[..at], later, &bytes[at + name.len()..]].concat()
}

#[test]
fn pu12_what_was_refused_for_a_reason_of_later_is_kept_and_pushed_again() {
    let mut shop = Shop::new();
    let id = shop.sell();
    shop.answer(Disposition::Refused(RefusalCode::TooMuchHeld));
    let entries = shop.replica.everything().writes.into_iter();
    let entries = entries.filter_map(|(key, value)| Some((key, value?)));
    let entries = entries.map(|(key, value)| match key.starts_with("o|") {
        true => (key, renamed(&value, b"Refused\x61h", b"Refused\x61z")),
        false => (key, value),
    });
    let me = shop.replica.me();
    let mut again = Replica::open(me, entries, &mut Random::new(8)).unwrap();
    let later = PendingState::Refused(RefusalCode::Later);
    assert_eq!(again.pending(id).unwrap().state, later);
    assert!(again.next_batch().is_none());
    let commit = again.synced(1, 1, &mut Random::new(9));
    again.stored(commit.number);
    assert_eq!(again.next_batch().unwrap().intents[0].id, id);
}
