//! `TestApp`: a server with a database of its own, a clock that is moved by hand, and a browser's manners.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use crdt_model::ids::{OrgId, PersonId};
use crdt_model::time::Timestamp;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use sync_server::app::{App, SharedApp};
use sync_server::auth::setup;
use sync_server::clock::Clock;
use sync_server::store::{SqlId, enter_organisation, people};
use sync_server::{database, ids, router};
use tower::ServiceExt;

pub const ORIGIN: &str = "https://net.example.org";
pub const PASSWORD: &str = "a long password";
/// 2026-11-20T12:00:00Z
const NOW: i64 = 1_795_176_000_000;

pub struct TestApp {
    pub app: SharedApp,
    pub router: Router,
    pub options: PgConnectOptions,
}

/// One browser: cookies, and the token of who signed in last.
#[derive(Clone, Default)]
pub struct Browser {
    pub cookies: BTreeMap<String, String>,
    pub access_token: Option<String>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// The last part of the problem's type.
    pub fn problem(&self) -> String {
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
        let kind = self.json()["type"].as_str().unwrap().to_owned();
        kind.strip_prefix("urn:viornet:problem:")
            .unwrap()
            .to_owned()
    }

    pub fn person(&self) -> PersonId {
        self.json()["person_id"].as_str().unwrap().parse().unwrap()
    }

    pub fn org(&self) -> OrgId {
        self.json()["org_id"].as_str().unwrap().parse().unwrap()
    }
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(Path::new("no such folder")).await
    }

    pub async fn start_with(web: &Path) -> Self {
        let clock = Clock::manual(Timestamp::from_millis(NOW));
        Self::start_on(create_database().await, clock, web).await
    }

    /// On a database that exists.
    pub async fn start_on(options: PgConnectOptions, clock: Clock, web: &Path) -> Self {
        let pool = database::open(options.clone()).await.unwrap();
        let app = App::new(pool, clock, vec![ORIGIN.to_owned()])
            .await
            .unwrap();
        let router = router::router(app.clone(), web);
        Self {
            app,
            router,
            options,
        }
    }

    /// Another server over the same database.
    pub async fn second_node(&self) -> Self {
        let clock = self.app.clock.clone();
        Self::start_on(self.options.clone(), clock, Path::new("no such folder")).await
    }

    /// As the owner of the tables, whom no policy binds.
    pub async fn as_owner(&self) -> PgConnection {
        self.options.connect().await.unwrap()
    }

    /// An organisation with its owner signed in.
    pub async fn set_up(&self) -> (Browser, Answer) {
        let token = setup::open_link(&self.app).await.unwrap().unwrap();
        let mut browser = Browser::default();
        let answer = browser
            .post(self, "/api/setup", setup_request(&token))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.json());
        (browser, answer)
    }

    /// Somebody of the staff, as if the staff document said so.
    pub async fn add_person(&self, org: OrgId, name: &str) -> PersonId {
        let person = PersonId::from_bytes(ids::new_id(self.app.clock.now()));
        let mut tx = database::begin(&self.app.pool, org).await.unwrap();
        people::put(&mut tx, org, person, name).await.unwrap();
        tx.commit().await.unwrap();
        person
    }

    /// A second organisation, of which there is no way to make one over HTTP.
    pub async fn add_organisation(&self, name: &str) -> OrgId {
        let org = OrgId::from_bytes(ids::new_id(self.app.clock.now()));
        let mut owner = self.as_owner().await;
        let mut tx = owner.begin().await.unwrap();
        enter_organisation(&mut tx, org).await.unwrap();
        sqlx::query(
            "insert into organisations (id, name, currency, timezone, founder_id, created_at)
             values ($1, $2, 'KES', 'Africa/Nairobi', $1, now())",
        )
        .bind(org.sql())
        .bind(name)
        .execute(&mut *tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
        org
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            bytes,
        }
    }

    /// Signs in and expects it to work.
    pub async fn sign_in(&self, login: &str, password: &str) -> (Browser, Answer) {
        let mut browser = Browser::default();
        let body = json!({ "login": login, "password": password });
        let answer = browser.post(self, "/api/sign-in", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.json());
        (browser, answer)
    }
}

impl Browser {
    pub async fn post(&mut self, app: &TestApp, path: &str, body: Value) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/json");
        let answer = app
            .send(request.body(Body::from(body.to_string())).unwrap())
            .await;
        self.learn(&answer);
        answer
    }

    pub async fn get(&mut self, app: &TestApp, path: &str) -> Answer {
        app.send(self.request(Method::GET, path).body(Body::empty()).unwrap())
            .await
    }

    pub async fn refresh(&mut self, app: &TestApp, person: PersonId) -> Answer {
        self.post(
            app,
            "/api/refresh",
            json!({ "person_id": person.to_string() }),
        )
        .await
    }

    fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ORIGIN, ORIGIN)
            .header("sec-fetch-site", "same-origin");
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        if let Some(token) = &self.access_token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        request
    }

    fn learn(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            match text.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        if let Some(token) = answer.json()["access_token"].as_str() {
            self.access_token = Some(token.to_owned());
        }
    }
}

pub fn setup_request(token: &str) -> Value {
    json!({
        "token": token,
        "organisation": { "name": "Neema Net", "currency": "TZS", "timezone": "Africa/Nairobi" },
        "owner": { "name": "Neema", "login": "Neema@example.org", "password": PASSWORD },
    })
}

/// A folder that is removed in the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("viornet-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub async fn create_database() -> PgConnectOptions {
    let url = std::env::var("DATABASE_URL")
        .expect("these tests want DATABASE_URL; `cargo xtask test` provides one");
    let options = PgConnectOptions::from_str(&url).unwrap();
    let mut connection = options.connect().await.unwrap();
    let random: [u8; 8] = sync_server::keys::random();
    let name = format!("viornet_test_{:016x}", u64::from_be_bytes(random));
    sqlx::query(AssertSqlSafe(format!("create database {name}")))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    options.database(&name)
}
