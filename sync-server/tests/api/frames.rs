//! Bad input on the wire: the connection ends with a code, and the next one is served as ever.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use crdt_model::admission::caps::FRAME_BYTES_MAX;
use crdt_model::codec;
use crdt_model::ids::{DeviceId, OrgId, PersonId};
use crdt_model::sync::batch::{BATCH_VERSION, Batch, SignedBatch, signed_bytes};
use crdt_model::sync::message::{CloseReason, DeviceMessage, PROTOCOL, RelayMessage};
use futures::{SinkExt, StreamExt};
use sync_server::relay::admit::{self, PushError};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::helpers::ORIGIN;
use crate::profile::{self, Profile, Socket};
use crate::relay::Shop;

/// What the relay said last, and the code with which it closed.
pub async fn ending(socket: &mut Socket) -> (Option<CloseReason>, Option<u16>) {
    let (mut why, mut code) = (None, None);
    let read = async {
        while let Some(Ok(message)) = socket.next().await {
            match message {
                Message::Binary(bytes) => {
                    if let Ok(RelayMessage::Bye { why: said, .. }) = codec::decode(&bytes) {
                        why = Some(said);
                    }
                }
                Message::Close(Some(CloseFrame { code: closed, .. })) => {
                    code = Some(u16::from(closed));
                }
                _ => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), read)
        .await
        .expect("the connection should end");
    (why, code)
}

/// The next message.
pub async fn hear(socket: &mut Socket) -> RelayMessage {
    let read = tokio::time::timeout(Duration::from_secs(10), socket.next());
    let frame = read.await.expect("something should come").unwrap().unwrap();
    codec::decode(&frame.into_data()).unwrap()
}

pub fn hello(protocol: u16, ticket: &str) -> DeviceMessage {
    DeviceMessage::Hello {
        protocol,
        ticket: ticket.to_owned(),
        cursor: 0,
        rights: 0,
    }
}

pub fn push(number: u32, sealed: Vec<u8>) -> Message {
    let message = DeviceMessage::Push {
        number,
        sealed: sealed.into(),
    };
    Message::Binary(codec::encode(&message).into())
}

pub fn binary(message: &DeviceMessage) -> Message {
    Message::Binary(codec::encode(message).into())
}

#[tokio::test]
async fn cl2_bad_frames_end_the_connection_with_their_code() {
    let mut shop = Shop::open().await;
    let good = codec::encode(&hello(PROTOCOL, "nonsense"));
    let cut = good[..good.len() - 3].to_vec();
    let longer = [good.as_slice(), &[0]].concat();
    for (frame, why) in [
        (
            Message::Binary(vec![0xff; 100].into()),
            CloseReason::BadFrame,
        ),
        (Message::Binary(Vec::new().into()), CloseReason::BadFrame),
        (Message::Binary(cut.into()), CloseReason::BadFrame),
        (Message::Binary(longer.into()), CloseReason::BadFrame),
        (
            Message::Binary(vec![0; FRAME_BYTES_MAX + 1].into()),
            CloseReason::BadFrame,
        ),
        (Message::Text("hello".into()), CloseReason::BadFrame),
        (binary(&hello(PROTOCOL + 1, "")), CloseReason::ServerTooOld),
        (binary(&hello(0, "")), CloseReason::AppTooOld),
        (binary(&hello(PROTOCOL, "nonsense")), CloseReason::BadTicket),
        (binary(&DeviceMessage::Ping), CloseReason::OutOfOrder),
        (push(1, vec![1; 100]), CloseReason::OutOfOrder),
    ] {
        let mut socket = profile::open(shop.address).await;
        let said = format!("{frame:.60?}");
        socket.send(frame).await.unwrap();
        let expected = (Some(why), Some(why.close_code()));
        assert_eq!(ending(&mut socket).await, expected, "{said}");
    }
    // Far too long: ended below the session, at the latest before it was all read.
    let mut socket = profile::open(shop.address).await;
    let _ = socket
        .send(Message::Binary(vec![0; 8 * FRAME_BYTES_MAX].into()))
        .await;
    ending(&mut socket).await;
    // A ticket that was used.
    let ticket = shop.office.ticket(&shop.app).await;
    let mut first = profile::open(shop.address).await;
    first.send(binary(&hello(PROTOCOL, &ticket))).await.unwrap();
    let welcome = hear(&mut first).await;
    assert!(
        matches!(welcome, RelayMessage::Welcome { .. }),
        "{welcome:?}"
    );
    let mut second = profile::open(shop.address).await;
    second
        .send(binary(&hello(PROTOCOL, &ticket)))
        .await
        .unwrap();
    let why = CloseReason::BadTicket;
    let expected = (Some(why), Some(why.close_code()));
    assert_eq!(ending(&mut second).await, expected);
    shop.office.go_offline();
    shop.office.sync(&shop.app, shop.address).await;
}

#[tokio::test]
async fn se5_forged_batches_are_not_judged() {
    let mut shop = Shop::open().await;
    let office = &shop.office;
    let own = office.identity;
    let empty = |org: OrgId, person: PersonId, device: DeviceId| Batch {
        version: BATCH_VERSION,
        org,
        person,
        device,
        salt: [7; 16],
        documents: Vec::new(),
        intents: Vec::new(),
    };
    let signed = |batch: &Batch, org: OrgId, device: DeviceId, signature: Option<Vec<u8>>| {
        let encoded = batch.encode();
        let signature =
            signature.unwrap_or_else(|| office.key.sign(&signed_bytes(org, device, &encoded)));
        office.seal_bytes(&codec::encode(&SignedBatch {
            org,
            device,
            batch: encoded.into(),
            signature: signature.into(),
        }))
    };
    let other = DeviceId::from_bytes([9; 16]);
    let honest = empty(own.org, own.person, own.device);
    let somebody = empty(own.org, PersonId::from_bytes([9; 16]), own.device);
    let elsewhere = empty(OrgId::from_bytes([9; 16]), own.person, own.device);
    let mut altered = signed(&honest, own.org, own.device, None);
    *altered.last_mut().unwrap() ^= 1;
    let bomb = {
        let zeros = miniz_bomb();
        let signature = office.key.sign(&signed_bytes(own.org, own.device, &zeros));
        office.seal_bytes(&codec::encode(&SignedBatch {
            org: own.org,
            device: own.device,
            batch: zeros.into(),
            signature: signature.into(),
        }))
    };
    for (what, sealed) in [
        ("nothing", Vec::new()),
        ("noise", vec![1; 4_000]),
        ("an altered byte", altered),
        ("no signed batch", office.seal_bytes(b"noise")),
        (
            "a wrong signature",
            signed(&honest, own.org, own.device, Some(vec![1; 64])),
        ),
        (
            "a short signature",
            signed(&honest, own.org, own.device, Some(vec![1; 3])),
        ),
        ("an unknown device", signed(&honest, own.org, other, None)),
        (
            "another person",
            signed(&somebody, own.org, own.device, None),
        ),
        (
            "another organisation",
            signed(&elsewhere, elsewhere.org, own.device, None),
        ),
        ("a deflate bomb", bomb),
    ] {
        let request = Request::post("/api/push").body(Body::from(sealed)).unwrap();
        let answer = shop.app.send(request).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{what}: {:?}",
            answer.json()
        );
        assert_eq!(answer.problem(), "malformed", "{what}");
    }
    // Verified before anything is inflated.
    let unsigned = office.seal_bytes(&codec::encode(&SignedBatch {
        org: own.org,
        device: own.device,
        batch: miniz_bomb().into(),
        signature: vec![1; 64].into(),
    }));
    let refused = admit::push(&shop.app.app, &unsigned).await;
    assert!(matches!(refused, Err(PushError::BadSignature)));
    let large = Body::from(vec![0; FRAME_BYTES_MAX + 1]);
    let answer = shop
        .app
        .send(Request::post("/api/push").body(large).unwrap())
        .await;
    assert_eq!(answer.problem(), "too-large");

    // On a socket, too; and what was refused harms nobody who comes later.
    let noise = push(1, vec![1; 100]);
    let socket = shop.office.socket.as_mut().unwrap();
    socket.send(noise).await.unwrap();
    assert_eq!(
        shop.office.until_closed().await,
        Some(CloseReason::BadFrame)
    );
    shop.office.sync(&shop.app, shop.address).await;
    shop.import(&["A1"]).await;
}

