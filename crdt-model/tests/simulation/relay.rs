//! The relay's driver over a database of vectors: one transaction is one call of [`Database::commit`].

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crdt_model::admission::{Malformed, Reader};
use crdt_model::capability::Principal;
use crdt_model::document::{Actor, Document, DocumentId, DocumentKey, Hash, Sheet, heads_digest};
use crdt_model::fact::{Fact, FactBody, SaleRef, Verdict, VoucherRef};
use crdt_model::ids::{BatchId, BlockId, DeviceId, HoldId, IntentId, OrgId, PersonId, SiteId};
use crdt_model::relay::{AdmitError, Hold, Need, OrgState, Outcome, RelayDocument, Row, Signer};
use crdt_model::sync::batch::{Batch, BatchError, FullBatch};
use crdt_model::sync::message::{CloseReason, Disposition, RefusalCode, RelayMessage};
use crdt_model::sync::relay::{ListedDocument, LogEntry, Session, Step};
use crdt_model::time::Timestamp;
use crdt_model::{batch, codec, staff, voucher};

use crate::bugs::Bug;
use crate::coverage::Coverage;
use crate::network::ConnectionId;
use crate::random::Random;
use crate::readers::should_read;
use crate::world::Check;

/// What is durable.
#[derive(Clone, Default)]
pub struct Database {
    pub rows: Vec<Row>,
    /// What the rows add up to, for speed; sheets are made when they are asked for.
    documents: BTreeMap<DocumentKey, Document>,
    sheets: RefCell<BTreeMap<DocumentKey, Rc<Sheet>>>,
    facts: Vec<(DocumentKey, String, Fact)>,
    pub holds: BTreeMap<HoldId, Hold>,
    /// Registered devices, most recently seen first.
    pub devices: Vec<(DeviceId, PersonId, bool)>,
    /// Which life of the log this is.
    pub history: u64,
}

impl Database {
    pub fn head(&self) -> u64 {
        self.rows.last().map_or(0, |row| row.seq)
    }

    pub fn keys(&self) -> BTreeSet<DocumentKey> {
        self.documents.keys().copied().collect()
    }

    pub fn document(&self, key: &DocumentKey) -> Document {
        self.documents.get(key).cloned().unwrap_or_default()
    }

    /// Is the batch of a block undone? Its codes are free, but for those that were sold all the same.
    pub fn is_undone(&self, document: &DocumentKey, batch: BatchId) -> bool {
        document.site().is_some_and(|site| {
            batch::undone(&self.sheet(&DocumentKey::Batches(site))).contains(&batch)
        })
    }

    fn append(&mut self, row: Row) {
        self.documents
            .entry(row.document)
            .or_default()
            .apply_chunks([row.chunk.as_slice()])
            .expect("what the log holds builds on what it holds");
        self.sheets.get_mut().remove(&row.document);
        self.facts.extend(
            row.ops
                .iter()
                .filter_map(|op| Some((row.document, op.key.clone(), fact_of(op)?))),
        );
        self.rows.push(row);
    }

    pub fn heads(&self, key: &DocumentKey) -> Vec<Hash> {
        match self.documents.get(key) {
            Some(document) => document.heads(),
            None => Document::new().heads(),
        }
    }

    pub fn sheet(&self, key: &DocumentKey) -> Rc<Sheet> {
        let mut sheets = self.sheets.borrow_mut();
        let sheet = sheets
            .entry(*key)
            .or_insert_with(|| Rc::new(self.document(key).sheet()));
        Rc::clone(sheet)
    }

    /// Every fact in the order of acceptance.
    pub fn facts(&self) -> impl Iterator<Item = (DocumentKey, &str, &Fact)> {
        self.facts
            .iter()
            .map(|(document, key, fact)| (*document, key.as_str(), fact))
    }

