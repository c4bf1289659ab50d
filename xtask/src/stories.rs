//! Stories in a real Chromium against the real server. What they tell is in e2e/; this only
//! starts Node's own runner with the places it needs, in the environment:
//! `VIORNET_SERVER`, `VIORNET_WEB`, `VIORNET_CHROMIUM`, `VIORNET_CONTRACT`, `VIORNET_FILL`, `DATABASE_URL`,
//! `POSTGRES_BIN`.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::checks::run_and_keep;
use crate::dist;
use crate::postgres;
use crate::shell::{self, Profile};
use crate::tools;
use crate::wasm;

/// The one test that needs a module of its own.
const STORE_CONTRACT: &str = "tests/store.test.mjs";

/// A story that has not ended by then hangs.
const STORY_TIMEOUT_MS: &str = "--test-timeout=300000";

/// One after the other: on two cores, browsers side by side only make each other late.
pub fn run(server: &Path, database: &str, filter: Option<&str>) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(shell::root().join("e2e/tests"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".test.mjs") && filter.is_none_or(|part| name.contains(part)) {
            files.push(format!("tests/{name}"));
        }
    }
    files.sort();
    if files.is_empty() {
        bail!("no story in e2e/tests matches {filter:?}");
    }
    let mut command = node(server, database)?;
    if files.iter().any(|file| file == STORE_CONTRACT) {
        command.env("VIORNET_CONTRACT", wasm::contract()?);
    }
    command.args([
        "--test",
        "--test-reporter=spec",
        "--test-concurrency=1",
        STORY_TIMEOUT_MS,
    ]);
    command.args(files);
    run_and_keep(&mut command, |line| line.starts_with('ℹ'))
}

/// A script of `e2e/proofs`, with its arguments.
pub fn proof(server: &Path, database: &str, script: &str, arguments: &[String]) -> Result<()> {
    shell::run(
        node(server, database)?
            .arg(format!("proofs/{script}"))
            .args(arguments),
    )
}

pub fn shots(server: &Path, database: &str) -> Result<()> {
    shell::run(node(server, database)?.arg("shots.mjs"))
}

/// A bench or a proof of `e2e`: the delivered application, the release server, and the program that fills a database.
pub fn script(path: &str, arguments: &[String]) -> Result<()> {
    dist::build(Profile::Release)?;
    let server = shell::build_server(Profile::Release)?;
    let fill = shell::build_fill()?;
    postgres::with_database(|database| {
        let mut command = node(&server, database)?;
        shell::run(command.env("VIORNET_FILL", &fill).arg(path).args(arguments))
    })
}

fn node(server: &Path, database: &str) -> Result<Command> {
    tools::ensure_npm("e2e")?;
    let chromium = tools::ensure_chromium()?;
    let mut command = Command::new("node");
    command
        .current_dir(shell::root().join("e2e"))
        .env("VIORNET_SERVER", server)
        .env("VIORNET_WEB", shell::root().join("web/dist"))
        .env("VIORNET_CHROMIUM", chromium)
        .env("VIORNET_SHOTS", shell::root().join("shots"))
        .env("DATABASE_URL", database);
    if let Some(binaries) = tools::find_postgres() {
        command.env("POSTGRES_BIN", binaries);
    }
    Ok(command)
}
