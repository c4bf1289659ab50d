//! Files of the web app, headers, health.

use std::fs;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use crate::helpers::{Browser, Folder, TestApp};

async fn get(app: &TestApp, path: &str, accept: &str) -> crate::helpers::Answer {
    let request = Request::get(path)
        .header(header::ACCEPT, accept)
        .header(header::ACCEPT_ENCODING, "br");
    app.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_app_is_served_at_every_address_of_its_own() {
    let folder = Folder::new("web");
    fs::create_dir(folder.0.join("a")).unwrap();
    fs::write(folder.0.join("index.html"), "<!doctype html>").unwrap();
    fs::write(folder.0.join("service-worker.js"), "0").unwrap();
    fs::write(folder.0.join("a/app-1234.wasm"), "wasm").unwrap();
    fs::write(folder.0.join("a/app-1234.wasm.br"), "brotli").unwrap();
    let app = TestApp::start_with(&folder.0).await;

    for path in ["/", "/sell", "/stock/block/1"] {
        let page = get(&app, path, "text/html").await;
        assert_eq!(
            (page.status, page.bytes.as_slice()),
            (StatusCode::OK, b"<!doctype html>".as_slice()),
            "{path}"
        );
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-cache");
        let policy = page.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(
            policy.contains("script-src 'self' 'wasm-unsafe-eval';"),
            "{policy}"
        );
    }
    let wasm = get(&app, "/a/app-1234.wasm", "*/*").await;
    assert_eq!(wasm.bytes, b"brotli");
    assert_eq!(wasm.headers[header::CONTENT_TYPE], "application/wasm");
    assert_eq!(
        wasm.headers[header::CACHE_CONTROL],
        "public, max-age=31536000, immutable"
    );
    let worker = get(&app, "/service-worker.js", "*/*").await;
    assert_eq!(worker.headers[header::CACHE_CONTROL], "no-cache");
    for path in ["/a/gone.js", "/missing.js", "/a/../../secret", "/sell.txt"] {
        let missing = get(&app, path, "text/html").await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(missing.headers[header::CACHE_CONTROL], "no-cache", "{path}");
    }
    assert_eq!(
        get(&app, "/sell", "*/*").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn an_unknown_endpoint_is_a_problem() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    assert_eq!(
        browser.get(&app, "/api/nothing").await.problem(),
        "not-found"
    );
    assert_eq!(
        browser.get(&app, "/api/nothing").await.headers[header::CACHE_CONTROL],
        "no-store"
    );
}

#[tokio::test]
async fn health_is_told() {
    let app = TestApp::start().await;
    assert_eq!(get(&app, "/healthz", "*/*").await.status, StatusCode::OK);
    assert_eq!(get(&app, "/readyz", "*/*").await.status, StatusCode::OK);
    app.app.pool.close().await;
    assert_eq!(get(&app, "/healthz", "*/*").await.status, StatusCode::OK);
    let ready = get(&app, "/readyz", "*/*").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.headers.contains_key(header::RETRY_AFTER));
    // A request that came through a proxy, or from we do not know where.
    assert_eq!(
        get(&app, "/metrics", "*/*").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn who_invents_methods_makes_no_time_series() {
    let app = TestApp::start().await;
    for method in ["BREW1", "BREW2"] {
        let request = Request::builder().method(method).uri("/healthz");
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    }
    get(&app, "/healthz", "*/*").await;
    let text = app.app.metrics.text();
    assert!(!text.contains("BREW"), "{text}");
    assert!(text.contains("method=\"GET\""), "{text}");
    let others = text
        .lines()
        .filter(|line| line.contains("method=\"other\""));
    assert_eq!(others.count(), 1, "{text}");
}
