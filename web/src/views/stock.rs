//! Tiles to sell from, one's own stock, and the batches and blocks of a site.

use std::collections::BTreeMap;

use crdt_model::batch;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{FactBody, VoucherRef};
use crdt_model::ids::{BlockId, PackageId, SiteId};
use crdt_model::money::Money;
use crdt_model::package::{self, Package};
use crdt_model::replica::Replica;
use crdt_model::sale;
use crdt_model::site;
use crdt_model::staff;
use crdt_model::time::Timestamp;
use crdt_model::voucher::{Block, Stock, VoucherState};

use super::{count, import, name_of};
use crate::protocol::{
    BatchView, BlockView, HolderView, SellView, SellerView, StockBlock, StockView, Tile, UndoView,
    VouchersView,
};

pub(super) fn sell(replica: &Replica, site: SiteId, now: Timestamp) -> SellView {
    let stock = replica.stock();
    let packages = package::packages(replica.sheets().get(&DocumentKey::Catalog));
    let mut left: BTreeMap<(PackageId, Money), u32> = BTreeMap::new();
    for block in stock.mine().filter(|block| block.site == site) {
        *left.entry((block.package, block.price)).or_default() += count(stock.free(block).count());
    }
    let mut tiles: Vec<Tile> = left
        .iter()
        .filter(|(_, left)| **left > 0)
        .filter_map(|((id, price), left)| {
            Some(Tile {
                package: packages.get(id)?.clone(),
                price: *price,
                left: *left,
            })
        })
        .collect();
    let empty = |package: &&Package| {
        package.active && !tiles.iter().any(|tile| tile.package.id == package.id)
    };
    let empty: Vec<Tile> = packages
        .values()
        .filter(empty)
        .map(|package| Tile {
            package: package.clone(),
            price: package.details.price,
            left: 0,
        })
        .collect();
    tiles.extend(empty);
    tiles.sort_by_key(|tile| (tile.left == 0, tile.price, tile.package.id));
    let me = replica.me().person;
    let day_ago = now.plus_millis(-86_400_000);
    let sold_today = sale::sales(replica.sheets())
        .iter()
        .filter(|entry| entry.person == me && entry.at >= day_ago)
        .count();
    SellView {
        tiles,
        cash: sale::cash_of(replica.sheets(), me),
        sold_today: count(sold_today),
    }
}

pub(super) fn mine(replica: &Replica) -> StockView {
    let stock = replica.stock();
    let mut blocks: Vec<StockBlock> = stock
        .mine()
        .map(|block| StockBlock {
            block: block.id,
            site_name: site::site(replica.sheets(), block.site)
                .map(|site| site.name)
                .unwrap_or_default(),
            package_name: package_name(replica, block.package),
            price: block.price,
            count: block.count,
            left: count(stock.free(block).count()),
            first_code: first_code(block),
        })
        .collect();
    blocks.sort_by(|one, two| (&one.package_name, one.block).cmp(&(&two.package_name, two.block)));
    StockView { blocks }
}

