//! Device keys and socket tickets.

use axum::Json;
use axum::extract::State;

use super::Body;
use crate::app::SharedApp;
use crate::auth::SignedIn;
use crate::auth::devices::{self, Register, Registered};
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

/// `POST /api/ticket`
pub async fn ticket(
    State(app): State<SharedApp>,
    caller: SignedIn,
    Body(request): Body<Ask>,
) -> Result<Json<Ticket>, Problem> {
    tickets::issue(&app, caller, &request).await.map(Json)
}
