//! What must hold when everything is quiet (design, section 8).

use std::collections::{BTreeMap, BTreeSet};

use crdt_model::document::{
    Actor, Container, Document, DocumentKey, PlainChange, Scalar, Sheet, genesis_hash,
};
use crdt_model::fact::{Fact, FactBody, Verdict, VoucherRef};
use crdt_model::ids::{BlockId, DeviceId, IntentId, PersonId};
use crdt_model::money::Money;
use crdt_model::replica::PendingState;
use crdt_model::sale::cash_of;
use crdt_model::sheets::Sheets;
use crdt_model::voucher::{Holder, Stock, VoucherState};

use crate::readers::should_read;
use crate::relay::is_of_lost_role;
use crate::world::{Check, World};

impl World {
    pub fn check_everything(&mut self) -> Check {
        self.check_log()?;
        self.check_order()?;
        self.relay.check_cache()?;
        self.check_shown()?;
        self.check_outboxes()?;
        self.check_vouchers()?;
        self.check_replaced()?;
        self.check_holders()?;
        self.check_codes()?;
        self.check_holds()?;
        for device in 0..self.devices.len() {
            self.check_replica(device)?;
        }
        Ok(())
    }

    /// The log is one: no number and no change twice, every document opens.
    fn check_log(&self) -> Check {
        let rows = &self.relay.database.rows;
        let hashes: BTreeSet<_> = rows.iter().map(|row| (row.document, row.hash)).collect();
        let seqs: BTreeSet<u64> = rows.iter().map(|row| row.seq).collect();
        if hashes.len() != rows.len() || seqs.len() != rows.len() {
            return Err("a change or a seq is twice in the log".into());
        }
        for key in self.relay.database.keys() {
            let mut again = Document::new();
            let chunks = rows.iter().filter(|row| row.document == key);
            again
                .apply_chunks(chunks.map(|row| row.chunk.as_slice()))
                .map_err(|error| format!("{key} cannot be made from the log: {error}"))?;
            let saved = Document::load(&again.save())
                .map_err(|error| format!("{key} cannot be loaded: {error}"))?;
            check_records(&key, &again)?;
            if saved.heads() != self.relay.database.heads(&key) {
                return Err(format!("{key} is another after loading"));
            }
        }
        Ok(())
    }

    fn facts(&self) -> BTreeMap<String, (DocumentKey, Fact)> {
        self.relay
            .database
            .facts()
            .map(|(document, key, fact)| (key.to_string(), (document, fact.clone())))
            .collect()
    }

    /// 1 and 2: what was shown as sold or safe is on the server, or waits for a person.
    fn check_shown(&self) -> Check {
        let facts = self.facts();
        for (intent, device) in &self.shown {
            if facts.contains_key(&intent.to_string()) {
                continue;
            }
            let person = self.devices[*device].me.person;
            let waits = self
                .devices
                .iter()
                .filter(|other| other.me.person == person)
                .filter_map(|other| other.core.as_ref())
                .filter_map(|core| core.replica.pending(*intent))
                .any(|pending| pending.state != PendingState::Waiting);
            // Nothing goes from a revoked phone but what somebody carries.
            let is_kept = self.devices.iter().any(|other| {
                other.is_revoked
                    && other.me.person == person
                    && other.durable_outbox().contains(intent)
            });
            // A restore took it from the relay, and the phone that has it was revoked before it came back.
            let key = intent.to_string();
            let is_left_behind = self.relay.lost.contains(&key)
                && self.devices.iter().any(|other| {
                    let core = other.core.as_ref().filter(|_| other.is_revoked);
                    other.me.person == person
                        && core.is_some_and(|core| {
                            let mut facts = core.replica.sheets().facts();
                            facts.any(|(_, known, _)| known == key)
                        })
                });
            if !waits && !is_kept && !is_left_behind {
                return Err(format!(
                    "{intent} was shown as sold at {}, and is nowhere",
                    self.devices[*device].name
                ));
            }
        }
        Ok(())
    }

