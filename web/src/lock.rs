//! One writer per person and browser: which tab's worker may write, and how the others reach it.
//!
//! The writer holds a Web Lock. A worker that finds the lock taken asks its holder over a `BroadcastChannel`;
//! with no answer within half a second (a frozen tab) it steals the lock. The robbed one may not notice in time, which is
//! why every transaction also checks the writer's incarnation ([`crate::store::Incarnation`]).
//! Followers relay what their UI asks to the writer, each time after it has shown that it is awake, and steal the lock
//! when it has not. This module must not know what the bytes it relays mean.

use serde::{Deserialize, Serialize};

#[cfg(target_arch = "wasm32")]
mod election;
#[cfg(target_arch = "wasm32")]
pub mod relay;

#[cfg(target_arch = "wasm32")]
pub use election::{Ear, Follower, Held, LockError, Role, Writer, acquire, lock_all};

/// How long a holder of the lock may stay silent before it counts as frozen.
pub const SILENCE_MS: u32 = 500;

/// What the workers of one person say to each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// Is there a writer?
    Ping { from: u64 },
    /// There is: me.
    Pong { to: u64 },
    /// A follower's UI asks; answered once, under the same ids.
    Request {
        from: u64,
        id: u64,
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    Answer {
        to: u64,
        id: u64,
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// The writer tells every tab.
    Event {
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// The person locked the screen or signed out in one tab, and means all of them.
    Locked,
}

impl Message {
    pub fn encode(&self) -> Vec<u8> {
        minicbor_serde::to_vec(self).expect("messages between tabs are plain data")
    }

    /// None for what an older or newer version of the app said: tabs may differ in version.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        minicbor_serde::from_slice(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_back_and_nonsense_is_ignored() {
        let messages = [
            Message::Ping { from: u64::MAX },
            Message::Pong { to: 1 },
            Message::Request {
                from: 1,
                id: 2,
                bytes: vec![0, 255],
            },
            Message::Answer {
                to: 1,
                id: 2,
                bytes: vec![],
            },
            Message::Event { bytes: vec![1] },
            Message::Locked,
        ];
        for message in messages {
            assert_eq!(Message::decode(&message.encode()), Some(message));
        }
        assert_eq!(Message::decode(b"\xff\x00"), None);
        assert_eq!(Message::decode(b""), None);
    }
}
