//! What a list of 100,000 vouchers costs: the fold over all documents, the list made from it, and its parts.
//! `cargo xtask bench voucher_list`

use std::time::Instant;

use crdt_model::document::DocumentKey;
use crdt_model::fact::{
    BatchMade, BlockMade, Codes, Fact, FactBody, Line, PaymentMethod, Sale, VoucherRef,
};
use crdt_model::ids::{BatchId, BlockId, DeviceId, IntentId, PackageId, PersonId, SiteId};
use crdt_model::money::Money;
use crdt_model::sheets::Sheets;
use crdt_model::time::{Month, Timestamp};
use crdt_model::voucher::{Code, Holder, Stock, VoucherState, pack};
use web::protocol::VoucherFilter;
use web::views::VoucherIndex;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const BLOCKS: u32 = 200;
const CODES: u32 = 500;
/// A third has been sold.
const SOLD: u32 = BLOCKS * CODES / 3;
const RUNS: u32 = 20;

fn main() {
    let sheets = sheets();
    let me = Holder {
        person: PersonId::from_bytes(id(1, 1)),
        device: DeviceId::from_bytes(id(2, 1)),
    };
    println!("{} vouchers, {SOLD} of them sold", BLOCKS * CODES);
    let stock = measure("fold all documents (once a change)", || {
        Stock::fold(&sheets, me)
    });
    let all = VoucherFilter::default();
    let mut index = VoucherIndex::default();
    measure("make the list, no filter", || index.make(&stock, &all));
    println!("    {} vouchers", index.len());
    let unused = VoucherFilter {
        state: Some(VoucherState::Unused),
        ..VoucherFilter::default()
    };
    measure("make the list, state", || index.make(&stock, &unused));
    println!("    {} vouchers", index.len());
    let search = VoucherFilter {
        search: "123-45".into(),
        ..VoucherFilter::default()
    };
    measure("make the list, search", || index.make(&stock, &search));
    println!("    {} vouchers", index.len());
}

fn measure<T>(what: &str, mut run: impl FnMut() -> T) -> T {
    let start = now();
    for _ in 1..RUNS {
        std::hint::black_box(run());
    }
    let last = run();
    let millis = start.elapsed().as_secs_f64() * 1000.0 / f64::from(RUNS);
    println!("{what:<40} {millis:>8.2} ms");
    last
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark is about the time it takes"
)]
fn now() -> Instant {
    Instant::now()
}

fn id(kind: u8, number: u32) -> [u8; 16] {
    let mut id = [kind; 16];
    id[12..].copy_from_slice(&number.to_be_bytes());
    id
}

fn sheets() -> Sheets {
    let mut sheets = Sheets::default();
    let site = SiteId::from_bytes(id(3, 1));
    let seller = PersonId::from_bytes(id(1, 2));
    let batch = BatchId::from_bytes(id(4, 1));
    let package = PackageId::from_bytes(id(5, 1));
    let price = Money::from_minor(500_000);
    let blocks: Vec<BlockId> = (0..BLOCKS)
        .map(|number| BlockId::from_bytes(id(6, number)))
        .collect();
    let fact = |body| Fact {
        at: NOW,
        since: NOW,
        by: seller,
        body,
    };
    for (number, block) in (0..).zip(&blocks) {
        let codes: Vec<Code> = (0..CODES)
            .map(|index| Code {
                username: format!(
                    "K{:04}-{:04}",
                    number * CODES / 10_000,
                    number * CODES % 10_000 + index
                ),
                password: None,
            })
            .collect();
        let body = FactBody::Codes(Codes {
            batch,
            package,
            price,
            packed: pack(&codes).expect("the codes are good"),
        });
        put(
            &mut sheets,
            DocumentKey::Block {
                site,
                block: *block,
            },
            number,
            fact(body),
        );
    }
    let made = BatchMade {
        batch,
        label: "all of them".into(),
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
    put(
        &mut sheets,
        DocumentKey::Batches(site),
        0,
        fact(FactBody::Batch(made)),
    );
    let till = DocumentKey::Till {
        site,
        person: seller,
        month: Month::of(NOW),
    };
    for number in 0..SOLD {
        let voucher = VoucherRef {
            block: blocks[(number % BLOCKS) as usize],
            index: number / BLOCKS,
        };
        let sale = Sale {
            receipt: format!("7K2M-{number:06}"),
            lines: vec![Line {
                voucher,
                package,
                price,
            }],
            method: PaymentMethod::Cash,
            reference: None,
            client: None,
        };
        put(&mut sheets, till, number, fact(FactBody::Sale(sale)));
    }
    sheets
}

fn put(sheets: &mut Sheets, document: DocumentKey, number: u32, fact: Fact) {
    let key = IntentId::from_bytes(id(7, number)).to_string();
    sheets.entry(document).facts.insert(key, Some(fact));
}
