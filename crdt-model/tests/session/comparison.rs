//! A comparison of all documents.

use std::collections::BTreeSet;

use crdt_model::admission::Reader;
use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::codec;
use crdt_model::document::{DocumentId, DocumentKey, heads_digest};
use crdt_model::ids::PersonId;
use crdt_model::sync::message::{CloseReason, DeviceMessage, Disposition, RelayMessage};
use crdt_model::sync::relay::{DIGEST_DOCUMENTS_MAX, ListedDocument, Step};
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

use crate::talk::{
    BLOCK_KEY, ME, NOW, OTHER, SITE, accepted, changes, comparing, digest, ends, greeted, holder,
    id, push, reader, row, send, till, welcome,
};

fn listed(key: DocumentKey, digest: u8) -> ListedDocument {
    ListedDocument {
        key,
        id: id(&key),
        digest: [digest; 8],
    }
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
