//! The one place that turns an error into HTTP, as `application/problem+json` (RFC 9457).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::database::DatabaseError;

/// Why a request was not done. What a caller can act on is in the variant; `detail` is for developers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("the request cannot be read: {0}")]
    Malformed(String),
    #[error("{field} is not acceptable: {reason}")]
    Invalid {
        field: &'static str,
        reason: &'static str,
    },
    #[error("sign in first")]
    NotSignedIn,
    #[error("the login or the password is wrong")]
    WrongLogin,
    #[error("this session has ended; sign in again")]
    SessionEnded,
    #[error("the request does not come from this app")]
    ForeignOrigin,
    #[error("you may not do this")]
    Forbidden,
    #[error("there is nothing here")]
    NotFound,
    #[error("this link was used, has expired, or never existed")]
    LinkInvalid,
    #[error("this link has expired")]
    LinkExpired,
    #[error("this link was used")]
    LinkUsed,
    #[error("this link was withdrawn, or replaced by a newer one")]
    LinkRevoked,
    #[error("somebody else has this login")]
    LoginTaken,
    #[error("the device key belongs to another person, or was revoked")]
    DeviceRefused,
    #[error("this server has been set up")]
    AlreadySetUp,
    #[error("the request is larger than {limit_bytes} bytes")]
    TooLarge { limit_bytes: usize },
    #[error("too many attempts")]
    TooManyAttempts { retry_after_s: u32 },
    #[error("the server cannot do this right now")]
    Unavailable { retry_after_s: u32 },
    #[error("the server made a mistake")]
    Internal,
}

impl Problem {
    /// The stable last part of the type URI, the title, and the status.
    fn kind(&self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::Malformed(_) => ("malformed", "Malformed request", StatusCode::BAD_REQUEST),
            Self::Invalid { .. } => ("invalid", "Invalid value", StatusCode::BAD_REQUEST),
            Self::NotSignedIn => ("not-signed-in", "Not signed in", StatusCode::UNAUTHORIZED),
            Self::WrongLogin => (
                "wrong-login",
                "Wrong login or password",
                StatusCode::UNAUTHORIZED,
            ),
            Self::SessionEnded => ("session-ended", "Session ended", StatusCode::UNAUTHORIZED),
            Self::ForeignOrigin => ("foreign-origin", "Foreign origin", StatusCode::FORBIDDEN),
            Self::Forbidden => ("forbidden", "Forbidden", StatusCode::FORBIDDEN),
            Self::NotFound => ("not-found", "Not found", StatusCode::NOT_FOUND),
            Self::LinkInvalid => ("link-invalid", "Invalid link", StatusCode::NOT_FOUND),
            Self::LinkExpired => ("link-expired", "Expired link", StatusCode::GONE),
            Self::LinkUsed => ("link-used", "Used link", StatusCode::GONE),
            Self::LinkRevoked => ("link-revoked", "Withdrawn link", StatusCode::GONE),
            Self::LoginTaken => ("login-taken", "Login taken", StatusCode::CONFLICT),
            Self::DeviceRefused => ("device-refused", "Device refused", StatusCode::FORBIDDEN),
            Self::AlreadySetUp => ("already-set-up", "Already set up", StatusCode::GONE),
            Self::TooLarge { .. } => (
                "too-large",
                "Request too large",
                StatusCode::PAYLOAD_TOO_LARGE,
            ),
            Self::TooManyAttempts { .. } => (
                "too-many-attempts",
                "Too many attempts",
                StatusCode::TOO_MANY_REQUESTS,
            ),
            Self::Unavailable { .. } => (
                "unavailable",
                "Unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
            ),
            Self::Internal => (
                "internal",
                "Internal error",
                StatusCode::INTERNAL_SERVER_ERROR,
            ),
        }
    }

    /// The server is too busy, or PostgreSQL is away. The delay is spread, so that a town whose power came
    /// back does not return all at once.
    pub fn unavailable() -> Self {
        let mut random = [0];
        let _ = getrandom::fill(&mut random);
        Self::Unavailable {
            retry_after_s: 2 + u32::from(random[0]) % 9,
        }
    }

    fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::TooManyAttempts { retry_after_s } | Self::Unavailable { retry_after_s } => {
                Some(*retry_after_s)
            }
            _ => None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (slug, title, status) = self.kind();
        let mut body = json!({
            "type": format!("urn:viornet:problem:{slug}"),
            "title": title,
            "status": status.as_u16(),
            "detail": self.to_string(),
        });
        if let Self::Invalid { field, .. } = &self {
            body["field"] = json!(field);
        }
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after_s() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        if is_away(&error) {
            tracing::warn!(%error, "PostgreSQL is away");
            return Self::unavailable();
        }
        tracing::error!(?error, "a query failed");
        Self::Internal
    }
}

impl From<DatabaseError> for Problem {
    fn from(error: DatabaseError) -> Self {
        tracing::error!(?error, "the database cannot be used");
        Self::unavailable()
    }
}

/// Whether trying again later may help: PostgreSQL is not there, is starting or stopping, is full, or gave up
/// this transaction for another's sake.
pub fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            // 25P03: a transaction was left alone for too long.
            ["08", "40", "53", "57", "58", "25P03"]
                .iter()
                .any(|class| code.starts_with(class))
        }
        _ => false,
    }
}
