//! HTTP to our own relay from a worker: JSON and bytes, each with a time limit and errors that can be told apart.
//!
//! It must not know the routes; the cookies of this origin travel by themselves.

use js_sys::Uint8Array;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wasm_bindgen::JsValue;
use web_sys::{AbortController, Request, RequestCredentials, RequestInit, Response};

use crate::browser::{error_text, settled, within, worker_scope};

/// Long enough for a handshake on a slow link, short enough to try again in view of the person.
pub const TIMEOUT_MS: u32 = 20_000;

/// So long may sending so much take, and the answer to it: the usual time and half as much, and what 20 kbit/s need. Slower
/// ones the relay cuts off itself, but for what is small.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a day of milliseconds is the most"
)]
const fn upload_ms(bytes: usize) -> u32 {
    const DAY_MS: u64 = 86_400_000;
    let sending = (bytes as u64).saturating_mul(8) / UPLOAD_BITS_PER_MS;
    let sending = if sending > DAY_MS { DAY_MS } else { sending };
    TIMEOUT_MS + TIMEOUT_MS / 2 + sending as u32
}

const UPLOAD_BITS_PER_MS: u64 = 20;

// An import of 700 kB takes 112 seconds on a poor link of 50 kbit/s.
const _: () = assert!(upload_ms(700_000) > 2 * 112_000 && upload_ms(0) == 30_000);

/// The relay's `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProblemDetails {
    /// The stable URI that names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// No connection, a refused one, or one cut on the way: try again later.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    #[error("the server did not answer in time")]
    TimedOut,
    /// The relay said what is wrong.
    #[error("the server refused ({}): {}", .0.status, .0.title)]
    Problem(ProblemDetails),
    /// An answer that is not from our relay, such as a proxy's or a captive portal's page.
    #[error("an unexpected answer with status {0}")]
    Unexpected(u16),
    /// The relay's answer does not have the form this version knows.
    #[error("the answer could not be read: {0}")]
    Unreadable(String),
}

impl HttpError {
    /// Whether it says nothing about the request itself, so that the same request may succeed later.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut => true,
            Self::Problem(problem) => problem.status == 429 || problem.status >= 500,
            Self::Unexpected(status) => *status == 429 || *status >= 500 || *status < 400,
            Self::Unreadable(_) => false,
        }
    }
}

/// What to send.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    method: &'a str,
    url: &'a str,
    bearer: Option<&'a str>,
    body: Option<(&'static str, Vec<u8>)>,
    timeout_ms: u32,
}

impl<'a> Call<'a> {
    pub fn get(url: &'a str) -> Self {
        Self {
            method: "GET",
            url,
            bearer: None,
            body: None,
            timeout_ms: TIMEOUT_MS,
        }
    }

    pub fn post(url: &'a str) -> Self {
        Self {
            method: "POST",
            ..Self::get(url)
        }
    }

    /// Sends the access token.
    pub fn bearer(mut self, token: &'a str) -> Self {
        self.bearer = Some(token);
        self
    }

    pub fn json(mut self, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("our own requests are plain data");
        self.body = Some(("application/json", body));
        self
    }

    pub fn bytes(mut self, body: Vec<u8>) -> Self {
        self.body = Some(("application/octet-stream", body));
        self
    }

    /// Bytes of which there may be many: how long they may take follows from that.
    pub fn upload(self, body: Vec<u8>) -> Self {
        let timeout_ms = upload_ms(body.len());
        Self {
            timeout_ms,
            ..self.bytes(body)
        }
    }

    /// Sends it and reads the answer as JSON; an empty answer reads as `null`.
    pub async fn fetch_json<T: DeserializeOwned>(self) -> Result<T, HttpError> {
        let mut body = self.fetch_bytes().await?;
        if body.is_empty() {
            body = b"null".to_vec();
        }
        serde_json::from_slice(&body).map_err(|error| HttpError::Unreadable(error.to_string()))
    }

    /// Sends it and gives the answer's bytes. The time limit covers the whole answer.
    pub async fn fetch_bytes(self) -> Result<Vec<u8>, HttpError> {
        let controller =
            AbortController::new().map_err(|error| HttpError::Unreachable(error_text(&error)))?;
        let timeout_ms = self.timeout_ms;
        match within(timeout_ms, self.exchange(&controller)).await {
            Some(outcome) => outcome,
            None => {
                controller.abort();
                Err(HttpError::TimedOut)
            }
        }
    }

    async fn exchange(self, controller: &AbortController) -> Result<Vec<u8>, HttpError> {
        let unreachable = |error: JsValue| HttpError::Unreachable(error_text(&error));
        let init = RequestInit::new();
        init.set_method(self.method);
        init.set_credentials(RequestCredentials::SameOrigin);
        init.set_signal(Some(&controller.signal()));
        if let Some((_, body)) = &self.body {
            init.set_body(&Uint8Array::from(body.as_slice()));
        }
        let request = Request::new_with_str_and_init(self.url, &init).map_err(unreachable)?;
        let headers = request.headers();
        headers
            .set(
                "Accept",
                "application/json, application/problem+json, application/octet-stream",
            )
            .map_err(unreachable)?;
        if let Some((content_type, _)) = &self.body {
            headers
                .set("Content-Type", content_type)
                .map_err(unreachable)?;
        }
        if let Some(token) = self.bearer {
            headers
                .set("Authorization", &format!("Bearer {token}"))
                .map_err(unreachable)?;
        }

        let response: Response = settled(worker_scope().fetch_with_request(&request))
            .await
            .map_err(unreachable)?;
        let buffer: JsValue = match response.array_buffer() {
            Ok(promise) => settled(promise).await.map_err(unreachable)?,
            Err(error) => return Err(unreachable(error)),
        };
        let body = Uint8Array::new(&buffer).to_vec();
        if response.ok() {
            return Ok(body);
        }
        let content_type = response.headers().get("Content-Type").ok().flatten();
        if content_type.is_some_and(|kind| kind.starts_with("application/problem+json"))
            && let Ok(mut problem) = serde_json::from_slice::<ProblemDetails>(&body)
        {
            problem.status = response.status();
            return Err(HttpError::Problem(problem));
        }
        Err(HttpError::Unexpected(response.status()))
    }
}
