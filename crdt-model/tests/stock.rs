//! A stock that learns sale by sale is the stock that folds everything.

#![expect(clippy::unwrap_used, reason = "a test may")]

use crdt_model::document::DocumentKey;
use crdt_model::fact::{
    Codes, Fact, FactBody, Line, PaymentMethod, Replacement, Sale, SaleRef, Verdict, VoucherRef,
};
use crdt_model::ids::{BatchId, BlockId, DeviceId, IntentId, PackageId, PersonId, SiteId};
use crdt_model::money::Money;
use crdt_model::sheets::Sheets;
use crdt_model::time::{Month, Timestamp};
use crdt_model::voucher::{Code, Holder, Stock, pack};
use proptest::prelude::*;

const NOW: i64 = 1_790_000_000_000;
const SITE: SiteId = SiteId::from_bytes([1; 16]);
const BLOCK: BlockId = BlockId::from_bytes([2; 16]);
const PACKAGE: PackageId = PackageId::from_bytes([3; 16]);
const CODES: u32 = 6;

/// What happens to one or two vouchers, in the till of one of three people.
#[derive(Debug, Clone)]
struct Happened {
    person: u8,
    month: u8,
    at: i64,
    first: u32,
    second: u32,
    is_replacement: bool,
}

fn happened() -> impl Strategy<Value = Happened> {
    let vouchers = (0..CODES, 0..CODES);
    (0_u8..3, 0_u8..2, 0_i64..5, vouchers, any::<bool>()).prop_map(
        |(person, month, at, (first, second), is_replacement)| Happened {
            person,
            month,
            at,
            first,
            second,
            is_replacement,
        },
    )
}

fn person(number: u8) -> PersonId {
    PersonId::from_bytes([10 + number; 16])
}

fn intent(number: usize) -> IntentId {
    IntentId::from_bytes([u8::try_from(number).unwrap(); 16])
}

const fn voucher(index: u32) -> VoucherRef {
    VoucherRef {
        block: BLOCK,
        index,
    }
}

fn till(happened: &Happened) -> DocumentKey {
    DocumentKey::Till {
        site: SITE,
        person: person(happened.person),
        month: Month::of(Timestamp::from_millis(
            NOW - i64::from(happened.month) * 31 * 86_400_000,
        )),
    }
}

fn fact(happened: &Happened, number: usize) -> Fact {
    let line = |index| Line {
        voucher: voucher(index),
        package: PACKAGE,
        price: Money::from_minor(100),
    };
    let at = Timestamp::from_millis(NOW + happened.at);
    let body = if happened.is_replacement {
        FactBody::Replacement(Replacement {
            sale: intent(99),
            replaces: voucher(happened.second),
            voucher: voucher(happened.first),
            package: PACKAGE,
        })
    } else {
        FactBody::Sale(Sale {
            receipt: format!("7K2M-{number:06}"),
            lines: vec![line(happened.first), line(happened.second)],
            method: PaymentMethod::Cash,
            reference: None,
            client: None,
        })
    };
    Fact {
        at,
        since: at,
        by: person(happened.person),
        body,
    }
}

fn insert(sheets: &mut Sheets, key: DocumentKey, name: IntentId, fact: Fact) {
    sheets.entry(key).facts.insert(name.to_string(), Some(fact));
}

/// One block, and what the relay found of sales that may not be here yet.
fn sheets(sales: &[Happened], verdicts: &[(usize, usize, u32)]) -> Sheets {
    let mut sheets = Sheets::default();
    let at = Timestamp::from_millis(NOW);
    let relay = |body| Fact {
        at,
        since: at,
        by: PersonId::RELAY,
        body,
    };
    let codes: Vec<Code> = (0..CODES)
        .map(|number| Code {
            username: format!("K{number}"),
            password: None,
        })
        .collect();
    let codes = Codes {
        batch: BatchId::from_bytes([4; 16]),
        package: PACKAGE,
        price: Money::from_minor(100),
        packed: pack(&codes).unwrap(),
    };
    let block = DocumentKey::Block {
        site: SITE,
        block: BLOCK,
    };
    insert(
        &mut sheets,
        block,
        intent(200),
        relay(FactBody::Codes(codes)),
    );
    let named = |number: usize| -> Option<SaleRef> {
        let happened = sales.get(number)?;
        fact(happened, number).sale_ref(intent(number))
    };
    for (number, (standing, other, index)) in verdicts.iter().enumerate() {
        let (Some(standing), Some(other)) = (named(*standing), named(*other)) else {
            continue;
        };
        let verdict = Verdict::DoubleSale {
            voucher: voucher(*index),
            standing,
            other,
        };
        let key = DocumentKey::VerdictBlock {
            site: SITE,
            block: BLOCK,
        };
        let body = FactBody::Verdict(verdict);
        insert(&mut sheets, key, intent(210 + number), relay(body));
    }
    sheets
}

proptest! {
    #[test]
    fn learning_is_folding(
        sales in prop::collection::vec(happened(), 0..14),
        verdicts in prop::collection::vec((0_usize..14, 0_usize..14, 0..CODES), 0..4),
        known in 0_usize..14,
        order in any::<u64>(),
    ) {
        let me = Holder {
            person: person(0),
            device: DeviceId::from_bytes([5; 16]),
        };
        let mut sheets = sheets(&sales, &verdicts);
        let known = known.min(sales.len());
        for (number, happened) in sales.iter().enumerate().take(known) {
            insert(&mut sheets, till(happened), intent(number), fact(happened, number));
        }
        let mut stock = Stock::fold(&sheets, me);
        // In any order: what others sold arrives as it is pushed.
        let mut rest: Vec<usize> = (known..sales.len()).collect();
        rest.sort_by_key(|number| (*number as u64).wrapping_mul(order | 1));
        for number in rest {
            let happened = &sales[number];
            let (key, fact) = (till(happened), fact(happened, number));
            insert(&mut sheets, key, intent(number), fact.clone());
            prop_assert!(stock.learn(&key, &intent(number).to_string(), &fact));
        }
        prop_assert_eq!(stock, Stock::fold(&sheets, me));
    }
}
