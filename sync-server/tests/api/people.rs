//! Staff and sites from the document to SQL, to sign-in and to devices.

use axum::http::StatusCode;
use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::command::Command;
use crdt_model::document::DocumentKey;
use crdt_model::fixture::{FixtureDetails, FixtureKind};
use crdt_model::ids::{DeviceId, PersonId};
use crdt_model::phone::Phone;
use crdt_model::replica::PendingState;
use crdt_model::site::{Position, SiteDetails};
use crdt_model::staff::Contacts;
use serde_json::{Value, json};
use sync_server::ids::new_id;

use crate::helpers::{Answer, Browser, PASSWORD};
use crate::profile::Profile;
use crate::relay::{Shop, wait_for_block};

async fn says(shop: &Shop, sql: &'static str) -> String {
    let mut owner = shop.app.as_owner().await;
    let row: Option<String> = sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap();
    row.unwrap_or_default()
}

async fn set_active(shop: &mut Shop, person: PersonId, active: bool) {
    shop.office
        .run(Command::SetStaffActive { person, active })
        .await;
    shop.office.settle().await;
}

async fn devices_of(shop: &mut Shop, person: PersonId) -> Vec<Value> {
    let path = format!("/api/people/{person}/devices");
    let answer = shop.office.browser.get(&shop.app, &path).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.json());
    answer.json().as_array().unwrap().clone()
}

#[tokio::test]
async fn contacts_and_sites_are_projected() {
    let mut shop = Shop::open().await;
    let asha = shop.agent("asha").await;
    let contacts = Contacts {
        phone: Some(Phone::from_e164("+255754318226").unwrap()),
        email: Some("asha@example.org".into()),
        note: None,
    };
    let command = Command::SetContacts {
        person: asha.person,
        from: Contacts::default(),
        to: contacts,
    };
    shop.office.run(command).await;
    let rename = Command::RenameStaff {
        person: asha.person,
        name: "Asha Mushi".into(),
    };
    shop.office.run(rename).await;
    let site = shop.site;
    let from = crdt_model::site::details(shop.office.device.replica.sheets(), site).unwrap();
    let to = SiteDetails {
        zone: Some("North".into()),
        contact: Some("Mama Neema".into()),
        phone: Some(Phone::from_e164("+255713204118").unwrap()),
        position: Some(Position {
            latitude: -67_692_000,
            longitude: 392_400_000,
        }),
        notes: Some("Key at the kiosk".into()),
        ..from.clone()
    };
    shop.office.run(Command::EditSite { site, from, to }).await;
    for kind in FixtureKind::ALL {
        let details = FixtureDetails {
            name: kind.noun().into(),
            serial: Some("HG10".into()),
            place: Some("Roof".into()),
            ..FixtureDetails::default()
        };
        let fixture = kind.with_id(new_id(shop.app.app.clock.now()));
        let command = Command::PutFixture {
            site,
            fixture,
            from: None,
            to: details,
        };
        shop.office.run(command).await;
        let command = Command::SetFixtureActive {
            site,
            fixture,
            active: kind == FixtureKind::Router,
        };
        shop.office.run(command).await;
    }
    shop.office
        .run(Command::SetSiteActive {
            site,
            active: false,
        })
        .await;
    shop.office.settle().await;

    let contact = "select concat_ws(' ', phone, email, note) from staff_contacts";
    assert_eq!(says(&shop, contact).await, "+255754318226 asha@example.org");
    let name = "select name from people join staff_contacts using (org_id, person_id)";
    assert_eq!(says(&shop, name).await, "Asha Mushi");
    let sites = "select concat_ws('|', zone, contact, phone, latitude_e7, longitude_e7, notes, active) from sites";
    assert_eq!(
        says(&shop, sites).await,
        "North|Mama Neema|+255713204118|-67692000|392400000|Key at the kiosk|f"
    );
    let routers = "select concat_ws('|', name, serial, active) from routers";
    assert_eq!(says(&shop, routers).await, "router|HG10|t");
    let points = "select concat_ws('|', name, place, active) from access_points";
    assert_eq!(says(&shop, points).await, "ap|Roof|f");
    let areas = "select concat_ws('|', name, active) from areas";
    assert_eq!(says(&shop, areas).await, "area|f");
    // What an agent's phone may not read does not reach it.
    let sheets = asha.device.replica.sheets();
    assert!(!sheets.contains(&DocumentKey::StaffPrivate));
    assert!(!sheets.contains(&DocumentKey::Site(site)));
}

#[tokio::test]
async fn who_is_deactivated_is_signed_out_and_comes_back_with_the_same_password() {
    let mut shop = Shop::open().await;
    let mut asha = shop.agent("asha").await;
    asha.go_offline();
    let ask = json!({ "person_id": asha.person.to_string() });
    let invited = shop
        .office
        .browser
        .post(&shop.app, "/api/invites", ask)
        .await;
    let token = invited.json()["token"].clone();
    set_active(&mut shop, asha.person, false).await;
    assert_eq!(
        asha.browser.refresh(&shop.app, asha.person).await.problem(),
        "session-ended"
    );
    let body = json!({ "login": "asha", "password": PASSWORD });
    let mut other = Browser::default();
    let refused = other.post(&shop.app, "/api/sign-in", body.clone()).await;
    assert_eq!(refused.problem(), "wrong-login");
    // An invitation that was open ends with it.
    let seen = Browser::default()
        .post(&shop.app, "/api/invites/look", json!({ "token": token }))
        .await;
    assert_eq!(seen.problem(), "link-revoked");

    set_active(&mut shop, asha.person, true).await;
    let back = other.post(&shop.app, "/api/sign-in", body).await;
    assert_eq!(back.status, StatusCode::OK, "{:?}", back.json());
}

