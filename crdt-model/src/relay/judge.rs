//! What the relay does about what it has just accepted: verdicts on contradictory sales, leases, held items.

use super::{
    AdmitError, Hold, Need, OrgState, Outcome, Signer, fact_of, puts_of, relay_fact, verdict_fact,
    verdict_till,
};
use crate::admission::{self, Malformed, Objection};
use crate::capability::{Capability, Grant, Principal, Role, Scope};
use crate::command::{DocumentWrite, fact_put};
use crate::document::{DocumentKey, PlainOp};
use crate::fact::{
    Fact, FactBody, HeldDecision, HoldReason, LeaseAsked, Leased, RecallAsked, Replacement,
    SaleRef, Verdict, VoucherRef, verdict_key,
};
use crate::ids::{BlockId, DeviceId, HoldId, IntentId, PersonId, SiteId};
use crate::sync::batch::{BatchIntent, FullChange};
use crate::time::{Month, Timestamp};
use crate::voucher::{self, leases};

impl OrgState {
    /// Does a fact claim what the relay knows to be false? No honest device can: blocks and prices come from here.
    /// A block of which the relay knows nothing was lost in a restore: that is for people to decide.
    pub(super) fn false_claim(
        &self,
        document: &DocumentKey,
        intent: IntentId,
        fact: &Fact,
    ) -> Result<Option<Objection>, AdmitError> {
        if let (
            DocumentKey::Batches(_),
            FactBody::LeaseAsked(LeaseAsked { block, .. })
            | FactBody::RecallAsked(RecallAsked { block, .. }),
        ) = (document, &fact.body)
        {
            // A block is leased where its batch is, or its codes could be read from another site.
            let is_of_site = self.get(document)?.sheet().known_facts().any(|(_, fact)| {
                matches!(&fact.body, FactBody::Batch(made)
                    if made.blocks.iter().any(|made| made.block == *block))
            });
            return Ok((!is_of_site).then_some(Objection::NotAllowed(Capability::VouchersLease)));
        }
        let DocumentKey::Till { site, .. } = document else {
            return Ok(None);
        };
        if !matches!(fact.body, FactBody::Sale(_) | FactBody::Replacement(_)) {
            return Ok(None);
        }
        match self.intents.get(&intent) {
            None => return Err(AdmitError::Missing(Need::Intent(intent))),
            Some(Some(till)) if till != document => {
                return Ok(Some(Objection::Malformed(Malformed::FactNotOfItsIntent)));
            }
            Some(_) => {}
        }
        if let FactBody::Replacement(replacement) = &fact.body
            && !self.is_due(document, intent, fact.by, replacement)?
        {
            return Ok(Some(Objection::NotAllowed(Capability::Sell)));
        }
        let priced: Vec<(
            VoucherRef,
            Option<crate::money::Money>,
            crate::ids::PackageId,
        )> = match &fact.body {
            FactBody::Sale(sale) => sale
                .lines
                .iter()
                .map(|line| (line.voucher, Some(line.price), line.package))
                .collect(),
            FactBody::Replacement(replacement) => {
                vec![(replacement.voucher, None, replacement.package)]
            }
            _ => return Ok(None),
        };
        for (voucher, price, package) in priced {
            let block = self.get(&DocumentKey::Block {
                site: *site,
                block: voucher.block,
            })?;
            let codes = block
                .sheet()
                .known_facts()
                .find_map(|(_, fact)| match &fact.body {
                    FactBody::Codes(codes) => Some(codes),
                    _ => None,
                });
            let Some(codes) = codes else {
                return Ok(Some(Objection::NotAllowed(Capability::Sell)));
            };
            let count = codes.packed.split('\n').count();
            if voucher.index as usize >= count || codes.package != package {
                return Ok(Some(Objection::Malformed(Malformed::UnknownVoucher)));
            }
            if price.is_some_and(|price| price != codes.price) {
                return Ok(Some(Objection::Malformed(Malformed::WrongPrice)));
            }
        }
        Ok(None)
    }

