//! Hand-overs and asks for stock: what the relay notes of them, and when both sides of a hand-over have spoken.
//!
//! The batches document of the site is the ledger: everything open is read from it, so nothing else is needed.

use std::collections::{BTreeMap, BTreeSet};

use super::{AdmitError, OrgState, Outcome, relay_fact, verdict_till};
use crate::admission::{Malformed, Objection};
use crate::capability::Capability;
use crate::command::fact_put;
use crate::document::{DocumentKey, Sheet};
use crate::fact::{
    BatchMade, BlockMade, Ending, Fact, FactBody, HandOverGiven, Offer, StockNote, verdict_key,
};
use crate::hand_over::HandOverCode;
use crate::ids::{BlockId, IntentId, PackageId, PersonId, SiteId};
use crate::staff;
use crate::time::{Month, Timestamp};

/// An ask as the ledger has it.
#[derive(Debug, Clone)]
pub(super) struct NotedAsk {
    pub by: PersonId,
    pub at: Timestamp,
    pub package: PackageId,
}

/// What is open at a site.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub offers: BTreeMap<IntentId, Offer>,
    pub asks: BTreeMap<IntentId, NotedAsk>,
    taken: Vec<(HandOverCode, PersonId)>,
    ended: BTreeSet<IntentId>,
}

impl Ledger {
    pub fn read(batches: &Sheet) -> Self {
        let mut ledger = Self::default();
        for (_, fact) in batches.known_facts() {
            let FactBody::StockNote(note) = &fact.body else {
                continue;
            };
            match note {
                StockNote::Offered(offer) => {
                    ledger.offers.insert(offer.given, offer.clone());
                }
                StockNote::Taken { code, by } => ledger.taken.push((*code, *by)),
                StockNote::Asked {
                    asked,
                    by,
                    at,
                    package,
                } => {
                    let ask = NotedAsk {
                        by: *by,
                        at: *at,
                        package: *package,
                    };
                    ledger.asks.insert(*asked, ask);
                }
                StockNote::Ended { of, .. } => {
                    ledger.ended.insert(*of);
                }
            }
        }
        ledger.offers.retain(|id, _| !ledger.ended.contains(id));
        ledger.asks.retain(|id, _| !ledger.ended.contains(id));
        ledger
    }

    pub fn offers_of(&self, block: BlockId) -> impl Iterator<Item = &Offer> {
        self.offers
            .values()
            .filter(move |offer| offer.hand_over.block == block)
    }

    pub fn coded(&self, code: HandOverCode) -> impl Iterator<Item = &Offer> {
        self.offers
            .values()
            .filter(move |offer| HandOverCode::of(offer.given, offer.site) == code)
    }

    fn takers(&self, offer: &Offer) -> impl Iterator<Item = PersonId> {
        let code = HandOverCode::of(offer.given, offer.site);
        self.taken
            .iter()
            .filter(move |(known, _)| *known == code)
            .map(|(_, by)| *by)
    }
}

/// The batch of a block and what it says of it.
fn made_of(batches: &Sheet, block: BlockId) -> Option<(&BatchMade, &BlockMade)> {
    batches
        .known_facts()
        .find_map(|(_, fact)| match &fact.body {
            FactBody::Batch(made) => {
                let found = made.blocks.iter().find(|made| made.block == block)?;
                Some((made, found))
            }
            _ => None,
        })
}

pub(super) fn package_of(batches: &Sheet, block: BlockId) -> Option<PackageId> {
    made_of(batches, block).map(|(made, _)| made.package)
}

impl OrgState {
    pub(super) fn ledger(&self, site: SiteId) -> Result<Ledger, AdmitError> {
        Ok(Ledger::read(self.get(&DocumentKey::Batches(site))?.sheet()))
    }

    /// A block is handed over where its batch is, and holds what its batch says.
    pub(super) fn false_hand_over(
        &self,
        site: SiteId,
        given: &HandOverGiven,
    ) -> Result<Option<Objection>, AdmitError> {
        let batches = self.get(&DocumentKey::Batches(site))?.sheet();
        let Some((made, block)) = made_of(batches, given.block) else {
            return Ok(Some(Objection::NotAllowed(Capability::Sell)));
        };
        Ok(
            if made.package != given.package || given.left > block.count {
                Some(Objection::Malformed(Malformed::UnknownVoucher))
            } else if made.price != given.price {
                Some(Objection::Malformed(Malformed::WrongPrice))
            } else {
                None
            },
        )
    }

