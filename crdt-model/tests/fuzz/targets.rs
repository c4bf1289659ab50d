//! Everything that reads bytes somebody else chose, as functions of those bytes. Each holds: no panic, less than 256 MiB,
//! less than a second, and what it says of itself beside. The tests here call them with mutated inputs; the program in
//! `crdt-model/fuzz` lets libFuzzer find inputs by what they reach.

#[path = "../hostile/cost.rs"]
mod cost;
#[path = "../hostile/relay.rs"]
#[expect(dead_code, reason = "the hostile tests use the other half of it")]
mod relay;
#[path = "../shared/shop.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod shop;
#[path = "stated.rs"]
mod stated;
#[path = "waiting.rs"]
mod waiting;

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::OnceLock;

use crdt_model::admission::{Reader, caps};
use crdt_model::capability::{Grant, Principal};
use crdt_model::codec;
use crdt_model::command::fact_put;
use crdt_model::document::{Actor, DocumentKey, PlainChange};
use crdt_model::fact::{Fact, FactBody, HeldDecision, LeaseAsked};
use crdt_model::hand_over::HandOverCode;
use crdt_model::ids::{DeviceId, HoldId, OrgId, PersonId};
use crdt_model::import::clients::read_clients;
use crdt_model::import::{ImportLimits, groups, read_vouchers};
use crdt_model::mac::Mac;
use crdt_model::phone::{Country, Phone};
use crdt_model::replica::{Identity, Replica};
use crdt_model::sealing::{self, SealingSecretKey};
use crdt_model::sync::batch::{Batch, SignedBatch, signed_bytes};
use crdt_model::sync::device::{Device, Event};
use crdt_model::sync::message::{DeviceMessage, PROTOCOL, RelayMessage};
use crdt_model::sync::relay::{Session, Step};
use crdt_model::sync::rescue;
use crdt_model::time::{Date, Month, Timestamp};
use crdt_model::voucher;

use rand_core::TryCryptoRng;

use crate::random::Random;
use relay::{Author, Bench, NOW, record};

/// Only for a seed that is the same in every run: nothing is secret here.
impl TryCryptoRng for Random {}

const BYTES_MAX: usize = 256 << 20;
const NANOS_MAX: u64 = 1_000_000_000;

/// One reader of foreign bytes, and inputs that it takes.
pub struct Target {
    pub name: &'static str,
    read: fn(&[u8]),
    pub seeds: fn() -> Vec<Vec<u8>>,
}

impl Target {
    /// Reads, and holds it to its limits; says how many bytes of memory and nanoseconds of a processor it took.
    pub fn run(&self, bytes: &[u8]) -> (usize, u64) {
        let ((), size, nanos) = cost::measured(|| (self.read)(bytes));
        assert!(size < BYTES_MAX, "{size} bytes");
        assert!(nanos < NANOS_MAX, "{nanos} ns");
        (size, nanos)
    }
}

pub const TARGETS: [Target; 13] = [
    Target {
        name: "frames",
        read: frames,
        seeds: frame_seeds,
    },
    Target {
        name: "answers",
        read: answers,
        seeds: answer_seeds,
    },
    Target {
        name: "batch",
        read: batch,
        seeds: batch_seeds,
    },
    Target {
        name: "change",
        read: change,
        seeds: change_seeds,
    },
    Target {
        name: "admission",
        read: admission,
        seeds: admission_seeds,
    },
    Target {
        name: "fact",
        read: fact,
        seeds: fact_seeds,
    },
    Target {
        name: "vouchers",
        read: vouchers,
        seeds: voucher_seeds,
    },
    Target {
        name: "clients",
        read: clients,
        seeds: client_seeds,
    },
    Target {
        name: "sealed",
        read: sealed,
        seeds: sealed_seeds,
    },
    Target {
        name: "rescue",
        read: rescue_file,
        seeds: rescue_seeds,
    },
    Target {
        name: "stated",
        read: stated::stated,
        seeds: stated::seeds,
    },
    Target {
        name: "waiting",
        read: waiting::waiting,
        seeds: waiting::seeds,
    },
    Target {
        name: "texts",
        read: texts,
        seeds: text_seeds,
    },
];

/// Who says hello: nothing of a frame changes them, and an organisation takes longer to make than a frame to read.
static AGENT: OnceLock<(Principal, DeviceId)> = OnceLock::new();

