//! `sales`, `sale_lines`, `replacements`, `voucher_sales`; and the sums of them: `sales_days`, `package_days`,
//! `blocks.taken_count`.
//!
//! What a push asks for is found by one look into an index for each thing (`lateral … limit 1`). Joined as whole sets,
//! PostgreSQL reads the organisation's whole table as long as it has no statistics of it, which is just when it is new.

use crdt_model::document::DocumentKey;
use crdt_model::fact::{Line, PaymentMethod, SaleRef, VoucherRef};
use crdt_model::ids::{BlockId, ClientId, IntentId, OrgId, PackageId, PersonId, SiteId};
use crdt_model::time::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{SqlId, sql_index, sql_seq, sql_text};
use crate::clock::to_sql;

pub struct NewSale {
    pub intent: IntentId,
    pub seq: u64,
    pub site: SiteId,
    pub person: PersonId,
    pub receipt: String,
    pub method: PaymentMethod,
    pub reference: Option<String>,
    pub client: Option<ClientId>,
    pub total_minor: i64,
    pub occurred_at: Timestamp,
    pub device_at: Timestamp,
    pub lines: Vec<Line>,
}

pub struct NewReplacement {
    pub intent: IntentId,
    pub seq: u64,
    pub site: SiteId,
    pub person: PersonId,
    pub sale: IntentId,
    pub replaced: VoucherRef,
    pub voucher: VoucherRef,
    pub package: PackageId,
    pub occurred_at: Timestamp,
}

/// A voucher that left the stock.
pub struct Taken {
    pub voucher: VoucherRef,
    pub seq: u64,
    pub by: SaleRef,
}

