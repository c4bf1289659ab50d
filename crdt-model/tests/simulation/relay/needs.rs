//! What the judgement needs to know, out of the log.

use std::collections::{BTreeMap, BTreeSet};

use crdt_model::document::DocumentKey;
use crdt_model::fact::{FactBody, SaleRef, Verdict, VoucherRef};
use crdt_model::ids::{BlockId, IntentId, PersonId, SiteId};
use crdt_model::relay::{Kept, Need, Record, RelayDocument, is_counted};

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
                // What was handed out though it was void has its code as long as it is nowhere else.
                for of_void in [false, true] {
                    for (document, _, fact) in self.database.facts() {
                        let (DocumentKey::Block { block, .. }, FactBody::Codes(codes)) =
                            (document, &fact.body)
                        else {
                            continue;
                        };
                        let is_undone = self.database.is_undone(&document, codes.batch);
                        let duplicates = self.duplicates(document);
                        let out = match of_void {
                            true => self.handed_out(document, block),
                            false => BTreeSet::new(),
                        };
                        for (index, code) in (0..).zip(codes.packed.split('\n')) {
                            let is_void = is_undone || duplicates.contains(&index);
                            let is_in_use =
                                is_void == of_void && (!is_void || out.contains(&index));
                            if let Some(entry) = found.get_mut(code).filter(|_| is_in_use) {
                                entry.get_or_insert(VoucherRef { block, index });
                            }
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
            Need::Replaced(sale) => {
                let given: Vec<(IntentId, VoucherRef)> = self
                    .database
                    .facts()
                    .filter_map(|(_, key, fact)| match (&fact.body, key.parse()) {
                        (FactBody::Replacement(given), Ok(id)) if given.sale == sale => {
                            Some((id, given.replaces))
                        }
                        _ => None,
                    })
                    .collect();
                self.state().provide_replaced(sale, given);
            }
            Need::Record(record) => {
                let name = match record {
                    Record::Client(id) => format!("client/{id}/name"),
                    Record::Fixture(id) => format!("{id}/name"),
                };
                let is_there = self.database.keys().iter().any(|key| {
                    matches!(key, DocumentKey::Clients { .. } | DocumentKey::Site(_))
                        && self.database.sheet(key).records.contains_key(&name)
                });
                self.state().provide_record(record, is_there);
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
            Need::Kept(person) => {
                let kept = self.kept(person);
                self.state().provide_kept(person, kept);
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

    /// How much the database has of a person.
    pub(super) fn kept(&self, person: PersonId) -> Kept {
        let holds = self.database.holds.values();
        let open = holds.filter(|hold| hold.person == person && hold.decided.is_none());
        let held = open.map(|hold| hold.weight).sum();
        let rows = self.database.rows.iter();
        let mut begun: BTreeMap<DocumentKey, PersonId> = BTreeMap::new();
        for row in rows.filter(|row| is_counted(&row.document)) {
            begun.entry(row.document).or_insert(row.author);
        }
        let documents = begun.values().filter(|by| **by == person).count() as u64;
        Kept { held, documents }
    }

    /// What of a block was sold, or is told to have been handed out.
    fn handed_out(&self, document: DocumentKey, block: BlockId) -> BTreeSet<u32> {
        let sold = self.sold(block);
        let mut out: BTreeSet<u32> = sold.into_iter().map(|(index, _)| index).collect();
        out.extend(self.told(document, |verdict| match verdict {
            Verdict::SoldElsewhere { indexes, .. } => Some(indexes),
            _ => None,
        }));
        out
    }

    /// The vouchers of a block whose codes were elsewhere before.
    fn duplicates(&self, document: DocumentKey) -> BTreeSet<u32> {
        self.told(document, |verdict| match verdict {
            Verdict::DuplicateCodes { indexes, .. } => Some(indexes),
            _ => None,
        })
    }

    /// What verdicts of a kind say of a block.
    fn told(
        &self,
        document: DocumentKey,
        indexes: impl Fn(&Verdict) -> Option<&Vec<u32>>,
    ) -> BTreeSet<u32> {
        let Some(verdicts) = document.verdict() else {
            return BTreeSet::new();
        };
        let sheet = self.database.sheet(&verdicts);
        let facts = sheet.known_facts();
        facts
            .filter_map(|(_, fact)| match &fact.body {
                FactBody::Verdict(verdict) => indexes(verdict),
                _ => None,
            })
            .flatten()
            .copied()
            .collect()
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
