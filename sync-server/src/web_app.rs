//! The built web app: files with compressed copies beside them, and one page for every address of the app.

use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// Files whose names carry the hash of their content.
const HASHED: &str = "/a/";

/// The folder of `--web`.
#[derive(Clone)]
pub struct WebApp {
    files: ServeDir,
}

impl WebApp {
    pub fn new(folder: &Path) -> Self {
        if !folder.join("index.html").is_file() {
            tracing::warn!(folder = %folder.display(), "there is no web app here; build it with cargo xtask");
        }
        let files = ServeDir::new(PathBuf::from(folder))
            .precompressed_br()
            .precompressed_gzip()
            .append_index_html_on_directories(true);
        Self { files }
    }

    /// The file of this address; for a page of the app, the app.
    pub async fn serve(self, request: Request) -> Response {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return StatusCode::METHOD_NOT_ALLOWED.into_response();
        }
        let path = request.uri().path().to_owned();
        let is_page = is_page(&path, &request);
        let mut page = Request::builder()
            .method(request.method().clone())
            .body(Body::empty())
            .expect("no parts fail");
        *page.headers_mut() = request.headers().clone();
        let mut response = self.file(request).await;
        if response.status() == StatusCode::NOT_FOUND && is_page {
            *page.uri_mut() = Uri::from_static("/index.html");
            response = self.file(page).await;
        }
        let is_kept = path.starts_with(HASHED) && response.status().is_success();
        let kept = if is_kept {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
        response
    }

    async fn file(&self, request: Request) -> Response {
        match self.files.clone().oneshot(request).await {
            Ok(response) => response.map(Body::new),
            Err(never) => match never {},
        }
    }
}

/// A navigation, and not a file that is missing: the last part of an address of the app has no dot.
fn is_page(path: &str, request: &Request) -> bool {
    let accepts_html = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let last = path.rsplit('/').next().unwrap_or_default();
    accepts_html && !path.starts_with(HASHED) && !last.contains('.')
}