pub async fn add(
    tx: &mut PgConnection,
    org: OrgId,
    sales: &[NewSale],
    received_at: Timestamp,
) -> Result<(), sqlx::Error> {
    let text = |value: fn(&NewSale) -> &str| -> Vec<String> {
        sales
            .iter()
            .map(|sale| sql_text(value(sale)).into_owned())
            .collect()
    };
    let references: Vec<Option<String>> = sales
        .iter()
        .map(|sale| {
            sale.reference
                .as_deref()
                .map(|text| sql_text(text).into_owned())
        })
        .collect();
    sqlx::query(
        r"
        with added as (
            insert into sales (
                org_id, received_at, intent_id, seq, site_id, person_id, receipt, method, reference, client_id,
                total_minor, occurred_at, device_at_ms
            )
            select $1, $2, sale.*
            from unnest(
                $3::uuid[], $4::bigint[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::uuid[],
                $11::bigint[], $12::timestamptz[], $13::bigint[]
            ) as sale
            on conflict do nothing
            returning site_id, person_id, method, occurred_at, total_minor
        )
        insert into sales_days (org_id, day, site_id, person_id, method, sale_count, total_minor)
        select
            $1,
            (added.occurred_at at time zone o.timezone)::date as day,
            added.site_id,
            added.person_id,
            added.method,
            count(*),
            sum(added.total_minor)::bigint
        from added, organisations o
        where o.id = $1
        group by day, added.site_id, added.person_id, added.method
        on conflict (org_id, day, site_id, person_id, method) do update set
            sale_count = sales_days.sale_count + excluded.sale_count,
            total_minor = sales_days.total_minor + excluded.total_minor
        ",
    )
    .bind(org.sql())
    .bind(to_sql(received_at))
    .bind(sales.iter().map(|sale| sale.intent.sql()).collect::<Vec<_>>())
    .bind(sales.iter().map(|sale| sql_seq(sale.seq)).collect::<Vec<_>>())
    .bind(sales.iter().map(|sale| sale.site.sql()).collect::<Vec<_>>())
    .bind(sales.iter().map(|sale| sale.person.sql()).collect::<Vec<_>>())
    .bind(text(|sale| &sale.receipt))
    .bind(text(|sale| sale.method.code()))
    .bind(references)
    .bind(
        sales
            .iter()
            .map(|sale| sale.client.map(|client| client.sql()))
            .collect::<Vec<_>>(),
    )
    .bind(sales.iter().map(|sale| sale.total_minor).collect::<Vec<_>>())
    .bind(
        sales
            .iter()
            .map(|sale| to_sql(sale.occurred_at))
            .collect::<Vec<_>>(),
    )
    .bind(
        sales
            .iter()
            .map(|sale| sale.device_at.as_millis())
            .collect::<Vec<_>>(),
    )
    .execute(&mut *tx)
    .await?;
    let lines: Vec<(&NewSale, i32, &Line)> = sales
        .iter()
        .flat_map(|sale| (1..).zip(&sale.lines).map(move |(n, line)| (sale, n, line)))
        .collect();
    sqlx::query(
        r"
        with line as (
            select *
            from unnest(
                $2::uuid[], $3::integer[], $4::uuid[], $5::integer[], $6::uuid[], $7::bigint[], $8::uuid[],
                $9::timestamptz[]
            ) as line (
                intent_id, line_number, block_id, voucher_index, package_id, price_minor, site_id, occurred_at
            )
        ),
        added as (
            insert into sale_lines (
                org_id, intent_id, line_number, block_id, voucher_index, package_id, price_minor
            )
            select $1, intent_id, line_number, block_id, voucher_index, package_id, price_minor
            from line
            on conflict do nothing
            returning intent_id, line_number
        )
        insert into package_days (org_id, day, site_id, package_id, voucher_count, total_minor)
        select
            $1,
            (line.occurred_at at time zone o.timezone)::date as day,
            line.site_id,
            line.package_id,
            count(*),
            sum(line.price_minor)::bigint
        from added
        join line using (intent_id, line_number)
        join organisations o on o.id = $1
        group by day, line.site_id, line.package_id
        on conflict (org_id, day, site_id, package_id) do update set
            voucher_count = package_days.voucher_count + excluded.voucher_count,
            total_minor = package_days.total_minor + excluded.total_minor
        ",
    )
    .bind(org.sql())
    .bind(lines.iter().map(|(sale, ..)| sale.intent.sql()).collect::<Vec<_>>())
    .bind(lines.iter().map(|(_, n, _)| *n).collect::<Vec<_>>())
    .bind(
        lines
            .iter()
            .map(|(.., line)| line.voucher.block.sql())
            .collect::<Vec<_>>(),
    )
    .bind(
        lines
            .iter()
            .map(|(.., line)| sql_index(line.voucher.index))
            .collect::<Vec<_>>(),
    )
    .bind(lines.iter().map(|(.., line)| line.package.sql()).collect::<Vec<_>>())
    .bind(lines.iter().map(|(.., line)| line.price.minor()).collect::<Vec<_>>())
    .bind(lines.iter().map(|(sale, ..)| sale.site.sql()).collect::<Vec<_>>())
    .bind(
        lines
            .iter()
            .map(|(sale, ..)| to_sql(sale.occurred_at))
            .collect::<Vec<_>>(),
    )
    .execute(tx)
    .await
    .map(drop)
}

/// Makes the sums by day anew: the organisation's days begin at another hour.
pub async fn sum_up_again(tx: &mut PgConnection, org: OrgId) -> Result<(), sqlx::Error> {
    for sql in [
        "delete from sales_days where org_id = $1",
        "delete from package_days where org_id = $1",
        r"
        insert into sales_days (org_id, day, site_id, person_id, method, sale_count, total_minor)
        select
            $1,
            (s.occurred_at at time zone o.timezone)::date as day,
            s.site_id,
            s.person_id,
            s.method,
            count(*),
            sum(s.total_minor)::bigint
        from sales s, organisations o
        where s.org_id = $1 and o.id = $1
        group by day, s.site_id, s.person_id, s.method
        ",
        r"
        insert into package_days (org_id, day, site_id, package_id, voucher_count, total_minor)
        select
            $1,
            (s.occurred_at at time zone o.timezone)::date as day,
            s.site_id,
            l.package_id,
            count(*),
            sum(l.price_minor)::bigint
        from sales s
        join organisations o on o.id = $1
        join sale_lines l on l.org_id = $1 and l.intent_id = s.intent_id
        where s.org_id = $1
        group by day, s.site_id, l.package_id
        ",
    ] {
        sqlx::query(sql).bind(org.sql()).execute(&mut *tx).await?;
    }
    Ok(())
}

/// What a verdict says of a sale. A double sale stays one, whatever else is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Double,
    AfterRecall,
}

