//! Blocks go from hand to hand.

use crdt_model::capability::Capability;
use crdt_model::command::Command;
use crdt_model::fact::{HandOverTaken, Offer, StockAsked};
use crdt_model::hand_over::{self, HandOverCode, HandOvers};
use crdt_model::ids::{BlockId, SiteId};
use crdt_model::stock_ask::{Ask, asks};

use crate::device::SimDevice;
use crate::world::World;

impl World {
    pub(super) fn lease_or_recall(&mut self, device: usize) {
        let Some(core) = &self.devices[device].core else {
            return;
        };
        let stock = core.replica.stock();
        let blocks: Vec<(SiteId, BlockId, bool)> = stock
            .blocks
            .values()
            .map(|block| {
                let leased = block
                    .lease
                    .as_ref()
                    .is_some_and(|lease| lease.person.is_some());
                (block.site, block.id, leased)
            })
            .collect();
        let people = self.people();
        let Some(&(site, block, leased)) = self.random.pick(&blocks) else {
            return;
        };
        let to = *self.random.pick(&people).expect("somebody works here");
        let command = if leased {
            Command::RecallBlock {
                site,
                block,
                to: self.random.chance(70).then_some(to),
                reason: "phone lost".into(),
            }
        } else {
            Command::LeaseBlock { site, block, to }
        };
        self.command(device, command);
    }

    /// Blocks go from hand to hand, codes of hand-overs from mouth to mouth, and stock is asked for.
    pub(super) fn move_stock(&mut self, device: usize) {
        let Some(core) = &self.devices[device].core else {
            return;
        };
        let me = self.devices[device].me.person;
        let (sheets, principal) = (core.replica.sheets(), core.replica.principal());
        let command = match self.random.below(10) {
            0..=3 => {
                let stock = core.replica.stock();
                let held: Vec<_> = stock.mine().collect();
                let mut others = self.people();
                others.retain(|person| *person != me);
                let to = self.random.pick(&others).copied();
                let to = to.filter(|_| self.random.chance(75));
                self.random.pick(&held).and_then(|block| {
                    Some(Command::GiveBlock {
                        site: block.site,
                        given: hand_over::give(&stock, block, to).ok()?,
                    })
                })
            }
            4..=5 => {
                // Shown on one screen, typed at another.
                let mut open: Vec<Offer> = Vec::new();
                for other in self.devices.iter().filter_map(|other| other.core.as_ref()) {
                    let known = HandOvers::fold(other.replica.sheets());
                    let mine = known
                        .all
                        .into_values()
                        // As often by who has nothing to do with it.
                        .filter(|known| known.is_open())
                        .filter(|known| known.is_for(&principal) || self.random.chance(50));
                    open.extend(mine.map(|known| known.offer));
                }
                self.random.pick(&open).map(|offer| Command::TakeBlock {
                    site: offer.site,
                    taken: HandOverTaken {
                        code: HandOverCode::of(offer.given, offer.site),
                        from: Some(offer.from),
                    },
                })
            }
            6 => {
                let known = HandOvers::fold(sheets);
                let own: Vec<_> = known
                    .all
                    .values()
                    .filter(|known| known.is_open() && known.offer.from == me)
                    .collect();
                self.random
                    .pick(&own)
                    .map(|known| Command::WithdrawHandOver {
                        site: known.offer.site,
                        given: known.offer.given,
                    })
            }
            7 => Some(Command::AskForStock {
                site: *self.random.pick(&self.sites).expect("there is a site"),
                asked: StockAsked {
                    package: self.packages[0],
                    quantity: 10,
                    note: None,
                },
            }),
            _ => {
                let open: Vec<Ask> = asks(sheets)
                    .into_iter()
                    .filter(|ask| ask.ended.is_none())
                    .collect();
                self.random.pick(&open).map(|ask| match ask.person == me {
                    true => Command::WithdrawAsk {
                        site: ask.site,
                        asked: ask.id,
                    },
                    false => Command::DeclineAsk {
                        till: ask.till,
                        asked: ask.id,
                        reason: "none here".into(),
                    },
                })
            }
        };
        let Some(command) = command else { return };
        let given = match &command {
            Command::GiveBlock { site, given } => Some((*site, given.to)),
            _ => None,
        };
        // Mostly both stand side by side, with signal or without; and two in the office may take the same block.
        if let (Some(id), Some((site, to))) = (self.command(device, command), given)
            && self.random.chance(60)
        {
            let is_taker = |other: &SimDevice| match (to, &other.core) {
                (_, None) => false,
                (Some(to), _) => other.me.person == to,
                (None, Some(core)) => {
                    let who = core.replica.principal();
                    other.me.person != me && who.may_at(Capability::VouchersLease, site)
                }
            };
            let takers = (0..self.devices.len()).filter(|other| is_taker(&self.devices[*other]));
            for taker in takers.take(2).collect::<Vec<_>>() {
                let taken = HandOverTaken {
                    code: HandOverCode::of(id, site),
                    from: None,
                };
                self.command(taker, Command::TakeBlock { site, taken });
            }
        }
    }
}
