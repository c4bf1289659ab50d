//! One person's documents on one device: what the relay acknowledged, what is pending on top of it, and the sheets
//! that show both. Without IO: every change of state comes with a [`Commit`] that the driver makes durable before
//! anything is shown or sent.

mod brief;
mod inherit;
mod open;
mod outbox;
mod receive;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use rand_core::Rng;
use serde::{Deserialize, Serialize};

use crate::admission::Reader;
use crate::capability::Principal;
use crate::codec;
use crate::command::{self, Command, DocumentWrite, Intent, Refusal};
use crate::document::{
    Actor, Document, DocumentId, DocumentKey, Hash, PlainChange, Put, Scalar, Sheet, heads_digest,
};
use crate::fact::{Fact, FactBody, HoldReason, Line, Sale, Verdict, VoucherRef};
use crate::hand_over::Leaving;
use crate::ids::{ClientId, DeviceId, HoldId, IntentId, OrgId, PersonId};
use crate::sale::{self, Buyer, Given, Replacements, SellOrder};
use crate::sheets::Sheets;
use crate::staff;
use crate::sync::message::RefusalCode;
use crate::time::{HybridClock, Reading, Timestamp};
use crate::voucher::{Holder, Stock};

pub use brief::Brief;
pub use inherit::Inherited;
pub use open::{OpenError, is_outbox_key};

/// Whose replica this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub org: OrgId,
    pub person: PersonId,
    pub device: DeviceId,
}

/// Small things that change with every commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Meta {
    cursor: u64,
    rights: u64,
    #[serde(with = "serde_bytes")]
    salt: [u8; 16],
    /// The latest incarnations of this device, the present one included.
    #[serde(default)]
    actors: Vec<Actor>,
    receipts: u32,
    next_order: u64,
    clock: HybridClock,
    offset_millis: i64,
    last_contact: Option<Timestamp>,
    safe_at: Option<Timestamp>,
    /// What was settled lately, and its place in the outbox: the same may be brought back under its old name.
    #[serde(default)]
    settled: VecDeque<(u64, IntentId)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    brief: Option<brief::Mark>,
}

/// One document as the relay acknowledged it, and with the pending changes on top.
struct Replicated {
    /// The snapshot and the chunks after it, as stored; loaded when first needed.
    stored: Vec<Vec<u8>>,
    acknowledged: Option<Document>,
    /// Only while something is pending.
    current: Option<Document>,
    heads: Vec<Hash>,
    /// What is stored could not be read whole: the relay is asked again.
    is_damaged: bool,
}

/// Incarnations whose changes the device knows as its own, should the relay lose them.
const ACTORS_REMEMBERED: usize = 32;

/// Settled intents remembered: more than a journal forgets that is written at every commit.
const SETTLED_REMEMBERED: usize = 64;

/// Changes remembered as replaced: more than one batch can have on its way.
const REPLACED_REMEMBERED: usize = 512;

/// Where a pending intent stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PendingState {
    Waiting,
    Held {
        hold: HoldId,
        #[serde(deserialize_with = "codec::or_default")]
        reason: HoldReason,
    },
    Declined {
        by: PersonId,
        reason: Option<String>,
    },
    Refused(#[serde(deserialize_with = "codec::or_default")] RefusalCode),
}

/// An intent the relay has not acknowledged yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub order: u64,
    pub intent: Intent,
    pub writes: Vec<DocumentWrite>,
    changes: Vec<PendingChange>,
    /// What the relay accepted of it before it was last written: kept as long as the rest waits, for a relay that is
    /// restored to before that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    accepted: Vec<AcceptedPart>,
    pub state: PendingState,
    /// Its author has read what became of it. What is left of it are the vouchers it names: somebody may have their codes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_dismissed: bool,
    /// The commit that made it durable; only durable entries are sent.
    #[serde(skip)]
    commit: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PendingChange {
    document: DocumentKey,
    plain: PlainChange,
    #[serde(with = "serde_bytes")]
    hash: [u8; 32],
    #[serde(with = "serde_bytes")]
    chunk: Vec<u8>,
    accepted: bool,
}

