//! A device in the hands of a test, and what to read of it.

use crdt_model::command::Command;
use crdt_model::document::{Actor, Document, DocumentKey};
use crdt_model::ids::IntentId;
use crdt_model::replica::Replica;
use crdt_model::sync::batch::Batch;
use crdt_model::sync::device::{Device, Effect, Event};
use crdt_model::sync::message::{DeviceMessage, LoggedChange, RelayMessage};
use crdt_model::time::{Month, Timestamp};
use crdt_model::{codec, package};
use serde_bytes::ByteBuf;

use crate::random::Random;
use crate::shop::{NOW, Shop, details};

/// A device with its chance.
pub struct Phone {
    pub device: Device,
    pub rng: Random,
}

impl Phone {
    pub fn new(shop: Shop) -> Self {
        Self {
            device: Device::new(shop.replica),
            rng: shop.rng,
        }
    }

    pub fn feed(&mut self, event: Event, now: Timestamp) -> Vec<Effect> {
        self.device.handle(event, now, &mut self.rng)
    }

    pub fn hear(&mut self, message: &RelayMessage) -> Vec<Effect> {
        self.feed(Event::Frame(codec::encode(message)), NOW)
    }

    /// Opens a connection and says hello.
    pub fn hello(&mut self) -> DeviceMessage {
        assert_eq!(self.feed(Event::TryNow, NOW), [Effect::Connect]);
        let ticket = "t".to_string();
        let effects = self.feed(Event::Opened { ticket }, NOW);
        sent(&effects).remove(0)
    }

    pub fn welcome(&mut self, send_digest: bool) -> Vec<Effect> {
        self.hear(&RelayMessage::Welcome {
            now: NOW,
            head: 0,
            send_digest,
        })
    }

    pub fn connect(&mut self, send_digest: bool) -> Vec<Effect> {
        self.hello();
        self.welcome(send_digest)
    }

    /// Everything is durable; seals what there is to seal, and gives what is then done.
    pub fn seal(&mut self) -> (Batch, Vec<Effect>) {
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
pub fn sent(effects: &[Effect]) -> Vec<DeviceMessage> {
    let bytes = effects.iter().filter_map(|effect| match effect {
        Effect::Send(bytes) => Some(bytes),
        _ => None,
    });
    bytes.map(|bytes| codec::decode(bytes).unwrap()).collect()
}

pub fn is_push(message: &DeviceMessage) -> bool {
    matches!(message, DeviceMessage::Push { .. })
}

pub fn hashes(batch: &Batch) -> Vec<ByteBuf> {
    let full = batch.expand().unwrap();
    full.hashes()
        .map(|hash| ByteBuf::from(hash[..8].to_vec()))
        .collect()
}

/// The changes of a batch as they come by the log.
pub fn logged(batch: &Batch) -> Vec<LoggedChange> {
    let full = batch.expand().unwrap();
    full.changes()
        .map(|full| LoggedChange {
            key: full.document,
            chunk: full.built.as_ref().unwrap().raw_bytes().to_vec().into(),
        })
        .collect()
}

pub fn intents(replica: &Replica) -> Vec<IntentId> {
    let batch = replica.next_batch();
    let intents = batch.into_iter().flat_map(|batch| batch.intents);
    intents.map(|intent| intent.id).collect()
}

pub fn till(shop: &Shop) -> DocumentKey {
    DocumentKey::Till {
        site: shop.site,
        person: shop.replica.me().person,
        month: Month::of(NOW),
    }
}

pub fn edit(shop: &mut Shop, name: &str) -> IntentId {
    let command = Command::EditPackage {
        package: shop.package,
        details: details(name),
    };
    shop.execute(command).unwrap().0
}

pub fn package_name(shop: &Shop) -> String {
    let catalog = shop.replica.sheets().get(&DocumentKey::Catalog);
    let package = package::package(catalog, shop.package).unwrap();
    package.details.name
}

/// What somebody else wrote into the catalog as the relay has it.
pub fn foreign_edit(shop: &mut Shop, n: u8) -> (Document, LoggedChange) {
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

pub fn rows(from: u64, to: u64, changes: Vec<LoggedChange>) -> RelayMessage {
    RelayMessage::Changes { from, to, changes }
}
