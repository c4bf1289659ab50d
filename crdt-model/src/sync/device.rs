//! The device's end of the protocol, without IO: a [`Replica`] and its link to the relay.
//!
//! The driver feeds events and carries out effects in order. Nothing is sent before the commit it rests on is
//! durable ([`Event::Stored`]); the cursor is part of the commit that holds the changes it counts.

use rand_core::Rng;

use crate::codec;
use crate::command::{Command, Refusal};
use crate::ids::IntentId;
use crate::replica::{Commit, Replica};
use crate::sale::SellOrder;
use crate::sync::batch::Batch;
use crate::sync::message::{CloseReason, DeviceMessage, PROTOCOL, RelayMessage};
use crate::time::Timestamp;

/// Silence after which the device asks whether anybody is there, and after which it gives up, while an answer is due.
pub const PING_AFTER_MILLIS: i64 = 25_000;
pub const DEAD_AFTER_MILLIS: i64 = 60_000;
/// The same while nothing is: a heartbeat costs a phone more bytes than anything else that it does all day, and at
/// this rate the networks of mobile operators still keep the connection.
pub const IDLE_PING_AFTER_MILLIS: i64 = 180_000;
pub const IDLE_DEAD_AFTER_MILLIS: i64 = 215_000;
/// Full-jitter backoff: a random wait below a bound that doubles.
pub const BACKOFF_MILLIS_MIN: i64 = 1_000;
pub const BACKOFF_MILLIS_MAX: i64 = 60_000;
/// A connection that lived this long resets the backoff.
pub const HEALTHY_AFTER_MILLIS: i64 = 30_000;
/// A batch that ends the connection so often is kept back for a while.
const REFUSALS_MAX: u32 = 3;
pub const REFUSED_PAUSE_MILLIS: i64 = 600_000;
/// A batch that the driver could not seal is asked for again after so long.
pub const SEAL_AGAIN_MILLIS: i64 = 10_000;
/// Documents in one digest message: 24 bytes each, well below the frame cap.
const DIGEST_DOCUMENTS: usize = 10_000;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Time passed; the driver ticks about once a second.
    Tick,
    /// A reason to try at once: the browser says it is online, the page became visible, somebody asked.
    TryNow,
    /// The driver got a ticket and the socket is open.
    Opened {
        ticket: String,
    },
    /// Connecting failed, or the socket closed.
    Closed,
    Frame(Vec<u8>),
    /// A commit is in the stores.
    Stored(u64),
    /// The relay's answer to the kept batch, which the driver sent by HTTPS POST because no socket opens.
    Posted(Vec<u8>),
    /// The batch of [`Effect::Seal`] is signed and sealed. Where that fails nothing is said: it is asked for again.
    Sealed {
        number: u32,
        bytes: Vec<u8>,
    },
}

/// What the driver is to do, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Make durable, then report [`Event::Stored`].
    Commit(Commit),
    /// Get a ticket and open the socket.
    Connect,
    Send(Vec<u8>),
    Close,
    /// Sign and seal; keep the result where a locked screen finds it.
    Seal {
        number: u32,
        batch: Batch,
    },
    /// Nothing is pending any more: no sealed batch needs to be kept.
    NothingToSeal,
    /// What is on screen may be out of date.
    Changed,
    /// The relay said why it will not talk to us.
    Refused(CloseReason),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Offline { retry_at: Timestamp },
    Connecting { since: Timestamp },
    Greeting { since: Timestamp },
    Live { since: Timestamp },
}

/// The batch that is kept sealed.
#[derive(Debug)]
struct Ready {
    number: u32,
    changes: usize,
    bytes: Option<Vec<u8>>,
    /// The first tick that found it without its bytes.
    unsealed_since: Option<Timestamp>,
}

/// One device.
pub struct Device {
    pub replica: Replica,
    link: Link,
    attempts: u32,
    heard_at: Timestamp,
    asked_at: Timestamp,
    next_number: u32,
    ready: Option<Ready>,
    /// The number of the batch on its way. More may be ready meanwhile: a locked screen sends all that waits.
    in_flight: Option<u32>,
    /// Connections ended by a batch since the last one that was answered, and when to push again.
    refusals: u32,
    push_at: Timestamp,
    /// The relay is finding out what differs. What it lost goes back before what builds on it, so nothing is pushed.
    is_comparing: bool,
    /// The driver keeps a sealed batch for a locked screen.
    kept: bool,
}

