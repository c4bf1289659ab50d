//! The SQL of the dashboard and of the reports, over the read-model. Each answers rows of a label, a count and an
//! amount, so that a test can hold them against the folds of `crdt_model`.

use anyhow::Result;
use crdt_model::ids::{OrgId, PersonId, SiteId};
use crdt_model::time::Timestamp;
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row};
use sync_server::clock::to_sql;
use sync_server::store::SqlId;

/// The dashboard is drawn from several of these at once.
pub const DASHBOARD_MILLIS: f64 = 100.0;
pub const REPORT_MILLIS: f64 = 500.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    Dashboard,
    Report,
}

#[derive(Debug, Clone, Copy)]
pub struct Report {
    pub name: &'static str,
    pub screen: Screen,
    sql: &'static str,
}

/// What the reports are about.
#[derive(Debug, Clone, Copy)]
pub struct About {
    pub org: OrgId,
    pub from: Timestamp,
    /// Not included.
    pub until: Timestamp,
    pub person: PersonId,
    pub site: SiteId,
    /// How many rows come before the page.
    pub page_at: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    pub label: String,
    pub count: i64,
    pub amount: i64,
}

const fn dashboard(name: &'static str, sql: &'static str) -> Report {
    Report {
        name,
        screen: Screen::Dashboard,
        sql,
    }
}

const fn report(name: &'static str, sql: &'static str) -> Report {
    Report {
        name,
        screen: Screen::Report,
        sql,
    }
}

/// `{…}` stand for literals. Ids as text are those of the database.
pub const REPORTS: &[Report] = &[
    dashboard(
        "sales of today",
        r"
        select method, sum(sale_count), sum(total_minor)
        from sales_days
        where org_id = {org} and day = {today}
        group by method
        ",
    ),
    dashboard(
        "sales of seven days",
        r"
        select day::text, sum(sale_count), sum(total_minor)
        from sales_days
        where org_id = {org} and day > {today} - 7 and day <= {today}
        group by day
        ",
    ),
    dashboard(
        "revenue of all time",
        r"
        select 'all', sum(sale_count), sum(total_minor) from sales_days where org_id = {org}
        ",
    ),
    dashboard(
        "clients",
        "select 'all', count(*), 0 from clients where org_id = {org}",
    ),
    dashboard(
        "vouchers by state",
        r"
        with void as (
            select count(*) as count, coalesce(sum(b.price_minor), 0) as price_minor
            from vouchers v
            join blocks b on b.org_id = v.org_id and b.block_id = v.block_id
            where v.org_id = {org}
                and (v.is_duplicate or v.is_undone)
                and not exists (
                    select from voucher_sales s
                    where s.org_id = {org} and s.block_id = v.block_id and s.voucher_index = v.voucher_index
                )
        ),
        counted as (
            select
                sum(taken_count) as taken,
                sum(taken_count * price_minor) as taken_minor,
                sum(voucher_count - taken_count) as left_over,
                sum((voucher_count - taken_count) * price_minor) as left_minor
            from blocks
            where org_id = {org}
        )
        select 'sold', taken, taken_minor from counted
        union all
        select 'void', count, price_minor from void
        union all
        select 'unused', left_over - void.count, left_minor - void.price_minor from counted, void
        ",
    ),
    dashboard(
        "last ten sales",
        r"
        select newest.receipt, 1, newest.total_minor
        from sites t
        cross join lateral (
            select receipt, total_minor, occurred_at, intent_id
            from sales
            where org_id = {org} and site_id = t.site_id
            order by occurred_at desc
            limit 10
        ) newest
        where t.org_id = {org}
        order by newest.occurred_at desc, newest.intent_id desc
        limit 10
        ",
    ),
    dashboard(
        "a seller's own day",
        r"
        select method, sum(sale_count), sum(total_minor)
        from sales_days
        where org_id = {org} and person_id = {person} and day = {today}
        group by method
        ",
    ),
    dashboard(
        "a seller's own stock",
        r"
        with void as (
            select v.block_id, count(*) as count
            from vouchers v
            where v.org_id = {org}
                and (v.is_duplicate or v.is_undone)
                and not exists (
                    select from voucher_sales s
                    where s.org_id = {org} and s.block_id = v.block_id and s.voucher_index = v.voucher_index
                )
            group by v.block_id
        )
        select b.package_id::text, sum(b.voucher_count - b.taken_count - coalesce(void.count, 0)), 0
        from leases l
        join blocks b on b.org_id = l.org_id and b.block_id = l.block_id
        left join void on void.block_id = b.block_id
        where l.org_id = {org} and l.person_id = {person}
        group by 1
        ",
    ),
    dashboard(
        "double sales and held",
        r"
        select status, count(*), sum(total_minor) from sales
        where org_id = {org} and status <> 'standing'
        group by status
        union all
        select 'held', count(*), 0 from held_changes where org_id = {org} and decided_at is null
        ",
    ),
    report(
        "per day",
        r"
        select day::text, sum(sale_count), sum(total_minor)
        from sales_days
        where org_id = {org} and day >= {first} and day <= {today}
        group by 1
        ",
    ),
    report(
        "per site",
        r"
        select site_id::text, sum(sale_count), sum(total_minor)
        from sales_days
        where org_id = {org} and day >= {first} and day <= {today}
        group by 1
        ",
    ),
    report(
        "per seller",
        r"
        select person_id::text, sum(sale_count), sum(total_minor)
        from sales_days
        where org_id = {org} and day >= {first} and day <= {today}
        group by 1
        ",
    ),
    report(
        "per package",
        r"
        select package_id::text, sum(voucher_count), sum(total_minor)
        from package_days
        where org_id = {org} and day >= {first} and day <= {today}
        group by 1
        ",
    ),
    report(
        "per method",
        r"
        select method, sum(sale_count), sum(total_minor)
        from sales_days
        where org_id = {org} and day >= {first} and day <= {today}
        group by 1
        ",
    ),
    report(
        "a seller's days",
        r"
        select day::text, sum(sale_count), sum(total_minor)
        from sales_days
        where org_id = {org} and person_id = {person} and day >= {first} and day <= {today}
        group by 1
        ",
    ),
    report(
        "cash of every seller",
        r"
        select person_id::text, sum(sale_count), sum(total_minor)
        from sales_days
        where org_id = {org} and method = 'CASH'
        group by 1
        ",
    ),
    report(
        "stock per site",
        r"
        with void as (
            select v.block_id, count(*) as count
            from vouchers v
            where v.org_id = {org}
                and (v.is_duplicate or v.is_undone)
                and not exists (
                    select from voucher_sales s
                    where s.org_id = {org} and s.block_id = v.block_id and s.voucher_index = v.voucher_index
                )
            group by v.block_id
        )
        select site_id::text, sum(free), sum(free * price_minor)
        from (
            select b.site_id, b.price_minor, b.voucher_count - b.taken_count - coalesce(void.count, 0) as free
            from blocks b
            left join void on void.block_id = b.block_id
            where b.org_id = {org}
        ) blocks
        group by 1
        ",
    ),
    report(
        "outstanding per seller",
        r"
        with void as (
            select v.block_id, count(*) as count
            from vouchers v
            where v.org_id = {org}
                and (v.is_duplicate or v.is_undone)
                and not exists (
                    select from voucher_sales s
                    where s.org_id = {org} and s.block_id = v.block_id and s.voucher_index = v.voucher_index
                )
            group by v.block_id
        )
        select person_id::text, sum(free), sum(free * price_minor)
        from (
            select l.person_id, b.price_minor, b.voucher_count - b.taken_count - coalesce(void.count, 0) as free
            from leases l
            join blocks b on b.org_id = l.org_id and b.block_id = l.block_id
            left join void on void.block_id = b.block_id
            where l.org_id = {org} and l.person_id is not null
        ) blocks
        group by 1
        ",
    ),
    report(
        "best clients",
        r"
        select client_id::text, count(*), sum(total_minor)
        from sales
        where org_id = {org} and client_id is not null and occurred_at >= {from} and occurred_at < {until}
        group by 1
        order by 3 desc, 1
        limit 20
        ",
    ),
    report(
        "a page of a site's sales",
        r"
        select receipt, 1, total_minor
        from sales
        where org_id = {org} and site_id = {site} and occurred_at >= {from} and occurred_at < {until}
        order by occurred_at desc, intent_id desc
        limit 50 offset {page_at}
        ",
    ),
];

