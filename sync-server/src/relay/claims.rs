//! What a claim is held against, out of the database: whatever is asked only now and then, with one question of a kind.

use std::collections::BTreeMap;

use crdt_model::fact::VoucherRef;
use crdt_model::fixture::{FixtureId, FixtureKind};
use crdt_model::ids::{BlockId, IntentId, PersonId, SiteId};
use crdt_model::relay::{Kept, Need, OrgState, Record};
use sqlx::PgConnection;

use crate::store::{documents, holds, nouns, sales, sites, vouchers};

pub async fn provide(
    tx: &mut PgConnection,
    state: &mut OrgState,
    needs: impl IntoIterator<Item = Need>,
) -> Result<(), sqlx::Error> {
    let org = state.org();
    let (mut contradicted, mut blocks, mut records) = (Vec::new(), Vec::new(), Vec::new());
    let mut people = Vec::new();
    for need in needs {
        match need {
            Need::Replaced(sale) => contradicted.push(sale),
            Need::SiteOf(block) => blocks.push(block),
            Need::Record(record) => records.push(record),
            Need::Kept(person) => people.push(person),
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
    provide_kept(tx, state, people).await?;
    provide_records(tx, state, &records).await
}

async fn provide_kept(
    tx: &mut PgConnection,
    state: &mut OrgState,
    people: Vec<PersonId>,
) -> Result<(), sqlx::Error> {
    if people.is_empty() {
        return Ok(());
    }
    let org = state.org();
    let mut kept: BTreeMap<PersonId, Kept> = BTreeMap::new();
    for (person, weight) in holds::weights_of(tx, org, &people).await? {
        kept.entry(person).or_default().held = weight;
    }
    for (person, count) in documents::begun_by(tx, org, &people).await? {
        kept.entry(person).or_default().documents = count;
    }
    for person in people {
        state.provide_kept(person, kept.remove(&person).unwrap_or_default());
    }
    Ok(())
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