pub async fn set_status(
    tx: &mut PgConnection,
    org: OrgId,
    sale: IntentId,
    status: Status,
) -> Result<(), sqlx::Error> {
    let status = match status {
        Status::Double => "double",
        Status::AfterRecall => "after_recall",
    };
    sqlx::query(
        "update sales set status = $3 where org_id = $1 and intent_id = $2 and status <> 'double'",
    )
    .bind(org.sql())
    .bind(sale.sql())
    .bind(status)
    .execute(tx)
    .await
    .map(drop)
}

pub async fn add_replacement(
    tx: &mut PgConnection,
    org: OrgId,
    new: &NewReplacement,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into replacements (
            org_id, intent_id, seq, site_id, person_id, sale_id, replaced_block_id, replaced_index, block_id,
            voucher_index, package_id, occurred_at
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        on conflict do nothing
        ",
    )
    .bind(org.sql())
    .bind(new.intent.sql())
    .bind(sql_seq(new.seq))
    .bind(new.site.sql())
    .bind(new.person.sql())
    .bind(new.sale.sql())
    .bind(new.replaced.block.sql())
    .bind(sql_index(new.replaced.index))
    .bind(new.voucher.block.sql())
    .bind(sql_index(new.voucher.index))
    .bind(new.package.sql())
    .bind(to_sql(new.occurred_at))
    .execute(tx)
    .await
    .map(drop)
}

/// Every replacement given for these sales, with the voucher that it replaces: (sale, replacement, voucher).
pub async fn replacements_of(
    tx: &mut PgConnection,
    org: OrgId,
    sales: &[IntentId],
) -> Result<Vec<(IntentId, IntentId, VoucherRef)>, sqlx::Error> {
    let sales: Vec<Uuid> = sales.iter().map(SqlId::sql).collect();
    let rows: Vec<(Uuid, Uuid, Uuid, i32)> = sqlx::query_as(
        r"
        select sale_id, intent_id, replaced_block_id, replaced_index
        from replacements
        where org_id = $1 and sale_id = any ($2)
        ",
    )
    .bind(org.sql())
    .bind(sales)
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(sale, by, block, index)| {
            let voucher = VoucherRef {
                block: BlockId::from_sql(block),
                index: u32::try_from(index).unwrap_or(0),
            };
            (IntentId::from_sql(sale), IntentId::from_sql(by), voucher)
        })
        .collect())
}

pub async fn add_taken(
    tx: &mut PgConnection,
    org: OrgId,
    taken: &[Taken],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        with added as (
            insert into voucher_sales (org_id, block_id, voucher_index, seq, intent_id, person_id, at_ms, receipt)
            select $1, taken.*
            from unnest(
                $2::uuid[], $3::integer[], $4::bigint[], $5::uuid[], $6::uuid[], $7::bigint[], $8::text[]
            ) as taken
            on conflict do nothing
            returning block_id, voucher_index
        ),
        first as (
            -- A statement does not see its own rows: these are the vouchers that nothing had taken before.
            select added.block_id, count(distinct added.voucher_index) as count
            from added
            left join lateral (
                select true as is_there
                from voucher_sales v
                where v.org_id = $1 and v.block_id = added.block_id and v.voucher_index = added.voucher_index
                limit 1
            ) as before on true
            where before.is_there is null
            group by added.block_id
        )
        update blocks b
        set taken_count = b.taken_count + first.count
        from first
        where b.org_id = $1 and b.block_id = first.block_id
        ",
    )
    .bind(org.sql())
    .bind(taken.iter().map(|one| one.voucher.block.sql()).collect::<Vec<_>>())
    .bind(
        taken
            .iter()
            .map(|one| sql_index(one.voucher.index))
            .collect::<Vec<_>>(),
    )
    .bind(taken.iter().map(|one| sql_seq(one.seq)).collect::<Vec<_>>())
    .bind(taken.iter().map(|one| one.by.sale.sql()).collect::<Vec<_>>())
    .bind(taken.iter().map(|one| one.by.person.sql()).collect::<Vec<_>>())
    .bind(taken.iter().map(|one| one.by.at.as_millis()).collect::<Vec<_>>())
    .bind(
        taken
            .iter()
            .map(|one| sql_text(&one.by.receipt).into_owned())
            .collect::<Vec<_>>(),
    )
    .execute(tx)
    .await
    .map(drop)
}

