//! A browser that lost its signing key: a new device that takes the place of the old one, with its blocks.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crdt_model::ids::BlockId;
use serde_json::{Value, json};

use crate::helpers::TestApp;
use crate::profile::Profile;
use crate::relay::{Shop, wait_for_block};

fn secret(byte: u8) -> String {
    BASE64_STANDARD.encode([byte; 32])
}

fn known_by(byte: u8) -> Value {
    json!({ "recovery": secret(byte) })
}

fn in_place_of(profile: &Profile, byte: u8) -> Value {
    json!({ "recovery": secret(byte), "replaces": profile.identity.device.to_string() })
}

/// A shop whose agent holds a block on a device that left the hash of its secret.
async fn shop_with_agent() -> (Shop, Profile, BlockId) {
    let mut shop = Shop::open_on(TestApp::start().await).await;
    let block = shop.import(&["A1", "A2", "A3"]).await;
    let first = shop.agent("asha").await;
    // A lease goes to the device that was seen last.
    shop.app.app.clock.advance_millis(1_000);
    let mut asha = Profile::register_as(&shop.app, first.browser.clone(), known_by(1)).await;
    asha.sync(&shop.app, shop.address).await;
    shop.lease(block, asha.person).await;
    wait_for_block(&mut asha, block).await;
    (shop, asha, block)
}

#[tokio::test]
async fn co10_a_device_that_shows_the_secret_takes_the_place_of_another() {
    let (mut shop, mut asha, block) = shop_with_agent().await;
    let sold = asha.sell(shop.order(1)).await;
    asha.settle().await;
    asha.go_offline();

    let mut anew =
        Profile::register_as(&shop.app, asha.browser.clone(), in_place_of(&asha, 1)).await;
    anew.sync(&shop.app, shop.address).await;
    wait_for_block(&mut anew, block).await;
    let stock = anew.device.replica.stock();
    let left = stock.mine().flat_map(|block| stock.free(block)).count();
    assert_eq!(left, 2, "{sold} is not sold again");
    anew.sell(shop.order(2)).await;
    anew.settle().await;
    assert_eq!(shop.totals().await, (2, 15_000, 0));
    let judged = "select count(*) from verdicts";
    assert_eq!(shop.count(judged).await, 0);
    let told = "select count(*) from audit where action = 'DeviceReplaced'";
    assert_eq!(shop.count(told).await, 1);

    // What the lost one still sends is kept and judged, as from anybody who does not hold the block.
    let mut lost = asha.copy();
    lost.sell(shop.order(1)).await;
    lost.sync(&shop.app, shop.address).await;
    shop.office.settle().await;
    assert_eq!(shop.totals().await, (3, 20_000, 1));
}

#[tokio::test]
async fn co10_without_the_secret_nothing_moves() {
    let (shop, asha, block) = shop_with_agent().await;
    let others = [
        in_place_of(&asha, 2),
        json!({ "replaces": asha.identity.device.to_string() }),
        known_by(1),
    ];
    for other in others {
        let mut thief = Profile::register_as(&shop.app, asha.browser.clone(), other).await;
        thief.sync(&shop.app, shop.address).await;
        assert!(
            !thief
                .device
                .replica
                .stock()
                .mine()
                .any(|mine| mine.id == block)
        );
    }
    let moved = "select count(*) from devices where replaced_by is not null";
    assert_eq!(shop.count(moved).await, 0);
    let mut browser = asha.browser.clone();
    let bad = json!({ "public_key": asha.key.public(), "recovery": "AAAA" });
    let refused = browser.post(&shop.app, "/api/devices", bad).await;
    assert_eq!(refused.problem(), "invalid");
}

#[tokio::test]
async fn co10_another_person_and_a_revoked_device_have_no_place_to_give() {
    let (mut shop, asha, block) = shop_with_agent().await;
    let baraka = shop.agent("baraka").await;
    let mut taken =
        Profile::register_as(&shop.app, baraka.browser.clone(), in_place_of(&asha, 1)).await;
    taken.sync(&shop.app, shop.address).await;
    assert!(
        !taken
            .device
            .replica
            .stock()
            .mine()
            .any(|mine| mine.id == block)
    );

    shop.revoke(&asha).await;
    let mut anew =
        Profile::register_as(&shop.app, asha.browser.clone(), in_place_of(&asha, 1)).await;
    anew.sync(&shop.app, shop.address).await;
    assert!(
        !anew
            .device
            .replica
            .stock()
            .mine()
            .any(|mine| mine.id == block)
    );
}
