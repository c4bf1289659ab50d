//! `dev`: build, serve, look for changed files, build again. The page reloads itself, because a
//! development build asks for /index.html twice a second (web/loader.js).
//!
//! By polling modification times: a few hundred files, no dependency, and it works on mounted
//! folders where notification does not.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use crate::dist;
use crate::shell;
use crate::tools;

/// A pause that nobody notices and that costs next to no CPU.
const POLL: Duration = Duration::from_millis(400);

/// Stops the server when this process ends, however it ends: only we hold the other end of its standard input.
const GUARDIAN: &str = r#"
exec 3<&0
trap : INT TERM
"$@" </dev/null 3<&- &
server=$!
(cat <&3 >/dev/null; kill -TERM $server 2>/dev/null) &
status=0
while kill -0 $server 2>/dev/null; do wait $server; status=$?; done
exit $status
"#;

/// What the browser application and the server are made of.
const WEB: &[&str] = &["web", "crdt-model/src", "crdt-model/Cargo.toml"];
const SERVER: &[&str] = &[
    "sync-server",
    "crdt-model/src",
    "crdt-model/Cargo.toml",
    "migrations",
];

pub fn watch(arguments: &[String]) -> Result<()> {
    tools::ensure_postgres_for_server()?;
    let mut web_built = newest(WEB);
    let mut server_built = newest(SERVER);
    dist::build_live()?;
    let program = build()?;
    let mut server = start(&program, arguments)?;
    loop {
        std::thread::sleep(POLL);
        let web_changed = newest(WEB);
        if web_changed != web_built {
            web_built = web_changed;
            report("the page", dist::build_live());
        }
        let server_changed = newest(SERVER);
        if server_changed != server_built {
            server_built = server_changed;
            match build() {
                Ok(program) => {
                    stop(&mut server)?;
                    server = start(&program, arguments)?;
                }
                Err(error) => report("the server", Err(error)),
            }
        }
        if let Some(status) = server.try_wait()? {
            anyhow::bail!("the server ended ({status})");
        }
    }
}

/// Without the tests, which a person watching a page does not wait for.
fn build() -> Result<PathBuf> {
    shell::run(shell::cargo().args(["build", "--package", "sync-server"]))?;
    Ok(shell::target_dir()?.join("debug/viornet"))
}

fn start(program: &Path, arguments: &[String]) -> Result<Child> {
    let server = shell::server_command(program, arguments);
    Command::new("sh")
        .args(["-c", GUARDIAN, "guardian"])
        .arg(server.get_program())
        .args(server.get_args())
        .current_dir(shell::root())
        .stdin(Stdio::piped())
        .spawn()
        .context("starting the server")
}

/// Politely, so that it stops its PostgreSQL too.
fn stop(server: &mut Child) -> Result<()> {
    drop(server.stdin.take());
    server.wait()?;
    Ok(())
}

fn report(what: &str, result: Result<()>) {
    match result {
        Ok(()) => println!("    rebuilt {what}"),
        Err(error) => eprintln!("    {what} was not rebuilt: {error:#}"),
    }
}

/// The number of files and the latest change among them: a deleted file shows too.
fn newest(places: &[&str]) -> (usize, Option<SystemTime>) {
    let mut state = (0, None);
    for place in places {
        look(&shell::root().join(place), &mut state);
    }
    state
}

fn look(path: &Path, state: &mut (usize, Option<SystemTime>)) {
    let name = path.file_name().unwrap_or_default();
    if name == "node_modules" || name == "dist" || name == "target" {
        return;
    }
    // A file may vanish between listing and looking; the next round sees the truth.
    let Ok(meta) = path.metadata() else {
        return;
    };
    if meta.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        for entry in entries {
            look(&entry.path(), state);
        }
    } else {
        state.0 += 1;
        state.1 = state.1.max(meta.modified().ok());
    }
}
