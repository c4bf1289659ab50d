//! Invitations of staff.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::Body;
use crate::app::SharedApp;
use crate::auth::SignedIn;
use crate::auth::invites::{self, Accept, Invite, Invited, Look, Open, Seen};
use crate::auth::session::Session;
use crate::problem::Problem;

/// `POST /api/invites`
pub async fn invite(
    State(app): State<SharedApp>,
    caller: SignedIn,
    Body(request): Body<Invite>,
) -> Result<Json<Invited>, Problem> {
    invites::invite(&app, caller, &request).await.map(Json)
}

/// `GET /api/invites`: those that can still be used.
pub async fn list(
    State(app): State<SharedApp>,
    caller: SignedIn,
) -> Result<Json<Vec<Open>>, Problem> {
    invites::list(&app, caller).await.map(Json)
}

/// `POST /api/invites/revoke`
pub async fn revoke(
    State(app): State<SharedApp>,
    caller: SignedIn,
    Body(request): Body<Invite>,
) -> Result<StatusCode, Problem> {
    invites::revoke(&app, caller, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/invites/look`: a POST, so that the token stays out of addresses and logs.
pub async fn look(
    State(app): State<SharedApp>,
    Body(request): Body<Look>,
) -> Result<Json<Seen>, Problem> {
    invites::look(&app, &request).await.map(Json)
}

/// `POST /api/invites/accept`
pub async fn accept(
    State(app): State<SharedApp>,
    Body(request): Body<Accept>,
) -> Result<Session, Problem> {
    invites::accept(&app, &request).await
}
