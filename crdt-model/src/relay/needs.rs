//! What the relay must know before it can judge a batch. The driver asks until nothing is missing: some needs show
//! only once earlier ones are met (whose sale was it that took this voucher first?).

use std::collections::BTreeSet;

use super::batches::{codes_of, void_code};
use super::codes::handed_out;
use super::kept::Kept;
use super::records::Record;
use super::stock::Ledger;
use super::{OrgState, hold_id};
use crate::command::BLOCKS_PER_BATCH_MAX;
use crate::document::{Container, DocumentKey, Scalar};
use crate::fact::{
    Codes, Fact, FactBody, Replacement, SaleRef, StockAskDeclined, StockAskWithdrawn,
};
use crate::ids::{BatchId, BlockId, DeviceId, HoldId, IntentId, PersonId, SiteId};
use crate::sale::LINES_PER_SALE_MAX;
use crate::sync::batch::{FullBatch, FullChange};
use crate::time::{Month, Timestamp};
use crate::voucher;

use super::{AdmitError, Hold, RelayDocument};
use crate::fact::VoucherRef;

/// One thing to be provided.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// By [`OrgState::provide_document`]; a new one if it does not exist yet.
    Document(DocumentKey),
    /// Every sale and replacement of the block's vouchers, by [`OrgState::provide_sold`].
    Sold(BlockId),
    /// Where these user names exist already, by [`OrgState::provide_codes`].
    Codes(Vec<String>),
    /// Every block of the batch and its site, by [`OrgState::provide_blocks_of`].
    BlocksOf(BatchId),
    /// The site of the block, by [`OrgState::provide_site_of`].
    SiteOf(BlockId),
    /// The sale with this receipt number, by [`OrgState::provide_receipt`].
    Receipt(String),
    /// Every replacement given for this sale, by [`OrgState::provide_replaced`].
    Replaced(IntentId),
    /// The till that already has this intent's sale or replacement, by [`OrgState::provide_intent`].
    Intent(IntentId),
    /// Whether there is this record, in whichever document, by [`OrgState::provide_record`].
    Record(Record),
    /// By [`OrgState::provide_hold`].
    Hold(HoldId),
    /// How much is kept of a person, by [`OrgState::provide_kept`].
    Kept(PersonId),
    /// By [`OrgState::provide_devices`].
    Devices(PersonId),
}

impl OrgState {
    pub fn provide_document(&mut self, key: DocumentKey, document: RelayDocument) {
        self.documents.insert(key, document);
    }

    /// `sales` by index, in the order of their `seq`.
    pub fn provide_sold(
        &mut self,
        block: BlockId,
        sales: impl IntoIterator<Item = (u32, SaleRef)>,
    ) {
        let entry = self.sold.entry(block).or_default();
        for (index, sale) in sales {
            entry.entry(index).or_default().push(sale);
        }
    }

    /// Places in batches that were undone do not count: their codes are free.
    pub fn provide_codes(&mut self, codes: impl IntoIterator<Item = (String, Option<VoucherRef>)>) {
        for (code, place) in codes {
            let place = place.filter(|voucher| !self.is_free_again(*voucher));
            self.codes.insert(code, place);
        }
    }

    /// Blocks that were accepted since the database was asked are kept.
    pub fn provide_blocks_of(
        &mut self,
        batch: BatchId,
        blocks: impl IntoIterator<Item = (SiteId, BlockId)>,
    ) {
        let known = self.blocks_of.entry(batch).or_default();
        known.blocks.extend(blocks);
        known.is_complete = true;
    }

    pub fn provide_site_of(&mut self, block: BlockId, site: Option<SiteId>) {
        self.site_of.entry(block).or_insert(site);
    }

    pub fn provide_receipt(&mut self, receipt: String, sale: Option<SaleRef>) {
        self.receipts.insert(receipt, sale);
    }

    /// `by`: each replacement of the sale, and the voucher that it replaces.
    pub fn provide_replaced(
        &mut self,
        sale: IntentId,
        by: impl IntoIterator<Item = (IntentId, VoucherRef)>,
    ) {
        let known = self.replaced.entry(sale).or_default();
        known.by.extend(by);
        known.is_complete = true;
    }

