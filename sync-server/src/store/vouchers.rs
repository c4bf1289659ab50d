//! `batches`, `blocks`, `vouchers`, `leases`.

use crdt_model::fact::{BatchMade, Codes, Leased, VoucherRef};
use crdt_model::ids::{BlockId, DeviceId, OrgId, PersonId, SiteId};
use crdt_model::time::Timestamp;
use crdt_model::voucher::Code;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{SqlId, sql_index, sql_seq, sql_text};
use crate::clock::to_sql;

pub async fn add_batch(
    tx: &mut PgConnection,
    org: OrgId,
    site: SiteId,
    batch: &BatchMade,
    made_by: PersonId,
    made_at: Timestamp,
    seq: u64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into batches (org_id, batch_id, site_id, label, package_id, price_minor, made_by, made_at, seq)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict do nothing
        ",
    )
    .bind(org.sql())
    .bind(batch.batch.sql())
    .bind(site.sql())
    .bind(sql_text(&batch.label))
    .bind(batch.package.sql())
    .bind(batch.price.minor())
    .bind(made_by.sql())
    .bind(to_sql(made_at))
    .bind(sql_seq(seq))
    .execute(tx)
    .await
    .map(drop)
}

/// Adds a block with its vouchers; `duplicates` are the indexes whose names exist elsewhere.
pub async fn add_block(
    tx: &mut PgConnection,
    org: OrgId,
    (site, block): (SiteId, BlockId),
    made: &Codes,
    codes: &[Code],
    duplicates: &[u32],
    seq: u64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into blocks (org_id, block_id, site_id, batch_id, package_id, price_minor, voucher_count, seq)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict do nothing
        ",
    )
    .bind(org.sql())
    .bind(block.sql())
    .bind(site.sql())
    .bind(made.batch.sql())
    .bind(made.package.sql())
    .bind(made.price.minor())
    .bind(i32::try_from(codes.len()).unwrap_or(i32::MAX))
    .bind(sql_seq(seq))
    .execute(&mut *tx)
    .await?;
    let usernames: Vec<String> = codes
        .iter()
        .map(|code| sql_text(&code.username).into_owned())
        .collect();
    let duplicates: Vec<i32> = duplicates.iter().map(|index| sql_index(*index)).collect();
    sqlx::query(
        r"
        insert into vouchers (org_id, block_id, voucher_index, username, is_duplicate)
        select $1, $2, place - 1, username, place - 1 = any ($4)
        from unnest($3::text[]) with ordinality as code (username, place)
        on conflict do nothing
        ",
    )
    .bind(org.sql())
    .bind(block.sql())
    .bind(usernames)
    .bind(duplicates)
    .execute(tx)
    .await
    .map(drop)
}

/// Which of these user names exist, and where.
pub async fn find_usernames(
    tx: &mut PgConnection,
    org: OrgId,
    usernames: &[String],
) -> Result<Vec<(String, VoucherRef)>, sqlx::Error> {
    let rows: Vec<(String, Uuid, i32)> = sqlx::query_as(
        r"
        select username, block_id, voucher_index
        from vouchers
        where org_id = $1 and username = any ($2) and not is_duplicate
        ",
    )
    .bind(org.sql())
    .bind(usernames)
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(username, block, index)| {
            let voucher = VoucherRef {
                block: BlockId::from_sql(block),
                index: u32::try_from(index).unwrap_or(0),
            };
            (username, voucher)
        })
        .collect())
}

/// Notes who holds a block, unless a later turn is known.
pub async fn put_lease(
    tx: &mut PgConnection,
    org: OrgId,
    site: SiteId,
    lease: &Leased,
    since: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into leases (org_id, block_id, site_id, person_id, device_id, turn, since)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (org_id, block_id) do update set
            site_id = excluded.site_id,
            person_id = excluded.person_id,
            device_id = excluded.device_id,
            turn = excluded.turn,
            since = excluded.since
        where leases.turn < excluded.turn
        ",
    )
    .bind(org.sql())
    .bind(lease.block.sql())
    .bind(site.sql())
    .bind(lease.person.map(|person| person.sql()))
    .bind(lease.device.map(|device| device.sql()))
    .bind(i64::from(lease.turn))
    .bind(to_sql(since))
    .execute(tx)
    .await
    .map(drop)
}

/// The blocks of a person on a device.
pub async fn leased_to(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
    device: DeviceId,
) -> Result<Vec<BlockId>, sqlx::Error> {
    let rows: Vec<Uuid> = sqlx::query_scalar(
        "select block_id from leases where org_id = $1 and person_id = $2 and device_id = $3",
    )
    .bind(org.sql())
    .bind(person.sql())
    .bind(device.sql())
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(BlockId::from_sql).collect())
}

/// The sites where blocks wait for this device of a person: those without one, and those of the devices it replaced.
pub async fn sites_to_bind(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
    replaced: &[DeviceId],
) -> Result<Vec<SiteId>, sqlx::Error> {
    let replaced: Vec<Uuid> = replaced.iter().map(SqlId::sql).collect();
    let rows: Vec<Uuid> = sqlx::query_scalar(
        r"
        select distinct site_id
        from leases
        where org_id = $1 and person_id = $2 and (device_id is null or device_id = any ($3))
        ",
    )
    .bind(org.sql())
    .bind(person.sql())
    .bind(replaced)
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(SiteId::from_sql).collect())
}
