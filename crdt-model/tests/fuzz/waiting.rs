//! Everything that a relay can say to a device whose work waits, while its person goes on working. Whole documents and
//! changes are the relay's to write, and the device trusts it with them (`docs/ARCHITECTURE.md`): where one stands in a
//! message, one that is well formed is taken, but under whatever key and in whatever order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crdt_model::codec;
use crdt_model::command::{Command, fact_put};
use crdt_model::document::{Actor, Document, DocumentId, DocumentKey};
use crdt_model::fact::{Fact, FactBody, HoldReason, Verdict};
use crdt_model::ids::{HoldId, IntentId, PersonId};
use crdt_model::replica::{Identity, Pending, PendingState, Replica};
use crdt_model::sale::{Buyer, SellOrder};
use crdt_model::sync::device::{Device, Effect, Event};
use crdt_model::sync::message::{
    CloseReason, DeviceMessage, Disposition, LoggedChange, RefusalCode, RelayMessage,
};
use crdt_model::time::{Month, Timestamp};
use serde_bytes::ByteBuf;

use super::shop::{NOW, Shop, details, held};
use super::{joined, parted};
use crate::random::Random;

/// A device with a sale that is accepted, one that waits, one that is held, and an edit that waits.
struct Scene {
    me: Identity,
    stored: BTreeMap<String, Vec<u8>>,
    order: SellOrder,
    edit: Command,
    keys: Vec<DocumentKey>,
    documents: Vec<Vec<u8>>,
    chunks: Vec<Vec<u8>>,
    waiting: Vec<ByteBuf>,
}

static SCENE: OnceLock<Scene> = OnceLock::new();

impl Scene {
    fn get() -> &'static Self {
        SCENE.get_or_init(Self::new)
    }

    fn new() -> Self {
        let mut shop = Shop::new();
        let mut chunks = Vec::new();
        let mut chunks_of = |shop: &Shop| {
            let batch = shop.replica.next_batch().expect("something waits");
            let full = batch.expand().expect("it is whole");
            let built = full.changes().filter_map(|change| change.built.as_ref());
            chunks.extend(built.map(|built| built.raw_bytes().to_vec()));
            let hashes = full.hashes();
            let short = hashes.map(|hash| ByteBuf::from(hash[..8].to_vec()));
            short.collect::<Vec<_>>()
        };
        shop.sell();
        chunks_of(&shop);
        shop.answer(Disposition::Accepted);
        let kept_aside = shop.sell();
        let disposition = held(&mut shop);
        shop.answer(disposition);
        let Disposition::Held(hold, _) = disposition else {
            unreachable!("it was held")
        };
        shop.sell();
        let edit = Command::EditPackage {
            package: shop.package,
            details: details("mine"),
        };
        shop.execute(edit.clone()).expect("the owner may");
        let waiting = chunks_of(&shop);
        let writes = shop.replica.everything().writes;
        let stored: BTreeMap<String, Vec<u8>> = writes
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect();
        let mut documents = vec![Document::new().save()];
        let whole = stored.iter().filter(|(key, _)| key.starts_with("d|"));
        documents.extend(whole.map(|(_, bytes)| bytes.clone()));
        // As others wrote on.
        let catalog = &stored[&format!("d|{}|0000", DocumentKey::Catalog)];
        let mut catalog = Document::load(catalog).expect("it was saved");
        for n in 1..=2 {
            let puts = details(&format!("foreign {n}")).puts(shop.package);
            let written = catalog.write(Actor::from_bytes([n; 16]), NOW.as_seconds(), &puts);
            chunks.push(written.expect("it can be written").chunk);
        }
        documents.push(catalog.save());
        // Or somebody decided.
        for accepted in [false, true] {
            let verdict = Verdict::HeldDecided {
                hold,
                intent: kept_aside,
                by: PersonId::from_bytes([3; 16]),
                accepted,
                reason: None,
            };
            let fact = Fact {
                at: NOW,
                since: NOW,
                by: PersonId::RELAY,
                body: FactBody::Verdict(verdict),
            };
            let mut verdicts = Document::new();
            let put = fact_put("verdict", &fact);
            let written = verdicts.write(Actor::from_bytes([9; 16]), NOW.as_seconds(), &[put]);
            chunks.push(written.expect("it can be written").chunk);
            documents.push(verdicts.save());
        }
        let mut keys: Vec<DocumentKey> = shop.replica.document_keys().copied().collect();
        let till = DocumentKey::Till {
            site: shop.site,
            person: shop.replica.me().person,
            month: Month::of(NOW),
        };
        keys.extend(till.verdict());
        Self {
            me: shop.replica.me(),
            stored,
            order: SellOrder {
                client: Buyer::WalkIn,
                ..shop.order()
            },
            edit,
            keys,
            documents,
            chunks,
            waiting,
        }
    }

    /// What stands in the place of bytes that only a relay writes.
    fn well_formed(&self, message: &mut RelayMessage, waiting: &[ByteBuf]) {
        let of = |bytes: &mut ByteBuf, among: &[Vec<u8>]| {
            let n = bytes.first().map_or(0, |first| usize::from(*first));
            *bytes = among[n % among.len()].clone().into();
        };
        match message {
            RelayMessage::Snapshot { bytes, .. } => of(bytes, &self.documents),
            RelayMessage::Changes { changes, .. } => {
                for change in changes {
                    of(&mut change.chunk, &self.chunks);
                }
            }
            // A name of one byte is that of a change that waits now.
            RelayMessage::Ack { results, .. } => {
                for (hash, _) in results {
                    if let [n] = hash[..]
                        && let Some(waiting) = waiting.get(usize::from(n))
                    {
                        *hash = waiting.clone();
                    }
                }
            }
            _ => {}
        }
    }
}

