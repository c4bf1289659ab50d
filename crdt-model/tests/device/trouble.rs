//! Work that is refused, a document that is damaged, a network without sockets.

use crdt_model::codec;
use crdt_model::command::{CODES_BYTES_PER_COMMAND_MAX, Command, Refusal};
use crdt_model::document::DocumentKey;
use crdt_model::ids::{HoldId, IntentId, SiteId};
use crdt_model::replica::Replica;
use crdt_model::sync::device::{Device, Effect, Event, REFUSED_PAUSE_MILLIS};
use crdt_model::sync::message::{CloseReason, Disposition, RefusalCode, RelayMessage};
use crdt_model::time::Month;
use serde_bytes::ByteBuf;

use crate::shop::{NOW, Shop, codes, details, make_batch};

#[test]
fn pu10_all_that_waits_is_written_as_batches_that_follow_each_other() {
    let mut shop = Shop::new();
    shop.sell();
    let codes = codes(480, 64);
    let blocks = CODES_BYTES_PER_COMMAND_MAX / (480 * 65);
    for _ in 0..2 {
        let import = make_batch(&mut shop, blocks, &codes);
        shop.execute(import).unwrap();
    }
    shop.sell();
    let batches = shop.replica.all_batches();
    assert!(batches.len() > 1);
    assert_eq!(batches.first(), shop.replica.next_batch().as_ref());
    let intents = batches.iter().flat_map(|batch| &batch.intents);
    let intents: Vec<IntentId> = intents.map(|intent| intent.id).collect();
    let outbox: Vec<IntentId> = shop.replica.outbox().map(|one| one.intent.id).collect();
    assert_eq!(intents, outbox, "each once, in their order");
    // Pushed one after the other they are what would have been pushed one answer after the other.
    for batch in batches {
        assert_eq!(shop.replica.next_batch(), Some(batch));
        shop.answer_once(Disposition::Accepted);
    }
    assert_eq!(shop.replica.next_batch(), None);
}

#[test]
fn what_the_relay_would_refuse_is_refused_here() {
    let mut shop = Shop::new();
    let command = Command::AddSite {
        site: SiteId::generate(NOW, &mut shop.rng),
        name: "Kariakoo".into(),
        place: Some("x".repeat(121)),
    };
    assert_eq!(
        shop.execute(command).unwrap_err(),
        Refusal::Place { max: 120 }
    );
    let command = Command::DecideHeld {
        till: DocumentKey::Till {
            site: shop.site,
            person: shop.replica.me().person,
            month: Month::of(NOW),
        },
        hold: HoldId::generate(NOW, &mut shop.rng),
        accepted: false,
        reason: Some("x".repeat(501)),
        told: 1,
    };
    assert_eq!(
        shop.execute(command).unwrap_err(),
        Refusal::Reason { max: 500 }
    );
}

#[test]
fn refused_work_is_not_safe_on_the_server() {
    let mut shop = Shop::new();
    shop.sell();
    shop.answer(Disposition::Refused(RefusalCode::Impossible));
    assert_eq!(shop.replica.safe_at(), None);
}

#[test]
fn dg9_a_damaged_document_is_fetched_again() {
    let mut shop = Shop::new();
    shop.replica.synced(5, 7, &mut shop.rng);
    let told = shop.replica.digest();
    let key = format!("d|{}|0000", DocumentKey::Catalog);
    let stored = shop.replica.everything().writes;
    let entries = stored.into_iter().filter_map(|(name, value)| {
        let value = value?;
        // Half of it is gone.
        let kept = if name == key {
            value.len() / 2
        } else {
            value.len()
        };
        Some((name, value[..kept].to_vec()))
    });
    shop.replica = Replica::open(shop.replica.me(), entries, &mut shop.rng).unwrap();
    assert_eq!(shop.replica.rights(), 7);
    shop.execute(Command::EditPackage {
        package: shop.package,
        details: details("newer"),
    })
    .unwrap();
    assert_eq!(shop.replica.rights(), 0, "the next hello compares");
    assert_ne!(shop.replica.digest(), told, "and differs");
}

#[test]
fn a_batch_that_ends_every_connection_is_kept_back() {
    let mut shop = Shop::new();
    shop.sell();
    let mut rng = shop.rng.clone();
    let mut device = Device::new(shop.replica);
    let mut bytes_of = |device: &mut Device, event, now| device.handle(event, now, &mut rng);
    let say = |message: &RelayMessage| Event::Frame(codec::encode(message));
    let effects = bytes_of(&mut device, Event::Stored(0), NOW);
    let [Effect::Seal { number, .. }] = effects[..] else {
        panic!("{effects:?}")
    };
    let sealed = Event::Sealed {
        number,
        bytes: vec![1],
    };
    bytes_of(&mut device, sealed, NOW);
    let bye = RelayMessage::Bye {
        why: CloseReason::BadFrame,
        retry_after_millis: Some(50_000),
    };
    let mut connect = |device: &mut Device, now| {
        bytes_of(device, Event::TryNow, now);
        let ticket = "t".to_string();
        bytes_of(device, Event::Opened { ticket }, now);
        let welcome = RelayMessage::Welcome {
            now,
            head: 0,
            send_digest: false,
        };
        let effects = bytes_of(device, say(&welcome), now);
        let pushed = effects.iter().any(|e| matches!(e, Effect::Send(_)));
        bytes_of(device, say(&bye), now);
        // It does not listen any more, and waits as it was told.
        assert_eq!(bytes_of(device, say(&bye), now), []);
        assert_eq!(bytes_of(device, Event::Tick, now.plus_millis(49_000)), []);
        pushed
    };
    for _ in 0..3 {
        assert!(connect(&mut device, NOW));
    }
    assert!(!connect(&mut device, NOW));
    let later = NOW.plus_millis(REFUSED_PAUSE_MILLIS);
    assert!(connect(&mut device, later));
}

#[test]
fn tr9_what_was_posted_is_acknowledged_without_a_socket() {
    let mut shop = Shop::new();
    let sold = shop.sell();
    let mut rng = shop.rng.clone();
    let mut device = Device::new(shop.replica);
    let effects = device.handle(Event::Stored(0), NOW, &mut rng);
    let [Effect::Seal { batch, .. }] = &effects[..] else {
        panic!("{effects:?}")
    };
    let results = batch
        .expand()
        .unwrap()
        .hashes()
        .map(|hash| (ByteBuf::from(hash[..8].to_vec()), Disposition::Accepted))
        .collect();
    let answer = codec::encode(&RelayMessage::Ack { number: 0, results });
    let effects = device.handle(Event::Posted(answer), NOW, &mut rng);
    assert!(matches!(effects[..], [Effect::Commit(_), Effect::Changed]));
    assert_eq!(device.replica.pending(sold), None);
    assert!(!device.is_online());
}