#[tokio::test]
async fn he1_what_a_lost_phone_sends_is_held() {
    let mut shop = Shop::open().await;
    let block = shop.import(&["A1", "A2"]).await;
    let mut asha = shop.agent("asha").await;
    shop.lease(block, asha.person).await;
    wait_for_block(&mut asha, block).await;
    let listed = devices_of(&mut shop, asha.person).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["revoked_at_ms"], Value::Null);
    assert!(listed[0]["last_seen_at_ms"].as_i64().unwrap() > 0);

    let body = json!({ "device_id": listed[0]["device_id"] });
    let revoked = shop
        .office
        .browser
        .post(&shop.app, "/api/devices/revoke", body.clone())
        .await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT);
    asha.go_offline();
    let sold = asha.sell(shop.order(1)).await;
    // It is signed out and gets no ticket; its batch still arrives, and waits.
    assert_eq!(
        asha.browser.refresh(&shop.app, asha.person).await.problem(),
        "session-ended"
    );
    // Not by the token that it still has either, with a key of another device.
    let key = crate::profile::Key::new().public();
    let body_of_key = json!({ "public_key": key });
    let another = asha
        .browser
        .post(&shop.app, "/api/devices", body_of_key)
        .await;
    assert_eq!(another.problem(), "not-signed-in");
    let device = json!({ "device_id": listed[0]["device_id"] });
    let ticket = asha.browser.post(&shop.app, "/api/ticket", device).await;
    assert_eq!(ticket.problem(), "device-refused");
    push_by_post(&shop, &mut asha).await;
    let state = &asha.device.replica.pending(sold).unwrap().state;
    assert!(matches!(state, PendingState::Waiting), "{state:?}");
    let held = "select count(*) from held_changes where decision is null";
    assert_eq!(shop.count(held).await, 1);
    assert_eq!(shop.totals().await.0, 0);

    let listed = devices_of(&mut shop, asha.person).await;
    assert!(listed[0]["revoked_at_ms"].is_i64());
    let entry = "select count(*) from audit where action = 'DeviceRevoked'";
    assert_eq!(shop.count(entry).await, 1);
    // Once is enough.
    let again = shop
        .office
        .browser
        .post(&shop.app, "/api/devices/revoke", body)
        .await;
    assert_eq!(again.status, StatusCode::NO_CONTENT);
    assert_eq!(shop.count(entry).await, 1);
}

/// The sealed batch, as a device without a session sends it.
async fn push_by_post(shop: &Shop, profile: &mut Profile) {
    let batch = profile.device.replica.next_batch().unwrap();
    let sealed = profile.seal(&batch);
    let request = axum::http::Request::post("/api/push")
        .body(axum::body::Body::from(sealed))
        .unwrap();
    let answer = shop.app.send(request).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.json());
}

#[tokio::test]
async fn who_revokes_two_devices_of_ones_own_goes_on_at_the_one_in_hand() {
    let mut shop = Shop::open().await;
    let baraka = shop.agent("baraka").await;
    let mut here = shop.agent("asha").await;
    let mut lost = Vec::new();
    for _ in 0..2 {
        let (browser, _) = shop.app.sign_in("asha", PASSWORD).await;
        lost.push(Profile::register(&shop.app, browser).await);
    }
    for device in &mut lost {
        let body = json!({ "device_id": device.identity.device, "on": here.identity.device });
        let revoked = here
            .browser
            .post(&shop.app, "/api/devices/revoke", body)
            .await;
        assert_eq!(revoked.status, StatusCode::NO_CONTENT);
        let ended = device.browser.refresh(&shop.app, device.person).await;
        assert_eq!(ended.problem(), "session-ended");
        let goes_on = here.browser.refresh(&shop.app, here.person).await;
        assert_eq!(goes_on.status, StatusCode::OK);
    }
    // Who gives up the one in hand is out there too, and so is who names one that is revoked or another's.
    for on in [None, Some(&lost[0]), Some(&baraka)] {
        let (browser, _) = shop.app.sign_in("asha", PASSWORD).await;
        let mut here = Profile::register(&shop.app, browser).await;
        let (revoked, on) = match on {
            None => (here.identity.device, here.identity.device),
            Some(on) => (another_device(&shop).await, on.identity.device),
        };
        let body = json!({ "device_id": revoked, "on": on });
        let answer = here
            .browser
            .post(&shop.app, "/api/devices/revoke", body)
            .await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        let ended = here.browser.refresh(&shop.app, here.person).await;
        assert_eq!(ended.problem(), "session-ended");
    }
}

