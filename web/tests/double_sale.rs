//! What the screen of a sale tells of vouchers that were sold twice.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test that fails is a test that fails"
)]

#[path = "../../crdt-model/tests/simulation/random.rs"]
#[expect(dead_code, reason = "the simulation uses the rest")]
mod random;
#[path = "../../crdt-model/tests/shared/shop.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod shop;

use crdt_model::command::Command;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{FactBody, SaleRef, Verdict, VoucherRef};
use crdt_model::ids::{IntentId, PersonId};
use crdt_model::sale::SellOrder;
use shop::{NOW, Shop};
use web::protocol::{Answer, DoubleSaleView, Query};
use web::views::{self, Indexes, Surroundings};

const BARAKA: PersonId = PersonId::from_bytes([21; 16]);

/// Two of the three vouchers here, in one sale.
fn sell_two(shop: &mut Shop) -> (IntentId, [VoucherRef; 2]) {
    let order = SellOrder {
        quantity: 2,
        ..shop.order()
    };
    let (sale, commit) = shop.replica.sell(order, NOW, &mut shop.rng).unwrap();
    shop.replica.stored(commit.number);
    let vouchers: Vec<VoucherRef> = shop
        .sale(sale)
        .lines
        .iter()
        .map(|line| line.voucher)
        .collect();
    (sale, vouchers.try_into().unwrap())
}

/// Each voucher was sold by Baraka as well; of some it is his sale that stands.
fn judged(shop: &mut Shop, sale: IntentId, stands: [(VoucherRef, bool); 2]) {
    let named = |sale, person| SaleRef {
        sale,
        person,
        at: NOW,
        receipt: String::new(),
    };
    let (here, his) = (
        named(sale, shop.replica.me().person),
        named(IntentId::from_bytes([8; 16]), BARAKA),
    );
    let verdicts = stands.map(|(voucher, is_here)| {
        let (standing, other) = match is_here {
            true => (here.clone(), his.clone()),
            false => (his.clone(), here.clone()),
        };
        FactBody::Verdict(Verdict::DoubleSale {
            voucher,
            standing,
            other,
        })
    });
    let [(voucher, _), _] = stands;
    let key = DocumentKey::VerdictBlock {
        site: shop.site,
        block: voucher.block,
    };
    shop.have_facts(key, verdicts.into());
}

fn replace(shop: &mut Shop, sale: IntentId, replaces: VoucherRef) {
    let stock = shop.replica.shared_stock();
    let free = stock.mine().find_map(|block| stock.free(block).next());
    let replace = Command::Replace {
        site: shop.site,
        sale,
        replaces,
        voucher: free.unwrap(),
        package: shop.package,
    };
    shop.execute(replace).unwrap();
}

fn told(shop: &Shop, sale: IntentId) -> DoubleSaleView {
    let around = Surroundings {
        now: NOW,
        online: false,
        store_warning: None,
        storage_is_persistent: true,
        is_fetching: false,
        shut_out: None,
        has_sealed: false,
    };
    let query = Query::Sale { sale };
    match views::answer(&shop.replica, &mut Indexes::default(), &query, around) {
        Answer::Sale(Some(view)) => view.double_sale.unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_two_that_fell_each_is_told_until_it_has_its_replacement() {
    let mut shop = Shop::new();
    let (sale, [first, second]) = sell_two(&mut shop);
    judged(&mut shop, sale, [(first, false), (second, false)]);
    let before = told(&shop, sale);
    assert_eq!(before.voucher, first);
    assert!(before.can_replace && !before.replaced && !before.this_sale_stands);

    // It was the last voucher here: the second client waits, and the screen does not say that all is done.
    replace(&mut shop, sale, first);
    let after = told(&shop, sale);
    assert_eq!(after.voucher, second);
    assert!(!after.replaced && !after.can_replace);
}

#[test]
fn of_two_the_one_that_fell_is_told() {
    let mut shop = Shop::new();
    let (sale, [first, second]) = sell_two(&mut shop);
    judged(&mut shop, sale, [(first, true), (second, false)]);
    let before = told(&shop, sale);
    assert_eq!(before.voucher, second);
    assert!(before.can_replace && !before.this_sale_stands);

    replace(&mut shop, sale, second);
    let after = told(&shop, sale);
    assert_eq!(after.voucher, second);
    assert!(after.replaced && !after.can_replace);
}
