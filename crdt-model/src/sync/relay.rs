//! The relay's end of one session, without IO. The driver feeds it frames and answers, and carries out its steps in
//! order; identification, the log and admission are the driver's.

use std::collections::BTreeSet;

use serde_bytes::ByteBuf;

use crate::admission::{Reader, caps, may_read};
use crate::codec;
use crate::document::{DocumentId, DocumentKey, Hash};
use crate::ids::DeviceId;
use crate::sync::message::{
    CloseReason, DeviceMessage, Disposition, LoggedChange, PROTOCOL, PROTOCOL_MIN, RelayMessage,
};
use crate::time::Timestamp;

/// Documents one device may list in its digest. A head office holds two for every block of vouchers: 14,000 after a
/// million sales from blocks of 200. Each takes 25 bytes until the comparison is made.
pub const DIGEST_DOCUMENTS_MAX: usize = 100_000;

/// What the driver is to do, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Send(RelayMessage),
    /// Find out whose ticket this is, bind waiting leases, then call [`Session::identified`].
    Identify {
        ticket: String,
        cursor: u64,
        rights: u64,
    },
    /// Read the log after `after`, then call [`Session::loaded`].
    Load {
        after: u64,
    },
    /// List the organisation's documents with the digests of their heads, then call [`Session::listed`].
    List,
    /// Send each of these as [`RelayMessage::Snapshot`].
    SendSnapshots(Vec<DocumentKey>),
    /// Open, verify and admit, then call [`Session::admitted`].
    Admit {
        number: u32,
        sealed: Vec<u8>,
    },
    Close(CloseReason),
}

/// A row of the log as a session needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    pub seq: u64,
    pub key: DocumentKey,
    pub chunk: Vec<u8>,
}

/// A document as the relay lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDocument {
    pub key: DocumentKey,
    pub id: DocumentId,
    pub digest: [u8; 8],
}

/// The digest of a document's heads as a device said it. `None`: it is not of eight bytes, and no document has it.
type Heads = Option<[u8; 8]>;

/// What a device says it holds, as it arrives: 25 bytes each, where a map takes 40, and it is asked only at the end.
#[derive(Debug, Default)]
struct Held(Vec<(DocumentId, Heads)>);

impl Held {
    /// False: these would be too many.
    fn add(&mut self, documents: Vec<(DocumentId, ByteBuf)>) -> bool {
        let needed = self.0.len() + documents.len();
        if needed > DIGEST_DOCUMENTS_MAX {
            return false;
        }
        if needed > self.0.capacity() {
            // Twice as much each time, as ever, but never more than may come.
            let room = needed.max(self.0.capacity() * 2);
            let room = room.min(DIGEST_DOCUMENTS_MAX);
            self.0.reserve_exact(room - self.0.len());
        }
        let heads = |heads: ByteBuf| heads.as_slice().try_into().ok();
        let documents = documents.into_iter();
        self.0.extend(documents.map(|(id, said)| (id, heads(said))));
        true
    }

    /// Brings it into order: nothing more comes.
    fn sort(&mut self) {
        self.0.sort_unstable();
        self.0.dedup_by_key(|(id, _)| *id);
    }

    fn get(&self, id: DocumentId) -> Option<Heads> {
        let at = self.0.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.0[at].1)
    }
}

#[derive(Debug)]
enum Phase {
    Greeting,
    Identifying,
    /// Waits for the device to say what it holds.
    Comparing {
        digest: Held,
    },
    Listing {
        digest: Held,
    },
    Live,
    Closed,
}

/// One connection.
#[derive(Debug)]
pub struct Session {
    phase: Phase,
    reader: Option<Reader>,
    device: Option<DeviceId>,
    /// Everything up to here was sent.
    cursor: u64,
    /// The last `seq` the driver told of.
    head: u64,
    loading: bool,
    /// Rows this session's own device pushed: it has them.
    own: BTreeSet<u64>,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    pub const fn new() -> Self {
        Self {
            phase: Phase::Greeting,
            reader: None,
            device: None,
            cursor: 0,
            head: 0,
            loading: false,
            own: BTreeSet::new(),
        }
    }

