//! A throw-away PostgreSQL for tests: on a free port of the loopback, gone when we are gone.
//!
//! The cluster belongs to a guardian, a small shell that waits for the end of its standard input.
//! Only this process holds the other end, so that the cluster is stopped and its folder removed
//! however we end: success, failure, Ctrl-C, even kill -9.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::shell;
use crate::tools;

/// `$1` the folder with the binaries, `$2` the data folder, `$3` the port.
/// Durability is off because nothing here outlives the run; tests that kill PostgreSQL itself
/// bring their own cluster.
const GUARDIAN: &str = r#"
trap '' INT TERM HUP
cd /
clean() { rm -rf "$2"; }
if ! "$1/initdb" --pgdata="$2/db" --username=postgres --auth=trust --encoding=UTF8 \
    --locale=C --no-sync >"$2/initdb.log" 2>&1; then
  cat "$2/initdb.log" >&2
  clean "$@"
  exit 1
fi
"$1/postgres" -D "$2/db" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
  -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 \
  -c log_min_messages=fatal >"$2/postgres.log" 2>&1 &
echo started
cat >/dev/null
kill -INT $!
wait $!
clean "$@"
"#;

pub struct Cluster {
    guardian: Child,
    pub url: String,
}

impl Cluster {
    pub fn start() -> Result<Self> {
        let binaries = tools::ensure_postgres()?;
        let port = free_port()?;
        let folder = std::env::temp_dir().join(format!("viornet-test-{}", std::process::id()));
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir(&folder)?;

        let mut command = Command::new("sh");
        command
            .args(["-c", GUARDIAN, "guardian"])
            .arg(&binaries)
            .arg(&folder)
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Its own group: a Ctrl-C in the terminal is for us, and reaches it through the pipe.
            .process_group(0);
        if tools::is_root() {
            let (user, group) = unprivileged_account()?;
            std::os::unix::fs::chown(&folder, Some(user), Some(group))?;
            command.uid(user).gid(group);
        }
        let mut guardian = command
            .spawn()
            .context("starting the guardian of PostgreSQL")?;
        let mut said = String::new();
        let output = guardian
            .stdout
            .take()
            .context("the guardian has no output")?;
        BufReader::new(output).read_line(&mut said)?;
        if said.trim() != "started" {
            bail!("initdb of {} failed", binaries.display());
        }
        let cluster = Self {
            guardian,
            url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
        };
        wait_for(port, &folder)?;
        Ok(cluster)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut pipe) = self.guardian.stdin.take() {
            // Nothing is written; dropping the pipe is the message.
            let _ = pipe.flush();
        }
        let _ = self.guardian.wait();
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.port())
}

fn wait_for(port: u16, folder: &Path) -> Result<()> {
    for _ in 0..300 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let log: PathBuf = folder.join("postgres.log");
    let log = std::fs::read_to_string(log).unwrap_or_default();
    bail!("PostgreSQL does not answer after 15 s\n{log}");
}

/// PostgreSQL refuses to run as root.
fn unprivileged_account() -> Result<(u32, u32)> {
    let accounts = std::fs::read_to_string("/etc/passwd").context("reading /etc/passwd")?;
    let numbers_of = |wanted: &str| {
        accounts.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let [name, _, user, group, ..] = fields.as_slice() else {
                return None;
            };
            if *name != wanted {
                return None;
            }
            Some((user.parse().ok()?, group.parse().ok()?))
        })
    };
    numbers_of("postgres")
        .or_else(|| numbers_of("nobody"))
        .context("neither `postgres` nor `nobody` is an account here")
}

/// Runs `work` with a cluster, or with the one that DATABASE_URL already names.
pub fn with_database<T>(work: impl FnOnce(&str) -> Result<T>) -> Result<T> {
    if let Ok(url) = std::env::var("DATABASE_URL") {
        println!("    using DATABASE_URL");
        return work(&url);
    }
    let cluster = shell::phase("a private PostgreSQL", Cluster::start)?;
    work(&cluster.url)
}
