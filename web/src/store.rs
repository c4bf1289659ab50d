//! Where the device keeps bytes: a key-value store whose commits are atomic and durable.
//!
//! It must not know the domain, documents or the sync protocol: keys and values are bytes. Start reading at [`Store`];
//! [`envelope`] encrypts any store, [`journal`] is the second, independent copy of what the relay has not confirmed,
//! and [`sentinel`] decides at start which of the two to believe.

use std::fmt;

pub mod contract;
pub mod envelope;
#[cfg(target_arch = "wasm32")]
pub mod indexed_db;
pub mod journal;
pub mod memory;
#[cfg(target_arch = "wasm32")]
pub mod opfs;
#[cfg(target_arch = "wasm32")]
pub mod person;
pub mod profile;
pub mod sentinel;

/// One change to a store; a commit is a list of them, applied in order, all or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    Put { key: String, value: Vec<u8> },
    Delete { key: String },
}

impl Write {
    pub fn put(key: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        Self::Put {
            key: key.into(),
            value: value.into(),
        }
    }

    pub fn delete(key: impl Into<String>) -> Self {
        Self::Delete { key: key.into() }
    }
}

/// Which holder of the writer's lock this is: it grows by one each time the lock changes hands.
///
/// A tab that lost the lock without noticing (frozen, or robbed while busy) still carries its old number,
/// and every transaction of it fails because the store knows that number as replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Incarnation(pub u64);

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another tab has taken over. Nothing was written; this one must stop writing and follow.
    #[error("this tab is no longer the writer")]
    NotTheWriter,
    /// A tab that was stopped in the middle of a transaction keeps everybody else out, until it goes on, is closed, or the
    /// browser ends it.
    #[error("another tab holds the database")]
    Held,
    /// The disk or the browser's quota is full. Nothing was written.
    #[error("no space left for this website")]
    Full,
    /// The browser offers no such storage here (private window, blocked, too old).
    #[error("storage is not available: {0}")]
    Unavailable(String),
    /// It failed in spite of reopening and retrying.
    #[error("storage failed: {0}")]
    Failed(String),
    /// Bytes that cannot be what was written: altered, cut, or sealed with another key.
    #[error("stored bytes are damaged: {0}")]
    Damaged(String),
}

/// A durable map from key to bytes. One commit is one transaction, on disk when it returns.
#[expect(
    async_fn_in_trait,
    reason = "one thread: futures here are never sent to another"
)]
pub trait Store {
    /// Every entry whose key starts with `prefix`, in no particular order.
    async fn load_all(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError>;

    /// Every entry whose key is wanted, in no particular order.
    async fn load_where(
        &self,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError>;

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Applies all of `writes` or none. An error means none, as far as the browser can be believed.
    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError>;

    /// Takes the writer's role from whoever has it: their later commits fail with [`StoreError::NotTheWriter`],
    /// and so do this one's before the call.
    async fn take_over(&self) -> Result<Incarnation, StoreError>;
}
