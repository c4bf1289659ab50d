//! libFuzzer on what the server reads of a caller before it knows who that is: the target that `FUZZ_TARGET` names.
//! `FUZZ_SEEDS=folder` writes the seeds there instead. The short form of it are the tests of the two files.

#![no_main]

mod auth;
#[path = "../../crdt-model/tests/hostile/cost.rs"]
#[expect(dead_code, reason = "the hostile tests use the rest")]
mod cost;
#[path = "../../crdt-model/fuzz/dearest.rs"]
mod dearest;

use std::path::PathBuf;
use std::sync::OnceLock;

use auth::tokens::{OneTimeToken, RefreshToken, read_access, write_access};
use auth::{SignedIn, cookie};
use axum::http::{HeaderMap, HeaderValue, header};
use crdt_model::ids::{OrgId, PersonId};
use crdt_model::time::Timestamp;
use libfuzzer_sys::fuzz_target;
use ring::hmac;
use uuid::Uuid;

mod keys {
    /// Nothing is secret here, and every run the same.
    pub const fn random<const N: usize>() -> [u8; N] {
        [7; N]
    }
}

const NOW: Timestamp = Timestamp::from_millis(1_764_000_000_000);
const ASHA: PersonId = PersonId::from_bytes([2; 16]);
const ORG: OrgId = OrgId::from_bytes([1; 16]);
const BYTES_MAX: usize = 256 << 20;
const NANOS_MAX: u64 = 1_000_000_000;

struct Target {
    name: &'static str,
    read: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
}

const TARGETS: [Target; 2] = [
    Target {
        name: "tokens",
        read: tokens,
        seeds: || ours().map(String::into_bytes).into(),
    },
    Target {
        name: "cookies",
        read: cookies,
        seeds: cookie_seeds,
    },
];

fn key() -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &[5; 32])
}

/// One token of each kind, and one that ran out.
fn ours() -> [String; 4] {
    let caller = SignedIn {
        org: ORG,
        person: ASHA,
        session: Uuid::from_bytes([3; 16]),
    };
    [
        write_access(&key(), caller, NOW),
        write_access(&key(), caller, Timestamp::ZERO),
        RefreshToken::first(ORG, caller.session).text(),
        OneTimeToken::new(ORG).text(),
    ]
}

/// What is read would be written so, and nobody is let in by a token that is not ours.
fn tokens(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if read_access(&key(), text, NOW).is_some() {
        assert_eq!(text, ours()[0]);
    }
    if let Some(read) = RefreshToken::parse(text) {
        assert_eq!(read.text(), text);
        let next = read.next(&key());
        assert!(next.org() == read.org() && next.family() == read.family());
        assert!(RefreshToken::parse(&next.text()) == Some(next));
    }
    if let Some(read) = OneTimeToken::parse(text) {
        assert_eq!(read.text(), text);
    }
}

/// Headers, one a line: what is found stands there to the letter, behind the person's name for it.
fn cookies(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n').take(16) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(header::COOKIE, value);
        }
    }
    if let Some(found) = cookie::find(&headers, ASHA) {
        let pair = format!("__Host-r-{ASHA}={}", found.text());
        let mut values = headers.get_all(header::COOKIE).iter();
        assert!(values.any(|value| value.to_str().is_ok_and(|text| text.contains(&pair))));
        let kept = cookie::keep(ASHA, &found, 60);
        let mut again = HeaderMap::new();
        again.append(header::COOKIE, kept);
        assert!(cookie::find(&again, ASHA) == Some(found));
    }
    assert!(cookie::forget(ASHA).to_str().is_ok());
}

fn cookie_seeds() -> Vec<Vec<u8>> {
    let token = RefreshToken::first(ORG, Uuid::from_bytes([3; 16]));
    let kept = cookie::keep(ASHA, &token, 60);
    let forgotten = cookie::forget(ASHA);
    vec![
        [b"other=1; ", kept.as_bytes()].concat(),
        [forgotten.as_bytes(), b"\n", kept.as_bytes()].concat(),
        b"a=b;;=; c\n\xe9=1".to_vec(),
    ]
}

static WANTED: OnceLock<&'static Target> = OnceLock::new();

fn wanted() -> &'static Target {
    WANTED.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
        let mut targets = TARGETS.iter();
        targets
            .find(|target| target.name == name)
            .expect("there is such a target")
    })
}

fn write_seeds() {
    let Some(folder) = std::env::var_os("FUZZ_SEEDS").map(PathBuf::from) else {
        return;
    };
    for target in &TARGETS {
        let folder = folder.join(target.name);
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        for (n, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(folder.join(n.to_string()), seed).expect("a seed can be written");
        }
    }
    std::process::exit(0);
}

fuzz_target!(init: write_seeds(), |bytes: &[u8]| {
    let ((), size, nanos) = cost::measured(|| (wanted().read)(bytes));
    assert!(size < BYTES_MAX, "{size} bytes");
    assert!(nanos < NANOS_MAX, "{nanos} ns");
    dearest::tell((size, nanos));
});
