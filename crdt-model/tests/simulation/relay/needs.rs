//! What the judgement needs to know, out of the log.

use std::collections::{BTreeMap, BTreeSet};

use crdt_model::document::DocumentKey;
use crdt_model::fact::{FactBody, SaleRef, Verdict, VoucherRef};
use crdt_model::ids::{BlockId, SiteId};
use crdt_model::relay::{Need, RelayDocument};

use super::Relay;

impl Relay {
    pub(super) fn provide(&mut self, need: Need) {
        self.seen.saw(&need);
        match need {
            Need::Document(key) => {
                let document = RelayDocument::new(self.database.document(&key));
                self.state().provide_document(key, document);
            }
            Need::Sold(block) => {
                let sold = self.sold(block);
                self.state().provide_sold(block, sold);
            }
            Need::Codes(wanted) => {
                let mut found: BTreeMap<String, Option<VoucherRef>> =
                    wanted.into_iter().map(|code| (code, None)).collect();
                for (document, _, fact) in self.database.facts() {
                    let (DocumentKey::Block { block, .. }, FactBody::Codes(codes)) =
                        (document, &fact.body)
                    else {
                        continue;
                    };
                    let is_undone = self.database.is_undone(&document, codes.batch);
                    let in_use: BTreeSet<u32> = match is_undone {
                        true => self.handed_out(document, block),
                        false => BTreeSet::new(),
                    };
                    for (index, code) in codes.packed.split('\n').enumerate() {
                        let index = u32::try_from(index).expect("blocks are small");
                        if let Some(entry) = found.get_mut(code)
                            && (!is_undone || in_use.contains(&index))
                        {
                            entry.get_or_insert(VoucherRef { block, index });
                        }
                    }
                }
                self.state().provide_codes(found);
            }
            Need::BlocksOf(batch) => {
                let blocks: Vec<(SiteId, BlockId)> = self
                    .database
                    .facts()
                    .filter_map(|(document, _, fact)| match (document, &fact.body) {
                        (DocumentKey::Block { site, block }, FactBody::Codes(codes))
                            if codes.batch == batch =>
                        {
                            Some((site, block))
                        }
                        _ => None,
                    })
                    .collect();
                self.state().provide_blocks_of(batch, blocks);
            }
            Need::SiteOf(block) => {
                let site = self.database.keys().into_iter().find_map(|key| match key {
                    DocumentKey::Block { site, block: known } if known == block => Some(site),
                    _ => None,
                });
                self.state().provide_site_of(block, site);
            }
            Need::Receipt(receipt) => {
                let first = self.database.facts().find_map(|(_, key, fact)| {
                    match (&fact.body, key.parse()) {
                        (FactBody::Sale(sale), Ok(id)) if sale.receipt == receipt => {
                            fact.sale_ref(id)
                        }
                        _ => None,
                    }
                });
                self.state().provide_receipt(receipt, first);
            }
            Need::Intent(intent) => {
                let till = self.database.facts().find_map(|(document, key, fact)| {
                    let takes = matches!(fact.body, FactBody::Sale(_) | FactBody::Replacement(_));
                    (takes && key.parse() == Ok(intent)).then_some(document)
                });
                self.state().provide_intent(intent, till);
            }
            Need::Hold(id) => {
                let hold = self.database.holds.get(&id).cloned();
                self.state().provide_hold(id, hold);
            }
            Need::Devices(person) => {
                let devices = self
                    .database
                    .devices
                    .iter()
                    .filter(|(_, owner, revoked)| *owner == person && !revoked)
                    .map(|(device, ..)| *device)
                    .collect();
                self.state().provide_devices(person, devices);
            }
        }
    }

    /// What of a block was sold, or is told to have been handed out.
    fn handed_out(&self, document: DocumentKey, block: BlockId) -> BTreeSet<u32> {
        let sold = self.sold(block);
        let mut out: BTreeSet<u32> = sold.into_iter().map(|(index, _)| index).collect();
        if let Some(told) = document.verdict() {
            for (_, fact) in self.database.sheet(&told).known_facts() {
                if let FactBody::Verdict(Verdict::SoldElsewhere { indexes, .. }) = &fact.body {
                    out.extend(indexes);
                }
            }
        }
        out
    }

    fn sold(&self, block: BlockId) -> Vec<(u32, SaleRef)> {
        self.database
            .facts()
            .filter(|(document, ..)| matches!(document, DocumentKey::Till { .. }))
            .flat_map(|(_, key, fact)| {
                let sale = key.parse().ok().and_then(|id| fact.sale_ref(id));
                fact.vouchers()
                    .into_iter()
                    .filter(move |voucher| voucher.block == block)
                    .filter_map(move |voucher| Some((voucher.index, sale.clone()?)))
                    .collect::<Vec<_>>()
            })
            .collect()
    }
}
