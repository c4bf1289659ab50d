//! Who holds a block: the relay writes the leases.

use super::{AdmitError, Need, OrgState, Outcome, relay_fact};
use crate::command::fact_put;
use crate::document::DocumentKey;
use crate::fact::{FactBody, Leased, Verdict, verdict_key};
use crate::ids::{BlockId, DeviceId, IntentId, PersonId, SiteId};
use crate::time::Timestamp;

impl OrgState {
    pub(super) fn lease(&self, site: SiteId, block: BlockId) -> Result<Option<Leased>, AdmitError> {
        let batches = self.get(&DocumentKey::Batches(site))?;
        Ok(batches.leases().get(&block).cloned())
    }

    pub(super) fn write_lease(
        &mut self,
        site: SiteId,
        block: BlockId,
        to: Option<PersonId>,
        cause: Option<IntentId>,
        now: Timestamp,
        outcome: &mut Outcome,
    ) -> Result<(), AdmitError> {
        // Whoever asked had not heard of it yet.
        if self.is_undone(site, block)? {
            return Ok(());
        }
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
                cause,
            },
            now,
            outcome,
        )?;
        self.end_by_lease(site, block, to, now, outcome)
    }

    pub(super) fn write_leased(
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
        let verdict_block = DocumentKey::VerdictBlock {
            site,
            block: leased.block,
        };
        let fact = relay_fact(now, FactBody::Leased(leased));
        // Whoever gets the block finds their turn beside it; the batches are not for every holder to read.
        for document in [verdict_block, DocumentKey::Batches(site)] {
            self.write(
                document,
                &[fact_put(&key, &fact)],
                PersonId::RELAY,
                None,
                now,
                outcome,
            )?;
        }
        Ok(())
    }

    /// Binds the blocks that wait for a device of this person to the one that says hello, and those of the devices
    /// it took the place of. Nothing is written before everything it needs is there.
    pub fn bind_leases(
        &mut self,
        site: SiteId,
        person: PersonId,
        device: DeviceId,
        replaced: &[DeviceId],
        now: Timestamp,
    ) -> Result<Outcome, AdmitError> {
        let mut outcome = Outcome::default();
        let waiting: Vec<Leased> = self
            .get(&DocumentKey::Batches(site))?
            .leases()
            .values()
            .filter(|lease| {
                let is_waiting = lease.device.is_none_or(|held| replaced.contains(&held));
                lease.person == Some(person) && is_waiting
            })
            .cloned()
            .collect();
        let ledger = self.ledger(site)?;
        for lease in &waiting {
            let block = lease.block;
            self.get(&DocumentKey::VerdictBlock { site, block })?;
            for offer in ledger.offers_of(block) {
                for document in self.ends_of(offer)? {
                    self.get(&document)?;
                }
            }
        }
        for lease in waiting {
            let bound = Leased {
                turn: lease.turn + 1,
                device: Some(device),
                cause: None,
                ..lease
            };
            self.write_leased(site, bound, now, &mut outcome)?;
            // What the device before it was handing over, this one holds now.
            self.end_by_lease(site, lease.block, None, now, &mut outcome)?;
        }
        Ok(outcome)
    }
}