/// A part of an intent that the relay has, or had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct AcceptedPart {
    #[serde(with = "serde_bytes")]
    hash: [u8; 32],
    write: DocumentWrite,
}

/// What must be durable before the state it belongs to is shown or sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    pub number: u64,
    /// For the database, in one transaction: key, and value or deletion.
    pub writes: BTreeMap<String, Option<Vec<u8>>>,
    /// For the journal: unacknowledged intents by order …
    pub pending: Vec<(u64, Vec<u8>)>,
    /// … and those that need no keeping any more.
    pub settled: Vec<u64>,
}

pub struct Replica {
    me: Identity,
    meta: Meta,
    documents: BTreeMap<DocumentKey, Replicated>,
    sheets: Sheets,
    outbox: BTreeMap<u64, Pending>,
    /// Changes that were written again while they may have been on their way. If the relay took them nevertheless,
    /// this session will not send them back.
    replaced: Vec<(Hash, DocumentKey, Vec<u8>)>,
    /// What the relay has already, from this person by a change of another name, and we do not have yet. It stays
    /// pending, so that it is seen here, until it comes.
    coming: BTreeSet<(IntentId, DocumentKey)>,
    /// Something arrived that builds on what is not here: compare at the next hello.
    has_gap: bool,
    commits: u64,
    durable: u64,
    folded: Mutex<Option<Folded>>,
    /// Stands for what has not been read yet.
    brief: Option<Brief>,
}

/// A stock, and of what state it is the fold: the revision of the sheets, and what else it depends on.
struct Folded {
    revision: u64,
    seen_by: SeenBy,
    stock: Arc<Stock>,
}

/// What a stock depends on besides facts: whose device this is and what they may see there, since that says which
/// blocks are theirs, and the orders of the outbox that are not simply waiting.
#[derive(PartialEq, Eq)]
struct SeenBy {
    holder: Holder,
    who: Principal,
    held: Vec<u64>,
}

impl Folded {
    /// Brings the stock to the present by what was added since. `false`: it must be folded again.
    fn learn(&mut self, sheets: &Sheets) -> bool {
        let Some(added) = sheets.added_since(self.revision) else {
            return false;
        };
        let stock = Arc::make_mut(&mut self.stock);
        for (document, key, fact) in added {
            if !stock.learn(document, key, fact) {
                return false;
            }
        }
        self.revision = sheets.revision();
        true
    }
}

impl Replica {
    /// A replica that holds nothing yet.
    pub fn new(me: Identity, rng: &mut impl Rng) -> Self {
        let mut replica = Self {
            me,
            meta: Meta::default(),
            documents: BTreeMap::new(),
            sheets: Sheets::default(),
            outbox: BTreeMap::new(),
            replaced: Vec::new(),
            coming: BTreeSet::new(),
            has_gap: false,
            commits: 0,
            durable: 0,
            folded: Mutex::default(),
            brief: None,
        };
        replica.new_actor(rng);
        replica
    }

    /// A new incarnation: what it writes cannot clash with what an earlier one wrote.
    fn new_actor(&mut self, rng: &mut impl Rng) {
        rng.fill_bytes(&mut self.meta.salt);
        if self.meta.actors.len() == ACTORS_REMEMBERED {
            self.meta.actors.remove(0);
        }
        self.meta.actors.push(self.actor());
    }

    pub const fn me(&self) -> Identity {
        self.me
    }

    pub const fn holder(&self) -> Holder {
        Holder {
            person: self.me.person,
            device: self.me.device,
        }
    }

    pub const fn sheets(&self) -> &Sheets {
        &self.sheets
    }

