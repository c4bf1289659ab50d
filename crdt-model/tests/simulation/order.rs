//! The log once more from its first row on: at each row, what the relay had to do by then. It is counted here in its
//! own way, so that a rule that is wrong does not judge itself.

use std::collections::{BTreeMap, BTreeSet};

use crdt_model::document::DocumentKey;
use crdt_model::fact::{Ending, Fact, FactBody, Leased, Offer, StockNote, Verdict, VoucherRef};
use crdt_model::hand_over::HandOverCode;
use crdt_model::ids::{BatchId, BlockId, DeviceId, IntentId, PersonId, SiteId};

use crate::relay::fact_of;
use crate::world::{Check, World};

/// Everything up to a row.
#[derive(Default)]
struct Told {
    leases: BTreeMap<BlockId, Leased>,
    /// The blocks that a batch names, and those that have codes.
    named: BTreeMap<BlockId, BatchId>,
    blocks: BTreeMap<BlockId, (SiteId, BatchId)>,
    /// What was sold of a block, and by whom.
    sold: BTreeMap<BlockId, BTreeSet<(VoucherRef, PersonId)>>,
    undone: BTreeSet<(SiteId, BatchId)>,
    offers: BTreeMap<IntentId, Offer>,
    given: BTreeSet<IntentId>,
    taken: BTreeSet<(HandOverCode, PersonId)>,
    receipts: BTreeSet<String>,
}

/// Verdicts that are somewhere in the log.
#[derive(Default)]
struct Verdicts {
    recalled: BTreeSet<(DocumentKey, VoucherRef, IntentId)>,
    elsewhere: BTreeSet<VoucherRef>,
    receipts: BTreeSet<(DocumentKey, IntentId)>,
    kept: BTreeSet<IntentId>,
}

impl World {
    pub fn check_order(&self) -> Check {
        let mut verdicts = Verdicts::default();
        for (document, _, fact) in self.relay.database.facts() {
            if let FactBody::Verdict(verdict) = &fact.body {
                verdicts.add(document, verdict);
            }
        }
        let mut told = Told::default();
        for row in &self.relay.database.rows {
            if let Some(device) = row.device
                && let Some(last) = self.revoked.get(&device)
                && row.seq > *last
            {
                return Err(format!("row {} is of a device that was revoked", row.seq));
            }
            for op in &row.ops {
                if let Some(fact) = fact_of(op) {
                    let id = op.key.parse().unwrap_or(IntentId::from_bytes([0; 16]));
                    told.hear(&verdicts, row.document, id, row.device, &fact)?;
                }
            }
        }
        Ok(())
    }
}

impl Verdicts {
    fn add(&mut self, document: DocumentKey, verdict: &Verdict) {
        match verdict {
            Verdict::SoldAfterRecall { voucher, sale } => {
                self.recalled.insert((document, *voucher, sale.sale));
            }
            Verdict::SoldElsewhere { block, indexes } => {
                let vouchers = indexes.iter().map(|index| VoucherRef {
                    block: *block,
                    index: *index,
                });
                self.elsewhere.extend(vouchers);
            }
            Verdict::DuplicateReceipt { other, .. } => {
                self.receipts.insert((document, other.sale));
            }
            Verdict::BatchKept { undo, .. } => {
                self.kept.insert(*undo);
            }
            _ => {}
        }
    }
}

