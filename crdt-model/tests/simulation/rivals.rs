//! Programs of somebody's that state well-formed things at a bad time: what another holds is sold, and what is held
//! comes again. All of it is let in, held or refused by the rules, and everything else must go on.

use std::collections::BTreeSet;

use crdt_model::capability::Capability;
use crdt_model::command::Command;
use crdt_model::document::{Actor, DocumentKey};
use crdt_model::fact::{
    Ending, FactBody, Line, PaymentMethod, Sale, StockNote, Verdict, VoucherRef,
};
use crdt_model::ids::{DeviceId, IntentId, PersonId};
use crdt_model::relay::{Hold, Signer};
use crdt_model::sync::batch::{BATCH_VERSION, Batch, BatchChange, BatchIntent};
use crdt_model::sync::message::Disposition;
use crdt_model::time::{Month, Timestamp};

use crate::world::{Check, World};

impl World {
    pub fn rival(&mut self) -> Check {
        if self.random.chance(60) {
            self.sell_what_is_not_held()
        } else {
            self.push_what_is_held()
        }
    }

    /// Somebody who may sell at a site sells the first voucher of a block there, whoever has it.
    fn sell_what_is_not_held(&mut self) -> Check {
        let Some(rival) = self.liar() else {
            return Ok(());
        };
        let voucher = VoucherRef {
            block: rival.block,
            index: 0,
        };
        // Whoever sells a code that is void sells it beside the place where it is free: no rule can mend that.
        let is_void = self.relay.database.facts().any(|(_, _, fact)| {
            matches!(&fact.body, FactBody::Verdict(Verdict::DuplicateCodes { block, indexes })
                if *block == voucher.block && indexes.contains(&voucher.index))
        });
        if is_void {
            return Ok(());
        }
        let line = Line {
            voucher,
            package: rival.codes.package,
            price: rival.codes.price,
        };
        let sale = Sale {
            receipt: format!("RIVL-{:06}", self.random.below(1_000_000)),
            lines: vec![line],
            method: PaymentMethod::Cash,
            reference: None,
            client: None,
        };
        let till = DocumentKey::Till {
            site: rival.site,
            person: rival.me,
            month: Month::of(self.now),
        };
        let written = self.fact(till, &rival, FactBody::Sale(sale));
        let device = DeviceId::generate(self.now, &mut self.random);
        let may_sell = rival.principal.may_at(Capability::Sell, rival.site);
        self.note(format!(
            "{} sells what is not theirs: {}",
            rival.me, rival.block
        ));
        let signer = Signer {
            device,
            person: rival.me,
            revoked: false,
        };
        let found = self.push_anew(signer, rival.intent, self.now, &[written])?;
        match found.as_slice() {
            [Disposition::Accepted] if may_sell => Ok(()),
            [Disposition::Held(..)] if !may_sell => Ok(()),
            _ => Err(format!("a sale of a rival is answered with {found:?}")),
        }
    }

    /// Whoever has something held may do everything again that they ever might; it waits for its decision all the same.
    pub fn give_back_roles(&mut self) -> Check {
        let holds = self.relay.database.holds.values();
        let open = holds.filter(|hold| hold.decided.is_none());
        let people: BTreeSet<PersonId> = open.map(|hold| hold.person).collect();
        let owner = self.devices[0].me.person;
        let people: Vec<PersonId> = people.into_iter().filter(|of| *of != owner).collect();
        if people.is_empty() {
            return Ok(());
        }
        for person in people {
            self.command(
                0,
                Command::SetGrants {
                    person,
                    grants: self.first_grant(person).into_iter().collect(),
                },
            );
            let active = true;
            self.command(0, Command::SetStaffActive { person, active });
        }
        self.quiet()?;
        for _ in 0..3 {
            self.push_what_is_held()?;
        }
        self.quiet()
    }