/// Another device of Asha's.
async fn another_device(shop: &Shop) -> DeviceId {
    let (browser, _) = shop.app.sign_in("asha", PASSWORD).await;
    Profile::register(&shop.app, browser).await.identity.device
}

#[tokio::test]
async fn only_who_manages_a_person_sees_and_revokes_their_devices() {
    let mut shop = Shop::open().await;
    let mut asha = shop.agent("asha").await;
    let mut baraka = shop.agent("baraka").await;
    let own = format!("/api/people/{}/devices", asha.person);
    assert_eq!(
        asha.browser.get(&shop.app, &own).await.status,
        StatusCode::OK
    );
    assert_eq!(
        baraka.browser.get(&shop.app, &own).await.problem(),
        "forbidden"
    );
    let device = devices_of(&mut shop, asha.person).await[0]["device_id"].clone();
    let body = json!({ "device_id": device });
    let tried = baraka
        .browser
        .post(&shop.app, "/api/devices/revoke", body)
        .await;
    assert_eq!(tried.problem(), "forbidden");
    let unknown = json!({ "device_id": shop.site.to_string() });
    let tried = shop
        .office
        .browser
        .post(&shop.app, "/api/devices/revoke", unknown)
        .await;
    assert_eq!(tried.problem(), "not-found");
    assert_eq!(
        Browser::default().get(&shop.app, &own).await.problem(),
        "not-signed-in"
    );
}

#[tokio::test]
async fn open_invitations_are_listed_and_can_be_withdrawn() {
    let mut shop = Shop::open().await;
    let mut asha = shop.agent("asha").await;
    async fn list(shop: &mut Shop) -> Answer {
        shop.office.browser.get(&shop.app, "/api/invites").await
    }
    assert_eq!(list(&mut shop).await.json(), json!([]));
    let ask = json!({ "person_id": asha.person.to_string() });
    let invited = shop
        .office
        .browser
        .post(&shop.app, "/api/invites", ask.clone())
        .await;
    let open = list(&mut shop).await.json();
    assert_eq!(open.as_array().unwrap().len(), 1);
    assert_eq!(open[0]["person_id"], ask["person_id"]);
    assert_eq!(open[0]["expires_at_ms"], invited.json()["expires_at_ms"]);
    assert_eq!(open[0].get("token"), None);
    // An agent manages nobody.
    let seen = asha.browser.get(&shop.app, "/api/invites").await;
    assert_eq!(seen.json(), json!([]));
    let tried = asha
        .browser
        .post(&shop.app, "/api/invites/revoke", ask.clone())
        .await;
    assert_eq!(tried.problem(), "forbidden");

    let withdrawn = shop
        .office
        .browser
        .post(&shop.app, "/api/invites/revoke", ask)
        .await;
    assert_eq!(withdrawn.status, StatusCode::NO_CONTENT);
    assert_eq!(list(&mut shop).await.json(), json!([]));
    let body = json!({ "token": invited.json()["token"], "login": "asha", "password": PASSWORD });
    let late = Browser::default()
        .post(&shop.app, "/api/invites/accept", body)
        .await;
    assert_eq!(late.problem(), "link-revoked");
}

#[tokio::test]
async fn an_invitation_lasts_no_longer_than_the_right_to_make_it() {
    let mut shop = Shop::open().await;
    let everywhere = |role| Grant {
        role,
        scope: Scope::Organisation,
    };
    let (amina, mut admin) = shop.hire_as("amina", everywhere(Role::Admin)).await;
    let (asha, _) = shop.hire("asha").await;
    let (baraka, _) = shop.hire("baraka").await;
    let mut links = Vec::new();
    for person in [asha, baraka] {
        let ask = json!({ "person_id": person.to_string() });
        let invited = admin.post(&shop.app, "/api/invites", ask).await;
        links.push(invited.json()["token"].clone());
    }
    async fn both(shop: &Shop, link: &Value, login: &str) -> [String; 2] {
        let mut browser = Browser::default();
        let body = json!({ "token": link, "login": login, "password": "a new password" });
        let seen = browser
            .post(&shop.app, "/api/invites/look", body.clone())
            .await;
        let accepted = browser.post(&shop.app, "/api/invites/accept", body).await;
        [seen, accepted].map(|answer| match answer.status {
            StatusCode::OK => "ok".to_owned(),
            _ => answer.problem(),
        })
    }

    // Asha rises above who invited her.
    let command = Command::SetGrants {
        person: asha,
        grants: vec![everywhere(Role::Owner)],
    };
    shop.office.run(command).await;
    shop.office.settle().await;
    let refused = ["link-revoked"; 2];
    assert_eq!(both(&shop, &links[0], "asha").await, refused);
    shop.app.sign_in("asha", PASSWORD).await;
    // Who invited Baraka leaves, and comes back.
    set_active(&mut shop, amina, false).await;
    assert_eq!(both(&shop, &links[1], "baraka").await, refused);
    shop.app.sign_in("baraka", PASSWORD).await;
    set_active(&mut shop, amina, true).await;
    assert_eq!(both(&shop, &links[1], "baraka").await, ["ok"; 2]);
}
