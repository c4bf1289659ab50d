//! Device keys and socket tickets.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use crdt_model::ids::PersonId;

use super::Body;
use crate::app::SharedApp;
use crate::auth::SignedIn;
use crate::auth::devices::{self, Known, Register, Registered, Revoke};
use crate::auth::tickets::{self, Ask, Ticket};
use crate::problem::Problem;

/// `POST /api/devices`
pub async fn register(
    State(app): State<SharedApp>,
    caller: SignedIn,
    Body(request): Body<Register>,
) -> Result<Json<Registered>, Problem> {
    devices::register(&app, caller, &request).await.map(Json)
}

/// `GET /api/people/{person}/devices`
pub async fn list(
    State(app): State<SharedApp>,
    caller: SignedIn,
    Path(person): Path<PersonId>,
) -> Result<Json<Vec<Known>>, Problem> {
    devices::list(&app, caller, person).await.map(Json)
}

/// `POST /api/devices/revoke`
pub async fn revoke(
    State(app): State<SharedApp>,
    caller: SignedIn,
    Body(request): Body<Revoke>,
) -> Result<StatusCode, Problem> {
    devices::revoke(&app, caller, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/ticket`
pub async fn ticket(
    State(app): State<SharedApp>,
    caller: SignedIn,
    Body(request): Body<Ask>,
) -> Result<Json<Ticket>, Problem> {
    tickets::issue(&app, caller, &request).await.map(Json)
}
