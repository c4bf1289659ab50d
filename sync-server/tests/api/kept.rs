//! How much is kept of one person, counted in the database by a relay that has nothing in memory.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use crdt_model::client::ClientDetails;
use crdt_model::codec;
use crdt_model::command::Command;
use crdt_model::document::DocumentKey;
use crdt_model::ids::{ClientId, PersonId};
use crdt_model::relay::Kept;
use crdt_model::replica::PendingState;
use crdt_model::sync::message::{Disposition, RefusalCode, RelayMessage};
use crdt_model::time::Month;
use sync_server::database;
use sync_server::ids::new_id;
use sync_server::store::{documents, holds};

use crate::helpers::TestApp;
use crate::profile::Profile;
use crate::relay::Shop;

/// Pushes what waits by POST, and takes the answer as the device does.
async fn post(app: &TestApp, from: &mut Profile) -> Vec<Disposition> {
    let body = Body::from(from.sealed.clone().unwrap());
    let request = Request::post("/api/push").body(body).unwrap();
    let answer = app.send(request).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.json());
    let Ok(RelayMessage::Ack { results, .. }) = codec::decode(&answer.bytes) else {
        panic!("no ack: {:?}", answer.bytes)
    };
    from.posted(answer.bytes).await;
    results.into_iter().map(|(_, result)| result).collect()
}

fn refused(profile: &Profile, code: RefusalCode) -> usize {
    let items = profile.device.replica.outbox();
    items
        .filter(|item| item.state == PendingState::Refused(code))
        .count()
}

#[tokio::test]
async fn he12_what_is_held_is_weighed_until_somebody_decides() {
    let mut shop = Shop::open().await;
    let (mut asha, _) = shop.agent_with(&["A1", "A2", "A3"]).await;
    shop.revoke(&asha).await;
    Profile::until_closed(&mut asha).await;
    asha.sell(shop.order(1)).await;
    let held = post(&shop.app, &mut asha).await;
    assert!(matches!(held[..], [Disposition::Held(..)]), "{held:?}");
    let weight = "select coalesce(sum(weight), 0)::bigint from held_changes";
    assert!((1_000..3_000).contains(&shop.count(weight).await));

    let mut owner = shop.app.as_owner().await;
    let mut set = async |sql: &'static str| {
        sqlx::query(sql).execute(&mut owner).await.unwrap();
    };
    set("update held_changes set weight = 4 << 20").await;
    asha.sell(shop.order(1)).await;
    let answers = post(&shop.app.second_node().await, &mut asha).await;
    let full = RefusalCode::TooMuchHeld;
    assert_eq!(answers, [Disposition::Refused(full)]);
    assert_eq!(shop.count("select count(*) from held_changes").await, 1);
    // Nothing is lost: the device keeps it, and why.
    assert_eq!(asha.device.replica.outbox().count(), 2);
    assert_eq!(refused(&asha, full), 1);

    set("update held_changes set decision = 'declined', decided_at = now()").await;
    asha.sell(shop.order(1)).await;
    let answers = post(&shop.app.second_node().await, &mut asha).await;
    assert!(
        matches!(answers[..], [Disposition::Held(..)]),
        "{answers:?}"
    );
    assert_eq!(shop.count("select count(*) from held_changes").await, 2);
}

