//! What this node has in memory of one organisation: the relay's state, the work that waits for it, the end of the
//! log, and the pulse that wakes its sessions.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crdt_model::document::Hash;
use crdt_model::ids::{DeviceId, OrgId, PersonId};
use crdt_model::relay::{Kept, OrgState, Row};
use crdt_model::sync::batch::FullBatch;
use crdt_model::sync::message::Disposition;
use tokio::sync::{oneshot, watch};

use super::admit::PushError;
use super::tail::{Entry, Tail};

/// Pushes that may wait for one organisation's lock. More means that the database does not keep up.
const WAITING_MAX: usize = 1_024;
/// Bytes that they may take, inflated and built; one of any size may always wait alone.
const WAITING_BYTES_MAX: usize = 64 << 20;
/// Pushes that share one COMMIT.
const GROUP_MAX: usize = 64;
/// Device keys remembered before all are asked for again.
const KEYS_MAX: usize = 10_000;

/// How far an organisation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pulse {
    pub head: u64,
    pub devices_revoked: i64,
}

/// Something to be done under the organisation's lock.
#[derive(Debug)]
pub enum Work {
    /// A batch whose signature was verified.
    Batch(FullBatch),
    /// Blocks that wait for a device of this person go to this one.
    Bind { person: PersonId, device: DeviceId },
}

/// What was committed.
#[derive(Debug, Default)]
pub struct Admitted {
    pub results: Vec<(Hash, Disposition)>,
    /// The new rows and the devices that wrote them.
    pub rows: Vec<(u64, Option<DeviceId>)>,
    pub head: u64,
}

impl Work {
    /// Bytes that it takes while it waits.
    fn bytes(&self) -> usize {
        match self {
            Self::Batch(batch) => batch.size(),
            Self::Bind { .. } => 0,
        }
    }
}

pub struct Job {
    pub work: Work,
    pub answer: oneshot::Sender<Result<Admitted, PushError>>,
}

/// Whose key signs for a device. Neither ever changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceKey {
    pub person: PersonId,
    pub public_key: Vec<u8>,
}

#[derive(Default)]
struct Waiting {
    /// Each with its size.
    jobs: VecDeque<(Job, usize)>,
    bytes: usize,
}

pub struct Organisation {
    pub id: OrgId,
    /// Empty until first used, and after any doubt about what was committed.
    pub(super) state: tokio::sync::Mutex<Option<OrgState>>,
    pub(super) pulse: watch::Sender<Pulse>,
    jobs: Mutex<Waiting>,
    tail: Mutex<Tail>,
    keys: Mutex<BTreeMap<DeviceId, DeviceKey>>,
}

impl Organisation {
    pub fn new(id: OrgId) -> Self {
        Self {
            id,
            state: tokio::sync::Mutex::new(None),
            pulse: watch::Sender::new(Pulse::default()),
            jobs: Mutex::default(),
            tail: Mutex::default(),
            keys: Mutex::default(),
        }
    }

    /// Puts a job in the queue. False: the queue is full.
    pub fn enqueue(&self, job: Job) -> bool {
        let size = job.work.bytes();
        let mut waiting = lock(&self.jobs);
        let is_full = waiting.jobs.len() >= WAITING_MAX
            || (waiting.bytes > 0 && waiting.bytes.saturating_add(size) > WAITING_BYTES_MAX);
        if is_full {
            return false;
        }
        waiting.bytes = waiting.bytes.saturating_add(size);
        waiting.jobs.push_back((job, size));
        true
    }

    /// The jobs that are done next, together.
    pub fn next_jobs(&self) -> Vec<Job> {
        let mut waiting = lock(&self.jobs);
        let count = waiting.jobs.len().min(GROUP_MAX);
        let next: Vec<(Job, usize)> = waiting.jobs.drain(..count).collect();
        let bytes: usize = next.iter().map(|(_, size)| size).sum();
        waiting.bytes = waiting.bytes.saturating_sub(bytes);
        next.into_iter().map(|(job, _)| job).collect()
    }

    pub fn key(&self, device: DeviceId) -> Option<DeviceKey> {
        lock(&self.keys).get(&device).cloned()
    }

