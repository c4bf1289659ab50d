//! N devices, one relay, one seed: people sell, lease, recall and manage while connections, stores, clocks and the
//! relay fail; then everything heals, and the invariants of the design must hold.
//!
//! `SIM_SEED=n cargo test -p crdt-model --test simulation -- --nocapture` replays one seed with its trace;
//! `SIM_SEEDS=n` runs so many instead of two hundred, `SIM_MINUTES=n` so long, from `SIM_FROM` on; `SIM_BUGS=n` hunts
//! each planted bug n times, 0 not at all. Start reading at [`world::World::run`].

mod actions;
mod brief;
mod bugs;
mod checks;
mod coverage;
mod device;
mod edits;
mod forge;
mod mistakes;
mod network;
mod order;
mod plant;
mod random;
mod readers;
mod relay;
mod rivals;
mod runner;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bugs::Bug;
use coverage::Coverage;
use runner::{Counts, Wanted};
use world::World;

/// Fewer say nothing about what is within reach.
const SEEDS_FOR_COVERAGE: u64 = 200;
const SEEDS_FOR_RARITIES: u64 = 5_000;
/// Seeds within which every planted bug must show.
const SEEDS_FOR_A_BUG: u64 = 3_000;

/// Runs one seed: how much was done in it; or what went wrong, and what was done.
fn run(seed: u64, bug: Option<Bug>) -> Result<(Counts, Coverage), (String, Vec<String>)> {
    let mut world = World::new(seed, bug);
    let result = catch_unwind(AssertUnwindSafe(|| world.run()));
    let error = match result {
        Ok(Ok(())) => return Ok((world.counts, world.coverage())),
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
    let wanted = Wanted {
        from: from_environment("SIM_FROM").unwrap_or(0),
        seeds: from_environment("SIM_SEEDS"),
        minutes: from_environment("SIM_MINUTES"),
    };
    let is_long = wanted.seeds.is_some() || wanted.minutes.is_some();
    let found = runner::run(&wanted);
    if is_long {
        println!("{found}\n{}", found.coverage);
    }
    if let Some((seed, error)) = found.failures.first_key_value() {
        let actions = found.log.join("\n");
        panic!("{actions}\nseed {seed}: {error}\nagain: cargo xtask sim {seed}");
    }
    if wanted.from == 0 && found.counts.seeds >= SEEDS_FOR_COVERAGE {
        let gaps = found.coverage.gaps(found.counts.seeds < SEEDS_FOR_RARITIES);
        assert_eq!(gaps, [], "these were not reached");
    }
}

#[test]
fn planted_bugs_are_found() {
    if from_environment("SIM_SEED").is_some() || from_environment("SIM_BUGS") == Some(0) {
        return;
    }
    let bugs = Bug::ALL.map(|bug| (format!("{bug:?}"), bug));
    hunt(&bugs, |seed, bug| noticed(run(seed, Some(*bug))));
}

/// In the copy of the package that `cargo xtask prove mistakes` makes; elsewhere there is nothing to find.
#[test]
fn mistakes_in_the_rules_are_found() {
    if !plant::plant(None) || from_environment("SIM_BUGS") == Some(0) {
        return;
    }
    let named = (0..).zip(mistakes::MISTAKES);
    let named: Vec<(String, usize)> = named.map(|(n, known)| (known.name.into(), n)).collect();
    hunt(&named, |seed, mistake| {
        plant::plant(Some(*mistake));
        let shows = noticed(run(seed, None));
        plant::plant(None);
        shows
    });
}

#[test]
fn every_mistake_can_be_planted() {
    for known in mistakes::MISTAKES {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(known.file);
        let text = std::fs::read_to_string(&file).expect(known.file);
        let found = text.matches(known.right).count();
        // The copy has it once where it is right and not at all where it was never.
        assert_eq!(found, 1, "{}: {}", known.name, known.file);
        assert_ne!(known.right, known.wrong, "{}", known.name);
    }
}

fn noticed<T>(result: Result<T, (String, Vec<String>)>) -> Option<String> {
    let (error, _) = result.err()?;
    Some(runner::shortened(&error))
}

/// Every one must show within so many seeds, as often as is asked for.
fn hunt<B: Sync>(bugs: &[(String, B)], shows: impl Fn(u64, &B) -> Option<String> + Sync) {
    let many = from_environment("SIM_BUGS").unwrap_or(1);
    // A planted bug may well make the model panic, thousands of times.
    let hook = std::panic::take_hook();
    if many > 1 {
        std::panic::set_hook(Box::new(|_| {}));
    }
    let found = runner::hunt(bugs, many, SEEDS_FOR_A_BUG, shows);
    std::panic::set_hook(hook);
    if many > 1 {
        println!("{:<50} seeds until it shows, of {many} hunts", "mistake");
        for (name, seeds) in &found {
            println!("{name:<50} {seeds}");
        }
    }
    let missed: Vec<&str> = found
        .iter()
        .filter(|(_, seeds)| seeds.missed > 0)
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(missed.is_empty(), "not noticed: {missed:#?}");
}
