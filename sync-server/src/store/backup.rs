//! What `crate::backup` asks of the catalog, and the rows of any table as PostgreSQL's COPY text.
//!
//! As the owner of the tables, whom no policy binds. Names of tables and columns come from the catalog or were
//! compared with it; they are quoted all the same.

use std::fmt::Write;

use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnection, PgCopyIn};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

/// Where our tables are.
const SCHEMA: &str = "public";

/// A table's name and its columns, without those that PostgreSQL computes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    pub name: String,
    pub columns: Vec<String>,
}

/// What lives in the database that a connection reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occupant {
    Nobody,
    /// Tables of another program.
    Foreign,
    ViorNet {
        organisations: i64,
    },
}

/// Makes COPY write and read the same text whatever the database's settings are, and lets it take its time.
/// With `row_security` off a query that a policy would thin out fails instead.
pub async fn prepare(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    for setting in [
        "set datestyle = 'ISO, YMD'",
        "set intervalstyle = 'iso_8601'",
        "set timezone = 'UTC'",
        "set bytea_output = 'hex'",
        "set extra_float_digits = 3",
        "set row_security = off",
        "set statement_timeout = 0",
        "set idle_in_transaction_session_timeout = 0",
        "set lock_timeout = '30s'",
        "set search_path = public",
    ] {
        sqlx::query(setting).execute(&mut *db).await?;
    }
    Ok(())
}

/// Everything this transaction reads is of one moment.
pub async fn one_snapshot(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("set transaction isolation level repeatable read, read only")
        .execute(tx)
        .await
        .map(drop)
}

pub async fn occupant(db: &mut PgConnection) -> Result<Occupant, sqlx::Error> {
    let (tables, is_ours): (i64, bool) = sqlx::query_as(
        r"
        select
            (
                select count(*) from pg_class c
                where c.relnamespace = 'public'::regnamespace
                    and c.relkind in ('r', 'p')
                    and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')
            ),
            to_regclass('public.organisations') is not null and to_regclass('public._sqlx_migrations') is not null
        ",
    )
    .fetch_one(&mut *db)
    .await?;
    if !is_ours {
        return Ok(match tables {
            0 => Occupant::Nobody,
            _ => Occupant::Foreign,
        });
    }
    let organisations = sqlx::query_scalar("select count(*) from public.organisations")
        .fetch_one(db)
        .await?;
    Ok(Occupant::ViorNet { organisations })
}

/// The migrations that were applied, in order.
pub async fn migrations(db: &mut PgConnection) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar("select version from _sqlx_migrations where success order by version")
        .fetch_all(db)
        .await
}

/// Every table but the list of migrations, by name.
pub async fn shapes(db: &mut PgConnection) -> Result<Vec<Shape>, sqlx::Error> {
    let rows = sqlx::query(
        r"
        select
            c.relname::text as name,
            coalesce(array_agg(a.attname::text order by a.attname) filter (where a.attname is not null), '{}') as columns
        from pg_class c
        left join pg_attribute a
            on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        where c.relnamespace = 'public'::regnamespace
            and c.relkind = 'r'
            and c.relname <> '_sqlx_migrations'
            and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')
        group by c.relname
        order by c.relname
        ",
    )
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Shape {
                name: row.try_get("name")?,
                columns: row.try_get("columns")?,
            })
        })
        .collect()
}

/// Counters that are no row of a table, with the last number each gave out.
pub async fn sequences(db: &mut PgConnection) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as(
        r"
        select sequencename::text, last_value
        from pg_sequences
        where schemaname = $1 and last_value is not null
        order by sequencename
        ",
    )
    .bind(SCHEMA)
    .fetch_all(db)
    .await
}

pub async fn set_sequence(tx: &mut PgConnection, name: &str, last: i64) -> Result<(), sqlx::Error> {
    sqlx::query("select setval(format('public.%I', $1)::regclass, $2)")
        .bind(name)
        .bind(last)
        .execute(tx)
        .await
        .map(drop)
}

