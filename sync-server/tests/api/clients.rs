//! Clients in SQL, and who may change what of whose.

use crdt_model::client::{ClientDetails, ClientEdit, clients};
use crdt_model::command::Command;
use crdt_model::ids::{ClientId, SiteId};
use crdt_model::package::Connection;
use crdt_model::phone::{Country, Phone};
use crdt_model::time::Timestamp;
use sync_server::ids::new_id;

use crate::profile::Profile;
use crate::relay::Shop;

fn details(name: &str) -> ClientDetails {
    ClientDetails {
        name: name.into(),
        phone: Phone::parse("0712 345 678", Country::Tanzania).ok(),
        ..ClientDetails::default()
    }
}

async fn register(
    profile: &mut Profile,
    site: SiteId,
    now: Timestamp,
    details: ClientDetails,
) -> ClientId {
    let client = ClientId::from_bytes(new_id(now));
    let command = Command::RegisterClient {
        client,
        site,
        details,
    };
    profile.run(command).await;
    profile.settle().await;
    client
}

#[tokio::test]
async fn every_field_of_a_client_is_in_sql_and_an_agent_holds_only_their_own() {
    let mut shop = Shop::open().await;
    let mut asha = shop.agent("asha").await;
    let full = ClientDetails {
        email: Some("halima@example.com".into()),
        address: Some("Mtaa wa Kongo".into()),
        mac: "44-15-a4-9c-91-e1".parse().ok(),
        connection: Some(Connection::Pppoe),
        expires_on: "2026-12-31".parse().ok(),
        sms_reminder: true,
        notes: Some("anadaiwa 5,000".into()),
        ..details("Halima Mrema")
    };
    let (site, now) = (shop.site, shop.app.app.clock.now());
    let halima = register(&mut shop.office, site, now, full).await;
    let found = shop
        .count(
            r"
            select count(*) from clients
            where name = 'Halima Mrema' and phone = '+255712345678' and email = 'halima@example.com'
                and address = 'Mtaa wa Kongo' and mac = '44:15:A4:9C:91:E1' and connection = 'PPPOE'
                and registered_on is not null and expires_on = '2026-12-31' and sms_reminder
                and notes = 'anadaiwa 5,000' and active
            ",
        )
        .await;
    assert_eq!(found, 1);

    let juma = register(&mut asha, site, now, details("Juma Ally")).await;
    let names = |profile: &Profile| -> Vec<String> {
        clients(profile.device.replica.sheets())
            .into_iter()
            .map(|client| client.details.name)
            .collect()
    };
    assert_eq!(names(&asha), ["Juma Ally"]);
    asha.run(Command::EditClient {
        client: juma,
        edits: vec![ClientEdit::Notes(Some("lives upstairs".into()))],
    })
    .await;
    asha.settle().await;
    let noted =
        "select count(*) from clients where name = 'Juma Ally' and notes = 'lives upstairs'";
    assert_eq!(shop.count(noted).await, 1);

    shop.office
        .run(Command::SetClientActive {
            client: halima,
            active: false,
        })
        .await;
    shop.office.settle().await;
    let off = "select count(*) from clients where name = 'Halima Mrema' and not active";
    assert_eq!(shop.count(off).await, 1);
}
