//! A start without the months that are over: what the till's first screen needs of them is kept apart in a few kilobytes,
//! and their documents are read after that screen instead of before it.
//!
//! A brief is right, or it is not used. Its mark stands in [`Meta`](super::Meta) as well; a commit that stores one of the documents
//! that are left out takes the mark away, and so does a version that knows nothing of briefs, since it writes its
//! `Meta` without one. Until [`Replica::complete`] a replica of a brief is for reading what is left in it: no commit
//! may be made of it.

use std::collections::{BTreeMap, BTreeSet};

use rand_core::Rng;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::open::{document_key, sheet_key};
use super::{Commit, Identity, OpenError, Replica};
use crate::codec;
use crate::document::{DocumentKey, Sheet};
use crate::fact::{FactBody, PaymentMethod, VoucherRef};
use crate::ids::{BlockId, PersonId};
use crate::money::Money;
use crate::sale;
use crate::time::{Month, Timestamp};
use crate::voucher::{CODES_PER_BLOCK_MAX, SoldBefore};

/// Of what state a brief speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    #[serde(with = "serde_bytes")]
    of: [u8; 16],
    /// Tills of earlier months are left out.
    before: String,
}

impl Mark {
    /// Does a brief with this mark speak of that document?
    pub(super) fn covers(&self, key: &DocumentKey) -> bool {
        matches!(key, DocumentKey::Till { month, .. } if month.to_string() < self.before)
    }
}

/// What is kept of tills of earlier months.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    version: u32,
    #[serde(with = "serde_bytes")]
    mark: [u8; 16],
    documents: Vec<LeftOut>,
    /// A bit for each voucher that was sold in them.
    sold: BTreeMap<BlockId, ByteBuf>,
    /// What the owner of the replica took in cash there.
    cash: Money,
    /// The latest of those sales.
    latest: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct LeftOut {
    document: DocumentKey,
    /// The snapshot and the chunks after it.
    stored: usize,
    /// All that the document says, but for its sales.
    rest: Sheet,
}

const VERSION: u32 = 1;

impl Brief {
    /// `None`: of another version.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        codec::decode::<Self>(bytes)
            .ok()
            .filter(|brief| brief.version == VERSION)
    }

    /// The entries of the database that need not be read yet.
    pub fn left_out(&self) -> Vec<String> {
        let entries = |left_out: &LeftOut| {
            let key = left_out.document;
            let stored = (0..left_out.stored).map(move |n| document_key(&key, n));
            stored.chain([sheet_key(&key)]).collect::<Vec<_>>()
        };
        self.documents.iter().flat_map(entries).collect()
    }

    fn holds(&self, key: &DocumentKey) -> bool {
        self.documents.iter().any(|one| one.document == *key)
    }

    pub(super) fn sold_before(&self) -> SoldBefore {
        self.sold
            .iter()
            .map(|(block, bits)| (*block, bits.to_vec()))
            .collect()
    }

    /// Takes the sales of a till; what else it says is the answer. `None`: what a sale says has no place in a brief.
    fn take(&mut self, key: &DocumentKey, sheet: &Sheet, me: PersonId) -> Option<Sheet> {
        let DocumentKey::Till { person, .. } = key else {
            return None;
        };
        let mut rest = Sheet {
            records: sheet.records.clone(),
            facts: BTreeMap::new(),
        };
        for (id, fact) in sheet.known_facts() {
            let FactBody::Sale(sale) = &fact.body else {
                rest.facts.insert(id.into(), Some(fact.clone()));
                continue;
            };
            self.latest = self.latest.max(fact.happened());
            if *person == me && sale.method == PaymentMethod::Cash {
                self.cash = self.cash.saturating_add(sale.total());
            }
            // As the fold of the stock has it: a fact without a name of its kind sells nothing.
            if id.parse().is_ok_and(|id| fact.sale_ref(id).is_some()) {
                for voucher in fact.vouchers() {
                    self.mark_sold(voucher)?;
                }
            }
        }
        Some(rest)
    }

    fn mark_sold(&mut self, voucher: VoucherRef) -> Option<()> {
        let index = voucher.index as usize;
        if index >= CODES_PER_BLOCK_MAX {
            return None;
        }
        let bits = self.sold.entry(voucher.block).or_default();
        if bits.len() <= index / 8 {
            bits.resize(index / 8 + 1, 0);
        }
        bits[index / 8] |= 1 << (index % 8);
        Some(())
    }
}

