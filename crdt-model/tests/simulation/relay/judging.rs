//! Batches: judged, stored in one transaction, and told.

use std::collections::BTreeSet;

use crdt_model::codec;
use crdt_model::document::Hash;
use crdt_model::ids::IntentId;
use crdt_model::relay::{AdmitError, Outcome, Row, Signer};
use crdt_model::sync::batch::FullBatch;
use crdt_model::sync::message::{CloseReason, Disposition, RelayMessage};
use crdt_model::time::Timestamp;

use super::{Judged, Output, Relay, fact_of, is_of_lost_role, opened, touches_rights};

use crate::bugs::Bug;
use crate::network::ConnectionId;
use crate::random::Random;
use crate::world::Check;

impl Relay {
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
    pub(super) fn outcome(
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

    /// Stores an outcome: the transaction commits.
    pub(super) fn store(&mut self, outcome: &Outcome) -> Check {
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

    pub(super) fn admit(
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
}