    pub fn remember_key(&self, device: DeviceId, key: DeviceKey) {
        let mut keys = lock(&self.keys);
        if keys.len() >= KEYS_MAX {
            keys.clear();
        }
        keys.insert(device, key);
    }

    /// These rows are in the database.
    pub fn committed(&self, rows: Vec<Row>, head: u64) {
        lock(&self.tail).extend(rows.into_iter().map(|row| {
            Arc::new(Entry {
                seq: row.seq,
                key: Some(row.document),
                chunk: row.chunk,
            })
        }));
        self.advance(head);
    }

    /// The log was seen at `head`.
    pub fn advance(&self, head: u64) {
        self.pulse.send_if_modified(|pulse| {
            let is_new = head > pulse.head;
            pulse.head = pulse.head.max(head);
            is_new
        });
    }

    /// How far the log is known to be.
    pub fn head(&self) -> u64 {
        self.pulse.borrow().head
    }

    pub fn set_devices_revoked(&self, count: i64) {
        self.pulse.send_if_modified(|pulse| {
            let is_new = count != pulse.devices_revoked;
            pulse.devices_revoked = count;
            is_new
        });
    }

    pub fn has_sessions(&self) -> bool {
        self.pulse.receiver_count() > 0
    }

    /// How much this node believes is kept of a person; `None` where it has not asked yet.
    pub async fn kept_of(&self, person: PersonId) -> Option<Kept> {
        let state = self.state.lock().await;
        state.as_ref().and_then(|state| state.kept_of(person))
    }

    pub(super) fn tail(&self) -> MutexGuard<'_, Tail> {
        lock(&self.tail)
    }
}

/// What these mutexes guard is whole after every statement, so a panic elsewhere does not spoil it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use crdt_model::document::{Actor, Container, DocumentKey, PlainChange, PlainOp};
    use crdt_model::ids::IntentId;
    use crdt_model::sync::batch::{BATCH_VERSION, Batch, BatchChange, BatchIntent};

    use super::*;

    fn job(bytes: usize) -> Job {
        let op = PlainOp {
            container: Container::Facts,
            key: String::new(),
            value: crdt_model::document::Scalar::Bytes(vec![0; bytes].into()),
            replaces: Vec::new(),
        };
        let change = PlainChange {
            seq: 1,
            start_op: 3,
            time: 0,
            deps: vec![vec![7; 32].into()],
            ops: vec![op],
        };
        let device = DeviceId::from_bytes([1; 16]);
        let batch = Batch {
            version: BATCH_VERSION,
            org: OrgId::from_bytes([2; 16]),
            person: PersonId::from_bytes([3; 16]),
            device,
            salt: [4; 16],
            documents: vec![DocumentKey::Catalog],
            intents: vec![BatchIntent {
                id: IntentId::from_bytes([5; 16]),
                at: crdt_model::time::Timestamp::ZERO,
                changes: vec![BatchChange {
                    document: 0,
                    change,
                }],
            }],
        };
        let full = batch.expand().unwrap();
        assert_eq!(full.actor, Actor::derive(device, &[4; 16]));
        Job {
            work: Work::Batch(full),
            answer: oneshot::channel().0,
        }
    }

    #[test]
    fn what_waits_is_counted_and_weighed() {
        let organisation = Organisation::new(OrgId::from_bytes([2; 16]));
        for _ in 0..WAITING_MAX {
            assert!(organisation.enqueue(job(100)));
        }
        assert!(!organisation.enqueue(job(100)));
        while !organisation.next_jobs().is_empty() {}

        // Each is there plain and built.
        let most = WAITING_BYTES_MAX / (8 << 20);
        let taken = (0..most + 1).filter(|_| organisation.enqueue(job(4 << 20)));
        assert_eq!(taken.count(), most - 1);
        assert!(organisation.enqueue(job(100)));
        assert_eq!(organisation.next_jobs().len(), most);
        assert!(organisation.next_jobs().is_empty());
        // One alone may be as large as it likes.
        assert!(organisation.enqueue(job(WAITING_BYTES_MAX)));
        assert!(!organisation.enqueue(job(100)));
    }
}