    /// What is in stock here. The vouchers of held sales are in people's hands, though no sheet says so yet.
    pub fn stock(&self) -> Stock {
        let mut stock = Stock::fold(&self.sheets, self.holder());
        if let Some(brief) = &self.brief {
            stock.sold_before = brief.sold_before();
        }
        let held = self
            .outbox
            .values()
            .filter(|pending| pending.state != PendingState::Waiting)
            .flat_map(|pending| &pending.writes)
            .flat_map(|write| &write.puts);
        for put in held {
            stock.take(&vouchers_of(put));
        }
        // What waits for a decision may still be carried out.
        for pending in self.outbox.values() {
            if let (PendingState::Held { .. }, Command::GiveBlock { given, .. }) =
                (&pending.state, &pending.intent.command)
            {
                stock.leave(Leaving {
                    block: given.block,
                    turn: given.turn,
                    from: self.me.person,
                    moved_at: None,
                });
            }
        }
        stock
    }

    /// [`Self::stock`], folded once for everybody who asks, and again only when more happens than sales: with 100,000
    /// vouchers, or with a year of sales, a fold is too long for every tap.
    pub fn shared_stock(&self) -> Arc<Stock> {
        let held = self
            .outbox
            .values()
            .filter(|pending| pending.state != PendingState::Waiting)
            .map(|pending| pending.order);
        let seen_by = SeenBy {
            holder: self.holder(),
            who: self.principal(),
            held: held.collect(),
        };
        let revision = self.sheets.revision();
        let mut folded = self.folded.lock().unwrap_or_else(|poisoned| {
            // Somebody panicked while half of what is new was in it.
            let mut folded = PoisonError::into_inner(poisoned);
            *folded = None;
            folded
        });
        if let Some(kept) = &mut *folded
            && kept.seen_by == seen_by
            && (kept.revision == revision || kept.learn(&self.sheets))
        {
            return kept.stock.clone();
        }
        let stock = Arc::new(self.stock());
        *folded = Some(Folded {
            revision,
            seen_by,
            stock: stock.clone(),
        });
        stock
    }

    pub fn principal(&self) -> Principal {
        staff::principal(self.sheets.get(&DocumentKey::Staff), self.me.person)
    }

    /// What this person may read without the blocks that are leased to them: nobody states facts there by a lease.
    fn reader(&self) -> Reader {
        Reader {
            principal: self.principal(),
            leases: BTreeSet::new(),
            history: 0,
        }
    }

    pub fn actor(&self) -> Actor {
        Actor::derive(self.me.device, &self.meta.salt)
    }

    pub const fn cursor(&self) -> u64 {
        self.meta.cursor
    }

    /// Zero: the relay must compare everything.
    pub fn rights(&self) -> u64 {
        let is_damaged = self.documents.values().any(|document| document.is_damaged);
        if is_damaged { 0 } else { self.meta.rights }
    }

    pub const fn last_contact(&self) -> Option<Timestamp> {
        self.meta.last_contact
    }

    pub const fn clock_offset_millis(&self) -> i64 {
        self.meta.offset_millis
    }

    /// Did something arrive that does not fit? A new session repairs it.
    pub const fn has_gap(&self) -> bool {
        self.has_gap
    }

    /// When the relay last had everything of this device.
    pub const fn safe_at(&self) -> Option<Timestamp> {
        self.meta.safe_at
    }

    /// Everything unacknowledged, oldest first, but for what its author has dismissed.
    pub fn outbox(&self) -> impl Iterator<Item = &Pending> {
        self.outbox.values().filter(|pending| !pending.is_dismissed)
    }

    /// What was given for what. The client has the code of a replacement that waits for somebody's word, so that no second one
    /// is given for the same voucher until then.
    pub fn replacements(&self) -> Replacements {
        let mut all = Replacements::of(&self.sheets);
        for (old, new) in self.held_replacements() {
            all.add(old, new);
        }
        all
    }

