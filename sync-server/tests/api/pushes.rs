//! What a push is: one transaction, answered after its COMMIT, whoever carried it.

use axum::http::StatusCode;
use crdt_model::command::Command;
use crdt_model::document::DocumentKey;
use crdt_model::replica::PendingState;
use crdt_model::sync::message::{CloseReason, Disposition, PROTOCOL, RelayMessage};
use futures::SinkExt;
use sqlx::AssertSqlSafe;
use sync_server::store::SqlId;

use crate::frames::{binary, hear, hello, push};
use crate::profile::{self, Profile};
use crate::relay::{Shop, wait_for_block};

const FAIL: &str = "create function fail() returns trigger language plpgsql
    as $$ begin raise exception 'as planned'; end $$";

/// As the owner of the tables.
async fn run(shop: &Shop, sql: &str) {
    let mut owner = shop.app.as_owner().await;
    let sql = AssertSqlSafe(sql.to_owned());
    sqlx::raw_sql(sql).execute(&mut owner).await.unwrap();
}

/// How much there is of everything that a push may write.
async fn sizes(shop: &Shop) -> String {
    let mut owner = shop.app.as_owner().await;
    let head = "select head_seq::text from organisations";
    let head: String = sqlx::query_scalar(head)
        .fetch_one(&mut owner)
        .await
        .unwrap();
    let mut sizes = vec![head];
    for table in [
        "changes",
        "documents",
        "sales",
        "sale_lines",
        "voucher_sales",
        "verdicts",
        "leases",
        "held_changes",
        "audit",
    ] {
        let sql = AssertSqlSafe(format!("select count(*) from {table}"));
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap();
        sizes.push(format!("{table} {count}"));
    }
    sizes.join(", ")
}

/// The batch comes to nothing when any of these tables cannot be written, and to all when they can.
async fn is_one_transaction(shop: &Shop, sealed: &[u8], tables: &[&str]) {
    let before = sizes(shop).await;
    for table in tables {
        run(
            shop,
            &format!(
                "create trigger fails before insert or update on {table} for each row execute function fail()"
            ),
        )
        .await;
        let answer = shop.post(sealed).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{table}");
        assert_eq!(sizes(shop).await, before, "{table}");
        run(shop, &format!("drop trigger fails on {table}")).await;
    }
    assert_eq!(shop.post(sealed).await.status, StatusCode::OK);
    assert_ne!(sizes(shop).await, before);
}

#[tokio::test]
async fn ad16_a_batch_and_all_that_follows_are_one_transaction() {
    let mut shop = Shop::open().await;
    run(&shop, FAIL).await;
    let (mut asha, block) = shop.agent_with(&["A1", "A2"]).await;
    let mut baraka = shop.agent("baraka").await;
    shop.recall(block, Some(baraka.person)).await;
    wait_for_block(&mut baraka, block).await;
    baraka.sell(shop.order(1)).await;
    baraka.settle().await;
    // A double sale: a row, the read-model, verdicts.
    asha.sell(shop.order(1)).await;
    let sealed = asha.sealed.clone().unwrap();
    let tables = [
        "changes",
        "documents",
        "organisations",
        "sales",
        "sale_lines",
        "voucher_sales",
        "verdicts",
    ];
    is_one_transaction(&shop, &sealed, &tables).await;
    assert_eq!(shop.totals().await.2, 1);
    // A hold.
    shop.revoke(&asha).await;
    asha.sell(shop.order(1)).await;
    let sealed = asha.sealed.clone().unwrap();
    is_one_transaction(&shop, &sealed, &["changes", "verdicts", "held_changes"]).await;
    // A request and the lease that follows.
    shop.office.go_offline();
    let command = Command::RecallBlock {
        site: shop.site,
        block,
        to: None,
        reason: "gone".into(),
    };
    shop.office.run(command).await;
    let sealed = shop.office.sealed.clone().unwrap();
    is_one_transaction(&shop, &sealed, &["changes", "leases"]).await;
}