/// Frames of one connection, each behind its length (two bytes), into the relay's end of a session.
fn frames(bytes: &[u8]) {
    let (principal, device) = AGENT.get_or_init(|| {
        let bench = Bench::new();
        let principal = bench.state.principal(bench.agent.person);
        (principal.expect("the staff are there"), bench.agent.device)
    });
    let mut session = Session::new();
    let mut head = 3;
    for frame in parted(bytes) {
        let mut steps = session.frame(frame);
        let mut rounds = 0;
        while let Some(step) = steps.pop() {
            rounds += 1;
            assert!(rounds < 100, "a frame is worked on for ever");
            match step {
                Step::Identify { cursor, rights, .. } => {
                    let reader = reader(principal.clone());
                    steps.extend(session.identified(reader, *device, head, cursor, rights, NOW));
                }
                Step::Load { after } => steps.extend(session.loaded(after + 1, Vec::new())),
                Step::List => steps.extend(session.listed(&[], head)),
                Step::Admit { number, sealed } => {
                    assert!(sealed.len() <= caps::FRAME_BYTES_MAX);
                    head += 1;
                    steps.extend(session.admitted(number, &[], [head], head));
                }
                Step::Send(_) | Step::SendSnapshots(_) | Step::Close(_) => {}
            }
        }
    }
}

const fn reader(principal: Principal) -> Reader {
    Reader {
        principal,
        leases: BTreeSet::new(),
        history: 0,
    }
}

/// Frames of the relay, into a device. Whole documents are the relay's to send, and it is trusted with them.
fn answers(bytes: &[u8]) {
    let mut random = Random::new(1);
    let me = Identity {
        org: OrgId::from_bytes([1; 16]),
        person: PersonId::from_bytes([2; 16]),
        device: DeviceId::from_bytes([3; 16]),
    };
    let mut device = Device::new(Replica::new(me, &mut random));
    device.handle(Event::TryNow, NOW, &mut random);
    let ticket = "ticket".into();
    device.handle(Event::Opened { ticket }, NOW, &mut random);
    for frame in parted(bytes) {
        let is_document = matches!(
            codec::decode::<RelayMessage>(frame),
            Ok(RelayMessage::Snapshot { .. } | RelayMessage::Changes { .. })
        );
        if !is_document {
            device.handle(Event::Frame(frame.to_vec()), NOW, &mut random);
            device.handle(Event::Posted(frame.to_vec()), NOW, &mut random);
        }
    }
}

/// A batch as it arrives: deflated.
fn batch(bytes: &[u8]) {
    let (org, device) = (OrgId::from_bytes([1; 16]), DeviceId::from_bytes([2; 16]));
    if let Ok(batch) = Batch::decode(org, device, bytes) {
        expand(&batch);
    }
}

/// The same, once it is inflated: a mutated byte here is a mutated field.
fn change(bytes: &[u8]) {
    let too_many = codec::has_more_items_than(bytes, caps::ITEMS_MAX);
    if let Ok(batch) = codec::decode::<Batch>(bytes) {
        // What has so many items is not decoded; from this many bytes they cannot come.
        assert!(!too_many, "{} items", batch.changes());
        expand(&batch);
    }
    if let Ok(plain) = codec::decode::<PlainChange>(bytes) {
        rebuild(&plain, Actor::from_bytes([9; 16]));
    }
}

fn expand(batch: &Batch) {
    let Ok(full) = batch.expand() else { return };
    for change in full.changes() {
        rebuild(&change.change, full.actor);
    }
}

/// What has an Automerge form says there what it said here.
fn rebuild(plain: &PlainChange, actor: Actor) {
    if let Ok(built) = plain.rebuild(actor) {
        let again = PlainChange::of(&built).expect("it was built from one");
        assert_eq!(again.ops, plain.ops);
        assert_eq!((again.seq, again.start_op), (plain.seq, plain.start_op));
    }
}

/// A batch through admission, as one of three people. Whatever is let in, its documents open again.
fn admission(bytes: &[u8]) {
    let Some((who, bytes)) = bytes.split_first() else {
        return;
    };
    let Ok(mut batch) = codec::decode::<Batch>(bytes) else {
        return;
    };
    let mut bench = Bench::new();
    let author = match who % 3 {
        0 => bench.owner,
        1 => bench.manager,
        _ => bench.agent,
    };
    batch.org = bench.org;
    batch.person = author.person;
    batch.device = author.device;
    let decoded = Batch::decode(batch.org, batch.device, &batch.encode());
    if decoded.and_then(|batch| batch.expand().map(drop)).is_err() {
        return;
    }
    admit(&mut bench, &author, &batch);
}

fn admit(bench: &mut Bench, author: &Author, batch: &Batch) {
    let Ok(outcome) = bench.admit_as(author, batch) else {
        return;
    };
    let touched: BTreeSet<DocumentKey> = outcome.rows.iter().map(|row| row.document).collect();
    for key in touched {
        bench.document(&key);
    }
    // Again it says the same, and writes nothing.
    if let Ok(again) = bench.admit_as(author, batch) {
        let accepted = outcome.results.iter().zip(&again.results);
        assert!(again.rows.is_empty() || outcome.rows.is_empty());
        assert_eq!(accepted.count(), outcome.results.len());
    }
}

