//! Fuzzing by coverage: libFuzzer on every target of `crdt-model/tests/fuzz`, and on those of `sync-server/fuzz`. It needs
//! a C++ compiler, and nothing else beside our own toolchain: the compiler's instruments are there in every release of it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::shell;
use crate::tools;

/// What libFuzzer needs to see: which edges were taken, and what was compared.
const INSTRUMENTS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";
/// An input's longest length: enough for every cap but those in megabytes, which have tests of their own.
const INPUT_BYTES_MAX: u32 = 1 << 16;

/// A crate of targets, and where its inputs are kept.
struct Program {
    folder: &'static str,
    corpus: &'static str,
    /// Writes the seeds of each of its targets into a folder of that name.
    write_seeds: fn(&Path, &Path) -> Result<()>,
}

const PROGRAMS: [Program; 2] = [
    Program {
        folder: "crdt-model/fuzz",
        corpus: "fuzz-corpus",
        write_seeds: |_, corpus| {
            shell::run_quietly(
                shell::cargo()
                    .args(["test", "--package", "crdt-model", "--test", "fuzz"])
                    .env("FUZZ_SEEDS", corpus),
            )
        },
    },
    Program {
        folder: "sync-server/fuzz",
        corpus: "fuzz-corpus-server",
        write_seeds: |program, corpus| {
            shell::run_quietly(Command::new(program).env("FUZZ_SEEDS", corpus))
        },
    },
];

/// One reader of foreign bytes.
struct Target {
    name: String,
    program: PathBuf,
    corpus: PathBuf,
    found: PathBuf,
}

impl Program {
    fn targets(&self) -> Result<Vec<Target>> {
        let program = build(self.folder)?;
        let corpus = shell::cache_dir()?.join(self.corpus);
        fs::create_dir_all(&corpus)?;
        (self.write_seeds)(&program, &corpus)?;
        let mut names: Vec<String> = fs::read_dir(&corpus)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Result<_>>()?;
        names.sort();
        let target = |name: String| Target {
            program: program.clone(),
            corpus: corpus.join(&name),
            found: shell::root().join(self.folder).join("found").join(&name),
            name,
        };
        Ok(names.into_iter().map(target).collect())
    }
}

/// Every target for so many seconds, as many at a time as there are cores.
pub fn run(seconds: u32) -> Result<()> {
    tools::ensure_cpp()?;
    let mut targets = Vec::new();
    for program in &PROGRAMS {
        targets.extend(program.targets()?);
    }
    println!(
        "target      seconds       inputs  a second   edges  MiB an input  longest ms  peak MiB  failures"
    );
    let next = AtomicUsize::new(0);
    let ends = Mutex::new(Vec::new());
    let worker = || {
        while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
            let row = fuzz(target, seconds);
            if let Ok(row) = &row {
                println!("{:<10} {seconds:>8} {row}", target.name);
            }
            let mut ends = ends.lock().unwrap_or_else(PoisonError::into_inner);
            ends.push((target, row));
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(worker);
        }
    });
    let mut failed = Vec::new();
    for (target, row) in ends.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let row = row?;
        if !row.passed {
            println!("\n{}:\n{}", target.name, row.end);
            failed.push(&target.found);
        }
    }
    if !failed.is_empty() {
        bail!("the inputs are in {failed:?}");
    }
    Ok(())
}

/// Only what is for the target gets the instruments, not what runs while it is built: hence the triple.
fn build(folder: &str) -> Result<PathBuf> {
    let about = shell::stdout_of(Command::new("rustc").arg("-vV"))?;
    let host = about
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("the compiler names its host")?;
    let target_dir = shell::cache_dir()?.join("fuzz-target");
    shell::run(
        shell::cargo()
            .args(["build", "--release", "--manifest-path"])
            .arg(format!("{folder}/Cargo.toml"))
            .args(["--target", host])
            .env("CARGO_TARGET_DIR", &target_dir)
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env("RUSTFLAGS", INSTRUMENTS),
    )?;
    let name = folder.replace('/', "-");
    Ok(target_dir.join(host).join("release").join(name))
}

#[derive(Default)]
struct Row {
    inputs: String,
    rate: String,
    edges: String,
    /// The most that one input took, as the program tells it.
    kibibytes: u64,
    microseconds: u64,
    /// Of the whole process, with what the fuzzer itself keeps.
    mebibytes: String,
    passed: bool,
    /// The last it said.
    end: String,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>12} {:>9} {:>7} {:>13.1} {:>11.1} {:>9} {:>9}",
            self.inputs,
            self.rate,
            self.edges,
            self.kibibytes as f64 / 1024.0,
            self.microseconds as f64 / 1000.0,
            self.mebibytes,
            u8::from(!self.passed)
        )
    }
}

fn fuzz(target: &Target, seconds: u32) -> Result<Row> {
    fs::create_dir_all(&target.found)?;
    let output = Command::new(&target.program)
        .arg(&target.corpus)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-artifact_prefix={}/", target.found.display()))
        // The target itself holds each input to its second of processor time and its 256 MiB; these catch what
        // never comes back. They count the time on the wall, other work and a process that was stopped included.
        .args(["-timeout=900", "-report_slow_units=900"])
        .args(["-rss_limit_mb=2048", "-print_final_stats=1"])
        .env("FUZZ_TARGET", &target.name)
        .stdin(Stdio::null())
        .output()
        .context("starting the fuzzer")?;
    // Nothing found: no folder.
    let _ = fs::remove_dir(&target.found);
    let said = String::from_utf8_lossy(&output.stderr);
    let stat = |name: &str| {
        let line = said.lines().rev().find_map(|line| line.strip_prefix(name));
        line.unwrap_or("?").trim().to_owned()
    };
    let edges = said.lines().rev().find_map(|line| {
        let (_, after) = line.split_once(" cov: ")?;
        after.split_whitespace().next()
    });
    let dearest = said.lines().rev().find_map(|line| {
        let (memory, time) = line.strip_prefix("dearest: ")?.split_once(" KiB, ")?;
        Some((
            memory.parse().ok()?,
            time.strip_suffix(" us")?.parse().ok()?,
        ))
    });
    let (kibibytes, microseconds) = dearest.unwrap_or_default();
    let lines: Vec<&str> = said.lines().collect();
    Ok(Row {
        kibibytes,
        microseconds,
        inputs: stat("stat::number_of_executed_units:"),
        rate: stat("stat::average_exec_per_sec:"),
        edges: edges.unwrap_or("?").to_owned(),
        mebibytes: stat("stat::peak_rss_mb:"),
        passed: output.status.success(),
        end: lines[lines.len().saturating_sub(40)..].join("\n"),
    })
}
