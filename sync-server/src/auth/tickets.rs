//! Socket tickets: a WebSocket carries no headers of ours, so it is opened with a secret that works once.

use crdt_model::ids::{DeviceId, OrgId, PersonId};
use crdt_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::SignedIn;
use super::tokens::OneTimeToken;
use crate::app::App;
use crate::database;
use crate::problem::Problem;
use crate::store::{devices, socket_tickets};

const TICKET_MILLIS: i64 = 60 * 1000;
/// Connections that wait to be let in before nobody gets a ticket for another.
const HELLOS_CROWD: usize = 64;

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
    // Those who have one are let in first.
    if app.hellos.waiting() > HELLOS_CROWD {
        return Err(Problem::unavailable());
    }
    let _place = app.arrivals.enter().await.ok_or(Problem::unavailable())?;
    let now = app.clock.now();
    let mut tx = database::begin_fleeting(&app.pool, caller.org).await?;
    let device = devices::find(&mut tx, caller.org, request.device_id)
        .await?
        .ok_or(Problem::DeviceRefused)?;
    if device.person != caller.person || device.is_revoked {
        return Err(Problem::DeviceRefused);
    }
    caller.still(&mut tx).await?;
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

/// Takes a ticket; it works once. `tx` is of the ticket's organisation.
pub async fn take(
    tx: &mut PgConnection,
    ticket: &OneTimeToken,
    now: Timestamp,
) -> Result<Option<Holder>, sqlx::Error> {
    let org = ticket.org();
    let taken = socket_tickets::take(tx, org, &ticket.hash(), now).await?;
    Ok(taken.map(|(person, device)| Holder {
        org,
        person,
        device,
    }))
}