fn fact(bytes: &[u8]) {
    if let Ok(fact) = Fact::decode(bytes) {
        assert_eq!(Fact::decode(&fact.encode()), Ok(fact));
    }
}

fn vouchers(bytes: &[u8]) {
    if let Ok(file) = read_vouchers(bytes, &ImportLimits::default())
        && let Ok(_grouped) = groups(&file)
    {
        let lines = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r'));
        assert!(file.rows.len() <= lines.count() + 1);
    }
}

fn clients(bytes: &[u8]) {
    for country in Country::ALL {
        let _ = read_clients(bytes, &ImportLimits::default(), country);
    }
}

const CONTEXT: &[u8] = b"ViorNet push 1";

fn secret() -> SealingSecretKey {
    SealingSecretKey::from_bytes(&[5; 32]).expect("any 32 bytes are a key")
}

/// A sealed envelope, and what is in one.
fn sealed(bytes: &[u8]) {
    let opened = sealing::open(&secret(), CONTEXT, bytes);
    for inside in [opened.as_deref().unwrap_or_default(), bytes] {
        if let Ok(signed) = codec::decode::<SignedBatch>(inside) {
            let _ = signed_bytes(signed.org, signed.device, &signed.batch);
            batch(&signed.batch);
        }
    }
}

/// A rescue file, and the envelopes in it: written again they are the same.
fn rescue_file(bytes: &[u8]) {
    let Ok(batches) = rescue::read(bytes) else {
        return;
    };
    assert_eq!(
        rescue::read(&rescue::write(batches.clone())),
        Ok(batches.clone())
    );
    for batch in &batches {
        let _ = sealing::sealed_to(batch);
        sealed(batch);
    }
}

/// Short texts that are read strictly: what is read is written as it was.
fn texts(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    same::<DocumentKey>(text);
    same::<PersonId>(text);
    same::<Grant>(text);
    same::<Mac>(&text.to_uppercase());
    same::<Date>(text);
    same::<Month>(text);
    same::<HandOverCode>(text);
    let _ = Phone::from_e164(text);
    if let Ok(codes) = voucher::unpack(text) {
        assert_eq!(voucher::pack(&codes).as_deref(), Ok(text));
    }
}

fn same<T: FromStr + ToString>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let written = value.to_string();
        let again = written.parse::<T>().map(|value| value.to_string());
        assert_eq!(again.ok().as_ref(), Some(&written), "{text}");
    }
}

/// Pieces behind their lengths.
fn parted(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_at_checked(2)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let (piece, after) = after.split_at(length.min(after.len()));
        rest = after;
        Some(piece)
    })
}

fn joined<T: serde::Serialize>(messages: &[T]) -> Vec<u8> {
    pieces(messages.iter().map(codec::encode))
}

/// What [`parted`] parts.
fn pieces(pieces: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for piece in pieces {
        let length = u16::try_from(piece.len()).expect("seeds are small");
        bytes.extend(length.to_be_bytes());
        bytes.extend(piece);
    }
    bytes
}

fn hello(rights: u64) -> DeviceMessage {
    DeviceMessage::Hello {
        protocol: PROTOCOL,
        ticket: "ticket".into(),
        cursor: 0,
        rights,
    }
}

fn frame_seeds() -> Vec<Vec<u8>> {
    let push = || DeviceMessage::Push {
        number: 1,
        sealed: batch_seeds()[0].clone().into(),
    };
    let digest = |more| DeviceMessage::Digest {
        documents: vec![(
            crdt_model::document::DocumentId::of(OrgId::from_bytes([1; 16]), &DocumentKey::Staff),
            vec![1; 8].into(),
        )],
        more,
    };
    vec![
        joined(&[
            hello(0),
            digest(true),
            digest(false),
            push(),
            DeviceMessage::Ping,
        ]),
        joined(&[hello(7), push(), digest(false), hello(1)]),
        joined(&[DeviceMessage::Ping]),
    ]
}

fn answer_seeds() -> Vec<Vec<u8>> {
    let welcome = |send_digest| RelayMessage::Welcome {
        now: NOW,
        head: 3,
        send_digest,
    };
    let ids = vec![crdt_model::document::DocumentId::of(
        OrgId::from_bytes([1; 16]),
        &DocumentKey::Staff,
    )];
    vec![joined(&[
        welcome(true),
        RelayMessage::Drop {
            keys: vec![DocumentKey::Catalog],
        },
        RelayMessage::Unknown { ids },
        RelayMessage::Synced {
            cursor: 3,
            rights: 9,
        },
        RelayMessage::Ack {
            number: 1,
            results: Vec::new(),
        },
        RelayMessage::Pong,
        welcome(false),
    ])]
}

