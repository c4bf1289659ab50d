//! Sign-in by password.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use sync_server::auth::password::Password;
use sync_server::store::SqlId;

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

#[tokio::test]
async fn a_sign_in_under_way_does_not_survive_a_new_password() {
    let app = TestApp::start().await;
    let (mut owner, answer) = app.set_up().await;
    let asha = app.add_person(answer.org(), "Asha").await;
    let ask = json!({ "person_id": asha.to_string() });
    let mut link = async || {
        let invited = owner.post(&app, "/api/invites", ask.clone()).await;
        invited.json()["token"].clone()
    };
    async fn accept(app: &TestApp, link: &Value, password: &str) {
        let body = json!({ "token": link, "login": "asha", "password": password });
        let mut browser = Browser::default();
        let accepted = browser.post(app, "/api/invites/accept", body).await;
        assert_eq!(accepted.status, StatusCode::OK, "{:?}", accepted.json());
    }
    accept(&app, &link().await, PASSWORD).await;
    let link = link().await;
    // So many passwords are hashed before hers that a new one is set on another node meanwhile.
    let other = app.second_node().await;
    for _ in 0..24 {
        let app = app.app.clone();
        tokio::spawn(async move {
            let password = Password::enter("somebody's").unwrap();
            app.passwords.hash(password).await.unwrap()
        });
    }
    tokio::task::yield_now().await;
    let new = async {
        let mut db = app.as_owner().await;
        let counted = "select failed_attempts = 1 from credentials where login = 'asha'";
        while !sqlx::query_scalar::<_, bool>(counted)
            .fetch_one(&mut db)
            .await
            .unwrap()
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        accept(&other, &link, "a new password").await;
    };
    tokio::join!(attempt(&app, "asha", PASSWORD), new);
    // Whichever was first: what is open is of the new password.
    let mut db = app.as_owner().await;
    let open: i64 = sqlx::query_scalar(
        "select count(*) from refresh_sessions where person_id = $1 and revoked_at is null",
    )
    .bind(asha.sql())
    .fetch_one(&mut db)
    .await
    .unwrap();
    assert_eq!(open, 1);
}
