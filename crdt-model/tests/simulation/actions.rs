//! What people do, and what goes wrong.

use std::collections::BTreeSet;

use crdt_model::batch::check_undo;
use crdt_model::capability::{Capability, Grant};
use crdt_model::client::{ClientDetails, clients};
use crdt_model::command::{Command, NewBlock};
use crdt_model::document::DocumentKey;
use crdt_model::fact::{
    BlockMade, FactBody, HandOverTaken, Offer, PaymentMethod, StockAsked, Verdict, VoucherRef,
};
use crdt_model::hand_over::{self, HandOverCode, HandOvers};
use crdt_model::ids::{BatchId, BlockId, HoldId, IntentId, PackageId, PersonId, SiteId};
use crdt_model::money::Money;
use crdt_model::replica::PendingState;
use crdt_model::sale::{Buyer, SellOrder, contradicted, sales};
use crdt_model::sheets::Sheets;
use crdt_model::staff;
use crdt_model::stock_ask::{Ask, asks};
use crdt_model::sync::device::Event;
use crdt_model::voucher::Code;

use crate::bugs::Bug;
use crate::device::SimDevice;
use crate::world::{Check, World, details};

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

    pub fn sell(&mut self, device: usize) -> Check {
        let now = self.devices[device].now(self.now);
        let quantity = u32::try_from(1 + self.random.below(3)).expect("small");
        let Some(core) = &mut self.devices[device].core else {
            return Ok(());
        };
        let stock = core.replica.stock();
        let blocks: Vec<(SiteId, PackageId, Money)> = stock
            .mine()
            .filter(|block| stock.free(block).next().is_some())
            .map(|block| (block.site, block.package, block.price))
            .collect();
        let Some(&(site, package, price)) = self.random.pick(&blocks) else {
            return Ok(());
        };
        let known: Vec<_> = clients(core.replica.sheets())
            .into_iter()
            .map(|c| c.id)
            .collect();
        let client = match self.random.below(10) {
            0..=1 => Buyer::New(ClientDetails {
                name: format!("client {}", self.random.below(1000)),
                ..ClientDetails::default()
            }),
            2 => self
                .random
                .pick(&known)
                .map_or(Buyer::WalkIn, |id| Buyer::Known(*id)),
            _ => Buyer::WalkIn,
        };
        let order = SellOrder {
            site,
            package,
            price,
            quantity,
            method: PaymentMethod::Cash,
            reference: None,
            client,
        };
        let Ok((intent, commit)) = core.sell(order, now, &mut self.random) else {
            return Ok(());
        };
        let vouchers: Vec<VoucherRef> = core
            .replica
            .pending(intent)
            .into_iter()
            .flat_map(|pending| match &pending.intent.command {
                Command::Sell { sale, .. } => sale.lines.iter().map(|line| line.voucher).collect(),
                _ => Vec::new(),
            })
            .collect();
        self.check_not_given(device, &vouchers)?;
        let sim = &mut self.devices[device];
        sim.waiting
            .insert(commit.number, (intent, vouchers.clone()));
        sim.commit(commit);
        let name = sim.name.clone();
        self.counts.actions += 1;
        self.note(format!("{name} sells {intent}: {vouchers:?}"));
        Ok(())
    }

    pub fn replace(&mut self, device: usize) {
        let Some(core) = &self.devices[device].core else {
            return;
        };
        let (sheets, stock) = (core.replica.sheets(), core.replica.stock());
        let me = self.devices[device].me.person;
        let lost = sales(sheets)
            .into_iter()
            .filter(|entry| entry.person == me)
            .find_map(|entry| {
                Some((
                    entry.id,
                    entry.site,
                    contradicted(sheets, &stock, &entry)?.0,
                ))
            });
        let spare = stock
            .mine()
            .find_map(|block| Some((block.package, stock.free(block).next()?)));
        if let (Some((sale, site, replaces)), Some((package, voucher))) = (lost, spare)
            && stock
                .blocks
                .get(&voucher.block)
                .is_some_and(|block| block.site == site)
        {
            self.command(
                device,
                Command::Replace {
                    site,
                    sale,
                    replaces,
                    voucher,
                    package,
                },
            );
        }
    }

    pub fn import(&mut self, device: usize, site: SiteId, count: usize) -> Vec<BlockId> {
        let package = *self
            .random
            .pick(&self.packages)
            .expect("there is a package");
        let mut ids = Vec::new();
        let blocks = (0..count)
            .map(|_| {
                let block = BlockId::generate(self.now, &mut self.random);
                ids.push(block);
                let codes = (0..3 + self.random.below(4))
                    .map(|_| {
                        self.codes_made += 1;
                        // Now and then a file holds a code that was imported before.
                        let number = if self.random.chance(3) {
                            self.random.below(self.codes_made)
                        } else {
                            self.codes_made
                        };
                        Code {
                            username: format!("C{number:05}"),
                            password: None,
                        }
                    })
                    .collect();
                NewBlock { block, codes }
            })
            .collect();
        let batch = BatchId::generate(self.now, &mut self.random);
        let price = Money::from_minor(1_000);
        let made = if self.random.chance(60) {
            self.command(
                device,
                Command::MakeBatch {
                    site,
                    batch,
                    label: "import".into(),
                    package,
                    price,
                    blocks,
                },
            )
        } else {
            self.import_in_parts(device, site, batch, package, blocks)
        };
        if made.is_some() { ids } else { Vec::new() }
    }

    /// A command for each block, and the batch last; now and then that never comes.
    fn import_in_parts(
        &mut self,
        device: usize,
        site: SiteId,
        batch: BatchId,
        package: PackageId,
        blocks: Vec<NewBlock>,
    ) -> Option<IntentId> {
        let price = Money::from_minor(1_000);
        let named = blocks
            .iter()
            .map(|block| BlockMade {
                block: block.block,
                count: u32::try_from(block.codes.len()).expect("small"),
            })
            .collect();
        for block in blocks {
            self.command(
                device,
                Command::AddBlocks {
                    site,
                    batch,
                    package,
                    price,
                    blocks: vec![block],
                },
            )?;
        }
        if self.random.chance(20) {
            return None;
        }
        self.command(
            device,
            Command::CompleteBatch {
                site,
                batch,
                label: "import".into(),
                package,
                price,
                blocks: named,
                made_on: None,
            },
        )
    }

    /// Undoes a batch, or what is left of one that was never finished.
    fn undo(&mut self, device: usize) {
        let Some(core) = &self.devices[device].core else {
            return;
        };
        let stock = core.replica.stock();
        let batches: BTreeSet<(SiteId, BatchId)> = stock
            .blocks
            .values()
            .map(|block| (block.site, block.batch))
            .filter(|(site, batch)| check_undo(&stock, *site, *batch).is_ok())
            .collect();
        let batches: Vec<(SiteId, BatchId)> = batches.into_iter().collect();
        let Some(&(site, batch)) = self.random.pick(&batches) else {
            return;
        };
        let undone = stock.blocks.values().filter(|block| block.batch == batch);
        let blocks: Vec<BlockId> = undone.clone().map(|block| block.id).collect();
        let codes: Vec<Code> = undone
            .flat_map(|block| block.codes.clone().into_iter().flatten())
            .collect();
        let is_undone = self
            .command(device, Command::UndoBatch { site, batch })
            .is_some();
        // Somebody else in the office gives a block of it away, and has not heard.
        if is_undone && self.random.chance(40) {
            let other = self.random.below(self.devices.len());
            let people = self.people();
            if let (Some(block), Some(to)) = (
                self.random.pick(&blocks).copied(),
                self.random.pick(&people).copied(),
            ) {
                self.command(other, Command::LeaseBlock { site, block, to });
            }
        }
        // The same file once more, as it should have been.
        if is_undone && !codes.is_empty() && self.random.chance(60) {
            let block = BlockId::generate(self.now, &mut self.random);
            let batch = BatchId::generate(self.now, &mut self.random);
            let package = *self
                .random
                .pick(&self.packages)
                .expect("there is a package");
            self.command(
                device,
                Command::MakeBatch {
                    site,
                    batch,
                    label: "again".into(),
                    package,
                    price: Money::from_minor(1_000),
                    blocks: vec![NewBlock { block, codes }],
                },
            );
        }
    }

    fn people(&self) -> Vec<PersonId> {
        let people: BTreeSet<PersonId> =
            self.devices.iter().map(|device| device.me.person).collect();
        people.into_iter().collect()
    }

    fn lease_or_recall(&mut self, device: usize) {
        let Some(core) = &self.devices[device].core else {
            return;
        };
        let stock = core.replica.stock();
        let blocks: Vec<(SiteId, BlockId, bool)> = stock
            .blocks
            .values()
            .map(|block| {
                let leased = block
                    .lease
                    .as_ref()
                    .is_some_and(|lease| lease.person.is_some());
                (block.site, block.id, leased)
            })
            .collect();
        let people = self.people();
        let Some(&(site, block, leased)) = self.random.pick(&blocks) else {
            return;
        };
        let to = *self.random.pick(&people).expect("somebody works here");
        let command = if leased {
            Command::RecallBlock {
                site,
                block,
                to: self.random.chance(70).then_some(to),
                reason: "phone lost".into(),
            }
        } else {
            Command::LeaseBlock { site, block, to }
        };
        self.command(device, command);
    }

    /// Blocks go from hand to hand, codes of hand-overs from mouth to mouth, and stock is asked for.
    fn move_stock(&mut self, device: usize) {
        let Some(core) = &self.devices[device].core else {
            return;
        };
        let me = self.devices[device].me.person;
        let (sheets, principal) = (core.replica.sheets(), core.replica.principal());
        let command = match self.random.below(10) {
            0..=3 => {
                let stock = core.replica.stock();
                let held: Vec<_> = stock.mine().collect();
                let mut others = self.people();
                others.retain(|person| *person != me);
                let to = self.random.pick(&others).copied();
                let to = to.filter(|_| self.random.chance(75));
                self.random.pick(&held).and_then(|block| {
                    Some(Command::GiveBlock {
                        site: block.site,
                        given: hand_over::give(&stock, block, to).ok()?,
                    })
                })
            }
            4..=5 => {
                // Shown on one screen, typed at another.
                let mut open: Vec<Offer> = Vec::new();
                for other in self.devices.iter().filter_map(|other| other.core.as_ref()) {
                    let known = HandOvers::fold(other.replica.sheets());
                    let mine = known
                        .all
                        .into_values()
                        // As often by who has nothing to do with it.
                        .filter(|known| known.is_open())
                        .filter(|known| known.is_for(&principal) || self.random.chance(50));
                    open.extend(mine.map(|known| known.offer));
                }
                self.random.pick(&open).map(|offer| Command::TakeBlock {
                    site: offer.site,
                    taken: HandOverTaken {
                        code: HandOverCode::of(offer.given, offer.site),
                        from: Some(offer.from),
                    },
                })
            }
            6 => {
                let known = HandOvers::fold(sheets);
                let own: Vec<_> = known
                    .all
                    .values()
                    .filter(|known| known.is_open() && known.offer.from == me)
                    .collect();
                self.random
                    .pick(&own)
                    .map(|known| Command::WithdrawHandOver {
                        site: known.offer.site,
                        given: known.offer.given,
                    })
            }
            7 => Some(Command::AskForStock {
                site: *self.random.pick(&self.sites).expect("there is a site"),
                asked: StockAsked {
                    package: self.packages[0],
                    quantity: 10,
                    note: None,
                },
            }),
            _ => {
                let open: Vec<Ask> = asks(sheets)
                    .into_iter()
                    .filter(|ask| ask.ended.is_none())
                    .collect();
                self.random.pick(&open).map(|ask| match ask.person == me {
                    true => Command::WithdrawAsk {
                        site: ask.site,
                        asked: ask.id,
                    },
                    false => Command::DeclineAsk {
                        till: ask.till,
                        asked: ask.id,
                        reason: "none here".into(),
                    },
                })
            }
        };
        let Some(command) = command else { return };
        let given = match &command {
            Command::GiveBlock { site, given } => Some((*site, given.to)),
            _ => None,
        };
        // Mostly both stand side by side, with signal or without; and two in the office may take the same block.
        if let (Some(id), Some((site, to))) = (self.command(device, command), given)
            && self.random.chance(60)
        {
            let is_taker = |other: &SimDevice| match (to, &other.core) {
                (_, None) => false,
                (Some(to), _) => other.me.person == to,
                (None, Some(core)) => {
                    let who = core.replica.principal();
                    other.me.person != me && who.may_at(Capability::VouchersLease, site)
                }
            };
            let takers = (0..self.devices.len()).filter(|other| is_taker(&self.devices[*other]));
            for taker in takers.take(2).collect::<Vec<_>>() {
                let taken = HandOverTaken {
                    code: HandOverCode::of(id, site),
                    from: None,
                };
                self.command(taker, Command::TakeBlock { site, taken });
            }
        }
    }

    fn edit_catalog(&mut self, device: usize) {
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

    fn manage_staff(&mut self, device: usize) {
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

    fn register(&mut self, device: usize) {
        let client = crdt_model::ids::ClientId::generate(self.now, &mut self.random);
        let site = *self.random.pick(&self.sites).expect("there is a site");
        let details = ClientDetails {
            name: "somebody".into(),
            ..ClientDetails::default()
        };
        self.command(
            device,
            Command::RegisterClient {
                client,
                site,
                details,
            },
        );
    }

    /// Decides about the first held item that this device sees.
    fn decide_one(&mut self, device: usize, accept: Option<bool>) -> bool {
        let Some(core) = &self.devices[device].core else {
            return false;
        };
        let Some((till, hold)) = undecided(core.replica.sheets(), self.devices[device].me.person)
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
        self.excuse_what_was_destroyed();
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

/// Held items of others without a decision, with the till in which to decide.
pub fn undecided(sheets: &Sheets, me: PersonId) -> Vec<(DocumentKey, HoldId)> {
    let decided: BTreeSet<HoldId> = sheets
        .facts()
        .filter_map(|(_, _, fact)| match &fact.body {
            FactBody::Verdict(Verdict::HeldDecided { hold, .. }) => Some(*hold),
            _ => None,
        })
        .collect();
    sheets
        .facts()
        .filter_map(|(document, _, fact)| match (document, &fact.body) {
            (
                DocumentKey::VerdictTill {
                    site,
                    person,
                    month,
                },
                FactBody::Verdict(Verdict::Held {
                    hold, person: of, ..
                }),
            ) if !decided.contains(hold) && *of != me => Some((
                DocumentKey::Till {
                    site: *site,
                    person: *person,
                    month: *month,
                },
                *hold,
            )),
            _ => None,
        })
        .collect()
}