/// Batches that an owner, a manager and an agent would send.
fn batches() -> Vec<Batch> {
    let bench = Bench::new();
    let (owner, agent) = (bench.owner, bench.agent);
    let id = || bench.intent();
    let mut batches = vec![bench.batch(
        &owner,
        id(),
        vec![(
            DocumentKey::Catalog,
            bench.write_intent(
                &owner,
                DocumentKey::Catalog,
                &[record(&bench.package_field("name"), "one week")],
            ),
        )],
    )];
    let facts = [
        (agent, bench.till(&agent), bench.sale(0)),
        (
            owner,
            bench.till(&agent),
            FactBody::HeldDecision(HeldDecision {
                hold: HoldId::from_bytes([6; 16]),
                accepted: true,
                reason: Some("it is so".into()),
                told: 1,
            }),
        ),
        (
            owner,
            DocumentKey::Batches(bench.site),
            FactBody::LeaseAsked(LeaseAsked {
                block: bench.block,
                to: agent.person,
            }),
        ),
    ];
    for (author, key, body) in facts {
        let intent = id();
        let put = fact_put(&intent.to_string(), &bench.fact(&author, body));
        let plain = bench.write_intent(&author, key, &[put]);
        batches.push(bench.batch(&author, intent, vec![(key, plain)]));
    }
    batches
}

fn batch_seeds() -> Vec<Vec<u8>> {
    batches().iter().map(Batch::encode).collect()
}

fn change_seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = batches().iter().map(codec::encode).collect();
    let batches = batches();
    let changes = batches
        .iter()
        .flat_map(|batch| &batch.intents)
        .flat_map(|intent| &intent.changes);
    seeds.extend(changes.map(|change| codec::encode(&change.change)));
    seeds
}

fn admission_seeds() -> Vec<Vec<u8>> {
    (0..3_u8)
        .flat_map(|who| {
            batches()
                .into_iter()
                .map(move |batch| [vec![who], codec::encode(&batch)].concat())
        })
        .collect()
}

fn fact_seeds() -> Vec<Vec<u8>> {
    let bench = Bench::new();
    let mut nested = vec![0x82, 0x01];
    nested.extend(b"\xa1\x61b\xa1\x67Verdict\xa1\x64Held\xa1\x61f\x81".repeat(1_400));
    vec![bench.fact(&bench.agent, bench.sale(1)).encode(), nested]
}

fn voucher_seeds() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("../fixtures/router-export.csv").to_vec(),
        include_bytes!("../fixtures/router-export.rsc").to_vec(),
        b"code;profile\r\n\"A1\";1d\r\nA2;\"1\"\"d\"\r\n".to_vec(),
    ]
}

fn client_seeds() -> Vec<Vec<u8>> {
    vec![
        b"name,phone,email,address,notes\nAsha,0712345678,a@b.c,\"Plot 1, Mwenge\",\n".to_vec(),
        b"Name\tPhone\tMAC\tExpires\r\nJuma\t+255712345678\t00:11:22:33:44:55\t2026-11-30\r\n"
            .to_vec(),
    ]
}

fn sealed_seeds() -> Vec<Vec<u8>> {
    let signed = SignedBatch {
        org: OrgId::from_bytes([1; 16]),
        device: DeviceId::from_bytes([3; 16]),
        batch: batch_seeds()[0].clone().into(),
        signature: vec![0; 64].into(),
    };
    let inside = codec::encode(&signed);
    let key = secret().public_key();
    let envelope = sealing::seal(&key, CONTEXT, &inside, &mut Random::new(3));
    vec![envelope.expect("the key is good"), inside]
}

fn rescue_seeds() -> Vec<Vec<u8>> {
    let whole = rescue::write(sealed_seeds());
    let newer = whole
        .windows(9)
        .position(|letters| letters == b"version\x01g")
        .map(|at| {
            let mut newer = whole.clone();
            newer[at + 7] = 2;
            newer
        });
    [whole].into_iter().chain(newer).collect()
}

fn text_seeds() -> Vec<Vec<u8>> {
    let bench = Bench::new();
    let till = bench.till(&bench.agent);
    let code = HandOverCode::of(bench.intent(), bench.site);
    let month = Month::of(Timestamp::from_millis(1_764_000_000_000));
    [
        till.to_string(),
        bench.block_key().to_string(),
        bench.agent.person.to_string(),
        format!("OWNER@{}", bench.site),
        code.to_string(),
        month.to_string(),
        "2026-11-30".into(),
        "+255712345678".into(),
        "00:11:22:AA:BB:CC".into(),
        "user\tpassword\ncode".into(),
    ]
    .map(String::into_bytes)
    .into()
}
