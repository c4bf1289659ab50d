//! What a claim is held against, out of the database: whatever is asked only now and then, with one question of a kind.

use std::collections::BTreeMap;

use crdt_model::fact::VoucherRef;
use crdt_model::ids::{BlockId, IntentId, SiteId};
use crdt_model::relay::{Need, OrgState};
use sqlx::PgConnection;

use crate::store::{sales, vouchers};

pub async fn provide(
    tx: &mut PgConnection,
    state: &mut OrgState,
    needs: impl IntoIterator<Item = Need>,
) -> Result<(), sqlx::Error> {
    let org = state.org();
    let (mut contradicted, mut blocks) = (Vec::new(), Vec::new());
    for need in needs {
        match need {
            Need::Replaced(sale) => contradicted.push(sale),
            Need::SiteOf(block) => blocks.push(block),
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
    Ok(())
}
