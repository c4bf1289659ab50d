//! The device's driver: two stores, and effects carried out one at a time, so that a crash can fall between any two.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crdt_model::codec;
use crdt_model::command::Command;
use crdt_model::document::Container;
use crdt_model::fact::VoucherRef;
use crdt_model::ids::IntentId;
use crdt_model::replica::{Commit, Identity, Pending, PendingState, Replica};
use crdt_model::sync::batch::Batch;
use crdt_model::sync::device::{Device, Effect, Event};
use crdt_model::sync::message::{DeviceMessage, RelayMessage};
use crdt_model::time::Timestamp;

use crate::brief::{Kept, Opening};
use crate::bugs::Bug;
use crate::coverage::Coverage;
use crate::network::ConnectionId;
use crate::random::Random;
use crate::relay::closed;

pub type Store = BTreeMap<String, Vec<u8>>;
pub type Journal = BTreeMap<u64, Vec<u8>>;

/// One thing left to do.
#[derive(Debug)]
pub enum Task {
    Journal(Commit),
    /// The database transaction; `meta` first is what a planted bug does.
    Store(Commit),
    MetaFirst(Commit),
    Stored(u64),
    Send(Vec<u8>),
    Connect,
    Close,
    Seal(u32, Batch),
}

/// What the world is to do for a device.
#[derive(Debug, PartialEq, Eq)]
pub enum Wish {
    Connect,
    Send(ConnectionId, Vec<u8>),
    Close(ConnectionId),
    /// "Sold" is on the screen.
    Shown(IntentId),
}

pub struct SimDevice {
    pub name: String,
    pub me: Identity,
    /// How wrong its clock is, in milliseconds.
    pub skew: i64,
    pub core: Option<Device>,
    pub store: Store,
    pub journal: Journal,
    pub tasks: VecDeque<Task>,
    pub link: Option<ConnectionId>,
    /// Commits that show something when they are stored.
    pub waiting: BTreeMap<u64, (IntentId, Vec<VoucherRef>)>,
    /// Vouchers that people have in their hands from here.
    pub handed_out: BTreeMap<VoucherRef, IntentId>,
    pub backup: Option<(Store, Journal)>,
    /// The last sealed batch, as a locked screen would carry it.
    pub sealed: Option<Vec<u8>>,
    pub is_revoked: bool,
    /// Lines of the journal that say "settled" and may be lost with the power: nothing waits for their flush.
    unflushed: Journal,
    /// Edits that are over, as far as the database remembers.
    over: BTreeSet<IntentId>,
    /// The relay is finding out what differs.
    is_comparing: bool,
    /// What the device did that it must never do.
    pub wrong: Option<String>,
    brief: Kept,
    pub bug: Option<Bug>,
    pub seen: Coverage,
}

impl SimDevice {
    pub fn new(name: impl Into<String>, me: Identity, bug: Option<Bug>) -> Self {
        Self {
            name: name.into(),
            me,
            skew: 0,
            core: None,
            store: Store::new(),
            journal: Journal::new(),
            tasks: VecDeque::new(),
            link: None,
            waiting: BTreeMap::new(),
            handed_out: BTreeMap::new(),
            backup: None,
            sealed: None,
            is_revoked: false,
            unflushed: Journal::new(),
            over: BTreeSet::new(),
            is_comparing: false,
            wrong: None,
            brief: Kept::default(),
            bug,
            seen: Coverage::default(),
        }
    }

    pub const fn now(&self, now: Timestamp) -> Timestamp {
        now.plus_millis(self.skew)
    }