/// The device, its stores and its clock.
struct Phone {
    device: Device,
    random: Random,
    stored: BTreeMap<String, Vec<u8>>,
    now: Timestamp,
    /// What the relay answered to while it waited.
    answered: BTreeSet<IntentId>,
}

impl Phone {
    fn commit(&mut self, writes: BTreeMap<String, Option<Vec<u8>>>) {
        for (key, value) in writes {
            match value {
                Some(value) => self.stored.insert(key, value),
                None => self.stored.remove(&key),
            };
        }
    }

    /// Feeds an event, and carries out what comes of it.
    fn feed(&mut self, event: Event) {
        let mut events = vec![event];
        let mut rounds = 0;
        while let Some(event) = events.pop() {
            rounds += 1;
            assert!(rounds < 100, "an event is worked on for ever");
            for effect in self.device.handle(event, self.now, &mut self.random) {
                match effect {
                    Effect::Commit(commit) => {
                        let number = commit.number;
                        self.commit(commit.writes);
                        events.push(Event::Stored(number));
                    }
                    Effect::Connect => events.push(Event::Opened {
                        ticket: "ticket".into(),
                    }),
                    Effect::Seal { number, batch } => {
                        batch.expand().expect("what is sent can be read");
                        let bytes = number.to_be_bytes().to_vec();
                        events.push(Event::Sealed { number, bytes });
                    }
                    Effect::Send(bytes) => {
                        codec::decode::<DeviceMessage>(&bytes).expect("what is sent can be read");
                    }
                    Effect::Close | Effect::NothingToSeal | Effect::Changed => {}
                    Effect::Refused(_) => {}
                }
            }
        }
    }

    fn waiting(&self) -> Vec<ByteBuf> {
        let batch = self.device.replica.next_batch();
        let full = batch.and_then(|batch| batch.expand().ok());
        let hashes = full.iter().flat_map(|full| full.hashes());
        hashes
            .map(|hash| ByteBuf::from(hash[..8].to_vec()))
            .collect()
    }

    fn pending(&self) -> BTreeSet<IntentId> {
        let pending = self.device.replica.outbox();
        pending.map(|pending| pending.intent.id).collect()
    }

    /// Nothing of one's own work goes without a word of the relay about it.
    fn keeps_its_work(&self, before: &BTreeSet<IntentId>) {
        let replica = &self.device.replica;
        let now = self.pending();
        for gone in before.difference(&now) {
            let key = gone.to_string();
            let keys = replica.document_keys();
            let mut facts = keys.flat_map(|document| &replica.sheets().get(document).facts);
            let is_told = facts.any(|(name, fact)| {
                let body = fact.as_ref().map(|fact| &fact.body);
                let is_decided = matches!(
                    body,
                    Some(FactBody::Verdict(Verdict::HeldDecided { intent, .. })) if intent == gone
                );
                is_decided || *name == key
            });
            assert!(is_told || self.answered.contains(gone), "{gone} is lost");
        }
    }

    /// Who finds these stores at the next start has this device.
    fn opens_again(mut self) {
        let (me, entries) = (self.device.replica.me(), self.stored);
        let opened = Replica::open(me, entries, &mut self.random).expect("we wrote it");
        let live = &self.device.replica;
        assert_eq!(opened.cursor(), live.cursor());
        assert_eq!(opened.rights(), live.rights());
        assert!(opened.outbox().map(told).eq(live.outbox().map(told)));
        for key in live.document_keys() {
            let heads = live.heads(key).unwrap_or_default();
            assert_eq!(opened.heads(key).unwrap_or_default(), heads, "{key}");
            assert_eq!(opened.sheets().get(key), live.sheets().get(key), "{key}");
        }
    }
}

fn told(pending: &Pending) -> (u64, IntentId, &PendingState) {
    (pending.order, pending.intent.id, &pending.state)
}