    fn commit(&mut self, outcome: &Outcome, bug: Option<Bug>) {
        for row in &outcome.rows {
            let forgotten = bug == Some(Bug::VerdictBlockForgotten)
                && matches!(row.document, DocumentKey::VerdictBlock { .. });
            if !forgotten {
                self.append(row.clone());
            }
        }
        if bug != Some(Bug::HoldsForgotten) {
            for hold in &outcome.holds {
                self.holds.insert(hold.id, hold.clone());
            }
        }
    }

    pub fn reader(&self, person: PersonId, device: DeviceId) -> Reader {
        let staff = self.sheet(&DocumentKey::Staff);
        let mut leases = BTreeSet::new();
        for key in self.keys() {
            if let DocumentKey::Batches(_) = key {
                leases.extend(
                    voucher::leases(&self.sheet(&key))
                        .into_values()
                        .filter(|lease| {
                            lease.person == Some(person) && lease.device == Some(device)
                        })
                        .map(|lease| lease.block),
                );
            }
        }
        Reader {
            principal: staff::principal(&staff, person),
            leases,
            history: self.history,
        }
    }

    pub fn principal(&self, person: PersonId) -> Principal {
        staff::principal(&self.sheet(&DocumentKey::Staff), person)
    }
}

pub fn fact_of(op: &crdt_model::document::PlainOp) -> Option<Fact> {
    match &op.value {
        crdt_model::document::Scalar::Bytes(bytes) => Fact::decode(bytes).ok(),
        _ => None,
    }
}

/// What the network is to do.
#[derive(Debug)]
pub enum Output {
    Send(ConnectionId, Vec<u8>),
    Close(ConnectionId),
}

/// What the relay says to each change of a batch, or why it does not look at it.
pub type Judged = Result<Vec<Disposition>, AdmitError>;

struct Live {
    session: Session,
    signer: Signer,
}

pub struct Relay {
    pub org: OrgId,
    actor: Actor,
    pub database: Database,
    state: Option<OrgState>,
    sessions: BTreeMap<ConnectionId, Live>,
    tickets: BTreeMap<String, DeviceId>,
    tickets_made: u64,
    /// Where a planted bug remembers too much.
    old_cursors: BTreeMap<DeviceId, u64>,
    /// Facts that were acknowledged as accepted, whatever became of the database since.
    pub acknowledged: BTreeSet<(DocumentKey, String)>,
    /// Facts that a restore took from the log.
    pub lost: BTreeSet<String>,
    /// Facts that were ever committed.
    pub committed: BTreeSet<(DocumentKey, String)>,
    pub bug: Option<Bug>,
    /// The next transaction fails; or the relay dies right after the next commit.
    pub fail_next: bool,
    pub die_after_next: bool,
    pub trace: Vec<String>,
    pub seen: Coverage,
    readers: BTreeMap<(PersonId, DeviceId), Reader>,
}

impl Relay {
    pub fn new(org: OrgId, bug: Option<Bug>) -> Self {
        Self {
            org,
            actor: Actor::from_bytes([0xee; 16]),
            database: Database::default(),
            state: None,
            sessions: BTreeMap::new(),
            tickets: BTreeMap::new(),
            tickets_made: 0,
            old_cursors: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
            lost: BTreeSet::new(),
            committed: BTreeSet::new(),
            bug,
            fail_next: false,
            die_after_next: false,
            trace: Vec::new(),
            seen: Coverage::default(),
            readers: BTreeMap::new(),
        }
    }

    pub fn ticket(&mut self, device: DeviceId) -> String {
        self.tickets_made += 1;
        let ticket = format!("ticket-{}", self.tickets_made);
        self.tickets.insert(ticket.clone(), device);
        ticket
    }

    /// The process dies and starts again: only the database is left.
    pub fn restart(&mut self) -> Vec<Output> {
        self.state = None;
        self.readers.clear();
        let open: Vec<ConnectionId> = self.sessions.keys().copied().collect();
        for id in &open {
            self.closed(*id);
        }
        open.into_iter().map(Output::Close).collect()
    }