    pub(super) fn judge_stock(
        &mut self,
        site: SiteId,
        till_of: PersonId,
        id: IntentId,
        fact: &Fact,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let ledger = self.ledger(site)?;
        match &fact.body {
            FactBody::HandOverGiven(given) => {
                let offer = Offer {
                    given: id,
                    site,
                    from: fact.by,
                    at: fact.at,
                    hand_over: given.clone(),
                };
                self.offer(offer, now, outcome)?;
            }
            FactBody::HandOverWithdrawn(withdrawn) => {
                if let Some(offer) = ledger.offers.get(&withdrawn.given)
                    && offer.from == fact.by
                {
                    self.end_offer(offer, Ending::Withdrawn, now, outcome)?;
                }
            }
            FactBody::HandOverTaken(taken) => {
                let note = StockNote::Taken {
                    code: taken.code,
                    by: fact.by,
                };
                let about: [&[u8]; 2] = [b"taken", id.as_bytes()];
                self.note(&[DocumentKey::Batches(site)], &about, note, now, outcome)?;
                for offer in ledger.coded(taken.code) {
                    self.conclude(offer, fact.by, now, outcome)?;
                }
            }
            FactBody::StockAsked(asked) => {
                let note = StockNote::Asked {
                    asked: id,
                    by: fact.by,
                    at: fact.at,
                    package: asked.package,
                };
                let about: [&[u8]; 2] = [b"asked", id.as_bytes()];
                self.note(&[DocumentKey::Batches(site)], &about, note, now, outcome)?;
            }
            FactBody::StockAskWithdrawn(withdrawn) => {
                if let Some(ask) = ledger.asks.get(&withdrawn.asked)
                    && ask.by == fact.by
                {
                    self.end_ask(site, withdrawn.asked, ask, Ending::Withdrawn, now, outcome)?;
                }
            }
            FactBody::StockAskDeclined(declined) => {
                if let Some(ask) = ledger.asks.get(&declined.asked)
                    && ask.by == till_of
                {
                    self.end_ask(site, declined.asked, ask, Ending::Declined, now, outcome)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Somebody parts with a block. It is open if it is still theirs to part with.
    fn offer(
        &mut self,
        offer: Offer,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let given = &offer.hand_over;
        if !self.is_current(&offer)? {
            return self.end_offer(&offer, Ending::Overtaken, now, outcome);
        }
        if let Some(to) = given.to
            && !self.principal(to)?.may_at(Capability::Sell, offer.site)
        {
            return self.end_offer(&offer, Ending::NotAllowed, now, outcome);
        }
        let mut documents = vec![DocumentKey::Batches(offer.site)];
        documents.extend(given.to.map(DocumentKey::Me));
        let about: [&[u8]; 2] = [b"offered", offer.given.as_bytes()];
        let note = StockNote::Offered(offer.clone());
        self.note(&documents, &about, note, now, outcome)?;
        // The other side's word may have come first.
        let takers: Vec<PersonId> = self.ledger(offer.site)?.takers(&offer).collect();
        for taker in takers {
            self.conclude(&offer, taker, now, outcome)?;
        }
        Ok(())
    }

    /// Is the lease that it ends still in force?
    fn is_current(&self, offer: &Offer) -> Result<bool, AdmitError> {
        let lease = self.lease(offer.site, offer.hand_over.block)?;
        Ok(lease.is_some_and(|lease| {
            lease.turn == offer.hand_over.turn && lease.person == Some(offer.from)
        }))
    }

    /// Both sides have spoken: the block moves, unless it did already or the taker may not have it.
    fn conclude(
        &mut self,
        offer: &Offer,
        taker: PersonId,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let who = self.principal(taker)?;
        let may_take = match offer.hand_over.to {
            Some(to) => to == taker && who.may_at(Capability::Sell, offer.site),
            None => who.may_at(Capability::VouchersLease, offer.site),
        };
        if !may_take || !self.is_current(offer)? {
            return Ok(());
        }
        self.end_offer(offer, Ending::Taken { by: taker }, now, outcome)?;
        let given = &offer.hand_over;
        let cause = Some(offer.given);
        self.write_lease(offer.site, given.block, given.to, cause, now, outcome)
    }

    /// A lease was written: earlier hand-overs of the block are over, and asks of who has it now may be met.
    pub(super) fn end_by_lease(
        &mut self,
        site: SiteId,
        block: BlockId,
        to: Option<PersonId>,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let ledger = self.ledger(site)?;
        for offer in ledger.offers_of(block) {
            if !self.is_current(offer)? {
                self.end_offer(offer, Ending::Overtaken, now, outcome)?;
            }
        }
        let package = package_of(self.get(&DocumentKey::Batches(site))?.sheet(), block);
        for (asked, ask) in &ledger.asks {
            if to == Some(ask.by) && package == Some(ask.package) {
                self.end_ask(site, *asked, ask, Ending::Met { block }, now, outcome)?;
            }
        }
        Ok(())
    }

    fn end_offer(
        &mut self,
        offer: &Offer,
        how: Ending,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let documents = self.ends_of(offer)?;
        self.end(&documents, offer.given, how, now, outcome)
    }

    /// Where the end of a hand-over is told.
    pub(super) fn ends_of(&self, offer: &Offer) -> Result<Vec<DocumentKey>, AdmitError> {
        let mut documents = vec![
            DocumentKey::Batches(offer.site),
            verdict_till(offer.site, offer.from, Month::of(offer.at)),
        ];
        // A name that is on no staff list has no document.
        let staff = self.get(&DocumentKey::Staff)?.sheet();
        let to = offer.hand_over.to;
        documents.extend(
            to.filter(|to| staff::person(staff, *to).is_some())
                .map(DocumentKey::Me),
        );
        Ok(documents)
    }

    fn end_ask(
        &mut self,
        site: SiteId,
        asked: IntentId,
        ask: &NotedAsk,
        how: Ending,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let documents = [
            DocumentKey::Batches(site),
            verdict_till(site, ask.by, Month::of(ask.at)),
        ];
        self.end(&documents, asked, how, now, outcome)
    }

    fn end(
        &mut self,
        documents: &[DocumentKey],
        of: IntentId,
        how: Ending,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let about: [&[u8]; 2] = [b"ended", of.as_bytes()];
        self.note(
            documents,
            &about,
            StockNote::Ended { of, how },
            now,
            outcome,
        )
    }

    /// Writes one note into several documents, each once.
    fn note(
        &mut self,
        documents: &[DocumentKey],
        about: &[&[u8]],
        note: StockNote,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let put = fact_put(
            &verdict_key(about),
            &relay_fact(now, FactBody::StockNote(note)),
        );
        for document in documents {
            self.write(
                *document,
                std::slice::from_ref(&put),
                PersonId::RELAY,
                None,
                now,
                outcome,
            )?;
        }
        Ok(())
    }
}
