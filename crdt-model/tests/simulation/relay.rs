//! The relay's driver over a database of vectors: one transaction is one call of [`Database::commit`].

mod database;
mod judging;
mod needs;
mod sessions;

use std::collections::{BTreeMap, BTreeSet};

use crdt_model::admission::{Malformed, Reader};
use crdt_model::codec;
use crdt_model::document::{Actor, DocumentKey};
use crdt_model::ids::{DeviceId, OrgId, PersonId};
use crdt_model::relay::{AdmitError, OrgState, Outcome, Signer};
use crdt_model::sync::batch::{Batch, BatchError, FullBatch, SignedBatch};
use crdt_model::sync::message::{CloseReason, Disposition, RefusalCode};
use crdt_model::sync::relay::Session;
use crdt_model::time::Timestamp;
use serde_bytes::ByteBuf;

use crate::bugs::Bug;
use crate::coverage::Coverage;
use crate::network::ConnectionId;
use crate::random::Random;
use crate::world::Check;

pub use database::{Database, fact_of};

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

    pub(super) fn state(&mut self) -> &mut OrgState {
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
        for (_, person, _) in &self.database.devices {
            let (known, stored) = (state.kept_of(*person), self.kept(*person));
            if known.is_some_and(|known| known != stored) {
                return Err(format!(
                    "of {person} {known:?} is kept in memory, and {stored:?} in the database"
                ));
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

/// A batch as it travels, but that here nobody signs and seals.
pub fn closed(batch: &Batch) -> Vec<u8> {
    codec::encode(&SignedBatch {
        org: batch.org,
        device: batch.device,
        batch: batch.encode().into(),
        signature: ByteBuf::new(),
    })
}

/// A batch as the driver hands it to the relay's core.
pub fn opened(bytes: &[u8]) -> Result<FullBatch, BatchError> {
    let signed: SignedBatch = codec::decode(bytes)?;
    Batch::decode(signed.org, signed.device, &signed.batch)?.expand()
}
