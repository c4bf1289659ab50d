//! Headers that every answer carries: what a page of ours may load, and who may embed it.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// The same for every answer.
const FIXED: [(&str, &str); 7] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("origin-agent-cluster", "?1"),
    (
        "permissions-policy",
        "camera=(self), geolocation=(self), bluetooth=(self), microphone=(), payment=(), usb=()",
    ),
];

/// The headers of one server, which depend on its origins.
#[derive(Clone)]
pub struct Headers {
    content_security_policy: HeaderValue,
    is_strict: bool,
}

impl Headers {
    pub fn new(origins: &[String]) -> Self {
        // `'self'` does not cover WebSockets in every browser that is still around. The grammar of policies has
        // no IPv6 addresses: browsers ignore such a source and complain about it on every page.
        let sockets: String = origins
            .iter()
            .filter(|origin| !origin.contains('['))
            .filter_map(|origin| origin.strip_prefix("http"))
            .map(|rest| format!(" ws{rest}"))
            .collect();
        let policy = format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; \
             img-src 'self' data: blob:; font-src 'self'; manifest-src 'self'; connect-src 'self'{sockets}; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        Self {
            content_security_policy: HeaderValue::from_str(&policy).expect("origins were parsed"),
            // Never for localhost: browsers would apply it to every other program's port, too.
            is_strict: origins
                .iter()
                .all(|origin| origin.starts_with("https://") && !origin.contains("://localhost")),
        }
    }

    pub async fn add(self, request: Request, next: Next) -> Response {
        let mut response = next.run(request).await;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            self.content_security_policy,
        );
        for (name, value) in FIXED {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        if self.is_strict {
            headers.insert(
                header::STRICT_TRANSPORT_SECURITY,
                HeaderValue::from_static("max-age=31536000"),
            );
        }
        // Whatever did not decide otherwise is nobody's to keep.
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_of_our_own_origins_are_allowed() {
        let headers = Headers::new(&[
            "https://a.example".into(),
            "http://localhost:8080".into(),
            "http://[::1]:8080".into(),
        ]);
        let policy = headers.content_security_policy.to_str().unwrap();
        assert!(
            policy.contains("connect-src 'self' wss://a.example ws://localhost:8080;"),
            "{policy}"
        );
        assert!(!headers.is_strict);
    }
}