    /// Those that wait for a decision, or to be held: what was replaced, and by what. What this person's other devices
    /// gave is told by the verdicts.
    pub fn held_replacements(&self) -> Vec<(Given, Given)> {
        let waits = |pending: &&Pending| {
            matches!(
                pending.state,
                PendingState::Held { .. }
                    | PendingState::Refused(RefusalCode::TooMuchHeld | RefusalCode::Later)
            )
        };
        let here = self.outbox().filter(waits).flat_map(|pending| {
            let puts = pending.writes.iter().flat_map(|write| &write.puts);
            puts.filter_map(|put| replaced(pending.intent.id, fact_of(put).as_ref()?))
        });
        let of_tills = || {
            let is_of_till = |key: &DocumentKey| matches!(key, DocumentKey::VerdictTill { .. });
            self.sheets.facts_in(is_of_till)
        };
        let decided: BTreeSet<HoldId> = of_tills()
            .filter_map(|(_, _, fact)| match &fact.body {
                FactBody::Verdict(Verdict::HeldDecided { hold, .. }) => Some(*hold),
                _ => None,
            })
            .collect();
        let told = of_tills().filter_map(|(_, _, fact)| match &fact.body {
            FactBody::Verdict(Verdict::Held {
                hold,
                intent,
                person,
                facts,
                ..
            }) if *person == self.me.person && !decided.contains(hold) => Some((*intent, facts)),
            _ => None,
        });
        let elsewhere = told.flat_map(|(intent, facts)| {
            let facts = facts.iter();
            facts.filter_map(move |fact| replaced(intent, fact))
        });
        here.chain(elsewhere).collect()
    }

    /// The orders of the outbox as they are written and pushed: what the relay lost first, since the rest may build
    /// on it.
    fn in_turn(&self) -> Vec<u64> {
        let mut orders: Vec<(bool, bool, u64)> = self
            .outbox
            .values()
            .map(|pending| {
                let is_lost = matches!(pending.intent.command, Command::BringBack { .. });
                // Nothing that is sent may build on what is not: it comes from elsewhere.
                let is_coming = pending.is_coming(&self.coming);
                (is_coming, !is_lost, pending.order)
            })
            .collect();
        orders.sort_unstable();
        orders.into_iter().map(|(_, _, order)| order).collect()
    }

    pub fn pending(&self, intent: IntentId) -> Option<&Pending> {
        self.outbox().find(|pending| pending.intent.id == intent)
    }

    /// The state of a document to the letter, for comparing replicas.
    pub fn heads(&self, key: &DocumentKey) -> Option<&[Hash]> {
        self.documents
            .get(key)
            .map(|document| document.heads.as_slice())
    }

    pub fn document_keys(&self) -> impl Iterator<Item = &DocumentKey> {
        self.documents.keys()
    }

    /// What the device tells the relay when it is asked what it holds.
    pub fn digest(&self) -> Vec<(DocumentId, [u8; 8])> {
        self.documents
            .iter()
            .map(|(key, document)| {
                (
                    DocumentId::of(self.me.org, key),
                    heads_digest(&document.heads),
                )
            })
            .collect()
    }

    /// A commit is in the stores.
    pub fn stored(&mut self, commit: u64) {
        self.durable = self.durable.max(commit);
    }

    /// The present in the relay's time, as far as it is known. It is not before the relay was last heard: a phone whose
    /// battery died may wake up years ago.
    pub fn present(&self, now: Timestamp) -> Timestamp {
        self.clock_reading().present(now)
    }

    /// How [`Self::present`] reads the clock: for who has a clock and no replica.
    pub fn clock_reading(&self) -> Reading {
        Reading {
            offset_millis: self.meta.offset_millis,
            not_before: self.meta.last_contact.unwrap_or(Timestamp::ZERO),
        }
    }

    /// The instant of something that happens now: of each another.
    fn tick(&mut self, now: Timestamp) -> Timestamp {
        let present = self.present(now);
        self.meta.clock.tick(present)
    }

