//! `socket_tickets`: permission to open one WebSocket.

use crdt_model::ids::{DeviceId, OrgId, PersonId};
use crdt_model::time::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::SqlId;
use crate::clock::to_sql;

pub async fn add(
    tx: &mut PgConnection,
    org: OrgId,
    ticket_hash: &[u8],
    person: PersonId,
    device: DeviceId,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into socket_tickets (org_id, ticket_hash, person_id, device_id, expires_at)
        values ($1, $2, $3, $4, $5)
        ",
    )
    .bind(org.sql())
    .bind(ticket_hash)
    .bind(person.sql())
    .bind(device.sql())
    .bind(to_sql(expires_at))
    .execute(tx)
    .await
    .map(drop)
}

/// Uses the ticket up. Nothing when there is none, or it came too late.
pub async fn take(
    tx: &mut PgConnection,
    org: OrgId,
    ticket_hash: &[u8],
    now: Timestamp,
) -> Result<Option<(PersonId, DeviceId)>, sqlx::Error> {
    let row: Option<(Uuid, Uuid)> = sqlx::query_as(
        r"
        delete from socket_tickets
        where org_id = $1 and ticket_hash = $2 and expires_at > $3
        returning person_id, device_id
        ",
    )
    .bind(org.sql())
    .bind(ticket_hash)
    .bind(to_sql(now))
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|(person, device)| (PersonId::from_sql(person), DeviceId::from_sql(device))))
}

/// Tickets nobody came for.
pub async fn remove_expired(
    tx: &mut PgConnection,
    org: OrgId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from socket_tickets where org_id = $1 and expires_at <= $2")
        .bind(org.sql())
        .bind(to_sql(now))
        .execute(tx)
        .await
        .map(drop)
}
