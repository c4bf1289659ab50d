//! The bench beside the stock automerge-repo sync server: what it does is told in `e2e/peer/bench.mjs`; this only
//! builds our half, which is the relay's own bench, and starts it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::shell;
use crate::tools;

pub fn run(parts: &[String]) -> Result<()> {
    tools::ensure_postgres()?;
    tools::ensure_npm("e2e/peer")?;
    shell::run(
        Command::new("node")
            .current_dir(shell::root().join("e2e/peer"))
            .env("VIORNET_RELAY_BENCH", build()?)
            .env_remove("DATABASE_URL")
            .arg("bench.mjs")
            .args(parts),
    )
}

/// Builds the server and our half of the load, and answers where the latter is.
fn build() -> Result<PathBuf> {
    let told = shell::stdout_of(
        shell::cargo()
            .args(["bench", "--package", "sync-server", "--bench", "relay"])
            .args(["--no-run", "--message-format", "json-render-diagnostics"]),
    )?;
    let mut messages = told.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        (message["target"]["name"] == "relay")
            .then(|| Some(PathBuf::from(message["executable"].as_str()?)))?
    });
    messages.next().context("cargo built no load")
}
