//! Hand-overs and asks for stock with real devices: the codes move when both sides have spoken, and SQL has the history.

use axum::http::StatusCode;
use crdt_model::command::{Command, fact_put};
use crdt_model::document::{Document, DocumentKey};
use crdt_model::fact::{Fact, FactBody, HandOverGiven, HandOverTaken, StockAsked};
use crdt_model::hand_over::{HandOvers, give};
use crdt_model::ids::{BlockId, IntentId, PersonId, SiteId};
use crdt_model::money::Money;
use crdt_model::stock_ask::asks;
use crdt_model::sync::batch::{BATCH_VERSION, Batch, BatchChange, BatchIntent};
use crdt_model::time::{Month, Timestamp};
use sync_server::ids::new_id;

use crate::profile::Profile;
use crate::relay::{PRICE, Shop, wait_for_block};

async fn give_away(shop: &Shop, giver: &mut Profile, to: Option<PersonId>) -> IntentId {
    let stock = giver.device.replica.stock();
    let given = give(&stock, stock.held().next().unwrap(), to).unwrap();
    let site = shop.site;
    giver.run(Command::GiveBlock { site, given }).await
}

async fn take(site: SiteId, taker: &mut Profile, given: IntentId, from: &Profile) {
    let known = HandOvers::fold(from.device.replica.sheets());
    let taken = HandOverTaken {
        code: known.all[&given].code(),
        from: None,
    };
    taker.run(Command::TakeBlock { site, taken }).await;
}

fn has(profile: &Profile, block: BlockId) -> bool {
    let stock = profile.device.replica.stock();
    stock
        .blocks
        .get(&block)
        .is_some_and(|block| block.codes.is_some())
}

#[tokio::test]
async fn ho1_a_block_goes_from_phone_to_phone_and_back_to_the_office() {
    let mut shop = Shop::open().await;
    let block = shop.import(&["A1", "A2", "A3"]).await;
    let mut asha = shop.agent("asha").await;
    let mut baraka = shop.agent("baraka").await;
    shop.lease(block, asha.person).await;
    wait_for_block(&mut asha, block).await;

    // Neither has signal; the code goes from mouth to mouth. The taker is heard first.
    asha.go_offline();
    baraka.go_offline();
    asha.sell(shop.order(1)).await;
    let given = give_away(&shop, &mut asha, Some(baraka.person)).await;
    take(shop.site, &mut baraka, given, &asha).await;
    baraka.sync(&shop.app, shop.address).await;
    assert!(!has(&baraka, block));
    asha.sync(&shop.app, shop.address).await;
    wait_for_block(&mut baraka, block).await;
    asha.until(|device| !device.replica.stock().blocks.contains_key(&block))
        .await;
    let stock = baraka.device.replica.stock();
    let (held, left) = stock
        .held()
        .map(|block| (block, stock.free(block).count()))
        .next()
        .unwrap();
    assert_eq!((held.id, left), (block, 2));
    baraka.sell(shop.order(2)).await;
    baraka.settle().await;
    assert_eq!(shop.totals().await.2, 0);

    // A return, confirmed by the office.
    let given = give_away(&shop, &mut baraka, None).await;
    baraka.settle().await;
    shop.office
        .until(|device| {
            HandOvers::fold(device.replica.sheets())
                .all
                .contains_key(&given)
        })
        .await;
    take(shop.site, &mut shop.office, given, &baraka).await;
    shop.office.settle().await;
    baraka
        .until(|device| !device.replica.stock().blocks.contains_key(&block))
        .await;
    let taken =
        "select count(*) from hand_overs where ended_how = 'taken' and taken_by is not null";
    assert_eq!(shop.count(taken).await, 2);
    // Asha, Baraka, the office.
    assert_eq!(shop.count("select count(*) from lease_turns").await, 3);
    let causes = "select count(*) from lease_turns join hand_overs h on h.given_id = cause_id";
    assert_eq!(shop.count(causes).await, 2);
    let audited = "select count(*) from audit where action = 'BlockHandedOver'";
    assert_eq!(shop.count(audited).await, 2);
}

