//! Everything in one place, and the two phases: act under faults, then heal and run until quiet.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::command::{Command, DocumentWrite};
use crdt_model::document::{Container, DocumentKey, Put};
use crdt_model::ids::{DeviceId, IntentId, OrgId, PackageId, PersonId, SiteId};
use crdt_model::package::{PackageDetails, Unit, Validity};
use crdt_model::replica::{Identity, PendingState, Replica};
use crdt_model::sync::device::Event;
use crdt_model::sync::message::{DeviceMessage, RelayMessage};
use crdt_model::time::Timestamp;
use crdt_model::{codec, money::Money, site, staff};
use serde::de::DeserializeOwned;

use crate::bugs::Bug;
use crate::coverage::Coverage;
use crate::device::{SimDevice, Wish};
use crate::network::{ConnectionId, Delivery, Network};
use crate::random::Random;
use crate::relay::{Database, Output, Relay};
use crate::runner::Counts;

pub type Check = Result<(), String>;

/// Steps of phase one, and rounds in which phase two must become quiet.
const STEPS: usize = 320;
const ROUNDS_MAX: usize = 1_500;

pub struct World {
    pub random: Random,
    pub now: Timestamp,
    pub relay: Relay,
    pub devices: Vec<SimDevice>,
    pub network: Network,
    pub sites: Vec<SiteId>,
    pub packages: Vec<PackageId>,
    /// Sales that were shown as sold, and where.
    pub shown: BTreeMap<IntentId, usize>,
    pub backup: Option<Database>,
    pub codes_made: usize,
    pub log: Vec<String>,
    pub bug: Option<Bug>,
    pub has_clone: bool,
    /// Somebody's memory went back in time, or is there twice.
    pub has_rewound: bool,
    /// Also note every frame.
    pub is_traced: bool,
    pub counts: Counts,
    /// Devices that were revoked, and the last row before.
    pub revoked: BTreeMap<DeviceId, u64>,
    pub seen: Coverage,
}

impl World {
    pub fn new(seed: u64, bug: Option<Bug>) -> Self {
        let mut random = Random::new(seed);
        let now = Timestamp::from_millis(1_764_000_000_000);
        let org = OrgId::generate(now, &mut random);
        let sites: Vec<SiteId> = (0..1 + random.below(2))
            .map(|_| SiteId::generate(now, &mut random))
            .collect();
        let mut world = Self {
            relay: Relay::new(org, bug),
            devices: Vec::new(),
            network: Network::default(),
            packages: Vec::new(),
            shown: BTreeMap::new(),
            backup: None,
            codes_made: 0,
            log: Vec::new(),
            bug,
            has_clone: false,
            has_rewound: false,
            is_traced: false,
            counts: Counts::default(),
            revoked: BTreeMap::new(),
            seen: Coverage::default(),
            sites,
            random,
            now,
        };
        world.hire();
        world
    }

    /// Founds the organisation, with its people and a device for each.
    fn hire(&mut self) {
        let mut writes = Vec::new();
        for (n, site) in self.sites.iter().enumerate() {
            writes.push(DocumentWrite {
                document: DocumentKey::SitePublic(*site),
                puts: site::puts(&format!("site {n}"), None),
            });
        }
        let package = PackageId::generate(self.now, &mut self.random);
        self.packages.push(package);
        writes.push(DocumentWrite {
            document: DocumentKey::Catalog,
            puts: details("1 week", 1_000).puts(package),
        });
        let mut staff_puts = Vec::new();
        let people = 2 + self.random.below(4);
        for n in 0..people {
            let person = PersonId::generate(self.now, &mut self.random);
            let site = self.sites[n % self.sites.len()];
            let (name, grant) = match n {
                0 => (
                    "owner",
                    Grant {
                        role: Role::Owner,
                        scope: Scope::Organisation,
                    },
                ),
                2 => (
                    "manager",
                    Grant {
                        role: Role::Manager,
                        scope: Scope::Site(site),
                    },
                ),
                _ => (
                    "agent",
                    Grant {
                        role: Role::Agent,
                        scope: Scope::Site(site),
                    },
                ),
            };
            let name = format!("{name}{n}");
            staff_puts.extend(staff::add(person, &name, &[grant]));
            self.add_device(name, person);
            if n > 0 && self.random.chance(15) {
                self.add_device(format!("second of {n}"), person);
            }
        }
        writes.push(DocumentWrite {
            document: DocumentKey::Staff,
            puts: staff_puts,
        });
        writes.push(DocumentWrite {
            document: DocumentKey::Org,
            puts: vec![Put {
                container: Container::Records,
                key: "org/name".into(),
                value: "Net".into(),
            }],
        });
        self.relay.found(&writes, self.now);
    }

