//! A private PostgreSQL cluster under the data folder, for installations without a database of their own.
//!
//! We drive the binaries that are installed and never download any. The postmaster outlives a crash of this
//! process, so the next start adopts it. PostgreSQL refuses to run as root; there we run it under an
//! unprivileged account. Knows nothing of schemas: see `database`. Start reading at [`Cluster::start`].

mod account;
mod binaries;
mod place;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::process::Command;

pub use account::Account;
use binaries::Binaries;
use place::Place;

/// The database, and the superuser who owns it.
pub const DATABASE: &str = "viornet";
const SUPERUSER: &str = "viornet";
/// Only part of the socket's file name: the cluster does not listen on TCP.
const PORT: u16 = 5432;
/// How long a postmaster that was killed may take until its process is gone.
const GIVING_WAY: Duration = Duration::from_secs(5);
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// Why there is no cluster.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(
        "no PostgreSQL found: install it (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install \
         postgresql-server; macOS: brew install postgresql@17), or set DATABASE_URL"
    )]
    BinariesMissing,
    #[error("the data folder was made by PostgreSQL {wanted}, but only {found} is installed")]
    OtherVersion { wanted: String, found: String },
    #[error("another ViorNet server is running on {0}")]
    InUse(PathBuf),
    #[error(
        "PostgreSQL must not run as root, and there is no account `postgres` or `nobody` to run it under"
    )]
    NoAccount,
    #[error("cannot {what} {path}")]
    Io {
        what: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{program} failed: {output}")]
    Program {
        program: &'static str,
        output: String,
    },
    #[error("cannot connect to the private cluster")]
    Connect(#[source] sqlx::Error),
}

impl ClusterError {
    fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}

/// How careful the cluster is with its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A commit is on the disk.
    Durable,
    /// For tests: a crash of the machine may lose everything.
    ThrowAway,
}

/// A running cluster that belongs to this process.
#[derive(Debug)]
pub struct Cluster {
    place: Place,
    binaries: Binaries,
    account: Account,
    durability: Durability,
    /// Held as long as we run, so that two servers never share a folder.
    _lock: File,
}

impl Cluster {
    /// Makes the cluster if there is none, starts or adopts it, and waits until it answers.
    pub async fn start(data: &Path, durability: Durability) -> Result<Self, ClusterError> {
        place::create_data_folder(data)?;
        let lock = lock(data)?;
        let account = Account::find()?;
        let place = Place::find(data, &account)?;
        let binaries = Binaries::find(place.version_on_disk().as_deref())?;
        let cluster = Self {
            place,
            binaries,
            account,
            durability,
            _lock: lock,
        };
        if cluster.place.version_on_disk().is_none() {
            cluster.initialise().await?;
        }
        cluster.ensure_running().await?;
        cluster.create_database().await?;
        Ok(cluster)
    }

    /// Whether there is one, as far as can be told without entering its folders.
    pub fn is_in(data: &Path) -> bool {
        Place::is_in(data)
    }

    /// Where the cluster of a server that runs on this folder listens, for somebody who only reads.
    pub fn of_running_server(data: &Path) -> Result<PgConnectOptions, ClusterError> {
        let place = Place::find(data, &Account::find()?)?;
        Ok(options(&place, DATABASE))
    }

    /// Starts the postmaster unless it runs. Cheap enough to be called whenever the database does not answer.
    pub async fn ensure_running(&self) -> Result<(), ClusterError> {
        let asked = tokio::time::Instant::now();
        while self.is_running().await? {
            // A postmaster that a crash of ours left behind may listen elsewhere than we would ask for, or
            // its process id may meanwhile belong to another program: what counts is that it answers.
            match self.connect("postgres").await {
                Ok(connection) => {
                    tracing::info!("using the PostgreSQL that is already running");
                    let _ = connection.close().await;
                    return Ok(());
                }
                // One that was killed is in the way of the next until it is quite gone.
                Err(_) if asked.elapsed() < GIVING_WAY => tokio::time::sleep(ASK_AGAIN).await,
                Err(error) => {
                    tracing::warn!(%error, "PostgreSQL seems to run but does not answer");
                    break;
                }
            }
        }
        let begun = tokio::time::Instant::now();
        let socket = self.place.socket();
        place::create_private_folder(&socket, &self.account)?;
        let log = self.place.data().join("startup.log");
        let mut command = self.command(self.binaries.pg_ctl(), self.place.data());
        command.args(["start", "--wait", "--silent", "--timeout=60"]);
        command
            .arg("--log")
            .arg(&log)
            .arg("-D")
            .arg(self.place.data());
        command.arg("-o").arg(self.settings(&socket));
        run("pg_ctl start", command).await.map_err(|error| {
            match (error, fs::read_to_string(&log)) {
                (ClusterError::Program { program, output }, Ok(log)) => ClusterError::Program {
                    program,
                    output: format!("{output}\n{}", last_lines(&log)),
                },
                (error, _) => error,
            }
        })?;
        tracing::info!(
            elapsed_ms = begun.elapsed().as_millis(),
            "started PostgreSQL"
        );
        Ok(())
    }

    /// Where to connect.
    pub fn connect_options(&self) -> PgConnectOptions {
        self.options(DATABASE)
    }