/// Pieces behind their lengths: messages of the relay, or what happens otherwise, in one byte.
pub fn waiting(bytes: &[u8]) {
    let scene = Scene::get();
    let mut random = Random::new(1);
    let entries = scene.stored.clone();
    let replica = Replica::open(scene.me, entries, &mut random).expect("we wrote it");
    let mut phone = Phone {
        device: Device::new(replica),
        random,
        stored: scene.stored.clone(),
        now: NOW,
        answered: BTreeSet::new(),
    };
    phone.feed(Event::TryNow);
    // More than a few events are no other case, and each costs a while.
    for piece in parted(bytes).take(24) {
        let before = phone.pending();
        match piece {
            [] => {
                phone.now = phone.now.plus_millis(30_000);
                phone.feed(Event::Tick);
            }
            [0] => phone.feed(Event::Closed),
            [1] => phone.feed(Event::TryNow),
            [2 | 3] => {
                let (now, random) = (phone.now, &mut phone.random);
                let done = if piece == [2] {
                    phone.device.sell(scene.order.clone(), now, random)
                } else {
                    phone.device.execute(scene.edit.clone(), now, random)
                };
                if let Ok((_, commit)) = done {
                    phone.commit(commit.writes);
                    phone.feed(Event::Stored(commit.number));
                }
            }
            [n] => {
                if let Some(id) = before.iter().nth(usize::from(*n) - 4) {
                    let commit = phone.device.replica.dismiss(*id);
                    phone.commit(commit.writes);
                    phone.feed(Event::Stored(commit.number));
                    phone.answered.insert(*id);
                }
            }
            message => {
                let Ok(mut message) = codec::decode::<RelayMessage>(message) else {
                    phone.feed(Event::Frame(message.to_vec()));
                    continue;
                };
                scene.well_formed(&mut message, &phone.waiting());
                if let RelayMessage::Ack { results, .. } = &message
                    && !results.is_empty()
                {
                    phone.answered.extend(&before);
                }
                let frame = codec::encode(&message);
                phone.feed(Event::Posted(frame.clone()));
                phone.feed(Event::Frame(frame));
            }
        }
        phone.keeps_its_work(&before);
    }
    phone.opens_again();
}

fn one(byte: u8) -> Vec<u8> {
    vec![0, 1, byte]
}

/// Honest talks: each kind of answer, a comparison, and a relay that was restored.
pub fn seeds() -> Vec<Vec<u8>> {
    let scene = Scene::get();
    let welcome = |send_digest| RelayMessage::Welcome {
        now: NOW,
        head: 3,
        send_digest,
    };
    let ack = |answers: &[Disposition]| {
        let names = (0..).map(|n| ByteBuf::from(vec![n]));
        RelayMessage::Ack {
            number: 1,
            results: names.zip(answers.iter().copied()).collect(),
        }
    };
    let named = |disposition: Disposition| RelayMessage::Ack {
        number: 1,
        results: scene
            .waiting
            .iter()
            .map(|hash| (hash.clone(), disposition))
            .collect(),
    };
    let synced = RelayMessage::Synced {
        cursor: 9,
        rights: 2,
    };
    let bye = RelayMessage::Bye {
        why: CloseReason::BadFrame,
        retry_after_millis: Some(500),
    };
    let changes = RelayMessage::Changes {
        from: 0,
        to: 4,
        changes: (0..scene.chunks.len())
            .flat_map(|n| {
                let chunk = ByteBuf::from(vec![u8::try_from(n).expect("there are few")]);
                scene.keys.iter().map(move |key| LoggedChange {
                    key: *key,
                    chunk: chunk.clone(),
                })
            })
            .collect(),
    };
    let snapshots = scene.keys.iter().enumerate().map(|(n, key)| {
        let n = u8::try_from(n + 1).expect("there are few");
        RelayMessage::Snapshot {
            key: *key,
            bytes: vec![n].into(),
        }
    });
    let org = scene.me.org;
    let unknown = RelayMessage::Unknown {
        ids: scene
            .keys
            .iter()
            .map(|key| DocumentId::of(org, key))
            .collect(),
    };
    let drop = RelayMessage::Drop {
        keys: scene.keys.clone(),
    };
    let held = Disposition::Held(HoldId::from_bytes([5; 16]), HoldReason::NotAllowed);
    let refused = Disposition::Refused(RefusalCode::TooMuchHeld);
    let mut seeds = vec![
        [
            joined(&[welcome(false), named(Disposition::Accepted)]),
            one(2),
            one(3),
        ]
        .concat(),
        [joined(&[welcome(false), changes]), one(0)].concat(),
        [
            joined(&[welcome(true), unknown.clone(), synced.clone()]),
            one(2),
            joined(&[ack(&[Disposition::Known; 6]), synced.clone()]),
        ]
        .concat(),
        [
            joined(&[welcome(true), drop, unknown, synced.clone()]),
            one(3),
        ]
        .concat(),
        [joined(&[welcome(false), ack(&[refused, held])]), one(4)].concat(),
        [
            joined(&[welcome(false), ack(&[Disposition::Rebase; 2]), bye]),
            one(1),
        ]
        .concat(),
    ];
    let whole: Vec<RelayMessage> = std::iter::once(welcome(true))
        .chain(snapshots)
        .chain([synced])
        .collect();
    seeds.push(joined(&whole));
    seeds
}