/// Everything that took vouchers of these blocks out of stock, each in the order of acceptance.
pub async fn taken_from(
    tx: &mut PgConnection,
    org: OrgId,
    blocks: &[BlockId],
) -> Result<Vec<(VoucherRef, SaleRef)>, sqlx::Error> {
    let blocks: Vec<Uuid> = blocks.iter().map(SqlId::sql).collect();
    let rows: Vec<(Uuid, i32, Uuid, Uuid, i64, String)> = sqlx::query_as(
        r"
        select block_id, voucher_index, intent_id, person_id, at_ms, receipt
        from voucher_sales
        where org_id = $1 and block_id = any ($2)
        order by seq
        ",
    )
    .bind(org.sql())
    .bind(blocks)
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(block, index, sale, person, at, receipt)| {
            let voucher = VoucherRef {
                block: BlockId::from_sql(block),
                index: u32::try_from(index).unwrap_or(0),
            };
            let sale = SaleRef {
                sale: IntentId::from_sql(sale),
                person: PersonId::from_sql(person),
                at: Timestamp::from_millis(at),
                receipt,
            };
            (voucher, sale)
        })
        .collect())
}

/// The first sale that bore each of these receipt numbers, where there is one.
pub async fn first_with_receipts(
    tx: &mut PgConnection,
    org: OrgId,
    receipts: &[String],
) -> Result<Vec<SaleRef>, sqlx::Error> {
    let receipts: Vec<String> = receipts
        .iter()
        .map(|receipt| sql_text(receipt).into_owned())
        .collect();
    let rows: Vec<(String, Uuid, Uuid, i64)> = sqlx::query_as(
        r"
        select first.receipt, first.intent_id, first.person_id, first.device_at_ms
        from unnest($2::text[]) as wanted (receipt)
        cross join lateral (
            select receipt, intent_id, person_id, device_at_ms
            from sales
            where org_id = $1 and receipt = wanted.receipt
            order by seq
            limit 1
        ) as first
        ",
    )
    .bind(org.sql())
    .bind(receipts)
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(receipt, sale, person, at)| SaleRef {
            sale: IntentId::from_sql(sale),
            person: PersonId::from_sql(person),
            at: Timestamp::from_millis(at),
            receipt,
        })
        .collect())
}

/// The tills that already have the sales or replacements of these intents.
pub async fn tills_of(
    tx: &mut PgConnection,
    org: OrgId,
    intents: &[IntentId],
) -> Result<Vec<(IntentId, DocumentKey)>, sqlx::Error> {
    let intents: Vec<Uuid> = intents.iter().map(SqlId::sql).collect();
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        r"
        select wanted.intent_id, (select doc_key from changes where org_id = $1 and changes.seq = said.seq)
        from unnest($2::uuid[]) as wanted (intent_id)
        cross join lateral (
            (select seq from sales where org_id = $1 and intent_id = wanted.intent_id limit 1)
            union all
            (select seq from replacements where org_id = $1 and intent_id = wanted.intent_id limit 1)
        ) as said
        ",
    )
    .bind(org.sql())
    .bind(intents)
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(intent, key)| Some((IntentId::from_sql(intent), key.parse().ok()?)))
        .collect())
}
