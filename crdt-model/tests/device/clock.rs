//! Phones whose clocks are wrong by years, while nobody can tell them.

use crdt_model::client::{ClientDetails, index::ClientIndex};
use crdt_model::command::fact_put;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{Fact, FactBody, PaymentMethod, Sale};
use crdt_model::ids::{ClientId, IntentId};
use crdt_model::money::Money;
use crdt_model::sale::{self, Buyer, SellOrder};
use crdt_model::time::{Month, Timestamp};

use crate::shop::{NOW, Shop};

/// Eleven years.
const FALLEN_BACK: i64 = 11 * 365 * 86_400_000;

#[test]
fn hs10_nothing_is_stated_before_the_last_contact() {
    let mut shop = Shop::new();
    let commit = shop.replica.contact(NOW.plus_millis(90_000), NOW, false);
    shop.replica.stored(commit.number);
    let heard = NOW.plus_millis(90_000);
    let mut last = Timestamp::ZERO;
    for second in 0..3 {
        let now = NOW.plus_millis(second * 1_000 - FALLEN_BACK);
        let order = SellOrder {
            client: Buyer::New(ClientDetails {
                name: format!("Juma {second}"),
                ..ClientDetails::default()
            }),
            ..shop.order()
        };
        let (id, commit) = shop.replica.sell(order, now, &mut shop.rng).unwrap();
        shop.replica.stored(commit.number);
        let client = shop.sale(id).client.unwrap();
        let intent = &shop.replica.pending(id).unwrap().intent;
        // Each is later than the one before, and all within a moment of what was heard.
        assert!(intent.at > last);
        assert!((0..1_000).contains(&intent.at.millis_since(heard)));
        assert_eq!(intent.since, heard);
        assert!(id.made_at() >= heard && client.made_at() >= heard);
        last = intent.at;
    }
    let month = Month::of(heard);
    let is_of_month =
        |key: &DocumentKey| matches!(key, DocumentKey::Till { month: of, .. } if *of == month);
    assert_eq!(
        shop.replica
            .document_keys()
            .filter(|key| is_of_month(key))
            .count(),
        1
    );

    // The next contact says how late it is, and the clock goes on from there.
    let commit = shop.replica.contact(
        NOW.plus_millis(3_600_000),
        NOW.plus_millis(-FALLEN_BACK),
        false,
    );
    shop.replica.stored(commit.number);
    let later = NOW.plus_millis(60_000 - FALLEN_BACK);
    assert_eq!(shop.replica.present(later), NOW.plus_millis(3_660_000));
}

#[test]
fn hs10_what_was_stated_before_that_rule_happened_at_the_last_contact() {
    let mut shop = Shop::new();
    let me = shop.replica.me().person;
    let at = NOW.plus_millis(-FALLEN_BACK);
    let client = ClientId::generate(NOW, &mut shop.rng);
    let sold = |at: Timestamp, since: Timestamp| Fact {
        at,
        since,
        by: me,
        body: FactBody::Sale(Sale {
            receipt: "AAAA-000001".into(),
            lines: Vec::new(),
            method: PaymentMethod::Cash,
            reference: None,
            client: Some(client),
        }),
    };
    let (fallen, honest) = (
        IntentId::generate(at, &mut shop.rng),
        IntentId::generate(NOW, &mut shop.rng),
    );
    for (id, fact) in [
        (honest, sold(NOW.plus_millis(-5_000), Timestamp::ZERO)),
        (fallen, sold(at, NOW)),
    ] {
        let till = DocumentKey::Till {
            site: shop.site,
            person: me,
            month: Month::of(fact.at),
        };
        shop.have(till, &[fact_put(&id.to_string(), &fact)]);
    }
    let listed: Vec<_> = sale::sales(shop.replica.sheets())
        .into_iter()
        .map(|entry| (entry.id, entry.at))
        .collect();
    assert_eq!(listed, [(fallen, NOW), (honest, NOW.plus_millis(-5_000))]);
    assert!(sale::each(shop.replica.sheets()).any(|(_, _, at, _)| at == NOW));
    assert_eq!(
        ClientIndex::of(shop.replica.sheets()).last_purchase(client),
        Some(NOW)
    );
    assert_eq!(sale::cash_of(shop.replica.sheets(), me), Money::ZERO);
}