/// Raw deflate of ten million zeros, in stored and run-length form as `flate2` writes it.
fn miniz_bomb() -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![0; 10_000_000]).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn tr8_other_sites_cannot_open_a_socket() {
    let shop = Shop::open().await;
    let refused = async |request| {
        let answer = tokio_tungstenite::connect_async(request).await;
        let Err(tokio_tungstenite::tungstenite::Error::Http(response)) = answer else {
            panic!("let in");
        };
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
    };
    for origin in [
        "https://evil.example",
        "http://net.example.org",
        "https://net.example.org:8443",
        "https://net.example.org/",
        "https://net.example.org.evil.example",
        "https://www.net.example.org",
        "null",
    ] {
        refused(profile::request(shop.address, origin)).await;
    }
    let mut unnamed = profile::request(shop.address, ORIGIN);
    unnamed.headers_mut().remove("origin");
    refused(unnamed).await;
    profile::open(shop.address).await;
}

#[tokio::test]
async fn he1_a_revoked_device_is_closed_and_what_it_pushes_is_held() {
    let mut shop = Shop::open().await;
    let block = shop.import(&["A1"]).await;
    let mut asha = shop.agent("asha").await;
    shop.lease(block, asha.person).await;
    crate::relay::wait_for_block(&mut asha, block).await;
    shop.revoke(&asha).await;
    assert_eq!(
        Profile::until_closed(&mut asha).await,
        Some(CloseReason::DeviceRevoked)
    );
    asha.sell(shop.order(1)).await;
    let sealed = asha.sealed.clone().unwrap();
    let request = Request::post("/api/push").body(Body::from(sealed)).unwrap();
    assert_eq!(shop.app.send(request).await.status, StatusCode::OK);
    let held = "select count(*) from held_changes where reason = 'device_revoked'";
    assert_eq!(shop.count(held).await, 1);
    assert_eq!(shop.totals().await.0, 0);
}