    pub fn provide_intent(&mut self, intent: IntentId, till: Option<DocumentKey>) {
        self.intents.insert(intent, till);
    }

    /// What was begun since the database was asked is kept.
    pub fn provide_record(&mut self, record: Record, is_there: bool) {
        *self.begun.entry(record).or_default() |= is_there;
    }

    pub fn provide_hold(&mut self, id: HoldId, hold: Option<Hold>) {
        self.holds.insert(id, hold);
    }

    pub fn provide_kept(&mut self, person: PersonId, kept: Kept) {
        self.kept.insert(person, kept);
    }

    pub fn provide_devices(&mut self, person: PersonId, devices: Vec<DeviceId>) {
        self.devices.insert(person, devices);
    }

    /// What is missing to judge this batch, as far as can be told now.
    pub fn needs(&self, batch: &FullBatch, now: Timestamp) -> Vec<Need> {
        let (undoing, selling) = self.foretell(batch);
        let mut needs = Needs {
            state: self,
            undoing,
            selling,
            missing: BTreeSet::new(),
        };
        needs.document(DocumentKey::Staff);
        needs.kept(batch.person);
        for intent in &batch.intents {
            let held = hold_id(batch.device, intent.id);
            needs.hold(held);
            // More of it is told where it was listed.
            if let Some(Some(hold)) = self.holds.get(&held) {
                needs.document(hold.listed_in);
            }
            let listed_in = |site| DocumentKey::VerdictTill {
                site,
                person: batch.person,
                month: Month::of(now),
            };
            let key = intent.id.to_string();
            for full in &intent.changes {
                needs.document(full.document);
                let ops = &full.change.ops;
                let fields = ops.iter().map(|op| (op.container, &*op.key));
                needs.records(full.document, fields);
                // A fact under another key than its intent's is refused: one push must not ask for a hundred thousand documents.
                let own = ops.iter().zip(&full.facts).find(|(op, _)| op.key == key);
                if let Some((_, Some(fact))) = own {
                    needs.fact(full.document, intent.id, fact);
                }
                // Where a hold would be listed, whatever of it is here already.
                if let Some(site) = full.document.site() {
                    needs.document(listed_in(site));
                }
            }
            let sites = intent.changes.iter().map(|full| full.document.site());
            if sites.flatten().next().is_none() {
                needs.document(DocumentKey::Me(batch.person));
            }
        }
        needs.missing.into_iter().collect()
    }

    /// What a batch undoes and sells, itself or by a decision in it, as far as can be told now.
    fn foretell(&self, batch: &FullBatch) -> (BTreeSet<BatchId>, BTreeSet<VoucherRef>) {
        let (mut undoing, mut selling) = (BTreeSet::new(), BTreeSet::new());
        let mut hear = |fact: &Fact| {
            if let FactBody::BatchUndone(undone) = &fact.body {
                undoing.insert(undone.batch);
            }
            selling.extend(fact.vouchers());
        };
        for fact in batch.changes().flat_map(FullChange::known_facts) {
            hear(fact);
            if let FactBody::HeldDecision(decision) = &fact.body
                && let Some(Some(hold)) = self.holds.get(&decision.hold)
            {
                facts_held(hold).for_each(|(_, fact)| hear(&fact));
            }
        }
        (undoing, selling)
    }
}

/// What a hold would state, and where.
fn facts_held(hold: &Hold) -> impl Iterator<Item = (DocumentKey, Fact)> {
    hold.writes.iter().flat_map(|write| {
        let facts = write.puts.iter().filter_map(|put| match &put.value {
            Scalar::Bytes(bytes) => Fact::decode(bytes).ok(),
            _ => None,
        });
        facts.map(|fact| (write.document, fact))
    })
}

struct Needs<'a> {
    state: &'a OrgState,
    /// Batches that will be undone by the time that what follows is judged.
    undoing: BTreeSet<BatchId>,
    /// Vouchers that are sold by then.
    selling: BTreeSet<VoucherRef>,
    missing: BTreeSet<Need>,
}

