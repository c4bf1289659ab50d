//! `batches`, `blocks`, `vouchers`, `leases`.

use crdt_model::fact::{BatchMade, Codes, Leased, VoucherRef};
use crdt_model::ids::{BatchId, BlockId, DeviceId, IntentId, OrgId, PersonId, SiteId};
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
        insert into batches (org_id, batch_id, site_id, label, package_id, price_minor, made_by, made_at, seq, made_on)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
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
    .bind(batch.made_on.map(|day| to_sql(day).date()))
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
        insert into blocks (
            org_id, block_id, site_id, batch_id, package_id, price_minor, voucher_count, seq, taken_count
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, (
            -- After a restore its sales may be known before it is.
            select count(distinct voucher_index) from voucher_sales where org_id = $1 and block_id = $2
        ))
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
        insert into vouchers (org_id, block_id, voucher_index, username, is_duplicate, is_undone)
        select $1, $2, place - 1, username, place - 1 = any ($4), exists (
            select from batch_undos where org_id = $1 and batch_id = $5 and site_id = $6 and has_effect
        )
        from unnest($3::text[]) with ordinality as code (username, place)
        on conflict do nothing
        ",
    )
    .bind(org.sql())
    .bind(block.sql())
    .bind(usernames)
    .bind(duplicates)
    .bind(made.batch.sql())
    .bind(site.sql())
    .execute(tx)
    .await
    .map(drop)
}

/// Somebody undid a batch.
pub struct NewUndo {
    pub intent: IntentId,
    pub batch: BatchId,
    pub site: SiteId,
    pub person: PersonId,
    pub at: Timestamp,
    pub seq: u64,
    pub has_effect: bool,
}

/// Notes an undo; if it came in time, every code of the batch is free from now on.
pub async fn add_undo(
    tx: &mut PgConnection,
    org: OrgId,
    undo: &NewUndo,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into batch_undos (org_id, intent_id, batch_id, site_id, person_id, at, seq, has_effect)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict do nothing
        ",
    )
    .bind(org.sql())
    .bind(undo.intent.sql())
    .bind(undo.batch.sql())
    .bind(undo.site.sql())
    .bind(undo.person.sql())
    .bind(to_sql(undo.at))
    .bind(sql_seq(undo.seq))
    .bind(undo.has_effect)
    .execute(&mut *tx)
    .await?;
    if !undo.has_effect {
        return Ok(());
    }
    // Undone a second time, what was sold or handed out since the first stays in use.
    sqlx::query(
        r"
        update vouchers v
        set is_undone = true
        from blocks b
        where b.org_id = $1
            and b.batch_id = $2
            and b.site_id = $3
            and v.org_id = $1
            and v.block_id = b.block_id
            and not exists (
                select from batch_undos u
                where u.org_id = $1
                    and u.batch_id = $2
                    and u.site_id = $3
                    and u.has_effect
                    and u.intent_id <> $4
            )
        ",
    )
    .bind(org.sql())
    .bind(undo.batch.sql())
    .bind(undo.site.sql())
    .bind(undo.intent.sql())
    .execute(tx)
    .await
    .map(drop)
}

/// Void vouchers that were sold or handed out all the same: their user names are in use, unless others have them by now.
pub async fn retake(
    tx: &mut PgConnection,
    org: OrgId,
    sold: &[VoucherRef],
) -> Result<(), sqlx::Error> {
    let blocks: Vec<Uuid> = sold.iter().map(|voucher| voucher.block.sql()).collect();
    let indexes: Vec<i32> = sold
        .iter()
        .map(|voucher| sql_index(voucher.index))
        .collect();
    sqlx::query(
        r"
        update vouchers v
        set is_undone = false, is_duplicate = false
        from (
            select distinct on (u.username) u.block_id, u.voucher_index
            from vouchers u
            join unnest($2::uuid[], $3::integer[]) as sold (block_id, voucher_index)
                on u.block_id = sold.block_id and u.voucher_index = sold.voucher_index
            where u.org_id = $1
                and (u.is_undone or u.is_duplicate)
                and not exists (
                    select from vouchers o
                    where o.org_id = $1
                        and o.username = u.username
                        and not o.is_duplicate
                        and not o.is_undone
                )
            order by u.username, u.block_id, u.voucher_index
        ) as chosen
        where v.org_id = $1 and v.block_id = chosen.block_id and v.voucher_index = chosen.voucher_index
        ",
    )
    .bind(org.sql())
    .bind(blocks)
    .bind(indexes)
    .execute(tx)
    .await
    .map(drop)
}

/// The blocks of a batch, whether it exists yet or not, with their sites.
pub async fn blocks_of(
    tx: &mut PgConnection,
    org: OrgId,
    batch: BatchId,
) -> Result<Vec<(SiteId, BlockId)>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid)> =
        sqlx::query_as("select site_id, block_id from blocks where org_id = $1 and batch_id = $2")
            .bind(org.sql())
            .bind(batch.sql())
            .fetch_all(tx)
            .await?;
    Ok(rows
        .into_iter()
        .map(|(site, block)| (SiteId::from_sql(site), BlockId::from_sql(block)))
        .collect())
}

/// The sites of these blocks, as far as their codes are here. Each is looked up in the index.
pub async fn sites_of(
    tx: &mut PgConnection,
    org: OrgId,
    blocks: &[BlockId],
) -> Result<Vec<(BlockId, SiteId)>, sqlx::Error> {
    let blocks: Vec<Uuid> = blocks.iter().map(SqlId::sql).collect();
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        r"
        select wanted.block_id, found.site_id
        from unnest($2::uuid[]) as wanted (block_id)
        cross join lateral (
            select site_id from blocks where org_id = $1 and block_id = wanted.block_id limit 1
        ) as found
        ",
    )
    .bind(org.sql())
    .bind(blocks)
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(block, site)| (BlockId::from_sql(block), SiteId::from_sql(site)))
        .collect())
}

/// Which of these user names exist, and where.
///
/// Each is looked up in the index. A plan made while the table was empty would compare every voucher with each of them.
pub async fn find_usernames(
    tx: &mut PgConnection,
    org: OrgId,
    usernames: &[String],
) -> Result<Vec<(String, VoucherRef)>, sqlx::Error> {
    let rows: Vec<(String, Uuid, i32)> = sqlx::query_as(
        r"
        select wanted.username, found.block_id, found.voucher_index
        from unnest($2::text[]) as wanted (username)
        cross join lateral (
            select block_id, voucher_index
            from vouchers
            where org_id = $1 and username = wanted.username and not is_duplicate and not is_undone
            limit 1
        ) as found
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

/// Notes who holds a block, unless a later turn is known. Turns are counted by site, and what the site of its codes says
/// of a block takes the place of what another one said.
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
        where (leases.site_id = excluded.site_id and leases.turn < excluded.turn)
            or (leases.site_id <> excluded.site_id and exists (
                select from blocks b
                where b.org_id = excluded.org_id and b.block_id = excluded.block_id and b.site_id = excluded.site_id
            ))
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

/// The blocks of a person on a device, with their sites.
pub async fn leased_to(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
    device: DeviceId,
) -> Result<Vec<(SiteId, BlockId)>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select site_id, block_id from leases where org_id = $1 and person_id = $2 and device_id = $3",
    )
    .bind(org.sql())
    .bind(person.sql())
    .bind(device.sql())
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(site, block)| (SiteId::from_sql(site), BlockId::from_sql(block)))
        .collect())
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