#[tokio::test]
async fn ho8_an_ask_is_met_or_declined_and_its_author_hears_of_it() {
    let mut shop = Shop::open().await;
    let block = shop.import(&["A1"]).await;
    let mut asha = shop.agent("asha").await;
    let (site, package) = (shop.site, shop.package);
    let ask = |quantity| Command::AskForStock {
        site,
        asked: StockAsked {
            package,
            quantity,
            note: Some("for the weekend".into()),
        },
    };
    let first = asha.run(ask(20)).await;
    asha.settle().await;
    shop.lease(block, asha.person).await;
    let is_over = |device: &crdt_model::sync::device::Device, id: IntentId| {
        let asks = asks(device.replica.sheets());
        asks.iter().any(|ask| ask.id == id && ask.ended.is_some())
    };
    asha.until(|device| is_over(device, first)).await;

    let second = asha.run(ask(30)).await;
    asha.settle().await;
    shop.office
        .until(|device| {
            asks(device.replica.sheets())
                .iter()
                .any(|ask| ask.id == second)
        })
        .await;
    let found = asks(shop.office.device.replica.sheets());
    let till = found.iter().find(|ask| ask.id == second).unwrap().till;
    let decline = Command::DeclineAsk {
        till,
        asked: second,
        reason: "none until Monday".into(),
    };
    shop.office.run(decline).await;
    shop.office.settle().await;
    asha.until(|device| is_over(device, second)).await;
    let met = "select count(*) from stock_asks where ended_how = 'met' and block_id is not null";
    assert_eq!(shop.count(met).await, 1);
    let declined = "select count(*) from stock_asks where ended_how = 'declined' and declined_reason = 'none until Monday'";
    assert_eq!(shop.count(declined).await, 1);
}

/// One intent that is a hand-over in the till of one month and an ask in that of another, which no app of ours writes.
/// Returns the intent, and the till with the ask.
async fn give_and_ask(shop: &Shop, agent: &Profile, block: BlockId) -> (IntentId, DocumentKey) {
    let now = shop.app.app.clock.now();
    let id = IntentId::from_bytes(new_id(now));
    let own = agent.identity;
    let mut batch = Batch {
        version: BATCH_VERSION,
        org: own.org,
        person: own.person,
        device: own.device,
        salt: *id.as_bytes(),
        documents: Vec::new(),
        intents: Vec::new(),
    };
    let given = FactBody::HandOverGiven(HandOverGiven {
        block,
        turn: 1,
        to: None,
        package: shop.package,
        price: Money::from_minor(PRICE),
        left: 1,
    });
    let asked = FactBody::StockAsked(StockAsked {
        package: shop.package,
        quantity: 1,
        note: None,
    });
    let last_month = now.plus_millis(-31 * 24 * 60 * 60_000);
    let mut changes = Vec::new();
    for (document, (body, at)) in (0_u16..).zip([(given, now), (asked, last_month)]) {
        batch.documents.push(DocumentKey::Till {
            site: shop.site,
            person: own.person,
            month: Month::of(at),
        });
        let fact = Fact {
            at,
            since: Timestamp::ZERO,
            by: own.person,
            body,
        };
        let put = fact_put(&id.to_string(), &fact);
        let written = Document::new().write(batch.actor(), at.as_seconds(), &[put]);
        let change = written.unwrap().plain;
        changes.push(BatchChange { document, change });
    }
    let till = batch.documents[1];
    let at = now;
    batch.intents.push(BatchIntent { id, at, changes });
    let answer = shop.post(&agent.seal(&batch)).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.json());
    (id, till)
}

async fn endings(shop: &Shop) -> (Option<String>, Option<String>) {
    let mut owner = shop.app.as_owner().await;
    let last =
        "select h.ended_how, a.ended_how from hand_overs h join stock_asks a on ask_id = given_id
        order by h.seq desc limit 1";
    sqlx::query_as(last).fetch_one(&mut owner).await.unwrap()
}

#[tokio::test]
async fn what_gave_a_hand_over_and_an_ask_one_id_stops_nobody() {
    let mut shop = Shop::open().await;
    let asha = shop.agent("asha").await;
    let mut blocks = Vec::new();
    for name in ["A1", "B1", "C1"] {
        let block = shop.import(&[name]).await;
        shop.lease(block, asha.person).await;
        blocks.push(block);
    }

    give_and_ask(&shop, &asha, blocks[0]).await;
    assert_eq!(endings(&shop).await, (None, None));
    shop.recall(blocks[0], None).await;
    assert_eq!(endings(&shop).await, (Some("overtaken".into()), None));

    give_and_ask(&shop, &asha, blocks[1]).await;
    let another = shop.import(&["D1"]).await;
    shop.lease(another, asha.person).await;
    assert_eq!(endings(&shop).await, (None, Some("met".into())));

    let (asked, till) = give_and_ask(&shop, &asha, blocks[2]).await;
    let is_known = |device: &crdt_model::sync::device::Device| {
        let asks = asks(device.replica.sheets());
        asks.iter().any(|ask| ask.id == asked)
    };
    shop.office.until(is_known).await;
    let reason = "none until Monday".into();
    let decline = Command::DeclineAsk {
        till,
        asked,
        reason,
    };
    shop.office.run(decline).await;
    shop.office.settle().await;
    assert_eq!(endings(&shop).await, (None, Some("declined".into())));
}
