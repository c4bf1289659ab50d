//! Refresh tokens rotate, survive a lost answer, and end when they were copied.

use axum::http::{StatusCode, header};
use serde_json::json;
use sync_server::auth::session;
use sync_server::database;

use crate::helpers::{Browser, PASSWORD, TestApp};

const MINUTE: i64 = 60_000;

fn copy_of(browser: &Browser) -> Browser {
    Browser {
        cookies: browser.cookies.clone(),
        access_token: None,
    }
}

#[tokio::test]
async fn the_cookie_is_for_this_host_and_no_script() {
    let app = TestApp::start().await;
    let (_, answer) = app.set_up().await;
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with(&format!("__Host-r-{}=", answer.person())));
    assert!(
        cookie.ends_with("Path=/; Secure; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
}

#[tokio::test]
async fn refreshing_gives_a_new_pair() {
    let app = TestApp::start().await;
    let (mut browser, answer) = app.set_up().await;
    let before = copy_of(&browser).cookies;
    app.app.clock.advance_millis(30 * MINUTE);
    assert_eq!(
        browser.refresh(&app, answer.person()).await.status,
        StatusCode::OK
    );
    assert_ne!(browser.cookies, before);
    assert_eq!(browser.get(&app, "/api/me").await.status, StatusCode::OK);
    app.app.clock.advance_millis(30 * MINUTE);
    assert_eq!(
        browser.refresh(&app, answer.person()).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn two_tabs_and_a_lost_answer_get_the_same_token() {
    let app = TestApp::start().await;
    let (mut browser, answer) = app.set_up().await;
    let mut tab = copy_of(&browser);
    let mut lost = copy_of(&browser);
    let (first, second) = tokio::join!(
        browser.refresh(&app, answer.person()),
        tab.refresh(&app, answer.person())
    );
    assert_eq!(
        (first.status, second.status),
        (StatusCode::OK, StatusCode::OK)
    );
    assert_eq!(browser.cookies, tab.cookies);
    app.app.clock.advance_millis(5 * MINUTE);
    assert_eq!(
        lost.refresh(&app, answer.person()).await.status,
        StatusCode::OK
    );
    assert_eq!(lost.cookies, browser.cookies);
}

#[tokio::test]
async fn a_copied_token_ends_the_session_for_both() {
    let app = TestApp::start().await;
    let (mut browser, answer) = app.set_up().await;
    let mut thief = copy_of(&browser);
    browser.refresh(&app, answer.person()).await;
    app.app.clock.advance_millis(11 * MINUTE);
    assert_eq!(
        thief.refresh(&app, answer.person()).await.problem(),
        "session-ended"
    );
    assert_eq!(
        browser.refresh(&app, answer.person()).await.problem(),
        "session-ended"
    );
    // Other sign-ins of the same person are other families.
    let (mut other, _) = app.sign_in("neema@example.org", PASSWORD).await;
    assert_eq!(
        other.refresh(&app, answer.person()).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_session_ends_after_sixty_days_without_a_refresh() {
    let app = TestApp::start().await;
    let (mut browser, answer) = app.set_up().await;
    app.app.clock.advance_millis(59 * 24 * 60 * MINUTE);
    assert_eq!(
        browser.refresh(&app, answer.person()).await.status,
        StatusCode::OK
    );
    app.app.clock.advance_millis(60 * 24 * 60 * MINUTE);
    assert_eq!(
        browser.refresh(&app, answer.person()).await.problem(),
        "session-ended"
    );
}

#[tokio::test]
async fn signing_out_ends_the_session_and_forgets_the_cookie() {
    let app = TestApp::start().await;
    let (mut browser, answer) = app.set_up().await;
    let mut copy = copy_of(&browser);
    let body = json!({ "person_id": answer.person().to_string() });
    let out = browser.post(&app, "/api/sign-out", body.clone()).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(browser.cookies.is_empty());
    assert_eq!(
        copy.refresh(&app, answer.person()).await.problem(),
        "session-ended"
    );
    assert_eq!(
        browser.post(&app, "/api/sign-out", body).await.status,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn who_was_deactivated_cannot_come_back() {
    let app = TestApp::start().await;
    let (mut browser, answer) = app.set_up().await;
    let mut tx = database::begin(&app.app.pool, answer.org()).await.unwrap();
    session::deactivate(&mut tx, answer.org(), answer.person(), app.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        browser.refresh(&app, answer.person()).await.problem(),
        "session-ended"
    );
    assert_eq!(
        browser.get(&app, "/api/me").await.problem(),
        "not-signed-in"
    );
    let body = json!({ "login": "neema@example.org", "password": PASSWORD });
    assert_eq!(
        Browser::default()
            .post(&app, "/api/sign-in", body)
            .await
            .problem(),
        "wrong-login"
    );
}
