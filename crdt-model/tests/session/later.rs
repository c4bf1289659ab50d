//! What a relay of later answers, as a device of today hears it.

use crdt_model::admission::Malformed;
use crdt_model::codec;
use crdt_model::fact::HoldReason;
use crdt_model::ids::HoldId;
use crdt_model::sync::message::{Disposition, RefusalCode, RelayMessage};

/// What a relay of later says: the same bytes with another name in them.
fn renamed(results: &[([u8; 32], Disposition)], name: &[u8], later: &[u8]) -> RelayMessage {
    let mut bytes = codec::encode(&RelayMessage::ack(1, results));
    assert_eq!(name.len(), later.len());
    let found = bytes.windows(name.len()).rposition(|part| part == name);
    let at = found.expect("the name is in it");
    bytes[at..at + name.len()].copy_from_slice(later);
    codec::decode(&bytes).unwrap()
}

#[test]
fn pu12_what_a_relay_of_later_answers_is_no_bad_frame() {
    let hold = HoldId::from_bytes([9; 16]);
    let later = Disposition::Refused(RefusalCode::Later);
    let of_fields = Disposition::Refused(RefusalCode::Malformed(Malformed::BadValue));
    let many = Disposition::Refused(RefusalCode::TooManyDocuments);
    let held = Disposition::Held(hold, HoldReason::DeviceRevoked);
    let cases: [(Disposition, &[u8], &[u8], Disposition); 7] = [
        (Disposition::Known, b"\x61k", b"\x61z", later),
        (many, b"\x61d", b"\x61z", later),
        // Or with more in it than a name.
        (many, b"\x61r\x61d", b"\x61r\x81\x05", later),
        (of_fields, b"BadValue", b"BadVenue", later),
        (of_fields, b"\x61r", b"\x61z", later),
        (held, b"\x61h", b"\x61z", later),
        (
            held,
            b"DeviceRevoked",
            b"DeviceRenamed",
            Disposition::Held(hold, HoldReason::Later),
        ),
    ];
    for (said, name, of_later, heard) in cases {
        let around = Disposition::Held(hold, HoldReason::NotAllowed);
        let results = [([1; 32], around), ([2; 32], said)];
        let RelayMessage::Ack { results, .. } = renamed(&results, name, of_later) else {
            panic!("another message")
        };
        let results: Vec<Disposition> = results.into_iter().map(|(_, found)| found).collect();
        assert_eq!(results, [around, heard], "{said:?}");
    }
    // What has a name and means nothing else is heard as ever.
    for said in [
        Disposition::Accepted,
        Disposition::Rebase,
        of_fields,
        many,
        held,
    ] {
        let message = RelayMessage::ack(1, &[([1; 32], said)]);
        assert_eq!(codec::decode(&codec::encode(&message)), Ok(message));
    }
    // Nor does what ends in the middle pass for a name.
    let bytes = codec::encode(&RelayMessage::ack(1, &[([1; 32], held)]));
    for end in 1..bytes.len() {
        assert!(codec::decode::<RelayMessage>(&bytes[..end]).is_err());
    }
}