impl Told {
    fn hear(
        &mut self,
        verdicts: &Verdicts,
        document: DocumentKey,
        id: IntentId,
        device: Option<DeviceId>,
        fact: &Fact,
    ) -> Check {
        match (document, &fact.body) {
            (DocumentKey::Batches(_), FactBody::Batch(made)) => {
                let blocks = made.blocks.iter();
                self.named
                    .extend(blocks.map(|block| (block.block, made.batch)));
            }
            (DocumentKey::Block { site, block }, FactBody::Codes(codes)) => {
                self.blocks.insert(block, (site, codes.batch));
            }
            (DocumentKey::Batches(site), FactBody::Leased(leased)) => {
                self.leased(verdicts, site, leased)?
            }
            (DocumentKey::Batches(site), FactBody::BatchUndone(undone))
                if !verdicts.kept.contains(&id) =>
            {
                self.undone(site, undone.batch)?;
            }
            (DocumentKey::Batches(site), FactBody::StockNote(note)) => self.noted(site, note)?,
            (DocumentKey::Till { .. }, FactBody::HandOverGiven(_)) => {
                self.given.insert(id);
            }
            (DocumentKey::Till { .. }, FactBody::HandOverTaken(taken)) => {
                self.taken.insert((taken.code, fact.by));
            }
            (DocumentKey::Till { .. }, FactBody::Sale(_) | FactBody::Replacement(_)) => {
                self.sold(verdicts, document, id, device, fact)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn sold(
        &mut self,
        verdicts: &Verdicts,
        till: DocumentKey,
        id: IntentId,
        device: Option<DeviceId>,
        fact: &Fact,
    ) -> Check {
        let Some(told_in) = till.verdict() else {
            return Ok(());
        };
        if let FactBody::Sale(sale) = &fact.body
            && !self.receipts.insert(sale.receipt.clone())
            && !verdicts.receipts.contains(&(told_in, id))
        {
            return Err(format!(
                "{id} has a receipt number that was there before it"
            ));
        }
        for voucher in fact.vouchers() {
            let sold = self.sold.entry(voucher.block).or_default();
            sold.insert((voucher, fact.by));
            // What was held went in by the relay's hand.
            let Some(device) = device else { continue };
            let is_holder = self
                .leases
                .get(&voucher.block)
                .is_some_and(|lease| lease.person == Some(fact.by) && lease.device == Some(device));
            let is_told = verdicts.recalled.contains(&(told_in, voucher, id))
                && verdicts.elsewhere.contains(&voucher);
            if !is_holder && !is_told {
                return Err(format!(
                    "{voucher:?} was sold in {id} by who did not hold it, and nobody is told"
                ));
            }
        }
        Ok(())
    }

    fn leased(&mut self, verdicts: &Verdicts, site: SiteId, leased: &Leased) -> Check {
        // Whoever gets a block does not see the tills of those who had it.
        let sold = self.sold.get(&leased.block).into_iter().flatten();
        let untold = sold
            .filter(|(_, by)| leased.person.is_some_and(|to| to != *by))
            .find(|(voucher, _)| !verdicts.elsewhere.contains(voucher));
        if let Some((voucher, by)) = untold {
            return Err(format!(
                "{leased:?}: nobody says there that {voucher:?} was sold by {by}"
            ));
        }
        let batch = self.named.get(&leased.block);
        let is_undone = batch.is_some_and(|batch| self.undone.contains(&(site, *batch)));
        if is_undone && leased.person.is_some() {
            return Err(format!(
                "{} is leased after its batch was undone",
                leased.block
            ));
        }
        let before = self.leases.get(&leased.block);
        if let Some(offer) = leased.cause.and_then(|cause| self.offers.get(&cause)) {
            let is_open = before.is_some_and(|lease| {
                lease.turn == offer.hand_over.turn && lease.person == Some(offer.from)
            });
            if !is_open || leased.person != offer.hand_over.to {
                return Err(format!("{leased:?} follows {offer:?} after {before:?}"));
            }
        }
        if before.is_none_or(|before| before.turn < leased.turn) {
            self.leases.insert(leased.block, leased.clone());
        }
        Ok(())
    }

    fn undone(&mut self, site: SiteId, batch: BatchId) -> Check {
        if !self.undone.insert((site, batch)) {
            return Ok(());
        }
        let mut blocks = self.blocks.iter();
        let found = blocks.find(|(block, of)| {
            let is_held = self
                .leases
                .get(*block)
                .is_some_and(|lease| lease.person.is_some());
            **of == (site, batch) && (is_held || self.sold.contains_key(*block))
        });
        match found {
            Some((block, _)) => Err(format!(
                "{batch} is undone, but {block} is held or sold from"
            )),
            None => Ok(()),
        }
    }

    fn noted(&mut self, site: SiteId, note: &StockNote) -> Check {
        match note {
            StockNote::Offered(offer) => {
                self.offers.insert(offer.given, offer.clone());
            }
            StockNote::Ended {
                of,
                how: Ending::Taken { by },
            } => {
                let is_for = self
                    .offers
                    .get(of)
                    .is_some_and(|offer| offer.hand_over.to.is_none_or(|to| to == *by));
                let code = HandOverCode::of(*of, site);
                if !is_for || !self.given.contains(of) || !self.taken.contains(&(code, *by)) {
                    return Err(format!("hand-over {of} is taken by {by}"));
                }
            }
            _ => {}
        }
        Ok(())
    }
}
