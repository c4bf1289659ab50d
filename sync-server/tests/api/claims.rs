//! What no app of ours claims, judged by a relay that has nothing in memory: the database says what it must know.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use crdt_model::client::ClientDetails;
use crdt_model::command::{Command, DocumentWrite, fact_put};
use crdt_model::document::{Container, Document, DocumentKey, Put};
use crdt_model::fact::{
    BatchMade, BlockMade, Fact, FactBody, Leased, Replacement, Verdict, VoucherRef,
};
use crdt_model::fixture::{FixtureDetails, FixtureId};
use crdt_model::ids::{AccessPointId, AreaId, BatchId, ClientId, IntentId, RouterId, SiteId};
use crdt_model::money::Money;
use crdt_model::sync::batch::{BATCH_VERSION, Batch, BatchChange, BatchIntent};
use crdt_model::time::{Month, Timestamp};
use sync_server::database;
use sync_server::ids::new_id;
use sync_server::store::vouchers;

use crate::profile::Profile;
use crate::relay::{PRICE, Shop, wait_for_block};

/// One intent of these writes, each the first of its author in its document, pushed to a relay that has just begun.
async fn push_to_a_new_relay(shop: &Shop, by: &Profile, id: IntentId, writes: Vec<DocumentWrite>) {
    let (own, at) = (by.identity, shop.app.app.clock.now());
    let mut batch = Batch {
        version: BATCH_VERSION,
        org: own.org,
        person: own.person,
        device: own.device,
        salt: new_id(at),
        documents: writes.iter().map(|write| write.document).collect(),
        intents: Vec::new(),
    };
    let actor = batch.actor();
    let changes = (0..).zip(&writes).map(|(document, write)| {
        let written = Document::new().write(actor, at.as_seconds(), &write.puts);
        let change = written.unwrap().plain;
        BatchChange { document, change }
    });
    let changes = changes.collect();
    batch.intents.push(BatchIntent { id, at, changes });
    let body = Body::from(by.seal(&batch));
    let request = Request::post("/api/push").body(body).unwrap();
    let answer = shop.app.second_node().await.send(request).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.json());
}

fn intent(shop: &Shop) -> IntentId {
    IntentId::from_bytes(new_id(shop.app.app.clock.now()))
}

#[tokio::test]
async fn ad11_a_new_code_is_given_once_in_whatever_month() {
    let mut shop = Shop::open().await;
    let sold = shop.import(&["A1"]).await;
    let mut asha = shop.agent("asha").await;
    let mut baraka = shop.agent("baraka").await;
    shop.lease(sold, asha.person).await;
    wait_for_block(&mut asha, sold).await;
    asha.go_offline();
    shop.recall(sold, Some(baraka.person)).await;
    wait_for_block(&mut baraka, sold).await;
    baraka.sell(shop.order(1)).await;
    baraka.settle().await;
    let sale = asha.sell(shop.order(1)).await;
    asha.sync(&shop.app, shop.address).await;
    asha.until(|device| {
        let mut facts = device.replica.sheets().facts();
        facts
            .any(|(_, _, fact)| matches!(&fact.body, FactBody::Verdict(Verdict::DoubleSale { .. })))
    })
    .await;
    let spare = shop.import(&["B1", "B2"]).await;
    shop.lease(spare, asha.person).await;
    wait_for_block(&mut asha, spare).await;
    let (site, package) = (shop.site, shop.package);
    let voucher = |block, index| VoucherRef { block, index };
    let replaces = voucher(sold, 0);
    asha.run(Command::Replace {
        site,
        sale,
        replaces,
        voucher: voucher(spare, 0),
        package,
    })
    .await;
    asha.settle().await;
    let given = "select count(*) from replacements";
    assert_eq!(shop.count(given).await, 1);

    let id = intent(&shop);
    let fact = Fact {
        at: shop.app.app.clock.now().plus_millis(-31 * 86_400_000),
        since: Timestamp::ZERO,
        by: asha.person,
        body: FactBody::Replacement(Replacement {
            sale,
            replaces,
            voucher: voucher(spare, 1),
            package,
        }),
    };
    let document = DocumentKey::Till {
        site,
        person: asha.person,
        month: Month::of(fact.at),
    };
    let puts = vec![fact_put(&id.to_string(), &fact)];
    push_to_a_new_relay(&shop, &asha, id, vec![DocumentWrite { document, puts }]).await;
    assert_eq!(shop.count(given).await, 1);
    assert_eq!(shop.count("select count(*) from held_changes").await, 1);
}