    /// Did a verdict take the voucher of this person's sale away, and has its client no new code yet?
    fn is_due(
        &self,
        till: &DocumentKey,
        intent: IntentId,
        person: PersonId,
        replacement: &Replacement,
    ) -> Result<bool, AdmitError> {
        let block = replacement.replaces.block;
        let sold = self
            .sold
            .get(&block)
            .ok_or(AdmitError::Missing(Need::Sold(block)))?;
        let sales = sold
            .get(&replacement.replaces.index)
            .map_or(&[][..], Vec::as_slice);
        let contradicted = sales
            .iter()
            .skip(1)
            .any(|sale| sale.sale == replacement.sale && sale.person == person);
        let given = self.get(till)?.sheet().known_facts().any(|(key, fact)| {
            key != intent.to_string()
                && matches!(&fact.body, FactBody::Replacement(given)
                    if given.sale == replacement.sale && given.replaces == replacement.replaces)
        });
        Ok(contradicted && !given)
    }

    /// Follows up what was just accepted.
    pub(super) fn react(
        &mut self,
        document: DocumentKey,
        ops: &[PlainOp],
        signer: Signer,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
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
                    self.judge_codes(site, block, &codes.packed, now, outcome)?;
                }
                (FactBody::LeaseAsked(asked), DocumentKey::Batches(site)) => {
                    let is_free = self
                        .lease(site, asked.block)?
                        .is_none_or(|lease| lease.person.is_none());
                    if is_free {
                        self.write_lease(site, asked.block, Some(asked.to), now, outcome)?;
                    }
                }
                (FactBody::RecallAsked(asked), DocumentKey::Batches(site)) => {
                    self.write_lease(site, asked.block, asked.to, now, outcome)?;
                }
                (FactBody::HeldDecision(decision), DocumentKey::Till { .. }) => {
                    self.decide(decision, document, fact.by, now, outcome)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a sale is judged by everything there is to know about it"
    )]
    fn judge_sale(
        &mut self,
        site: SiteId,
        verdict_document: DocumentKey,
        id: IntentId,
        fact: &Fact,
        device: DeviceId,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let Some(sale) = fact.sale_ref(id) else {
            return Ok(());
        };
        if !sale.receipt.is_empty() {
            let first = self
                .receipts
                .get(&sale.receipt)
                .ok_or_else(|| AdmitError::Missing(Need::Receipt(sale.receipt.clone())))?
                .clone();
            match first {
                Some(first) if first.sale != sale.sale => {
                    let documents = [
                        verdict_document,
                        verdict_till(site, first.person, Month::of(first.at)),
                    ];
                    let verdict = Verdict::DuplicateReceipt {
                        first: first.clone(),
                        other: sale.clone(),
                    };
                    self.pronounce(
                        &documents,
                        &[b"receipt", sale.sale.as_bytes()],
                        verdict,
                        now,
                        outcome,
                    )?;
                }
                Some(_) => {}
                None => {
                    self.receipts
                        .insert(sale.receipt.clone(), Some(sale.clone()));
                }
            }
        }
        for voucher in fact.vouchers() {
            self.judge_voucher(site, verdict_document, voucher, &sale, device, now, outcome)?;
        }
        Ok(())
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a sale is judged by everything there is to know about it"
    )]
    fn judge_voucher(
        &mut self,
        site: SiteId,
        verdict_document: DocumentKey,
        voucher: VoucherRef,
        sale: &SaleRef,
        device: DeviceId,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let place = |what: &'static [u8]| -> [Vec<u8>; 4] {
            [
                what.to_vec(),
                voucher.block.as_bytes().to_vec(),
                voucher.index.to_be_bytes().to_vec(),
                sale.sale.as_bytes().to_vec(),
            ]
        };
        let verdict_block = DocumentKey::VerdictBlock {
            site,
            block: voucher.block,
        };
        let sold = self
            .sold
            .get_mut(&voucher.block)
            .ok_or(AdmitError::Missing(Need::Sold(voucher.block)))?;
        let sales = sold.entry(voucher.index).or_default();
        if sales.iter().any(|known| known.sale == sale.sale) {
            return Ok(());
        }
        let standing = sales.first().cloned();
        sales.push(sale.clone());
        if let Some(standing) = standing {
            let documents = [
                verdict_document,
                verdict_till(site, standing.person, Month::of(standing.at)),
                verdict_block,
            ];
            let verdict = Verdict::DoubleSale {
                voucher,
                standing,
                other: sale.clone(),
            };
            let parts = place(b"double");
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            self.pronounce(&documents, &parts, verdict, now, outcome)?;
        }
        let lease = self.lease(site, voucher.block)?;
        let holds = lease
            .is_some_and(|lease| lease.person == Some(sale.person) && lease.device == Some(device));
        if !holds {
            let parts = place(b"recalled");
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let verdict = Verdict::SoldAfterRecall {
                voucher,
                sale: sale.clone(),
            };
            self.pronounce(&[verdict_document], &parts, verdict, now, outcome)?;
            // The present holder must not sell it again.
            let parts = place(b"elsewhere");
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let verdict = Verdict::SoldElsewhere {
                block: voucher.block,
                indexes: vec![voucher.index],
            };
            self.pronounce(&[verdict_block], &parts, verdict, now, outcome)?;
        }
        Ok(())
    }

    /// Imported codes are unique in the organisation; those that exist elsewhere are void here.
    fn judge_codes(
        &mut self,
        site: SiteId,
        block: BlockId,
        packed: &str,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let mut duplicates = Vec::new();
        for (index, code) in voucher::unpack(packed)
            .unwrap_or_default()
            .into_iter()
            .enumerate()
        {
            let here = VoucherRef {
                block,
                index: u32::try_from(index).unwrap_or(u32::MAX),
            };
            match self.codes.get(&code.username) {
                None => return Err(AdmitError::Missing(Need::Codes(vec![code.username]))),
                Some(Some(_)) => duplicates.push(here.index),
                Some(None) => {
                    self.codes.insert(code.username, Some(here));
                }
            }
        }
        if duplicates.is_empty() {
            return Ok(());
        }
        let verdict = Verdict::DuplicateCodes {
            block,
            indexes: duplicates,
        };
        let document = DocumentKey::VerdictBlock { site, block };
        self.pronounce(
            &[document],
            &[b"codes", block.as_bytes()],
            verdict,
            now,
            outcome,
        )
    }

    fn lease(&self, site: SiteId, block: BlockId) -> Result<Option<Leased>, AdmitError> {
        Ok(leases(self.get(&DocumentKey::Batches(site))?.sheet()).remove(&block))
    }

    fn write_lease(
        &mut self,
        site: SiteId,
        block: BlockId,
        to: Option<PersonId>,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let turn = self.lease(site, block)?.map_or(0, |lease| lease.turn) + 1;
        let device = match to {
            None => None,
            Some(person) => {
                let devices = self
                    .devices
                    .get(&person)
                    .ok_or(AdmitError::Missing(Need::Devices(person)))?;
                devices.first().copied()
            }
        };
        let sold: Vec<u32> = self
            .sold
            .get(&block)
            .ok_or(AdmitError::Missing(Need::Sold(block)))?
            .keys()
            .copied()
            .collect();
        if !sold.is_empty() {
            let verdict = Verdict::SoldElsewhere {
                block,
                indexes: sold,
            };
            let parts: [&[u8]; 3] = [b"before", block.as_bytes(), &turn.to_be_bytes()];
            let document = DocumentKey::VerdictBlock { site, block };
            self.pronounce(&[document], &parts, verdict, now, outcome)?;
        }
        self.write_leased(
            site,
            Leased {
                block,
                turn,
                person: to,
                device,
            },
            now,
            outcome,
        )
    }

    fn write_leased(
        &mut self,
        site: SiteId,
        leased: Leased,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let key = verdict_key(&[
            b"lease",
            leased.block.as_bytes(),
            &leased.turn.to_be_bytes(),
        ]);
        let fact = relay_fact(now, FactBody::Leased(leased));
        self.write(
            DocumentKey::Batches(site),
            &[fact_put(&key, &fact)],
            PersonId::RELAY,
            None,
            now,
            outcome,
        )?;
        Ok(())
    }

    /// Binds the blocks that wait for a device of this person to the one that says hello.
    pub fn bind_leases(
        &mut self,
        site: SiteId,
        person: PersonId,
        device: DeviceId,
        now: Timestamp,
    ) -> Result<Outcome, AdmitError> {
        let mut outcome = Outcome::default();
        let waiting: Vec<Leased> = leases(self.get(&DocumentKey::Batches(site))?.sheet())
            .into_values()
            .filter(|lease| lease.person == Some(person) && lease.device.is_none())
            .collect();
        for lease in waiting {
            let bound = Leased {
                turn: lease.turn + 1,
                device: Some(device),
                ..lease
            };
            self.write_leased(site, bound, now, &mut outcome)?;
        }
        Ok(outcome)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a hold keeps everything it will be decided by"
    )]
    pub(super) fn hold(
        &mut self,
        signer: Signer,
        intent: &BatchIntent,
        changes: &[FullChange],
        id: HoldId,
        reason: HoldReason,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        let known = self
            .holds
            .get(&id)
            .ok_or(AdmitError::Missing(Need::Hold(id)))?;
        let writes: Vec<DocumentWrite> = changes
            .iter()
            .map(|full| DocumentWrite {
                document: full.document,
                puts: puts_of(&full.change),
            })
            .collect();
        if let Some(known) = known {
            // A long intent arrives in several batches.
            let mut hold = known.clone();
            let more = writes
                .into_iter()
                .filter(|write| !known.writes.contains(write));
            hold.writes.extend(more);
            if hold.decided.is_none() && hold.writes.len() > known.writes.len() {
                outcome.holds.push(hold.clone());
                self.holds.insert(id, Some(hold));
            }
            return Ok(());
        }
        let site = changes
            .iter()
            .filter_map(|full| full.document.site())
            .next_back();
        let listed_in = site.map_or(DocumentKey::Me(signer.person), |site| {
            verdict_till(site, signer.person, Month::of(now))
        });
        let hold = Hold {
            id,
            listed_in,
            intent: intent.id,
            person: signer.person,
            device: signer.device,
            reason,
            writes,
            decided: None,
        };
        let facts = changes
            .iter()
            .flat_map(|full| full.change.ops.iter().filter_map(fact_of))
            // Who decides about sales need not see codes.
            .filter(|fact| !matches!(fact.body, FactBody::Codes(_)))
            .collect();
        let verdict = Verdict::Held {
            hold: id,
            intent: intent.id,
            person: signer.person,
            device: signer.device,
            reason,
            facts,
        };
        self.pronounce(
            &[listed_in],
            &[b"held", id.as_bytes()],
            verdict,
            now,
            outcome,
        )?;
        outcome.holds.push(hold.clone());
        self.holds.insert(id, Some(hold));
        Ok(())
    }

    /// One accepts only what one could have done: otherwise a held change would be a way to any role. Who sees all
    /// sales of a site may accept a sale there.
    fn may_accept(&self, by: PersonId, hold: &Hold) -> Result<bool, AdmitError> {
        let decider = self.principal(by)?;
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
            for put in &write.puts {
                let op = PlainOp {
                    container: put.container,
                    key: put.key.clone(),
                    value: put.value.clone(),
                    replaces: Vec::new(),
                };
                let objection =
                    admission::check(&author, &write.document, sheet, hold.intent, &op).err();
                let false_claim = match fact_of(&op) {
                    // Already there: writing it again does nothing.
                    _ if objection == Some(Objection::Malformed(Malformed::FactOverwritten)) => {
                        continue;
                    }
                    Some(fact) => self.false_claim(&write.document, hold.intent, &fact)?,
                    None => None,
                };
                // A block lost in a restore or a replacement that is not due is for people to judge; a lie is not.
                if objection.is_some() || matches!(false_claim, Some(Objection::Malformed(_))) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Somebody decided about a hold: if accepted, the relay applies the intent in its own name.
    fn decide(
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
        // Nobody decides about his own work.
        if by == hold.person || (decision.accepted && !self.may_accept(by, hold)?) {
            return Ok(());
        }
        let mut hold = hold.clone();
        hold.decided = Some(decision.accepted);
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

    /// Writes one verdict into several documents.
    fn pronounce(
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
