//! Formatting, licences, and clippy with warnings denied for both targets.

use anyhow::Result;

use crate::licences;
use crate::shell;
use crate::tools;
use crate::wasm::TARGET;

pub fn all() -> Result<()> {
    shell::phase("formatting", || {
        shell::run(shell::cargo().args(["fmt", "--all", "--check"]))
    })?;
    shell::phase("licences", licences::check)?;
    shell::phase("clippy, native", || {
        shell::run(shell::cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]))
    })?;
    shell::phase("clippy, wasm32", || {
        tools::ensure_wasm_target()?;
        shell::run(
            shell::cargo()
                .args(["clippy", "--package", "crdt-model", "--package", "web"])
                .args(["--target", TARGET, "--quiet", "--", "-D", "warnings"]),
        )
    })
}