#[tokio::test]
async fn ad22_a_block_of_another_site_is_named_nowhere_else() {
    let mut shop = Shop::open().await;
    let block = shop.import(&["A1", "A2"]).await;
    let mut asha = shop.agent("asha").await;
    shop.lease(block, asha.person).await;
    wait_for_block(&mut asha, block).await;
    let there = SiteId::from_bytes(new_id(shop.app.app.clock.now()));
    let own = shop.office.device.replica.stock().blocks[&block].batch;
    // By its own batch's id, and by another.
    for batch in [own, BatchId::from_bytes(new_id(shop.app.app.clock.now()))] {
        let id = intent(&shop);
        let fact = Fact {
            at: shop.app.app.clock.now(),
            since: Timestamp::ZERO,
            by: shop.office.person,
            body: FactBody::Batch(BatchMade {
                batch,
                label: "mine".into(),
                package: shop.package,
                price: Money::from_minor(PRICE),
                blocks: vec![BlockMade { block, count: 2 }],
                made_on: None,
            }),
        };
        let write = DocumentWrite {
            document: DocumentKey::Batches(there),
            puts: vec![fact_put(&id.to_string(), &fact)],
        };
        push_to_a_new_relay(&shop, &shop.office, id, vec![write]).await;
    }
    let stated = "select count(*) from changes where doc_key like 'batches/%' and author = $1";
    let mut owner = shop.app.as_owner().await;
    let by_office: i64 = sqlx::query_scalar(stated)
        .bind(uuid::Uuid::from_bytes(*shop.office.person.as_bytes()))
        .fetch_one(&mut owner)
        .await
        .unwrap();
    // The batch, and the lease that was asked for.
    assert_eq!(by_office, 2);

    // Had the relay let it in, a lease at another site would not be one here.
    let (app, me) = (&shop.app.app, asha.identity);
    let mut tx = database::begin(&app.pool, me.org).await.unwrap();
    let lease = Leased {
        block,
        turn: 99,
        person: Some(shop.office.person),
        device: Some(shop.office.identity.device),
        cause: None,
    };
    let now = app.clock.now();
    vouchers::put_lease(&mut tx, me.org, there, &lease, now)
        .await
        .unwrap();
    let leased = vouchers::leased_to(&mut tx, me.org, me.person, me.device).await;
    assert_eq!(leased.unwrap(), [(shop.site, block)]);
}

#[tokio::test]
async fn ad23_a_known_record_is_not_begun_again_elsewhere() {
    let mut shop = Shop::open().await;
    let asha = shop.agent("asha").await;
    let new = || new_id(shop.app.app.clock.now());
    let (site, client, there) = (
        shop.site,
        ClientId::from_bytes(new()),
        SiteId::from_bytes(new()),
    );
    let fixtures = [
        FixtureId::Router(RouterId::from_bytes(new())),
        FixtureId::AccessPoint(AccessPointId::from_bytes(new())),
        FixtureId::Area(AreaId::from_bytes(new())),
    ];
    let details = ClientDetails {
        name: "Neema".into(),
        ..ClientDetails::default()
    };
    let register = Command::RegisterClient {
        client,
        site,
        details,
    };
    shop.office.run(register).await;
    for fixture in fixtures {
        let to = FixtureDetails {
            name: "Tower".into(),
            ..FixtureDetails::default()
        };
        let from = None;
        shop.office
            .run(Command::PutFixture {
                site,
                fixture,
                from,
                to,
            })
            .await;
    }
    shop.office.settle().await;

    let named = |key: String| Put {
        container: Container::Records,
        key,
        value: "mine".into(),
    };
    let own = DocumentKey::Clients {
        site,
        owner: asha.person,
        part: 0,
    };
    let write = DocumentWrite {
        document: own,
        puts: vec![named(format!("client/{client}/name"))],
    };
    push_to_a_new_relay(&shop, &asha, intent(&shop), vec![write]).await;
    for id in fixtures {
        let write = DocumentWrite {
            document: DocumentKey::Site(there),
            puts: vec![named(format!("{id}/name"))],
        };
        push_to_a_new_relay(&shop, &shop.office, intent(&shop), vec![write]).await;
    }
    for kept in [
        "select count(*) from clients where name = 'Neema'",
        "select count(*) from routers where name = 'Tower'",
        "select count(*) from access_points where name = 'Tower'",
        "select count(*) from areas where name = 'Tower'",
    ] {
        assert_eq!(shop.count(kept).await, 1, "{kept}");
    }
    let written = "select count(*) from changes where doc_key = 'site/' || $1 or doc_key = $2";
    let mut owner = shop.app.as_owner().await;
    let written: i64 = sqlx::query_scalar(written)
        .bind(there.to_string())
        .bind(own.to_string())
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(written, 0);
}
