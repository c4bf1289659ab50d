//! Sign-in by password.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::json;

use crate::helpers::{Browser, ORIGIN, PASSWORD, TestApp};

async fn attempt(app: &TestApp, login: &str, password: &str) -> crate::helpers::Answer {
    Browser::default()
        .post(
            app,
            "/api/sign-in",
            json!({ "login": login, "password": password }),
        )
        .await
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_login_look_the_same() {
    let app = TestApp::start().await;
    app.set_up().await;
    let wrong = attempt(&app, "neema@example.org", "wrong password").await;
    let unknown = attempt(&app, "nobody@example.org", "wrong password").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.problem(), "wrong-login");
    assert_eq!(wrong.json(), unknown.json());
    assert_eq!(attempt(&app, "", "x").await.json(), wrong.json());
}

#[tokio::test]
async fn guessing_is_slowed_down_and_forgotten_after_success() {
    let app = TestApp::start().await;
    app.set_up().await;
    for _ in 0..6 {
        assert_eq!(
            attempt(&app, "neema@example.org", "wrong").await.problem(),
            "wrong-login"
        );
    }
    // Not even the right password is looked at now.
    let answer = attempt(&app, "neema@example.org", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: i64 = answer.headers[header::RETRY_AFTER]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    app.app.clock.advance_millis(wait * 1000);
    app.sign_in("neema@example.org", PASSWORD).await;
    for _ in 0..5 {
        assert_eq!(
            attempt(&app, "neema@example.org", "wrong").await.problem(),
            "wrong-login"
        );
    }
    app.sign_in("neema@example.org", PASSWORD).await;
}

#[tokio::test]
async fn an_access_token_lasts_ten_minutes() {
    let app = TestApp::start().await;
    let (mut browser, answer) = app.set_up().await;
    assert_eq!(answer.json()["expires_in"], 600);
    assert_eq!(browser.get(&app, "/api/me").await.status, StatusCode::OK);
    app.app.clock.advance_millis(600_000);
    let late = browser.get(&app, "/api/me").await;
    assert_eq!(late.problem(), "not-signed-in");
    assert_eq!(late.headers[header::WWW_AUTHENTICATE], "Bearer");
}

#[tokio::test]
async fn requests_of_other_sites_are_refused() {
    let app = TestApp::start().await;
    let send = async |origin: Option<&str>, site: Option<&str>, kind: &str| {
        let mut request = Request::post("/api/sign-in").header(header::CONTENT_TYPE, kind);
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        app.send(
            request
                .body(Body::from(r#"{"login":"a","password":"b"}"#))
                .unwrap(),
        )
        .await
        .problem()
    };
    let json = "application/json";
    assert_eq!(
        send(Some(ORIGIN), Some("same-origin"), json).await,
        "wrong-login"
    );
    assert_eq!(
        send(Some("https://evil.example"), None, json).await,
        "foreign-origin"
    );
    assert_eq!(
        send(Some(ORIGIN), Some("cross-site"), json).await,
        "foreign-origin"
    );
    assert_eq!(send(None, None, json).await, "foreign-origin");
    // What a plain HTML form can send is not JSON.
    assert_eq!(send(Some(ORIGIN), None, "text/plain").await, "malformed");
}

#[tokio::test]
async fn bodies_have_a_size() {
    let app = TestApp::start().await;
    let answer = attempt(&app, &"x".repeat(20_000), "y").await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.problem(), "too-large");
}