    pub fn restore(&mut self, backup: Database) -> Vec<Output> {
        let history = self.database.history + 1;
        let devices = std::mem::take(&mut self.database.devices);
        let kept: BTreeSet<&str> = backup.facts().map(|(_, key, _)| key).collect();
        let facts = self.database.facts().map(|(_, key, _)| key);
        let lost = facts.filter(|key| !kept.contains(key)).map(str::to_owned);
        self.lost.extend(lost);
        self.database = backup;
        // Registrations are made again at the next sign-in; that is not what is simulated here.
        self.database.devices = devices;
        if self.bug != Some(Bug::RestoreNotTold) {
            self.database.history = history;
        }
        self.restart()
    }

    pub fn closed(&mut self, id: ConnectionId) {
        if let Some(live) = self.sessions.remove(&id)
            && let Some(device) = live.session.device()
        {
            self.old_cursors.insert(device, self.database.head());
        }
    }

    fn state(&mut self) -> &mut OrgState {
        let (org, head, actor) = (self.org, self.database.head(), self.actor);
        self.state
            .get_or_insert_with(|| OrgState::new(org, head, actor))
    }

    pub fn reader(&mut self, person: PersonId, device: DeviceId) -> Reader {
        if let Some(known) = self.readers.get(&(person, device)) {
            return known.clone();
        }
        let reader = self.database.reader(person, device);
        self.readers.insert((person, device), reader.clone());
        reader
    }

    /// The first documents, before anybody connects.
    pub fn found(&mut self, writes: &[crdt_model::command::DocumentWrite], now: Timestamp) {
        let outcome = self
            .state()
            .found(writes, now)
            .expect("founding needs nothing");
        self.database.commit(&outcome, None);
        self.readers.clear();
    }

    /// A frame arrived.
    pub fn frame(
        &mut self,
        id: ConnectionId,
        bytes: &[u8],
        now: Timestamp,
        random: &mut Random,
    ) -> Result<Vec<Output>, String> {
        let live = self.sessions.entry(id).or_insert_with(|| Live {
            session: Session::new(),
            signer: Signer {
                device: DeviceId::from_bytes([0; 16]),
                person: PersonId::RELAY,
                revoked: true,
            },
        });
        let steps = live.session.frame(bytes);
        let mut outputs = Vec::new();
        self.carry_out(id, steps, now, random, &mut outputs)?;
        Ok(outputs)
    }

    /// A batch arrives without a session of its device: by POST, or late.
    pub fn post(
        &mut self,
        sealed: &[u8],
        now: Timestamp,
        random: &mut Random,
    ) -> Result<(Option<Vec<u8>>, Vec<Output>), String> {
        let mut outputs = Vec::new();
        let mut answer = None;
        if let Ok(batch) = opened(sealed) {
            let results = self.admit(None, &batch, now, random, &mut outputs)?;
            answer = results.map(|results| codec::encode(&RelayMessage::ack(0, &results)));
        }
        Ok((answer, outputs))
    }

    /// From now on nobody is let in with this device, and what it still sends is held.
    pub fn revoke(
        &mut self,
        device: DeviceId,
        now: Timestamp,
        random: &mut Random,
    ) -> Result<Vec<Output>, String> {
        for known in &mut self.database.devices {
            known.2 |= known.0 == device;
        }
        let open: Vec<ConnectionId> = self
            .sessions
            .iter()
            .filter(|(_, live)| live.session.device() == Some(device))
            .map(|(id, _)| *id)
            .collect();
        let mut outputs = Vec::new();
        for id in open {
            if let Some(live) = self.sessions.get_mut(&id) {
                let steps = live.session.close(CloseReason::DeviceRevoked);
                self.carry_out(id, steps, now, random, &mut outputs)?;
            }
        }
        Ok(outputs)
    }

