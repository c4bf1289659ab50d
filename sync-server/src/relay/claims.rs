//! What a claim is held against, out of the database: whatever is asked only now and then, with one question of a kind.

use std::collections::BTreeMap;

use crdt_model::fact::VoucherRef;
use crdt_model::fixture::{FixtureId, FixtureKind};
use crdt_model::ids::{BlockId, IntentId, SiteId};
use crdt_model::relay::{Need, OrgState, Record};
use sqlx::PgConnection;

use crate::store::{nouns, sales, sites, vouchers};

pub async fn provide(
    tx: &mut PgConnection,
    state: &mut OrgState,
    needs: impl IntoIterator<Item = Need>,
) -> Result<(), sqlx::Error> {
    let org = state.org();
    let (mut contradicted, mut blocks, mut records) = (Vec::new(), Vec::new(), Vec::new());
    for need in needs {
        match need {
            Need::Replaced(sale) => contradicted.push(sale),
            Need::SiteOf(block) => blocks.push(block),
            Need::Record(record) => records.push(record),
            _ => {}
        }
    }
    if !blocks.is_empty() {
        let mut sites: BTreeMap<BlockId, SiteId> = vouchers::sites_of(tx, org, &blocks)
            .await?
            .into_iter()
            .collect();
        for block in blocks {
            state.provide_site_of(block, sites.remove(&block));
        }
    }
    if !contradicted.is_empty() {
        let mut given: BTreeMap<IntentId, Vec<(IntentId, VoucherRef)>> = BTreeMap::new();
        for (sale, by, voucher) in sales::replacements_of(tx, org, &contradicted).await? {
            given.entry(sale).or_default().push((by, voucher));
        }
        for sale in contradicted {
            state.provide_replaced(sale, given.remove(&sale).unwrap_or_default());
        }
    }
    provide_records(tx, state, &records).await
}

async fn provide_records(
    tx: &mut PgConnection,
    state: &mut OrgState,
    records: &[Record],
) -> Result<(), sqlx::Error> {
    let org = state.org();
    let mut clients = Vec::new();
    let mut fixtures: BTreeMap<FixtureKind, Vec<FixtureId>> = BTreeMap::new();
    for record in records {
        match record {
            Record::Client(id) => clients.push(*id),
            Record::Fixture(id) => fixtures.entry(id.kind()).or_default().push(*id),
        }
    }
    if !clients.is_empty() {
        let known = nouns::known_clients(tx, org, &clients).await?;
        for id in clients {
            state.provide_record(Record::Client(id), known.contains(&id));
        }
    }
    for (kind, ids) in fixtures {
        let known = sites::known_fixtures(tx, org, kind, &ids).await?;
        for id in ids {
            state.provide_record(Record::Fixture(id), known.contains(&id));
        }
    }
    Ok(())
}
