//! `devices`: the keys that may sign batches.

use crdt_model::ids::{DeviceId, OrgId, PersonId};
use crdt_model::time::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::SqlId;
use crate::clock::to_sql;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub id: DeviceId,
    pub person: PersonId,
    pub public_key: Vec<u8>,
    pub is_revoked: bool,
}

row! {
    struct Row {
        device_id: Uuid,
        person_id: Uuid,
        public_key: Vec<u8>,
        is_revoked: bool,
    }
}

impl From<Row> for Device {
    fn from(row: Row) -> Self {
        Self {
            id: DeviceId::from_sql(row.device_id),
            person: PersonId::from_sql(row.person_id),
            public_key: row.public_key,
            is_revoked: row.is_revoked,
        }
    }
}

pub struct NewDevice<'a> {
    pub id: DeviceId,
    pub person: PersonId,
    pub public_key: &'a [u8],
    pub label: &'a str,
}

/// Adds the device unless its key is known; returns the one that has the key afterwards.
pub async fn add_if_missing(
    tx: &mut PgConnection,
    org: OrgId,
    new: &NewDevice<'_>,
    now: Timestamp,
) -> Result<Device, sqlx::Error> {
    let row: Row = sqlx::query_as(
        r"
        insert into devices (org_id, device_id, person_id, public_key, label, created_at, last_seen_at)
        values ($1, $2, $3, $4, $5, $6, $6)
        on conflict (org_id, public_key) do update set last_seen_at = excluded.last_seen_at
        returning device_id, person_id, public_key, revoked_at is not null as is_revoked
        ",
    )
    .bind(org.sql())
    .bind(new.id.sql())
    .bind(new.person.sql())
    .bind(new.public_key)
    .bind(new.label)
    .bind(to_sql(now))
    .fetch_one(tx)
    .await?;
    Ok(row.into())
}

pub async fn find(
    tx: &mut PgConnection,
    org: OrgId,
    device: DeviceId,
) -> Result<Option<Device>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        r"
        select device_id, person_id, public_key, revoked_at is not null as is_revoked
        from devices
        where org_id = $1 and device_id = $2
        ",
    )
    .bind(org.sql())
    .bind(device.sql())
    .fetch_optional(tx)
    .await?;
    Ok(row.map(Device::from))
}

pub async fn set_seen(
    tx: &mut PgConnection,
    org: OrgId,
    device: DeviceId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("update devices set last_seen_at = $3 where org_id = $1 and device_id = $2")
        .bind(org.sql())
        .bind(device.sql())
        .bind(to_sql(now))
        .execute(tx)
        .await
        .map(drop)
}

/// Nothing signed by this device is accepted any more.
pub async fn revoke(
    tx: &mut PgConnection,
    org: OrgId,
    device: DeviceId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("update devices set revoked_at = coalesce(revoked_at, $3) where org_id = $1 and device_id = $2")
        .bind(org.sql())
        .bind(device.sql())
        .bind(to_sql(now))
        .execute(tx)
        .await
        .map(drop)
}

/// The devices of a person that are not revoked, the one seen last first.
pub async fn of_person(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
) -> Result<Vec<DeviceId>, sqlx::Error> {
    let rows: Vec<Uuid> = sqlx::query_scalar(
        r"
        select device_id
        from devices
        where org_id = $1 and person_id = $2 and revoked_at is null
        order by last_seen_at desc, device_id desc
        ",
    )
    .bind(org.sql())
    .bind(person.sql())
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(DeviceId::from_sql).collect())
}

/// Which of these are revoked.
pub async fn revoked_among(
    tx: &mut PgConnection,
    org: OrgId,
    devices: &[DeviceId],
) -> Result<Vec<DeviceId>, sqlx::Error> {
    let devices: Vec<Uuid> = devices.iter().map(SqlId::sql).collect();
    let rows: Vec<Uuid> = sqlx::query_scalar(
        "select device_id from devices where org_id = $1 and device_id = any ($2) and revoked_at is not null",
    )
    .bind(org.sql())
    .bind(devices)
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(DeviceId::from_sql).collect())
}
