//! Refuses requests that another site made a browser send.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::app::SharedApp;
use crate::problem::Problem;

/// Every request that may change something must name one of our origins. Browsers always send `Origin` with
/// such requests, and no page can forge it.
pub async fn require(
    State(app): State<SharedApp>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if request.method() != Method::GET
        && request.method() != Method::HEAD
        && !is_ours(&app.origins, request.headers())
    {
        return Err(Problem::ForeignOrigin);
    }
    Ok(next.run(request).await)
}

/// Whether the caller is a page of ours; also asked before a WebSocket opens, which is a GET.
pub fn is_ours(origins: &[String], headers: &HeaderMap) -> bool {
    let origin = headers
        .get(header::ORIGIN)
        .and_then(|value| value.to_str().ok());
    let is_known = origin.is_some_and(|origin| origins.iter().any(|ours| ours == origin));
    let site = headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok());
    is_known && site.is_none_or(|site| site == "same-origin")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_accepted(pairs: &[(&'static str, &str)]) -> bool {
        let headers = pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        is_ours(&["https://net.example.org".to_owned()], &headers)
    }

    #[test]
    fn only_our_own_pages_are_accepted() {
        assert!(is_accepted(&[("origin", "https://net.example.org")]));
        assert!(is_accepted(&[
            ("origin", "https://net.example.org"),
            ("sec-fetch-site", "same-origin")
        ]));
        assert!(!is_accepted(&[]));
        assert!(!is_accepted(&[("origin", "null")]));
        assert!(!is_accepted(&[("origin", "http://net.example.org")]));
        assert!(!is_accepted(&[(
            "origin",
            "https://net.example.org.evil.example"
        )]));
        assert!(!is_accepted(&[
            ("origin", "https://net.example.org"),
            ("sec-fetch-site", "cross-site")
        ]));
    }
}