pub(super) fn vouchers(replica: &Replica, site: SiteId) -> VouchersView {
    let stock = replica.stock();
    let asked = asked(replica, site);
    let made_on = import::made_on(replica, site);
    let kept = batch::kept_after_undo(replica.sheets().get(&DocumentKey::Batches(site)));
    let mut batches: BTreeMap<_, BatchView> = BTreeMap::new();
    for block in stock.blocks.values().filter(|block| block.site == site) {
        // Codes without their batch fact belong to an import that is not complete.
        let Some(label) = &block.label else { continue };
        let batch = batches.entry(block.batch).or_insert_with(|| BatchView {
            batch: block.batch,
            label: label.clone(),
            package_name: package_name(replica, block.package),
            price: block.price,
            made_at: block.made_at,
            made_on: made_on.get(&block.batch).copied(),
            undo: match (block.is_undone, kept.get(&block.batch)) {
                (true, _) => UndoView::Undone,
                (_, Some(reason)) => UndoView::Kept(*reason),
                _ => UndoView::NotNow,
            },
            blocks: Vec::new(),
        });
        if block.is_undone {
            continue;
        }
        batch
            .blocks
            .push(block_view(replica, &stock, block, asked.get(&block.id)));
    }
    let mut batches: Vec<BatchView> = batches.into_values().collect();
    for batch in &mut batches {
        // Once more is no use while the reason stands; once it is gone, it is.
        let is_untouched = batch.blocks.iter().all(|block| {
            block.holder == HolderView::Office && block.sold == 0 && block.double_sold == 0
        });
        if batch.undo != UndoView::Undone && is_untouched {
            batch.undo = UndoView::Possible;
        }
    }
    batches.sort_by_key(|batch| std::cmp::Reverse((batch.made_at, batch.batch)));
    let mut sellers: Vec<SellerView> = staff::people(replica.sheets().get(&DocumentKey::Staff))
        .into_values()
        .filter(|person| {
            person
                .principal()
                .may_at(crdt_model::capability::Capability::Sell, site)
        })
        .map(|person| SellerView {
            person: person.id,
            name: person.name,
        })
        .collect();
    sellers.sort_by(|one, two| (&one.name, one.person).cmp(&(&two.name, two.person)));
    VouchersView {
        batches,
        unfinished: import::unfinished(replica, site),
        sellers,
    }
}

fn block_view(
    replica: &Replica,
    stock: &Stock,
    block: &Block,
    asked: Option<&String>,
) -> BlockView {
    let mut states: BTreeMap<VoucherState, u32> = BTreeMap::new();
    for index in 0..block.count {
        *states
            .entry(stock.state(VoucherRef {
                block: block.id,
                index,
            }))
            .or_default() += 1;
    }
    let of = |state| states.get(&state).copied().unwrap_or(0);
    let lease = block.lease.as_ref();
    let holder = match (asked, lease.and_then(|lease| lease.person)) {
        (Some(name), _) => HolderView::Asked { name: name.clone() },
        (None, None) => HolderView::Office,
        (None, Some(person)) => {
            let name = name_of(replica, person);
            if lease.is_some_and(|lease| lease.device.is_some()) {
                HolderView::Leased { person, name }
            } else {
                HolderView::Waiting { person, name }
            }
        }
    };
    BlockView {
        block: block.id,
        count: block.count,
        first_code: first_code(block),
        unused: of(VoucherState::Unused),
        sold: of(VoucherState::Sold),
        double_sold: of(VoucherState::DoubleSold),
        void: of(VoucherState::Void),
        holder,
        held_since: block.leased_at,
    }
}

/// Blocks for which this device asked the relay to change the holder, and has no answer yet.
fn asked(replica: &Replica, site: SiteId) -> BTreeMap<BlockId, String> {
    replica
        .outbox()
        .flat_map(|pending| &pending.writes)
        .filter(|write| write.document == DocumentKey::Batches(site))
        .flat_map(|write| &write.puts)
        .filter_map(|put| match &put.value {
            crdt_model::document::Scalar::Bytes(bytes) => {
                crdt_model::fact::Fact::decode(bytes).ok()
            }
            _ => None,
        })
        .filter_map(|fact| match fact.body {
            FactBody::LeaseAsked(asked) => Some((asked.block, name_of(replica, asked.to))),
            FactBody::RecallAsked(asked) => Some((
                asked.block,
                asked.to.map(|to| name_of(replica, to)).unwrap_or_default(),
            )),
            _ => None,
        })
        .collect()
}

fn first_code(block: &Block) -> Option<String> {
    block
        .codes
        .as_ref()?
        .first()
        .map(|code| code.username.clone())
}

pub(super) fn package_name(replica: &Replica, id: PackageId) -> String {
    package::package(replica.sheets().get(&DocumentKey::Catalog), id)
        .map(|package| package.details.name)
        .unwrap_or_default()
}
