//! HTTP endpoints: extract, call one function, respond.

pub mod account;
pub mod devices;
pub mod export;
pub mod health;
pub mod invites;
pub mod sign_in;
pub mod sync;

use axum::extract::rejection::{BytesRejection, FailedToBufferBody, JsonRejection};
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::app::SharedApp;
use crate::problem::Problem;

/// Nothing a person types is longer.
pub const BODY_BYTES_MAX: usize = 16 * 1024;

/// A JSON body, or a problem that says what is wrong with it.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<SharedApp> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &SharedApp) -> Result<Self, Problem> {
        match axum::Json::from_request(request, app).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(JsonRejection::BytesRejection(BytesRejection::FailedToBufferBody(
                FailedToBufferBody::LengthLimitError(_),
            ))) => Err(Problem::TooLarge {
                limit_bytes: BODY_BYTES_MAX,
            }),
            // It broke off or took too long, which says nothing about what was meant to come.
            Err(JsonRejection::BytesRejection(BytesRejection::FailedToBufferBody(_))) => {
                Err(Problem::unavailable())
            }
            Err(rejection) => Err(Problem::Malformed(rejection.body_text())),
        }
    }
}
