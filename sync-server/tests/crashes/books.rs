//! What SQL says, beside what the devices were told and what their replicas say.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use crdt_model::ids::IntentId;
use crdt_model::money::Money;
use crdt_model::sale::{cash_of, sales};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::time::Instant;
use uuid::Uuid;

use crate::crew::Ledger;
use crate::load::phone::Phone;
use crate::load::shop::{PRICE, Shop};

/// The database, read as its owner.
pub struct Books {
    options: PgConnectOptions,
}

impl Books {
    pub const fn new(options: PgConnectOptions) -> Self {
        Self { options }
    }

    /// Waits for a PostgreSQL that is still recovering.
    pub async fn open(&self) -> Result<PgConnection> {
        let begun = Instant::now();
        loop {
            match self.options.connect().await {
                Ok(connection) => return Ok(connection),
                Err(error) if begun.elapsed() > Duration::from_secs(60) => {
                    return Err(error).context("PostgreSQL does not come back");
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    async fn sales(&self) -> Result<BTreeMap<Uuid, i64>> {
        let mut connection = self.open().await?;
        let rows: Vec<(Uuid, i64)> =
            sqlx::query_as("select intent_id, count(*) from sales group by intent_id")
                .fetch_all(&mut connection)
                .await?;
        connection.close().await?;
        Ok(rows.into_iter().collect())
    }

    /// Every one of these is there, once.
    pub async fn hold(&self, acknowledged: &[IntentId]) -> Result<()> {
        let sales = self.sales().await?;
        let lost: Vec<&IntentId> = acknowledged
            .iter()
            .filter(|intent| sales.get(&uuid(**intent)) != Some(&1))
            .collect();
        ensure!(lost.is_empty(), "acknowledged and not there once: {lost:?}");
        Ok(())
    }

    async fn number(&self, sql: &'static str) -> Result<i64> {
        let mut connection = self.open().await?;
        let number = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(number)
    }

    /// After quiet: SQL, the log, every replica's own fold and that of a device that begins from nothing say the same.
    pub async fn agree(&self, shop: &mut Shop, phones: &[Phone], ledger: &Ledger) -> Result<()> {
        let made: BTreeSet<IntentId> = ledger.made.iter().copied().collect();
        let told: BTreeSet<IntentId> = ledger.acknowledged.iter().copied().collect();
        ensure!(made.len() == ledger.made.len(), "an intent was made twice");
        ensure!(
            told.len() == ledger.acknowledged.len(),
            "an intent was acknowledged twice"
        );
        ensure!(
            made == told,
            "{} sales, {} acknowledged",
            made.len(),
            told.len()
        );
        self.hold(&ledger.made).await?;
        let count = made.len() as i64;
        let expected = [
            ("select count(*) from sales", count),
            ("select sum(total_minor)::bigint from sales", count * PRICE),
            ("select count(*) from sale_lines", count),
            ("select count(*) from voucher_sales", count),
            (
                "select count(*) from changes where doc_key like 'till/%'",
                count,
            ),
            ("select count(*) from sales where status <> 'standing'", 0),
            (
                "select count(*) from changes where doc_key like 'verdict/till/%'",
                0,
            ),
            ("select count(*) from held_changes", 0),
            (
                "select count(*) from (select seq - lag(seq, 1, 0::bigint) over (order by seq) as step
                 from changes) s where step <> 1",
                0,
            ),
            (
                "select count(*) from organisations o
                 where o.head_seq <> (select max(seq) from changes c where c.org_id = o.id)",
                0,
            ),
        ];
        for (sql, wanted) in expected {
            let found = self.number(sql).await?;
            ensure!(found == wanted, "{sql}: {found}, not {wanted}");
        }
        for phone in phones {
            let own = cash_of(phone.replica().sheets(), phone.identity.person);
            let sold = phone.acknowledged.len() as i64;
            ensure!(
                own == Money::from_minor(sold * PRICE),
                "a till says {own:?}"
            );
            ensure!(phone.replica().outbox().count() == 0, "an outbox is left");
        }
        shop.office.try_now().await?;
        let mut fresh = Phone::register(shop.office.browser.clone(), "from nothing").await?;
        fresh.try_now().await?;
        for (name, device) in [
            ("the office", &mut shop.office),
            ("a fresh device", &mut fresh),
        ] {
            let seen = |device: &Phone| -> BTreeSet<IntentId> {
                let folded = sales(device.replica().sheets());
                folded.iter().map(|sale| sale.id).collect()
            };
            device
                .until(Duration::from_secs(60), |device| {
                    device.is_quiet() && seen(device).len() == made.len()
                })
                .await?;
            let seen = seen(device);
            ensure!(
                seen == made,
                "{name} sees {} of {} sales",
                seen.len(),
                made.len()
            );
        }
        Ok(())
    }
}

fn uuid(intent: IntentId) -> Uuid {
    Uuid::from_bytes(*intent.as_bytes())
}
