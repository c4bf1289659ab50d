//! libFuzzer on one of the targets: the one that `FUZZ_TARGET` names.

#![no_main]

mod dearest;
#[path = "../tests/simulation/random.rs"]
#[expect(dead_code, reason = "the simulation uses the rest of it")]
mod random;
#[path = "../tests/fuzz/targets.rs"]
#[expect(dead_code, reason = "the seeds are written by the tests")]
mod targets;

use std::sync::OnceLock;

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

fuzz_target!(|bytes: &[u8]| dearest::tell(wanted().run(bytes)));