    /// Judges what a program of somebody else's sends, and stores what comes of it.
    pub fn judge(
        &mut self,
        signer: Signer,
        batch: &FullBatch,
        now: Timestamp,
        random: &mut Random,
    ) -> Result<(Judged, Vec<Output>), String> {
        let mut outputs = Vec::new();
        let outcome = match self.outcome(signer, batch, now) {
            Ok(outcome) => outcome,
            Err(error) => return Ok((Err(error), outputs)),
        };
        self.store(&outcome)?;
        self.fan_out(None, &outcome, now, random, &mut outputs)?;
        let found = outcome.results.iter().map(|(_, found)| *found).collect();
        Ok((Ok(found), outputs))
    }

    /// Asks for what is missing until nothing is, and judges.
    fn outcome(
        &mut self,
        signer: Signer,
        batch: &FullBatch,
        now: Timestamp,
    ) -> Result<Outcome, AdmitError> {
        loop {
            let needs = self.state().needs(batch, now);
            if needs.is_empty() {
                break;
            }
            for need in needs {
                self.provide(need);
            }
        }
        let outcome = self.state().admit(signer, batch, now);
        match &outcome {
            Ok(outcome) => {
                for (_, found) in &outcome.results {
                    self.seen.disposition(found);
                }
            }
            Err(error) => self.seen.saw(error),
        }
        outcome
    }

    fn carry_out(
        &mut self,
        id: ConnectionId,
        steps: Vec<Step>,
        now: Timestamp,
        random: &mut Random,
        outputs: &mut Vec<Output>,
    ) -> Check {
        for step in steps {
            self.seen.saw(&step);
            if let Step::Send(message) = &step {
                self.seen.saw(message);
                if let RelayMessage::Bye { why, .. } = message {
                    self.seen.saw(why);
                }
            }
            let Some(live) = self.sessions.get_mut(&id) else {
                return Ok(());
            };
            let more = match step {
                Step::Send(message) => {
                    self.check_readable(id, &message)?;
                    outputs.push(Output::Send(id, codec::encode(&message)));
                    continue;
                }
                Step::Identify {
                    ticket,
                    cursor,
                    rights,
                } => {
                    let known = self.tickets.remove(&ticket).and_then(|device| {
                        self.database
                            .devices
                            .iter()
                            .find(|(known, _, revoked)| *known == device && !revoked)
                            .copied()
                    });
                    match known {
                        None => live.session.not_identified(),
                        Some((device, person, revoked)) => {
                            live.signer = Signer {
                                device,
                                person,
                                revoked,
                            };
                            self.identify(id, cursor, rights, now, random, outputs)?
                        }
                    }
                }
                Step::Load { after } => {
                    let (to, rows) = self.load(id, after, random);
                    match self.sessions.get_mut(&id) {
                        Some(live) => live.session.loaded(to, rows),
                        None => return Ok(()),
                    }
                }
                Step::List => {
                    let listed: Vec<ListedDocument> = self
                        .database
                        .keys()
                        .into_iter()
                        .map(|key| ListedDocument {
                            key,
                            id: DocumentId::of(self.org, &key),
                            digest: heads_digest(&self.database.heads(&key)),
                        })
                        .collect();
                    live.session.listed(&listed, self.database.head())
                }
                Step::SendSnapshots(keys) => {
                    for key in keys {
                        let message = RelayMessage::Snapshot {
                            key,
                            bytes: self.database.document(&key).save().into(),
                        };
                        self.seen.saw(&message);
                        self.check_readable(id, &message)?;
                        outputs.push(Output::Send(id, codec::encode(&message)));
                    }
                    continue;
                }
                Step::Admit { number, sealed } => match opened(&sealed) {
                    Err(_) => live.session.close(CloseReason::BadFrame),
                    Ok(batch) => {
                        self.admit(Some((id, number)), &batch, now, random, outputs)?;
                        continue;
                    }
                },
                Step::Close(why) => {
                    self.trace.push(format!("relay closes {id}: {why:?}"));
                    self.closed(id);
                    outputs.push(Output::Close(id));
                    return Ok(());
                }
            };
            self.carry_out(id, more, now, random, outputs)?;
        }
        Ok(())
    }