#[tokio::test]
async fn ad24_what_a_person_begins_is_counted() {
    let mut shop = Shop::open().await;
    let (mut asha, _) = shop.agent_with(&["A1", "A2"]).await;
    asha.sell(shop.order(1)).await;
    asha.sync(&shop.app, shop.address).await;
    let begun = "select count(*) from documents where begun_by is not null";
    assert_eq!(shop.count(begun).await, 1);
    asha.go_offline();
    asha.sell(shop.order(1)).await;
    let client = ClientId::from_bytes(new_id(shop.app.app.clock.now()));
    let details = ClientDetails {
        name: "Juma".into(),
        ..ClientDetails::default()
    };
    let site = shop.site;
    asha.run(Command::RegisterClient {
        site,
        client,
        details,
    })
    .await;
    let mut owner = shop.app.as_owner().await;
    sqlx::query(
        r"
        insert into documents (org_id, doc_id, doc_key, heads, last_seq, change_count, begun_by)
        select
            org_id,
            decode(md5(n::text), 'hex'),
            left(doc_key, -6) || to_char(date '2100-01-01' + make_interval(months => n), 'YYYYMM'),
            '{}',
            1,
            1,
            begun_by
        from documents, generate_series(1, 4999) as n
        where begun_by is not null
        ",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    let answers = post(&shop.app.second_node().await, &mut asha).await;
    let full = RefusalCode::TooManyDocuments;
    let expected = [Disposition::Accepted, Disposition::Refused(full)];
    assert_eq!(answers, expected);
    assert_eq!(
        (asha.device.replica.outbox().count(), refused(&asha, full)),
        (1, 1)
    );
}

/// Both ways of counting, over one history: sold, held, accepted, declined.
#[tokio::test]
async fn ad24_he12_the_database_counts_what_memory_counts() {
    let mut shop = Shop::open().await;
    let (mut asha, _) = shop.agent_with(&["A1", "A2", "A3"]).await;
    let (org, person) = (asha.identity.org, asha.person);
    let node = shop.app.app.relay.organisation(org);
    let stored = async |shop: &Shop| {
        let mut tx = database::begin(&shop.app.app.pool, org).await.unwrap();
        let held = holds::weights_of(&mut tx, org, &[person]).await.unwrap();
        let begun = documents::begun_by(&mut tx, org, &[person]).await.unwrap();
        let of = |counts: Vec<(PersonId, u64)>| counts.iter().map(|(_, count)| count).sum();
        Kept {
            held: of(held),
            documents: of(begun),
        }
    };
    let till = DocumentKey::Till {
        site: shop.site,
        person,
        month: Month::of(shop.app.app.clock.now()),
    };
    shop.revoke(&asha).await;
    Profile::until_closed(&mut asha).await;
    let register = |site, now| Command::RegisterClient {
        site,
        client: ClientId::from_bytes(new_id(now)),
        details: ClientDetails {
            name: "Juma".into(),
            ..ClientDetails::default()
        },
    };
    let mut holds_of = Vec::new();
    for sells in [true, true, false] {
        if sells {
            asha.sell(shop.order(1)).await;
        } else {
            let client = register(shop.site, shop.app.app.clock.now());
            asha.run(client).await;
        }
        let answers = post(&shop.app, &mut asha).await;
        let [Disposition::Held(hold, _)] = answers[..] else {
            panic!("{answers:?}")
        };
        holds_of.push(hold);
        assert_eq!(node.kept_of(person).await, Some(stored(&shop).await));
    }
    // The first word about them begins her till; what is accepted last begins her list of clients.
    for (hold, accepted, documents) in [
        (holds_of[0], true, 0),
        (holds_of[1], false, 0),
        (holds_of[2], true, 1),
    ] {
        let decided = Command::DecideHeld {
            till,
            hold,
            accepted,
            reason: (!accepted).then(|| "no".into()),
            told: 1,
        };
        shop.office.run(decided).await;
        shop.office.settle().await;
        let kept = stored(&shop).await;
        assert_eq!(node.kept_of(person).await, Some(kept));
        assert_eq!(kept.documents, documents);
    }
    assert_eq!(stored(&shop).await.held, 0);
    // What the office begins itself.
    let office = shop.office.person;
    let client = register(shop.site, shop.app.app.clock.now());
    shop.office.run(client).await;
    shop.office.settle().await;
    let mut tx = database::begin(&shop.app.app.pool, org).await.unwrap();
    let begun = documents::begun_by(&mut tx, org, &[office]).await.unwrap();
    let known = node.kept_of(office).await.unwrap();
    assert_eq!(begun, [(office, known.documents)]);
}