    fn add_device(&mut self, name: String, person: PersonId) {
        let me = Identity {
            org: self.relay.org,
            person,
            device: DeviceId::generate(self.now, &mut self.random),
        };
        self.relay.database.devices.push((me.device, person, false));
        self.devices.push(SimDevice::new(name, me, self.bug));
    }

    /// What was reached anywhere.
    pub fn coverage(&self) -> Coverage {
        let mut all = self.seen.clone();
        all.add(&self.relay.seen);
        for device in &self.devices {
            all.add(&device.seen);
        }
        all
    }

    pub fn note(&mut self, line: impl Into<String>) {
        let seconds = self.now.as_millis() / 1000 % 1_000_000;
        self.log
            .push(format!("{seconds:>7} {}", shorten(&line.into())));
    }

    fn trace_frame<T: DeserializeOwned + Debug>(
        &mut self,
        id: ConnectionId,
        way: &str,
        bytes: &[u8],
    ) {
        if self.is_traced
            && let Ok(message) = codec::decode::<T>(bytes)
        {
            let short: String = format!("{message:?}").chars().take(200).collect();
            let device = self.network.get(id).map(|connection| connection.device);
            let name = device.map_or("nobody", |device| &self.devices[device].name);
            let line = format!("  {id} ({name}) {way}: {short}");
            self.note(line);
        }
    }

    pub fn run(&mut self) -> Check {
        for device in 0..self.devices.len() {
            self.devices[device].start(&mut self.random)?;
        }
        self.first_stock()?;
        self.quiet()?;
        self.note("--- faults begin");
        if self.random.chance(30) {
            self.backup = Some(self.relay.database.clone());
        }
        for step in 0..STEPS {
            self.step()?;
            self.check_stocks(step)?;
        }
        self.note("--- healing");
        self.heal()?;
        self.quiet()?;
        // What is held must outlive the relay's memory.
        let outputs = self.relay.restart();
        self.outputs(outputs);
        self.quiet()?;
        // Clients of lost sales get new codes, and fields one value.
        for device in 0..self.devices.len() {
            self.replace(device);
        }
        for found in self.contested_at(0) {
            self.settle_field(0, found)?;
        }
        self.quiet()?;
        self.give_back_roles()?;
        self.decide_everything()?;
        self.quiet()?;
        // Nothing that only a new start would mend.
        for device in 0..self.devices.len() {
            self.check_replica(device)?;
        }
        // A start from the stores must find the same.
        for device in 0..self.devices.len() {
            self.crash(device);
            self.devices[device].start(&mut self.random)?;
        }
        self.quiet()?;
        self.counts.seeds = 1;
        self.check_everything()
    }

    fn first_stock(&mut self) -> Check {
        for device in 0..self.devices.len() {
            let holder = self.devices[device].me.person;
            let grants = self.relay.database.principal(holder).grants;
            let site = match grants.first().map(|grant| grant.scope) {
                Some(Scope::Site(site)) => site,
                _ => self.sites[0],
            };
            let blocks = self.import(0, site, 1);
            self.quiet()?;
            for block in blocks {
                self.command(
                    0,
                    Command::LeaseBlock {
                        site,
                        block,
                        to: holder,
                    },
                );
            }
        }
        Ok(())
    }

    /// One step of phase one.
    fn step(&mut self) -> Check {
        self.now = self.now.plus_millis(match self.random.below(100) {
            0 => 3_600_000,
            1..=4 => 61_000,
            5..=20 => 5_000,
            _ => 100,
        });
        match self.random.below(100) {
            0..=34 => {
                for _ in 0..1 + self.random.below(4) {
                    let deliveries = self.network.deliveries();
                    if let Some(delivery) = self.random.pick(&deliveries).copied() {
                        self.deliver(delivery)?;
                    }
                }
            }
            35..=64 => {
                let device = self.random.below(self.devices.len());
                let most = if self.random.chance(50) { 2 } else { 10 };
                for _ in 0..1 + self.random.below(most) {
                    self.work(device)?;
                }
            }
            65..=75 => {
                let device = self.random.below(self.devices.len());
                let event = if self.random.chance(50) {
                    Event::TryNow
                } else {
                    Event::Tick
                };
                self.event(device, event);
            }
            76..=93 => self.act()?,
            _ => self.fault()?,
        }
        Ok(())
    }