    fn identify(
        &mut self,
        id: ConnectionId,
        cursor: u64,
        rights: u64,
        now: Timestamp,
        random: &mut Random,
        outputs: &mut Vec<Output>,
    ) -> Result<Vec<Step>, String> {
        let Some(signer) = self.sessions.get(&id).map(|live| live.signer) else {
            return Ok(Vec::new());
        };
        // Most recently seen first.
        self.database
            .devices
            .sort_by_key(|(device, ..)| *device != signer.device);
        let sites: Vec<_> = self
            .database
            .keys()
            .into_iter()
            .filter_map(|key| match key {
                DocumentKey::Batches(site) => Some(site),
                _ => None,
            })
            .collect();
        for site in sites {
            let database = self.database.document(&DocumentKey::Batches(site));
            let state = self.state();
            if state.document(&DocumentKey::Batches(site)).is_none() {
                state.provide_document(DocumentKey::Batches(site), RelayDocument::new(database));
            }
            let outcome = loop {
                let (person, device) = (signer.person, signer.device);
                match self.state().bind_leases(site, person, device, &[], now) {
                    Ok(outcome) => break outcome,
                    Err(AdmitError::Missing(need)) => self.provide(need),
                    Err(error) => return Err(format!("binding leases: {error}")),
                }
            };
            if !outcome.rows.is_empty() {
                self.trace
                    .push(format!("bound {} leases", outcome.rows.len()));
                self.store(&outcome)?;
                self.fan_out(None, &outcome, now, random, outputs)?;
            }
        }
        let reader = self.reader(signer.person, signer.device);
        let head = self.database.head();
        let cursor = match (self.bug, self.old_cursors.get(&signer.device)) {
            (Some(Bug::SessionKeptAcrossConnections), Some(old)) => cursor.max(*old),
            _ => cursor,
        };
        let Some(live) = self.sessions.get_mut(&id) else {
            return Ok(Vec::new());
        };
        Ok(live
            .session
            .identified(reader, signer.device, head, cursor, rights, now))
    }

    fn load(&self, id: ConnectionId, after: u64, random: &mut Random) -> (u64, Vec<LogEntry>) {
        let page = 1 + random.below(12);
        let rows: Vec<&Row> = self
            .database
            .rows
            .iter()
            .filter(|row| row.seq > after)
            .take(page)
            .collect();
        let to = rows.last().map_or(after, |row| row.seq);
        let own = self.sessions.get(&id).map(|live| live.signer.device);
        let mut entries: Vec<LogEntry> = rows
            .into_iter()
            .filter(|row| self.bug != Some(Bug::OwnRowsNeverSent) || row.device != own)
            .map(|row| LogEntry {
                seq: row.seq,
                key: row.document,
                chunk: row.chunk.clone(),
            })
            .collect();
        if self.bug == Some(Bug::RowSkippedBetweenPages) && entries.len() > 10 {
            entries.pop();
        }
        (to, entries)
    }

    /// Stores an outcome: the transaction commits.
    fn store(&mut self, outcome: &Outcome) -> Check {
        // What is held goes in by a decision, whatever its author may do by now, and however often it comes.
        let holds = &self.database.holds;
        let passed = outcome.rows.iter().find(|row| {
            let mut open = holds.values().filter(|hold| hold.decided != Some(true));
            open.any(|hold| (Some(hold.device), Some(hold.intent)) == (row.device, row.intent))
        });
        if let Some(row) = passed {
            return Err(format!("{:?} is held, and is row {}", row.intent, row.seq));
        }
        self.database.commit(outcome, self.bug);
        for row in &outcome.rows {
            for op in &row.ops {
                let Some(fact) = fact_of(op) else { continue };
                self.seen.fact(&fact.body);
                self.committed.insert((row.document, op.key.clone()));
            }
        }
        if touches_rights(outcome) {
            self.readers.clear();
        }
        Ok(())
    }

