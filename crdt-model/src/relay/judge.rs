//! What the relay does about what it has just accepted: each kind of fact to its judge.

use super::{AdmitError, OrgState, Outcome, Signer, fact_of, verdict_fact, verdict_till};
use crate::command::fact_put;
use crate::document::{DocumentKey, PlainOp};
use crate::fact::{FactBody, Verdict, verdict_key};
use crate::ids::PersonId;
use crate::time::Timestamp;

impl OrgState {
    /// Follows up what was just accepted.
    pub(super) fn react(
        &mut self,
        document: DocumentKey,
        ops: &[PlainOp],
        signer: Signer,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        self.begin_records(&document, ops);
        for op in ops {
            let Some(fact) = fact_of(op) else { continue };
            match (&fact.body, document) {
                (
                    FactBody::Sale(_) | FactBody::Replacement(_),
                    DocumentKey::Till {
                        site,
                        person,
                        month,
                    },
                ) => {
                    if let Ok(id) = op.key.parse() {
                        self.intents.insert(id, Some(document));
                        if let FactBody::Replacement(given) = &fact.body {
                            let known = self.replaced.entry(given.sale).or_default();
                            known.by.insert((id, given.replaces));
                        }
                        self.judge_sale(
                            site,
                            verdict_till(site, person, month),
                            id,
                            &fact,
                            signer.device,
                            now,
                            outcome,
                        )?;
                    }
                }
                (FactBody::Codes(codes), DocumentKey::Block { site, block }) => {
                    self.judge_codes(site, block, codes, now, outcome)?;
                }
                (FactBody::BatchUndone(undone), DocumentKey::Batches(site)) => {
                    if let Ok(undo) = op.key.parse() {
                        self.judge_undo(site, undone.batch, undo, now, outcome)?;
                    }
                }
                (FactBody::LeaseAsked(asked), DocumentKey::Batches(site)) => {
                    let is_free = self
                        .lease(site, asked.block)?
                        .is_none_or(|lease| lease.person.is_none());
                    if is_free {
                        let cause = op.key.parse().ok();
                        self.write_lease(site, asked.block, Some(asked.to), cause, now, outcome)?;
                    }
                }
                (FactBody::RecallAsked(asked), DocumentKey::Batches(site)) => {
                    let cause = op.key.parse().ok();
                    self.write_lease(site, asked.block, asked.to, cause, now, outcome)?;
                }
                (FactBody::HeldDecision(decision), DocumentKey::Till { .. }) => {
                    self.decide(decision, document, fact.by, now, outcome)?;
                }
                (_, DocumentKey::Till { site, person, .. }) => {
                    if let Ok(id) = op.key.parse() {
                        self.judge_stock(site, person, id, &fact, now, outcome)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes one verdict into several documents.
    pub(super) fn pronounce(
        &mut self,
        documents: &[DocumentKey],
        about: &[&[u8]],
        verdict: Verdict,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let put = fact_put(&verdict_key(about), &verdict_fact(now, verdict));
        let mut written = Vec::new();
        for document in documents {
            if !written.contains(document) {
                self.write(
                    *document,
                    std::slice::from_ref(&put),
                    PersonId::RELAY,
                    None,
                    now,
                    outcome,
                )?;
                written.push(*document);
            }
        }
        Ok(())
    }
}