/// Id, name, and end of the log of every organisation.
pub async fn organisations(db: &mut PgConnection) -> Result<Vec<(Uuid, String, i64)>, sqlx::Error> {
    sqlx::query_as("select id, name, head_seq from organisations order by created_at, id")
        .fetch_all(db)
        .await
}

pub async fn count(db: &mut PgConnection, table: &str) -> Result<i64, sqlx::Error> {
    let sql = format!("select count(*) from {}", quoted(table));
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(db).await
}

pub async fn postgres_version(db: &mut PgConnection) -> Result<String, sqlx::Error> {
    sqlx::query_scalar("select current_setting('server_version')")
        .fetch_one(db)
        .await
}

/// The table's rows, a line each.
pub async fn copy_out<'a>(
    db: &'a mut PgConnection,
    shape: &Shape,
) -> Result<BoxStream<'a, Result<impl AsRef<[u8]> + use<>, sqlx::Error>>, sqlx::Error> {
    db.copy_out_raw(&format!("copy {} to stdout", target(shape)))
        .await
}

/// Takes rows as [`copy_out`] gave them.
pub async fn copy_in<'a>(
    db: &'a mut PgConnection,
    shape: &Shape,
) -> Result<PgCopyIn<&'a mut PgConnection>, sqlx::Error> {
    // The tables were emptied in this transaction, so their rows can be written as old ones at once: seen by
    // everybody after COMMIT, and never visited again by a vacuum.
    db.copy_in_raw(&format!("copy {} from stdin with (freeze)", target(shape)))
        .await
}

fn target(shape: &Shape) -> String {
    let columns: Vec<String> = shape.columns.iter().map(|name| quoted(name)).collect();
    format!("{} ({})", quoted(&shape.name), columns.join(", "))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Other servers that are connected to this database.
pub async fn servers_connected(db: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        r"
        select count(*)
        from pg_stat_activity
        where datname = current_database() and application_name = 'viornet' and pid <> pg_backend_pid()
        ",
    )
    .fetch_one(db)
    .await
}

/// Lets nobody write, nor take the organisation's lock, until the transaction ends.
pub async fn shut_out_writers(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("lock table public.organisations in access exclusive mode")
        .execute(tx)
        .await
        .map(drop)
}

/// Makes room: everything in the schema goes aside under another name, and an empty schema takes its place.
/// Extensions stay where migrations look for them.
pub async fn set_aside(tx: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    let aside = quoted(name);
    let mut sql = String::new();
    let _ = write!(
        sql,
        r"
        alter schema public rename to {aside};
        create schema public;
        grant usage on schema public to public;
        do $$
        declare
            extension name;
        begin
            for extension in select extname from pg_extension where extnamespace = '{aside}'::regnamespace loop
                execute format('alter extension %I set schema public', extension);
            end loop;
        end
        $$;
        "
    );
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(tx)
        .await
        .map(drop)
}

pub async fn drop_aside(tx: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    let sql = format!("drop schema {} cascade", quoted(name));
    sqlx::query(AssertSqlSafe(sql)).execute(tx).await.map(drop)
}

/// What was taken away for the time of loading, as the statements that bring it back.
pub struct Loosened(Vec<String>);