impl Report {
    fn text(&self, about: &About) -> String {
        const DAY: i64 = 24 * 60 * 60 * 1000;
        let time = |at: Timestamp| format!("'{}'::timestamptz", to_sql(at));
        // From midnight to midnight in the organisation's zone.
        let day = |at: Timestamp| format!("({} at time zone 'Africa/Nairobi')::date", time(at));
        let id = |id: uuid::Uuid| format!("'{id}'::uuid");
        self.sql
            .replace("{org}", &id(about.org.sql()))
            .replace("{person}", &id(about.person.sql()))
            .replace("{site}", &id(about.site.sql()))
            .replace("{from}", &time(about.from))
            .replace("{until}", &time(about.until))
            .replace("{page_at}", &about.page_at.to_string())
            .replace("{first}", &day(about.from))
            .replace("{today}", &day(about.until.plus_millis(-DAY)))
    }

    pub async fn run(&self, tx: &mut PgConnection, about: &About) -> Result<Vec<Line>> {
        let sql = format!(
            "select r.label::text, r.n::bigint, r.amount::bigint from ({}) as r (label, n, amount)",
            self.text(about)
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(tx).await?;
        rows.iter()
            .map(|row| {
                Ok(Line {
                    label: row.try_get(0)?,
                    count: row.try_get(1)?,
                    amount: row.try_get::<Option<i64>, _>(2)?.unwrap_or_default(),
                })
            })
            .collect()
    }

    /// Milliseconds of planning and execution, and the plan.
    pub async fn explain(&self, tx: &mut PgConnection, about: &About) -> Result<(f64, Value)> {
        let sql = format!(
            "explain (analyze, buffers, format json) {}",
            self.text(about)
        );
        let plan: Value = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(tx).await?;
        let millis = |what: &str| plan[0][what].as_f64().unwrap_or_default();
        Ok((millis("Planning Time") + millis("Execution Time"), plan))
    }
}