    /// Starts as the web application does: from the database, from the journal, or both.
    pub fn start(&mut self, random: &mut Random) -> Result<(), String> {
        let journal: Vec<Vec<u8>> = self.journal.values().cloned().collect();
        let (replica, commit) = if self.store.is_empty() {
            let (replica, commit) = Replica::recover(self.me, journal, random);
            (replica, Some(commit))
        } else {
            let whole = Replica::open(self.me, self.store.clone(), random)
                .map_err(|error| format!("{} cannot open its store: {error}", self.name))?;
            let of_brief = self.brief.open(&whole, &self.store, &journal)?;
            self.seen.saw(match &of_brief {
                Some(_) => &Opening::OfBrief,
                None => &Opening::Whole,
            });
            let mut replica = of_brief.unwrap_or(whole);
            let commit = replica.adopt(journal, random);
            if commit.is_none() {
                self.brief.make(&mut replica, &mut self.store);
            }
            (replica, commit)
        };
        if self.bug != Some(Bug::JournalNotFlushed) {
            self.journal = replica.journal().into_iter().collect();
        }
        self.core = Some(Device::new(replica));
        if let Some(commit) = commit {
            self.commit(commit);
        }
        Ok(())
    }

    /// Everything in memory is gone.
    pub fn crash(&mut self, random: &mut Random) -> Option<ConnectionId> {
        if self.bug == Some(Bug::TransactionTorn)
            && let Some(Task::Store(commit)) = self
                .tasks
                .iter()
                .find(|task| matches!(task, Task::Store(_)))
        {
            let part: Vec<_> = commit
                .writes
                .iter()
                .filter(|_| random.chance(50))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            for (key, value) in part {
                apply(&mut self.store, key, value);
            }
        }
        self.core = None;
        self.tasks.clear();
        self.waiting.clear();
        let lost = std::mem::take(&mut self.unflushed);
        if random.chance(50) {
            for (order, entry) in lost {
                self.journal.entry(order).or_insert(entry);
            }
        }
        self.link.take()
    }

    /// Does the core hear of this connection? A driver carries out everything that it was told before it listens again:
    /// of what is about to be closed or replaced nothing comes through.
    pub fn hears(&self, link: ConnectionId) -> bool {
        let mut tasks = self.tasks.iter();
        self.link == Some(link) && !tasks.any(|task| matches!(task, Task::Close | Task::Connect))
    }

    /// It has other stores from now on, and remembers what they remember.
    pub fn rewound(&mut self) {
        self.unflushed.clear();
        self.over.clear();
    }

    pub fn handle(&mut self, event: Event, now: Timestamp, random: &mut Random) {
        let now = self.now(now);
        if let Some(core) = &mut self.core {
            self.seen.saw(&event);
            match &event {
                Event::Opened { .. } | Event::Closed => self.is_comparing = false,
                Event::Frame(bytes) => match codec::decode(bytes) {
                    Ok(RelayMessage::Welcome { send_digest, .. }) => {
                        self.is_comparing = send_digest;
                    }
                    Ok(RelayMessage::Synced { .. }) => self.is_comparing = false,
                    _ => {}
                },
                _ => {}
            }
            for effect in core.handle(event, now, random) {
                self.queue(effect);
            }
        }
    }

    fn queue(&mut self, effect: Effect) {
        self.seen.saw(&effect);
        match effect {
            Effect::Commit(commit) => self.commit(commit),
            Effect::Connect => self.tasks.push_back(Task::Connect),
            Effect::Send(bytes) => {
                let is_push = matches!(codec::decode(&bytes), Ok(DeviceMessage::Push { .. }));
                // What the relay lost goes back before what builds on it.
                if is_push && self.is_comparing {
                    self.wrong = Some(format!("{} pushes during a comparison", self.name));
                }
                self.tasks.push_back(Task::Send(bytes));
            }
            Effect::Close => self.tasks.push_back(Task::Close),
            Effect::Seal { number, batch } => self.tasks.push_back(Task::Seal(number, batch)),
            Effect::NothingToSeal => self.sealed = None,
            Effect::Changed | Effect::Refused(_) => {}
        }
    }

