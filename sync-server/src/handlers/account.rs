//! Who am I, and where.

use axum::Json;
use axum::extract::State;
use crdt_model::ids::{OrgId, PersonId};
use serde::Serialize;

use crate::app::SharedApp;
use crate::auth::SignedIn;
use crate::database;
use crate::problem::Problem;
use crate::store::{credentials, organisations, people};

#[derive(Serialize)]
pub struct Me {
    org_id: OrgId,
    person_id: PersonId,
    name: String,
    login: String,
    organisation: String,
    currency: String,
    timezone: String,
    server_time_ms: i64,
}

/// `GET /api/me`
pub async fn me(State(app): State<SharedApp>, caller: SignedIn) -> Result<Json<Me>, Problem> {
    let mut tx = database::begin(&app.pool, caller.org).await?;
    let login = credentials::find_login(&mut tx, caller.org, caller.person)
        .await?
        .ok_or(Problem::NotSignedIn)?;
    let name = people::find_name(&mut tx, caller.org, caller.person)
        .await?
        .ok_or(Problem::NotSignedIn)?;
    let organisation = organisations::find(&mut tx, caller.org)
        .await?
        .ok_or(Problem::NotSignedIn)?;
    Ok(Json(Me {
        org_id: caller.org,
        person_id: caller.person,
        name,
        login,
        organisation: organisation.name,
        currency: organisation.currency,
        timezone: organisation.timezone,
        server_time_ms: app.clock.now().as_millis(),
    }))
}
