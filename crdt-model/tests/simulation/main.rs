//! N devices, one relay, one seed: people sell, lease, recall and manage while connections, stores, clocks and the
//! relay fail; then everything heals, and the invariants of the design must hold.
//!
//! `SIM_SEED=n cargo test -p crdt-model --test simulation -- --nocapture` replays one seed with its trace;
//! `SIM_SEEDS=n` runs so many instead of two hundred, from `SIM_FROM` on. Start reading at [`world::World::run`].

mod actions;
mod bugs;
mod checks;
mod device;
mod network;
mod random;
mod relay;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use bugs::Bug;
use world::World;

const SEEDS: u64 = 200;
/// Seeds within which every planted bug must show.
const SEEDS_FOR_A_BUG: u64 = 600;

/// Runs one seed: what went wrong, and what was done.
fn run(seed: u64, bug: Option<Bug>) -> Result<(), (String, Vec<String>)> {
    let mut world = World::new(seed, bug);
    let result = catch_unwind(AssertUnwindSafe(|| world.run()));
    let error = match result {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error,
        Err(panic) => panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
            .unwrap_or_else(|| "a panic".into()),
    };
    Err((error, std::mem::take(&mut world.log)))
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn invariants_hold_for_every_seed() {
    if let Some(seed) = from_environment("SIM_SEED") {
        let mut world = World::new(seed, None);
        world.is_traced = true;
        let result = catch_unwind(AssertUnwindSafe(|| world.run()));
        for line in &world.log {
            println!("{line}");
        }
        assert_eq!(result.ok(), Some(Ok(())), "seed {seed}");
        return;
    }
    let from = from_environment("SIM_FROM").unwrap_or(0);
    let count = from_environment("SIM_SEEDS").unwrap_or(SEEDS);
    for seed in from..from + count {
        if let Err((error, log)) = run(seed, None) {
            let actions = log.join("\n");
            panic!("{actions}\nseed {seed}: {error}");
        }
    }
}

#[test]
fn planted_bugs_are_found() {
    if from_environment("SIM_SEED").is_some() {
        return;
    }
    let missed: Vec<Bug> = Bug::ALL
        .into_iter()
        .filter(|bug| (0..SEEDS_FOR_A_BUG).all(|seed| run(seed, Some(*bug)).is_ok()))
        .collect();
    assert_eq!(missed, [], "these mistakes were not noticed");
}
