//! Single vouchers: the list of all of them, filtered and paged, and the story of one.
//!
//! The list is kept as places (block and index), eight bytes each, beside the stock it was made from: a page is then
//! a slice. It is made anew when the stock is another one or the filter changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crdt_model::capability::Capability;
use crdt_model::document::DocumentKey;
use crdt_model::fact::VoucherRef;
use crdt_model::ids::BlockId;
use crdt_model::money::Money;
use crdt_model::package;
use crdt_model::replica::Replica;
use crdt_model::sale;
use crdt_model::site;
use crdt_model::voucher::{Block, CODES_PER_BLOCK_MAX, Stock, VoucherState};

use super::stock::package_name;
use super::{count, name_of};
use crate::protocol::{
    HolderFilter, HolderView, VoucherChoices, VoucherFilter, VoucherListView, VoucherRow,
    VoucherSale, VoucherStory,
};

const STATES: [VoucherState; 4] = [
    VoucherState::Unused,
    VoucherState::Sold,
    VoucherState::DoubleSold,
    VoucherState::Void,
];

/// The vouchers that match a filter, in the order of the list.
#[derive(Default)]
pub struct VoucherIndex {
    made_from: Option<(Arc<Stock>, VoucherFilter)>,
    blocks: Vec<BlockId>,
    /// Position in `blocks`, and index in the block.
    matching: Vec<(u32, u32)>,
    value: Money,
    choices: Option<VoucherChoices>,
}

impl VoucherIndex {
    pub fn list(
        &mut self,
        replica: &Replica,
        filter: &VoucherFilter,
        offset: u32,
        limit: u32,
    ) -> VoucherListView {
        let stock = replica.shared_stock();
        let is_current = self
            .made_from
            .as_ref()
            .is_some_and(|(kept, of)| Arc::ptr_eq(kept, &stock) && of == filter);
        if !is_current {
            self.make(&stock, filter);
            self.choices = Some(choices(replica, &stock, filter));
            self.made_from = Some((stock.clone(), filter.clone()));
        }
        let rows = self
            .matching
            .iter()
            .skip(offset as usize)
            .take(limit as usize)
            .filter_map(|(block, index)| {
                let block = *self.blocks.get(*block as usize)?;
                let index = *index;
                row(replica, &stock, VoucherRef { block, index })
            })
            .collect();
        let sees_money = replica.principal().may_somewhere(Capability::SalesAll);
        VoucherListView {
            rows,
            count: count(self.matching.len()),
            value: sees_money.then_some(self.value),
            choices: self.choices.clone().unwrap_or_default(),
        }
    }

    /// Which vouchers of a stock match.
    pub fn make(&mut self, stock: &Stock, filter: &VoucherFilter) {
        self.matching.clear();
        self.value = Money::from_minor(0);
        let search = plain(&filter.search);
        let blocks = in_order(stock, filter);
        self.blocks = blocks.iter().map(|block| block.id).collect();
        for (at, block) in (0..).zip(blocks) {
            let mut matching: i64 = 0;
            for (index, state) in (0..).zip(states(stock, block)) {
                if filter.state.is_some_and(|wanted| state != wanted) {
                    continue;
                }
                let matches = search.is_empty()
                    || block
                        .codes
                        .as_ref()
                        .and_then(|codes| codes.get(index as usize))
                        .is_some_and(|code| says(&code.username, &search));
                if matches {
                    self.matching.push((at, index));
                    matching += 1;
                }
            }
            let value = block.price.minor().saturating_mul(matching);
            self.value = self.value.saturating_add(Money::from_minor(value));
        }
    }

    /// How many match.
    pub fn len(&self) -> usize {
        self.matching.len()
    }

    pub fn is_empty(&self) -> bool {
        self.matching.is_empty()
    }
}

/// The state of each voucher of a block, in order. Most have no history: only those that have are looked at.
fn states(stock: &Stock, block: &Block) -> Vec<VoucherState> {
    // A count arrives as it was written; a block has no more places than this.
    let count = (block.count as usize).min(CODES_PER_BLOCK_MAX);
    let mut states = vec![VoucherState::Unused; count];
    let of_block = |index| VoucherRef {
        block: block.id,
        index,
    };
    for (voucher, history) in stock.histories.range(of_block(0)..=of_block(u32::MAX)) {
        if let Some(state) = states.get_mut(voucher.index as usize) {
            *state = history.state();
        }
    }
    states
}

/// The blocks that can match, newest batch first. Codes without their batch fact belong to an import that is not
/// complete, unless they are one's own: who may not see the batches has only those.
fn in_order<'a>(stock: &'a Stock, filter: &VoucherFilter) -> Vec<&'a Block> {
    let mut blocks: Vec<&Block> = of_site(stock, filter)
        .filter(|block| {
            filter
                .package
                .is_none_or(|package| block.package == package)
                && filter.batch.is_none_or(|batch| block.batch == batch)
                && filter.holder.is_none_or(|holder| is_held_by(block, holder))
        })
        .collect();
    blocks.sort_by_key(|block| (std::cmp::Reverse((block.made_at, block.batch)), block.id));
    blocks
}

fn of_site<'a>(stock: &'a Stock, filter: &VoucherFilter) -> impl Iterator<Item = &'a Block> {
    let site = filter.site;
    stock.blocks.values().filter(move |block| {
        (block.label.is_some() || block.is_mine) && site.is_none_or(|site| block.site == site)
    })
}