#[tokio::test]
async fn pu7_whoever_carries_a_batch_its_signer_is_the_author() {
    let mut shop = Shop::open().await;
    let (mut asha, _) = shop.agent_with(&["A1", "A2"]).await;
    asha.sell(shop.order(1)).await;
    let sealed = asha.sealed.clone().unwrap();
    let socket = shop.office.socket.as_mut().unwrap();
    socket.send(push(7, sealed)).await.unwrap();
    // Who carried it hears of it by the log, as of everybody's.
    let till = |key: &DocumentKey| matches!(key, DocumentKey::Till { .. });
    shop.office
        .until(|device| device.replica.sheets().facts().any(|(key, ..)| till(key)))
        .await;
    let mut owner = shop.app.as_owner().await;
    let authors: Vec<(sqlx::types::Uuid, sqlx::types::Uuid)> =
        sqlx::query_as("select author, device_id from changes where doc_key like 'till/%'")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    let own = asha.identity;
    assert_eq!(authors, [(own.person.sql(), own.device.sql())]);
    asha.sync(&shop.app, shop.address).await;
    assert_eq!(asha.device.replica.outbox().count(), 0);
    assert_eq!(shop.totals().await.0, 1);
    // Nor does it lend its carrier's rights.
    asha.go_offline();
    let grants = Vec::new();
    let person = asha.person;
    let command = Command::SetGrants { person, grants };
    shop.office.run(command).await;
    shop.office.settle().await;
    asha.sell(shop.order(1)).await;
    let sealed = asha.sealed.clone().unwrap();
    let socket = shop.office.socket.as_mut().unwrap();
    socket.send(push(8, sealed)).await.unwrap();
    shop.office
        .until(|device| {
            let keys = device.replica.document_keys();
            keys.filter(|key| matches!(key, DocumentKey::VerdictTill { .. }))
                .count()
                == 1
        })
        .await;
    let held = "select count(*) from held_changes where reason = 'not_allowed'";
    assert_eq!((shop.count(held).await, shop.totals().await.0), (1, 1));
}

/// The beginnings of the hashes of what waits, in the order in which it is pushed.
fn hashes(profile: &Profile) -> Vec<Vec<u8>> {
    let batch = profile.device.replica.next_batch().unwrap();
    let full = batch.expand().unwrap();
    full.hashes().map(|hash| hash[..8].to_vec()).collect()
}

#[tokio::test]
async fn pu8_an_ack_names_the_push_and_each_change_in_its_order() {
    let mut shop = Shop::open().await;
    let (mut asha, _) = shop.agent_with(&["A1", "A2"]).await;
    asha.sell(shop.order(1)).await;
    asha.sell(shop.order(1)).await;
    let expected = hashes(&asha);
    assert_eq!(expected.len(), 2);
    let sealed = asha.sealed.clone().unwrap();
    let ticket = asha.ticket(&shop.app).await;
    let mut socket = profile::open(shop.address).await;
    let greeting = binary(&hello(PROTOCOL, &ticket));
    socket.send(greeting).await.unwrap();
    assert!(matches!(
        hear(&mut socket).await,
        RelayMessage::Welcome {
            send_digest: true,
            ..
        }
    ));
    // While the relay waits for a digest (DG8).
    for number in [41, 7] {
        socket.send(push(number, sealed.clone())).await.unwrap();
        let RelayMessage::Ack {
            number: of,
            results,
        } = hear(&mut socket).await
        else {
            panic!("no ack")
        };
        assert_eq!(of, number);
        let (named, answers): (Vec<_>, Vec<_>) = results
            .into_iter()
            .map(|(hash, answer)| (hash.into_vec(), answer))
            .unzip();
        assert_eq!(named, expected);
        assert_eq!(answers, [Disposition::Accepted; 2]);
    }
}

#[tokio::test]
async fn pu8_what_cannot_be_committed_is_not_acknowledged() {
    let mut shop = Shop::open().await;
    run(&shop, FAIL).await;
    let (mut asha, _) = shop.agent_with(&["A1"]).await;
    asha.sync(&shop.app, shop.address).await;
    // Everything goes well up to COMMIT.
    let deferred = "create constraint trigger fails after insert on changes
        deferrable initially deferred for each row execute function fail()";
    run(&shop, deferred).await;
    let before = sizes(&shop).await;
    let sold = asha.sell(shop.order(1)).await;
    assert_eq!(asha.until_closed().await, Some(CloseReason::StoreAway));
    assert_eq!(sizes(&shop).await, before);
    let state = &asha.device.replica.pending(sold).unwrap().state;
    assert_eq!(*state, PendingState::Waiting);
    run(&shop, "drop trigger fails on changes").await;
    asha.sync(&shop.app, shop.address).await;
    assert_eq!(asha.device.replica.pending(sold), None);
    assert_eq!(shop.totals().await.0, 1);
}
