//! The bench beside the stock automerge-repo sync server: what it does is told in `e2e/peer/bench.mjs`; this only
//! builds both halves and starts it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::shell;
use crate::tools;

/// Our half; the stock half is measured without it, too.
const LOAD: &str = "sync-server/benches/peer.rs";

pub fn run(parts: &[String]) -> Result<()> {
    tools::ensure_postgres()?;
    tools::ensure_npm("e2e/peer")?;
    let mut bench = Command::new("node");
    bench
        .current_dir(shell::root().join("e2e/peer"))
        .env_remove("DATABASE_URL")
        .arg("bench.mjs")
        .args(parts);
    if shell::root().join(LOAD).is_file() {
        bench.env("VIORNET_PEER_LOAD", build()?);
    }
    shell::run(&mut bench)
}

/// Builds the server and our half of the load, and answers where the latter is.
fn build() -> Result<PathBuf> {
    let told = shell::stdout_of(
        shell::cargo()
            .args(["bench", "--package", "sync-server", "--bench", "peer"])
            .args(["--no-run", "--message-format", "json-render-diagnostics"]),
    )?;
    let mut messages = told.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        (message["target"]["name"] == "peer")
            .then(|| Some(PathBuf::from(message["executable"].as_str()?)))?
    });
    messages.next().context("cargo built no load")
}
