//! All SQL, and nothing but SQL: free functions over a connection; callers own the transaction.

/// A struct that is read from a row, column by column of the same name. sqlx has a derive for this, but it would
/// build sqlx twice, once for the compiler's own use.
macro_rules! row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$doc:meta])* $field_vis:vis $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$doc])* $field_vis $field: $type,)*
        }

        impl sqlx::FromRow<'_, sqlx::postgres::PgRow> for $name {
            fn from_row(row: &sqlx::postgres::PgRow) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: sqlx::Row::try_get(row, stringify!($field))?,)* })
            }
        }
    };
}

pub mod audit;
pub mod backup;
pub mod changes;
pub mod credentials;
pub mod devices;
pub mod documents;
pub mod export;
pub mod holds;
pub mod invites;
pub mod nouns;
pub mod organisations;
pub mod people;
pub mod refresh_sessions;
pub mod sales;
pub mod server_keys;
pub mod setup;
pub mod sites;
pub mod snapshots;
pub mod socket_tickets;
pub mod stock;
pub mod verdicts;
pub mod vouchers;

use std::borrow::Cow;

use crdt_model::ids::{
    AccessPointId, AreaId, BatchId, BlockId, ClientId, DeviceId, HoldId, IntentId, OrgId,
    PackageId, PersonId, RouterId, SiteId,
};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

/// From here to the end of the transaction only rows of `org` exist.
pub async fn enter_organisation(tx: &mut PgConnection, org: OrgId) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(entering(org)))
        .execute(tx)
        .await
        .map(drop)
}

/// The statement for it; it must be inside a transaction.
pub fn entering(org: OrgId) -> String {
    format!("set local viornet.org = '{}'", org.sql())
}

/// An id as its `uuid` column.
pub trait SqlId: Sized {
    fn sql(&self) -> Uuid;
    fn from_sql(column: Uuid) -> Self;
}

macro_rules! sql_id {
    ($($name:ident),*) => {
        $(impl SqlId for $name {
            fn sql(&self) -> Uuid {
                Uuid::from_bytes(*self.as_bytes())
            }
            fn from_sql(column: Uuid) -> Self {
                Self::from_bytes(*column.as_bytes())
            }
        })*
    };
}
sql_id!(
    AccessPointId,
    AreaId,
    BatchId,
    BlockId,
    ClientId,
    DeviceId,
    HoldId,
    IntentId,
    OrgId,
    PackageId,
    PersonId,
    RouterId,
    SiteId
);

/// Text that a device wrote, as PostgreSQL takes it: all but the zero character.
pub fn sql_text(text: &str) -> Cow<'_, str> {
    match text.contains('\0') {
        true => Cow::Owned(text.replace('\0', "\u{fffd}")),
        false => Cow::Borrowed(text),
    }
}

/// A place in the log as its `bigint` column.
pub fn sql_seq(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

pub fn seq_from_sql(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

/// What was counted of each person, as a `bigint` column.
fn by_person(rows: Vec<(Uuid, i64)>) -> Vec<(PersonId, u64)> {
    let rows = rows.into_iter();
    rows.map(|(person, count)| {
        (
            PersonId::from_sql(person),
            u64::try_from(count).unwrap_or(0),
        )
    })
    .collect()
}

/// A place in a block as its `integer` column.
pub fn sql_index(index: u32) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}