/// Empties the tables, and takes away what would be checked or sorted row by row: foreign keys, which also bind
/// the order of the tables, primary keys, indexes, and triggers.
pub async fn loosen(tx: &mut PgConnection, shapes: &[Shape]) -> Result<Loosened, sqlx::Error> {
    let foreign_keys = constraints(tx, &["f"]).await?;
    let mut made = constraints(tx, &["p", "u"]).await?;
    let indexes: Vec<Part> = sqlx::query_as(
        r"
        select
            i.indrelid::regclass::text,
            format('drop index %s', i.indexrelid::regclass),
            pg_get_indexdef(i.indexrelid)
        from pg_index i
        join pg_class c on c.oid = i.indrelid and c.relkind = 'r'
        where c.relnamespace = 'public'::regnamespace
            and c.relname <> '_sqlx_migrations'
            and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid)
            and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')
        order by i.indexrelid::regclass::text
        ",
    )
    .fetch_all(&mut *tx)
    .await?;
    made.extend(indexes);
    // A table's indexes are built one after the other, while it is in memory.
    made.sort();
    let names: Vec<String> = shapes.iter().map(|shape| quoted(&shape.name)).collect();
    let triggers = |what: &str| -> Vec<String> {
        names
            .iter()
            .map(|name| format!("alter table {name} {what} trigger user"))
            .collect()
    };
    // A foreign key goes before the key that it is checked by, and comes back after it.
    let mut away: Vec<String> = foreign_keys
        .iter()
        .map(|(_, away, _)| away.clone())
        .collect();
    away.extend(made.iter().map(|(_, away, _)| away.clone()));
    away.extend(triggers("disable"));
    away.push(format!("truncate {}", names.join(", ")));
    for sql in away {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *tx).await?;
    }
    let mut back: Vec<String> = made.into_iter().map(|(_, _, back)| back).collect();
    back.extend(foreign_keys.into_iter().map(|(_, _, back)| back));
    back.extend(triggers("enable"));
    Ok(Loosened(back))
}

/// Of a table: how something of it goes, and how it comes back.
type Part = (String, String, String);

async fn constraints(tx: &mut PgConnection, kinds: &[&str]) -> Result<Vec<Part>, sqlx::Error> {
    sqlx::query_as(
        r"
        select
            conrelid::regclass::text,
            format('alter table %s drop constraint %I', conrelid::regclass, conname),
            format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        from pg_constraint
        where connamespace = 'public'::regnamespace
            and conrelid::regclass::text <> '_sqlx_migrations'
            and contype::text = any ($1)
        order by 1, conname
        ",
    )
    .bind(kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>())
    .fetch_all(tx)
    .await
}

/// Brings back what [`loosen`] took: rows that break a rule are found here.
pub async fn fasten(tx: &mut PgConnection, loosened: Loosened) -> Result<(), sqlx::Error> {
    sqlx::query("set local maintenance_work_mem = '256MB'")
        .execute(&mut *tx)
        .await?;
    for sql in loosened.0 {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Without it the first reports after a restore would be planned blindly.
pub async fn analyze(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("analyze").execute(tx).await.map(drop)
}

/// A log that was restored lives anew: `life` is a number that no earlier life had, so every device compares.
pub async fn begin_life(tx: &mut PgConnection, life: i64) -> Result<(), sqlx::Error> {
    sqlx::query("update organisations set history = greatest(history + 1, $1)")
        .bind(life)
        .execute(tx)
        .await
        .map(drop)
}

/// A session that was ended after the backup would be open again; so all end.
pub async fn end_sessions(
    tx: &mut PgConnection,
    now: time::OffsetDateTime,
) -> Result<u64, sqlx::Error> {
    let ended = sqlx::query(
        "update refresh_sessions set revoked_at = $1, revoked_because = 'restored' where revoked_at is null",
    )
    .bind(now)
    .execute(tx)
    .await?;
    Ok(ended.rows_affected())
}

/// A link that was withdrawn after the backup would be good again; so none is.
pub async fn end_invitations(
    tx: &mut PgConnection,
    now: time::OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query("update invites set revoked_at = $1 where used_at is null and revoked_at is null")
        .bind(now)
        .execute(tx)
        .await
        .map(drop)
}

/// Organisations whose log is not complete: rows are missing, or lie beyond its end.
pub async fn broken_logs(tx: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        r"
        select o.name
        from organisations o
        left join (
            select org_id, count(*) as rows, max(seq) as last from changes group by org_id
        ) log on log.org_id = o.id
        where coalesce(log.rows, 0) <> o.head_seq or coalesce(log.last, 0) <> o.head_seq
        ",
    )
    .fetch_all(tx)
    .await
}
