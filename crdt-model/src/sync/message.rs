//! The messages of one WebSocket session, each one CBOR value in one binary frame.

use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_bytes::ByteBuf;

use crate::codec::OrDefault;
use crate::document::{DocumentId, DocumentKey, Hash};
use crate::fact::HoldReason;
use crate::ids::HoldId;
use crate::time::Timestamp;

/// The version this code speaks. A relay refuses newer and too old devices by name.
pub const PROTOCOL: u16 = 2;
/// The oldest device version the relay still serves.
pub const PROTOCOL_MIN: u16 = 1;

/// Device → relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceMessage {
    #[serde(rename = "h")]
    Hello {
        #[serde(rename = "v")]
        protocol: u16,
        /// One-time, from `POST /api/ticket`: says which person and device this is.
        #[serde(rename = "t")]
        ticket: String,
        /// The last `seq` that is in the device's stores.
        #[serde(rename = "c")]
        cursor: u64,
        /// The version of the reader's rights that the device last heard.
        #[serde(rename = "r")]
        rights: u64,
    },
    /// What the device holds: document id and digest of the acknowledged heads.
    #[serde(rename = "d")]
    Digest {
        #[serde(rename = "d")]
        documents: Vec<(DocumentId, ByteBuf)>,
        /// More of it follows.
        #[serde(rename = "m")]
        more: bool,
    },
    /// A sealed batch; any registered device key will do, whoever's session this is.
    #[serde(rename = "p")]
    Push {
        #[serde(rename = "n")]
        number: u32,
        #[serde(rename = "b")]
        sealed: ByteBuf,
    },
    #[serde(rename = "i")]
    Ping,
}

/// Relay → device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RelayMessage {
    #[serde(rename = "w")]
    Welcome {
        /// The relay's clock, by which the device measures its own.
        #[serde(rename = "n")]
        now: Timestamp,
        /// The organisation's last `seq`.
        #[serde(rename = "h")]
        head: u64,
        /// The device must say what it holds: its rights changed, or its cursor is unknown here.
        #[serde(rename = "d")]
        send_digest: bool,
    },
    /// Every readable change after `from` up to and including `to`, in `seq` order.
    #[serde(rename = "c")]
    Changes {
        #[serde(rename = "f")]
        from: u64,
        #[serde(rename = "t")]
        to: u64,
        #[serde(rename = "c")]
        changes: Vec<LoggedChange>,
    },
    /// A whole document: newly readable, or different from what the digest said.
    #[serde(rename = "s")]
    Snapshot {
        #[serde(rename = "k")]
        key: DocumentKey,
        #[serde(rename = "b")]
        bytes: ByteBuf,
    },
    /// No longer readable.
    #[serde(rename = "x")]
    Drop {
        #[serde(rename = "k")]
        keys: Vec<DocumentKey>,
    },
    /// The relay has nothing of these documents: what was acknowledged of them is lost there.
    #[serde(rename = "u")]
    Unknown {
        #[serde(rename = "i")]
        ids: Vec<DocumentId>,
    },
    /// The device now holds what it may, as of `cursor`.
    #[serde(rename = "y")]
    Synced {
        #[serde(rename = "c")]
        cursor: u64,
        #[serde(rename = "r")]
        rights: u64,
    },
    /// The answer to a push, after COMMIT.
    #[serde(rename = "a")]
    Ack {
        #[serde(rename = "n")]
        number: u32,
        /// By the first eight bytes of the change's hash.
        #[serde(rename = "r")]
        results: Vec<(ByteBuf, Disposition)>,
    },
    #[serde(rename = "o")]
    Pong,
    /// The last message before the relay closes.
    #[serde(rename = "b")]
    Bye {
        #[serde(rename = "w")]
        why: CloseReason,
        #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
        retry_after_millis: Option<u32>,
    },
}

/// One accepted change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedChange {
    #[serde(rename = "k")]
    pub key: DocumentKey,
    /// An Automerge change chunk.
    #[serde(rename = "b")]
    pub chunk: ByteBuf,
}

