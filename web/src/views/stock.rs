//! Tiles to sell from, one's own stock, and the batches and blocks of a site.

mod block;
mod hand_over;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crdt_model::batch;
use crdt_model::capability::Capability;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{FactBody, VoucherRef};
use crdt_model::hand_over::HandOvers;
use crdt_model::ids::{BlockId, PackageId, PersonId, SiteId};
use crdt_model::money::Money;
use crdt_model::package::{self, Package};
use crdt_model::replica::Replica;
use crdt_model::sale;
use crdt_model::site;
use crdt_model::stock_ask::asks;
use crdt_model::time::Timestamp;
use crdt_model::voucher::{Block, Stock, VoucherState};

use super::{count, import, name_of};
use crate::protocol::{
    BatchView, BlockPageView, BlockView, HolderView, HoldingView, LowView, PackageChoice, SellView,
    SiteNeedsView, StockBlock, StockNeedsView, StockView, Tile, UndoView, VouchersView,
};

pub(super) fn sell(replica: &Replica, site: SiteId, today: Timestamp) -> SellView {
    let stock = replica.shared_stock();
    let packages = package::packages(replica.sheets().get(&DocumentKey::Catalog));
    let me = replica.me().person;
    let mut left: BTreeMap<(PackageId, Money), u32> = BTreeMap::new();
    for block in stock.mine().filter(|block| block.site == site) {
        *left.entry((block.package, block.price)).or_default() += count(stock.free(block).count());
    }
    let asks = asks(replica.sheets());
    let is_asked = |package: PackageId| {
        asks.iter().any(|ask| {
            ask.ended.is_none()
                && ask.person == me
                && ask.site == site
                && ask.asked.package == package
        })
    };
    let mut tiles: Vec<Tile> = left
        .iter()
        .filter(|(_, left)| **left > 0)
        .filter_map(|((id, price), left)| {
            let package = packages.get(id)?.clone();
            Some(Tile {
                is_low: *left < low_stock(&package),
                is_asked: is_asked(*id),
                package,
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
            is_low: true,
            is_asked: is_asked(package.id),
        })
        .collect();
    tiles.extend(empty);
    tiles.sort_by_key(|tile| (tile.left == 0, tile.price, tile.package.id));
    let inside = sale::each(replica.sheets()).map(|(_, person, at, _)| (person, at));
    let outside = super::sales::untaken(replica).map(|entry| (entry.person, entry.at));
    let sold_today = inside
        .chain(outside)
        .filter(|(person, at)| *person == me && *at >= today)
        .count();
    SellView {
        tiles,
        cash: super::sales::cash_in_hand(replica),
        sold_today: count(sold_today),
    }
}

pub(super) fn mine(replica: &Replica, now: Timestamp) -> StockView {
    let stock = replica.shared_stock();
    let known = HandOvers::fold(replica.sheets());
    let withdrawn = hand_over::withdrawn(replica);
    let mut blocks: Vec<StockBlock> = stock
        .held()
        .map(|block| StockBlock {
            block: block.id,
            site: block.site,
            site_name: hand_over::site_name(replica, block.site),
            package: block.package,
            package_name: package_name(replica, block.package),
            price: block.price,
            count: block.count,
            left: count(stock.free(block).count()),
            first_code: first_code(block),
            since: block.leased_at,
            leaving: hand_over::leaving(replica, &known, &withdrawn, block),
        })
        .collect();
    blocks.sort_by(|one, two| (&one.package_name, one.block).cmp(&(&two.package_name, two.block)));
    let me = replica.me().person;
    let sellers = replica
        .sheets()
        .sites()
        .map(|site| {
            let mut others = hand_over::sellers(replica, site);
            others.retain(|seller| seller.person != me);
            (site, others)
        })
        .collect();
    let packages = package::packages(replica.sheets().get(&DocumentKey::Catalog))
        .into_values()
        .filter(|package| package.active)
        .map(|package| PackageChoice {
            package: package.id,
            name: package.details.name,
        })
        .collect();
    StockView {
        blocks,
        offered: hand_over::offered(replica, &known),
        taken: hand_over::taken(replica, &known, now),
        handed: hand_over::handed(replica, &known, now),
        asks: hand_over::own_asks(replica, asks(replica.sheets()), now),
        packages,
        sellers,
    }
}

pub(super) fn block(replica: &Replica, id: BlockId) -> Option<BlockPageView> {
    block::page(replica, id)
}

/// What waits for this person anywhere.
pub(super) fn needs(replica: &Replica) -> StockNeedsView {
    let (me, sheets) = (replica.principal(), replica.sheets());
    let known = HandOvers::fold(sheets);
    let stock = replica.shared_stock();
    let mut asked = asks(sheets);
    asked.retain(|ask| ask.ended.is_none() && ask.person != me.person);
    let mut returns = hand_over::returns(replica, &known, None);
    returns.retain(|offer| !offer.is_taken);
    let mut sites: Vec<SiteNeedsView> = sheets
        .sites()
        .filter(|id| me.may_at(Capability::VouchersLease, *id))
        .filter_map(|id| {
            let site = site::site(sheets, id).filter(|site| site.active)?;
            let needs = SiteNeedsView {
                site: id,
                name: site.name,
                asks: count(asked.iter().filter(|ask| ask.site == id).count()),
                returns: count(returns.iter().filter(|offer| offer.site == id).count()),
                low: count(low_at(replica, &stock, id).len()),
            };
            (needs.asks + needs.returns + needs.low > 0).then_some(needs)
        })
        .collect();
    let order = |needs: &SiteNeedsView| Reverse((needs.asks, needs.returns, needs.low));
    sites.sort_by(|one, two| (order(one), &one.name).cmp(&(order(two), &two.name)));
    StockNeedsView {
        sites,
        offered: count(
            hand_over::offered(replica, &known)
                .iter()
                .filter(|offer| !offer.is_taken)
                .count(),
        ),
    }
}

pub(super) fn vouchers(replica: &Replica, site: SiteId) -> VouchersView {
    let stock = replica.shared_stock();
    let known = HandOvers::fold(replica.sheets());
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
            package: block.package,
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
        let asked = asked.get(&block.id);
        batch
            .blocks
            .push(block_view(replica, &stock, &known, block, asked));
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
    let me = replica.principal();
    let open = asks(replica.sheets()).into_iter().filter(|ask| {
        ask.ended.is_none() && ask.site == site && me.may_at(Capability::VouchersLease, site)
    });
    VouchersView {
        holdings: holdings(&batches),
        batches,
        unfinished: import::unfinished(replica, site),
        sellers: hand_over::sellers(replica, site),
        asks: open.map(|ask| hand_over::ask(replica, ask)).collect(),
        returns: hand_over::returns(replica, &known, Some(site)),
        low: low_at(replica, &stock, site),
    }
}

/// Who holds how much of what, from what is listed of the blocks.
fn holdings(batches: &[BatchView]) -> Vec<HoldingView> {
    let mut holdings: BTreeMap<Option<PersonId>, HoldingView> = BTreeMap::new();
    for batch in batches {
        for block in &batch.blocks {
            let (person, name) = match &block.holder {
                HolderView::Waiting { person, name } | HolderView::Leased { person, name } => {
                    (Some(*person), name.clone())
                }
                HolderView::Office | HolderView::Asked { .. } => (None, String::new()),
            };
            let holding = holdings.entry(person).or_insert_with(|| HoldingView {
                person,
                name,
                blocks: 0,
                left: 0,
                value: Money::ZERO,
                packages: Vec::new(),
            });
            holding.blocks += 1;
            holding.left = holding.left.saturating_add(block.unused);
            let value = batch.price.minor().saturating_mul(i64::from(block.unused));
            holding.value = [holding.value, Money::from_minor(value)].into_iter().sum();
            let known = holding
                .packages
                .iter_mut()
                .find(|(name, _)| *name == batch.package_name);
            match known {
                Some((_, left)) => *left = left.saturating_add(block.unused),
                None => holding
                    .packages
                    .push((batch.package_name.clone(), block.unused)),
            }
        }
    }
    let mut holdings: Vec<HoldingView> = holdings.into_values().collect();
    holdings.sort_by_key(|holding| std::cmp::Reverse((holding.value, holding.person)));
    holdings
}

/// Below how many a package's stock is low.
fn low_stock(package: &Package) -> u32 {
    package.details.low_stock.unwrap_or(package::LOW_STOCK)
}

/// Who holds blocks of a package that is still sold, and has little of it left.
fn low_at(replica: &Replica, stock: &Stock, site: SiteId) -> Vec<LowView> {
    let packages = package::packages(replica.sheets().get(&DocumentKey::Catalog));
    let mut left: BTreeMap<(PersonId, PackageId), u32> = BTreeMap::new();
    for block in stock.blocks.values().filter(|block| block.site == site) {
        let holder = block.lease.as_ref().and_then(|lease| lease.person);
        if let (Some(person), true) = (holder, block.label.is_some()) {
            let sum = left.entry((person, block.package)).or_default();
            *sum = sum.saturating_add(count(stock.free(block).count()));
        }
    }
    let mut low: Vec<LowView> = left
        .into_iter()
        .filter_map(|((person, package), left)| {
            let known = packages.get(&package).filter(|package| package.active)?;
            (left < low_stock(known)).then(|| LowView {
                person,
                name: name_of(replica, person),
                package,
                package_name: known.details.name.clone(),
                left,
            })
        })
        .collect();
    low.sort_by(|one, two| (one.left, &one.name).cmp(&(two.left, &two.name)));
    low
}

fn block_view(
    replica: &Replica,
    stock: &Stock,
    known: &HandOvers,
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
        leaving: hand_over::leaving_to(replica, known, block),
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

#[cfg(test)]
pub(super) mod tests;
