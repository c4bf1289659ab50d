//! What people do at their devices. What goes wrong is in [`faults`].

mod batches;
mod faults;
mod office;
mod sales;
mod stock;

use std::collections::BTreeSet;

use crdt_model::capability::Capability;
use crdt_model::command::Command;
use crdt_model::ids::{IntentId, PersonId};

use crate::world::{Check, World};

impl World {
    /// Somebody does something, if their device is on and lets them.
    pub fn act(&mut self) -> Check {
        let device = self.random.below(self.devices.len());
        let Some(core) = &self.devices[device].core else {
            return Ok(());
        };
        let principal = core.replica.principal();
        let is_office = principal.may_somewhere(Capability::VouchersLease);
        match self.random.below(100) {
            0..=30 => self.sell(device),
            31..=44 => {
                self.move_stock(device);
                Ok(())
            }
            45..=46 => self.rival(),
            47..=49 => self.lie(),
            50..=55 => self.edit(device),
            56..=59 => {
                self.replace(device);
                Ok(())
            }
            66..=69 if is_office => {
                self.undo(device);
                Ok(())
            }
            60..=69 if is_office => {
                let site = *self
                    .random
                    .pick(&self.sites.clone())
                    .expect("there is a site");
                let blocks = 1 + self.random.below(2);
                self.import(device, site, blocks);
                Ok(())
            }
            70..=84 if is_office => {
                self.lease_or_recall(device);
                Ok(())
            }
            85..=88 if is_office => {
                self.decide_one(device, None);
                Ok(())
            }
            89..=91 if is_office => {
                self.edit_catalog(device);
                Ok(())
            }
            92..=98 if is_office => {
                self.manage_staff(device);
                Ok(())
            }
            _ => {
                self.register(device);
                Ok(())
            }
        }
    }

    /// Executes a command at a device; whether its rules allow it is theirs to say.
    pub fn command(&mut self, device: usize, command: Command) -> Option<IntentId> {
        let now = self.devices[device].now(self.now);
        let short: String = format!("{command:?}").chars().take(160).collect();
        let name = self.devices[device].name.clone();
        let executed = self.devices[device]
            .core
            .as_mut()?
            .execute(command, now, &mut self.random);
        match executed {
            Ok((intent, commit)) => {
                self.counts.actions += 1;
                self.note(format!("{name} {intent}: {short}"));
                self.devices[device].commit(commit);
                Some(intent)
            }
            Err(refusal) => {
                self.note(format!("{name} may not ({refusal}): {short}"));
                None
            }
        }
    }

    pub(super) fn people(&self) -> Vec<PersonId> {
        let people: BTreeSet<PersonId> =
            self.devices.iter().map(|device| device.me.person).collect();
        people.into_iter().collect()
    }
}
