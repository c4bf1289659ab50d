//! `organisations`.

use crdt_model::ids::{OrgId, PersonId};
use crdt_model::time::Timestamp;
use sqlx::PgConnection;

use super::{SqlId, sales, sql_text};
use crate::clock::to_sql;

row! {
    /// What a person sees of the organisation at sign-in.
    #[derive(Debug)]
    pub struct Organisation {
        pub name: String,
        pub currency: String,
        pub timezone: String,
    }
}

pub struct NewOrganisation<'a> {
    pub id: OrgId,
    pub name: &'a str,
    pub currency: &'a str,
    pub timezone: &'a str,
    pub founder: PersonId,
}

pub async fn add(
    tx: &mut PgConnection,
    new: &NewOrganisation<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        r"
        insert into organisations (id, name, currency, timezone, founder_id, created_at)
        values ($1, $2, $3, $4, $5, $6)
        ",
    )
    .bind(new.id.sql())
    .bind(new.name)
    .bind(new.currency)
    .bind(new.timezone)
    .bind(new.founder.sql())
    .bind(to_sql(now))
    .execute(tx)
    .await
    .map(drop)
}

pub async fn find(tx: &mut PgConnection, org: OrgId) -> Result<Option<Organisation>, sqlx::Error> {
    sqlx::query_as("select name, currency, timezone from organisations where id = $1")
        .bind(org.sql())
        .fetch_optional(tx)
        .await
}

pub async fn is_founder(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select 1 from organisations where id = $1 and founder_id = $2)",
    )
    .bind(org.sql())
    .bind(person.sql())
    .fetch_one(tx)
    .await
}

/// Whether PostgreSQL, which will do the arithmetic, knows this zone.
pub async fn is_timezone(db: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select 1 from pg_timezone_names where name = $1)")
        .bind(name)
        .fetch_one(db)
        .await
}

/// What the organisation's document says of it now. A zone that PostgreSQL does not know is left out.
pub async fn set_profile(
    tx: &mut PgConnection,
    org: OrgId,
    name: Option<&str>,
    timezone: Option<&str>,
) -> Result<(), sqlx::Error> {
    let has_new_zone: Option<bool> = sqlx::query_scalar(
        r"
        update organisations o
        set
            name = coalesce($2, before.name),
            timezone = coalesce((select zone.name from pg_timezone_names zone where zone.name = $3), before.timezone)
        from (select id, name, timezone from organisations where id = $1) before
        where o.id = before.id
            and (before.name, before.timezone)
                is distinct from (coalesce($2, before.name), coalesce($3, before.timezone))
        returning o.timezone <> before.timezone
        ",
    )
    .bind(org.sql())
    .bind(name.map(sql_text))
    .bind(timezone.map(sql_text))
    .fetch_optional(&mut *tx)
    .await?;
    match has_new_zone {
        Some(true) => sales::sum_up_again(tx, org).await,
        _ => Ok(()),
    }
}