    pub fn event(&mut self, device: usize, event: Event) {
        self.devices[device].handle(event, self.now, &mut self.random);
    }

    /// Carries out the device's next effect.
    pub fn work(&mut self, device: usize) -> Check {
        let committed = &self.relay.committed;
        let mut settled = |pending: &crdt_model::replica::Pending| {
            for write in &pending.writes {
                for put in write
                    .puts
                    .iter()
                    .filter(|put| put.container == Container::Facts)
                {
                    if !committed.contains(&(write.document, put.key.clone())) {
                        return Err(format!(
                            "{:?} is forgotten as safe, but was never committed ({:?})",
                            pending.intent.id, pending.state
                        ));
                    }
                }
            }
            Ok(())
        };
        let wish = self.devices[device].step(self.now, &mut self.random, &mut settled)?;
        if let Some(wrong) = self.devices[device].wrong.take()
            && !self.has_rewound
        {
            return Err(wrong);
        }
        match wish {
            None => {}
            Some(Wish::Shown(intent)) => {
                self.shown.insert(intent, device);
            }
            Some(Wish::Close(link)) => {
                if let Some(connection) = self.network.get(link) {
                    connection.device_open = false;
                }
            }
            Some(Wish::Send(link, bytes)) => {
                if let Some(connection) = self.network.get(link) {
                    connection.to_relay.push_back(bytes);
                }
            }
            Some(Wish::Connect) => {
                if self.devices[device].is_revoked {
                    self.event(device, Event::Closed);
                } else {
                    let ticket = self.relay.ticket(self.devices[device].me.device);
                    let id = self.network.connect(device, ticket);
                    self.devices[device].link = Some(id);
                }
            }
        }
        Ok(())
    }

    pub fn deliver(&mut self, delivery: Delivery) -> Check {
        match delivery {
            Delivery::Open(id) => {
                if let Some(connection) = self.network.get(id)
                    && let Some(ticket) = connection.ticket.take()
                {
                    let device = connection.device;
                    if self.devices[device].hears(id) {
                        self.event(device, Event::Opened { ticket });
                    }
                }
            }
            Delivery::ToRelay(id) => {
                if let Some(bytes) = self.network.get(id).and_then(|c| c.to_relay.pop_front()) {
                    self.counts.frames += 1;
                    if let Ok(message) = codec::decode::<DeviceMessage>(&bytes) {
                        self.seen.saw(&message);
                    }
                    self.trace_frame::<DeviceMessage>(id, "to the relay", &bytes);
                    let outputs = self.relay.frame(id, &bytes, self.now, &mut self.random);
                    self.log_relay();
                    self.outputs(outputs?);
                }
            }
            Delivery::ToDevice(id) => {
                if let Some((device, bytes)) = self
                    .network
                    .get(id)
                    .and_then(|c| Some((c.device, c.to_device.pop_front()?)))
                    && self.devices[device].hears(id)
                {
                    self.counts.frames += 1;
                    self.trace_frame::<RelayMessage>(id, "to the device", &bytes);
                    self.event(device, Event::Frame(bytes));
                }
            }
            Delivery::TellRelay(id) => {
                self.relay.closed(id);
                if let Some(connection) = self.network.get(id) {
                    connection.relay_open = false;
                }
            }
            Delivery::TellDevice(id) => {
                if let Some(connection) = self.network.get(id) {
                    connection.device_open = false;
                    let device = connection.device;
                    let is_heard = self.devices[device].hears(id);
                    self.devices[device].link.take_if(|link| *link == id);
                    if is_heard {
                        self.event(device, Event::Closed);
                    }
                }
            }
        }
        self.network.sweep();
        Ok(())
    }

    fn log_relay(&mut self) {
        for line in std::mem::take(&mut self.relay.trace) {
            self.note(line);
        }
    }

