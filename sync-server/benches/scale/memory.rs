//! How much memory processes take, as Linux tells it, in megabytes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

fn field(pid: &str, name: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .context("Linux does not tell")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1e3)
}

/// Forgets earlier peaks of this process; what it takes now.
pub fn own_peak_from_now() -> Result<f64> {
    fs::write("/proc/self/clear_refs", "5")?;
    own_peak()
}

pub fn own_peak() -> Result<f64> {
    field("self", "VmHWM")
}

pub fn peak_of(pid: u32) -> Result<f64> {
    field(&pid.to_string(), "VmHWM")
}

/// What the processes of a data folder's PostgreSQL take now, apart from what they share.
pub fn postgres_of(data: &Path) -> Result<f64> {
    let root = match fs::read_to_string(data.join("pg.location")) {
        Ok(elsewhere) => elsewhere.trim().into(),
        Err(_) => data.join("pg"),
    };
    let postmaster = fs::read_to_string(root.join("data/postmaster.pid"))?;
    let postmaster = postmaster.lines().next().context("an empty file")?.trim();
    let mut all = 0.0;
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().filter(|name| name.parse::<u32>().is_ok()) else {
            continue;
        };
        // Processes come and go.
        let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) else {
            continue;
        };
        if status
            .lines()
            .any(|line| line.strip_prefix("PPid:").map(str::trim) == Some(postmaster))
        {
            all += field(pid, "RssAnon").unwrap_or_default();
        }
    }
    Ok(all)
}
