//! One block: its vouchers, and everything that happened to it, in order.

use std::collections::BTreeMap;

use crdt_model::document::DocumentKey;
use crdt_model::fact::{Ending, Fact, FactBody, StockNote, VoucherRef};
use crdt_model::hand_over::{HandOver, HandOvers};
use crdt_model::ids::{BlockId, IntentId, PersonId};
use crdt_model::replica::Replica;
use crdt_model::voucher::Block;

use super::{asked, block_view, hand_over, name_of, package_name};
use crate::protocol::{BlockEvent, BlockHappened, BlockPageView};

pub(super) fn page(replica: &Replica, id: BlockId) -> Option<BlockPageView> {
    let stock = replica.shared_stock();
    let block = stock.blocks.get(&id)?;
    let known = HandOvers::fold(replica.sheets());
    let asked = asked(replica, block.site);
    let vouchers = (0..block.count)
        .map(|index| {
            let voucher = VoucherRef { block: id, index };
            let code = stock.code(voucher).map(|code| code.username.clone());
            (code, stock.state(voucher))
        })
        .collect();
    let returning = hand_over::returns(replica, &known, Some(block.site))
        .into_iter()
        .find(|offer| offer.block == id);
    Some(BlockPageView {
        block: block_view(replica, &stock, &known, block, asked.get(&id)),
        site: block.site,
        site_name: hand_over::site_name(replica, block.site),
        label: block.label.clone().unwrap_or_default(),
        package_name: package_name(replica, block.package),
        price: block.price,
        history: history(replica, &known, block),
        vouchers,
        sellers: hand_over::sellers(replica, block.site),
        returning,
    })
}

/// Newest first. A lease is told by what caused it; what caused none yet is told by itself.
fn history(replica: &Replica, known: &HandOvers, block: &Block) -> Vec<BlockEvent> {
    let name = |person: PersonId| name_of(replica, person);
    let causes: BTreeMap<IntentId, &Fact> = replica
        .sheets()
        .get(&DocumentKey::Batches(block.site))
        .known_facts()
        .filter_map(|(key, fact)| Some((key.parse().ok()?, fact)))
        .collect();
    let ends: BTreeMap<IntentId, &Fact> = causes
        .values()
        .filter_map(|fact| match &fact.body {
            FactBody::StockNote(StockNote::Ended { of, .. }) => Some((*of, *fact)),
            _ => None,
        })
        .collect();
    let mut leases = BTreeMap::new();
    for (document, _, fact) in replica.sheets().facts() {
        if let (
            DocumentKey::Batches(_) | DocumentKey::VerdictBlock { .. },
            FactBody::Leased(leased),
        ) = (document, &fact.body)
            && leased.block == block.id
        {
            leases.insert(leased.turn, (leased, fact.at));
        }
    }
    // (when, order of what happened at the same instant)
    let mut events: Vec<(u32, BlockEvent)> = Vec::new();
    let made = causes.values().find_map(|fact| match &fact.body {
        FactBody::Batch(made) if made.blocks.iter().any(|made| made.block == block.id) => {
            Some(*fact)
        }
        _ => None,
    });
    if let Some(made) = made {
        let what = BlockHappened::Made { by: name(made.by) };
        events.push((0, BlockEvent { at: made.at, what }));
    }
    let mut before = None;
    for (turn, (leased, at)) in leases {
        let to = leased.person.map(name);
        let cause = leased.cause.and_then(|cause| causes.get(&cause));
        let handed = leased.cause.and_then(|cause| known.all.get(&cause));
        let what = match (cause.map(|fact| (&fact.body, fact.by)), handed, &to) {
            (_, Some(handed), _) => handed_over(replica, handed),
            (Some((FactBody::LeaseAsked(_), by)), _, Some(to)) => BlockHappened::Leased {
                by: Some(name(by)),
                to: to.clone(),
            },
            (Some((FactBody::RecallAsked(asked), by)), ..) => BlockHappened::Recalled {
                by: Some(name(by)),
                to,
                reason: asked.reason.clone(),
            },
            (_, _, Some(to)) if before == Some(leased.person) => {
                BlockHappened::Reached { name: to.clone() }
            }
            _ => BlockHappened::Moved { to },
        };
        before = Some(leased.person);
        events.push((turn, BlockEvent { at, what }));
    }
    for (id, handed) in &known.all {
        let given = &handed.offer.hand_over;
        if given.block != block.id {
            continue;
        }
        let from = name(handed.offer.from);
        let what = BlockHappened::Given {
            from: from.clone(),
            to: given.to.map(name),
            left: given.left,
        };
        let at = handed.offer.at;
        events.push((given.turn, BlockEvent { at, what }));
        let what = match handed.ended {
            Some(Ending::Withdrawn) => BlockHappened::Withdrawn { from },
            Some(Ending::Overtaken) => BlockHappened::Overtaken { from },
            Some(Ending::NotAllowed) => BlockHappened::NotAllowed {
                from,
                to: given.to.map(name).unwrap_or_default(),
            },
            _ => continue,
        };
        let at = ends.get(id).map_or(at, |fact| fact.at);
        events.push((given.turn, BlockEvent { at, what }));
    }
    // Turns are the order of things; clocks are what people said.
    events.sort_by_key(|(turn, event)| (*turn, event.at));
    events.into_iter().rev().map(|(_, event)| event).collect()
}

fn handed_over(replica: &Replica, handed: &HandOver) -> BlockHappened {
    let given = &handed.offer.hand_over;
    let taken_by = match handed.ended {
        Some(Ending::Taken { by }) => Some(by),
        _ => handed.taken_by.or(given.to),
    };
    BlockHappened::HandedOver {
        from: name_of(replica, handed.offer.from),
        to: given.to.map(|to| name_of(replica, to)),
        taken_by: taken_by.map(|by| name_of(replica, by)).unwrap_or_default(),
        left: given.left,
    }
}
