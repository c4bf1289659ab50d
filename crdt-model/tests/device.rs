//! The device's side of the protocol, rule by rule (`docs/SYNC.md`): events and messages go in, effects and state
//! come out.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test that fails is a test that fails"
)]

#[path = "simulation/random.rs"]
#[expect(dead_code, reason = "the simulation uses the rest")]
mod random;
#[path = "shared/shop.rs"]
mod shop;

use std::collections::BTreeSet;
use std::convert::Infallible;

use crdt_model::client::ClientDetails;
use crdt_model::codec;
use crdt_model::command::{Command, DocumentWrite, fact_put};
use crdt_model::document::{
    Actor, Container, Document, DocumentId, DocumentKey, Put, genesis_hash,
};
use crdt_model::fact::{Fact, FactBody, HoldReason, LeaseAsked, Verdict};
use crdt_model::ids::{BlockId, DeviceId, HoldId, IntentId, PersonId, SiteId};
use crdt_model::package;
use crdt_model::replica::{Commit, Pending, PendingState, Replica};
use crdt_model::sale::{Buyer, SellOrder};
use crdt_model::staff;
use crdt_model::sync::batch::Batch;
use crdt_model::sync::device::{Device, Effect, Event, SEAL_AGAIN_MILLIS};
use crdt_model::sync::message::{
    DeviceMessage, Disposition, LoggedChange, RefusalCode, RelayMessage,
};
use crdt_model::time::{Month, Timestamp};
use rand_core::TryRng;
use random::Random;
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};
use shop::{NOW, Shop, codes, details, held, make_batch};

/// A device with its chance.
struct Phone {
    device: Device,
    rng: Random,
}

impl Phone {
    fn new(shop: Shop) -> Self {
        Self {
            device: Device::new(shop.replica),
            rng: shop.rng,
        }
    }

    fn feed(&mut self, event: Event, now: Timestamp) -> Vec<Effect> {
        self.device.handle(event, now, &mut self.rng)
    }

    fn hear(&mut self, message: &RelayMessage) -> Vec<Effect> {
        self.feed(Event::Frame(codec::encode(message)), NOW)
    }

    /// Opens a connection and says hello.
    fn hello(&mut self) -> DeviceMessage {
        assert_eq!(self.feed(Event::TryNow, NOW), [Effect::Connect]);
        let ticket = "t".to_string();
        let effects = self.feed(Event::Opened { ticket }, NOW);
        sent(&effects).remove(0)
    }

    fn welcome(&mut self, send_digest: bool) -> Vec<Effect> {
        self.hear(&RelayMessage::Welcome {
            now: NOW,
            head: 0,
            send_digest,
        })
    }

    fn connect(&mut self, send_digest: bool) -> Vec<Effect> {
        self.hello();
        self.welcome(send_digest)
    }

    /// Everything is durable; seals what there is to seal, and gives what is then done.
    fn seal(&mut self) -> (Batch, Vec<Effect>) {
        let effects = self.feed(Event::Stored(u64::MAX), NOW);
        let [Effect::Seal { number, batch }] = &effects[..] else {
            panic!("{effects:?}")
        };
        let bytes = number.to_be_bytes().to_vec();
        let sealed = Event::Sealed {
            number: *number,
            bytes,
        };
        (batch.clone(), self.feed(sealed, NOW))
    }
}

/// The messages among the effects.
fn sent(effects: &[Effect]) -> Vec<DeviceMessage> {
    let bytes = effects.iter().filter_map(|effect| match effect {
        Effect::Send(bytes) => Some(bytes),
        _ => None,
    });
    bytes.map(|bytes| codec::decode(bytes).unwrap()).collect()
}

fn commits(effects: &[Effect]) -> Vec<&Commit> {
    let commits = effects.iter().filter_map(|effect| match effect {
        Effect::Commit(commit) => Some(commit),
        _ => None,
    });
    commits.collect()
}

fn is_push(message: &DeviceMessage) -> bool {
    matches!(message, DeviceMessage::Push { .. })
}

/// Chance that always says the same.
struct Always(u32);

/// Asks for the longest wait below any bound of the backoff.
const fn longest() -> Always {
    Always(479_999)
}

impl TryRng for Always {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.into())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(1);
        Ok(())
    }
}

fn hashes(batch: &Batch) -> Vec<ByteBuf> {
    let full = batch.expand().unwrap();
    full.hashes()
        .map(|hash| ByteBuf::from(hash[..8].to_vec()))
        .collect()
}

/// The changes of a batch as they come by the log.
fn logged(batch: &Batch) -> Vec<LoggedChange> {
    let full = batch.expand().unwrap();
    full.changes()
        .map(|full| LoggedChange {
            key: full.document,
            chunk: full.built.as_ref().unwrap().raw_bytes().to_vec().into(),
        })
        .collect()
}

fn intents(replica: &Replica) -> Vec<IntentId> {
    let batch = replica.next_batch();
    let intents = batch.into_iter().flat_map(|batch| batch.intents);
    intents.map(|intent| intent.id).collect()
}

fn till(shop: &Shop) -> DocumentKey {
    DocumentKey::Till {
        site: shop.site,
        person: shop.replica.me().person,
        month: Month::of(NOW),
    }
}

fn edit(shop: &mut Shop, name: &str) -> IntentId {
    let command = Command::EditPackage {
        package: shop.package,
        details: details(name),
    };
    shop.execute(command).unwrap().0
}

fn package_name(shop: &Shop) -> String {
    let catalog = shop.replica.sheets().get(&DocumentKey::Catalog);
    let package = package::package(catalog, shop.package).unwrap();
    package.details.name
}

/// What somebody else wrote into the catalog as the relay has it.
fn foreign_edit(shop: &mut Shop, n: u8) -> (Document, LoggedChange) {
    let page = shop.replica.everything().writes;
    let stored = page[&format!("d|{}|0000", DocumentKey::Catalog)].clone();
    let mut document = Document::load(&stored.unwrap()).unwrap();
    let puts = details(&format!("foreign {n}")).puts(shop.package);
    let written = document
        .write(Actor::from_bytes([n; 16]), NOW.as_seconds(), &puts)
        .unwrap();
    let change = LoggedChange {
        key: DocumentKey::Catalog,
        chunk: written.chunk.into(),
    };
    (document, change)
}

fn rows(from: u64, to: u64, changes: Vec<LoggedChange>) -> RelayMessage {
    RelayMessage::Changes { from, to, changes }
}

