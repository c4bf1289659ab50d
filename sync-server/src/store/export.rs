//! What an export may hold, read from the catalog: which tables, their columns, and the query that reads a table as
//! text for people.

use std::fmt::Write;

use futures::stream::BoxStream;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Row};

/// The read-model, by table and the name of its file. What is not listed is not exported: a table is listed once
/// somebody has made sure that it holds no secret.
pub const TABLES: &[(&str, &str)] = &[
    ("organisations", "organisation"),
    ("people", "staff"),
    ("grants", "staff_roles"),
    ("staff_contacts", "staff_contacts"),
    ("sites", "sites"),
    ("areas", "areas"),
    ("routers", "routers"),
    ("access_points", "access_points"),
    ("packages", "packages"),
    ("clients", "clients"),
    ("batches", "batches"),
    ("batch_undos", "batch_undos"),
    ("blocks", "blocks"),
    ("vouchers", "vouchers"),
    ("leases", "leases"),
    ("lease_turns", "lease_turns"),
    ("hand_overs", "hand_overs"),
    ("stock_asks", "stock_asks"),
    ("sales", "sales"),
    ("sale_lines", "sale_lines"),
    ("replacements", "replacements"),
    ("voucher_sales", "voucher_sales"),
    ("verdicts", "verdicts"),
    ("held_changes", "holds"),
    ("audit", "audit"),
];

/// The other tables of an organisation, none of which is for people to read.
pub const LEFT_OUT: &[&str] = &[
    // Who may sign in, and from where.
    "credentials",
    "refresh_sessions",
    "devices",
    "socket_tickets",
    "invites",
    // Bytes from which the read-model was made.
    "documents",
    "changes",
    "snapshots",
    // Sums of what is exported.
    "sales_days",
    "package_days",
];

/// Never exported, whatever table it turns up in. Bytes are left out by their type.
const SECRET_WORDS: &[&str] = &["password", "secret", "token", "hash"];

/// Of the server and not of the business.
const INTERNAL: &[&str] = &["head_seq", "history", "founder_id"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Bool,
    /// Minor units; written as a decimal, too.
    Money,
    /// Written in UTC and in the organisation's zone.
    Time,
    Json,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    sql: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub file: &'static str,
    /// The comment of the migration that made it.
    pub about: String,
    pub columns: Vec<Column>,
    pub rows: i64,
    name: &'static str,
    order: String,
}

/// Everything this transaction reads is of one moment, however slow its reader is; before its first query.
pub async fn one_snapshot(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        r"
        set transaction isolation level repeatable read, read only;
        set local idle_in_transaction_session_timeout = 0
        ",
    )
    .execute(tx)
    .await
    .map(drop)
}

/// Times without a zone of their own are written in this one until the transaction ends.
pub async fn use_timezone(tx: &mut PgConnection, zone: &str) -> Result<(), sqlx::Error> {
    sqlx::query("select set_config('timezone', $1, true)")
        .bind(zone)
        .execute(tx)
        .await
        .map(drop)
}

pub async fn tables(tx: &mut PgConnection) -> Result<Vec<Table>, sqlx::Error> {
    let mut tables = Vec::new();
    for (name, file) in TABLES {
        let columns = columns(tx, name).await?;
        if columns.is_empty() {
            continue;
        }
        let (about, key): (Option<String>, Option<String>) = sqlx::query_as(
            r"
            select
                obj_description(c.oid, 'pg_class'),
                (
                    select string_agg(format('t.%I', a.attname), ', ' order by k.place)
                    from pg_index i, unnest(i.indkey::smallint[]) with ordinality as k (number, place), pg_attribute a
                    where i.indrelid = c.oid and i.indisprimary and a.attrelid = c.oid and a.attnum = k.number
                )
            from pg_class c
            where c.oid = to_regclass($1)
            ",
        )
        .bind(*name)
        .fetch_one(&mut *tx)
        .await?;
        let by_seq = columns.iter().any(|column| column.name == "seq");
        let order = match (by_seq, key) {
            (true, _) => "t.seq".to_owned(),
            (false, Some(key)) => key,
            (false, None) => "1".to_owned(),
        };
        let rows = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {name}")))
            .fetch_one(&mut *tx)
            .await?;
        tables.push(Table {
            file,
            about: about.unwrap_or_default(),
            columns,
            rows,
            name,
            order,
        });
    }
    Ok(tables)
}

