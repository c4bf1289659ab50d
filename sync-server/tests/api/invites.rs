//! Invitations.

use axum::http::StatusCode;
use crdt_model::ids::PersonId;
use serde_json::{Value, json};

use sync_server::auth::tokens::OneTimeToken;

use crate::helpers::{Answer, Browser, PASSWORD, TestApp};

async fn invite(app: &TestApp, browser: &mut Browser, person: PersonId) -> Answer {
    browser
        .post(
            app,
            "/api/invites",
            json!({ "person_id": person.to_string() }),
        )
        .await
}

async fn accept(app: &TestApp, token: &Value, login: &str) -> Answer {
    let body = json!({ "token": token, "login": login, "password": PASSWORD });
    Browser::default()
        .post(app, "/api/invites/accept", body)
        .await
}

#[tokio::test]
async fn an_invited_person_sees_who_invites_and_comes_in() {
    let app = TestApp::start().await;
    let (mut owner, answer) = app.set_up().await;
    let asha = app.add_person(answer.org(), "Asha").await;
    let token = invite(&app, &mut owner, asha).await.json()["token"].clone();
    let seen = Browser::default()
        .post(&app, "/api/invites/look", json!({ "token": token }))
        .await;
    assert_eq!(
        seen.json(),
        json!({
            "organisation": "Neema Net",
            "name": "Asha",
            "invited_by": "Neema",
            "expires_at_ms": app.app.clock.now().plus_millis(7 * 24 * 60 * 60_000).as_millis(),
            "login": null,
        })
    );
    let accepted = accept(&app, &token, "Asha").await;
    assert_eq!(accepted.status, StatusCode::OK, "{:?}", accepted.json());
    assert_eq!(accepted.person(), asha);
    app.sign_in("asha", PASSWORD).await;
    assert_eq!(accept(&app, &token, "asha").await.problem(), "link-used");
    // The next one is for a new password, and says which name to sign in with.
    let token = invite(&app, &mut owner, asha).await.json()["token"].clone();
    let seen = Browser::default()
        .post(&app, "/api/invites/look", json!({ "token": token }))
        .await;
    assert_eq!(seen.json()["login"], "asha");
}

#[tokio::test]
async fn only_who_may_invite_does() {
    let app = TestApp::start().await;
    let (mut owner, answer) = app.set_up().await;
    let asha = app.add_person(answer.org(), "Asha").await;
    let token = invite(&app, &mut owner, asha).await.json()["token"].clone();
    accept(&app, &token, "asha").await;
    let (mut browser, _) = app.sign_in("asha", PASSWORD).await;
    assert_eq!(
        invite(&app, &mut browser, answer.person()).await.problem(),
        "forbidden"
    );
    let nobody = PersonId::from_bytes([9; 16]);
    assert_eq!(
        invite(&app, &mut owner, nobody).await.problem(),
        "not-found"
    );
}

#[tokio::test]
async fn a_login_belongs_to_one_person() {
    let app = TestApp::start().await;
    let (mut owner, answer) = app.set_up().await;
    let asha = app.add_person(answer.org(), "Asha").await;
    let token = invite(&app, &mut owner, asha).await.json()["token"].clone();
    assert_eq!(
        accept(&app, &token, "NEEMA@example.org").await.problem(),
        "login-taken"
    );
    // The link still works: nothing of the failed attempt was kept.
    assert_eq!(accept(&app, &token, "asha").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_new_invitation_replaces_the_password_and_ends_sessions() {
    let app = TestApp::start().await;
    let (mut owner, answer) = app.set_up().await;
    let asha = app.add_person(answer.org(), "Asha").await;
    let first = invite(&app, &mut owner, asha).await.json()["token"].clone();
    accept(&app, &first, "asha").await;
    let (mut browser, _) = app.sign_in("asha", PASSWORD).await;

    let older = invite(&app, &mut owner, asha).await.json()["token"].clone();
    let newer = invite(&app, &mut owner, asha).await.json()["token"].clone();
    assert_eq!(accept(&app, &older, "asha").await.problem(), "link-revoked");
    let body = json!({ "token": newer, "login": "asha2", "password": "another password" });
    let accepted = Browser::default()
        .post(&app, "/api/invites/accept", body)
        .await;
    assert_eq!(accepted.status, StatusCode::OK);
    assert_eq!(browser.refresh(&app, asha).await.problem(), "session-ended");
    app.sign_in("asha2", "another password").await;
}

#[tokio::test]
async fn an_invitation_expires() {
    let app = TestApp::start().await;
    let (mut owner, answer) = app.set_up().await;
    let asha = app.add_person(answer.org(), "Asha").await;
    let token = invite(&app, &mut owner, asha).await.json()["token"].clone();
    app.app.clock.advance_millis(7 * 24 * 60 * 60_000);
    let seen = Browser::default()
        .post(&app, "/api/invites/look", json!({ "token": token }))
        .await;
    assert_eq!(seen.problem(), "link-expired");
    assert_eq!(accept(&app, &token, "asha").await.problem(), "link-expired");
    let unknown = OneTimeToken::new(answer.org()).text();
    let unknown = accept(&app, &json!(unknown), "asha").await;
    assert_eq!(unknown.problem(), "link-invalid");
}
