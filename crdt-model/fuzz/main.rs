//! libFuzzer on one of the targets: the one that `FUZZ_TARGET` names.

#![no_main]

#[path = "../tests/simulation/random.rs"]
#[expect(dead_code, reason = "the simulation uses the rest of it")]
mod random;
#[path = "../tests/fuzz/targets.rs"]
#[expect(dead_code, reason = "the seeds are written by the tests")]
mod targets;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use libfuzzer_sys::fuzz_target;

static WANTED: OnceLock<&'static targets::Target> = OnceLock::new();

fn wanted() -> &'static targets::Target {
    WANTED.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
        let mut targets = targets::TARGETS.iter();
        targets
            .find(|target| target.name == name)
            .expect("there is such a target")
    })
}

static KIBIBYTES: AtomicUsize = AtomicUsize::new(0);
static MICROSECONDS: AtomicU64 = AtomicU64::new(0);

/// Whatever costs more than all before it is told; the last line of these holds what was the most.
fn tell((bytes, nanos): (usize, u64)) {
    let (kibibytes, microseconds) = (bytes >> 10, nanos / 1_000);
    let most = KIBIBYTES.fetch_max(kibibytes, Ordering::Relaxed);
    let longest = MICROSECONDS.fetch_max(microseconds, Ordering::Relaxed);
    if kibibytes > most || microseconds > longest {
        let (most, longest) = (most.max(kibibytes), longest.max(microseconds));
        eprintln!("dearest: {most} KiB, {longest} us");
    }
}

fuzz_target!(|bytes: &[u8]| tell(wanted().run(bytes)));
