//! The connection to PostgreSQL: migrations under the owner's role, everything else under `viornet_app`,
//! every transaction for one organisation. Knows no table but the migrations' own.

use std::time::Duration;

use crdt_model::ids::OrgId;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Postgres, Transaction};

use crate::migrations::migrator;
use crate::store;

/// How long a request waits for a connection before it is told to come back later.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection may lie idle and still be used untested.
const IDLE_UNTESTED: Duration = Duration::from_millis(500);
/// Two cores' worth of work, with room for those that wait for a lock.
const CONNECTIONS_MAX: u32 = 24;

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("cannot connect to PostgreSQL")]
    Connect(#[source] sqlx::Error),
    #[error("cannot migrate the database")]
    Migrate(#[source] sqlx::migrate::MigrateError),
}

/// Brings the schema up to date and opens the pool.
pub async fn open(options: PgConnectOptions) -> Result<PgPool, DatabaseError> {
    let options = options.application_name("viornet");
    migrate(&options).await?;
    PgPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(|connection, _| Box::pin(prepare(connection)))
        // A busy connection needs no question before each transaction; one that lay idle may have lost its server.
        .test_before_acquire(false)
        .before_acquire(|connection, idle| {
            Box::pin(async move {
                match idle.idle_for >= IDLE_UNTESTED {
                    true => connection.ping().await.map(|()| true),
                    false => Ok(true),
                }
            })
        })
        .connect_with(options)
        .await
        .map_err(DatabaseError::Connect)
}

async fn migrate(options: &PgConnectOptions) -> Result<(), DatabaseError> {
    let mut connection = options.connect().await.map_err(DatabaseError::Connect)?;
    migrator()
        .run(&mut connection)
        .await
        .map_err(DatabaseError::Migrate)?;
    connection.close().await.map_err(DatabaseError::Connect)
}

/// What a connection is given when it is opened.
///
/// The owner of tables is exempt from row-level security, so no connection stays the owner. And statements are
/// planned once for a connection: PostgreSQL would plan those that take arrays anew each time, which takes it longer
/// than a push of one sale. A server whose machine has lost its power or network says no goodbye: its connections end
/// soon, and with them its locks.
async fn prepare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        r"
        set role viornet_app;
        set plan_cache_mode = force_generic_plan;
        set idle_in_transaction_session_timeout = '30s';
        set tcp_keepalives_idle = 10;
        set tcp_keepalives_interval = 5;
        set tcp_keepalives_count = 3
        ",
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Begins a transaction that sees the rows of one organisation.
pub async fn begin(
    pool: &PgPool,
    org: OrgId,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    // Both in one round trip. An id is hexadecimal digits and hyphens.
    let begin = format!("begin; {}", store::entering(org));
    pool.begin_with(AssertSqlSafe(begin)).await
}

/// The same for what does no harm when a crash undoes it after COMMIT, which does not wait for the disk.
pub async fn begin_fleeting(
    pool: &PgPool,
    org: OrgId,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let begin = format!(
        "begin; {}; set local synchronous_commit = off",
        store::entering(org)
    );
    pool.begin_with(AssertSqlSafe(begin)).await
}

/// Whether PostgreSQL answers.
pub async fn is_ready(pool: &PgPool) -> bool {
    sqlx::query("select 1").execute(pool).await.is_ok()
}
