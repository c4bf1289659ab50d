//! What is held, and what becomes of it.

use std::collections::{BTreeMap, BTreeSet};

use super::batches::codes_of;
use super::kept::weight;
use super::{
    AdmitError, Hold, Need, OrgState, Outcome, Signer, fact_of, facts_of, is_of_one_till, puts_of,
    records, sites, verdict_till,
};
use crate::admission::{self, Objection};
use crate::capability::{Capability, Grant, Principal, Role, Scope};
use crate::command::DocumentWrite;
use crate::document::{Container, DocumentKey, PlainOp, Put};
use crate::fact::{Fact, FactBody, HeldDecision, HeldEdit, HoldReason, Verdict, VoucherRef};
use crate::ids::{BlockId, HoldId, PersonId, SiteId};
use crate::sync::batch::{FullChange, FullIntent};
use crate::time::{Month, Timestamp};

impl OrgState {
    /// Keeps an intent aside until somebody decides. False: there is no room for it.
    pub(super) fn hold(
        &mut self,
        signer: Signer,
        intent: &FullIntent,
        id: HoldId,
        reason: HoldReason,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<bool, AdmitError> {
        let known = self
            .holds
            .get(&id)
            .ok_or(AdmitError::Missing(Need::Hold(id)))?;
        let changes = &intent.changes;
        let writes: Vec<DocumentWrite> = changes
            .iter()
            .map(|full| DocumentWrite {
                document: full.document,
                puts: puts_of(&full.change),
            })
            .collect();
        if let Some(known) = known {
            return match known.decided {
                None => self.add_to_hold(known.clone(), changes, writes, now, outcome),
                Some(_) => Ok(true),
            };
        }
        let site = changes
            .iter()
            .filter_map(|full| full.document.site())
            .next_back();
        let listed_in = site.map_or(DocumentKey::Me(signer.person), |site| {
            verdict_till(site, signer.person, Month::of(now))
        });
        let mut hold = Hold {
            id,
            listed_in,
            intent: intent.id,
            person: signer.person,
            device: signer.device,
            reason,
            writes,
            weight: 0,
            decided: None,
        };
        let told = told(&hold, changes);
        let Some(weight) = weight(&told, &hold.writes) else {
            return Ok(false);
        };
        if !self.has_room(&hold, weight)? {
            return Ok(false);
        }
        hold.weight = weight;
        self.pronounce(&[listed_in], &[b"held", id.as_bytes()], told, now, outcome)?;
        outcome.holds.push(hold.clone());
        self.holds.insert(id, Some(hold));
        self.tell_holders(signer.person, changes, id, now, outcome)?;
        Ok(true)
    }

    /// A part that came back, or that its author adds: whoever decides hears of it before it can be accepted.
    fn add_to_hold(
        &mut self,
        mut hold: Hold,
        changes: &[FullChange],
        writes: Vec<DocumentWrite>,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<bool, AdmitError> {
        let (added, writes): (Vec<FullChange>, Vec<DocumentWrite>) = changes
            .iter()
            .cloned()
            .zip(writes)
            .filter(|(_, write)| !hold.writes.contains(write))
            .unzip();
        if added.is_empty() {
            return Ok(true);
        }
        let told = told(&hold, &added);
        let Some(weight) = weight(&told, &writes) else {
            return Ok(false);
        };
        if !self.has_room(&hold, weight)? {
            return Ok(false);
        }
        hold.weight += weight;
        hold.writes.extend(writes);
        let before = self.times_told(&hold)?;
        self.pronounce(
            &[hold.listed_in],
            &[b"held", hold.id.as_bytes(), &before.to_be_bytes()],
            told,
            now,
            outcome,
        )?;
        outcome.holds.push(hold.clone());
        let (id, person) = (hold.id, hold.person);
        self.holds.insert(id, Some(hold));
        self.tell_holders(person, &added, id, now, outcome)?;
        Ok(true)
    }

    /// How many verdicts tell of a hold.
    fn times_told(&self, hold: &Hold) -> Result<u32, AdmitError> {
        let facts = &self.get(&hold.listed_in)?.sheet().facts;
        let told = facts.values().flatten().filter(|fact| {
            matches!(&fact.body, FactBody::Verdict(Verdict::Held { hold: told, .. }) if *told == hold.id)
        });
        Ok(u32::try_from(told.count()).unwrap_or(u32::MAX))
    }

    /// Their codes were handed out, whatever will be decided: who holds the block by then must not sell them again.
    fn tell_holders(
        &mut self,
        author: PersonId,
        changes: &[FullChange],
        hold: HoldId,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let mut handed_out: BTreeMap<(SiteId, BlockId), Vec<u32>> = BTreeMap::new();
        for (document, fact) in changes.iter().flat_map(facts_of) {
            if let DocumentKey::Till { site, .. } = document {
                for voucher in fact.vouchers() {
                    let indexes = handed_out.entry((site, voucher.block)).or_default();
                    indexes.push(voucher.index);
                }
            }
        }
        for ((site, block), indexes) in handed_out {
            let document = DocumentKey::VerdictBlock { site, block };
            // Whoever never held the block cannot have handed out anything of it. Of one that a restore took from here
            // nothing tells who held it, and only who did knows its name.
            let is_lost =
                codes_of(self.get(&DocumentKey::Block { site, block })?.sheet()).is_none();
            let held_it = self.get(&document)?.sheet().facts.values().flatten().any(|fact| {
                matches!(&fact.body, FactBody::Leased(leased) if leased.person == Some(author))
            });
            if held_it || is_lost {
                let parts: [&[u8]; 3] = [b"handed out", block.as_bytes(), hold.as_bytes()];
                let verdict = Verdict::SoldElsewhere {
                    block,
                    indexes: indexes.clone(),
                };
                self.pronounce(&[document], &parts, verdict, now, outcome)?;
                for index in indexes {
                    let voucher = VoucherRef { block, index };
                    self.judge_sold_void(site, voucher, now, outcome)?;
                }
            }
        }
        Ok(())
    }

    /// One accepts only what one could have done: otherwise a held change would be a way to any role. Who sees all
    /// sales of a site may accept a sale there.
    pub(super) fn may_accept(&self, by: PersonId, hold: &Hold) -> Result<bool, AdmitError> {
        let decider = self.principal(by)?;
        let facts = hold.writes.iter().flat_map(|write| {
            let ops = write.puts.iter().map(as_op);
            ops.filter_map(|op| Some((write.document, fact_of(&op)?)))
        });
        let facts: Vec<(DocumentKey, Fact)> = facts.collect();
        let facts = || facts.iter().map(|(document, fact)| (*document, fact));
        let fields = hold.writes.iter().flat_map(|write| {
            let puts = write.puts.iter();
            puts.map(|put| (write.document, put.container, put.key.as_str()))
        });
        if !is_of_one_till(facts()) || !sites::agree(facts()) || !records::agree(fields) {
            return Ok(false);
        }
        for write in &hold.writes {
            let mut grants = decider.grants.clone();
            if let Some(site) = write.document.site()
                && decider.may_at(Capability::SalesAll, site)
            {
                grants.insert(Grant {
                    role: Role::Agent,
                    scope: Scope::Site(site),
                });
            }
            let author = Principal {
                person: hold.person,
                active: decider.active,
                grants,
            };
            let sheet = self.get(&write.document)?.sheet();
            let ops: Vec<PlainOp> = write.puts.iter().map(as_op).collect();
            if admission::check_whole(&write.document, sheet, &ops).is_err() {
                return Ok(false);
            }
            for op in ops {
                if write.document == DocumentKey::StaffPrivate {
                    let staff = self.get(&DocumentKey::Staff)?.sheet();
                    if admission::may_write_contacts(&author, staff, &op).is_err() {
                        return Ok(false);
                    }
                }
                // Already there: writing it again does nothing.
                if op.container == Container::Facts && sheet.facts.contains_key(&op.key) {
                    continue;
                }
                if admission::check(&author, &write.document, sheet, hold.intent, &op).is_err() {
                    return Ok(false);
                }
                // A second new code for one lost voucher is nobody's to accept.
                if let Some(FactBody::Replacement(replacement)) =
                    fact_of(&op).as_ref().map(|fact| &fact.body)
                    && self.is_given(hold.intent, replacement)?
                {
                    return Ok(false);
                }
                let false_claim = match fact_of(&op) {
                    Some(fact) => self.false_claim(&write.document, hold.intent, &fact)?,
                    None => self.false_record(&write.document, &op)?,
                };
                // A block lost in a restore or a replacement that is not due is for people to judge; a lie is not.
                if matches!(false_claim, Some(Objection::Malformed(_))) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Somebody decided about a hold: if accepted, the relay applies the intent in its own name.
    pub(super) fn decide(
        &mut self,
        decision: &HeldDecision,
        till: DocumentKey,
        by: PersonId,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let known = self
            .holds
            .get(&decision.hold)
            .ok_or(AdmitError::Missing(Need::Hold(decision.hold)))?;
        let Some(hold) = known.as_ref().filter(|hold| hold.decided.is_none()) else {
            return Ok(());
        };
        // The right was checked for the site of this till.
        if hold.listed_in.site() != till.site() {
            return Ok(());
        }
        // What was added since was seen by nobody. Declining needs no look at it.
        if decision.accepted && decision.told != self.times_told(hold)? {
            return Ok(());
        }
        // Nobody decides about his own work.
        if by == hold.person || (decision.accepted && !self.may_accept(by, hold)?) {
            return Ok(());
        }
        let mut hold = hold.clone();
        hold.decided = Some(decision.accepted);
        self.make_room(hold.person, hold.weight);
        self.holds.insert(hold.id, Some(hold.clone()));
        outcome.holds.push(hold.clone());
        if decision.accepted {
            let signer = Signer {
                device: hold.device,
                person: hold.person,
                revoked: false,
            };
            for write in &hold.writes {
                let ops = self.write(
                    write.document,
                    &write.puts,
                    hold.person,
                    Some(hold.intent),
                    now,
                    outcome,
                )?;
                self.react(write.document, &ops, signer, now, outcome)?;
            }
        }
        let verdict = Verdict::HeldDecided {
            hold: hold.id,
            intent: hold.intent,
            by,
            accepted: decision.accepted,
            reason: decision.reason.clone(),
        };
        self.pronounce(
            &[hold.listed_in],
            &[b"decided", hold.id.as_bytes()],
            verdict,
            now,
            outcome,
        )
    }
}

/// What is told to those who decide.
fn told(hold: &Hold, changes: &[FullChange]) -> Verdict {
    let facts = changes
        .iter()
        .flat_map(facts_of)
        .map(|(_, fact)| fact.clone());
    let (edits, more_edits) = edits_of(changes);
    Verdict::Held {
        hold: hold.id,
        intent: hold.intent,
        person: hold.person,
        device: hold.device,
        reason: hold.reason,
        // Who decides about sales need not see codes.
        facts: facts
            .filter(|fact| !matches!(fact.body, FactBody::Codes(_)))
            .collect(),
        edits,
        more_edits,
    }
}

/// More than one tap edits: a list that nobody reads is not kept for ever.
const EDITS_MAX: usize = 20;
const FIELDS_MAX: usize = 40;

/// The records that changes edit, each with the names of its fields; and how many more there are.
fn edits_of(changes: &[FullChange]) -> (Vec<HeldEdit>, u32) {
    let mut edits: Vec<HeldEdit> = Vec::new();
    let mut more: BTreeSet<&str> = BTreeSet::new();
    let ops = changes.iter().flat_map(|full| &full.change.ops);
    for op in ops.filter(|op| op.container == Container::Records) {
        // `client/<id>/name`, or `org/name`.
        let Some((record, field)) = op.key.rsplit_once('/') else {
            continue;
        };
        let known = edits.iter().position(|edit| edit.record == record);
        match known {
            Some(at) if edits[at].fields.len() < FIELDS_MAX => {
                edits[at].fields.push(field.to_owned());
            }
            None if edits.len() < EDITS_MAX => edits.push(HeldEdit {
                record: record.to_owned(),
                fields: vec![field.to_owned()],
            }),
            // The fields past the last that is named belong to a record that is.
            Some(_) => {}
            None => drop(more.insert(record)),
        }
    }
    (edits, u32::try_from(more.len()).unwrap_or(u32::MAX))
}

/// A held assignment, as if its author had seen nothing before it.
fn as_op(put: &Put) -> PlainOp {
    PlainOp {
        container: put.container,
        key: put.key.clone(),
        value: put.value.clone(),
        replaces: Vec::new(),
    }
}
