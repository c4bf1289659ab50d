//! What goes wrong.

use crdt_model::replica::PendingState;
use crdt_model::sync::device::Event;

use crate::bugs::Bug;
use crate::device::SimDevice;
use crate::world::{Check, World};

impl World {
    /// Something goes wrong.
    pub fn fault(&mut self) -> Check {
        self.counts.faults += 1;
        // Often just when the relay would forget what it holds, and a phone waits for it.
        let mut outboxes = self
            .devices
            .iter()
            .filter_map(|device| device.core.as_ref());
        let would_forget = self.backup.as_ref().is_some_and(|backup| {
            outboxes.any(|core| {
                core.replica.outbox().any(|pending| {
                    matches!(&pending.state, PendingState::Held { hold, .. }
                        if !backup.holds.contains_key(hold))
                })
            })
        });
        if would_forget && self.random.chance(30) {
            self.restore_relay();
            return Ok(());
        }
        let device = self.random.below(self.devices.len());
        let name = self.devices[device].name.clone();
        let ids: Vec<u32> = self.network.connections.keys().copied().collect();
        match self.random.below(100) {
            0..=19 => {
                if let Some(id) = self.random.pick(&ids).copied() {
                    let half_open = self.random.chance(40);
                    self.note(format!("connection {id} is cut, half-open {half_open}"));
                    self.network.cut(id, half_open);
                }
            }
            20..=39 => {
                // Preferably in the middle of something.
                let busy = self
                    .devices
                    .iter()
                    .position(|device| device.tasks.len() > 1)
                    .filter(|_| self.random.chance(50));
                let device = busy.unwrap_or(device);
                if self.devices[device].core.is_some() {
                    self.crash(device);
                }
            }
            40..=59 => {
                for device in &mut self.devices {
                    if device.core.is_none() {
                        device.start(&mut self.random)?;
                    }
                }
            }
            60..=65 => {
                self.crash(device);
                let meta = self.devices[device].store.remove("meta");
                self.devices[device].store.clear();
                self.devices[device].rewound();
                if self.bug == Some(Bug::MetaOutlivesWipe)
                    && let Some(meta) = meta
                {
                    self.devices[device].store.insert("meta".into(), meta);
                }
                self.note(format!("{name}: the database is wiped"));
                if self.bug != Some(Bug::JournalNotFlushed) {
                    self.excuse_what_was_destroyed();
                }
            }
            66..=68 => {
                self.has_rewound = true;
                self.crash(device);
                self.devices[device].rewound();
                self.devices[device].journal.clear();
                self.note(format!("{name}: the journal is wiped"));
                self.excuse_what_was_destroyed();
            }
            69..=71 => {
                let kept = (
                    self.devices[device].store.clone(),
                    self.devices[device].journal.clone(),
                );
                self.devices[device].backup = Some(kept);
            }
            72..=74 => {
                if let Some((store, journal)) = self.devices[device].backup.take() {
                    self.has_rewound = true;
                    self.crash(device);
                    self.note(format!("{name}: an older profile is restored"));
                    self.devices[device].rewound();
                    self.devices[device].store = store;
                    self.devices[device].journal = journal;
                    // What it handed out since, it has forgotten: this is what double sales come from.
                    self.devices[device].handed_out.clear();
                    self.excuse_what_was_destroyed();
                }
            }
            75..=76 if !self.has_clone && device > 0 => self.clone_profile(device),
            77..=82 => {
                let days = i64::try_from(self.random.below(61)).expect("small") - 30;
                self.note(format!("{name}: the clock is {days} days off"));
                self.devices[device].skew = days * 86_400_000;
            }
            83 if self.random.chance(30) => self.revoke(device)?,
            83..=88 => {
                self.note("the relay restarts");
                let outputs = self.relay.restart();
                self.outputs(outputs);
            }
            89..=90 => self.relay.die_after_next = true,
            91..=92 => self.relay.fail_next = true,
            93..=95 => self.backup = Some(self.relay.database.clone()),
            96..=97 => self.restore_relay(),
            _ => {
                if let Some(sealed) = self.devices[device].sealed.clone() {
                    self.note(format!(
                        "{name}: a copy of the batch arrives by another way"
                    ));
                    self.post(device, &sealed)?;
                }
            }
        }
        Ok(())
    }

    fn restore_relay(&mut self) {
        let Some(backup) = self.backup.take() else {
            return;
        };
        self.has_rewound = true;
        self.note(format!("the relay is restored to {}", backup.head()));
        let outputs = self.relay.restore(backup);
        self.outputs(outputs);
        if self.bug != Some(Bug::RestoreNotTold) {
            self.excuse_what_was_destroyed();
        }
    }

    /// A batch goes without a session, and the answer comes, or is lost.
    fn post(&mut self, device: usize, sealed: &[u8]) -> Check {
        let (answer, outputs) = self.relay.post(sealed, self.now, &mut self.random)?;
        self.outputs(outputs);
        if let Some(answer) = answer
            && self.random.chance(50)
        {
            self.event(device, Event::Posted(answer));
        }
        Ok(())
    }

    /// A phone is lost, and the office says so. What waits on it still comes, and is held.
    fn revoke(&mut self, device: usize) -> Check {
        let lost = self.devices[device].me;
        if lost.person == self.devices[0].me.person {
            return Ok(());
        }
        self.note(format!("{} is revoked", self.devices[device].name));
        self.revoked.insert(lost.device, self.relay.database.head());
        let twins = self.devices.iter_mut();
        for twin in twins.filter(|twin| twin.me.device == lost.device) {
            twin.is_revoked = true;
        }
        let outputs = self.relay.revoke(lost.device, self.now, &mut self.random)?;
        self.outputs(outputs);
        match self.devices[device].sealed.clone() {
            Some(sealed) => self.post(device, &sealed),
            None => Ok(()),
        }
    }

    /// A second browser with the same profile: the same identity, the same stores.
    fn clone_profile(&mut self, device: usize) {
        let original = &self.devices[device];
        let mut clone = SimDevice::new(
            format!("clone of {}", original.name),
            original.me,
            original.bug,
        );
        clone.store = original.store.clone();
        clone.journal = original.journal.clone();
        clone.is_revoked = original.is_revoked;
        self.note(format!("{} appears", clone.name));
        self.devices.push(clone);
        self.has_clone = true;
        self.has_rewound = true;
    }
}
