//! The relay: connections and PostgreSQL around `crdt_model::relay` and `crdt_model::sync::relay`, which decide
//! everything. A push goes through `admit` (open, verify, queue) and `settle` (judge, store, COMMIT); a connection is
//! `session`; `wake` carries word between nodes; `project` writes the read-model.

pub mod admit;
pub mod claims;
pub mod load;
pub mod organisation;
pub mod page;
pub mod project;
pub mod session;
pub mod settle;
pub mod socket;
pub mod tail;
pub mod wake;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crdt_model::ids::OrgId;
use tokio::sync::{Notify, watch};

use crate::keys::random;
use organisation::{Organisation, lock};

/// Organisations kept in memory without an open connection.
const IDLE_ORGANISATIONS_MAX: usize = 256;
/// Connections of one node.
const CONNECTIONS_MAX: usize = 10_000;
/// Some times as long as the largest group of pushes takes, and longer than an abandoned transaction of another node is
/// kept.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// How long connections may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(3);

/// What this node has in memory.
pub struct Relay {
    /// How long a group of pushes may wait for PostgreSQL.
    pub answer_timeout: Duration,
    organisations: Mutex<BTreeMap<OrgId, Arc<Organisation>>>,
    /// Tells this node's own notifications from others'.
    node: u64,
    stop: watch::Sender<bool>,
    dirty: Mutex<BTreeSet<OrgId>>,
    told: Notify,
    connections: AtomicUsize,
    emptied: Notify,
}

impl Default for Relay {
    fn default() -> Self {
        Self::new()
    }
}

impl Relay {
    pub fn new() -> Self {
        Self {
            answer_timeout: ANSWER_TIMEOUT,
            organisations: Mutex::default(),
            node: u64::from_be_bytes(random()),
            stop: watch::Sender::new(false),
            dirty: Mutex::default(),
            told: Notify::new(),
            connections: AtomicUsize::new(0),
            emptied: Notify::new(),
        }
    }

    pub fn organisation(&self, org: OrgId) -> Arc<Organisation> {
        lock(&self.organisations)
            .entry(org)
            .or_insert_with(|| Arc::new(Organisation::new(org)))
            .clone()
    }

    /// Says goodbye on every connection and takes no more.
    pub async fn shut_down(&self) {
        let emptied = self.emptied.notified();
        self.stop.send_replace(true);
        if self.connections.load(Ordering::SeqCst) > 0 {
            let _ = tokio::time::timeout(GOODBYE, emptied).await;
        }
    }

    /// A place for one more connection, unless there are too many.
    pub fn connect(self: &Arc<Self>) -> Option<Connected> {
        let before = self.connections.fetch_add(1, Ordering::SeqCst);
        let connected = Connected(self.clone());
        (before < CONNECTIONS_MAX).then_some(connected)
    }

    fn tell_others(&self, org: OrgId) {
        lock(&self.dirty).insert(org);
        self.told.notify_one();
    }

    fn take_dirty(&self) -> Vec<OrgId> {
        std::mem::take(&mut *lock(&self.dirty))
            .into_iter()
            .collect()
    }

    fn has_sessions(&self, org: OrgId) -> bool {
        lock(&self.organisations)
            .get(&org)
            .is_some_and(|organisation| organisation.has_sessions())
    }

    fn with_sessions(&self) -> Vec<OrgId> {
        lock(&self.organisations)
            .values()
            .filter(|organisation| organisation.has_sessions())
            .map(|organisation| organisation.id)
            .collect()
    }

    /// Lets go of organisations that nobody uses, when there are many.
    fn let_go(&self) {
        let mut organisations = lock(&self.organisations);
        if organisations.len() > IDLE_ORGANISATIONS_MAX {
            organisations.retain(|_, organisation| Arc::strong_count(organisation) > 1);
        }
    }
}

/// Counts as one connection until it is dropped.
pub struct Connected(Arc<Relay>);

impl Drop for Connected {
    fn drop(&mut self) {
        if self.0.connections.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.emptied.notify_waiters();
        }
    }
}
