//! What is decided at a desk: prices, people, and what waits for a word.

use std::collections::BTreeSet;

use crdt_model::capability::Grant;
use crdt_model::command::Command;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{FactBody, Verdict};
use crdt_model::ids::{HoldId, PackageId, PersonId};
use crdt_model::sheets::Sheets;
use crdt_model::staff;

use crate::world::{Check, World, details};

impl World {
    pub(super) fn edit_catalog(&mut self, device: usize) {
        let price = 1_000 + i64::try_from(self.random.below(5)).expect("small") * 500;
        let command = match self.random.below(3) {
            0 => {
                let package = PackageId::generate(self.now, &mut self.random);
                self.packages.push(package);
                Command::AddPackage {
                    package,
                    details: details("1 day", price),
                }
            }
            1 => Command::SetPackageActive {
                package: *self
                    .random
                    .pick(&self.packages)
                    .expect("there is a package"),
                active: self.random.chance(50),
            },
            _ => Command::EditPackage {
                package: *self
                    .random
                    .pick(&self.packages)
                    .expect("there is a package"),
                details: details("1 week", price),
            },
        };
        self.command(device, command);
    }

    pub(super) fn manage_staff(&mut self, device: usize) {
        let Some(core) = &self.devices[device].core else {
            return;
        };
        let known = staff::people(core.replica.sheets().get(&DocumentKey::Staff));
        let others: Vec<PersonId> = self
            .people()
            .into_iter()
            .filter(|person| *person != self.devices[0].me.person)
            .collect();
        let Some(person) = self.random.pick(&others).copied() else {
            return;
        };
        let Some(found) = known.get(&person) else {
            return;
        };
        let command = match self.random.below(10) {
            0..=3 if !found.grants.is_empty() => Command::SetGrants {
                person,
                grants: Vec::new(),
            },
            0..=6 => {
                let grants = self.first_grant(person).into_iter().collect();
                Command::SetGrants { person, grants }
            }
            7..=8 => Command::SetStaffActive {
                person,
                active: !found.active,
            },
            _ => Command::AddStaff {
                person: PersonId::generate(self.now, &mut self.random),
                name: "new".into(),
                grants: Vec::new(),
            },
        };
        self.command(device, command);
    }

    /// What somebody was hired for.
    pub fn first_grant(&self, person: PersonId) -> Option<Grant> {
        let prefix = format!("person/{person}/grant/");
        let mut rows = self.relay.database.rows.iter();
        rows.find_map(|row| {
            let mut grants = row.ops.iter().filter_map(|op| op.key.strip_prefix(&prefix));
            grants.next().and_then(|grant| grant.parse().ok())
        })
    }

    /// Decides about the first held item that this device sees.
    pub(super) fn decide_one(&mut self, device: usize, accept: Option<bool>) -> bool {
        let Some(core) = &self.devices[device].core else {
            return false;
        };
        let Some((till, hold, told)) =
            undecided(core.replica.sheets(), self.devices[device].me.person)
                .first()
                .copied()
        else {
            return false;
        };
        let accepted = accept.unwrap_or_else(|| self.random.chance(60));
        self.command(
            device,
            Command::DecideHeld {
                till,
                hold,
                accepted,
                reason: (!accepted).then(|| "no".into()),
                told,
            },
        )
        .is_some()
    }

    /// The owner goes through everything that waits for a person.
    pub fn decide_everything(&mut self) -> Check {
        for _ in 0..200 {
            if !self.decide_one(0, None) {
                return Ok(());
            }
            self.quiet()?;
        }
        Err("the owner decides and decides, and something is held still".into())
    }
}

/// Held items of others without a decision, with the till in which to decide and how often they were told of.
fn undecided(sheets: &Sheets, me: PersonId) -> Vec<(DocumentKey, HoldId, u32)> {
    let decided: BTreeSet<HoldId> = sheets
        .facts()
        .filter_map(|(_, _, fact)| match &fact.body {
            FactBody::Verdict(Verdict::HeldDecided { hold, .. }) => Some(*hold),
            _ => None,
        })
        .collect();
    let mut undecided: Vec<(DocumentKey, HoldId, u32)> = Vec::new();
    for (document, _, fact) in sheets.facts() {
        let (
            DocumentKey::VerdictTill {
                site,
                person,
                month,
            },
            FactBody::Verdict(Verdict::Held {
                hold, person: of, ..
            }),
        ) = (document, &fact.body)
        else {
            continue;
        };
        if decided.contains(hold) || *of == me {
            continue;
        }
        let till = DocumentKey::Till {
            site: *site,
            person: *person,
            month: *month,
        };
        match undecided.iter_mut().find(|(_, known, _)| known == hold) {
            Some((_, _, told)) => *told += 1,
            None => undecided.push((till, *hold, 1)),
        }
    }
    undecided
}
