//! The way in and out: set-up, sign-in, refresh, sign-out.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use crdt_model::ids::PersonId;
use serde::Deserialize;

use super::Body;
use crate::app::SharedApp;
use crate::auth::cookie;
use crate::auth::session::{self, Session};
use crate::auth::setup::{self, SetUp};
use crate::auth::sign_in::{self, SignIn};
use crate::problem::Problem;

#[derive(Deserialize)]
pub struct Person {
    person_id: PersonId,
}

/// `POST /api/setup`
pub async fn set_up(
    State(app): State<SharedApp>,
    Body(request): Body<SetUp>,
) -> Result<Session, Problem> {
    setup::set_up(&app, request).await
}

/// `POST /api/sign-in`
pub async fn sign_in(
    State(app): State<SharedApp>,
    Body(request): Body<SignIn>,
) -> Result<Session, Problem> {
    sign_in::sign_in(&app, &request).await
}

/// `POST /api/refresh`
pub async fn refresh(
    State(app): State<SharedApp>,
    headers: HeaderMap,
    Body(request): Body<Person>,
) -> Result<Session, Problem> {
    let token = cookie::find(&headers, request.person_id).ok_or(Problem::SessionEnded)?;
    let _place = app.arrivals.enter().await.ok_or(Problem::unavailable())?;
    session::refresh(&app, request.person_id, &token).await
}

/// `POST /api/sign-out`
pub async fn sign_out(
    State(app): State<SharedApp>,
    headers: HeaderMap,
    Body(request): Body<Person>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1]), Problem> {
    if let Some(token) = cookie::find(&headers, request.person_id) {
        session::end(&app, request.person_id, &token).await?;
    }
    Ok((
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, cookie::forget(request.person_id))],
    ))
}
