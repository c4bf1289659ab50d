//! Device keys and socket tickets.

use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use sync_server::auth::tickets::{self, Holder};
use sync_server::auth::tokens::OneTimeToken;
use sync_server::database;
use sync_server::store::devices;

use crate::helpers::{Browser, PASSWORD, TestApp};

fn key(byte: u8) -> Value {
    let mut point = [byte; 65];
    point[0] = 4;
    json!({ "public_key": BASE64_STANDARD.encode(point), "label": "Chrome on Android" })
}

#[tokio::test]
async fn a_key_is_registered_once() {
    let app = TestApp::start().await;
    let (mut browser, answer) = app.set_up().await;
    let first = browser.post(&app, "/api/devices", key(1)).await;
    assert_eq!(first.status, StatusCode::OK, "{:?}", first.json());
    assert_eq!(first.json()["org_id"], answer.json()["org_id"]);
    let sealing_key = first.json()["sealing_key"].as_str().unwrap().to_owned();
    assert_eq!(BASE64_STANDARD.decode(sealing_key).unwrap().len(), 32);
    let again = browser.post(&app, "/api/devices", key(1)).await;
    assert_eq!(first.json(), again.json());
    let other = browser.post(&app, "/api/devices", key(2)).await;
    assert_ne!(first.json()["device_id"], other.json()["device_id"]);
}

#[tokio::test]
async fn a_key_of_another_person_is_refused() {
    let app = TestApp::start().await;
    let (mut owner, answer) = app.set_up().await;
    owner.post(&app, "/api/devices", key(1)).await;
    let asha = app.add_person(answer.org(), "Asha").await;
    let body = json!({ "person_id": asha.to_string() });
    let token = owner.post(&app, "/api/invites", body).await.json()["token"].clone();
    let mut browser = Browser::default();
    let body = json!({ "token": token, "login": "asha", "password": PASSWORD });
    browser.post(&app, "/api/invites/accept", body).await;
    assert_eq!(
        browser.post(&app, "/api/devices", key(1)).await.problem(),
        "device-refused"
    );
    let device = owner.post(&app, "/api/devices", key(1)).await.json()["device_id"].clone();
    let stolen = browser
        .post(&app, "/api/ticket", json!({ "device_id": device }))
        .await;
    assert_eq!(stolen.problem(), "device-refused");
}

#[tokio::test]
async fn hs3_a_ticket_works_once_and_not_for_long() {
    let app = TestApp::start().await;
    let (mut browser, answer) = app.set_up().await;
    let device = browser.post(&app, "/api/devices", key(1)).await.json()["device_id"].clone();
    let ask = json!({ "device_id": device });
    let ticket = browser.post(&app, "/api/ticket", ask.clone()).await.json()["ticket"].clone();
    let holder = take(&app, &ticket).await.unwrap();
    assert_eq!((holder.org, holder.person), (answer.org(), answer.person()));
    assert_eq!(holder.device.to_string(), device.as_str().unwrap());
    assert_eq!(take(&app, &ticket).await, None);

    let ticket = browser.post(&app, "/api/ticket", ask).await.json()["ticket"].clone();
    app.app.clock.advance_millis(60_000);
    assert_eq!(take(&app, &ticket).await, None);
    assert!(OneTimeToken::parse("nonsense").is_none());
}

async fn take(app: &TestApp, ticket: &Value) -> Option<Holder> {
    let ticket = OneTimeToken::parse(ticket.as_str().unwrap()).unwrap();
    let mut tx = database::begin(&app.app.pool, ticket.org()).await.unwrap();
    let holder = tickets::take(&mut tx, &ticket, app.app.clock.now()).await;
    tx.commit().await.unwrap();
    holder.unwrap()
}

#[tokio::test]
async fn a_revoked_device_gets_nothing() {
    let app = TestApp::start().await;
    let (mut browser, answer) = app.set_up().await;
    let device = browser.post(&app, "/api/devices", key(1)).await.json()["device_id"].clone();
    let mut tx = database::begin(&app.app.pool, answer.org()).await.unwrap();
    let id = device.as_str().unwrap().parse().unwrap();
    devices::revoke(&mut tx, answer.org(), id, app.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let ask = json!({ "device_id": device });
    assert_eq!(
        browser.post(&app, "/api/ticket", ask).await.problem(),
        "device-refused"
    );
    assert_eq!(
        browser.post(&app, "/api/devices", key(1)).await.problem(),
        "device-refused"
    );
}

#[tokio::test]
async fn strangers_get_nothing() {
    let app = TestApp::start().await;
    let mut stranger = Browser::default();
    assert_eq!(
        stranger.post(&app, "/api/devices", key(1)).await.problem(),
        "not-signed-in"
    );
    stranger.access_token = Some("AAAA".into());
    assert_eq!(
        stranger.get(&app, "/api/me").await.problem(),
        "not-signed-in"
    );
}