impl Device {
    pub const fn new(replica: Replica) -> Self {
        Self {
            replica,
            link: Link::Offline {
                retry_at: Timestamp::ZERO,
            },
            attempts: 0,
            heard_at: Timestamp::ZERO,
            asked_at: Timestamp::ZERO,
            next_number: 1,
            ready: None,
            in_flight: None,
            refusals: 0,
            push_at: Timestamp::ZERO,
            is_comparing: false,
            kept: true,
        }
    }

    pub const fn is_online(&self) -> bool {
        matches!(self.link, Link::Live { .. })
    }

    /// What differs is being found out; nothing is pushed meanwhile.
    pub const fn is_comparing(&self) -> bool {
        self.is_comparing
    }

    /// What differs is being found out; or nothing was ever fetched, and the first contact is on its way.
    pub const fn is_fetching(&self) -> bool {
        match self.link {
            Link::Live { .. } => self.is_comparing,
            Link::Connecting { .. } | Link::Greeting { .. } => self.replica.cursor() == 0,
            Link::Offline { .. } => false,
        }
    }

    const fn is_connected(&self) -> bool {
        matches!(self.link, Link::Greeting { .. } | Link::Live { .. })
    }

    /// A batch is on its way, or a comparison.
    fn is_answer_due(&self) -> bool {
        self.is_comparing || self.in_flight.is_some()
    }

    /// The relay cannot read the batch. Sending it again and again helps nobody, but the rest goes on.
    fn refused(&mut self, now: Timestamp) {
        self.refusals = self.refusals.saturating_add(1);
        if self.refusals >= REFUSALS_MAX {
            self.push_at = now.plus_millis(REFUSED_PAUSE_MILLIS);
        }
    }

