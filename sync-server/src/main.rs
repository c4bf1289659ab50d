//! `viornet`: reads the command line and runs what it says.

use std::io::IsTerminal;
use std::process::ExitCode;

use sync_server::backup::command as copies;
use sync_server::config::{Invocation, USAGE};
use sync_server::serve;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        // A log that cannot be written, on a full disk for example, would be complained about where it cannot be
        // written, which panics, and ends whatever wanted to say something.
        .log_internal_errors(false)
        .init();
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("viornet: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    let invocation =
        Invocation::parse(std::env::args().skip(1), std::env::var("DATABASE_URL").ok())?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        match invocation {
            Invocation::Help => {
                println!("{USAGE}");
                Ok(ExitCode::SUCCESS)
            }
            Invocation::Backup { database, file } => copies::backup(&database, &file)
                .await
                .map(|()| ExitCode::SUCCESS),
            Invocation::CheckBackup { file } => copies::check(&file).map(|()| ExitCode::SUCCESS),
            Invocation::Restore {
                database,
                file,
                replace,
            } => copies::restore(&database, &file, replace)
                .await
                .map(|()| ExitCode::SUCCESS),
            Invocation::Serve(config) => serve::serve(config).await.map(|()| ExitCode::SUCCESS),
        }
    })
}
