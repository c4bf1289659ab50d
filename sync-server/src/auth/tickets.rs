//! Socket tickets: a WebSocket carries no headers of ours, so it is opened with a secret that works once.

use crdt_model::ids::{DeviceId, OrgId, PersonId};
use serde::{Deserialize, Serialize};

use super::SignedIn;
use super::tokens::OneTimeToken;
use crate::app::App;
use crate::database;
use crate::problem::Problem;
use crate::store::{credentials, devices, socket_tickets};

const TICKET_MILLIS: i64 = 60 * 1000;

#[derive(Deserialize)]
pub struct Ask {
    pub device_id: DeviceId,
}

#[derive(Serialize)]
pub struct Ticket {
    pub ticket: String,
}

/// Who opens a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    pub org: OrgId,
    pub person: PersonId,
    pub device: DeviceId,
}

/// Gives out a ticket to the person whose device it is.
pub async fn issue(app: &App, caller: SignedIn, request: &Ask) -> Result<Ticket, Problem> {
    let now = app.clock.now();
    let mut tx = database::begin(&app.pool, caller.org).await?;
    if !credentials::is_active(&mut tx, caller.org, caller.person).await? {
        return Err(Problem::NotSignedIn);
    }
    let device = devices::find(&mut tx, caller.org, request.device_id)
        .await?
        .ok_or(Problem::DeviceRefused)?;
    if device.person != caller.person || device.is_revoked {
        return Err(Problem::DeviceRefused);
    }
    socket_tickets::remove_expired(&mut tx, caller.org, now).await?;
    let token = OneTimeToken::new(caller.org);
    let expires_at = now.plus_millis(TICKET_MILLIS);
    socket_tickets::add(
        &mut tx,
        caller.org,
        &token.hash(),
        caller.person,
        device.id,
        expires_at,
    )
    .await?;
    devices::set_seen(&mut tx, caller.org, device.id, now).await?;
    tx.commit().await?;
    Ok(Ticket {
        ticket: token.text(),
    })
}

/// Takes a ticket; it works once.
pub async fn take(app: &App, text: &str) -> Result<Holder, Problem> {
    let token = OneTimeToken::parse(text).ok_or(Problem::NotSignedIn)?;
    let org = token.org();
    let mut tx = database::begin(&app.pool, org).await?;
    let taken = socket_tickets::take(&mut tx, org, &token.hash(), app.clock.now()).await?;
    tx.commit().await?;
    let (person, device) = taken.ok_or(Problem::NotSignedIn)?;
    Ok(Holder {
        org,
        person,
        device,
    })
}
