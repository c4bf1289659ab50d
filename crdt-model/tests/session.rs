//! The relay's end of a session, rule by rule, without IO. Each test carries the number of its rule in `docs/SYNC.md`.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeSet;

use crdt_model::admission::{Reader, caps};
use crdt_model::capability::{Grant, Principal, Role, Scope};
use crdt_model::codec;
use crdt_model::document::{DocumentId, DocumentKey, heads_digest};
use crdt_model::fact::HoldReason;
use crdt_model::ids::{BlockId, DeviceId, HoldId, OrgId, PersonId, SiteId};
use crdt_model::sealing::{OVERHEAD, SealingError, SealingSecretKey, open, seal, sealed_to};
use crdt_model::sync::batch::{Batch, BatchError, signed_bytes};
use crdt_model::sync::message::{
    CloseReason, DeviceMessage, Disposition, PROTOCOL, PROTOCOL_MIN, RelayMessage,
};
use crdt_model::sync::relay::{DIGEST_DOCUMENTS_MAX, ListedDocument, LogEntry, Session, Step};
use crdt_model::time::{Month, Timestamp};
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

const NOW: Timestamp = Timestamp::from_millis(1_764_000_000_000);
const ORG: OrgId = OrgId::from_bytes([1; 16]);
const SITE: SiteId = SiteId::from_bytes([2; 16]);
const ME: PersonId = PersonId::from_bytes([3; 16]);
const OTHER: PersonId = PersonId::from_bytes([4; 16]);
const DEVICE: DeviceId = DeviceId::from_bytes([5; 16]);
const BLOCK: BlockId = BlockId::from_bytes([6; 16]);
const BLOCK_KEY: DocumentKey = DocumentKey::Block {
    site: SITE,
    block: BLOCK,
};