    /// Executes a command; see [`Replica::execute`]. Show success only after [`Event::Stored`] for the commit.
    pub fn execute(
        &mut self,
        command: Command,
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Result<(IntentId, Commit), Refusal> {
        self.replica.execute(command, now, rng)
    }

    /// Sells; see [`Replica::sell`].
    pub fn sell(
        &mut self,
        order: SellOrder,
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Result<(IntentId, Commit), Refusal> {
        self.replica.sell(order, now, rng)
    }

    pub fn handle(&mut self, event: Event, now: Timestamp, rng: &mut impl Rng) -> Vec<Effect> {
        match event {
            Event::Tick => {
                let mut effects = self.tick(now);
                effects.extend(self.seal_again(now));
                effects
            }
            Event::TryNow => match self.link {
                Link::Offline { .. } => self.connect(now),
                _ => Vec::new(),
            },
            // Of a connection that was given up.
            Event::Opened { .. } if !matches!(self.link, Link::Connecting { .. }) => Vec::new(),
            Event::Opened { ticket } => self.opened(ticket, now),
            Event::Closed => self.closed(now, rng),
            Event::Frame(_) if !self.is_connected() => Vec::new(),
            Event::Frame(bytes) => {
                self.heard_at = now;
                match codec::decode(&bytes) {
                    Ok(message) => self.message(message, now, rng),
                    Err(_) => self.hang_up(now, rng),
                }
            }
            Event::Posted(answer) => match codec::decode(&answer) {
                Ok(RelayMessage::Ack { results, .. }) => {
                    let commit = self.replica.acknowledge(&results, now, rng);
                    self.committed(commit, true)
                }
                _ => Vec::new(),
            },
            Event::Stored(commit) => {
                self.replica.stored(commit);
                self.seal_next()
            }
            Event::Sealed { number, bytes } => {
                if let Some(ready) = self.ready.as_mut().filter(|ready| ready.number == number) {
                    ready.bytes = Some(bytes);
                }
                self.push(now)
            }
        }
    }

    /// A clock that was set back must not make us wait until it is there again.
    fn forget_the_future(&mut self, now: Timestamp) {
        self.heard_at = self.heard_at.min(now);
        self.asked_at = self.asked_at.min(now);
        self.push_at = self.push_at.min(now.plus_millis(REFUSED_PAUSE_MILLIS));
        if let Some(since) = self
            .ready
            .as_mut()
            .and_then(|ready| ready.unsealed_since.as_mut())
        {
            *since = (*since).min(now);
        }
        match &mut self.link {
            Link::Offline { retry_at } => {
                *retry_at = (*retry_at).min(now.plus_millis(BACKOFF_MILLIS_MAX));
            }
            Link::Connecting { since } | Link::Greeting { since } | Link::Live { since } => {
                *since = (*since).min(now);
            }
        }
    }

    fn tick(&mut self, now: Timestamp) -> Vec<Effect> {
        self.forget_the_future(now);
        let (ping_after, dead_after) = if self.is_answer_due() {
            (PING_AFTER_MILLIS, DEAD_AFTER_MILLIS)
        } else {
            (IDLE_PING_AFTER_MILLIS, IDLE_DEAD_AFTER_MILLIS)
        };
        match self.link {
            Link::Offline { retry_at } if now >= retry_at => self.connect(now),
            Link::Connecting { since } | Link::Greeting { since }
                if now.millis_since(since) > DEAD_AFTER_MILLIS =>
            {
                self.link = Link::Offline { retry_at: now };
                vec![Effect::Close, Effect::Changed]
            }
            Link::Live { .. } if now.millis_since(self.heard_at) > dead_after => {
                self.link = Link::Offline { retry_at: now };
                self.unsend();
                vec![Effect::Close, Effect::Changed]
            }
            Link::Live { .. }
                if now.millis_since(self.heard_at) > ping_after
                    && now.millis_since(self.asked_at) > PING_AFTER_MILLIS =>
            {
                self.asked_at = now;
                vec![send(&DeviceMessage::Ping)]
            }
            // What was kept back goes when its pause is over.
            Link::Live { .. } => self.push(now),
            _ => Vec::new(),
        }
    }

    fn connect(&mut self, now: Timestamp) -> Vec<Effect> {
        self.link = Link::Connecting { since: now };
        vec![Effect::Connect]
    }

    fn opened(&mut self, ticket: String, now: Timestamp) -> Vec<Effect> {
        self.link = Link::Greeting { since: now };
        self.heard_at = now;
        self.unsend();
        vec![send(&DeviceMessage::Hello {
            protocol: PROTOCOL,
            ticket,
            cursor: self.replica.cursor(),
            rights: self.replica.rights(),
        })]
    }

    fn closed(&mut self, now: Timestamp, rng: &mut impl Rng) -> Vec<Effect> {
        if let Link::Offline { .. } = self.link {
            return Vec::new();
        }
        if let Link::Live { since } = self.link
            && now.millis_since(since) >= HEALTHY_AFTER_MILLIS
        {
            self.attempts = 0;
        }
        let bound = (BACKOFF_MILLIS_MIN << self.attempts.min(6)).min(BACKOFF_MILLIS_MAX);
        self.attempts = self.attempts.saturating_add(1);
        let wait = i64::try_from(rng.next_u64() % bound.unsigned_abs()).unwrap_or(bound);
        self.link = Link::Offline {
            retry_at: now.plus_millis(wait),
        };
        self.unsend();
        vec![Effect::Changed]
    }

    fn hang_up(&mut self, now: Timestamp, rng: &mut impl Rng) -> Vec<Effect> {
        let mut effects = vec![Effect::Close];
        effects.extend(self.closed(now, rng));
        effects
    }

    /// Whether the batch in flight arrived is unknown; it is sent again, and the relay knows it by its hashes.
    const fn unsend(&mut self) {
        self.in_flight = None;
    }

    fn message(
        &mut self,
        message: RelayMessage,
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Vec<Effect> {
        match message {
            RelayMessage::Welcome {
                now: relay_now,
                send_digest,
                ..
            } => {
                self.link = Link::Live { since: now };
                let commit = self.replica.contact(relay_now, now, send_digest);
                let mut effects = vec![Effect::Commit(commit), Effect::Changed];
                self.is_comparing = send_digest;
                if send_digest {
                    effects.extend(self.say_what_is_here());
                }
                effects.extend(self.push(now));
                effects
            }
            RelayMessage::Changes { from, to, changes } => {
                if from != self.replica.cursor() {
                    return self.hang_up(now, rng);
                }
                let changed = !changes.is_empty();
                let commit = self.replica.receive(to, changes, rng);
                self.committed_or_gap(commit, changed, now, rng)
            }
            RelayMessage::Snapshot { key, bytes } => {
                match self.replica.snapshot(key, &bytes, now, rng) {
                    Ok(commit) => self.committed(commit, true),
                    Err(_) => self.repair(now, rng),
                }
            }
            RelayMessage::Drop { keys } => {
                let commit = self.replica.drop_documents(&keys, rng);
                self.committed(commit, true)
            }
            RelayMessage::Unknown { ids } => {
                let commit = self.replica.unknown_to_relay(&ids, now, rng);
                self.committed(commit, true)
            }
            RelayMessage::Synced { cursor, rights } => {
                let commit = self.replica.synced(cursor, rights, rng);
                self.is_comparing = false;
                let mut effects = self.committed(commit, true);
                effects.extend(self.push(now));
                effects
            }
            RelayMessage::Ack { number, results } => {
                self.refusals = 0;
                if self.in_flight == Some(number) {
                    self.in_flight = None;
                    self.ready = None;
                }
                let commit = self.replica.acknowledge(&results, now, rng);
                self.committed_or_gap(commit, true, now, rng)
            }
            RelayMessage::Pong => Vec::new(),
            RelayMessage::Bye {
                why,
                retry_after_millis,
            } => {
                if self.in_flight.is_some()
                    && matches!(why, CloseReason::BadFrame | CloseReason::OutOfOrder)
                {
                    self.refused(now);
                }
                let mut effects = vec![Effect::Refused(why)];
                effects.extend(self.hang_up(now, rng));
                if let (Link::Offline { retry_at }, Some(wait)) =
                    (&mut self.link, retry_after_millis)
                {
                    let wait = i64::from(wait).min(BACKOFF_MILLIS_MAX);
                    *retry_at = (*retry_at).max(now.plus_millis(wait));
                }
                effects
            }
        }
    }

    fn committed(&mut self, commit: Commit, changed: bool) -> Vec<Effect> {
        // What is pending may have been written again: a batch that was sealed before is worth nothing now.
        if !commit.pending.is_empty() || !commit.settled.is_empty() {
            self.drop_unsent();
        }
        let mut effects = vec![Effect::Commit(commit)];
        if changed {
            effects.push(Effect::Changed);
        }
        effects
    }

    fn committed_or_gap(
        &mut self,
        commit: Commit,
        changed: bool,
        now: Timestamp,
        rng: &mut impl Rng,
    ) -> Vec<Effect> {
        let mut effects = self.committed(commit, changed);
        if self.replica.has_gap() {
            effects.extend(self.hang_up(now, rng));
        }
        effects
    }

    fn drop_unsent(&mut self) {
        self.ready
            .take_if(|ready| self.in_flight != Some(ready.number));
    }

    /// What arrived does not fit what is here: compare everything at the next hello.
    fn repair(&mut self, now: Timestamp, rng: &mut impl Rng) -> Vec<Effect> {
        let mut effects = vec![Effect::Commit(self.replica.distrust())];
        effects.extend(self.hang_up(now, rng));
        effects
    }

    fn say_what_is_here(&self) -> Vec<Effect> {
        let digest = self.replica.digest();
        let mut parts: Vec<_> = digest.chunks(DIGEST_DOCUMENTS).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        let last = parts.len() - 1;
        parts
            .into_iter()
            .enumerate()
            .map(|(n, part)| {
                send(&DeviceMessage::Digest {
                    documents: part
                        .iter()
                        .map(|(id, heads)| (*id, heads.to_vec().into()))
                        .collect(),
                    more: n < last,
                })
            })
            .collect()
    }

    /// Keeps all that waits sealed, up to the size of a batch.
    fn seal_next(&mut self) -> Vec<Effect> {
        let Some(batch) = self.replica.next_batch() else {
            self.ready = None;
            return if std::mem::take(&mut self.kept) {
                vec![Effect::NothingToSeal]
            } else {
                Vec::new()
            };
        };
        let changes = batch
            .intents
            .iter()
            .map(|intent| intent.changes.len())
            .sum();
        let is_kept = |ready: &Ready| ready.changes == changes;
        if self.in_flight.is_some() && self.ready.as_ref().is_some_and(is_kept) {
            return Vec::new();
        }
        let number = self.next_number;
        self.next_number = self.next_number.wrapping_add(1);
        self.kept = true;
        self.ready = Some(Ready {
            number,
            changes,
            bytes: None,
            unsealed_since: None,
        });
        vec![Effect::Seal { number, batch }]
    }

    /// Where sealing brought nothing: the key could not be read just then.
    fn seal_again(&mut self, now: Timestamp) -> Vec<Effect> {
        let Some(ready) = self.ready.as_mut().filter(|ready| ready.bytes.is_none()) else {
            return Vec::new();
        };
        let since = *ready.unsealed_since.get_or_insert(now);
        if now.millis_since(since) < SEAL_AGAIN_MILLIS {
            return Vec::new();
        }
        self.ready = None;
        self.seal_next()
    }

    fn push(&mut self, now: Timestamp) -> Vec<Effect> {
        if !self.is_online() || self.is_comparing || now < self.push_at {
            return Vec::new();
        }
        match &self.ready {
            Some(Ready {
                number,
                bytes: Some(bytes),
                ..
            }) if self.in_flight.is_none() => {
                self.in_flight = Some(*number);
                // What silence there was before says nothing about this.
                self.heard_at = now;
                vec![send(&DeviceMessage::Push {
                    number: *number,
                    sealed: bytes.clone().into(),
                })]
            }
            _ => Vec::new(),
        }
    }
}

fn send(message: &DeviceMessage) -> Effect {
    Effect::Send(codec::encode(message))
}
