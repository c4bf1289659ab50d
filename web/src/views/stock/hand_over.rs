//! Hand-overs and asks for stock as both sides see them.

use std::collections::BTreeSet;

use crdt_model::capability::Capability;
use crdt_model::command::Command;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{Ending, FactBody};
use crdt_model::hand_over::{HandOver, HandOvers};
use crdt_model::ids::{IntentId, PersonId, SiteId};
use crdt_model::replica::Replica;
use crdt_model::site;
use crdt_model::staff;
use crdt_model::stock_ask::{Ask, AskEnd};
use crdt_model::time::Timestamp;
use crdt_model::voucher::Block;

use super::{name_of, package_name};
use crate::protocol::{
    AskEndView, AskView, HandedEnd, HandedView, LeavingTo, LeavingView, OfferView, SellerView,
    TakenView,
};

/// How long an answer stays in sight, whenever the question was asked.
const ANSWERED_MILLIS: i64 = 7 * 86_400_000;

fn is_fresh(answered: Option<Timestamp>, now: Timestamp) -> bool {
    answered.is_some_and(|at| at.plus_millis(ANSWERED_MILLIS) > now)
}

pub(super) fn site_name(replica: &Replica, id: SiteId) -> String {
    site::site(replica.sheets(), id)
        .map(|site| site.name)
        .unwrap_or_default()
}

/// Those who sell at a site, by name.
pub(super) fn sellers(replica: &Replica, site: SiteId) -> Vec<SellerView> {
    let mut sellers: Vec<SellerView> = staff::people(replica.sheets().get(&DocumentKey::Staff))
        .into_values()
        .filter(|person| person.principal().may_at(Capability::Sell, site))
        .map(|person| SellerView {
            person: person.id,
            name: person.name,
        })
        .collect();
    sellers.sort_by(|one, two| (&one.name, one.person).cmp(&(&two.name, two.person)));
    sellers
}

/// The hand-over of a block by the turn that is in force.
pub(super) fn of_block<'a>(known: &'a HandOvers, block: &Block) -> Option<&'a HandOver> {
    let lease = block.lease.as_ref()?;
    known.all.values().find(|known| {
        let given = &known.offer.hand_over;
        known.is_open()
            && given.block == block.id
            && given.turn == lease.turn
            && lease.person == Some(known.offer.from)
    })
}

pub(super) fn leaving_to(replica: &Replica, known: &HandOvers, block: &Block) -> Option<LeavingTo> {
    let to = of_block(known, block)?.offer.hand_over.to;
    Some(to.map_or(LeavingTo::Office, |to| {
        LeavingTo::Person(name_of(replica, to))
    }))
}

pub(super) fn leaving(
    replica: &Replica,
    known: &HandOvers,
    withdrawn: &BTreeSet<IntentId>,
    block: &Block,
) -> Option<LeavingView> {
    if let Some(open) = of_block(known, block) {
        let given = open.offer.given;
        return Some(LeavingView {
            given: Some(given),
            to: open.offer.hand_over.to.map(|to| name_of(replica, to)),
            code: open.code().to_string(),
            at: Some(open.offer.at),
            is_withdrawing: withdrawn.contains(&given),
        });
    }
    // The relay holds it: it is in no document yet.
    let to = replica
        .outbox()
        .find_map(|pending| match &pending.intent.command {
            Command::GiveBlock { given, .. } if given.block == block.id => given.to,
            _ => None,
        });
    block.is_leaving.then(|| LeavingView {
        given: None,
        to: to.map(|to| name_of(replica, to)),
        code: String::new(),
        at: None,
        is_withdrawing: false,
    })
}

/// What this person withdrew, whether the server knows or not.
pub(super) fn withdrawn(replica: &Replica) -> BTreeSet<IntentId> {
    let me = replica.me().person;
    replica
        .sheets()
        .facts()
        .filter_map(|(_, _, fact)| match &fact.body {
            FactBody::HandOverWithdrawn(withdrawn) if fact.by == me => Some(withdrawn.given),
            _ => None,
        })
        .collect()
}