fn is_held_by(block: &Block, holder: HolderFilter) -> bool {
    let person = block.lease.as_ref().and_then(|lease| lease.person);
    match holder {
        HolderFilter::Office => person.is_none(),
        HolderFilter::Person(wanted) => person == Some(wanted),
    }
}

/// Letters and digits, upper case: what people read out.
fn plain(text: &str) -> Vec<u8> {
    text.bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| byte.to_ascii_uppercase())
        .collect()
}

/// Does a code contain what was searched for? Without allocating: a search asks it of every voucher.
fn says(code: &str, search: &[u8]) -> bool {
    let letters = || {
        code.bytes()
            .filter(u8::is_ascii_alphanumeric)
            .map(|byte| byte.to_ascii_uppercase())
    };
    let length = letters().count();
    (0..=length.saturating_sub(search.len())).any(|start| {
        letters()
            .skip(start)
            .take(search.len())
            .eq(search.iter().copied())
    })
}

fn choices(replica: &Replica, stock: &Stock, filter: &VoucherFilter) -> VoucherChoices {
    let mut choices = VoucherChoices::default();
    let (mut packages, mut people) = (BTreeSet::new(), BTreeSet::new());
    let mut batches = BTreeMap::new();
    for block in of_site(stock, filter) {
        packages.insert(block.package);
        batches.insert(
            (std::cmp::Reverse(block.made_at), block.batch),
            block.label.clone().unwrap_or_default(),
        );
        people.extend(block.lease.as_ref().and_then(|lease| lease.person));
    }
    let mut states: BTreeMap<VoucherState, u32> = BTreeMap::new();
    for block in in_order(stock, filter) {
        for state in self::states(stock, block) {
            *states.entry(state).or_default() += 1;
        }
    }
    choices.states = STATES
        .into_iter()
        .map(|state| (state, states.get(&state).copied().unwrap_or(0)))
        .collect();
    choices.packages = packages
        .into_iter()
        .map(|id| (id, package_name(replica, id)))
        .collect();
    choices.batches = batches
        .into_iter()
        .map(|((_, id), label)| (id, label))
        .collect();
    choices.people = people
        .into_iter()
        .map(|id| (id, name_of(replica, id)))
        .collect();
    choices.packages.sort_by(|one, two| one.1.cmp(&two.1));
    choices.people.sort_by(|one, two| one.1.cmp(&two.1));
    choices
}

fn row(replica: &Replica, stock: &Stock, voucher: VoucherRef) -> Option<VoucherRow> {
    let block = stock.blocks.get(&voucher.block)?;
    Some(VoucherRow {
        voucher,
        code: stock.code(voucher).map(|code| code.username.clone()),
        package_name: package_name(replica, block.package),
        price: block.price,
        batch_label: block.label.clone().unwrap_or_default(),
        holder: holder(replica, block),
        state: stock.state(voucher),
    })
}

fn holder(replica: &Replica, block: &Block) -> HolderView {
    let me = replica.me().person;
    let Some(lease) = &block.lease else {
        return if block.is_mine {
            HolderView::Leased {
                person: me,
                name: name_of(replica, me),
            }
        } else {
            HolderView::Office
        };
    };
    match (lease.person, lease.device) {
        (None, _) => HolderView::Office,
        (Some(person), None) => HolderView::Waiting {
            person,
            name: name_of(replica, person),
        },
        (Some(person), Some(_)) => HolderView::Leased {
            person,
            name: name_of(replica, person),
        },
    }
}

/// Everything that happened to a voucher; `None` if its block is not on this device.
pub(super) fn story(replica: &Replica, voucher: VoucherRef) -> Option<VoucherStory> {
    let stock = replica.shared_stock();
    let row = row(replica, &stock, voucher)?;
    let block = stock.blocks.get(&voucher.block)?;
    if voucher.index >= block.count {
        return None;
    }
    let history = stock.histories.get(&voucher).cloned().unwrap_or_default();
    let here: BTreeSet<_> = if history.sales.is_empty() {
        BTreeSet::new()
    } else {
        sale::sales(replica.sheets())
            .into_iter()
            .map(|entry| entry.id)
            .collect()
    };
    Some(VoucherStory {
        row,
        site_name: site::site(replica.sheets(), block.site)
            .map(|site| site.name)
            .unwrap_or_default(),
        package: package::package(replica.sheets().get(&DocumentKey::Catalog), block.package),
        made_at: block.made_at,
        held_since: block.leased_at,
        sales: history
            .sales
            .iter()
            .map(|sale| VoucherSale {
                sale: sale.sale,
                person_name: name_of(replica, sale.person),
                at: sale.at,
                receipt: sale.receipt.clone(),
                is_here: here.contains(&sale.sale),
            })
            .collect(),
        sold_elsewhere: history.sold_elsewhere,
        is_taken: history.is_taken,
        duplicate: history.duplicate,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_as_it_is_read_out() {
        for (code, search, found) in [
            ("K7QM-9RTX", "k7qm 9", true),
            ("K7QM-9RTX", "M9", true),
            ("K7QM-9RTX", "9RTXA", false),
            ("abc", "ABC", true),
            ("abc", "abcd", false),
        ] {
            assert_eq!(says(code, &plain(search)), found, "{code} {search}");
        }
    }
}