    /// The same as a URL, for other programs.
    pub fn url(&self) -> String {
        let socket: String = self
            .place
            .socket()
            .to_string_lossy()
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => {
                    char::from(byte).to_string()
                }
                other => format!("%{other:02X}"),
            })
            .collect();
        format!("postgres://{SUPERUSER}@localhost:{PORT}/{DATABASE}?host={socket}")
    }

    /// Stops the postmaster; everything committed stays.
    pub async fn stop(self) -> Result<(), ClusterError> {
        let mut command = self.command(self.binaries.pg_ctl(), self.place.data());
        command.args(["stop", "--wait", "--silent", "--mode=fast", "--timeout=30"]);
        command.arg("-D").arg(self.place.data());
        run("pg_ctl stop", command).await?;
        // Empty now; of use only where it is not beside the data.
        let _ = fs::remove_dir(self.place.socket());
        tracing::info!("stopped PostgreSQL");
        Ok(())
    }

    async fn initialise(&self) -> Result<(), ClusterError> {
        tracing::info!("creating a private PostgreSQL cluster");
        let data = self.place.data();
        place::create_private_folder(&data, &self.account)?;
        // Whoever reaches the socket is trusted: it lives in a folder only its owner may enter.
        let attempt = async |locale: &str| {
            let mut command = self.command(self.binaries.initdb(), self.place.root().to_owned());
            command.args([
                "--username",
                SUPERUSER,
                "--auth-local=trust",
                "--auth-host=reject",
            ]);
            command.args([
                "--encoding=UTF8",
                "--data-checksums",
                "--no-instructions",
                "--locale",
                locale,
            ]);
            if self.durability == Durability::ThrowAway {
                command.arg("--no-sync");
            }
            command.arg("-D").arg(&data);
            run("initdb", command).await
        };
        // Old C libraries know no C.UTF-8. A failed initdb leaves the folder as it found it.
        match attempt("C.UTF-8").await {
            Ok(()) => Ok(()),
            Err(_) => attempt("C").await,
        }
    }

    async fn is_running(&self) -> Result<bool, ClusterError> {
        let mut command = self.command(self.binaries.pg_ctl(), self.place.data());
        command.arg("status").arg("-D").arg(self.place.data());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let status = command
            .status()
            .await
            .map_err(ClusterError::io("run", &self.binaries.pg_ctl()))?;
        Ok(status.success())
    }

    fn settings(&self, socket: &Path) -> String {
        let mut settings = vec![
            "listen_addresses=".to_owned(),
            format!("port={PORT}"),
            format!("unix_socket_directories={}", socket.display()),
            "unix_socket_permissions=0700".into(),
            "max_connections=60".into(),
            "shared_buffers=256MB".into(),
            "max_wal_size=2GB".into(),
            // Nobody copies this cluster by its log, so what a restore loads into new tables goes to the disk once.
            "wal_level=minimal".into(),
            "max_wal_senders=0".into(),
            // Our queries are short; compiling them costs more than running them.
            "jit=off".into(),
            // Plans that were made while a table was empty are kept until there are statistics of it.
            "autovacuum_naptime=10s".into(),
            "timezone=UTC".into(),
            // A week of logs, overwritten day by day.
            "logging_collector=on".into(),
            "log_filename=postgresql-%a.log".into(),
            "log_rotation_age=1d".into(),
            "log_rotation_size=0".into(),
            "log_truncate_on_rotation=on".into(),
        ];
        if self.durability == Durability::ThrowAway {
            settings.extend(
                [
                    "fsync=off",
                    "synchronous_commit=off",
                    "full_page_writes=off",
                ]
                .map(str::to_owned),
            );
        }
        let quoted = settings
            .iter()
            .map(|setting| format!("-c '{}'", setting.replace('\'', "'\\''")));
        quoted.collect::<Vec<_>>().join(" ")
    }

    fn options(&self, database: &str) -> PgConnectOptions {
        options(&self.place, database)
    }

    async fn connect(&self, database: &str) -> Result<PgConnection, sqlx::Error> {
        // A postmaster that is still recovering says so and means "soon".
        let mut last = sqlx::Error::PoolTimedOut;
        for _ in 0..50 {
            match self.options(database).connect().await {
                Ok(connection) => return Ok(connection),
                Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("57P03") => {
                    last = sqlx::Error::Database(error);
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    async fn create_database(&self) -> Result<(), ClusterError> {
        let mut connection = self
            .connect("postgres")
            .await
            .map_err(ClusterError::Connect)?;
        let exists: bool =
            sqlx::query_scalar("select exists (select 1 from pg_database where datname = $1)")
                .bind(DATABASE)
                .fetch_one(&mut connection)
                .await
                .map_err(ClusterError::Connect)?;
        if !exists {
            sqlx::query("create database viornet")
                .execute(&mut connection)
                .await
                .map_err(ClusterError::Connect)?;
        }
        connection.close().await.map_err(ClusterError::Connect)
    }

    /// A program of PostgreSQL's under the right account, away from our terminal and our folder.
    fn command(&self, program: PathBuf, folder: PathBuf) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).stdin(Stdio::null()).env_clear();
        command.envs(std::env::vars().filter(|(name, _)| name == "PATH" || name == "TZ"));
        command.env("LC_ALL", "C");
        if let Some((uid, gid)) = self.account.switch_to() {
            command.uid(uid).gid(gid);
        }
        command
    }
}

fn options(place: &Place, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(place.socket())
        .port(PORT)
        .username(SUPERUSER)
        .database(database)
}

async fn run(program: &'static str, mut command: Command) -> Result<(), ClusterError> {
    // A file and not a pipe would do as well, but a pipe must not be given to the postmaster, which would
    // keep it open for ever: pg_ctl hands on only what --log names.
    let output = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .await
        .map_err(ClusterError::io("run", Path::new(program)))?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(ClusterError::Program {
        program,
        output: last_lines(&String::from_utf8_lossy(&text)),
    })
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

fn lock(data: &Path) -> Result<File, ClusterError> {
    let path = data.join("server.lock");
    let file = File::create(&path).map_err(ClusterError::io("create", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ClusterError::InUse(data.to_owned())),
        Err(TryLockError::Error(source)) => Err(ClusterError::Io {
            what: "lock",
            path,
            source,
        }),
    }
}
