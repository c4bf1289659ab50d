//! Sessions: what arrives, what is sent, and to whom.

use std::collections::BTreeSet;

use crdt_model::codec;
use crdt_model::document::{DocumentId, DocumentKey, Hash, heads_digest};
use crdt_model::ids::{DeviceId, PersonId};
use crdt_model::relay::{AdmitError, Outcome, RelayDocument, Row, Signer};
use crdt_model::sync::batch::FullBatch;
use crdt_model::sync::message::{CloseReason, Disposition, RelayMessage};
use crdt_model::sync::relay::{ListedDocument, LogEntry, Session, Step};
use crdt_model::time::Timestamp;

use super::{Live, Output, Relay, fact_of, opened, touches_rights};

use crate::bugs::Bug;
use crate::network::ConnectionId;
use crate::random::Random;
use crate::readers::should_read;
use crate::world::Check;

impl Relay {
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

    pub(super) fn carry_out(
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

    /// Tells the other sessions; rights before rows.
    pub(super) fn fan_out(
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

    pub(super) fn answer(
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
}
