//! A server process with its private PostgreSQL, which can be killed and started again.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Recovery after a crash takes seconds; more than this is no recovery.
const STARTING: Duration = Duration::from_secs(120);

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Plan {
    pub program: PathBuf,
    /// Holds the private cluster, and the server's log.
    pub data: PathBuf,
    /// Port 0 picks one.
    pub listen: SocketAddr,
    /// Another database than the private one.
    pub database_url: Option<String>,
    /// Where it writes its log, if not into the data folder.
    pub log: Option<PathBuf>,
}

impl Plan {
    /// On a free port of the loopback, with a cluster of its own under `data`.
    pub fn new(program: impl Into<PathBuf>, data: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            data: data.into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            database_url: None,
            log: None,
        }
    }
}

pub struct Server {
    child: Child,
    pub pid: u32,
    pub address: SocketAddr,
    /// What founds the organisation, where there is none.
    pub setup_token: Option<String>,
}

impl Server {
    /// Starts it and waits until it says where it is.
    pub async fn start(plan: &Plan) -> Result<Self> {
        fs::create_dir_all(&plan.data)?;
        let log = File::options()
            .create(true)
            .append(true)
            .open(plan.log.clone().unwrap_or(plan.data.join("server.log")))?;
        let mut command = Command::new(&plan.program);
        command
            .arg("--data")
            .arg(&plan.data)
            .arg("--listen")
            .arg(plan.listen.to_string())
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true);
        if let Some(url) = &plan.database_url {
            command.env("DATABASE_URL", url);
        }
        let mut child = command
            .spawn()
            .with_context(|| format!("starting {}", plan.program.display()))?;
        let pid = child.id().context("it has ended already")?;
        let output = child.stdout.take().context("no output")?;
        let said = tokio::time::timeout(STARTING, listen(output)).await;
        let (address, setup_token) = match said {
            Ok(Ok(said)) => said,
            Ok(Err(error)) => return Err(error.context(last_lines(&plan.data))),
            Err(_) => bail!("the server does not start\n{}", last_lines(&plan.data)),
        };
        Ok(Self {
            child,
            pid,
            address,
            setup_token,
        })
    }

    /// Whether the process has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// kill -9. Its PostgreSQL goes on.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await?;
        Ok(())
    }

    /// As a supervisor does it; stops the private PostgreSQL too.
    pub async fn stop(mut self) -> Result<()> {
        signal("TERM", &[self.pid])?;
        tokio::time::timeout(Duration::from_secs(60), self.child.wait())
            .await
            .context("the server does not stop")??;
        Ok(())
    }
}

/// Reads the two lines that it prints when it serves. An organisation that is there leaves out the second, so what
/// comes after the first is waited for only a moment.
async fn listen(output: tokio::process::ChildStdout) -> Result<(SocketAddr, Option<String>)> {
    let mut lines = BufReader::new(output).lines();
    let first = lines.next_line().await?.context("the server has ended")?;
    let address = first
        .strip_prefix("ViorNet: http://localhost:")
        .with_context(|| format!("the server says {first}"))?;
    let address = SocketAddr::from(([127, 0, 0, 1], address.parse::<u16>()?));
    let second = tokio::time::timeout(Duration::from_millis(300), lines.next_line()).await;
    let token = match second {
        Ok(Ok(Some(line))) => line.split_once('#').map(|(_, token)| token.to_owned()),
        _ => None,
    };
    Ok((address, token))
}

fn last_lines(data: &Path) -> String {
    let log = fs::read_to_string(data.join("server.log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

/// The private PostgreSQL of a data folder.
#[derive(Debug, Clone)]
pub struct Postgres {
    pub folder: PathBuf,
}

impl Postgres {
    pub fn of(data: &Path) -> Self {
        let root = match fs::read_to_string(data.join("pg.location")) {
            Ok(elsewhere) => PathBuf::from(elsewhere.trim()),
            Err(_) => data.join("pg"),
        };
        Self {
            folder: root.join("data"),
        }
    }

    /// Of the postmaster, if one has left its number.
    pub fn postmaster(&self) -> Option<u32> {
        let text = fs::read_to_string(self.folder.join("postmaster.pid")).ok()?;
        let pid = text.lines().next()?.trim().parse().ok()?;
        is_postgres(pid).then_some(pid)
    }

    /// The postmaster's children: those that serve connections, and the helpers.
    pub fn children(&self) -> Vec<Process> {
        let Some(postmaster) = self.postmaster() else {
            return Vec::new();
        };
        processes()
            .into_iter()
            .filter(|process| process.parent == postmaster)
            .collect()
    }

    /// Of those, the ones that serve our connections.
    pub fn backends(&self) -> Vec<u32> {
        self.children()
            .into_iter()
            .filter(|child| child.command.contains(" viornet "))
            .map(|child| child.pid)
            .collect()
    }

    /// kill -9 of all of it at once, as when the power goes: nobody gets to tidy up.
    pub fn kill_all(&self) -> Result<()> {
        let Some(postmaster) = self.postmaster() else {
            return Ok(());
        };
        let mut pids = vec![postmaster];
        pids.extend(self.children().iter().map(|child| child.pid));
        // Stopped first, so that none of them sees another one die.
        signal("STOP", &pids)?;
        signal("KILL", &pids)
    }
}

/// One process of this machine.
#[derive(Debug)]
pub struct Process {
    pub pid: u32,
    pub parent: u32,
    /// As it calls itself.
    pub command: String,
}

fn is_postgres(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("postgres"))
}

fn processes() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| {
            let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?;
            let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            Some(Process {
                pid,
                parent: parent.parse().ok()?,
                command: String::from_utf8_lossy(&command).replace('\0', " "),
            })
        })
        .collect()
}

/// Sends a signal by the program for it: the workspace has no unsafe code. Processes that are gone are no error.
pub fn signal(name: &str, pids: &[u32]) -> Result<()> {
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "kill -s \"$0\" \"$@\" 2>/dev/null || true", name]);
    command.args(pids.iter().map(u32::to_string));
    command.status().context("running kill")?;
    Ok(())
}
