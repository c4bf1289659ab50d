//! Places and processes: where the workspace is, and how other programs are called.
//! It must not know what any of them is for.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Error, Result, bail};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    Dev,
    Release,
}

/// The workspace root. Asked at run time, because worktrees may share one target folder.
pub fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest
        .parent()
        .expect("the xtask package lies inside the workspace")
        .to_path_buf()
}

/// Cargo's target folder: this very program lies in `<target>/debug/`.
pub fn target_dir() -> Result<PathBuf> {
    let program = std::env::current_exe().context("finding this program")?;
    let folder = program.ancestors().nth(2).context("target folder")?;
    Ok(folder.to_path_buf())
}

/// Where intermediate results are kept between runs.
pub fn cache_dir() -> Result<PathBuf> {
    Ok(target_dir()?.join("xtask"))
}

pub fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Runs to the end with our own output; anything but success is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("starting {}", describe(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", describe(command));
    }
    Ok(())
}

/// Like `run`, but silent unless it fails.
pub fn run_quietly(command: &mut Command) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting {}", describe(command)))?;
    if !output.status.success() {
        bail!(
            "{} failed ({})\n{}{}",
            describe(command),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

pub fn stdout_of(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("starting {}", describe(command)))?;
    if !output.status.success() {
        bail!("{} failed ({})", describe(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    format!("`{}`", words.join(" "))
}

/// Replaces this process; comes back only with the reason why it could not.
pub fn exec(mut command: Command) -> Error {
    let error = command.exec();
    Error::new(error).context(format!("starting {}", describe(&command)))
}

/// The first of `names` found on PATH.
pub fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|candidate| candidate.is_file())
}

/// Prints a heading, does the work, prints how long it took.
pub fn phase<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("\n=== {title}");
    let started = now();
    let result = work().with_context(|| format!("in the phase \"{title}\""));
    let outcome = if result.is_ok() { "done" } else { "FAILED" };
    let seconds = started.elapsed().as_secs_f64();
    println!("=== {title}: {outcome} in {seconds:.1} s");
    result
}

#[expect(
    clippy::disallowed_methods,
    reason = "durations shown to a person; no rule of the product depends on them"
)]
pub fn now() -> Instant {
    Instant::now()
}

/// Builds the server and answers where it is.
///
/// The development build takes the whole workspace with its tests, so that `test`, `e2e` and `build`
/// resolve the same features and nothing is compiled twice.
pub fn build_server(profile: Profile) -> Result<PathBuf> {
    let folder = match profile {
        Profile::Dev => {
            run(cargo().args(["build", "--workspace", "--bins", "--tests"]))?;
            "debug"
        }
        Profile::Release => {
            run(cargo().args(["build", "--release", "--package", "sync-server"]))?;
            "release"
        }
    };
    Ok(target_dir()?.join(folder).join("viornet"))
}

/// The program that fills a database for the benches in Chromium.
pub fn build_fill() -> Result<PathBuf> {
    run(cargo()
        .args(["build", "--release", "--package", "sync-server"])
        .args(["--example", "fill"]))?;
    Ok(target_dir()?.join("release/examples/fill"))
}

/// The server as `run` and `dev` start it; later arguments win. `--demo` before them serves the demo, from a data
/// folder of its own.
pub fn server_command(server: &Path, arguments: &[String]) -> Command {
    let (ours, arguments): (&[&str], _) = match arguments.split_first() {
        Some((first, rest)) if first == "--demo" => (&["--data", "data-demo", "--demo"], rest),
        _ => (&["--data", "data"], arguments),
    };
    let arguments = match arguments.split_first() {
        Some((first, rest)) if first == "--" => rest,
        _ => arguments,
    };
    let mut command = Command::new(server);
    command
        .current_dir(root())
        .args(ours)
        .args(["--web", "web/dist"])
        .args(arguments);
    command
}
