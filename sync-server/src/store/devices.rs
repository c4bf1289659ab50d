//! `devices`: the keys that may sign batches.

use crdt_model::ids::{DeviceId, OrgId, PersonId};
use crdt_model::time::Timestamp;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::SqlId;
use crate::clock::{from_sql, to_sql};

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
    /// SHA-256 of the secret by which the browser profile is known again.
    pub recovery_hash: Option<[u8; 32]>,
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
        insert into devices (org_id, device_id, person_id, public_key, label, created_at, last_seen_at, recovery_hash)
        values ($1, $2, $3, $4, $5, $6, $6, $7)
        on conflict (org_id, public_key) do update set
            last_seen_at = excluded.last_seen_at,
            recovery_hash = coalesce(devices.recovery_hash, excluded.recovery_hash)
        returning device_id, person_id, public_key, revoked_at is not null as is_revoked
        ",
    )
    .bind(org.sql())
    .bind(new.id.sql())
    .bind(new.person.sql())
    .bind(new.public_key)
    .bind(new.label)
    .bind(to_sql(now))
    .bind(new.recovery_hash)
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

/// Nothing signed by this device is accepted any more, nor by those whose place it took.
pub async fn revoke(
    tx: &mut PgConnection,
    org: OrgId,
    device: DeviceId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        update devices
        set revoked_at = coalesce(revoked_at, $3)
        where org_id = $1 and (device_id = $2 or replaced_by = $2)
        ",
    )
    .bind(org.sql())
    .bind(device.sql())
    .bind(to_sql(now))
    .execute(tx)
    .await
    .map(drop)
}

/// Puts a new device in the place of an old one of the same person and browser profile, and of those that one had
/// replaced. Answers whether there was one: it must not be revoked, and have left this secret's hash.
pub async fn replace(
    tx: &mut PgConnection,
    org: OrgId,
    new: &NewDevice<'_>,
    old: DeviceId,
) -> Result<bool, sqlx::Error> {
    let replaced = sqlx::query(
        r"
        with known as (
            select device_id
            from devices
            where org_id = $1 and device_id = $2 and person_id = $3 and recovery_hash = $4
                and revoked_at is null and replaced_by is null and device_id <> $5
        )
        update devices
        set replaced_by = $5
        from known
        where org_id = $1
            and (devices.device_id = known.device_id or devices.replaced_by = known.device_id)
        ",
    )
    .bind(org.sql())
    .bind(old.sql())
    .bind(new.person.sql())
    .bind(new.recovery_hash)
    .bind(new.id.sql())
    .execute(tx)
    .await?;
    Ok(replaced.rows_affected() > 0)
}

/// The devices whose place this one took.
pub async fn replaced_by(
    tx: &mut PgConnection,
    org: OrgId,
    device: DeviceId,
) -> Result<Vec<DeviceId>, sqlx::Error> {
    let rows: Vec<Uuid> = sqlx::query_scalar(
        "select device_id from devices where org_id = $1 and replaced_by = $2 and revoked_at is null",
    )
    .bind(org.sql())
    .bind(device.sql())
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(DeviceId::from_sql).collect())
}

/// The devices of a person that are in use, the one seen last first.
pub async fn of_person(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
) -> Result<Vec<DeviceId>, sqlx::Error> {
    let rows: Vec<Uuid> = sqlx::query_scalar(
        r"
        select device_id
        from devices
        where org_id = $1 and person_id = $2 and revoked_at is null and replaced_by is null
        order by last_seen_at desc, device_id desc
        ",
    )
    .bind(org.sql())
    .bind(person.sql())
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(DeviceId::from_sql).collect())
}

/// A device with what people know it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub id: DeviceId,
    pub label: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

row! {
    struct ListedRow {
        device_id: Uuid,
        label: String,
        created_at: OffsetDateTime,
        last_seen_at: OffsetDateTime,
        revoked_at: Option<OffsetDateTime>,
    }
}

/// At most this many are shown: a browser that forgets everything makes a new one at each sign-in.
const LISTED_MAX: i64 = 100;

/// Every device of a person, those in use first, the one seen last before the others.
pub async fn list(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
) -> Result<Vec<Listed>, sqlx::Error> {
    let rows: Vec<ListedRow> = sqlx::query_as(
        r"
        select device_id, label, created_at, last_seen_at, revoked_at
        from devices
        where org_id = $1 and person_id = $2 and replaced_by is null
        order by revoked_at is not null, last_seen_at desc, device_id desc
        limit $3
        ",
    )
    .bind(org.sql())
    .bind(person.sql())
    .bind(LISTED_MAX)
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Listed {
            id: DeviceId::from_sql(row.device_id),
            label: row.label,
            created_at: from_sql(row.created_at),
            last_seen_at: from_sql(row.last_seen_at),
            revoked_at: row.revoked_at.map(from_sql),
        })
        .collect())
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