    pub fn commit(&mut self, commit: Commit) {
        let number = commit.number;
        for (_, bytes) in &commit.pending {
            if let Ok(pending) = codec::decode::<Pending>(bytes) {
                self.seen.saw(&pending.state);
                self.seen.saw(&pending.intent.command);
                let is_again = pending.state == PendingState::Waiting
                    && !matches!(pending.intent.command, Command::BringBack { .. })
                    && self.over.contains(&pending.intent.id);
                if is_again {
                    self.wrong = Some(format!("{} does {pending:?} again", self.name));
                }
            }
        }
        if self.bug == Some(Bug::StoredTooEarly) {
            self.tasks.push_back(Task::Stored(number));
        }
        if self.bug != Some(Bug::JournalNotFlushed) {
            self.tasks.push_back(Task::Journal(commit.clone()));
        }
        if self.bug == Some(Bug::CursorBeforeChanges) {
            self.tasks.push_back(Task::MetaFirst(commit.clone()));
        }
        self.tasks.push_back(Task::Store(commit));
        if self.bug != Some(Bug::StoredTooEarly) {
            self.tasks.push_back(Task::Stored(number));
        }
    }

    /// Does the next thing. `settled` is told which intents are forgotten as safe.
    pub fn step(
        &mut self,
        now: Timestamp,
        random: &mut Random,
        settled: &mut dyn FnMut(&Pending) -> Result<(), String>,
    ) -> Result<Option<Wish>, String> {
        let Some(task) = self.tasks.pop_front() else {
            return Ok(None);
        };
        match task {
            Task::Journal(commit) => {
                if !commit.pending.is_empty() {
                    self.unflushed.clear();
                }
                for (order, bytes) in commit.pending {
                    self.journal.insert(order, bytes);
                }
                for order in commit.settled {
                    if let Some(entry) = self.journal.remove(&order) {
                        self.unflushed.insert(order, entry);
                    }
                }
            }
            Task::MetaFirst(commit) => {
                if let Some(meta) = commit.writes.get("meta") {
                    apply(&mut self.store, "meta".into(), meta.clone());
                }
            }
            Task::Store(commit) => {
                for (key, value) in commit.writes {
                    if value.is_none()
                        && key.starts_with("o|")
                        && let Some(old) = self.store.get(&key)
                        && let Ok(pending) = codec::decode::<Pending>(old)
                    {
                        settled(&pending)?;
                        // A fact may be stated again under its name; an edit would undo what came after it.
                        let mut puts = pending.writes.iter().flat_map(|write| &write.puts);
                        if puts.any(|put| put.container == Container::Records) {
                            self.over.insert(pending.intent.id);
                        }
                    }
                    if value.is_some() || self.bug != Some(Bug::DeletionsIgnored) {
                        apply(&mut self.store, key, value);
                    }
                }
            }
            Task::Stored(number) => {
                self.handle(Event::Stored(number), now, random);
                if let Some((intent, vouchers)) = self.waiting.remove(&number) {
                    for voucher in vouchers {
                        if self.handed_out.insert(voucher, intent).is_some() {
                            return Err(format!(
                                "{} hands out {voucher:?} a second time",
                                self.name
                            ));
                        }
                    }
                    return Ok(Some(Wish::Shown(intent)));
                }
            }
            Task::Connect => return Ok(Some(Wish::Connect)),
            Task::Send(bytes) => return Ok(self.link.map(|link| Wish::Send(link, bytes))),
            Task::Close => return Ok(self.link.take().map(Wish::Close)),
            Task::Seal(number, batch) => {
                let bytes = closed(&batch);
                self.sealed = Some(bytes.clone());
                self.handle(Event::Sealed { number, bytes }, now, random);
            }
        }
        Ok(None)
    }

    /// The pending work that a start now would find.
    pub fn durable_outbox(&self) -> BTreeSet<IntentId> {
        let stored = self
            .store
            .iter()
            .filter(|(key, _)| key.starts_with("o|"))
            .map(|(_, value)| value);
        self.journal
            .values()
            .chain(stored)
            .filter_map(|bytes| codec::decode::<Pending>(bytes).ok())
            .map(|pending| pending.intent.id)
            .collect()
    }
}

pub fn apply(store: &mut Store, key: String, value: Option<Vec<u8>>) {
    match value {
        Some(value) => {
            store.insert(key, value);
        }
        None => {
            store.remove(&key);
        }
    }
}