    fn admit(
        &mut self,
        from: Option<(ConnectionId, u32)>,
        batch: &FullBatch,
        now: Timestamp,
        random: &mut Random,
        outputs: &mut Vec<Output>,
    ) -> Result<Option<Vec<(Hash, Disposition)>>, String> {
        let registered = self
            .database
            .devices
            .iter()
            .find(|(device, ..)| *device == batch.device)
            .copied();
        let Some((device, person, revoked)) = registered else {
            return Err("a batch of a device that nobody registered".into());
        };
        let signer = Signer {
            device,
            person,
            revoked,
        };
        let outcome = self
            .outcome(signer, batch, now)
            .map_err(|error| format!("an honest batch is not looked at: {error}"))?;
        let refused = outcome.results.iter().find(
            |(_, result)| matches!(result, Disposition::Refused(code) if !is_of_lost_role(*code)),
        );
        if let Some((_, refused)) = refused {
            return Err(format!(
                "a change of an honest device is refused: {refused:?} in {:?}",
                batch
                    .changes()
                    .map(|full| full.document)
                    .collect::<BTreeSet<_>>()
            ));
        }
        self.trace.push(format!(
            "admitted {:?}: {} rows, {:?}",
            batch.intents.iter().map(|i| i.id).collect::<Vec<_>>(),
            outcome.rows.len(),
            outcome.results.iter().map(|(_, r)| *r).collect::<Vec<_>>()
        ));
        if std::mem::take(&mut self.fail_next) && !outcome.rows.is_empty() {
            self.trace.push("the transaction fails".into());
            if self.bug != Some(Bug::CacheKeptAfterFailure) {
                self.state = None;
            }
            if self.bug == Some(Bug::AckBeforeCommit) {
                self.answer(from, batch, &outcome, now, random, outputs)?;
            } else if let Some((id, _)) = from
                && let Some(live) = self.sessions.get_mut(&id)
            {
                let steps = live.session.close(CloseReason::StoreAway);
                self.carry_out(id, steps, now, random, outputs)?;
            }
            return Ok(None);
        }
        self.store(&outcome)?;
        if self.bug == Some(Bug::DuplicateAppended) {
            self.append_again(batch);
        }
        if std::mem::take(&mut self.die_after_next) {
            self.trace.push("the relay dies after the commit".into());
            outputs.extend(self.restart());
            return Ok(None);
        }
        self.fan_out(from.map(|(id, _)| id), &outcome, now, random, outputs)?;
        self.answer(from, batch, &outcome, now, random, outputs)?;
        Ok(Some(outcome.results))
    }

    /// The planted mistake of a relay that does not look whether it has a change already.
    fn append_again(&mut self, batch: &FullBatch) {
        let intents: BTreeSet<IntentId> = batch.intents.iter().map(|intent| intent.id).collect();
        let head = self.database.head();
        let old: Vec<Row> = self
            .database
            .rows
            .iter()
            .filter(|row| row.intent.is_some_and(|intent| intents.contains(&intent)))
            .filter(|row| row.seq + 20 < head)
            .cloned()
            .collect();
        for mut row in old {
            row.seq = self.database.head() + 1;
            self.database.append(row);
        }
        self.state = None;
    }

    /// Tells the other sessions; rights before rows.
    fn fan_out(
        &mut self,
        except: Option<ConnectionId>,
        outcome: &Outcome,
        now: Timestamp,
        random: &mut Random,
        outputs: &mut Vec<Output>,
    ) -> Check {
        let head = self.database.head();
        let open: Vec<ConnectionId> = self.sessions.keys().copied().collect();
        if touches_rights(outcome) && self.bug != Some(Bug::RightsNeverRenewed) {
            for id in &open {
                let Some(signer) = self.sessions.get(id).map(|live| live.signer) else {
                    continue;
                };
                let reader = self.reader(signer.person, signer.device);
                if let Some(live) = self.sessions.get_mut(id) {
                    let steps = live.session.rights_changed(reader, now);
                    self.carry_out(*id, steps, now, random, outputs)?;
                }
            }
        }
        for id in open.into_iter().filter(|id| Some(*id) != except) {
            if let Some(live) = self.sessions.get_mut(&id) {
                let steps = live.session.woken(head);
                self.carry_out(id, steps, now, random, outputs)?;
            }
        }
        Ok(())
    }

