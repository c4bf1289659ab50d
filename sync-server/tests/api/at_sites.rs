//! What the tables hear at one site says nothing of another, as in the folds.

use crdt_model::fact::{Codes, StockAskDeclined, StockAsked};
use crdt_model::ids::{BatchId, BlockId, IntentId, PackageId, PersonId, SiteId};
use crdt_model::money::Money;
use crdt_model::voucher;
use sync_server::database;
use sync_server::store::stock::{self, Stated};
use sync_server::store::vouchers::{self, NewUndo};

use crate::helpers::TestApp;

const HERE: SiteId = SiteId::from_bytes([1; 16]);
const THERE: SiteId = SiteId::from_bytes([2; 16]);

#[tokio::test]
async fn who_declines_an_ask_is_heard_in_its_own_till() {
    let app = TestApp::start().await;
    let org = app.set_up().await.1.org();
    let now = app.app.clock.now();
    let [asha, baraka, manager] = [3, 4, 5].map(|n| PersonId::from_bytes([n; 16]));
    let ask = IntentId::from_bytes([6; 16]);
    let mut tx = database::begin(&app.app.pool, org).await.unwrap();
    let stated = Stated {
        id: ask,
        seq: 100,
        site: HERE,
        by: asha,
        at: now,
    };
    let asked = StockAsked {
        package: PackageId::from_bytes([7; 16]),
        quantity: 1,
        note: None,
    };
    stock::add_ask(&mut tx, org, &stated, &asked).await.unwrap();
    let declined = StockAskDeclined {
        asked: ask,
        reason: "no".into(),
    };
    let is_declined = "select count(*) from stock_asks where declined_by is not null";
    for (till, expected) in [
        ((THERE, asha), 0_i64),
        ((HERE, baraka), 0),
        ((HERE, asha), 1),
    ] {
        stock::note_decline(&mut tx, org, till, manager, &declined)
            .await
            .unwrap();
        let count: i64 = sqlx::query_scalar(is_declined)
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        assert_eq!(count, expected, "{till:?}");
    }
}

#[tokio::test]
async fn co11_a_batch_is_undone_at_its_own_site() {
    let app = TestApp::start().await;
    let org = app.set_up().await.1.org();
    let now = app.app.clock.now();
    let batch = BatchId::from_bytes([3; 16]);
    let mut tx = database::begin(&app.app.pool, org).await.unwrap();
    let undo = |n, site| NewUndo {
        intent: IntentId::from_bytes([n; 16]),
        batch,
        site,
        person: PersonId::from_bytes([4; 16]),
        at: now,
        seq: u64::from(n),
        has_effect: true,
    };
    let made = Codes {
        batch,
        package: PackageId::from_bytes([5; 16]),
        price: Money::from_minor(1_000),
        packed: "A1\nA2".into(),
    };
    let codes = voucher::unpack(&made.packed).unwrap();
    vouchers::add_undo(&mut tx, org, &undo(100, THERE))
        .await
        .unwrap();
    let block = (HERE, BlockId::from_bytes([6; 16]));
    vouchers::add_block(&mut tx, org, block, &made, &codes, &[], 101)
        .await
        .unwrap();
    let undone = "select count(*) from vouchers where is_undone";
    let count: i64 = sqlx::query_scalar(undone)
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(count, 0);
    vouchers::add_undo(&mut tx, org, &undo(102, HERE))
        .await
        .unwrap();
    let count: i64 = sqlx::query_scalar(undone)
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(count, 2);
}