impl Replica {
    /// A brief for the next start, which leaves out the tills of earlier months. Keep its bytes first, then the commit:
    /// before that it counts for nothing. `None`: there is one already, or nothing to leave out.
    pub fn make_brief(&mut self, before: Month, rng: &mut impl Rng) -> Option<(Vec<u8>, Commit)> {
        let before_text = before.to_string();
        let is_kept = |mark: &Mark| mark.before == before_text;
        if !self.is_whole() || self.meta.brief.as_ref().is_some_and(is_kept) {
            return None;
        }
        let mut brief = Brief {
            version: VERSION,
            mark: [0; 16],
            documents: Vec::new(),
            sold: BTreeMap::new(),
            cash: Money::ZERO,
            latest: Timestamp::ZERO,
        };
        rng.fill_bytes(&mut brief.mark);
        let pending = self.written_by_pending();
        for (key, replicated) in &self.documents {
            let is_earlier = matches!(key, DocumentKey::Till { month, .. } if *month < before);
            // What is shown of it is what is stored.
            let is_settled = replicated.current.is_none()
                && !replicated.is_damaged
                && !replicated.heads.is_empty()
                && !replicated.stored.is_empty()
                && !pending.contains(key);
            if !is_earlier || !is_settled {
                continue;
            }
            let rest = brief.take(key, self.sheets.get(key), self.me.person)?;
            brief.documents.push(LeftOut {
                document: *key,
                stored: replicated.stored.len(),
                rest,
            });
        }
        if brief.documents.is_empty() {
            return None;
        }
        self.meta.brief = Some(Mark {
            of: brief.mark,
            before: before_text,
        });
        let mut commit = self.begin();
        self.finish(&mut commit);
        Some((codec::encode(&brief), commit))
    }

    /// Opens a replica of a brief, from what the database holds but for [`Brief::left_out`]. Sales
    /// from `since` on, by the device's clock, must be here one by one. `None`: it does not fit what is stored, or the journal or the outbox need more.
    pub fn open_brief(
        me: Identity,
        brief: Brief,
        entries: impl IntoIterator<Item = (String, Vec<u8>)>,
        journal: impl IntoIterator<Item = Vec<u8>>,
        since: Timestamp,
        rng: &mut impl Rng,
    ) -> Result<Option<Self>, OpenError> {
        let mut replica = Self::read_all(me, entries, rng)?;
        let is_of_this = replica
            .meta
            .brief
            .as_ref()
            .is_some_and(|mark| mark.of == brief.mark);
        let is_left_out = |key: &DocumentKey| brief.holds(key);
        if !is_of_this
            || brief.latest >= since.plus_millis(replica.meta.offset_millis)
            || replica.documents.keys().any(is_left_out)
            || replica.written_by_pending().iter().any(is_left_out)
            || !replica.missing(journal).is_empty()
        {
            return Ok(None);
        }
        replica.lay_pending_over();
        for left_out in &brief.documents {
            *replica.sheets.entry(left_out.document) = left_out.rest.clone();
        }
        replica.brief = Some(brief);
        Ok(Some(replica))
    }

    /// Is everything here that the database holds?
    pub const fn is_whole(&self) -> bool {
        self.brief.is_none()
    }

    /// The entries of the database that [`Self::complete`] wants.
    pub fn left_out(&self) -> Vec<String> {
        self.brief.as_ref().map(Brief::left_out).unwrap_or_default()
    }

    /// Takes in what the brief stood for.
    pub fn complete(
        &mut self,
        entries: impl IntoIterator<Item = (String, Vec<u8>)>,
    ) -> Result<(), OpenError> {
        let Some(brief) = self.brief.take() else {
            return Ok(());
        };
        let mut entries: Vec<(String, Vec<u8>)> = entries.into_iter().collect();
        entries.sort();
        for (name, value) in entries {
            self.read(&name, value)?;
        }
        for left_out in &brief.documents {
            let key = left_out.document;
            if !self.documents.contains_key(&key) {
                return Err(OpenError::Missing(key));
            }
            self.make_missing_sheet(key);
        }
        Ok(())
    }

    /// What the owner of the replica should hold in cash.
    pub fn cash(&self) -> Money {
        let here = sale::cash_of(&self.sheets, self.me.person);
        let before = self.brief.as_ref().map_or(Money::ZERO, |brief| brief.cash);
        before.saturating_add(here)
    }

    fn written_by_pending(&self) -> BTreeSet<DocumentKey> {
        self.outbox()
            .flat_map(|pending| &pending.writes)
            .map(|write| write.document)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_speaks_of_earlier_tills_alone() {
        let mark = Mark {
            of: [1; 16],
            before: "202611".into(),
        };
        let till = |month: &str| DocumentKey::Till {
            site: crate::ids::SiteId::from_bytes([1; 16]),
            person: PersonId::from_bytes([2; 16]),
            month: month.parse().unwrap(),
        };
        assert!(mark.covers(&till("202610")) && mark.covers(&till("202512")));
        assert!(!mark.covers(&till("202611")) && !mark.covers(&till("202701")));
        assert!(!mark.covers(&DocumentKey::Org));
    }
}
