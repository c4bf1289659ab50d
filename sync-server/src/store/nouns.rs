//! `packages`, `clients`: records, as their documents say them now.

use std::collections::BTreeSet;

use crdt_model::client::Client;
use crdt_model::ids::{ClientId, OrgId};
use crdt_model::package::{Connection, Package};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{SqlId, sql_text};

pub async fn put_package(
    tx: &mut PgConnection,
    org: OrgId,
    package: &Package,
) -> Result<(), sqlx::Error> {
    let details = &package.details;
    let number = |value: Option<u64>| value.and_then(|value| i64::try_from(value).ok());
    let small = |value: Option<u32>| value.and_then(|value| i32::try_from(value).ok());
    sqlx::query(
        r"
        insert into packages (
            org_id, package_id, name, price_minor, validity_count, validity_unit, uptime_limit_seconds, quota_bytes,
            use_within_days, active, description, download_kbps, upload_kbps, shared_users, kind, low_stock
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        on conflict (org_id, package_id) do update set
            name = excluded.name,
            price_minor = excluded.price_minor,
            validity_count = excluded.validity_count,
            validity_unit = excluded.validity_unit,
            uptime_limit_seconds = excluded.uptime_limit_seconds,
            quota_bytes = excluded.quota_bytes,
            use_within_days = excluded.use_within_days,
            active = excluded.active,
            description = excluded.description,
            download_kbps = excluded.download_kbps,
            upload_kbps = excluded.upload_kbps,
            shared_users = excluded.shared_users,
            kind = excluded.kind,
            low_stock = excluded.low_stock
        ",
    )
    .bind(org.sql())
    .bind(package.id.sql())
    .bind(sql_text(&details.name))
    .bind(details.price.minor())
    .bind(i32::try_from(details.validity.count).unwrap_or(i32::MAX))
    .bind(details.validity.unit.code())
    .bind(number(details.uptime_limit_seconds))
    .bind(number(details.quota_bytes))
    .bind(details.use_within_days.map(i64::from))
    .bind(package.active)
    .bind(details.description.as_deref().map(sql_text))
    .bind(small(details.download_kbps))
    .bind(small(details.upload_kbps))
    .bind(small(details.shared_users))
    .bind(details.kind.code())
    .bind(small(details.low_stock))
    .execute(tx)
    .await
    .map(drop)
}

pub async fn put_client(
    tx: &mut PgConnection,
    org: OrgId,
    client: &Client,
) -> Result<(), sqlx::Error> {
    let details = &client.details;
    let text = |text: &Option<String>| text.as_deref().map(sql_text).map(Into::<String>::into);
    sqlx::query(
        r"
        insert into clients (
            org_id, client_id, site_id, owner_id, name, phone, email, address, mac, connection, registered_on,
            expires_on, sms_reminder, notes, active
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::date, $12::date, $13, $14, $15)
        on conflict (org_id, client_id) do update set
            site_id = excluded.site_id,
            owner_id = excluded.owner_id,
            name = excluded.name,
            phone = excluded.phone,
            email = excluded.email,
            address = excluded.address,
            mac = excluded.mac,
            connection = excluded.connection,
            registered_on = excluded.registered_on,
            expires_on = excluded.expires_on,
            sms_reminder = excluded.sms_reminder,
            notes = excluded.notes,
            active = excluded.active
        ",
    )
    .bind(org.sql())
    .bind(client.id.sql())
    .bind(client.site.sql())
    .bind(client.owner.sql())
    .bind(sql_text(&details.name))
    .bind(details.phone.as_ref().map(ToString::to_string))
    .bind(text(&details.email))
    .bind(text(&details.address))
    .bind(details.mac.as_ref().map(ToString::to_string))
    .bind(details.connection.map(Connection::code))
    .bind(client.registered_on().to_string())
    .bind(details.expires_on.as_ref().map(ToString::to_string))
    .bind(details.sms_reminder)
    .bind(text(&details.notes))
    .bind(client.active)
    .execute(tx)
    .await
    .map(drop)
}

/// Those of these clients that there are.
pub async fn known_clients(
    tx: &mut PgConnection,
    org: OrgId,
    clients: &[ClientId],
) -> Result<BTreeSet<ClientId>, sqlx::Error> {
    let clients: Vec<Uuid> = clients.iter().map(SqlId::sql).collect();
    let rows: Vec<Uuid> = sqlx::query_scalar(
        r"
        select wanted.client_id
        from unnest($2::uuid[]) as wanted (client_id)
        cross join lateral (
            select from clients where org_id = $1 and client_id = wanted.client_id limit 1
        ) as found
        ",
    )
    .bind(org.sql())
    .bind(clients)
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(ClientId::from_sql).collect())
}
