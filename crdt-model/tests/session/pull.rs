//! What comes by the log.

use crdt_model::document::DocumentKey;
use crdt_model::sync::message::{Disposition, RelayMessage};
use crdt_model::sync::relay::Step;

use crate::talk::{ME, OTHER, changes, greeted, live, reader, row, till, welcome};

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
