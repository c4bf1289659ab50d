//! One connection: hello, frames, and how it ends.

use crdt_model::admission::caps;
use crdt_model::codec;
use crdt_model::document::DocumentKey;
use crdt_model::sync::message::{CloseReason, DeviceMessage, PROTOCOL, PROTOCOL_MIN, RelayMessage};
use crdt_model::sync::relay::{Session, Step};

use crate::talk::{
    DEVICE, ME, NOW, accepted, comparing, digest, ends, greeted, hello, holder, live, push, reader,
    row, send, till, welcome,
};

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