    /// 6: nothing is stuck, and nothing honest was refused.
    fn check_outboxes(&self) -> Check {
        for device in &self.devices {
            let Some(core) = &device.core else {
                return Err(format!("{} is down", device.name));
            };
            for pending in core.replica.outbox() {
                match &pending.state {
                    PendingState::Refused(code) if is_of_lost_role(*code) => {}
                    PendingState::Held { hold, .. } if !device.is_revoked => {
                        let known = self.relay.database.holds.get(hold);
                        if known.is_none_or(|hold| hold.decided.is_some()) {
                            return Err(format!("{} waits in vain: {pending:?}", device.name));
                        }
                    }
                    PendingState::Waiting | PendingState::Refused(_) if !device.is_revoked => {
                        return Err(format!("{}: {pending:?}", device.name));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// 3: one standing sale, or verdicts that name all of them, in every document concerned.
    fn check_vouchers(&self) -> Check {
        let mut sales: BTreeMap<VoucherRef, BTreeMap<IntentId, DocumentKey>> = BTreeMap::new();
        for (key, (document, fact)) in self.facts() {
            if let (DocumentKey::Till { .. }, Ok(id)) = (document, key.parse()) {
                for voucher in fact.vouchers() {
                    sales.entry(voucher).or_default().insert(id, document);
                }
            }
        }
        for (voucher, sales) in sales.iter().filter(|(_, sales)| sales.len() > 1) {
            let Some(site) = sales.values().next().and_then(DocumentKey::site) else {
                continue;
            };
            let mut documents: BTreeSet<DocumentKey> =
                sales.values().filter_map(DocumentKey::verdict).collect();
            let of_block = DocumentKey::VerdictBlock {
                site,
                block: voucher.block,
            };
            documents.insert(of_block);
            let mut standing_everywhere = BTreeSet::new();
            for document in documents {
                let mut named = BTreeSet::new();
                let sheet = self.relay.database.sheet(&document);
                for (_, fact) in sheet.known_facts() {
                    if let FactBody::Verdict(Verdict::DoubleSale {
                        voucher: about,
                        standing,
                        other,
                    }) = &fact.body
                        && about == voucher
                    {
                        standing_everywhere.insert(standing.sale);
                        named.insert(standing.sale);
                        named.insert(other.sale);
                    }
                }
                let here: BTreeSet<IntentId> = sales
                    .iter()
                    .filter(|(_, till)| document == of_block || till.verdict() == Some(document))
                    .map(|(sale, _)| *sale)
                    .collect();
                if !here.is_subset(&named) {
                    return Err(format!(
                        "{voucher:?} is sold as {here:?}; {document} names {named:?}"
                    ));
                }
            }
            if standing_everywhere.len() != 1 {
                return Err(format!("{voucher:?} stands as {standing_everywhere:?}"));
            }
        }
        Ok(())
    }

    /// One new code for a voucher that a verdict took away.
    fn check_replaced(&self) -> Check {
        let mut given = BTreeSet::new();
        for (key, (_, fact)) in self.facts() {
            if let FactBody::Replacement(replacement) = &fact.body
                && !given.insert((replacement.sale, replacement.replaces))
            {
                return Err(format!("{key} is a second new code: {replacement:?}"));
            }
        }
        Ok(())
    }

    /// What a device keeps folded, and brings to the present sale by sale, is what folding everything gives.
    /// One device at a step: folding is most of what a seed costs.
    pub fn check_stocks(&self, step: usize) -> Check {
        let device = &self.devices[step % self.devices.len()];
        let Some(core) = &device.core else {
            return Ok(());
        };
        let stock = core.replica.stock();
        if *core.replica.shared_stock() != stock {
            return Err(format!("{} keeps another stock than it has", device.name));
        }
        // Whatever becomes of the sale.
        let mut handed_out = device.handed_out.keys();
        let again = handed_out.find(|voucher| {
            let mut free = stock.mine().filter(|block| block.id == voucher.block);
            free.any(|block| stock.free(block).any(|free| free == **voucher))
        });
        match again {
            Some(voucher) => Err(format!(
                "{} would sell {voucher:?} again, which it handed out",
                device.name
            )),
            None => Ok(()),
        }
    }

    /// A block is sold from at one device, and a code is in two hands only where a forced recall, a hold or a device
    /// that lost its memory explains it.
    fn check_holders(&self) -> Check {
        let mut sellers: BTreeMap<BlockId, BTreeSet<(PersonId, DeviceId)>> = BTreeMap::new();
        let mut hands: BTreeMap<VoucherRef, BTreeSet<(PersonId, DeviceId)>> = BTreeMap::new();
        for device in &self.devices {
            let who = (device.me.person, device.me.device);
            // A revoked phone does not hear that its blocks are somebody else's.
            let hears = device.core.iter().filter(|_| !device.is_revoked);
            let stock = hears.map(|core| core.replica.stock());
            for block in
                stock.flat_map(|stock| stock.mine().map(|block| block.id).collect::<Vec<_>>())
            {
                sellers.entry(block).or_default().insert(who);
            }
            for voucher in device.handed_out.keys() {
                hands.entry(*voucher).or_default().insert(who);
            }
        }
        if let Some((block, sellers)) = sellers.iter().find(|(_, sellers)| sellers.len() > 1) {
            let devices = self.devices.iter();
            let seen: Vec<String> = devices
                .filter(|device| sellers.contains(&(device.me.person, device.me.device)))
                .filter_map(|device| {
                    let stock = device.core.as_ref()?.replica.stock();
                    let lease = &stock.blocks.get(block)?.lease;
                    Some(format!("{}: {lease:?}", device.name))
                })
                .collect();
            return Err(format!("{block} is sold from by {seen:#?}"));
        }
        if self.has_rewound {
            return Ok(());
        }
        let mut recalled = BTreeSet::new();
        let mut held = BTreeSet::new();
        for (_, fact) in self.facts().into_values() {
            match &fact.body {
                FactBody::RecallAsked(asked) => drop(recalled.insert(asked.block)),
                FactBody::Verdict(Verdict::Held { facts, .. }) => {
                    held.extend(facts.iter().flat_map(Fact::vouchers));
                }
                _ => {}
            }
        }
        let unexplained = hands.iter().find(|(voucher, hands)| {
            hands.len() > 1 && !recalled.contains(&voucher.block) && !held.contains(voucher)
        });
        match unexplained {
            Some((voucher, hands)) => Err(format!("{voucher:?} is in the hands of {hands:?}")),
            None => Ok(()),
        }
    }

    /// Of one code at most one voucher can be sold, and none once it was sold anywhere.
    fn check_codes(&mut self) -> Check {
        let mut sheets = Sheets::default();
        for key in self.relay.database.keys() {
            *sheets.entry(key) = Sheet::clone(&self.relay.database.sheet(&key));
        }
        let me = self.devices[0].me;
        let holder = Holder {
            person: me.person,
            device: me.device,
        };
        let stock = Stock::fold(&sheets, holder);
        let mut found: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
        let mut places: BTreeMap<&str, Vec<(VoucherRef, VoucherState, bool)>> = BTreeMap::new();
        for block in stock.blocks.values() {
            for (index, code) in (0..).zip(block.codes.iter().flatten()) {
                let voucher = VoucherRef {
                    block: block.id,
                    index,
                };
                let (free, sold) = found.entry(&code.username).or_default();
                self.seen.saw(&stock.state(voucher));
                let place = (voucher, stock.state(voucher), block.is_undone);
                places.entry(&code.username).or_default().push(place);
                // What somebody is said to have sold who never held the block was not handed out.
                let is_only_said = stock
                    .histories
                    .get(&voucher)
                    .is_none_or(|history| history.sales.is_empty() && !history.sold_elsewhere);
                match stock.state(voucher) {
                    VoucherState::Sold if block.is_undone && is_only_said => {}
                    VoucherState::Unused => *free += 1,
                    VoucherState::Sold | VoucherState::DoubleSold => *sold += 1,
                    VoucherState::Void => {}
                }
            }
        }
        match found
            .iter()
            .find(|(_, (free, sold))| free + sold.min(&1) > 1)
        {
            Some((code, (free, sold))) => Err(format!(
                "{code} is free in {free} vouchers and sold in {sold}: {:?}",
                places.get(code)
            )),
            None => Ok(()),
        }
    }

    /// Decisions are carried out.
    fn check_holds(&self) -> Check {
        let facts = self.facts();
        for hold in self.relay.database.holds.values() {
            if hold.decided == Some(true) && hold.writes.iter().any(|write| !write.puts.is_empty())
            {
                let missing = hold
                    .writes
                    .iter()
                    .flat_map(|write| &write.puts)
                    .filter(|put| put.container == Container::Facts)
                    .find(|put| !facts.contains_key(&put.key));
                if let Some(put) = missing {
                    return Err(format!(
                        "hold {} was accepted, {} is not there",
                        hold.id, put.key
                    ));
                }
            }
        }
        // What waits for its decision went in by no other way. Two devices of a person may bring back one thing that
        // the relay lost: then it is held twice, and one word is enough.
        let holds = &self.relay.database.holds;
        let accepted: BTreeSet<IntentId> = holds
            .values()
            .filter(|hold| hold.decided == Some(true))
            .map(|hold| hold.intent)
            .collect();
        // A twin may have got part of it in before (the sale), and only the rest (its client) is held.
        let open = holds
            .values()
            .filter(|hold| !self.has_rewound && !accepted.contains(&hold.intent));
        for hold in open {
            let mut puts = hold.writes.iter().flat_map(|write| &write.puts);
            let went_in =
                puts.find(|put| put.container == Container::Facts && facts.contains_key(&put.key));
            if let (None | Some(false), Some(put)) = (hold.decided, went_in) {
                return Err(format!(
                    "hold {} is {:?}, and {} is there",
                    hold.id, hold.decided, put.key
                ));
            }
        }
        // The owner went through everything that is listed for people of a site.
        // Nobody decides about his own.
        let owner = self.devices[0].me.person;
        let mut listed = BTreeSet::new();
        let mut decided = BTreeSet::new();
        for (document, fact) in facts.values() {
            match (document, &fact.body) {
                (
                    DocumentKey::VerdictTill { .. },
                    FactBody::Verdict(Verdict::Held { hold, person, .. }),
                ) if *person != owner => {
                    listed.insert(*hold);
                }
                (_, FactBody::Verdict(Verdict::HeldDecided { hold, .. })) => {
                    decided.insert(*hold);
                }
                _ => {}
            }
        }
        match listed.difference(&decided).next() {
            Some(hold) => Err(format!("hold {hold} waits still")),
            None => Ok(()),
        }
    }

    /// 4 and 5: a device holds exactly what it may, as the relay has it, and the ledgers are the sums.
    pub fn check_replica(&self, device: usize) -> Check {
        let me = self.devices[device].me;
        let name = self.devices[device].name.clone();
        let reader = self.relay.database.reader(me.person, me.device);
        let database = &self.relay.database;
        let Some(core) = &self.devices[device].core else {
            return Err(format!("{name} is down"));
        };
        if self.devices[device].is_revoked {
            return Ok(());
        }
        let replica = &core.replica;
        for key in database.keys() {
            let there = database.heads(&key);
            let here = replica.heads(&key).unwrap_or_default();
            if !should_read(&reader, &key) {
                // What it wrote itself it knows anyway; it gets nothing more of it.
                let by_itself = |head: &[u8; 32]| {
                    *head == genesis_hash()
                        || database
                            .rows
                            .iter()
                            .any(|row| row.hash == *head && row.device == Some(me.device))
                };
                if !here.iter().all(by_itself) {
                    return Err(format!("{name} holds {key}, which it may not read"));
                }
                continue;
            }
            if here != there {
                return Err(format!("{name} has other heads of {key} than the relay"));
            }
            if *replica.sheets().get(&key) != *database.sheet(&key) {
                return Err(format!("{name} shows another {key} than the relay"));
            }
        }
        let known = database.keys();
        for key in replica.document_keys() {
            let heads = replica.heads(key).unwrap_or_default();
            if !known.contains(key) && heads.iter().any(|head| *head != genesis_hash()) {
                return Err(format!(
                    "{name} holds {key}, of which the relay knows nothing"
                ));
            }
        }
        let stock = replica.stock();
        for (_, _, fact) in replica.sheets().facts() {
            let FactBody::Verdict(Verdict::Held { facts, .. }) = &fact.body else {
                continue;
            };
            let mut vouchers = facts.iter().flat_map(Fact::vouchers);
            if let Some(voucher) =
                vouchers.find(|voucher| stock.state(*voucher) == VoucherState::Unused)
            {
                return Err(format!(
                    "{name} shows {voucher:?} as free, which was handed out in a held sale"
                ));
            }
        }
        let sum = cash_in_log(&self.facts(), me.person);
        let shown = cash_of(replica.sheets(), me.person);
        if sum != shown {
            return Err(format!(
                "{name} shows {shown:?} in cash; the log says {sum:?}"
            ));
        }
        Ok(())
    }
}

/// What was typed is shown or kept beside what is shown, until somebody wrote over it who had seen it.
fn check_records(key: &DocumentKey, document: &Document) -> Check {
    let mut written: BTreeMap<String, BTreeMap<(u64, Actor), Scalar>> = BTreeMap::new();
    let mut replaced: BTreeSet<(u64, Actor)> = BTreeSet::new();
    for change in document.changes() {
        let (Some(actor), Ok(plain)) = (Actor::of(&change), PlainChange::of(&change)) else {
            continue;
        };
        for (place, op) in (plain.start_op..).zip(&plain.ops) {
            if op.container == Container::Records {
                let values = written.entry(op.key.clone()).or_default();
                values.insert((place, actor), op.value.clone());
                replaced.extend(op.replaces.iter().copied());
            }
        }
    }
    let sheet = document.sheet();
    for (field, values) in written {
        let stand: BTreeSet<&Scalar> = values
            .iter()
            .filter(|(id, _)| !replaced.contains(id))
            .map(|(_, value)| value)
            .collect();
        let shown: BTreeSet<&Scalar> = sheet
            .records
            .get(&field)
            .into_iter()
            .flat_map(|field| field.others.iter().chain([&field.value]))
            .collect();
        if stand != shown {
            return Err(format!(
                "{key}: {field} shows {shown:?}, written is {stand:?}"
            ));
        }
    }
    Ok(())
}

fn cash_in_log(facts: &BTreeMap<String, (DocumentKey, Fact)>, person: PersonId) -> Money {
    facts
        .values()
        .filter_map(|(_, fact)| match &fact.body {
            FactBody::Sale(sale) if fact.by == person => Some(sale.total()),
            _ => None,
        })
        .sum()
}