pub(super) fn offer(replica: &Replica, known: &HandOver) -> OfferView {
    let (offer, given) = (&known.offer, &known.offer.hand_over);
    OfferView {
        given: offer.given,
        block: given.block,
        site: offer.site,
        site_name: site_name(replica, offer.site),
        from: offer.from,
        from_name: name_of(replica, offer.from),
        is_return: given.to.is_none(),
        package_name: package_name(replica, given.package),
        price: given.price,
        left: given.left,
        at: offer.at,
        code: known.code().to_string(),
        is_taken: known.taken_by.is_some(),
    }
}

/// What this person parted with lately and how it ended, newest first.
pub(super) fn handed(replica: &Replica, known: &HandOvers, now: Timestamp) -> Vec<HandedView> {
    let me = replica.me().person;
    let mut handed: Vec<HandedView> = known
        .all
        .values()
        .filter(|known| known.offer.from == me && is_fresh(known.ended_at, now))
        .filter_map(|known| {
            let (offer, given) = (&known.offer, &known.offer.hand_over);
            let end = match known.ended? {
                Ending::Taken { by } => HandedEnd::Taken {
                    by: name_of(replica, by),
                },
                Ending::NotAllowed => HandedEnd::NotAllowed,
                Ending::Overtaken => HandedEnd::Overtaken,
                Ending::Withdrawn | Ending::Met { .. } | Ending::Declined => return None,
            };
            Some(HandedView {
                given: offer.given,
                to: given.to.map(|to| name_of(replica, to)),
                package_name: package_name(replica, given.package),
                price: given.price,
                left: given.left,
                at: offer.at,
                end,
            })
        })
        .collect();
    handed.sort_by_key(|handed| std::cmp::Reverse((handed.at, handed.given)));
    handed
}

/// Open hand-overs to this person; returns they may take are `returns`.
pub(super) fn offered(replica: &Replica, known: &HandOvers) -> Vec<OfferView> {
    let me = replica.me().person;
    known
        .all
        .values()
        .filter(|known| known.is_open() && known.offer.hand_over.to == Some(me))
        .map(|known| offer(replica, known))
        .collect()
}

/// Open returns that this person may take, at one site or at all.
pub(super) fn returns(
    replica: &Replica,
    known: &HandOvers,
    site: Option<SiteId>,
) -> Vec<OfferView> {
    let me = replica.principal();
    known
        .all
        .values()
        .filter(|known| {
            let offer = &known.offer;
            known.is_open()
                && offer.hand_over.to.is_none()
                && site.is_none_or(|site| site == offer.site)
                && me.may_at(Capability::VouchersLease, offer.site)
        })
        .map(|known| offer(replica, known))
        .collect()
}

pub(super) fn taken(replica: &Replica, known: &HandOvers, now: Timestamp) -> Vec<TakenView> {
    known
        .taken_unknown(replica.me().person)
        .filter(|taken| taken.at.plus_millis(4 * ANSWERED_MILLIS) > now)
        .map(|taken| TakenView {
            code: taken.code.to_string(),
            site_name: site_name(replica, taken.site),
            from_name: taken.from.map(|from| name_of(replica, from)),
            at: taken.at,
        })
        .collect()
}

pub(super) fn ask(replica: &Replica, ask: Ask) -> AskView {
    AskView {
        ask: ask.id,
        till: ask.till,
        site: ask.site,
        site_name: site_name(replica, ask.site),
        person: ask.person,
        person_name: name_of(replica, ask.person),
        package: ask.asked.package,
        package_name: package_name(replica, ask.asked.package),
        quantity: ask.asked.quantity,
        note: ask.asked.note,
        at: ask.at,
        ended: ask.ended.map(|end| match end {
            AskEnd::Met => AskEndView::Met,
            AskEnd::Withdrawn => AskEndView::Withdrawn,
            AskEnd::Declined { by, reason } => AskEndView::Declined {
                by: name_of(replica, by),
                reason,
            },
        }),
    }
}

/// One's own asks that are open or were answered lately, newest first.
pub(super) fn own_asks(replica: &Replica, asks: Vec<Ask>, now: Timestamp) -> Vec<AskView> {
    let me: PersonId = replica.me().person;
    let is_in_sight = |ask: &Ask| match ask.ended {
        None => true,
        Some(AskEnd::Withdrawn) => false,
        Some(_) => is_fresh(ask.ended_at, now),
    };
    asks.into_iter()
        .rev()
        .filter(|ask| ask.person == me && is_in_sight(ask))
        .map(|found| self::ask(replica, found))
        .collect()
}