    /// A phone that has forgotten the answer sends once more what waits for a decision, or was declined.
    fn push_what_is_held(&mut self) -> Check {
        let holds = self.relay.database.holds.values();
        let open: Vec<Hold> = holds
            .filter(|hold| hold.decided != Some(true))
            .cloned()
            .collect();
        let Some(hold) = self.random.pick(&open).cloned() else {
            return Ok(());
        };
        let known = self.relay.database.devices.iter();
        let revoked = known
            .filter(|(device, ..)| *device == hold.device)
            .any(|(.., revoked)| *revoked);
        let signer = Signer {
            device: hold.device,
            person: hold.person,
            revoked,
        };
        let writes: Vec<_> = hold
            .writes
            .iter()
            .flat_map(|write| write.puts.iter().map(|put| (write.document, put.clone())))
            .collect();
        self.note(format!("{} comes again, which is held", hold.intent));
        let found = self.push_anew(signer, hold.intent, self.now, &writes)?;
        // A twin may have got it in.
        let is_let_in = found.contains(&Disposition::Accepted);
        if is_let_in && !self.has_rewound {
            return Err(format!(
                "{} was held and is answered {found:?}",
                hold.intent
            ));
        }
        Ok(())
    }

    /// Under a new actor, by somebody who has seen everything.
    fn push_anew(
        &mut self,
        signer: Signer,
        id: IntentId,
        at: Timestamp,
        writes: &[(DocumentKey, crdt_model::document::Put)],
    ) -> Result<Vec<Disposition>, String> {
        let mut salt = [0; 16];
        rand_core::Rng::fill_bytes(&mut self.random, &mut salt);
        let actor = Actor::derive(signer.device, &salt);
        let mut documents: Vec<DocumentKey> =
            writes.iter().map(|(document, _)| *document).collect();
        documents.sort_unstable();
        documents.dedup();
        let mut changes = Vec::new();
        for (n, document) in (0..).zip(&documents) {
            let puts: Vec<_> = writes
                .iter()
                .filter(|(of, _)| of == document)
                .map(|(_, put)| put.clone())
                .collect();
            let mut copy = self.relay.database.document(document);
            if let Some(written) = copy.write(actor, at.as_seconds(), &puts) {
                changes.push(BatchChange {
                    document: n,
                    change: written.plain,
                });
            }
        }
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let batch = Batch {
            version: BATCH_VERSION,
            org: self.relay.org,
            person: signer.person,
            device: signer.device,
            salt,
            documents,
            intents: vec![BatchIntent { id, at, changes }],
        };
        let batch = batch
            .expand()
            .map_err(|error| format!("{id} cannot be put back: {error}"))?;
        let (found, outputs) = self
            .relay
            .judge(signer, &batch, self.now, &mut self.random)?;
        self.outputs(outputs);
        found.map_err(|error| format!("{id} is not looked at: {error}"))
    }

    /// Nobody sells from a block that they are handing over, as long as that is open.
    pub fn check_not_given(&self, device: usize, vouchers: &[VoucherRef]) -> Check {
        let Some(core) = &self.devices[device].core else {
            return Ok(());
        };
        let sheets = core.replica.sheets();
        let stock = core.replica.stock();
        let me: PersonId = self.devices[device].me.person;
        for (_, key, fact) in sheets.facts() {
            let FactBody::HandOverGiven(given) = &fact.body else {
                continue;
            };
            let Ok(id) = key.parse::<IntentId>() else {
                continue;
            };
            let block = stock.blocks.get(&given.block);
            let lease = block.and_then(|block| block.lease.as_ref());
            let is_of_this_turn = lease.is_some_and(|lease| lease.turn == given.turn);
            if fact.by != me
                || !is_of_this_turn
                || !vouchers.iter().any(|voucher| voucher.block == given.block)
            {
                continue;
            }
            // Where it moved, a lease of another turn says so; after a restore, maybe of the same.
            let is_over = sheets.facts().any(|(_, _, fact)| match &fact.body {
                FactBody::StockNote(StockNote::Ended { of, how }) if *of == id => match how {
                    Ending::Withdrawn | Ending::NotAllowed => true,
                    Ending::Taken { .. } | Ending::Overtaken => self.has_rewound,
                    Ending::Met { .. } | Ending::Declined => false,
                },
                _ => false,
            });
            if !is_over {
                return Err(format!(
                    "{} sells {vouchers:?} and is handing the block over",
                    self.devices[device].name
                ));
            }
        }
        Ok(())
    }
}