async fn columns(tx: &mut PgConnection, table: &str) -> Result<Vec<Column>, sqlx::Error> {
    let found: Vec<(String, String)> = sqlx::query_as(
        r"
        select a.attname::text, format_type(a.atttypid, null)
        from pg_attribute a
        where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped
        order by a.attnum
        ",
    )
    .bind(table)
    .fetch_all(tx)
    .await?;
    let mut columns = Vec::new();
    for (name, kind) in found {
        let is_secret = SECRET_WORDS.iter().any(|word| name.contains(word));
        if name == "org_id" || kind.starts_with("bytea") || is_secret {
            continue;
        }
        if INTERNAL.contains(&name.as_str()) {
            continue;
        }
        let quoted = format!("t.\"{}\"", name.replace('"', "\"\""));
        let (kind, sql) = match kind.as_str() {
            "bigint" if name.ends_with("_minor") => (Kind::Money, format!("{quoted}::text")),
            "smallint" | "integer" | "bigint" => (Kind::Number, format!("{quoted}::text")),
            "boolean" => (Kind::Bool, format!("{quoted}::text")),
            "timestamp with time zone" => (Kind::Time, quoted.clone()),
            "json" | "jsonb" => (Kind::Json, format!("{quoted}::text")),
            kind if kind.ends_with("[]") => (Kind::Json, format!("to_json({quoted})::text")),
            _ => (Kind::Text, format!("{quoted}::text")),
        };
        let label = name_of(table, &name);
        columns.push(Column { name, kind, sql });
        columns.extend(label);
    }
    if table == "vouchers" {
        columns.push(Column {
            name: "is_sold".into(),
            kind: Kind::Bool,
            sql: "exists (select 1 from voucher_sales v where v.org_id = t.org_id and v.block_id = t.block_id \
                  and v.voucher_index = t.voucher_index)::text"
                .into(),
        });
    }
    Ok(columns)
}

/// Who or what an id means, as a column beside it: a spreadsheet cannot look it up.
fn name_of(table: &str, column: &str) -> Option<Column> {
    let (nouns, key) = match column {
        "site_id" if table != "sites" => ("sites", "site_id"),
        "package_id" if table != "packages" => ("packages", "package_id"),
        "client_id" if table != "clients" => ("clients", "client_id"),
        "person_id" if table != "people" => ("people", "person_id"),
        "owner_id" | "from_id" | "to_id" | "made_by" | "taken_by" | "declined_by" | "author"
        | "decided_by" | "actor" => ("people", "person_id"),
        _ => return None,
    };
    Some(Column {
        name: format!("{}_name", column.trim_end_matches("_id")),
        kind: Kind::Text,
        sql: format!(
            "(select n.name from {nouns} n where n.org_id = t.org_id and n.{key} = t.{column})"
        ),
    })
}

/// The table's rows as they come. A column is one text, but two for a time: UTC, and the zone of the transaction.
pub fn rows<'a>(
    tx: &'a mut PgConnection,
    table: &Table,
) -> BoxStream<'a, Result<PgRow, sqlx::Error>> {
    let mut sql = String::from("select ");
    for (index, column) in table.columns.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        let value = &column.sql;
        let _ = match column.kind {
            Kind::Time => write!(
                sql,
                "{comma}to_char({value} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), \
                 to_char({value}, 'YYYY-MM-DD\"T\"HH24:MI:SS.MSTZH:TZM')"
            ),
            _ => write!(sql, "{comma}{value}"),
        };
    }
    let _ = write!(sql, " from {} t order by {}", table.name, table.order);
    sqlx::query(AssertSqlSafe(sql)).fetch(tx)
}

/// A value of [`rows`], by its place.
pub fn value(row: &PgRow, place: usize) -> Result<Option<&str>, sqlx::Error> {
    row.try_get(place)
}