    /// Executes one command. The commit must be durable before anybody hears of it.
    pub fn execute(
        &mut self,
        command: Command,
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Result<(IntentId, Commit), Refusal> {
        let at = self.tick(now);
        let id = IntentId::generate(at, rng);
        let since = self.meta.last_contact.unwrap_or(Timestamp::ZERO);
        let intent = Intent {
            id,
            at,
            since,
            by: self.me.person,
            command,
        };
        let writes = command::execute(
            &self.sheets,
            || self.shared_stock(),
            &self.principal(),
            &intent,
        )?;
        let mut commit = self.begin();
        if let Command::Sell { .. } = &intent.command {
            self.meta.receipts += 1;
        }
        let order = self.meta.next_order;
        self.meta.next_order += 1;
        let mut pending = Pending {
            order,
            intent,
            writes,
            changes: Vec::new(),
            accepted: Vec::new(),
            state: PendingState::Waiting,
            is_dismissed: false,
            commit: commit.number,
        };
        self.write_pending(&mut pending);
        // What changes nothing has nothing to wait for.
        if !pending.changes.is_empty() {
            self.keep_pending(pending, &mut commit);
        }
        self.finish(&mut commit);
        Ok((id, commit))
    }

    /// Sells: picks the vouchers, numbers the receipt, and executes.
    pub fn sell(
        &mut self,
        order: SellOrder,
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Result<(IntentId, Commit), Refusal> {
        let lines: Vec<Line> = sale::pick(&self.shared_stock(), &order)?;
        let (client, new_client) = match order.client {
            Buyer::WalkIn => (None, None),
            Buyer::Known(client) => (Some(client), None),
            Buyer::New(details) => {
                let made = ClientId::generate(self.present(now), rng);
                (Some(made), Some(details))
            }
        };
        let reference = order
            .reference
            .map(|text| text.trim().to_string())
            .filter(|text| !text.is_empty());
        let receipt = format!(
            "{}-{:06}",
            self.actor().receipt_prefix(),
            self.meta.receipts + 1
        );
        let sale = Sale {
            receipt,
            lines,
            method: order.method,
            reference,
            client,
        };
        self.execute(
            Command::Sell {
                site: order.site,
                sale,
                new_client,
            },
            now,
            rng,
        )
    }

    /// Writes a pending intent into the current state of its documents.
    fn write_pending(&mut self, pending: &mut Pending) {
        let actor = self.actor();
        for write in &pending.writes {
            let replicated = self
                .documents
                .entry(write.document)
                .or_insert_with(Replicated::new);
            let current = replicated.current();
            let Some(written) = current.write(actor, pending.intent.at.as_seconds(), &write.puts)
            else {
                continue;
            };
            let ops = written.plain.ops.iter();
            let fields = ops.map(|op| (op.container, op.key.as_str()));
            self.sheets.refresh(write.document, current, fields);
            pending.changes.push(PendingChange {
                document: write.document,
                plain: written.plain,
                hash: written.hash,
                chunk: written.chunk,
                accepted: false,
            });
        }
    }

    fn begin(&mut self) -> Commit {
        debug_assert!(self.is_whole(), "complete it before anything is written");
        self.commits += 1;
        Commit {
            number: self.commits,
            ..Commit::default()
        }
    }

    fn finish(&mut self, commit: &mut Commit) {
        commit
            .writes
            .insert("meta".into(), Some(codec::encode(&self.meta)));
    }

    fn keep_pending(&mut self, pending: Pending, commit: &mut Commit) {
        let bytes = codec::encode(&pending);
        commit
            .writes
            .insert(open::outbox_key(pending.order), Some(bytes.clone()));
        commit.pending.push((pending.order, bytes));
        self.outbox.insert(pending.order, pending);
    }

    fn settle(&mut self, order: u64, commit: &mut Commit) {
        if let Some(pending) = self.outbox.remove(&order) {
            self.meta.settled.push_back((order, pending.intent.id));
            if self.meta.settled.len() > SETTLED_REMEMBERED {
                self.meta.settled.pop_front();
            }
        }
        commit.writes.insert(open::outbox_key(order), None);
        commit.settled.push(order);
    }

    /// Forgets a declined or refused item that its author has read. Of a sale the vouchers are kept: the receipt was shown,
    /// so a client may have the codes, and no verdict need say so.
    pub fn dismiss(&mut self, intent: IntentId) -> Commit {
        let mut commit = self.begin();
        let found = self.outbox().find(|pending| {
            pending.intent.id == intent
                && matches!(
                    pending.state,
                    PendingState::Declined { .. } | PendingState::Refused(_)
                )
        });
        if let Some(mut pending) = found.cloned() {
            pending.accepted.clear();
            for write in &mut pending.writes {
                write.puts.retain(|put| !vouchers_of(put).is_empty());
            }
            pending.writes.retain(|write| !write.puts.is_empty());
            if pending.writes.is_empty() {
                self.settle(pending.order, &mut commit);
            } else {
                pending.is_dismissed = true;
                self.keep_pending(pending, &mut commit);
            }
        }
        self.finish(&mut commit);
        commit
    }
}

/// The vouchers that a fact takes out of stock, if this is one.
fn vouchers_of(put: &Put) -> Vec<VoucherRef> {
    fact_of(put).map(|fact| fact.vouchers()).unwrap_or_default()
}

fn fact_of(put: &Put) -> Option<Fact> {
    match &put.value {
        Scalar::Bytes(bytes) => Fact::decode(bytes).ok(),
        _ => None,
    }
}

/// What a replacement that this intent states gives, and for what.
const fn replaced(intent: IntentId, fact: &Fact) -> Option<(Given, Given)> {
    let FactBody::Replacement(replacement) = &fact.body else {
        return None;
    };
    let old = Given {
        by: replacement.sale,
        voucher: replacement.replaces,
    };
    let new = Given {
        by: intent,
        voucher: replacement.voucher,
    };
    Some((old, new))
}

impl Replicated {
    const fn new() -> Self {
        Self {
            stored: Vec::new(),
            acknowledged: None,
            current: None,
            heads: Vec::new(),
            is_damaged: false,
        }
    }

    /// The acknowledged state, loaded.
    fn acknowledged(&mut self) -> &mut Document {
        if self.acknowledged.is_none() {
            let document = self.load();
            let heads = document.heads();
            if !self.heads.is_empty() && self.heads != heads {
                self.is_damaged = true;
            }
            if self.is_damaged {
                // The digest says what is here, not what once was.
                self.heads = heads;
            }
            self.acknowledged = Some(document);
        }
        self.acknowledged.as_mut().expect("it was just set")
    }

    /// As much of what is stored as can be read.
    fn load(&mut self) -> Document {
        let mut stored = self.stored.iter();
        let Some(snapshot) = stored.next() else {
            return Document::new();
        };
        let Ok(mut document) = Document::load(snapshot) else {
            self.is_damaged = true;
            return Document::new();
        };
        for chunk in stored {
            if document.apply_chunks([chunk.as_slice()]).is_err() {
                self.is_damaged = true;
                break;
            }
        }
        document
    }

    fn current(&mut self) -> &mut Document {
        if self.current.is_none() {
            self.current = Some(self.acknowledged().clone());
        }
        self.current.as_mut().expect("it was just set")
    }

    /// The state that is shown.
    fn shown(&mut self) -> &Document {
        if self.current.is_none() {
            return self.acknowledged();
        }
        self.current()
    }
}

/// A stored sheet; another version is read again from the document.
#[derive(Serialize, Deserialize)]
struct SheetPage {
    version: u32,
    #[serde(with = "serde_bytes")]
    heads: Vec<u8>,
    sheet: Sheet,
}

const SHEET_VERSION: u32 = 1;
