//! Many seeds on every core, for a count or for a time, and how fast that goes.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::coverage::Coverage;

/// Seeds where neither a count nor a time is asked for.
const SEEDS: u64 = 200;
/// Where one hunt for a bug begins, from the one before: far beyond what a hunt needs.
const HUNTS_APART: u64 = 1_000_000;

/// How long to run.
pub struct Wanted {
    pub from: u64,
    pub seeds: Option<u64>,
    pub minutes: Option<u64>,
}

/// What was done in one seed or many.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    pub seeds: u64,
    /// What people did at a device.
    pub actions: u64,
    pub faults: u64,
    /// Frames that arrived, at either end.
    pub frames: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.actions += other.actions;
        self.faults += other.faults;
        self.frames += other.frames;
    }
}

pub struct Found {
    pub counts: Counts,
    pub took: Duration,
    threads: usize,
    pub coverage: Coverage,
    /// Every seed that fails, and what went wrong. A run for a time goes on behind the first.
    pub failures: BTreeMap<u64, String>,
    /// What was done in the first of them.
    pub log: Vec<String>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64().max(0.001);
        writeln!(f, "{:.0} s on {} threads", seconds, self.threads)?;
        for (what, count) in [
            ("seeds", self.counts.seeds),
            ("actions", self.counts.actions),
            ("faults", self.counts.faults),
            ("frames", self.counts.frames),
        ] {
            let rate = count as f64 / seconds;
            writeln!(f, "{what:<8} {count:>12} {rate:>10.1} a second")?;
        }
        write!(f, "failures {:>12}", self.failures.len())?;
        for (seed, error) in &self.failures {
            write!(f, "\n  seed {seed}: {}", shortened(error))?;
        }
        Ok(())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long it took, and when to stop, are no part of what is simulated"
)]
fn clock() -> Instant {
    Instant::now()
}

fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What went wrong, in a line.
pub fn shortened(error: &str) -> String {
    let words: Vec<&str> = error.split_whitespace().collect();
    words.join(" ").chars().take(160).collect()
}

/// Runs seed after seed until there were enough or one fails, or until the time is over.
pub fn run(wanted: &Wanted) -> Found {
    let begun = clock();
    let until = wanted
        .minutes
        .map(|minutes| begun + Duration::from_secs(minutes * 60));
    let end = match (wanted.seeds, until) {
        (Some(seeds), _) => wanted.from + seeds,
        (None, Some(_)) => u64::MAX,
        (None, None) => wanted.from + SEEDS,
    };
    let next = AtomicU64::new(wanted.from);
    // No seed from here on need be begun: one below has failed.
    let bound = AtomicU64::new(end);
    let sums = Mutex::new((Counts::default(), Coverage::default()));
    let failed = Mutex::new(BTreeMap::<u64, (String, Vec<String>)>::new());
    let worker = || {
        while until.is_none_or(|until| clock() < until) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= bound.load(Ordering::Relaxed) {
                return;
            }
            match crate::run(seed, None) {
                Ok((counts, coverage)) => {
                    let mut sums = sums.lock().expect("nobody panics with it");
                    sums.0 += counts;
                    sums.1.add(&coverage);
                }
                Err((error, log)) => {
                    match until {
                        None => drop(bound.fetch_min(seed, Ordering::Relaxed)),
                        // Whoever waits for an hour need not wait to hear of it.
                        Some(_) => println!("seed {seed}: {}", shortened(&error)),
                    }
                    let mut failed = failed.lock().expect("nobody panics with it");
                    failed.insert(seed, (error, log));
                    // Only the first is shown whole.
                    for (_, log) in failed.values_mut().skip(1) {
                        log.clear();
                    }
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads() {
            scope.spawn(worker);
        }
    });
    let (counts, coverage) = sums.into_inner().expect("nobody panics with it");
    let mut failures = failed.into_inner().expect("nobody panics with it");
    let log = failures.first_entry();
    let log = log.map(|mut first| std::mem::take(&mut first.get_mut().1));
    let told = |(seed, (error, _)): (u64, (String, Vec<String>))| (seed, error);
    Found {
        counts,
        coverage,
        took: clock() - begun,
        threads: threads(),
        log: log.unwrap_or_default(),
        failures: failures.into_iter().map(told).collect(),
    }
}

/// How many seeds it took until a planted bug showed, over several hunts; and what noticed it first.
#[derive(Default)]
pub struct Seeds {
    needed: Vec<u64>,
    pub missed: usize,
    noticed: String,
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let median = self.needed.get(self.needed.len() / 2).copied();
        let most = self.needed.last().copied().unwrap_or_default();
        match median {
            Some(median) => write!(f, "median {median:>4}, at most {most:>4}")?,
            None => write!(f, "never")?,
        }
        if self.missed > 0 {
            write!(f, "; not found in {}", self.missed)?;
        }
        write!(f, "  {}", self.noticed)
    }
}

/// Hunts each mistake so many times, each time from other seeds on, `most` seeds long; says each result as it comes
/// where several hunts are asked for. What one hunt misses is not hunted again: it is missed.
pub fn hunt<B: Sync>(
    bugs: &[(String, B)],
    many: u64,
    most: u64,
    shows: impl Fn(u64, &B) -> Option<String> + Sync,
) -> Vec<(String, Seeds)> {
    let hunts: Vec<(usize, u64)> = (0..many)
        .flat_map(|n| (0..bugs.len()).map(move |bug| (bug, n * HUNTS_APART)))
        .collect();
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<Seeds>> = Mutex::new(bugs.iter().map(|_| Seeds::default()).collect());
    let worker = || {
        while let Some((bug, from)) = hunts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let is_missed = |found: &[Seeds]| found[*bug].missed > 0;
            if is_missed(&found.lock().expect("nobody panics with it")) {
                continue;
            }
            let (name, known) = &bugs[*bug];
            let begun = clock();
            let first = (0..most).find_map(|n| Some((n + 1, shows(from + n, known)?)));
            let took = (clock() - begun).as_secs();
            if many > 1 {
                match &first {
                    Some((seeds, noticed)) => {
                        println!("{name}: {seeds} seeds from {from} on, {took} s: {noticed}");
                    }
                    None => println!("{name}: NOT FOUND in {most} seeds from {from} on, {took} s"),
                }
            }
            let mut found = found.lock().expect("nobody panics with it");
            let seeds = &mut found[*bug];
            match first {
                Some((needed, noticed)) => {
                    seeds.needed.push(needed);
                    seeds.noticed = noticed;
                }
                None => seeds.missed += 1,
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads() {
            scope.spawn(worker);
        }
    });
    let mut found = found.into_inner().expect("nobody panics with it");
    for seeds in &mut found {
        seeds.needed.sort_unstable();
    }
    bugs.iter()
        .map(|(name, _)| name.clone())
        .zip(found)
        .collect()
}
