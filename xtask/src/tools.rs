//! What the build needs from outside: found, installed where we may, else named plainly.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::assets::{Files, content_hash};
use crate::shell;
use crate::wasm::TARGET;

/// The account number of whoever runs this; files tell it without any unsafe call.
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}

/// Installs Debian packages where that is ours to do; `what` names the missing thing for a person.
fn install(what: &str, packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    if !is_root() || shell::find_program(&["apt-get"]).is_none() {
        bail!("{what} is missing. Install it (on Debian and Ubuntu: apt-get install {names})");
    }
    println!("    installing {names}");
    let apt = |arguments: &[&str]| {
        shell::run_quietly(
            Command::new("apt-get")
                .env("DEBIAN_FRONTEND", "noninteractive")
                .args(arguments),
        )
    };
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(packages);
    if apt(&arguments).is_err() {
        apt(&["update"])?;
        apt(&arguments).with_context(|| format!("{what} is missing and could not be installed"))?;
    }
    Ok(())
}

/// The browser for the stories.
pub fn ensure_chromium() -> Result<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    if let Some(found) = shell::find_program(&names) {
        return Ok(found);
    }
    install("Chromium", &["chromium"])?;
    shell::find_program(&names).context("chromium is installed but not on PATH")
}

/// libFuzzer is written in C++.
pub fn ensure_cpp() -> Result<()> {
    let names = ["c++", "g++", "clang++"];
    if std::env::var_os("CXX").is_some() || shell::find_program(&names).is_some() {
        return Ok(());
    }
    install("A C++ compiler", &["g++"])
}

/// The folder with `initdb` and `postgres`: the newest of Debian's, else what PATH offers.
pub fn find_postgres() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").is_file())
        .collect();
    versions.sort();
    versions.pop().map(|(_, folder)| folder).or_else(|| {
        let initdb = shell::find_program(&["initdb"])?.canonicalize().ok()?;
        let folder = initdb.parent()?.to_path_buf();
        folder.join("postgres").is_file().then_some(folder)
    })
}

pub fn ensure_postgres() -> Result<PathBuf> {
    if let Some(found) = find_postgres() {
        return Ok(found);
    }
    install("PostgreSQL", &["postgresql"])?;
    find_postgres().context("postgresql is installed but initdb was not found")
}

/// The server brings its own cluster up, but from installed binaries.
pub fn ensure_postgres_for_server() -> Result<()> {
    if std::env::var_os("DATABASE_URL").is_none() {
        ensure_postgres()?;
    }
    Ok(())
}

/// Holds up what PostgreSQL writes, for the proof with a slow disk.
pub fn ensure_strace() -> Result<()> {
    match shell::find_program(&["strace"]) {
        Some(_) => Ok(()),
        None => install("strace", &["strace"]),
    }
}

/// Installs a folder's npm packages exactly as locked, if they are not there already.
pub fn ensure_npm(folder: &str) -> Result<()> {
    if shell::find_program(&["npm"]).is_none() {
        install("Node.js with npm (20 or newer)", &["nodejs", "npm"])?;
    }
    let folder = shell::root().join(folder);
    let lock = std::fs::read(folder.join("package-lock.json"))?;
    let wanted = content_hash(&Files::from([("lock".to_owned(), lock)]));
    let stamp = folder.join("node_modules/.installed-from-lock");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("    npm ci in {}", folder.display());
    shell::run_quietly(Command::new("npm").current_dir(&folder).args([
        "ci",
        "--no-fund",
        "--no-audit",
        "--loglevel=error",
    ]))?;
    std::fs::write(&stamp, wanted)?;
    Ok(())
}

pub fn wasm_opt() -> PathBuf {
    shell::root().join("web/node_modules/.bin/wasm-opt")
}

/// Read from the package, because asking the program costs a second.
pub fn wasm_opt_version() -> Result<String> {
    ensure_npm("web")?;
    let manifest = shell::root().join("web/node_modules/binaryen/package.json");
    let text = std::fs::read_to_string(&manifest).context("reading binaryen's package.json")?;
    let version = text
        .lines()
        .find(|line| line.trim_start().starts_with("\"version\""))
        .context("binaryen's package.json names no version")?;
    Ok(format!("binaryen {}", version.trim()))
}

/// Rust's standard library for wasm32.
pub fn ensure_wasm_target() -> Result<()> {
    let sysroot = PathBuf::from(
        shell::stdout_of(
            Command::new("rustc")
                .current_dir(shell::root())
                .args(["--print", "sysroot"]),
        )?
        .trim(),
    );
    let library = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    if has_std(&library) {
        return Ok(());
    }
    if shell::find_program(&["rustup"]).is_some() {
        println!("    rustup target add {TARGET}");
        let mut command = Command::new("rustup");
        command
            .current_dir(shell::root())
            .args(["target", "add", TARGET]);
        match shell::run_quietly(&mut command) {
            Ok(()) if has_std(&library) => return Ok(()),
            Ok(()) => {}
            Err(error) => println!("    {error:#}"),
        }
    }
    build_std(&sysroot, &library).with_context(|| {
        format!(
            "the Rust target {TARGET} is missing (`rustup target add {TARGET}`), \
             and building it from the compiler's sources failed too"
        )
    })
}

fn has_std(library: &Path) -> bool {
    std::fs::read_dir(library).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
    })
}

/// Where rustup cannot download: the standard library from the very same compiler's sources
/// (rustup's rust-src, or Debian's package of that name).
fn build_std(sysroot: &Path, library: &Path) -> Result<()> {
    let version = shell::stdout_of(
        Command::new("rustc")
            .current_dir(shell::root())
            .arg("--version"),
    )?;
    let version = version
        .split_whitespace()
        .nth(1)
        .context("rustc has no version")?;
    let sources = [
        sysroot.join("lib/rustlib/src/rust/library"),
        PathBuf::from(format!("/usr/src/rustc-{version}/library")),
    ];
    let sources = sources
        .iter()
        .find(|folder| folder.join("std/Cargo.toml").is_file())
        .with_context(|| format!("no sources of the standard library of Rust {version} here"))?;

    let package = shell::cache_dir()?.join("empty-library");
    std::fs::create_dir_all(package.join("src"))?;
    std::fs::write(
        package.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [lib]\ncrate-type = [\"cdylib\"]\n[workspace]\n",
    )?;
    std::fs::write(package.join("src/lib.rs"), "")?;
    println!("    building the standard library for {TARGET}");
    // Without the bitcode our fat LTO finds no section .llvmbc in these libraries.
    shell::run_quietly(
        shell::cargo()
            .current_dir(&package)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("__CARGO_TESTS_ONLY_SRC_ROOT", sources)
            .env("CARGO_ENCODED_RUSTFLAGS", "-Cembed-bitcode=yes")
            .env("CARGO_TARGET_DIR", package.join("target"))
            .args(["build", "--release", "--target", TARGET])
            .arg("-Zbuild-std=std,panic_abort,panic_unwind"),
    )?;
    // Two copies of std in this folder would be E0464, hence only into a folder without one.
    std::fs::create_dir_all(library)?;
    let built = package.join("target").join(TARGET).join("release/deps");
    for entry in std::fs::read_dir(built)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "rlib") {
            let name = path.file_name().context("a library without a name")?;
            std::fs::copy(&path, library.join(name))?;
        }
    }
    Ok(())
}