    pub const fn reader(&self) -> Option<&Reader> {
        self.reader.as_ref()
    }

    pub const fn device(&self) -> Option<DeviceId> {
        self.device
    }

    /// A binary frame arrived.
    pub fn frame(&mut self, bytes: &[u8]) -> Vec<Step> {
        if bytes.len() > caps::FRAME_BYTES_MAX {
            return self.close(CloseReason::BadFrame);
        }
        let Ok(message) = codec::decode::<DeviceMessage>(bytes) else {
            return self.close(CloseReason::BadFrame);
        };
        match (message, &mut self.phase) {
            (_, Phase::Closed) => Vec::new(),
            (
                DeviceMessage::Hello {
                    protocol,
                    ticket,
                    cursor,
                    rights,
                },
                Phase::Greeting,
            ) => {
                if protocol > PROTOCOL {
                    return self.close(CloseReason::ServerTooOld);
                }
                if protocol < PROTOCOL_MIN {
                    return self.close(CloseReason::AppTooOld);
                }
                self.phase = Phase::Identifying;
                vec![Step::Identify {
                    ticket,
                    cursor,
                    rights,
                }]
            }
            (DeviceMessage::Digest { documents, more }, Phase::Comparing { digest }) => {
                if !digest.add(documents) {
                    return self.close(CloseReason::BadFrame);
                }
                if more {
                    return Vec::new();
                }
                let mut digest = std::mem::take(digest);
                digest.sort();
                self.phase = Phase::Listing { digest };
                vec![Step::List]
            }
            (
                DeviceMessage::Push { number, sealed },
                Phase::Comparing { .. } | Phase::Listing { .. } | Phase::Live,
            ) => {
                vec![Step::Admit {
                    number,
                    sealed: sealed.into_vec(),
                }]
            }
            (DeviceMessage::Ping, phase)
                if !matches!(phase, Phase::Greeting | Phase::Identifying) =>
            {
                vec![Step::Send(RelayMessage::Pong)]
            }
            _ => self.close(CloseReason::OutOfOrder),
        }
    }

    /// The ticket was good. `rights` and `cursor` are what the device said in its hello.
    pub fn identified(
        &mut self,
        reader: Reader,
        device: DeviceId,
        head: u64,
        cursor: u64,
        rights: u64,
        now: Timestamp,
    ) -> Vec<Step> {
        self.head = head;
        self.device = Some(device);
        // A cursor beyond the log comes from a database that was restored: compare, do not trust it.
        let send_digest = reader.version() != rights || cursor > head;
        self.reader = Some(reader);
        let welcome = Step::Send(RelayMessage::Welcome {
            now,
            head,
            send_digest,
        });
        if send_digest {
            self.phase = Phase::Comparing {
                digest: Held::default(),
            };
            return vec![welcome];
        }
        self.phase = Phase::Live;
        self.cursor = cursor;
        let mut steps = vec![welcome];
        steps.extend(self.load_next());
        steps
    }

    /// The ticket was unknown, used or expired.
    pub fn not_identified(&mut self) -> Vec<Step> {
        self.close(CloseReason::BadTicket)
    }

