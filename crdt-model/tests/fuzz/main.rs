//! A short form of fuzzing for every run of the tests: what was found once, the seeds, and some thousands of mutated
//! inputs. `FUZZ_RUNS=n` makes it n for each target; `FUZZ_SEEDS=folder` writes the seeds there instead.
//! `cargo xtask prove fuzz` searches by coverage.

#![expect(clippy::unwrap_used, reason = "a test may")]

#[path = "../simulation/random.rs"]
#[expect(dead_code, reason = "the simulation uses the rest of it")]
mod random;
mod targets;

use std::fs;
use std::path::{Path, PathBuf};

use random::Random;
use targets::{TARGETS, Target};

const RUNS: usize = 1_000;
/// Heads of CBOR items that announce more than follows, and other favourites.
const FAVOURITES: [&[u8]; 8] = [
    &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    &[0xbb, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
    &[0x5a, 0x7f, 0xff, 0xff, 0xff],
    &[0x9f],
    &[0xff],
    &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    b"\"\",\r\n;\t",
    &[0xef, 0xbb, 0xbf],
];

fn mutate(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let to = at + random.below(bytes.len() - at + 1).min(64);
        match random.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = random.below(256).try_into().unwrap(),
            2 => drop(bytes.drain(at..to)),
            3 => {
                let piece = bytes[at..to].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => {
                let favourite = FAVOURITES[random.below(FAVOURITES.len())];
                bytes.splice(at..at, favourite.iter().copied());
            }
            _ => {
                let from = random.below(other.len() + 1);
                bytes.splice(at.., other[from..].iter().copied());
            }
        }
    }
}

/// Inputs that broke something once.
fn found(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/found");
    let Ok(entries) = fs::read_dir(folder.join(target.name)) else {
        return Vec::new();
    };
    entries
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect()
}

fn fuzz(target: &Target) {
    let mut inputs = (target.seeds)();
    if let Some(folder) = std::env::var_os("FUZZ_SEEDS") {
        let folder = PathBuf::from(folder).join(target.name);
        fs::create_dir_all(&folder).unwrap();
        for (n, seed) in inputs.iter().enumerate() {
            fs::write(folder.join(n.to_string()), seed).unwrap();
        }
        return;
    }
    inputs.extend(found(target));
    for input in &inputs {
        target.run(input);
    }
    let runs = std::env::var("FUZZ_RUNS").map_or(RUNS, |runs| runs.parse().unwrap());
    let mut random = Random::new(11);
    for _ in 0..runs {
        let mut input = inputs[random.below(inputs.len())].clone();
        let other = inputs[random.below(inputs.len())].clone();
        mutate(&mut input, &other, &mut random);
        let again = input.clone();
        let result = std::panic::catch_unwind(|| target.run(&again));
        assert!(result.is_ok(), "{}: {input:02x?}", target.name);
    }
}

#[test]
fn whatever_is_read_is_read_safely() {
    for target in &TARGETS {
        fuzz(target);
    }
}