    pub fn outputs(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send(id, bytes) => {
                    if let Some(connection) = self.network.get(id) {
                        connection.to_device.push_back(bytes);
                    }
                }
                Output::Close(id) => {
                    if let Some(connection) = self.network.get(id) {
                        connection.relay_open = false;
                    }
                }
            }
        }
    }

    pub fn crash(&mut self, device: usize) {
        let name = self.devices[device].name.clone();
        self.note(format!("{name} crashes"));
        if let Some(link) = self.devices[device].crash(&mut self.random)
            && let Some(connection) = self.network.get(link)
        {
            connection.device_open = false;
        }
    }

    fn heal(&mut self) -> Check {
        for device in 0..self.devices.len() {
            if self.devices[device].core.is_none() {
                self.devices[device].start(&mut self.random)?;
            }
        }
        let dead: Vec<ConnectionId> = self.network.connections.keys().copied().collect();
        for id in dead {
            self.network.cut(id, false);
        }
        self.relay.fail_next = false;
        self.relay.die_after_next = false;
        Ok(())
    }

    /// Runs without faults until nothing happens any more.
    pub fn quiet(&mut self) -> Check {
        let mut still = 0;
        for _ in 0..ROUNDS_MAX {
            self.now = self.now.plus_millis(500);
            let mut busy = false;
            for device in 0..self.devices.len() {
                self.event(device, Event::Tick);
                while !self.devices[device].tasks.is_empty() {
                    busy = true;
                    self.work(device)?;
                }
            }
            for delivery in self.network.deliveries() {
                busy = true;
                self.deliver(delivery)?;
            }
            let calm = self.devices.iter().all(|device| {
                device.is_revoked
                    || device.core.as_ref().is_some_and(|core| {
                        core.is_online()
                            && core
                                .replica
                                .outbox()
                                .all(|pending| pending.state != PendingState::Waiting)
                    })
            });
            still = if calm && !busy { still + 1 } else { 0 };
            if still == 3 {
                return Ok(());
            }
        }
        let stuck: Vec<String> = self
            .devices
            .iter()
            .map(|device| {
                let waiting: Vec<_> = device
                    .core
                    .iter()
                    .flat_map(|core| core.replica.outbox())
                    .filter(|pending| pending.state == PendingState::Waiting)
                    .map(|pending| pending.intent.id)
                    .collect();
                let online = device.core.as_ref().is_some_and(|core| core.is_online());
                format!("{} online {online} waiting {waiting:?}", device.name)
            })
            .collect();
        Err(format!("not quiet within {ROUNDS_MAX} rounds: {stuck:#?}"))
    }

    /// What destroyed the only copies of a sale excuses its absence; nothing else does.
    pub fn excuse_what_was_destroyed(&mut self) {
        // A database that is lost alone destroys nothing: what it had is in the journal or on the server.
        if !self.has_rewound {
            return;
        }
        let in_log: BTreeSet<String> = self
            .relay
            .database
            .facts()
            .map(|(_, key, _)| key.to_string())
            .collect();
        let mut kept: BTreeMap<PersonId, BTreeSet<String>> = BTreeMap::new();
        for device in &self.devices {
            let keys = kept.entry(device.me.person).or_default();
            keys.extend(device.durable_outbox().iter().map(ToString::to_string));
            let opened = Replica::open(device.me, device.store.clone(), &mut Random::new(0));
            if let Ok(replica) = opened {
                keys.extend(replica.sheets().facts().map(|(_, key, _)| key.to_string()));
            }
        }
        let devices = &self.devices;
        self.shown.retain(|intent, device| {
            let key = intent.to_string();
            in_log.contains(&key)
                || kept
                    .get(&devices[*device].me.person)
                    .is_some_and(|keys| keys.contains(&key))
        });
        // A phone that lost its memory knows what it handed out only as long as the relay does.
        for device in &mut self.devices {
            let mut known: BTreeSet<String> = device
                .durable_outbox()
                .iter()
                .map(ToString::to_string)
                .collect();
            if let Ok(replica) = Replica::open(device.me, device.store.clone(), &mut Random::new(0))
            {
                known.extend(replica.sheets().facts().map(|(_, key, _)| key.to_string()));
            }
            device.handed_out.retain(|_, sale| {
                let key = sale.to_string();
                in_log.contains(&key) || known.contains(&key)
            });
        }
    }
}

pub fn details(name: &str, price: i64) -> PackageDetails {
    PackageDetails::new(
        name.into(),
        Money::from_minor(price),
        Validity {
            count: 1,
            unit: Unit::Week,
        },
    )
}

/// Ids by their last four characters: enough to tell them apart in a trace.
fn shorten(line: &str) -> String {
    line.split_inclusive(|c: char| !c.is_ascii_alphanumeric())
        .map(|word| {
            let id = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            if id.len() == 26 && id.starts_with('0') {
                &word[22..]
            } else {
                word
            }
        })
        .collect()
}
