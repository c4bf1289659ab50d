//! The set-up link works once, for whoever holds it.

use axum::http::StatusCode;
use serde_json::json;
use sqlx::Row;
use sync_server::auth::setup;
use sync_server::database;
use sync_server::store::audit;

use crate::helpers::{Browser, PASSWORD, TestApp, setup_request};

#[tokio::test]
async fn the_link_makes_the_organisation_and_signs_its_owner_in() {
    let app = TestApp::start().await;
    let (mut browser, answer) = app.set_up().await;
    let me = browser.get(&app, "/api/me").await.json();
    assert_eq!(me["name"], "Neema");
    assert_eq!(me["login"], "neema@example.org");
    assert_eq!(me["organisation"], "Neema Net");
    assert_eq!(me["currency"], "TZS");
    assert_eq!(me["timezone"], "Africa/Nairobi");
    assert_eq!(me["person_id"], answer.json()["person_id"]);
    app.sign_in("NEEMA@example.org ", PASSWORD).await;
}

#[tokio::test]
async fn the_link_works_once() {
    let app = TestApp::start().await;
    let token = setup::open_link(&app.app).await.unwrap().unwrap();
    let (mut first, mut second) = (Browser::default(), Browser::default());
    let (first, second) = tokio::join!(
        first.post(&app, "/api/setup", setup_request(&token)),
        second.post(&app, "/api/setup", setup_request(&token)),
    );
    let mut statuses = [first.status, second.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::GONE]);
    assert_eq!(setup::open_link(&app.app).await.unwrap(), None);
    let organisations = sqlx::query("select count(*) from organisations")
        .fetch_one(&mut app.as_owner().await)
        .await
        .unwrap();
    assert_eq!(organisations.get::<i64, _>(0), 1);
}

#[tokio::test]
async fn an_older_or_guessed_link_does_not_work() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    let answer = browser
        .post(&app, "/api/setup", setup_request("guess"))
        .await;
    assert_eq!(answer.problem(), "link-invalid");
    let old = setup::open_link(&app.app).await.unwrap().unwrap();
    let new = setup::open_link(&app.app).await.unwrap().unwrap();
    let answer = browser.post(&app, "/api/setup", setup_request(&old)).await;
    assert_eq!(answer.problem(), "link-invalid");
    let answer = browser.post(&app, "/api/setup", setup_request(&new)).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn what_cannot_be_is_named() {
    let app = TestApp::start().await;
    let token = setup::open_link(&app.app).await.unwrap().unwrap();
    let mut browser = Browser::default();
    for (pointer, value, field) in [
        (
            "/organisation/timezone",
            json!("Mars/Olympus"),
            "organisation.timezone",
        ),
        ("/organisation/name", json!("  "), "organisation.name"),
        ("/owner/login", json!("two words"), "login"),
        ("/owner/password", json!("short"), "password"),
    ] {
        let mut request = setup_request(&token);
        *request.pointer_mut(pointer).unwrap() = value;
        let answer = browser.post(&app, "/api/setup", request).await;
        assert_eq!(answer.problem(), "invalid");
        assert_eq!(answer.json()["field"], field);
    }
    let mut request = setup_request(&token);
    request["organisation"]["currency"] = json!("XXX");
    let answer = browser.post(&app, "/api/setup", request).await;
    assert_eq!(answer.problem(), "malformed");
}

#[tokio::test]
async fn the_audit_shows_an_altered_row() {
    let app = TestApp::start().await;
    let (_, answer) = app.set_up().await;
    app.sign_in("neema@example.org", PASSWORD).await;
    let org = answer.org();
    let mut tx = database::begin(&app.app.pool, org).await.unwrap();
    assert_eq!(audit::find_break(&mut tx, org).await.unwrap(), None);
    tx.rollback().await.unwrap();

    sqlx::query("update audit set action = 'Nothing' where seq = 1")
        .execute(&mut app.as_owner().await)
        .await
        .unwrap();
    let mut tx = database::begin(&app.app.pool, org).await.unwrap();
    assert_eq!(audit::find_break(&mut tx, org).await.unwrap(), Some(1));
    let rewritten = sqlx::query("update audit set action = 'Nothing'")
        .execute(&mut *tx)
        .await;
    assert!(
        rewritten.is_err(),
        "the server itself must not be able to rewrite the audit"
    );
}
