//! One connection: what begins it, what it survives, and what time it is.

use std::convert::Infallible;

use crdt_model::codec;
use crdt_model::command::Command;
use crdt_model::document::DocumentKey;
use crdt_model::sync::device::{Device, Effect, Event};
use crdt_model::sync::message::{DeviceMessage, RelayMessage};
use crdt_model::time::Timestamp;
use rand_core::TryRng;

use crate::phone::{Phone, is_push, rows, sent};
use crate::shop::{NOW, Shop, details};

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