    fn answer(
        &mut self,
        from: Option<(ConnectionId, u32)>,
        batch: &FullBatch,
        outcome: &Outcome,
        now: Timestamp,
        random: &mut Random,
        outputs: &mut Vec<Output>,
    ) -> Check {
        let Some((id, number)) = from else {
            return Ok(());
        };
        let head = self.database.head();
        let accepted: BTreeSet<Hash> = outcome
            .results
            .iter()
            .filter(|(_, result)| matches!(result, Disposition::Accepted | Disposition::Known))
            .map(|(hash, _)| *hash)
            .collect();
        for full in batch.changes() {
            if full.hash().is_some_and(|hash| accepted.contains(&hash)) {
                for op in full.change.ops.iter().filter(|op| fact_of(op).is_some()) {
                    self.acknowledged.insert((full.document, op.key.clone()));
                }
            }
        }
        let Some(live) = self.sessions.get_mut(&id) else {
            return Ok(());
        };
        let own: Vec<u64> = outcome
            .rows
            .iter()
            .filter(|row| row.device == Some(live.signer.device))
            .map(|row| row.seq)
            .collect();
        let own = if live.signer.device == batch.device {
            own
        } else {
            Vec::new()
        };
        let steps = live.session.admitted(number, &outcome.results, own, head);
        self.carry_out(id, steps, now, random, outputs)
    }

    fn provide(&mut self, need: Need) {
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

    /// Nothing leaves the relay that its reader may not read by what is committed.
    fn check_readable(&mut self, id: ConnectionId, message: &RelayMessage) -> Check {
        let keys: Vec<DocumentKey> = match message {
            RelayMessage::Changes { changes, .. } => changes.iter().map(|c| c.key).collect(),
            RelayMessage::Snapshot { key, .. } => vec![*key],
            _ => return Ok(()),
        };
        let Some(signer) = self.sessions.get(&id).map(|live| live.signer) else {
            return Ok(());
        };
        let reader = self.reader(signer.person, signer.device);
        match keys.iter().find(|key| !should_read(&reader, key)) {
            Some(key) => Err(format!(
                "{key} is sent to {}, who may not read it",
                signer.person
            )),
            None => Ok(()),
        }
    }

    /// The cache and the database say the same.
    pub fn check_cache(&self) -> Check {
        let Some(state) = &self.state else {
            return Ok(());
        };
        if state.head() != self.database.head() {
            return Err("the relay's head is not that of its database".into());
        }
        for key in self.database.keys() {
            if let Some(cached) = state.document(&key) {
                let stored = self.database.sheet(&key);
                if cached.heads() != self.database.heads(&key) || *cached.sheet() != *stored {
                    return Err(format!("the relay's cache of {key} is not what is stored"));
                }
            }
        }
        Ok(())
    }
}

/// An edit or a decision by somebody who has just lost the role is honest, and not kept.
pub const fn is_of_lost_role(code: RefusalCode) -> bool {
    matches!(
        code,
        RefusalCode::NotAllowed | RefusalCode::Malformed(Malformed::NotYoursToDecide)
    )
}

fn touches_rights(outcome: &Outcome) -> bool {
    outcome
        .rows
        .iter()
        .any(|row| matches!(row.document, DocumentKey::Staff | DocumentKey::Batches(_)))
}

/// A batch as the driver hands it to the relay's core.
pub fn opened(bytes: &[u8]) -> Result<FullBatch, BatchError> {
    Batch::decode(bytes)?.expand()
}