/// An agent, who reads their own till and not that of another.
fn reader() -> Reader {
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
fn holder() -> Reader {
    Reader {
        leases: BTreeSet::from([(SITE, BLOCK)]),
        ..reader()
    }
}

fn till(person: PersonId) -> DocumentKey {
    DocumentKey::Till {
        site: SITE,
        person,
        month: Month::of(NOW),
    }
}

fn id(key: &DocumentKey) -> DocumentId {
    DocumentId::of(ORG, key)
}

const fn row(seq: u64, key: DocumentKey) -> LogEntry {
    LogEntry {
        seq,
        key,
        chunk: Vec::new(),
    }
}

fn listed(key: DocumentKey, digest: u8) -> ListedDocument {
    ListedDocument {
        key,
        id: id(&key),
        digest: [digest; 8],
    }
}

fn digest(documents: &[(DocumentKey, u8)], more: bool) -> DeviceMessage {
    DeviceMessage::Digest {
        documents: documents
            .iter()
            .map(|(key, digest)| (id(key), ByteBuf::from([*digest; 8])))
            .collect(),
        more,
    }
}

fn hello(protocol: u16, cursor: u64) -> DeviceMessage {
    DeviceMessage::Hello {
        protocol,
        ticket: "t".repeat(43),
        cursor,
        rights: reader().version(),
    }
}

fn push(number: u32) -> DeviceMessage {
    DeviceMessage::Push {
        number,
        sealed: ByteBuf::from([9; 3]),
    }
}

fn send(session: &mut Session, message: &DeviceMessage) -> Vec<Step> {
    session.frame(&codec::encode(message))
}

/// What a session says and does when it ends.
fn ends(why: CloseReason) -> Vec<Step> {
    vec![
        Step::Send(RelayMessage::Bye {
            why,
            retry_after_millis: None,
        }),
        Step::Close(why),
    ]
}

const fn welcome(head: u64, send_digest: bool) -> Step {
    Step::Send(RelayMessage::Welcome {
        now: NOW,
        head,
        send_digest,
    })
}

fn changes(from: u64, to: u64, keys: &[DocumentKey]) -> Step {
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
fn greeted(reader: Reader, cursor: u64, rights: u64, head: u64) -> (Session, Vec<Step>) {
    let mut session = Session::new();
    send(&mut session, &hello(PROTOCOL, cursor));
    let steps = session.identified(reader, DEVICE, head, cursor, rights, NOW);
    (session, steps)
}

fn live(head: u64) -> Session {
    greeted(reader(), head, reader().version(), head).0
}

/// A session that waits for a digest.
fn comparing(reader: Reader, head: u64) -> Session {
    let (session, steps) = greeted(reader, 0, 0, head);
    assert_eq!(steps, [welcome(head, true)]);
    session
}

#[test]
fn tr1_bytes_after_the_message_are_a_bad_frame() {
    let ping = codec::encode(&DeviceMessage::Ping);
    let mut session = live(0);
    assert_eq!(session.frame(&ping), [Step::Send(RelayMessage::Pong)]);
    assert_eq!(
        session.frame(&[&ping[..], &ping[..]].concat()),
        ends(CloseReason::BadFrame)
    );
    assert_eq!(live(0).frame(&[]), ends(CloseReason::BadFrame));
}

#[test]
fn tr2_a_frame_above_the_cap_ends_the_session() {
    // The longest push that is let through, and one byte more: both would decode.
    let empty = codec::encode(&DeviceMessage::Push {
        number: 1,
        sealed: vec![0; 1 << 16].into(),
    });
    let most = caps::FRAME_BYTES_MAX - (empty.len() - (1 << 16));
    let of = |bytes: usize| {
        codec::encode(&DeviceMessage::Push {
            number: 1,
            sealed: vec![0; bytes].into(),
        })
    };
    assert_eq!(caps::FRAME_BYTES_MAX, 1 << 20);
    assert_eq!(of(most).len(), caps::FRAME_BYTES_MAX);
    assert!(matches!(live(0).frame(&of(most))[..], [Step::Admit { .. }]));
    assert_eq!(live(0).frame(&of(most + 1)), ends(CloseReason::BadFrame));
}

#[test]
fn tr3_an_unknown_key_is_skipped_and_an_unknown_message_is_a_bad_frame() {
    // {"h": {"v": 1, "t": "k", "c": 7, "r": 8, "z": [null]}}
    let known = b"\xa1\x61h\xa5\x61v\x01\x61t\x61k\x61c\x07\x61r\x08\x61z\x81\xf6";
    assert_eq!(
        Session::new().frame(known),
        [Step::Identify {
            ticket: "k".into(),
            cursor: 7,
            rights: 8
        }]
    );
    // {"h": {"v": 1, "t": "k", "c": 7}}: the rights are missing.
    let lacking = b"\xa1\x61h\xa3\x61v\x01\x61t\x61k\x61c\x07";
    assert_eq!(Session::new().frame(lacking), ends(CloseReason::BadFrame));
    // "q", and {"q": {}}.
    for unknown in [&b"\x61q"[..], b"\xa1\x61q\xa0"] {
        assert_eq!(live(0).frame(unknown), ends(CloseReason::BadFrame));
    }
}

/// Sessions in every phase after the hello was accepted: comparing, listing, live.
fn accepted() -> [Session; 3] {
    let mut listing = comparing(reader(), 3);
    assert_eq!(send(&mut listing, &digest(&[], false)), [Step::List]);
    [comparing(reader(), 3), listing, live(3)]
}

#[test]
fn tr5_a_ping_is_answered_in_every_phase_after_the_hello() {
    for mut session in accepted() {
        let steps = send(&mut session, &DeviceMessage::Ping);
        assert_eq!(steps, [Step::Send(RelayMessage::Pong)]);
    }
}

#[test]
fn hs1_anything_but_a_hello_first_ends_the_session() {
    for message in [push(1), digest(&[], false), DeviceMessage::Ping] {
        assert_eq!(
            send(&mut Session::new(), &message),
            ends(CloseReason::OutOfOrder)
        );
    }
}

#[test]
fn hs2_refuses_an_app_from_the_future_and_one_from_the_past() {
    assert_eq!(
        send(&mut Session::new(), &hello(PROTOCOL + 1, 0)),
        ends(CloseReason::ServerTooOld)
    );
    assert_eq!(
        send(&mut Session::new(), &hello(PROTOCOL_MIN - 1, 0)),
        ends(CloseReason::AppTooOld)
    );
    for served in PROTOCOL_MIN..=PROTOCOL {
        assert!(matches!(
            send(&mut Session::new(), &hello(served, 0))[..],
            [Step::Identify { .. }]
        ));
    }
}

#[test]
fn hs4_a_message_before_welcome_ends_the_session() {
    for message in [push(1), digest(&[], false), DeviceMessage::Ping] {
        let mut session = Session::new();
        send(&mut session, &hello(PROTOCOL, 0));
        assert_eq!(send(&mut session, &message), ends(CloseReason::OutOfOrder));
    }
}

#[test]
fn hs5_a_second_hello_ends_the_session() {
    let mut identifying = Session::new();
    send(&mut identifying, &hello(PROTOCOL, 0));
    for mut session in [identifying, comparing(reader(), 3), live(3)] {
        assert_eq!(
            send(&mut session, &hello(PROTOCOL, 0)),
            ends(CloseReason::OutOfOrder)
        );
    }
}

#[test]
fn hs7_welcome_asks_for_a_digest_when_rights_or_cursor_are_not_ours() {
    let rights = reader().version();
    let asked = |cursor, rights| greeted(reader(), cursor, rights, 8).1;
    assert_eq!(asked(8, rights), [welcome(8, false)]);
    assert_eq!(
        asked(5, rights),
        [welcome(8, false), Step::Load { after: 5 }]
    );
    assert_eq!(asked(8, rights ^ 1), [welcome(8, true)]);
    assert_eq!(asked(8, 0), [welcome(8, true)]);
    assert_eq!(asked(9, rights), [welcome(8, true)]);
}

#[test]
fn hs9_with_nothing_new_hello_and_welcome_are_all() {
    let mut session = Session::new();
    let hello = codec::encode(&hello(PROTOCOL, 812));
    assert!(hello.len() < 100, "{} bytes", hello.len());
    assert!(matches!(
        session.frame(&hello)[..],
        [Step::Identify { cursor: 812, .. }]
    ));
    let steps = session.identified(reader(), DEVICE, 812, 812, reader().version(), NOW);
    let [Step::Send(message)] = &steps[..] else {
        panic!("{steps:?}");
    };
    let bytes = codec::encode(message).len();
    assert!(bytes < 100, "{bytes} bytes");
    assert_eq!(session.woken(812), []);
}

#[test]
fn pl3_changes_hold_what_the_reader_may_read_in_order_and_pass_the_rest() {
    let (mut session, _) = greeted(reader(), 10, reader().version(), 14);
    let rows = vec![
        row(11, DocumentKey::Catalog),
        row(12, till(OTHER)),
        row(13, till(ME)),
        row(14, DocumentKey::Staff),
    ];
    assert_eq!(
        session.loaded(14, rows),
        [changes(
            10,
            14,
            &[DocumentKey::Catalog, till(ME), DocumentKey::Staff]
        )]
    );
    // Nothing of it is for this reader: the cursor goes on all the same.
    assert_eq!(session.woken(15), [Step::Load { after: 14 }]);
    assert_eq!(
        session.loaded(15, vec![row(15, till(OTHER))]),
        [changes(14, 15, &[])]
    );
    assert_eq!(session.woken(16), [Step::Load { after: 15 }]);
}

#[test]
fn pl4_rows_of_this_session_come_by_its_ack_alone() {
    let mut session = live(20);
    let steps = session.admitted(1, &[([7; 32], Disposition::Accepted)], [21, 23], 23);
    assert_eq!(
        steps,
        [
            Step::Send(RelayMessage::ack(1, &[([7; 32], Disposition::Accepted)])),
            Step::Load { after: 20 }
        ]
    );
    let rows = vec![
        row(21, till(ME)),
        row(22, DocumentKey::Catalog),
        row(23, till(ME)),
    ];
    assert_eq!(
        session.loaded(23, rows),
        [changes(20, 23, &[DocumentKey::Catalog])]
    );
    // Written by the same person elsewhere: that is sent.
    session.woken(24);
    assert_eq!(
        session.loaded(24, vec![row(24, till(ME))]),
        [changes(23, 24, &[till(ME)])]
    );
}

#[test]
fn pl5_the_next_rows_are_read_after_those_before_went_out() {
    let (mut session, steps) = greeted(reader(), 0, reader().version(), 4);
    assert_eq!(steps, [welcome(4, false), Step::Load { after: 0 }]);
    // However often it is woken, one read is under way.
    assert_eq!(session.woken(5), []);
    assert_eq!(session.woken(9), []);
    assert_eq!(
        session.loaded(4, vec![row(4, DocumentKey::Org)]),
        [changes(0, 4, &[DocumentKey::Org]), Step::Load { after: 4 }]
    );
    assert_eq!(session.loaded(9, Vec::new()), [changes(4, 9, &[])]);
}

#[test]
fn dg2_too_many_documents_end_the_session() {
    let many = |from: usize, count: usize, more: bool| DeviceMessage::Digest {
        documents: (from..from + count)
            .map(|n| {
                let mut id = [0; 16];
                id[8..].copy_from_slice(&(n as u64).to_be_bytes());
                (DocumentId::from_bytes(id), ByteBuf::from([0; 8]))
            })
            .collect(),
        more,
    };
    assert_eq!(DIGEST_DOCUMENTS_MAX, 100_000);
    let mut session = comparing(reader(), 1);
    for part in 0..9 {
        assert_eq!(send(&mut session, &many(part * 10_000, 10_000, true)), []);
    }
    assert_eq!(
        send(&mut session, &many(90_000, 10_000, false)),
        [Step::List]
    );
    let mut session = comparing(reader(), 1);
    for part in 0..10 {
        assert_eq!(send(&mut session, &many(part * 10_000, 10_000, true)), []);
    }
    assert_eq!(
        send(&mut session, &many(100_000, 1, false)),
        ends(CloseReason::BadFrame)
    );
}

#[test]
fn dg4_snapshots_are_of_what_differs_and_blocks_come_last() {
    let mut session = comparing(holder(), 30);
    let held = [
        (DocumentKey::Catalog, 1),
        (DocumentKey::Staff, 9),
        (BLOCK_KEY, 9),
    ];
    assert_eq!(send(&mut session, &digest(&held, false)), [Step::List]);
    let documents = [
        listed(BLOCK_KEY, 1),
        listed(DocumentKey::Catalog, 1),
        listed(DocumentKey::Staff, 1),
        listed(till(ME), 1),
        listed(till(OTHER), 1),
    ];
    let steps = session.listed(&documents, 30);
    assert_eq!(
        steps[0],
        Step::SendSnapshots(vec![DocumentKey::Staff, till(ME), BLOCK_KEY])
    );
}

/// Who made a block has its codes already: the lease makes them sell.
#[test]
fn dg4_leases_come_after_what_is_told_of_the_blocks() {
    let mut owner = reader();
    owner.principal.grants.insert(Grant {
        role: Role::Owner,
        scope: Scope::Organisation,
    });
    let mut session = comparing(owner, 30);
    assert_eq!(send(&mut session, &digest(&[], false)), [Step::List]);
    let (batches, told) = (DocumentKey::Batches(SITE), BLOCK_KEY.verdict().unwrap());
    let documents = [batches, BLOCK_KEY, told].map(|key| listed(key, 1));
    let steps = session.listed(&documents, 30);
    assert_eq!(
        steps[0],
        Step::SendSnapshots(vec![told, batches, BLOCK_KEY])
    );
}

#[test]
fn dg5_drops_what_may_not_be_read_and_names_what_is_unknown() {
    let mut session = comparing(reader(), 30);
    let lost = till(PersonId::from_bytes([8; 16]));
    let held = [(till(OTHER), 1), (lost, 1), (till(ME), 1)];
    send(&mut session, &digest(&held, false));
    let documents = [
        listed(till(OTHER), 1),
        listed(till(ME), 1),
        listed(BLOCK_KEY, 1),
    ];
    assert_eq!(
        session.listed(&documents, 30)[1..3],
        [
            Step::Send(RelayMessage::Drop {
                keys: vec![till(OTHER)]
            }),
            Step::Send(RelayMessage::Unknown {
                ids: vec![id(&lost)]
            })
        ]
    );
}

#[test]
fn dg6_synced_says_where_the_list_stood_and_rows_after_it_follow() {
    let mut session = comparing(reader(), 30);
    send(&mut session, &digest(&[], false));
    assert_eq!(session.woken(33), []);
    assert_eq!(
        session.listed(&[listed(DocumentKey::Catalog, 1)], 31),
        [
            Step::SendSnapshots(vec![DocumentKey::Catalog]),
            Step::Send(RelayMessage::Synced {
                cursor: 31,
                rights: reader().version()
            }),
            Step::Load { after: 31 }
        ]
    );
    assert_eq!(
        session.loaded(33, vec![row(32, DocumentKey::Org)]),
        [changes(31, 33, &[DocumentKey::Org])]
    );
}

#[test]
fn dg7_changed_rights_begin_a_comparison_and_stop_what_was_loaded() {
    let (mut session, _) = greeted(holder(), 0, holder().version(), 5);
    assert_eq!(session.rights_changed(holder(), NOW), []);
    assert_eq!(session.rights_changed(reader(), NOW), [welcome(5, true)]);
    // The block was readable when these were read from the log.
    assert_eq!(session.loaded(5, vec![row(5, BLOCK_KEY)]), []);
    // Once more while comparing: no second welcome, and the end is by the newest rights.
    assert_eq!(session.rights_changed(holder(), NOW), []);
    send(&mut session, &digest(&[], false));
    assert_eq!(
        session.listed(&[listed(BLOCK_KEY, 1)], 5),
        [
            Step::SendSnapshots(vec![BLOCK_KEY]),
            Step::Send(RelayMessage::Synced {
                cursor: 5,
                rights: holder().version()
            })
        ]
    );
}

#[test]
fn dg8_a_push_is_answered_during_a_comparison() {
    let results = [([7; 32], Disposition::Accepted)];
    for mut session in accepted() {
        let steps = send(&mut session, &push(5));
        assert!(matches!(steps[..], [Step::Admit { number: 5, .. }]));
        let steps = session.admitted(5, &results, [4], 4);
        assert_eq!(steps[0], Step::Send(RelayMessage::ack(5, &results)));
    }
}

#[test]
fn dg9_the_version_of_rights_follows_everything_about_the_reader() {
    let hash = Sha256::digest(codec::encode(&reader()));
    assert_eq!(reader().version().to_be_bytes(), hash[..8]);
    let mut inactive = reader();
    inactive.principal.active = false;
    let mut other = reader();
    other.principal.person = OTHER;
    let mut promoted = reader();
    promoted.principal.grants.insert(Grant {
        role: Role::Manager,
        scope: Scope::Site(SITE),
    });
    let mut restored = reader();
    restored.history += 1;
    let versions: BTreeSet<u64> = [reader(), holder(), inactive, other, promoted, restored]
        .iter()
        .map(Reader::version)
        .collect();
    assert_eq!(versions.len(), 6);
}

#[test]
fn dg3_a_digest_is_of_the_sorted_heads() {
    let (low, high) = ([1; 32], [2; 32]);
    let hash = Sha256::digest([low, high].concat());
    assert_eq!(heads_digest(&[low, high]), hash[..8]);
    assert_eq!(heads_digest(&[high, low]), hash[..8]);
    assert_ne!(heads_digest(&[low]), heads_digest(&[high]));
}

#[test]
fn cl1_bye_comes_before_the_close_and_nothing_after() {
    let mut session = live(3);
    assert_eq!(
        session.close(CloseReason::DeviceRevoked),
        ends(CloseReason::DeviceRevoked)
    );
    assert_eq!(session.close(CloseReason::ShuttingDown), []);
    assert_eq!(send(&mut session, &DeviceMessage::Ping), []);
    assert_eq!(send(&mut session, &push(1)), []);
    assert_eq!(session.woken(9), []);
    assert_eq!(session.loaded(9, vec![row(9, DocumentKey::Org)]), []);
    assert_eq!(session.rights_changed(holder(), NOW), []);
}

#[test]
fn cl1_every_reason_has_its_code() {
    use CloseReason::*;
    let codes = [
        (BadFrame, 4000),
        (OutOfOrder, 4001),
        (BadTicket, 4003),
        (DeviceRevoked, 4004),
        (AppTooOld, 4010),
        (ServerTooOld, 4011),
        (Overloaded, 4029),
        (TooSlow, 4030),
        (ShuttingDown, 4050),
        (StoreAway, 4051),
    ];
    for (why, code) in codes {
        assert_eq!(why.close_code(), code, "{why:?}");
    }
}

#[test]
fn cl2_a_cut_or_altered_frame_ends_with_a_code_or_is_another_message() {
    let frames = [
        hello(PROTOCOL, 812),
        push(7),
        digest(&[(till(ME), 1)], false),
    ];
    for bytes in frames.iter().map(codec::encode) {
        for at in 0..bytes.len() {
            assert_eq!(
                Session::new().frame(&bytes[..at]),
                ends(CloseReason::BadFrame)
            );
            let mut altered = bytes.clone();
            altered[at] ^= 0xff;
            for mut session in [Session::new(), live(3), comparing(reader(), 3)] {
                let steps = session.frame(&altered);
                let ended = matches!(
                    steps[..],
                    [Step::Send(RelayMessage::Bye { why: said, .. }), Step::Close(why)] if said == why
                );
                let understood = codec::decode::<DeviceMessage>(&altered).is_ok();
                assert!(ended || understood, "{steps:?}");
            }
        }
    }
    assert_eq!(CloseReason::BadFrame.close_code(), 4000);
}

fn batch(version: u8) -> Batch {
    Batch {
        version,
        org: ORG,
        person: ME,
        device: DEVICE,
        salt: [0; 16],
        documents: Vec::new(),
        intents: Vec::new(),
    }
}

#[test]
fn se1_a_signature_is_for_one_organisation_and_device() {
    let bytes = signed_bytes(ORG, DEVICE, b"batch");
    let drawn = [&b"ViorNet batch 1\0"[..], &[1; 16], &[5; 16], &b"batch"[..]].concat();
    assert_eq!(bytes, drawn);
    assert_ne!(
        bytes,
        signed_bytes(OrgId::from_bytes([2; 16]), DEVICE, b"batch")
    );
    assert_ne!(
        bytes,
        signed_bytes(ORG, DeviceId::from_bytes([6; 16]), b"batch")
    );
}

/// A counter hashed: chance enough for a test.
struct Chance(u64);

impl rand_core::TryRng for Chance {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 += 1;
        let hash = Sha256::digest(self.0.to_be_bytes());
        Ok(u64::from_be_bytes(hash[..8].try_into().unwrap()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for byte in bytes {
            *byte = self.try_next_u64()?.to_be_bytes()[0];
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Chance {}

#[test]
fn se2_what_is_sealed_grows_by_57_bytes_and_names_its_key() {
    let mut chance = Chance(0);
    let (ours, theirs) = (
        SealingSecretKey::generate(&mut chance),
        SealingSecretKey::generate(&mut chance),
    );
    let context = b"ViorNet push 1";
    let sealed = seal(&ours.public_key(), context, b"money", &mut chance).unwrap();
    assert_eq!(OVERHEAD, 57);
    assert_eq!(sealed.len(), 5 + OVERHEAD);
    let key_id = Sha256::digest(ours.public_key().as_bytes());
    assert_eq!(sealed[0], 1);
    assert_eq!(sealed[1..9], key_id[..8]);
    assert_eq!(sealed_to(&sealed).unwrap().0, key_id[..8]);
    assert_eq!(open(&ours, context, &sealed).unwrap(), b"money");
    assert_eq!(open(&theirs, context, &sealed), Err(SealingError::OtherKey));
    assert!(open(&ours, b"ViorNet push 2", &sealed).is_err());
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        assert!(open(&ours, context, &altered).is_err(), "byte {at}");
        assert!(open(&ours, context, &sealed[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn se3_a_batch_of_an_unknown_version_is_refused_as_a_whole() {
    assert_eq!(Batch::decode(&batch(1).encode()), Ok(batch(1)));
    for version in [0, 2, u8::MAX] {
        assert_eq!(
            Batch::decode(&batch(version).encode()),
            Err(BatchError::Version(version))
        );
    }
}

#[test]
fn a_batch_of_which_something_must_be_written_again_is_not_done_with() {
    let ack = |dispositions: &[Disposition]| {
        let results: Vec<_> = dispositions.iter().map(|one| ([7; 32], *one)).collect();
        RelayMessage::ack(0, &results).is_final()
    };
    let hold = HoldId::from_bytes([1; 16]);
    let held = Disposition::Held(hold, HoldReason::NotAllowed);
    assert!(ack(&[Disposition::Accepted, Disposition::Known, held]));
    assert!(!ack(&[Disposition::Accepted, Disposition::Rebase]));
    // Nothing of it was looked at.
    assert!(!ack(&[]));
    assert!(!RelayMessage::Pong.is_final());
}
