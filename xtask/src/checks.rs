//! What runs tests, and in which order. `all` is what CI calls.

use std::io::{BufRead, BufReader, Write};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::dist;
use crate::lint;
use crate::peer;
use crate::postgres;
use crate::shell::{self, Profile};
use crate::stories;

/// Quick checks first. The server of the stories is the development build that the native tests
/// have compiled anyway; the browser application is the release, as it is delivered.
pub fn all() -> Result<()> {
    lint::all()?;
    let mut summaries = Vec::new();
    postgres::with_database(|database| {
        let server = shell::phase("building the workspace and its tests", || {
            shell::build_server(Profile::Dev)
        })?;
        summaries.extend(shell::phase("tests", || native(database))?);
        shell::phase("building the browser application", || {
            dist::build(Profile::Release)
        })?;
        summaries.extend(shell::phase("stories in Chromium", || {
            stories::run(&server, database, None)
        })?);
        Ok(())
    })?;
    println!("\n=== everything passed; the runners' own summaries:");
    for line in summaries {
        println!("{line}");
    }
    Ok(())
}

fn native(database: &str) -> Result<Vec<String>> {
    let mut command = shell::cargo();
    command
        .args(["test", "--workspace", "--no-fail-fast"])
        .env("DATABASE_URL", database);
    let lines = run_and_keep(&mut command, |line| {
        let line = line.trim_start();
        line.starts_with("Running ")
            || line.starts_with("Doc-tests ")
            || line.starts_with("test result: ")
    })?;
    Ok(without_empty_runs(lines))
}

/// Cargo reports one run for each binary; those without a single test say nothing to a reader.
fn without_empty_runs(lines: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for line in lines {
        if line.starts_with("test result: ok. 0 passed; 0 failed; 0 ignored") {
            kept.pop();
        } else {
            kept.push(line);
        }
    }
    kept
}

/// Passes the output through and answers the lines that `wanted` picks.
pub fn run_and_keep(command: &mut Command, wanted: fn(&str) -> bool) -> Result<Vec<String>> {
    let (reader, writer) = std::io::pipe()?;
    let mut child = command
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .spawn()
        .with_context(|| format!("starting {:?}", command.get_program()))?;
    // The command still holds both writing ends; without this the reader would never see an end.
    command.stdout(std::process::Stdio::null());
    command.stderr(std::process::Stdio::null());
    let mut kept = Vec::new();
    let mut screen = std::io::stdout();
    for line in BufReader::new(reader).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        writeln!(screen, "{line}")?;
        if wanted(&line) {
            kept.push(line);
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{:?} failed ({status})", command.get_program());
    }
    Ok(kept)
}

/// `--dev` takes the development build of the browser application: quicker to make, slower to run.
pub fn stories_only(arguments: &[String]) -> Result<()> {
    let (profile, rest) = profile_of(arguments);
    postgres::with_database(|database| {
        let server = shell::build_server(Profile::Dev)?;
        dist::build(profile)?;
        stories::run(&server, database, rest.first().map(String::as_str))?;
        Ok(())
    })
}

pub fn shots(arguments: &[String]) -> Result<()> {
    let (profile, _) = profile_of(arguments);
    postgres::with_database(|database| {
        let server = shell::build_server(Profile::Dev)?;
        dist::build(profile)?;
        stories::shots(&server, database)
    })
}

fn profile_of(arguments: &[String]) -> (Profile, &[String]) {
    match arguments.split_first() {
        Some((first, rest)) if first == "--dev" => (Profile::Dev, rest),
        _ => (Profile::Release, arguments),
    }
}

/// The simulation reads its one seed from the environment and prints seed and action list.
pub fn simulate(arguments: &[String]) -> Result<()> {
    let [seed] = arguments else {
        bail!("which seed? `cargo xtask sim SEED`");
    };
    let seed: u64 = seed.parse().context("a seed is a whole number")?;
    shell::run(
        shell::cargo()
            .args(["test", "--package", "crdt-model", "--test", "simulation"])
            .args(["--", "--nocapture", "invariants_hold_for_every_seed"])
            .env("SIM_SEED", seed.to_string()),
    )
}

/// Benchmarks are `benches/<name>.rs` of any member, and scripts in `e2e/benches`; each prints its own figures.
/// `sizes` is what the build weighs, `peer` runs beside another server. Only a named one gets the arguments that follow.
pub fn bench(arguments: &[String]) -> Result<()> {
    if let Some((first, parts)) = arguments.split_first()
        && first == "peer"
    {
        return peer::run(parts);
    }
    let wanted = arguments.first().map(String::as_str);
    let is_wanted = |name: &String| wanted.is_none_or(|wanted| wanted == name);
    let mut programs = Vec::new();
    for package in ["crdt-model", "web", "sync-server"] {
        let names = names(&format!("{package}/benches"), ".rs")?;
        programs.extend(names.into_iter().map(|name| (package, name)));
    }
    programs.retain(|(_, name)| is_wanted(name));
    let mut scripts = names("e2e/benches", ".mjs")?;
    scripts.retain(is_wanted);
    let sizes = is_wanted(&"sizes".to_owned());
    if programs.is_empty() && scripts.is_empty() && !sizes {
        bail!("there is no such benchmark");
    }
    let rest = arguments.get(1..).unwrap_or_default();
    if !programs.is_empty() {
        postgres::with_database(|database| {
            for (package, name) in &programs {
                println!("\n=== {package}: {name}");
                shell::run(
                    shell::cargo()
                        .args(["bench", "--package", package, "--bench", name, "--"])
                        .args(rest)
                        .env("DATABASE_URL", database),
                )?;
            }
            Ok(())
        })?;
    }
    for name in &scripts {
        println!("\n=== e2e: {name}");
        stories::script(&format!("benches/{name}.mjs"), rest)?;
    }
    if sizes {
        dist::build(Profile::Release)?;
        dist::print_table()?;
    }
    Ok(())
}

/// What lies in a folder of the workspace under names that end so, in order.
fn names(folder: &str, ending: &str) -> Result<Vec<String>> {
    let Ok(entries) = std::fs::read_dir(shell::root().join(folder)) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        found.extend(name.strip_suffix(ending).map(str::to_owned));
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_without_tests_leave_the_summary() {
        let lines = [
            "     Running unittests src/main.rs (target/debug/deps/viornet-1)",
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
            "     Running tests/api/main.rs (target/debug/deps/api-1)",
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
        ];
        let kept = without_empty_runs(lines.map(str::to_owned).to_vec());
        assert_eq!(kept, lines[2..]);
    }
}