#[test]
fn tr4_nothing_of_an_earlier_connection_counts() {
    let mut shop = Shop::new();
    shop.sell();
    let mut phone = Phone::new(shop);
    phone.seal();
    phone.connect(true);
    phone.feed(Event::Closed, NOW);
    // A frame of the connection that ended says nothing any more.
    assert_eq!(phone.hear(&rows(0, 9, Vec::new())), []);
    // Nor does one that opens after it was given up.
    let ticket = "late".to_string();
    assert_eq!(phone.feed(Event::Opened { ticket }, NOW), []);
    let DeviceMessage::Hello { cursor, .. } = phone.hello() else {
        panic!("a connection begins with hello")
    };
    assert_eq!(cursor, 0);
    // The comparison of then is not waited for.
    assert!(sent(&phone.welcome(false)).iter().any(is_push));
}

#[test]
fn tr3_the_device_hangs_up_on_what_it_cannot_read() {
    let pong = codec::encode(&RelayMessage::Pong);
    // {"c": {"f": 0, "t": 5, "c": [], "z": null}}
    let known = b"\xa1\x61c\xa4\x61f\x00\x61t\x05\x61c\x80\x61z\xf6".to_vec();
    // {"c": {"f": 0, "t": 5}}
    let lacking = b"\xa1\x61c\xa2\x61f\x00\x61t\x05".to_vec();
    let unread = [
        [&pong[..], &pong[..]].concat(),
        pong[..1].to_vec(),
        b"\x61q".to_vec(),
        lacking,
        Vec::new(),
    ];
    for (frame, is_read) in unread
        .map(|frame| (frame, false))
        .into_iter()
        .chain([(pong, true)])
    {
        let mut phone = Phone::new(Shop::new());
        phone.connect(false);
        let effects = phone.feed(Event::Frame(frame.clone()), NOW);
        assert_eq!(effects.contains(&Effect::Close), !is_read, "{frame:?}");
        assert_eq!(phone.device.is_online(), is_read);
    }
    let mut phone = Phone::new(Shop::new());
    phone.connect(false);
    phone.feed(Event::Frame(known), NOW);
    assert_eq!(phone.device.replica.cursor(), 5);
}

/// Ticks after so many seconds, each with what the device sends or does.
fn silence(phone: &mut Phone, asks_after: i64, gives_up_after: i64) {
    let mut tick = |seconds: i64| phone.feed(Event::Tick, NOW.plus_millis(seconds * 1_000));
    assert_eq!(tick(asks_after), []);
    assert_eq!(sent(&tick(asks_after + 1)), [DeviceMessage::Ping]);
    assert_eq!(tick(gives_up_after).len(), 1, "asks again, at most");
    assert_eq!(tick(gives_up_after + 1), [Effect::Close, Effect::Changed]);
    assert!(!phone.device.is_online());
}

#[test]
fn tr5_silence_is_asked_about_and_then_given_up() {
    let mut phone = Phone::new(Shop::new());
    phone.connect(false);
    silence(&mut phone, 180, 215);
}

#[test]
fn tr5_silence_is_shorter_while_an_answer_is_due() {
    let mut phone = Phone::new(Shop::new());
    phone.connect(true);
    silence(&mut phone, 25, 60);

    let mut shop = Shop::new();
    shop.sell();
    let mut phone = Phone::new(shop);
    phone.seal();
    assert!(sent(&phone.connect(false)).iter().any(is_push));
    silence(&mut phone, 25, 60);
}

#[test]
fn tr6_waits_double_up_to_a_minute_and_a_healthy_connection_resets_them() {
    let mut device = Device::new(Shop::new().replica);
    let mut now = NOW;
    let fail = |device: &mut Device, now: &mut Timestamp, healthy: bool| {
        device.handle(Event::TryNow, *now, &mut longest());
        if healthy {
            let ticket = "t".to_string();
            device.handle(Event::Opened { ticket }, *now, &mut longest());
            let welcome = RelayMessage::Welcome {
                now: *now,
                head: 0,
                send_digest: false,
            };
            let frame = Event::Frame(codec::encode(&welcome));
            device.handle(frame, *now, &mut longest());
            *now = now.plus_millis(30_000);
        }
        device.handle(Event::Closed, *now, &mut longest());
        (1..)
            .find(|wait| {
                let later = now.plus_millis(wait * 1_000 - 1);
                device.handle(Event::Tick, later, &mut longest()) == [Effect::Connect]
            })
            .unwrap()
    };
    let waits: Vec<i64> = (0..8).map(|_| fail(&mut device, &mut now, false)).collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    // The last tick began to connect.
    device.handle(Event::Closed, now, &mut longest());
    assert_eq!(fail(&mut device, &mut now, true), 1);
}

#[test]
fn tr6_a_wait_is_chance_and_a_reason_ends_it() {
    for (millis, mut chance) in [(0, Always(0)), (300, Always(300)), (999, longest())] {
        let mut device = Device::new(Shop::new().replica);
        let mut feed = |event, wait| device.handle(event, NOW.plus_millis(wait), &mut chance);
        assert_eq!(feed(Event::TryNow, 0), [Effect::Connect]);
        feed(Event::Closed, 0);
        if millis > 0 {
            assert_eq!(feed(Event::Tick, millis - 1), []);
        }
        assert_eq!(feed(Event::Tick, millis), [Effect::Connect]);
        // The second wait is longer; nobody waits for it who is asked to try.
        feed(Event::Closed, millis);
        assert_eq!(feed(Event::TryNow, millis), [Effect::Connect]);
    }
}

#[test]
fn tr7_a_commit_comes_before_what_rests_on_it() {
    let mut phone = Phone::new(Shop::new());
    let effects = phone.connect(true);
    assert!(matches!(
        effects[..],
        [Effect::Commit(_), Effect::Changed, Effect::Send(_)]
    ));
    let gap = phone.hear(&RelayMessage::Snapshot {
        key: DocumentKey::Org,
        bytes: vec![1].into(),
    });
    assert!(matches!(gap[..], [Effect::Commit(_), Effect::Close, ..]));
}

#[test]
fn hs4_the_device_says_nothing_more_before_welcome() {
    let mut shop = Shop::new();
    shop.sell();
    let mut phone = Phone::new(shop);
    phone.hello();
    assert_eq!(phone.seal().1, []);
    for seconds in 1..=60 {
        let later = NOW.plus_millis(seconds * 1_000);
        assert_eq!(phone.feed(Event::Tick, later), []);
    }
    assert!(sent(&phone.welcome(false)).iter().any(is_push));
}

#[test]
fn hs8_instants_are_stated_in_the_relays_time() {
    let mut shop = Shop::new();
    shop.replica.contact(NOW.plus_millis(90_000), NOW, false);
    assert_eq!(shop.replica.clock_offset_millis(), 90_000);
    let id = shop.sell();
    let at = shop.replica.pending(id).unwrap().intent.at;
    assert!((90_000..91_000).contains(&at.millis_since(NOW)));
}

