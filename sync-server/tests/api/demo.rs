//! The demo organisation, in small: what its devices wrote is what SQL counts, and everybody can sign in.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use crdt_model::fact::{FactBody, Verdict, VoucherRef};
use crdt_model::ids::IntentId;
use crdt_model::sale::{self, SellOrder};
use serde_json::json;
use sync_server::database;
use sync_server::demo::{self, Demo, Plan};
use sync_server::store::audit;

use crate::helpers::{Browser, TestApp};
use crate::profile::{Profile, listen};

/// One demo for all of it: making one takes seconds.
#[tokio::test]
async fn the_demo_is_an_organisation_like_any_other() {
    let app = TestApp::start().await;
    let demo = demo::open(&app.app.pool, app.app.clock.now(), &Plan::SMALL)
        .await
        .unwrap();
    the_books_are_what_the_devices_wrote(&app, &demo).await;
    nothing_happened_but_what_was_planned(&app).await;
    everybody_signs_in(&app, &demo).await;
    a_seller_sells_at_once(&app, &demo).await;
    another_start_finds_it_as_it_is(&app, &demo).await;
}

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    let mut owner = app.as_owner().await;
    sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap()
}

async fn the_books_are_what_the_devices_wrote(app: &TestApp, demo: &Demo) {
    let address = listen(app).await;
    let (browser, _) = app.sign_in("asha", &demo.password).await;
    let mut office = Profile::register(app, browser).await;
    office.sync(app, address).await;
    let replica = &office.device.replica;
    let sheets = replica.sheets();

    // The books of the office and those of SQL.
    let sales = sale::sales(sheets);
    let total: i64 = sales.iter().map(|entry| entry.sale.total().minor()).sum();
    assert!(sales.len() > 50, "{} sales", sales.len());
    assert_eq!(
        count(app, "select count(*) from sales").await,
        sales.len() as i64
    );
    assert_eq!(
        count(app, "select sum(total_minor)::bigint from sales").await,
        total
    );
    let lines: usize = sales.iter().map(|entry| entry.sale.lines.len()).sum();
    assert_eq!(
        count(app, "select count(*) from sale_lines").await,
        lines as i64
    );

    // A voucher is sold once, or a verdict names its sales.
    let mut sold: BTreeMap<VoucherRef, Vec<IntentId>> = BTreeMap::new();
    for entry in &sales {
        for line in &entry.sale.lines {
            sold.entry(line.voucher).or_default().push(entry.id);
        }
    }
    let twice: Vec<VoucherRef> = sold
        .iter()
        .filter(|(_, sales)| sales.len() > 1)
        .map(|(voucher, _)| *voucher)
        .collect();
    let mut judged: Vec<VoucherRef> = sheets
        .facts()
        .filter_map(|(_, _, fact)| match &fact.body {
            FactBody::Verdict(Verdict::DoubleSale { voucher, .. }) => Some(*voucher),
            _ => None,
        })
        .collect();
    judged.sort();
    judged.dedup();
    assert_eq!(twice, judged);
    assert_eq!(twice.len(), 1, "one double sale is planned");
}

/// What waits, what was decided, and who there is.
async fn nothing_happened_but_what_was_planned(app: &TestApp) {
    for (sql, expected) in [
        (
            "select count(*) from held_changes where decision is null",
            1,
        ),
        (
            "select count(*) from held_changes where decision = 'accepted'",
            1,
        ),
        (
            "select count(*) from held_changes where decision = 'declined'",
            1,
        ),
        (
            "select count(*) from verdicts where kind = 'duplicate_codes'",
            1,
        ),
        (
            "select count(*) from verdicts where kind = 'duplicate_receipt'",
            0,
        ),
        (
            "select count(*) from hand_overs where ended_how = 'taken'",
            2,
        ),
        ("select count(*) from hand_overs where ended_how is null", 1),
        (
            "select count(*) from stock_asks where ended_how = 'declined'",
            1,
        ),
        // From an old router's export: as the wrong package, undone, and again.
        (
            "select count(distinct batch_id) from vouchers join blocks using (org_id, block_id) where is_undone",
            1,
        ),
        ("select count(*) from batches where made_on is not null", 2),
        ("select count(*) from sites where place is not null", 6),
        ("select count(*) from packages", 6),
        ("select count(distinct role) from grants", 11),
        ("select count(*) from people where not active", 1),
    ] {
        assert_eq!(count(app, sql).await, expected, "{sql}");
    }
    let mut tx = database::begin(&app.app.pool, demo::ORG).await.unwrap();
    assert_eq!(audit::find_break(&mut tx, demo::ORG).await.unwrap(), None);
}

async fn everybody_signs_in(app: &TestApp, demo: &Demo) {
    for person in &demo.sign_ins {
        let mut browser = Browser::default();
        let body = json!({ "login": person.login, "password": demo.password });
        let answer = browser.post(app, "/api/sign-in", body).await;
        // He left.
        let expected = match person.login {
            "peter" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::OK,
        };
        assert_eq!(answer.status, expected, "{}", person.login);
    }
}

async fn a_seller_sells_at_once(app: &TestApp, demo: &Demo) {
    let address = listen(app).await;
    let (browser, _) = app.sign_in("baraka", &demo.password).await;
    let mut seller = Profile::register(app, browser).await;
    seller.sync(app, address).await;
    let stock = seller.device.replica.stock();
    let block = stock
        .mine()
        .find(|block| stock.free(block).next().is_some())
        .unwrap()
        .clone();
    let sold = seller
        .sell(SellOrder {
            site: block.site,
            package: block.package,
            price: block.price,
            quantity: 1,
            method: crdt_model::fact::PaymentMethod::Cash,
            reference: None,
            client: sale::Buyer::WalkIn,
        })
        .await;
    seller.settle().await;
    assert!(seller.device.replica.pending(sold).is_none());
}

async fn another_start_finds_it_as_it_is(app: &TestApp, demo: &Demo) {
    let before = count(app, "select max(seq) from changes").await;
    let again = demo::open(&app.app.pool, app.app.clock.now(), &Plan::SMALL).await;
    assert_eq!(&again.unwrap(), demo);
    assert_eq!(count(app, "select max(seq) from changes").await, before);
}

#[tokio::test]
async fn a_real_organisation_gets_no_demo() {
    let app = TestApp::start().await;
    app.set_up().await;
    let refused = demo::open(&app.app.pool, app.app.clock.now(), &Plan::SMALL).await;
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("real organisation")
    );
    assert_eq!(count(&app, "select count(*) from organisations").await, 1);
    assert_eq!(count(&app, "select count(*) from credentials").await, 1);
}
