//! What a year of one agent's sales costs on their device: 36,500 sales in twelve tills.
//! `cargo xtask bench year`

use std::collections::BTreeMap;
use std::time::Instant;

use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::command::fact_put;
use crdt_model::document::{Actor, Document, DocumentKey, Put};
use crdt_model::fact::{
    BatchMade, BlockMade, Codes, Fact, FactBody, Leased, Line, PaymentMethod, Sale, VoucherRef,
};
use crdt_model::ids::{BatchId, BlockId, DeviceId, IntentId, OrgId, PackageId, PersonId, SiteId};
use crdt_model::money::Money;
use crdt_model::replica::{Commit, Identity, Replica};
use crdt_model::sale::{Buyer, SellOrder};
use crdt_model::staff;
use crdt_model::time::{Month, Timestamp};
use crdt_model::voucher::{Code, pack};
use rand_core::TryRng;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const MONTH_MILLIS: i64 = 30 * 86_400_000;
const MONTHS: i64 = 12;
const SALES_PER_MONTH: u32 = 3_042;
const CODES: u32 = 500;
const SALES: u32 = 100;
const RUNS: u32 = 5;

type Entries = BTreeMap<String, Vec<u8>>;

fn main() {
    let me = Identity {
        org: OrgId::from_bytes([1; 16]),
        person: PersonId::from_bytes([2; 16]),
        device: DeviceId::from_bytes([3; 16]),
    };
    let mut rng = Counter(7);
    let (site, package) = (SiteId::from_bytes([4; 16]), PackageId::from_bytes([5; 16]));
    let price = Money::from_minor(500_000);
    let entries = fill(me, site, package, price);
    let bytes: usize = entries.values().map(Vec::len).sum();
    println!(
        "{} sales, {} entries of {} kB in the database",
        MONTHS * i64::from(SALES_PER_MONTH),
        entries.len(),
        bytes / 1000
    );
    let open = |rng: &mut Counter| Replica::open(me, entries.clone(), rng).expect("it was stored");
    let mut replica = measure("open from the database", RUNS, || open(&mut rng));
    measure("fold the whole stock", RUNS, || replica.stock());
    replica.shared_stock();
    let order = SellOrder {
        site,
        package,
        price,
        quantity: 1,
        method: PaymentMethod::Cash,
        reference: None,
        client: Buyer::WalkIn,
    };
    let mut rng = Counter(8);
    let mut sell = || {
        let (_, commit) = replica
            .sell(order.clone(), NOW, &mut rng)
            .expect("there is enough in stock");
        replica.stored(commit.number);
        replica.shared_stock();
    };
    measure(
        "the first sale, which loads this month's till",
        1,
        &mut sell,
    );
    measure("a sale, and the stock after it", SALES, &mut sell);
    assert_eq!(*replica.shared_stock(), replica.stock());
    let mut batch = None;
    measure(&format!("the batch of {} sales", SALES + 1), RUNS, || {
        batch = replica.next_batch();
    });
}

fn fill(me: Identity, site: SiteId, package: PackageId, price: Money) -> Entries {
    let mut rng = Counter(1);
    let mut replica = Replica::new(me, &mut rng);
    let mut entries = Entries::new();
    let mut have = |key, puts: Vec<Vec<Put>>| {
        let mut document = Document::new();
        for puts in puts {
            document.write(Actor::from_bytes([9; 16]), NOW.as_seconds(), &puts);
        }
        let commit = replica
            .snapshot(key, &document.save(), NOW, &mut Counter(2))
            .expect("it is a document");
        keep(&mut entries, commit);
    };
    let grant = Grant {
        role: Role::Agent,
        scope: Scope::Site(site),
    };
    have(
        DocumentKey::Staff,
        vec![staff::add(me.person, "Asha", &[grant])],
    );
    let total = u32::try_from(MONTHS).unwrap_or(0) * SALES_PER_MONTH;
    let blocks: Vec<BlockId> = (0..=total / CODES + 1)
        .map(|number| BlockId::from_bytes(id(6, number)))
        .collect();
    let batch = BatchId::from_bytes([7; 16]);
    let mut number = 0;
    for (block, place) in blocks.iter().zip(0..) {
        let codes: Vec<Code> = (0..CODES)
            .map(|index| Code {
                username: format!("K{place:04}-{index:04}"),
                password: None,
            })
            .collect();
        let body = FactBody::Codes(Codes {
            batch,
            package,
            price,
            packed: pack(&codes).expect("the codes are good"),
        });
        let key = DocumentKey::Block {
            site,
            block: *block,
        };
        have(key, vec![vec![put(&mut number, NOW, body)]]);
    }
    let made = BatchMade {
        batch,
        label: "Wiki".into(),
        package,
        price,
        blocks: blocks
            .iter()
            .map(|block| BlockMade {
                block: *block,
                count: CODES,
            })
            .collect(),
        made_on: None,
    };
    let mut puts = vec![vec![put(&mut number, NOW, FactBody::Batch(made))]];
    for block in &blocks {
        let leased = Leased {
            block: *block,
            turn: 1,
            person: Some(me.person),
            device: Some(me.device),
            cause: None,
        };
        puts.push(vec![put(&mut number, NOW, FactBody::Leased(leased))]);
    }
    have(DocumentKey::Batches(site), puts);
    let mut sold = 0;
    for month in 0..MONTHS {
        let at = NOW.plus_millis(-month * MONTH_MILLIS);
        let till = DocumentKey::Till {
            site,
            person: me.person,
            month: Month::of(at),
        };
        let sales = (0..SALES_PER_MONTH).map(|_| {
            let voucher = VoucherRef {
                block: blocks[(sold / CODES) as usize],
                index: sold % CODES,
            };
            let sale = Sale {
                receipt: format!("7K2M-{sold:06}"),
                lines: vec![Line {
                    voucher,
                    package,
                    price,
                }],
                method: PaymentMethod::Cash,
                reference: None,
                client: None,
            };
            sold += 1;
            vec![put(&mut number, at, FactBody::Sale(sale))]
        });
        let sales: Vec<Vec<Put>> = sales.collect();
        have(till, sales);
    }
    entries
}

fn put(number: &mut u32, at: Timestamp, body: FactBody) -> Put {
    *number += 1;
    let fact = Fact {
        at,
        since: at,
        by: PersonId::from_bytes([2; 16]),
        body,
    };
    fact_put(&IntentId::from_bytes(id(8, *number)).to_string(), &fact)
}

fn keep(entries: &mut Entries, commit: Commit) {
    for (key, value) in commit.writes {
        match value {
            Some(value) => drop(entries.insert(key, value)),
            None => drop(entries.remove(&key)),
        }
    }
}

fn id(kind: u8, number: u32) -> [u8; 16] {
    let mut id = [kind; 16];
    id[12..].copy_from_slice(&number.to_be_bytes());
    id
}

fn measure<T>(what: &str, runs: u32, mut run: impl FnMut() -> T) -> T {
    let start = now();
    for _ in 1..runs {
        std::hint::black_box(run());
    }
    let last = run();
    let millis = start.elapsed().as_secs_f64() * 1000.0 / f64::from(runs);
    println!("{what:<48} {millis:>8.2} ms");
    last
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark is about the time it takes"
)]
fn now() -> Instant {
    Instant::now()
}

/// A source of chance that counts.
struct Counter(u64);

impl TryRng for Counter {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        Ok(self.0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}