/// What became of one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Disposition {
    /// Committed, now or before.
    #[serde(rename = "a")]
    Accepted,
    /// What it says is already committed, as another change: the device drops its own.
    #[serde(rename = "k")]
    Known,
    /// Kept aside; the author's device shows "needs you".
    #[serde(rename = "h")]
    Held(HoldId, HoldReason),
    /// Not kept. The code is for support.
    #[serde(rename = "r")]
    Refused(RefusalCode),
    /// It builds on something the relay does not have: write it again on what is acknowledged.
    #[serde(rename = "b")]
    Rebase,
}

/// By hand, for what comes later than this version: a phone shows that it was not taken, and goes on.
impl<'de> Deserialize<'de> for Disposition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Named;

        impl<'de> Visitor<'de> for Named {
            type Value = Disposition;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("what became of a change")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Disposition, E> {
                Ok(match name {
                    "a" => Disposition::Accepted,
                    "k" => Disposition::Known,
                    "b" => Disposition::Rebase,
                    _ => Disposition::Refused(RefusalCode::Later),
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Disposition, A::Error> {
                let name: Option<String> = map.next_key()?;
                let found = match name.as_deref() {
                    Some("h") => {
                        let (hold, reason): (HoldId, OrDefault<HoldReason>) = map.next_value()?;
                        Disposition::Held(hold, reason.get())
                    }
                    Some("r") => {
                        let code: OrDefault<RefusalCode> = map.next_value()?;
                        Disposition::Refused(code.get())
                    }
                    Some(_) => {
                        map.next_value::<IgnoredAny>()?;
                        Disposition::Refused(RefusalCode::Later)
                    }
                    None => return Err(de::Error::invalid_length(0, &self)),
                };
                match map.next_key::<IgnoredAny>()? {
                    None => Ok(found),
                    Some(_) => Err(de::Error::invalid_length(2, &self)),
                }
            }
        }

        deserializer.deserialize_any(Named)
    }
}

/// Why a change was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum RefusalCode {
    #[serde(rename = "m")]
    Malformed(crate::admission::Malformed),
    /// The author may not do it, and it is of a kind that is not held: an edit of the catalog or the staff, a decision.
    #[serde(rename = "n")]
    NotAllowed,
    /// The change has no Automerge form, or its counters or dependencies are impossible.
    #[serde(rename = "i")]
    Impossible,
    /// It would be held, and so much of its author's work waits for a decision already that there is room for no more.
    #[serde(rename = "h")]
    TooMuchHeld,
    /// Its author began so many tills and documents of clients that they may begin no other.
    #[serde(rename = "d")]
    TooManyDocuments,
    /// A reason that came later than this version. No relay says so.
    #[default]
    #[serde(rename = "u")]
    Later,
}

/// Why the relay ends a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CloseReason {
    AppTooOld,
    ServerTooOld,
    /// The ticket is unknown, used or expired.
    BadTicket,
    /// The bytes are no message, or too many.
    BadFrame,
    /// A message that does not belong here.
    OutOfOrder,
    DeviceRevoked,
    Overloaded,
    ShuttingDown,
    /// PostgreSQL is away.
    StoreAway,
    TooSlow,
}

impl RelayMessage {
    /// Whether this answer to a batch ends the matter: nothing of it is to be written and sent again.
    pub fn is_final(&self) -> bool {
        let Self::Ack { results, .. } = self else {
            return false;
        };
        !results.is_empty()
            && results
                .iter()
                .all(|(_, disposition)| *disposition != Disposition::Rebase)
    }

    /// The answer to a push: each change by the beginning of its hash.
    pub fn ack(number: u32, results: &[(Hash, Disposition)]) -> Self {
        Self::Ack {
            number,
            results: results
                .iter()
                .map(|(hash, disposition)| (ByteBuf::from(hash[..8].to_vec()), *disposition))
                .collect(),
        }
    }
}

impl CloseReason {
    /// The WebSocket close code (RFC 6455, 7.4.2: 4000–4999 are ours).
    pub const fn close_code(self) -> u16 {
        match self {
            Self::BadFrame => 4000,
            Self::OutOfOrder => 4001,
            Self::BadTicket => 4003,
            Self::DeviceRevoked => 4004,
            Self::AppTooOld => 4010,
            Self::ServerTooOld => 4011,
            Self::Overloaded => 4029,
            Self::TooSlow => 4030,
            Self::ShuttingDown => 4050,
            Self::StoreAway => 4051,
        }
    }
}
