//! A reader, and a session in the hands of a test.

use std::collections::BTreeSet;

use crdt_model::admission::Reader;
use crdt_model::capability::{Grant, Principal, Role, Scope};
use crdt_model::codec;
use crdt_model::document::{DocumentId, DocumentKey};
use crdt_model::ids::{BlockId, DeviceId, OrgId, PersonId, SiteId};
use crdt_model::sync::message::{CloseReason, DeviceMessage, PROTOCOL, RelayMessage};
use crdt_model::sync::relay::{LogEntry, Session, Step};
use crdt_model::time::{Month, Timestamp};
use serde_bytes::ByteBuf;

pub const NOW: Timestamp = Timestamp::from_millis(1_764_000_000_000);
pub const ORG: OrgId = OrgId::from_bytes([1; 16]);
pub const SITE: SiteId = SiteId::from_bytes([2; 16]);
pub const ME: PersonId = PersonId::from_bytes([3; 16]);
pub const OTHER: PersonId = PersonId::from_bytes([4; 16]);
pub const DEVICE: DeviceId = DeviceId::from_bytes([5; 16]);
const BLOCK: BlockId = BlockId::from_bytes([6; 16]);
pub const BLOCK_KEY: DocumentKey = DocumentKey::Block {
    site: SITE,
    block: BLOCK,
};

/// An agent, who reads their own till and not that of another.
pub fn reader() -> Reader {
    Reader {
        principal: Principal {
            person: ME,
            active: true,
            grants: BTreeSet::from([Grant {
                role: Role::Agent,
                scope: Scope::Site(SITE),
            }]),
        },
        leases: BTreeSet::new(),
        history: 1,
    }
}

/// The same person with a block in hand.
pub fn holder() -> Reader {
    Reader {
        leases: BTreeSet::from([(SITE, BLOCK)]),
        ..reader()
    }
}

pub fn till(person: PersonId) -> DocumentKey {
    DocumentKey::Till {
        site: SITE,
        person,
        month: Month::of(NOW),
    }
}

pub fn id(key: &DocumentKey) -> DocumentId {
    DocumentId::of(ORG, key)
}

pub const fn row(seq: u64, key: DocumentKey) -> LogEntry {
    LogEntry {
        seq,
        key,
        chunk: Vec::new(),
    }
}

pub fn digest(documents: &[(DocumentKey, u8)], more: bool) -> DeviceMessage {
    DeviceMessage::Digest {
        documents: documents
            .iter()
            .map(|(key, digest)| (id(key), ByteBuf::from([*digest; 8])))
            .collect(),
        more,
    }
}

pub fn hello(protocol: u16, cursor: u64) -> DeviceMessage {
    DeviceMessage::Hello {
        protocol,
        ticket: "t".repeat(43),
        cursor,
        rights: reader().version(),
    }
}

pub fn push(number: u32) -> DeviceMessage {
    DeviceMessage::Push {
        number,
        sealed: ByteBuf::from([9; 3]),
    }
}

pub fn send(session: &mut Session, message: &DeviceMessage) -> Vec<Step> {
    session.frame(&codec::encode(message))
}

/// What a session says and does when it ends.
pub fn ends(why: CloseReason) -> Vec<Step> {
    vec![
        Step::Send(RelayMessage::Bye {
            why,
            retry_after_millis: None,
        }),
        Step::Close(why),
    ]
}

pub const fn welcome(head: u64, send_digest: bool) -> Step {
    Step::Send(RelayMessage::Welcome {
        now: NOW,
        head,
        send_digest,
    })
}

pub fn changes(from: u64, to: u64, keys: &[DocumentKey]) -> Step {
    let changes = keys
        .iter()
        .map(|key| crdt_model::sync::message::LoggedChange {
            key: *key,
            chunk: ByteBuf::new(),
        })
        .collect();
    Step::Send(RelayMessage::Changes { from, to, changes })
}

/// A session whose hello was answered: its device has everything up to `cursor`, the log reaches `head`.
pub fn greeted(reader: Reader, cursor: u64, rights: u64, head: u64) -> (Session, Vec<Step>) {
    let mut session = Session::new();
    send(&mut session, &hello(PROTOCOL, cursor));
    let steps = session.identified(reader, DEVICE, head, cursor, rights, NOW);
    (session, steps)
}

pub fn live(head: u64) -> Session {
    greeted(reader(), head, reader().version(), head).0
}

/// A session that waits for a digest.
pub fn comparing(reader: Reader, head: u64) -> Session {
    let (session, steps) = greeted(reader, 0, 0, head);
    assert_eq!(steps, [welcome(head, true)]);
    session
}

/// Sessions in every phase after the hello was accepted: comparing, listing, live.
pub fn accepted() -> [Session; 3] {
    let mut listing = comparing(reader(), 3);
    assert_eq!(send(&mut listing, &digest(&[], false)), [Step::List]);
    [comparing(reader(), 3), listing, live(3)]
}