#[test]
fn hs8_the_logical_clock_does_not_run_ahead_for_long() {
    let mut shop = Shop::new();
    let year = 365 * 86_400_000;
    let ahead = NOW.plus_millis(year);
    let mut edit_at = |now: Timestamp, name: &str, contact: bool| {
        if contact {
            shop.replica.contact(NOW, ahead, false);
        }
        let command = Command::EditPackage {
            package: shop.package,
            details: details(name),
        };
        let (id, _) = shop.replica.execute(command, now, &mut shop.rng).unwrap();
        shop.replica.pending(id).unwrap().intent.at
    };
    // By a clock that is a year ahead, until the relay says what time it is.
    assert_eq!(edit_at(ahead, "wrong", false), ahead);
    let stated = edit_at(ahead, "right", true);
    let minutes = 10 * 60 * 1_000;
    assert!((0..=minutes).contains(&stated.millis_since(NOW)));
    // A little ahead it stays in order.
    let back = ahead.plus_millis(-minutes / 2);
    assert!(edit_at(back, "later", false) > stated);
}

#[test]
fn hs9_with_nothing_new_the_device_answers_welcome_with_nothing() {
    let mut phone = Phone::new(Shop::new());
    let effects = phone.connect(false);
    assert!(matches!(effects[..], [Effect::Commit(_), Effect::Changed]));
    assert_eq!(phone.feed(Event::Tick, NOW), []);
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

#[test]
fn dg1_lists_everything_in_parts_of_ten_thousand() {
    let mut shop = Shop::new();
    let me = shop.replica.me();
    let writes = shop.replica.everything().writes;
    let page = |prefix: &str| {
        let key = format!("{prefix}{}", DocumentKey::Staff);
        writes[&key].clone().unwrap_or_default()
    };
    let (sheet, snapshot) = (page("s|"), {
        let key = format!("d|{}|0000", DocumentKey::Staff);
        writes[&key].clone().unwrap()
    });
    let entries = (0..10_001_u128).flat_map(|n| {
        let key = DocumentKey::Me(PersonId::from_bytes(n.to_be_bytes()));
        [
            (format!("d|{key}|0000"), snapshot.clone()),
            (format!("s|{key}"), sheet.clone()),
        ]
    });
    shop.replica = Replica::open(me, entries, &mut shop.rng).unwrap();
    let parts = |effects: &[Effect]| -> Vec<(usize, bool)> {
        let parts = sent(effects).into_iter().map(|message| match message {
            DeviceMessage::Digest { documents, more } => (documents.len(), more),
            other => panic!("{other:?}"),
        });
        parts.collect()
    };
    let effects = Phone::new(shop).connect(true);
    assert_eq!(parts(&effects), [(10_000, true), (1, false)]);

    let mut empty = Shop::new();
    empty.replica = Replica::new(me, &mut empty.rng);
    assert_eq!(parts(&Phone::new(empty).connect(true)), [(0, false)]);
}

#[test]
fn dg3_a_digest_is_of_the_acknowledged_heads() {
    let mut shop = Shop::new();
    let id = DocumentId::of(shop.replica.me().org, &DocumentKey::Catalog);
    let told = |shop: &Shop| {
        let digest = shop.replica.digest();
        digest.into_iter().find(|(of, _)| *of == id).unwrap().1
    };
    let (_, one) = foreign_edit(&mut shop, 1);
    let (_, two) = foreign_edit(&mut shop, 2);
    shop.replica.receive(2, vec![one, two], &mut shop.rng);
    let mut heads = shop.replica.heads(&DocumentKey::Catalog).unwrap().to_vec();
    assert_eq!(heads.len(), 2);
    heads.sort_unstable();
    let before = told(&shop);
    assert_eq!(before, Sha256::digest(heads.concat())[..8]);
    edit(&mut shop, "pending");
    assert_eq!(told(&shop), before);
    shop.answer(Disposition::Accepted);
    assert_ne!(told(&shop), before);
}

#[test]
fn dg5_what_an_unknown_document_had_waits_again() {
    let mut shop = Shop::new();
    let acknowledged = shop.sell();
    shop.answer(Disposition::Accepted);
    let pending = shop.sell();
    let id = DocumentId::of(shop.replica.me().org, &till(&shop));
    let commit = shop.replica.unknown_to_relay(&[id], NOW, &mut shop.rng);
    shop.replica.stored(commit.number);
    assert_eq!(intents(&shop.replica), [acknowledged, pending]);
}

#[test]
fn dg6_synced_gives_cursor_and_rights() {
    let mut phone = Phone::new(Shop::new());
    phone.connect(true);
    phone.hear(&RelayMessage::Synced {
        cursor: 12,
        rights: 34,
    });
    phone.feed(Event::Closed, NOW);
    let DeviceMessage::Hello { cursor, rights, .. } = phone.hello() else {
        panic!("a connection begins with hello")
    };
    assert_eq!((cursor, rights), (12, 34));
}

#[test]
fn dg9_a_comparison_that_was_cut_off_begins_again_under_any_rights() {
    let mut phone = Phone::new(Shop::new());
    phone.connect(true);
    phone.hear(&RelayMessage::Synced {
        cursor: 12,
        rights: 34,
    });
    // A block is leased to this device, comes halfway, and is taken away again while there is no signal: the rights
    // are then what they were.
    phone.welcome(true);
    phone.feed(Event::Closed, NOW);
    let DeviceMessage::Hello { rights, .. } = phone.hello() else {
        panic!("a connection begins with hello")
    };
    assert_eq!(rights, 0);
}

#[test]
fn dg8_nothing_is_pushed_before_the_comparison_is_complete() {
    let mut shop = Shop::new();
    let lost = shop.sell();
    shop.answer(Disposition::Accepted);
    let pending = edit(&mut shop, "mine");
    let id = DocumentId::of(shop.replica.me().org, &till(&shop));
    let mut phone = Phone::new(shop);
    phone.seal();
    assert!(!sent(&phone.connect(true)).iter().any(is_push));
    let effects = phone.hear(&RelayMessage::Unknown { ids: vec![id] });
    assert!(!sent(&effects).iter().any(is_push));
    let (batch, effects) = phone.seal();
    assert_eq!(effects, []);
    let order: Vec<IntentId> = batch.intents.iter().map(|intent| intent.id).collect();
    assert_eq!(order, [lost, pending], "what was lost goes first");
    let synced = RelayMessage::Synced {
        cursor: 1,
        rights: 1,
    };
    assert!(sent(&phone.hear(&synced)).iter().any(is_push));
}

#[test]
fn dg10_a_restored_relay_gets_back_what_it_lost() {
    let mut shop = Shop::new();
    let old = shop.replica.everything().writes;
    let old = old[&format!("d|{}|0000", DocumentKey::Catalog)].clone();
    let sold = shop.sell();
    edit(&mut shop, "mine");
    shop.answer(Disposition::Accepted);
    // Another's edit is for another to bring back.
    let (_, theirs) = foreign_edit(&mut shop, 1);
    shop.replica.receive(3, vec![theirs], &mut shop.rng);
    for (key, bytes) in [
        (DocumentKey::Catalog, old.unwrap()),
        (till(&shop), Document::new().save()),
    ] {
        let commit = shop
            .replica
            .snapshot(key, &bytes, NOW, &mut shop.rng)
            .unwrap();
        shop.replica.stored(commit.number);
    }
    assert_eq!(package_name(&shop), "mine");
    let batch = shop.replica.next_batch().unwrap();
    assert!(batch.intents.iter().any(|intent| intent.id == sold));
    assert_eq!(batch.intents.len(), 2);
}

/// What is brought back goes before what was pending all along, and is acknowledged in the same order.
#[test]
fn dg10_what_was_lost_and_what_was_pending_is_acknowledged_at_once() {
    let mut shop = Shop::new();
    let lost = shop.sell();
    shop.answer(Disposition::Accepted);
    let pending = shop.sell();
    let empty = Document::new().save();
    let commit = shop
        .replica
        .snapshot(till(&shop), &empty, NOW, &mut shop.rng)
        .unwrap();
    shop.replica.stored(commit.number);
    assert_eq!(intents(&shop.replica), [lost, pending]);
    shop.answer_once(Disposition::Accepted);
    assert!(!shop.replica.has_gap());
    assert_eq!(shop.replica.next_batch(), None);
}

#[test]
fn dg10_only_what_is_ones_own_is_brought_back() {
    let mut shop = Shop::new();
    let old = shop.replica.everything().writes;
    let old = old[&format!("d|{}|0000", DocumentKey::Catalog)].clone();
    // This device wrote it in an earlier incarnation.
    edit(&mut shop, "mine");
    shop.answer(Disposition::Accepted);
    let before = shop.replica.actor();
    shop.sell();
    shop.answer_once(Disposition::Rebase);
    shop.answer(Disposition::Accepted);
    assert_ne!(shop.replica.actor(), before);
    // This person stated one of these, on another device.
    let [own, others] = [1, 2].map(|n| IntentId::from_bytes([n; 16]));
    let asked = |by| Fact {
        at: NOW,
        since: NOW,
        by,
        body: FactBody::LeaseAsked(LeaseAsked {
            block: BlockId::from_bytes([3; 16]),
            to: by,
        }),
    };
    let site = DocumentKey::Batches(SiteId::from_bytes([4; 16]));
    let facts = [
        (own, shop.replica.me().person),
        (others, PersonId::from_bytes([5; 16])),
    ]
    .map(|(id, by)| fact_put(&id.to_string(), &asked(by)));
    shop.have(site, &facts);
    assert_eq!(shop.replica.outbox().count(), 0);
    for (key, bytes) in [
        (DocumentKey::Catalog, old.unwrap()),
        (site, Document::new().save()),
    ] {
        let lost = shop.replica.snapshot(key, &bytes, NOW, &mut shop.rng);
        shop.replica.stored(lost.unwrap().number);
    }
    assert_eq!(package_name(&shop), "mine");
    let waiting = intents(&shop.replica);
    assert_eq!((waiting.len(), waiting[1]), (2, own));
    let back = &shop.replica.pending(own).unwrap().writes;
    assert_eq!(back[0].puts, facts[..1], "and nothing of others");
}

#[test]
fn dg11_a_dropped_document_leaves_its_work_in_the_outbox() {
    let mut shop = Shop::new();
    let id = edit(&mut shop, "mine");
    let keys = [DocumentKey::Catalog, DocumentKey::Staff];
    let commit = shop.replica.drop_documents(&keys, &mut shop.rng);
    for prefix in ["d|staff|0000", "s|staff", "d|catalog|0000", "s|catalog"] {
        assert_eq!(commit.writes.get(prefix), Some(&None), "{prefix}");
    }
    assert_eq!(shop.replica.heads(&DocumentKey::Staff), None);
    assert!(shop.replica.pending(id).is_some());
    shop.replica.stored(commit.number);
    assert_eq!(intents(&shop.replica), [id]);
}

#[test]
fn pu1_only_what_is_durable_is_pushed() {
    let mut shop = Shop::new();
    let command = Command::EditPackage {
        package: shop.package,
        details: details("mine"),
    };
    let (id, commit) = shop.replica.execute(command, NOW, &mut shop.rng).unwrap();
    assert_eq!(shop.replica.next_batch(), None);
    shop.replica.stored(commit.number);
    assert_eq!(intents(&shop.replica), [id]);
}

#[test]
fn pu2_one_batch_is_on_its_way_and_goes_again_after_a_connection() {
    let mut shop = Shop::new();
    shop.sell();
    let mut phone = Phone::new(shop);
    phone.connect(false);
    let (_, effects) = phone.seal();
    let first = sent(&effects);
    assert!(matches!(first[..], [DeviceMessage::Push { .. }]));
    assert_eq!(phone.feed(Event::Stored(u64::MAX), NOW), []);
    assert_eq!(phone.feed(Event::Tick, NOW), []);
    phone.feed(Event::Closed, NOW);
    assert_eq!(sent(&phone.connect(false)), first);
}

#[test]
fn pu3_a_batch_holds_the_oldest_up_to_its_caps() {
    let mut shop = Shop::new();
    let ids: Vec<IntentId> = (0..260)
        .map(|n| edit(&mut shop, &format!("name {n}")))
        .collect();
    assert_eq!(intents(&shop.replica), ids[..256]);
    shop.answer_once(Disposition::Accepted);
    assert_eq!(intents(&shop.replica), ids[256..]);
}

#[test]
fn pu3_an_intent_larger_than_a_batch_is_spread_over_several() {
    let mut shop = Shop::new();
    let id = edit(&mut shop, "mine");
    let (_, entry) = shop.replica.journal().remove(0);
    let mut pending: Pending = codec::decode(&entry).unwrap();
    pending.writes = (0..40)
        .map(|n| DocumentWrite {
            document: DocumentKey::Me(PersonId::from_bytes([n; 16])),
            puts: vec![Put {
                container: Container::Records,
                key: "large".into(),
                value: format!("{n:030000}").into(),
            }],
        })
        .collect();
    let entry = codec::encode(&pending);
    let me = shop.replica.me();
    let (replica, commit) = Replica::recover(me, [entry], &mut shop.rng);
    shop.replica = replica;
    shop.replica.stored(commit.number);
    let first = shop.replica.next_batch().unwrap().changes();
    assert!((1..40).contains(&first));
    shop.answer_once(Disposition::Accepted);
    assert_eq!(intents(&shop.replica), [id]);
    assert_eq!(shop.replica.next_batch().unwrap().changes(), 40 - first);
}

#[test]
fn pu4_a_batch_has_one_author_and_one_actor() {
    let mut shop = Shop::new();
    shop.sell();
    let before = shop.replica.actor();
    let commit = shop.replica.drop_documents(&[till(&shop)], &mut shop.rng);
    shop.replica.stored(commit.number);
    shop.sell();
    let batch = shop.replica.next_batch().unwrap();
    assert_eq!(batch.intents.len(), 2);
    assert_eq!(batch.person, shop.replica.me().person);
    assert_eq!(batch.actor(), shop.replica.actor());
    assert_ne!(batch.actor(), before);
    // Built under that actor, each has the hash by which the device knows it.
    shop.answer_once(Disposition::Accepted);
    assert_eq!(shop.replica.outbox().count(), 0);
}

#[test]
fn pu5_what_the_relay_can_tell_is_left_out() {
    let mut shop = Shop::new();
    let ids = [shop.sell(), shop.sell()];
    let batch = shop.replica.next_batch().unwrap();
    let shorts: Vec<_> = batch.intents.iter().map(|i| &i.changes[0].change).collect();
    assert_eq!(shorts[0].deps, [genesis_hash().to_vec()]);
    assert!(shorts[1].deps.is_empty());
    assert!(shorts.iter().all(|change| change.ops[0].key.is_empty()));
    let full = batch.expand().unwrap().intents;
    for (intent, id) in full.iter().zip(ids) {
        assert_eq!(intent.changes[0].change.ops[0].key, id.to_string());
    }
    let first = full[0].changes[0].hash().unwrap();
    assert_eq!(full[1].changes[0].change.deps, [first.to_vec()]);
}

#[test]
fn pu6_a_sealed_batch_is_kept_while_anything_is_pending() {
    let mut shop = Shop::new();
    shop.sell();
    let mut phone = Phone::new(shop);
    let (batch, effects) = phone.seal();
    assert_eq!(effects, [], "kept, though there is no connection");
    let results = hashes(&batch)
        .into_iter()
        .map(|hash| (hash, Disposition::Accepted))
        .collect();
    phone.connect(false);
    phone.hear(&RelayMessage::Ack { number: 1, results });
    let effects = phone.feed(Event::Stored(u64::MAX), NOW);
    assert_eq!(effects, [Effect::NothingToSeal]);
    assert_eq!(phone.feed(Event::Stored(u64::MAX), NOW), []);
}

#[test]
fn pu6_what_could_not_be_sealed_is_sealed_later() {
    let mut shop = Shop::new();
    shop.sell();
    let mut phone = Phone::new(shop);
    phone.connect(false);
    let first = phone.feed(Event::Stored(u64::MAX), NOW);
    assert!(matches!(&first[..], [Effect::Seal { number: 1, .. }]));
    let mut tick = |millis| phone.feed(Event::Tick, NOW.plus_millis(millis));
    assert_eq!(tick(500), []);
    assert_eq!(tick(500 + SEAL_AGAIN_MILLIS - 1), []);
    let again = tick(500 + SEAL_AGAIN_MILLIS);
    let [Effect::Seal { number, batch }] = &again[..] else {
        panic!("{again:?}")
    };
    assert!(matches!(&first[..], [Effect::Seal { batch: first, .. }] if first == batch));
    let sealed = Event::Sealed {
        number: *number,
        bytes: vec![1],
    };
    let later = NOW.plus_millis(500 + SEAL_AGAIN_MILLIS);
    assert!(matches!(
        sent(&phone.feed(sealed, later))[..],
        [DeviceMessage::Push { .. }]
    ));
    assert_eq!(
        phone.feed(Event::Tick, later.plus_millis(SEAL_AGAIN_MILLIS)),
        []
    );
}

#[test]
fn pu6_what_is_sold_while_a_batch_is_on_its_way_is_kept_too() {
    let mut shop = Shop::new();
    shop.sell();
    let order = shop.order();
    let mut phone = Phone::new(shop);
    phone.connect(false);
    let (first, _) = phone.seal();
    let (_, commit) = phone.device.sell(order, NOW, &mut phone.rng).unwrap();
    let effects = phone.feed(Event::Stored(commit.number), NOW);
    let [Effect::Seal { number, batch }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((first.intents.len(), batch.intents.len()), (1, 2));
    let sealed = Event::Sealed {
        number: *number,
        bytes: vec![2],
    };
    assert_eq!(phone.feed(sealed, NOW), [], "one at a time");
    assert_eq!(
        phone.feed(Event::Stored(u64::MAX), NOW),
        [],
        "once is enough"
    );
    phone.feed(Event::Closed, NOW);
    let again = sent(&phone.connect(false));
    assert!(matches!(&again[..], [DeviceMessage::Push { sealed, .. }] if sealed[..] == [2]));
}

#[test]
fn pu9_safe_is_what_was_accepted() {
    let mut shop = Shop::new();
    let id = shop.sell();
    shop.answer_once(Disposition::Rebase);
    assert!(shop.replica.pending(id).is_some());
    assert_eq!(shop.replica.safe_at(), None);
    shop.answer_once(Disposition::Accepted);
    assert_eq!(shop.replica.pending(id), None);
    assert_eq!(shop.replica.safe_at(), Some(NOW));
}

/// A sale that the relay took by another way, and whose change was written again since; and one after it.
fn known_elsewhere() -> (Shop, IntentId, Batch) {
    let mut shop = Shop::new();
    let id = shop.sell();
    let first = shop.replica.next_batch().unwrap();
    shop.answer_once(Disposition::Rebase);
    assert!(shop.answer_once(Disposition::Known));
    (shop, id, first)
}

#[test]
fn pu9_what_is_known_is_seen_until_it_comes() {
    let (mut shop, id, first) = known_elsewhere();
    // Its voucher is not for sale again, and it is not sent again.
    let sold = shop.sale(id).lines[0].voucher;
    let is_free = |shop: &Shop| {
        let stock = shop.replica.stock();
        let mut blocks = stock.mine();
        blocks.any(|block| stock.free(block).any(|free| free == sold))
    };
    assert!(!is_free(&shop));
    assert!(shop.replica.pending(id).is_some());
    assert_eq!(shop.replica.next_batch(), None);
    assert_eq!(shop.replica.safe_at(), None);
    assert!(shop.replica.has_gap());
    // What is sold meanwhile does not build on it.
    let next = shop.sell();
    assert_eq!(intents(&shop.replica), [next]);
    shop.answer_once(Disposition::Rebase);
    assert_eq!(intents(&shop.replica), [next]);
    let batch = shop.replica.next_batch().unwrap();
    let deps = &batch.intents[0].changes[0].change.deps;
    assert_eq!(*deps, [genesis_hash().to_vec()]);
    shop.answer_once(Disposition::Accepted);

    shop.replica.receive(1, logged(&first), &mut shop.rng);
    assert_eq!(shop.replica.outbox().count(), 0);
    assert!(!is_free(&shop));
    let facts = &shop.replica.sheets().get(&till(&shop)).facts;
    let keys: BTreeSet<&String> = facts.keys().collect();
    assert_eq!(keys, BTreeSet::from([&id.to_string(), &next.to_string()]));
    assert!(facts.values().all(Option::is_some));
}

#[test]
fn pu9_what_is_known_and_may_not_be_read_is_not_waited_for() {
    let mut shop = Shop::new();
    // Blocks are recalled in a document that somebody who has just left does not read.
    let me = shop.replica.me().person;
    let block = shop.replica.stock().mine().next().unwrap().id;
    let recall = Command::RecallBlock {
        site: shop.site,
        block,
        to: None,
        reason: "lost".into(),
    };
    shop.execute(recall).unwrap();
    assert!(shop.answer_once(Disposition::Known));
    let mut gone = staff::add(me, "Asha", &[staff::OWNER]);
    gone.extend(staff::set_active(me, false));
    shop.have(DocumentKey::Staff, &gone);
    let key = DocumentKey::Batches(shop.site);
    shop.replica.drop_documents(&[key], &mut shop.rng);
    assert_eq!(shop.replica.outbox().count(), 1);
    shop.replica.synced(9, 7, &mut shop.rng);
    assert_eq!(shop.replica.outbox().count(), 0);
    assert_eq!(shop.replica.next_batch(), None);
}

/// It was said of a database in whose place an older one is now.
#[test]
fn pu9_what_was_known_and_is_lost_is_sent_again() {
    let (mut shop, id, _) = known_elsewhere();
    let commit = shop.replica.synced(9, 7, &mut shop.rng);
    shop.replica.stored(commit.number);
    assert!(shop.replica.pending(id).is_some());
    assert_eq!(intents(&shop.replica), [id]);
    shop.answer(Disposition::Accepted);
    assert_eq!(shop.replica.outbox().count(), 0);
}

#[test]
fn he4_a_held_intent_leaves_the_documents_and_the_rest_goes_through() {
    let mut shop = Shop::new();
    let (first, second) = (shop.sell(), shop.sell());
    let hash = hashes(&shop.replica.next_batch().unwrap()).remove(0);
    let disposition = held(&mut shop);
    let results = [(hash, disposition)];
    let commit = shop.replica.acknowledge(&results, NOW, &mut shop.rng);
    shop.replica.stored(commit.number);
    let facts = &shop.replica.sheets().get(&till(&shop)).facts;
    assert!(!facts.contains_key(&first.to_string()));
    assert!(facts.contains_key(&second.to_string()));
    let state = &shop.replica.pending(first).unwrap().state;
    assert!(matches!(state, PendingState::Held { .. }));
    assert_eq!(intents(&shop.replica), [second]);
    let batch = shop.replica.next_batch().unwrap();
    assert_eq!(
        batch.intents[0].changes[0].change.deps,
        [genesis_hash().to_vec()]
    );
    shop.answer(Disposition::Accepted);
    assert_eq!(shop.replica.outbox().count(), 1);
}

fn verdict_till(shop: &Shop) -> DocumentKey {
    till(shop).verdict().unwrap()
}

#[test]
fn he7_an_accepted_item_is_settled_and_a_declined_one_waits_for_its_author() {
    for accepted in [true, false] {
        let mut shop = Shop::new();
        let intent = shop.sell();
        let disposition = held(&mut shop);
        shop.answer(disposition);
        let Disposition::Held(hold, _) = disposition else {
            panic!("{disposition:?}")
        };
        let by = PersonId::from_bytes([3; 16]);
        let reason = Some("no".to_string());
        let verdict = Verdict::HeldDecided {
            hold,
            intent,
            by,
            accepted,
            reason: reason.clone(),
        };
        let key = verdict_till(&shop);
        shop.have_facts(key, vec![FactBody::Verdict(verdict)]);
        let state = shop.replica.pending(intent).map(|item| item.state.clone());
        if accepted {
            assert_eq!(state, None);
        } else {
            assert_eq!(state, Some(PendingState::Declined { by, reason }));
            shop.replica.dismiss(intent);
            assert_eq!(shop.replica.pending(intent), None);
        }
    }
}

/// What a restored relay lost is brought back document by document, under the name that it had.
#[test]
fn he7_one_word_ends_the_wait_of_every_part() {
    for accepted in [true, false] {
        let mut shop = Shop::new();
        let command = make_batch(&mut shop, 2, &codes(2, 7));
        let intent = shop.execute(command).unwrap().0;
        shop.answer(Disposition::Accepted);
        let documents: Vec<DocumentKey> = shop.replica.document_keys().copied().collect();
        let has_it = |key: &&DocumentKey| {
            let facts = &shop.replica.sheets().get(key).facts;
            facts.contains_key(&intent.to_string())
        };
        let lost: Vec<DocumentKey> = documents.iter().filter(has_it).copied().collect();
        assert!(lost.len() > 1);
        let org = shop.replica.me().org;
        let ids: Vec<DocumentId> = lost.iter().map(|key| DocumentId::of(org, key)).collect();
        let commit = shop.replica.unknown_to_relay(&ids, NOW, &mut shop.rng);
        shop.replica.stored(commit.number);
        assert_eq!(shop.replica.outbox().count(), lost.len());
        let disposition = held(&mut shop);
        shop.answer(disposition);
        let Disposition::Held(hold, _) = disposition else {
            panic!("{disposition:?}")
        };
        let decided = Verdict::HeldDecided {
            hold,
            intent,
            by: PersonId::from_bytes([3; 16]),
            accepted,
            reason: None,
        };
        let key = verdict_till(&shop);
        shop.have_facts(key, vec![FactBody::Verdict(decided)]);
        let states: Vec<&PendingState> = shop.replica.outbox().map(|item| &item.state).collect();
        let is_declined = |state: &&&PendingState| matches!(state, PendingState::Declined { .. });
        assert_eq!(states.iter().filter(is_declined).count(), states.len());
        assert_eq!(states.len(), if accepted { 0 } else { lost.len() });
    }
}

#[test]
fn he10_a_hold_that_no_verdict_lists_is_pushed_again() {
    for is_listed in [true, false] {
        let mut shop = Shop::new();
        let intent = shop.sell();
        let disposition = held(&mut shop);
        shop.answer(disposition);
        let Disposition::Held(hold, reason) = disposition else {
            panic!("{disposition:?}")
        };
        if is_listed {
            list_held(&mut shop, hold, intent, reason, Vec::new());
        }
        let commit = shop.replica.synced(1, 1, &mut shop.rng);
        shop.replica.stored(commit.number);
        let expected = if is_listed { vec![] } else { vec![intent] };
        assert_eq!(intents(&shop.replica), expected);
    }
}

fn list_held(
    shop: &mut Shop,
    hold: HoldId,
    intent: IntentId,
    reason: HoldReason,
    facts: Vec<Fact>,
) {
    let me = shop.replica.me();
    let verdict = Verdict::Held {
        hold,
        intent,
        person: me.person,
        device: me.device,
        reason,
        facts,
        edits: Vec::new(),
        more_edits: 0,
    };
    let key = verdict_till(shop);
    shop.have_facts(key, vec![FactBody::Verdict(verdict)]);
}

#[test]
fn he11_whoever_sees_the_verdict_does_not_sell_a_held_voucher() {
    let mut author = Shop::new();
    let id = author.sell();
    let sale = author.sale(id);
    let voucher = sale.lines[0].voucher;
    let fact = Fact {
        at: NOW,
        since: NOW,
        by: author.replica.me().person,
        body: FactBody::Sale(sale),
    };
    let mut other = Shop::new();
    let is_free = |shop: &Shop| {
        let stock = shop.replica.stock();
        stock
            .mine()
            .any(|block| stock.free(block).any(|free| free == voucher))
    };
    assert!(is_free(&other));
    let hold = HoldId::from_bytes([1; 16]);
    list_held(&mut other, hold, id, HoldReason::NotAllowed, vec![fact]);
    assert!(!is_free(&other));
}

#[test]
fn rb1_waiting_work_is_written_again_in_its_order_by_a_new_actor() {
    let mut shop = Shop::new();
    let ids = [shop.sell(), edit(&mut shop, "mine"), shop.sell()];
    let before = shop.replica.next_batch().unwrap();
    shop.answer_once(Disposition::Rebase);
    let after = shop.replica.next_batch().unwrap();
    assert_ne!(before.salt, after.salt);
    assert_ne!(before.actor(), after.actor());
    assert_eq!(intents(&shop.replica), ids);
}

#[test]
fn rb2_facts_that_are_acknowledged_are_left_out() {
    let mut shop = Shop::new();
    let (first, second) = (shop.sell(), shop.sell());
    let sold = shop.sale(first);
    let intent = &shop.replica.pending(first).unwrap().intent;
    let fact = Fact {
        at: intent.at,
        since: intent.since,
        by: intent.by,
        body: FactBody::Sale(sold),
    };
    // Another incarnation of this device wrote the first sale.
    let key = till(&shop);
    shop.have(key, &[fact_put(&first.to_string(), &fact)]);
    assert_eq!(shop.replica.pending(first), None);
    assert_eq!(intents(&shop.replica), [second]);
    assert_eq!(shop.replica.sheets().get(&key).facts.len(), 2);
}

#[test]
fn rb3_what_was_accepted_of_an_intent_is_not_written_again() {
    let mut shop = Shop::new();
    let mut command = make_batch(&mut shop, 2, &codes(2, 6));
    // A change of another document that says the same would have the same hash.
    if let Command::MakeBatch { blocks, .. } = &mut command {
        blocks[1].codes = codes(2, 7);
    }
    let (id, _) = shop.execute(command).unwrap();
    let batch = shop.replica.next_batch().unwrap();
    assert_eq!(batch.changes(), 3);
    let dispositions = [
        Disposition::Accepted,
        Disposition::Rebase,
        Disposition::Rebase,
    ];
    let results: Vec<_> = hashes(&batch).into_iter().zip(dispositions).collect();
    let commit = shop.replica.acknowledge(&results, NOW, &mut shop.rng);
    shop.replica.stored(commit.number);
    let again = shop.replica.next_batch().unwrap();
    assert_eq!(intents(&shop.replica), [id]);
    assert_eq!(again.documents, batch.documents[1..]);
}

/// A sale with a client registered in the same tap: the relay takes the part that `is_taken` names and holds the other.
/// Then the database of the phone is lost.
fn half_taken_and_lost(is_taken: fn(&DocumentKey) -> bool) -> (Shop, Shop, IntentId, DocumentKey) {
    let mut shop = Shop::new();
    let order = SellOrder {
        client: Buyer::New(ClientDetails {
            name: "Neema".into(),
            ..ClientDetails::default()
        }),
        ..shop.order()
    };
    let (id, commit) = shop.replica.sell(order, NOW, &mut shop.rng).unwrap();
    shop.replica.stored(commit.number);
    let batch = shop.replica.next_batch().unwrap();
    assert_eq!(batch.documents.len(), 2);
    let waits = held(&mut shop);
    let answers = batch.documents.iter().map(|key| match is_taken(key) {
        true => Disposition::Accepted,
        false => waits,
    });
    let results: Vec<_> = hashes(&batch).into_iter().zip(answers).collect();
    let commit = shop.replica.acknowledge(&results, NOW, &mut shop.rng);
    shop.replica.stored(commit.number);
    assert!(intents(&shop.replica).is_empty());

    let journal = shop.replica.journal().into_iter().map(|(_, bytes)| bytes);
    let mut after = Shop::new();
    let (recovered, commit) = Replica::recover(shop.replica.me(), journal, &mut shop.rng);
    after.replica = recovered;
    after.replica.stored(commit.number);
    let taken = batch.documents.iter().find(|key| is_taken(key)).unwrap();
    (shop, after, id, *taken)
}

/// What the relay has of a document, as the first shop has it.
fn saved(shop: &mut Shop, key: &DocumentKey) -> Vec<u8> {
    let stored = shop.replica.everything().writes;
    stored[&format!("d|{key}|0000")].clone().unwrap()
}

fn is_till(key: &DocumentKey) -> bool {
    matches!(key, DocumentKey::Till { .. })
}

#[test]
fn rb3_a_fact_that_was_accepted_is_stated_again_after_a_lost_database() {
    // The relay still has it.
    let (mut before, mut shop, id, till) = half_taken_and_lost(is_till);
    let whole = saved(&mut before, &till);
    let commit = shop.replica.snapshot(till, &whole, NOW, &mut shop.rng);
    shop.replica.stored(commit.unwrap().number);
    assert!(intents(&shop.replica).is_empty());
    let state = &shop.replica.pending(id).unwrap().state;
    assert!(matches!(state, PendingState::Held { .. }));

    // It was restored to before it, and knows nothing of the hold either.
    let (_, mut shop, id, till) = half_taken_and_lost(is_till);
    assert!(
        shop.replica
            .sheets()
            .get(&till)
            .facts
            .contains_key(&id.to_string())
    );
    let commit = shop.replica.synced(1, 1, &mut shop.rng);
    shop.replica.stored(commit.number);
    assert_eq!(intents(&shop.replica), [id, id]);
    assert_eq!(shop.replica.next_batch().unwrap().documents[0], till);
    shop.answer(Disposition::Accepted);
    assert_eq!(shop.replica.outbox().count(), 0);
}

#[test]
fn rb3_an_edit_that_was_accepted_is_made_again_only_where_the_relay_lost_it() {
    for is_lost in [true, false] {
        let (mut before, mut shop, _, clients) = half_taken_and_lost(|key| !is_till(key));
        let me = shop.replica.me().person;
        shop.have(DocumentKey::Staff, &staff::add(me, "Asha", &[staff::OWNER]));
        if !is_lost {
            let whole = saved(&mut before, &clients);
            let commit = shop.replica.snapshot(clients, &whole, NOW, &mut shop.rng);
            shop.replica.stored(commit.unwrap().number);
        }
        // A second comparison finds nothing more.
        for _ in 0..2 {
            let commit = shop.replica.synced(1, 1, &mut shop.rng);
            shop.replica.stored(commit.number);
            let batch = shop.replica.next_batch().unwrap();
            let count = batch
                .documents
                .iter()
                .filter(|key| **key == clients)
                .count();
            assert_eq!(count, usize::from(is_lost));
            assert_eq!(batch.changes(), 1 + usize::from(is_lost));
        }
    }
}

#[test]
fn rb4_an_intent_keeps_its_choices() {
    let mut shop = Shop::new();
    let id = shop.sell();
    let intent = shop.replica.pending(id).unwrap().intent.clone();
    let key = till(&shop);
    let fact = shop.replica.sheets().get(&key).facts[&id.to_string()].clone();
    shop.answer_once(Disposition::Rebase);
    assert_eq!(shop.replica.pending(id).unwrap().intent, intent);
    assert_eq!(shop.replica.sheets().get(&key).facts[&id.to_string()], fact);
}

#[test]
fn rb5_these_are_followed_by_a_rebase() {
    type Cause = fn(&mut Shop);
    let causes: [(&str, bool, Cause); 8] = [
        ("accepted", false, |shop| shop.answer(Disposition::Accepted)),
        ("rebase", true, |shop| {
            shop.answer_once(Disposition::Rebase);
        }),
        ("known", true, |shop| shop.answer(Disposition::Known)),
        ("held", true, |shop| {
            let held = held(shop);
            shop.answer(held);
        }),
        ("refused", true, |shop| {
            shop.answer(Disposition::Refused(RefusalCode::NotAllowed));
        }),
        ("snapshot", true, |shop| {
            let key = till(shop);
            let bytes = Document::new().save();
            shop.replica
                .snapshot(key, &bytes, NOW, &mut shop.rng)
                .unwrap();
        }),
        ("drop", true, |shop| {
            let key = till(shop);
            shop.replica.drop_documents(&[key], &mut shop.rng);
        }),
        ("device", true, |shop| {
            let device = DeviceId::from_bytes([8; 16]);
            shop.replica.change_device(device, &mut shop.rng);
        }),
    ];
    for (name, is_followed, cause) in causes {
        let mut shop = Shop::new();
        shop.sell();
        let salt = shop.replica.next_batch().unwrap().salt;
        cause(&mut shop);
        edit(&mut shop, "next");
        let everything = shop.replica.everything();
        shop.replica.stored(everything.number);
        let next = shop.replica.next_batch().unwrap().salt;
        assert_eq!(next != salt, is_followed, "{name}");
    }
    let mut shop = Shop::new();
    let id = shop.sell();
    let journal = shop.replica.journal().into_iter().map(|(_, bytes)| bytes);
    let me = shop.replica.me();
    let (mut recovered, commit) = Replica::recover(me, journal, &mut shop.rng);
    recovered.stored(commit.number);
    assert_ne!(recovered.actor(), shop.replica.actor());
    assert_eq!(intents(&recovered), [id]);
}

#[test]
fn id1_a_document_is_named_by_organisation_and_key() {
    let org = Shop::new().replica.me().org;
    let mut named = org.as_bytes().to_vec();
    named.extend_from_slice(b"/catalog/0");
    let id = DocumentId::of(org, &DocumentKey::Catalog);
    assert_eq!(id.as_bytes()[..], Sha256::digest(named)[..16]);
}

#[test]
fn id2_every_document_begins_with_the_same_change() {
    let hex: String = genesis_hash().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(
        hex,
        "a19e81f2d3ad28ce6fc758fdf069c0459127231920af0fa15bfe5bd286b8ab6e"
    );
    assert_eq!(Document::new().heads(), [genesis_hash()]);
    let foreign = automerge::Automerge::new().save();
    assert!(Document::load(&foreign).is_err());
}

#[test]
fn id3_an_actor_follows_from_device_and_salt() {
    let mut shop = Shop::new();
    shop.sell();
    let batch = shop.replica.next_batch().unwrap();
    let mut named = shop.replica.me().device.as_bytes().to_vec();
    named.extend_from_slice(&batch.salt);
    let expected = Sha256::digest(named);
    assert_eq!(batch.actor().as_bytes()[..], expected[..16]);
    assert_eq!(shop.replica.actor(), batch.actor());
}

#[test]
fn id5_a_fact_is_written_once_by_whichever_actor() {
    let mut shop = Shop::new();
    let id = shop.sell();
    let first = shop.replica.next_batch().unwrap();
    // It is on its way when the device writes it again; the relay took the first.
    shop.answer_once(Disposition::Rebase);
    let second = shop.replica.next_batch().unwrap();
    assert_ne!(first.actor(), second.actor());
    shop.replica.receive(1, logged(&first), &mut shop.rng);
    shop.answer(Disposition::Known);
    assert_eq!(shop.replica.outbox().count(), 0);
    let sheet = shop.replica.sheets().get(&till(&shop));
    let keys: BTreeSet<&String> = sheet.facts.keys().collect();
    assert_eq!(keys, BTreeSet::from([&id.to_string()]));
    let heads = shop.replica.heads(&till(&shop)).unwrap();
    assert_eq!(heads.len(), 1, "the second was never taken in");
}
