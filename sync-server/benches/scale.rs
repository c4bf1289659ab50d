//! The server with a million sales: `cargo xtask bench scale`.
//!
//! Makes a company of 60 sellers at 12 sites and lets it live through a year, by pushes that the relay judges and
//! commits, in a private PostgreSQL with fsync on. Then measures what an owner does with it: backup, check and
//! restore, the dashboard and the reports, the export, and a new device of the head office.
//!
//! In the environment: `SCALE_SALES` how many; `SCALE_DATA` a data folder that is kept, and taken as it is when it is
//! filled already; `SCALE_STEPS` some of `reports,backup,export,download`.

#![expect(clippy::disallowed_methods, reason = "a benchmark asks the clock")]

#[expect(dead_code, reason = "tests/scale.rs uses the rest")]
#[path = "scale/company.rs"]
mod company;
#[path = "scale/memory.rs"]
mod memory;
#[expect(dead_code, reason = "tests/scale.rs uses the rest")]
#[path = "scale/reports.rs"]
mod reports;
#[path = "scale/steps.rs"]
mod steps;
#[path = "scale/weeks.rs"]
mod weeks;
#[path = "scale/writer.rs"]
mod writer;

use std::path::PathBuf;

use anyhow::{Context, Result};

fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let sales = match std::env::var("SCALE_SALES") {
        Ok(text) => text.parse().context("SCALE_SALES is a number")?,
        Err(_) => 1_000_000,
    };
    let kept = std::env::var_os("SCALE_DATA").map(PathBuf::from);
    let wanted = std::env::var("SCALE_STEPS").ok();
    let wants = |step: &str| {
        wanted
            .as_ref()
            .is_none_or(|wanted| wanted.split(',').any(|one| one == step))
    };
    let folder = match &kept {
        Some(folder) => folder.clone(),
        None => std::env::temp_dir().join(format!("viornet-scale-{}", std::process::id())),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(async {
        steps::fill(&folder, sales).await?;
        if wants("reports") {
            steps::reports(&folder).await?;
        }
        if wants("export") {
            steps::export(&folder).await?;
        }
        if wants("download") {
            steps::download(&folder).await?;
        }
        if wants("backup") {
            steps::backup(&folder).await?;
        }
        Ok(())
    });
    if kept.is_none() {
        let _ = std::fs::remove_dir_all(&folder);
    }
    done
}