impl Needs<'_> {
    fn document(&mut self, key: DocumentKey) {
        if !self.state.documents.contains_key(&key) {
            self.missing.insert(Need::Document(key));
        }
    }

    fn hold(&mut self, id: HoldId) {
        if !self.state.holds.contains_key(&id) {
            self.missing.insert(Need::Hold(id));
        }
    }

    fn kept(&mut self, person: PersonId) {
        if !self.state.kept.contains_key(&person) {
            self.missing.insert(Need::Kept(person));
        }
    }

    fn sold(&mut self, block: BlockId) {
        if !self.state.sold.contains_key(&block) {
            self.missing.insert(Need::Sold(block));
        }
    }

    /// Records that are not in this document may lie in another one.
    fn records<'a>(
        &mut self,
        document: DocumentKey,
        fields: impl Iterator<Item = (Container, &'a str)>,
    ) {
        let Some(known) = self.state.documents.get(&document) else {
            return;
        };
        let mut last = None;
        for (container, key) in fields {
            let record = Record::of(&document, container, key);
            if record == last {
                continue;
            }
            last = record;
            if let Some(record) = record
                && !record.is_in(known.sheet())
                && !self.state.begun.contains_key(&record)
            {
                self.missing.insert(Need::Record(record));
            }
        }
    }

    fn site_of(&mut self, block: BlockId) {
        if !self.state.site_of.contains_key(&block) {
            self.missing.insert(Need::SiteOf(block));
        }
    }

    fn blocks_of(&mut self, batch: BatchId) {
        let known = self.state.blocks_of.get(&batch);
        if known.is_none_or(|known| !known.is_complete) {
            self.missing.insert(Need::BlocksOf(batch));
        }
    }

    /// The codes of a block; where there are none, whether they are elsewhere.
    fn codes_at(&mut self, site: SiteId, block: BlockId) {
        let key = DocumentKey::Block { site, block };
        self.document(key);
        let known = self.state.documents.get(&key);
        if known.is_some_and(|known| codes_of(known.sheet()).is_none()) {
            self.site_of(block);
        }
    }

    /// What says whether a replacement is due.
    fn replaced(&mut self, site: SiteId, replacement: &Replacement) {
        let block = replacement.replaces.block;
        self.sold(block);
        self.document(DocumentKey::Block { site, block });
        let known = self.state.replaced.get(&replacement.sale);
        if known.is_none_or(|known| !known.is_complete) {
            self.missing.insert(Need::Replaced(replacement.sale));
        }
    }

    fn devices(&mut self, person: PersonId) {
        if !self.state.devices.contains_key(&person) {
            self.missing.insert(Need::Devices(person));
        }
    }

    fn fact(&mut self, document: DocumentKey, intent: IntentId, fact: &Fact) {
        if let FactBody::Sale(sale) = &fact.body
            && sale.lines.len() > LINES_PER_SALE_MAX
        {
            return;
        }
        match (&fact.body, document) {
            (
                FactBody::Sale(_) | FactBody::Replacement(_),
                DocumentKey::Till {
                    site,
                    person,
                    month,
                },
            ) => {
                if !self.state.intents.contains_key(&intent) {
                    self.missing.insert(Need::Intent(intent));
                }
                if let FactBody::Replacement(replacement) = &fact.body {
                    self.replaced(site, replacement);
                }
                self.document(DocumentKey::Batches(site));
                self.document(DocumentKey::VerdictTill {
                    site,
                    person,
                    month,
                });
                for voucher in &fact.vouchers() {
                    self.codes_at(site, voucher.block);
                    self.document(DocumentKey::VerdictBlock {
                        site,
                        block: voucher.block,
                    });
                    self.sold(voucher.block);
                    let earlier = self
                        .state
                        .sold
                        .get(&voucher.block)
                        .and_then(|sold| sold.get(&voucher.index));
                    for sale in earlier.into_iter().flatten() {
                        self.verdict_of(site, sale);
                    }
                    self.code_of_void(site, *voucher);
                }
                if let FactBody::Sale(sale) = &fact.body {
                    match self.state.receipts.get(&sale.receipt) {
                        None => {
                            self.missing.insert(Need::Receipt(sale.receipt.clone()));
                        }
                        Some(Some(first)) => self.verdict_of(site, first),
                        Some(None) => {}
                    }
                }
            }
            (FactBody::Codes(codes), DocumentKey::Block { site, block }) => {
                self.document(DocumentKey::VerdictBlock { site, block });
                self.document(DocumentKey::Batches(site));
                self.site_of(block);
                self.blocks_of(codes.batch);
                // An undo of its batch may come right behind it.
                self.sold(block);
                let unknown: Vec<String> = voucher::unpack(&codes.packed)
                    .unwrap_or_default()
                    .into_iter()
                    .map(|code| code.username)
                    .filter(|username| !self.state.codes.contains_key(username))
                    .collect();
                if !unknown.is_empty() {
                    self.missing.insert(Need::Codes(unknown));
                }
                self.codes_of_sold(site, block, codes);
            }
            (FactBody::Batch(made), DocumentKey::Batches(site)) => {
                self.blocks_of(made.batch);
                for named in made.blocks.iter().take(BLOCKS_PER_BATCH_MAX) {
                    if !self.state.is_of_batch(made.batch, site, named.block) {
                        self.site_of(named.block);
                    }
                }
            }
            (FactBody::BatchUndone(undone), DocumentKey::Batches(site)) => {
                self.document(DocumentKey::Batches(site));
                match self.state.blocks_of.get(&undone.batch) {
                    Some(known) if known.is_complete => {
                        for (site, block) in known.blocks.iter().copied() {
                            self.sold(block);
                            self.document(DocumentKey::VerdictBlock { site, block });
                        }
                    }
                    _ => {
                        self.missing.insert(Need::BlocksOf(undone.batch));
                    }
                }
            }
            (FactBody::LeaseAsked(asked), DocumentKey::Batches(site)) => {
                self.site_of(asked.block);
                self.lease(site, asked.block, Some(asked.to));
            }
            (FactBody::RecallAsked(asked), DocumentKey::Batches(site)) => {
                self.site_of(asked.block);
                self.lease(site, asked.block, asked.to);
            }
            (FactBody::HandOverGiven(given), DocumentKey::Till { site, .. }) => {
                self.ends(site, fact.by, fact.at, given.to);
                self.site_of(given.block);
                self.lease(site, given.block, given.to);
            }
            (FactBody::HandOverTaken(taken), DocumentKey::Till { site, .. }) => {
                for offer in self.ledger(site).coded(taken.code) {
                    self.lease(site, offer.hand_over.block, offer.hand_over.to);
                }
            }
            (FactBody::HandOverWithdrawn(withdrawn), DocumentKey::Till { site, .. }) => {
                if let Some(offer) = self.ledger(site).offers.get(&withdrawn.given) {
                    self.ends(site, offer.from, offer.at, offer.hand_over.to);
                }
            }
            (FactBody::StockAsked(_), DocumentKey::Till { site, .. }) => {
                self.document(DocumentKey::Batches(site));
                self.ends(site, fact.by, fact.at, None);
            }
            (
                FactBody::StockAskWithdrawn(StockAskWithdrawn { asked })
                | FactBody::StockAskDeclined(StockAskDeclined { asked, .. }),
                DocumentKey::Till { site, .. },
            ) => {
                if let Some(ask) = self.ledger(site).asks.get(asked) {
                    self.ends(site, ask.by, ask.at, None);
                }
            }
            (FactBody::HeldDecision(decision), _) => {
                self.hold(decision.hold);
                if let Some(Some(hold)) = self.state.holds.get(&decision.hold) {
                    self.document(hold.listed_in);
                    self.kept(hold.person);
                    for write in &hold.writes {
                        self.document(write.document);
                        let fields = write.puts.iter();
                        self.records(write.document, fields.map(|put| (put.container, &*put.key)));
                    }
                    for (document, held) in facts_held(hold) {
                        // Holds hold no decisions, so this ends.
                        if !matches!(held.body, FactBody::HeldDecision(_)) {
                            self.fact(document, hold.intent, &held);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// The code of a voucher that is void, and where it is for sale.
    fn code_of_void(&mut self, site: SiteId, voucher: VoucherRef) {
        let block = voucher.block;
        let known = |key| self.state.documents.get(&key);
        let (Some(batches), Some(codes), Some(verdicts)) = (
            known(DocumentKey::Batches(site)),
            known(DocumentKey::Block { site, block }),
            known(DocumentKey::VerdictBlock { site, block }),
        ) else {
            return;
        };
        let undone = batches.undone().union(&self.undoing).copied().collect();
        let username = void_code(&undone, codes.sheet(), verdicts.sheet(), voucher.index);
        if let Some(username) = username {
            self.owner(username);
        }
    }

    /// What of a block that comes is sold already, or is by the same batch: its code may be for sale elsewhere.
    fn codes_of_sold(&mut self, site: SiteId, block: BlockId, codes: &Codes) {
        let sold = self.state.sold.get(&block);
        let verdicts = DocumentKey::VerdictBlock { site, block };
        let verdicts = self.state.documents.get(&verdicts);
        let told = verdicts.map(|verdicts| handed_out(verdicts.sheet()));
        let is_sold = |index| {
            sold.is_some_and(|sold| sold.contains_key(&index))
                || told.as_ref().is_some_and(|told| told.contains(&index))
                || self.selling.contains(&VoucherRef { block, index })
        };
        let of_sold: Vec<String> = (0..)
            .zip(voucher::unpack(&codes.packed).unwrap_or_default())
            .filter(|(index, _)| is_sold(*index))
            .map(|(_, code)| code.username)
            .collect();
        for username in of_sold {
            self.owner(username);
        }
    }

    /// Which voucher has this code, and what is told about it.
    fn owner(&mut self, username: String) {
        match self.state.codes.get(&username) {
            None => {
                self.missing.insert(Need::Codes(vec![username]));
            }
            Some(Some(owner)) => match self.state.site_of.get(&owner.block) {
                None => {
                    self.missing.insert(Need::SiteOf(owner.block));
                }
                Some(Some(site)) => self.document(DocumentKey::VerdictBlock {
                    site: *site,
                    block: owner.block,
                }),
                Some(None) => {}
            },
            Some(None) => {}
        }
    }

    /// What is needed to write a lease, and to end what it ends.
    fn lease(&mut self, site: SiteId, block: BlockId, to: Option<PersonId>) {
        self.document(DocumentKey::VerdictBlock { site, block });
        self.sold(block);
        if let Some(person) = to {
            self.devices(person);
        }
        let ledger = self.ledger(site);
        for offer in ledger.offers_of(block) {
            self.ends(site, offer.from, offer.at, offer.hand_over.to);
        }
        for ask in ledger.asks.values().filter(|ask| to == Some(ask.by)) {
            self.ends(site, ask.by, ask.at, None);
        }
    }

    /// What is open at a site; nothing as long as its batches are not here.
    fn ledger(&mut self, site: SiteId) -> Ledger {
        self.document(DocumentKey::Batches(site));
        self.state.ledger(site).unwrap_or_default()
    }

    /// Where the end of a hand-over or an ask is told.
    fn ends(&mut self, site: SiteId, person: PersonId, at: Timestamp, to: Option<PersonId>) {
        let month = Month::of(at);
        self.document(DocumentKey::VerdictTill {
            site,
            person,
            month,
        });
        if let Some(to) = to {
            self.document(DocumentKey::Me(to));
        }
    }

    fn verdict_of(&mut self, site: SiteId, sale: &SaleRef) {
        match self.state.verdict_of(site, sale) {
            Ok(document) => self.document(document),
            Err(AdmitError::Missing(need)) => {
                self.missing.insert(need);
            }
            Err(_) => {}
        }
    }
}
