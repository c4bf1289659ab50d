//! What a device says it holds takes little memory until the comparison is made.

use std::collections::BTreeMap;

use crdt_model::admission::Reader;
use crdt_model::capability::Principal;
use crdt_model::codec;
use crdt_model::document::DocumentId;
use crdt_model::ids::{DeviceId, PersonId};
use crdt_model::sync::message::{DeviceMessage, PROTOCOL};
use crdt_model::sync::relay::{DIGEST_DOCUMENTS_MAX, Session, Step};
use serde_bytes::ByteBuf;

use super::cost::measured;
use super::relay::NOW;

/// As scattered as hashes are.
fn id(n: usize) -> DocumentId {
    let scattered = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&scattered.to_be_bytes());
    DocumentId::from_bytes(id)
}

fn comparing() -> Session {
    let mut session = Session::new();
    let hello = DeviceMessage::Hello {
        protocol: PROTOCOL,
        ticket: "t".into(),
        cursor: 0,
        rights: 0,
    };
    session.frame(&codec::encode(&hello));
    let reader = Reader {
        principal: Principal {
            person: PersonId::from_bytes([3; 16]),
            active: true,
            grants: [].into(),
        },
        leases: [].into(),
        history: 1,
    };
    session.identified(reader, DeviceId::from_bytes([5; 16]), 1, 0, 0, NOW);
    session
}

/// 2.5 MB of a hundred thousand in the end, and twice that for a moment while the list grows; a map takes four.
#[test]
fn dg2_the_largest_digest_takes_little_memory() {
    const PART: usize = 10_000;
    let parts = DIGEST_DOCUMENTS_MAX / PART;
    let frames: Vec<Vec<u8>> = (0..parts)
        .map(|part| {
            let documents = (part * PART..(part + 1) * PART).map(|n| (id(n), vec![0; 8].into()));
            codec::encode(&DeviceMessage::Digest {
                documents: documents.collect(),
                more: part + 1 < parts,
            })
        })
        .collect();
    let mut session = comparing();
    let (steps, most, _) = measured(|| {
        let mut steps = Vec::new();
        for frame in &frames {
            steps = session.frame(frame);
        }
        steps
    });
    assert_eq!(steps, [Step::List]);
    // While the list grows there are two of it for a moment, and the last message beside them.
    let (map, of_map, _) = measured(|| {
        let heads: Option<[u8; 8]> = Some([0; 8]);
        let ids = (0..DIGEST_DOCUMENTS_MAX).map(|n| (id(n), heads));
        let mut map = BTreeMap::new();
        map.extend(ids);
        map
    });
    println!("{DIGEST_DOCUMENTS_MAX} documents: {most} bytes at most, a map of them {of_map}");
    assert!(most < 6_000_000, "{most} bytes");
    drop(map);

    // One after the other, as somebody who means harm sends them, costs no more.
    let mut session = comparing();
    let one = |n| DeviceMessage::Digest {
        documents: vec![(id(n), ByteBuf::from([0; 8]))],
        more: true,
    };
    let (_, most, _) = measured(|| {
        for n in 0..PART {
            assert_eq!(session.frame(&codec::encode(&one(n))), []);
        }
    });
    assert!(most < 1_000_000, "{most} bytes");
}
