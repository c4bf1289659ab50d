//! An owner's device with one block of three codes, and a relay that answers as the test says.

use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::command::{Command, NewBlock, Refusal, fact_put};
use crdt_model::document::{Actor, Document, DocumentKey, Put};
use crdt_model::fact::{
    BatchMade, BlockMade, Codes, Fact, FactBody, HoldReason, Leased, PaymentMethod, Sale,
};
use crdt_model::ids::{
    BatchId, BlockId, DeviceId, HoldId, IntentId, OrgId, PackageId, PersonId, SiteId,
};
use crdt_model::money::Money;
use crdt_model::package::{PackageDetails, Unit, Validity};
use crdt_model::replica::{Commit, Identity, Replica};
use crdt_model::sale::{Buyer, SellOrder};
use crdt_model::staff;
use crdt_model::sync::message::Disposition;
use crdt_model::time::Timestamp;
use crdt_model::voucher::{Code, pack};
use serde_bytes::ByteBuf;

use crate::random::Random;

pub const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// An owner's device with one block of three codes.
pub struct Shop {
    pub replica: Replica,
    pub rng: Random,
    pub site: SiteId,
    pub package: PackageId,
}

impl Shop {
    pub fn new() -> Self {
        let mut rng = Random::new(7);
        let me = Identity {
            org: OrgId::generate(NOW, &mut rng),
            person: PersonId::generate(NOW, &mut rng),
            device: DeviceId::generate(NOW, &mut rng),
        };
        let mut shop = Self {
            replica: Replica::new(me, &mut rng),
            site: SiteId::generate(NOW, &mut rng),
            package: PackageId::generate(NOW, &mut rng),
            rng,
        };
        let owner = Grant {
            role: Role::Owner,
            scope: Scope::Organisation,
        };
        shop.have(DocumentKey::Staff, &staff::add(me.person, "Asha", &[owner]));
        let puts = details("1 week").puts(shop.package);
        shop.have(DocumentKey::Catalog, &puts);
        let (site, block) = (shop.site, BlockId::generate(NOW, &mut shop.rng));
        let batch = BatchId::generate(NOW, &mut shop.rng);
        let price = Money::from_minor(100_000);
        let codes = Codes {
            batch,
            package: shop.package,
            price,
            packed: pack(&codes(3, 6)).unwrap(),
        };
        shop.have_facts(
            DocumentKey::Block { site, block },
            vec![FactBody::Codes(codes)],
        );
        let made = BatchMade {
            batch,
            label: "first".into(),
            package: shop.package,
            price,
            blocks: vec![BlockMade { block, count: 3 }],
            made_on: None,
        };
        let leased = Leased {
            block,
            turn: 1,
            person: Some(me.person),
            device: Some(me.device),
            cause: None,
        };
        shop.have_facts(
            DocumentKey::Batches(site),
            vec![FactBody::Batch(made), FactBody::Leased(leased)],
        );
        shop
    }

    /// The relay has this document.
    pub fn have(&mut self, key: DocumentKey, puts: &[Put]) {
        let mut document = Document::new();
        document
            .write(Actor::from_bytes([9; 16]), NOW.as_seconds(), puts)
            .unwrap();
        let commit = self
            .replica
            .snapshot(key, &document.save(), NOW, &mut self.rng)
            .unwrap();
        self.replica.stored(commit.number);
    }

    pub fn have_facts(&mut self, key: DocumentKey, bodies: Vec<FactBody>) {
        let puts: Vec<Put> = bodies
            .into_iter()
            .map(|body| {
                let fact = Fact {
                    at: NOW,
                    since: NOW,
                    by: PersonId::RELAY,
                    body,
                };
                let id = IntentId::generate(NOW, &mut self.rng);
                fact_put(&id.to_string(), &fact)
            })
            .collect();
        self.have(key, &puts);
    }

    pub fn execute(&mut self, command: Command) -> Result<(IntentId, Commit), Refusal> {
        let executed = self.replica.execute(command, NOW, &mut self.rng)?;
        self.replica.stored(executed.1.number);
        Ok(executed)
    }

    pub const fn order(&self) -> SellOrder {
        SellOrder {
            site: self.site,
            package: self.package,
            price: Money::from_minor(100_000),
            quantity: 1,
            method: PaymentMethod::Cash,
            reference: None,
            client: Buyer::WalkIn,
        }
    }

    pub fn sell(&mut self) -> IntentId {
        let (id, commit) = self.replica.sell(self.order(), NOW, &mut self.rng).unwrap();
        self.replica.stored(commit.number);
        id
    }

    /// The sale as it waits in the outbox.
    pub fn sale(&self, id: IntentId) -> Sale {
        match &self.replica.pending(id).unwrap().intent.command {
            Command::Sell { sale, .. } => sale.clone(),
            other => panic!("{other:?} is no sale"),
        }
    }

    /// The relay answers the same about everything that is sent.
    pub fn answer(&mut self, disposition: Disposition) {
        while self.answer_once(disposition) {}
    }

    pub fn answer_once(&mut self, disposition: Disposition) -> bool {
        let Some(batch) = self.replica.next_batch() else {
            return false;
        };
        {
            let results: Vec<(ByteBuf, Disposition)> = batch
                .expand()
                .unwrap()
                .hashes()
                .map(|hash| (ByteBuf::from(hash[..8].to_vec()), disposition))
                .collect();
            let commit = self.replica.acknowledge(&results, NOW, &mut self.rng);
            self.replica.stored(commit.number);
        }
        true
    }
}

pub fn details(name: &str) -> PackageDetails {
    PackageDetails::new(
        name.into(),
        Money::from_minor(100_000),
        Validity {
            count: 1,
            unit: Unit::Week,
        },
    )
}

pub fn codes(count: usize, length: usize) -> Vec<Code> {
    (0..count)
        .map(|n| Code {
            username: format!("{n:0length$}"),
            password: None,
        })
        .collect()
}

pub fn held(shop: &mut Shop) -> Disposition {
    Disposition::Held(
        HoldId::generate(NOW, &mut shop.rng),
        HoldReason::DeviceRevoked,
    )
}

pub fn make_batch(shop: &mut Shop, blocks: usize, codes: &[Code]) -> Command {
    Command::MakeBatch {
        site: shop.site,
        batch: BatchId::generate(NOW, &mut shop.rng),
        label: "second".into(),
        package: shop.package,
        price: Money::from_minor(100_000),
        blocks: (0..blocks)
            .map(|_| NewBlock {
                block: BlockId::generate(NOW, &mut shop.rng),
                codes: codes.to_vec(),
            })
            .collect(),
    }
}
