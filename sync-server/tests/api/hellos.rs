//! What the relay does before and in its Welcome: tickets, blocks that wait, what is to be compared.

use crdt_model::codec;
use crdt_model::command::Command;
use crdt_model::document::DocumentKey;
use crdt_model::money::Money;
use crdt_model::package;
use crdt_model::sync::message::{CloseReason, DeviceMessage, PROTOCOL, RelayMessage};
use futures::SinkExt;
use sync_server::store::SqlId;

use crate::frames::{binary, ending, hear, hello};
use crate::profile::{self, Profile, Socket};
use crate::relay::{Shop, wait_for_block};

/// Says hello with a fresh ticket, trusting nothing.
async fn greet(shop: &Shop, who: &mut Profile) -> Socket {
    let ticket = who.ticket(&shop.app).await;
    let mut socket = profile::open(shop.address).await;
    let greeting = binary(&hello(PROTOCOL, &ticket));
    socket.send(greeting).await.unwrap();
    socket
}

#[tokio::test]
async fn hs3_an_old_ticket_and_a_revoked_device_are_not_let_in() {
    let mut shop = Shop::open().await;
    let mut asha = shop.agent("asha").await;
    asha.go_offline();
    for (wait, why) in [(59_999, None), (60_000, Some(CloseReason::BadTicket))] {
        let ticket = asha.ticket(&shop.app).await;
        shop.app.app.clock.advance_millis(wait);
        let mut socket = profile::open(shop.address).await;
        let greeting = binary(&hello(PROTOCOL, &ticket));
        socket.send(greeting).await.unwrap();
        match why {
            None => assert!(matches!(
                hear(&mut socket).await,
                RelayMessage::Welcome { .. }
            )),
            Some(why) => {
                let expected = (Some(why), Some(why.close_code()));
                assert_eq!(ending(&mut socket).await, expected);
            }
        }
    }
    let ticket = asha.ticket(&shop.app).await;
    shop.revoke(&asha).await;
    let mut socket = profile::open(shop.address).await;
    let greeting = binary(&hello(PROTOCOL, &ticket));
    socket.send(greeting).await.unwrap();
    let expected = (Some(CloseReason::DeviceRevoked), Some(4004));
    assert_eq!(ending(&mut socket).await, expected);
}

#[tokio::test]
async fn hs6_blocks_that_wait_are_bound_before_welcome() {
    let mut shop = Shop::open().await;
    let block = shop.import(&["A1"]).await;
    let (person, browser) = shop.hire("asha").await;
    shop.lease(block, person).await;
    let unbound = "select count(*) from leases where device_id is null";
    assert_eq!(shop.count(unbound).await, 1);
    let mut asha = Profile::register(&shop.app, browser.clone()).await;
    let mut other = Profile::register(&shop.app, browser).await;
    assert_eq!(shop.count(unbound).await, 1, "to nobody who said no hello");
    let rows = shop.count("select head_seq from organisations").await;

    let mut socket = greet(&shop, &mut asha).await;
    let RelayMessage::Welcome { head, .. } = hear(&mut socket).await else {
        panic!("no welcome")
    };
    // With the lease in the batches and beside the block.
    assert_eq!(head, u64::try_from(rows).unwrap() + 2);
    let mut owner = shop.app.as_owner().await;
    let holder: sqlx::types::Uuid = sqlx::query_scalar("select device_id from leases")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(holder, asha.identity.device.sql());
    // Its codes are for that device alone.
    asha.sync(&shop.app, shop.address).await;
    wait_for_block(&mut asha, block).await;
    other.sync(&shop.app, shop.address).await;
    assert_eq!(other.device.replica.stock().mine().count(), 0);
}

#[tokio::test]
async fn co7_a_block_goes_to_the_device_seen_last() {
    let mut shop = Shop::open().await;
    let mut first = shop.agent("asha").await;
    shop.app.app.clock.advance_millis(1_000);
    let mut second = Profile::register(&shop.app, first.browser.clone()).await;
    second.sync(&shop.app, shop.address).await;
    let one = shop.import(&["A1"]).await;
    shop.lease(one, first.person).await;
    wait_for_block(&mut second, one).await;
    // Seen again: a ticket is asked for.
    shop.app.app.clock.advance_millis(1_000);
    first.go_offline();
    first.sync(&shop.app, shop.address).await;
    let two = shop.import(&["B1"]).await;
    shop.lease(two, first.person).await;
    wait_for_block(&mut first, two).await;
    // Revoked ones are left out.
    shop.revoke(&first).await;
    let three = shop.import(&["C1"]).await;
    shop.lease(three, first.person).await;
    wait_for_block(&mut second, three).await;
    let held = second.device.replica.stock().mine().count();
    assert_eq!(held, 2);
}

#[tokio::test]
async fn dg3_both_ends_make_the_same_digest_of_what_they_share() {
    let mut shop = Shop::open().await;
    shop.import(&["A1", "A2"]).await;
    let mut other = Profile::register(&shop.app, shop.office.browser.clone()).await;
    other.sync(&shop.app, shop.address).await;
    // Two edits at once, so that a document has two heads.
    other.go_offline();
    shop.office.go_offline();
    for (office, price) in [(&mut shop.office, 6_000), (&mut other, 7_000)] {
        let catalog = office.device.replica.sheets().get(&DocumentKey::Catalog);
        let mut details = package::package(catalog, shop.package).unwrap().details;
        details.price = Money::from_minor(price);
        let package = shop.package;
        office.run(Command::EditPackage { package, details }).await;
    }
    shop.office.sync(&shop.app, shop.address).await;
    other.sync(&shop.app, shop.address).await;
    let heads = other.device.replica.heads(&DocumentKey::Catalog);
    assert_eq!(heads.map(<[_]>::len), Some(2));
    other.go_offline();
    let mut socket = greet(&shop, &mut other).await;
    assert!(matches!(
        hear(&mut socket).await,
        RelayMessage::Welcome {
            send_digest: true,
            ..
        }
    ));
    let digest = other.device.replica.digest();
    let documents = digest
        .into_iter()
        .map(|(id, heads)| (id, heads.to_vec().into()));
    let digest = DeviceMessage::Digest {
        documents: documents.collect(),
        more: false,
    };
    socket.send(binary(&digest)).await.unwrap();
    let answer = hear(&mut socket).await;
    let is_synced = matches!(answer, RelayMessage::Synced { .. });
    assert!(is_synced, "{} bytes differ", codec::encode(&answer).len());
}
