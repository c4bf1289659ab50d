//! What the relay has acknowledged survives whatever dies under it: the server, PostgreSQL or a part of it, a node of
//! two, the disk. Real processes on a cluster of their own, with fsync. Here for seconds; `cargo xtask prove relay`
//! sets `RELAY_KILLS` and does it for long.

#![expect(clippy::unwrap_used, reason = "a test may")]

#[path = "../load/kit.rs"]
#[expect(dead_code, reason = "the benchmark uses the rest")]
mod load;

mod books;
mod crew;
mod disk;
mod kills;
mod nodes;
mod power;
mod slow_disk;

use std::path::{Path, PathBuf};

use load::server::{Plan, Postgres, Server, signal};

/// How often something is killed; `None` in the short form.
fn asked_kills() -> Option<u32> {
    let text = std::env::var("RELAY_KILLS").ok()?;
    Some(text.parse().expect("RELAY_KILLS is a number"))
}

fn is_long() -> bool {
    asked_kills().is_some()
}

/// A data folder that is removed in the end, with whatever still runs on it.
struct Ground {
    data: PathBuf,
}

impl Ground {
    fn new(name: &str) -> Self {
        let folder = format!("viornet-{name}-{}", std::process::id());
        let data = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&data).unwrap();
        Self { data }
    }

    fn plan(&self) -> Plan {
        Plan::new(env!("CARGO_BIN_EXE_viornet"), &self.data)
    }

    fn postgres(&self) -> Postgres {
        Postgres::of(&self.data)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let postgres = self.postgres();
        let _ = postgres.kill_all();
        if let Some(root) = postgres.folder.parent() {
            let _ = std::fs::remove_dir_all(root);
        }
        match std::thread::panicking() {
            // The log says what happened.
            true => eprintln!("see {}", self.data.join("server.log").display()),
            false => drop(std::fs::remove_dir_all(&self.data)),
        }
    }
}

/// What a log says that it must not.
fn complaints(data: &Path) -> Vec<String> {
    let log = std::fs::read_to_string(data.join("server.log")).unwrap_or_default();
    log.lines()
        .filter(|line| line.contains("panic"))
        .map(str::to_owned)
        .collect()
}

/// Starts a server again, on the address that its phones know.
async fn start_again(plan: &Plan, address: std::net::SocketAddr) -> Server {
    let mut plan = plan.clone();
    plan.listen = address;
    Server::start(&plan).await.unwrap()
}

/// Lets processes go on that were stopped, whatever happens.
struct Stopped(Vec<u32>);

impl Stopped {
    fn new(pids: Vec<u32>) -> Self {
        signal("STOP", &pids).unwrap();
        Self(pids)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = signal("CONT", &self.0);
    }
}