    /// The organisation's documents, read at `head`.
    pub fn listed(&mut self, documents: &[ListedDocument], head: u64) -> Vec<Step> {
        let (Phase::Listing { digest }, Some(reader)) = (&self.phase, &self.reader) else {
            return Vec::new();
        };
        let readable: Vec<&ListedDocument> = documents
            .iter()
            .filter(|document| may_read(reader, &document.key))
            .collect();
        let ids: BTreeSet<DocumentId> = readable.iter().map(|document| document.id).collect();
        let mut different: Vec<DocumentKey> = readable
            .iter()
            .filter(|document| digest.get(document.id).flatten() != Some(document.digest))
            .map(|document| document.key)
            .collect();
        // Leases and codes last: whoever can sell from a block knows by then which of its vouchers were sold or are void.
        different.sort_by_key(|key| match key {
            DocumentKey::Block { .. } => 2,
            DocumentKey::Batches(_) => 1,
            _ => 0,
        });
        // Of these the relay has never heard: their changes are on their way, or it was restored from a backup. The
        // device knows which.
        let known: BTreeSet<DocumentId> = documents.iter().map(|document| document.id).collect();
        let unknown: Vec<DocumentId> = digest
            .0
            .iter()
            .map(|(id, _)| *id)
            .filter(|id| !known.contains(id))
            .collect();
        let dropped: Vec<DocumentKey> = documents
            .iter()
            .filter(|document| digest.get(document.id).is_some() && !ids.contains(&document.id))
            .map(|document| document.key)
            .collect();
        let rights = reader.version();
        self.phase = Phase::Live;
        self.cursor = head;
        self.head = self.head.max(head);
        let mut steps = vec![Step::SendSnapshots(different)];
        if !dropped.is_empty() {
            steps.push(Step::Send(RelayMessage::Drop { keys: dropped }));
        }
        if !unknown.is_empty() {
            steps.push(Step::Send(RelayMessage::Unknown { ids: unknown }));
        }
        steps.push(Step::Send(RelayMessage::Synced {
            cursor: head,
            rights,
        }));
        steps.extend(self.load_next());
        steps
    }

    /// The log has grown to `head`.
    pub fn woken(&mut self, head: u64) -> Vec<Step> {
        self.head = self.head.max(head);
        self.load_next().into_iter().collect()
    }

    /// What this person may read may have changed: the device says what it holds, and gets the difference.
    pub fn rights_changed(&mut self, reader: Reader, now: Timestamp) -> Vec<Step> {
        let changed = self
            .reader
            .as_ref()
            .is_some_and(|known| known.version() != reader.version());
        if !changed {
            return Vec::new();
        }
        // From now on nothing is sent by the old rights. A comparison that has begun ends by the new ones.
        self.reader = Some(reader);
        if !matches!(self.phase, Phase::Live) {
            return Vec::new();
        }
        self.phase = Phase::Comparing {
            digest: Held::default(),
        };
        vec![Step::Send(RelayMessage::Welcome {
            now,
            head: self.head,
            send_digest: true,
        })]
    }

    /// Rows after the cursor, up to and including `to`.
    pub fn loaded(&mut self, to: u64, rows: Vec<LogEntry>) -> Vec<Step> {
        self.loading = false;
        let (Phase::Live, Some(reader)) = (&self.phase, &self.reader) else {
            return Vec::new();
        };
        let from = self.cursor;
        let changes: Vec<LoggedChange> = rows
            .into_iter()
            .filter(|row| {
                row.seq > from && !self.own.contains(&row.seq) && may_read(reader, &row.key)
            })
            .map(|row| LoggedChange {
                key: row.key,
                chunk: row.chunk.into(),
            })
            .collect();
        self.cursor = to.max(from);
        self.own = self.own.split_off(&(self.cursor + 1));
        let mut steps = Vec::new();
        if self.cursor > from {
            steps.push(Step::Send(RelayMessage::Changes {
                from,
                to: self.cursor,
                changes,
            }));
        }
        steps.extend(self.load_next());
        steps
    }

    /// A batch was committed (or found wanting). `own` are the rows this session's device wrote itself.
    pub fn admitted(
        &mut self,
        number: u32,
        results: &[(Hash, Disposition)],
        own: impl IntoIterator<Item = u64>,
        head: u64,
    ) -> Vec<Step> {
        self.own.extend(own);
        self.head = self.head.max(head);
        let mut steps = vec![Step::Send(RelayMessage::ack(number, results))];
        steps.extend(self.load_next());
        steps
    }

    /// Ends the session with a reason that the page can explain.
    pub fn close(&mut self, why: CloseReason) -> Vec<Step> {
        if matches!(self.phase, Phase::Closed) {
            return Vec::new();
        }
        self.phase = Phase::Closed;
        vec![
            Step::Send(RelayMessage::Bye {
                why,
                retry_after_millis: None,
            }),
            Step::Close(why),
        ]
    }

    fn load_next(&mut self) -> Option<Step> {
        if self.loading || !matches!(self.phase, Phase::Live) || self.head <= self.cursor {
            return None;
        }
        self.loading = true;
        Some(Step::Load { after: self.cursor })
    }
}
