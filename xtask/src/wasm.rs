//! One wasm module of the browser application: compiled, bound to JavaScript, made small.
//! The result of each step is kept under the hash of its input, so that an unchanged module costs
//! nothing.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::assets::{Files, content_hash, read_tree};
use crate::shell::{self, Profile};
use crate::tools;

pub const TARGET: &str = "wasm32-unknown-unknown";

/// Raise when the steps below change their meaning: it is part of every key in the cache.
const PIPELINE_VERSION: &str = "1";

/// The proposals that rustc's output uses; wasm-opt accepts no others. Without a bound it inlines whatever has one caller
/// into functions of a hundred kilobytes, and a browser compiles the whole of a function when it is first called.
const WASM_OPT_FLAGS: &[&str] = &[
    "-Oz",
    "--inline-max-combined-binary-size=16384",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-multivalue",
    "--enable-reference-types",
];

/// Compiles the binaries of the web crate.
pub fn compile(profile: Profile) -> Result<PathBuf> {
    tools::ensure_wasm_target()?;
    let mut command = shell::cargo();
    command.args(["build", "--package", "web", "--bins", "--target", TARGET]);
    let folder = match profile {
        Profile::Dev => "debug",
        Profile::Release => {
            command.args(["--profile", "wasm-release"]);
            command.env("CARGO_ENCODED_RUSTFLAGS", reproducible_flags()?);
            "wasm-release"
        }
    };
    shell::run(&mut command)?;
    Ok(shell::target_dir()?.join(TARGET).join(folder))
}

/// The worker that checks the stores in a real browser (`web/src/bin/contract.rs`), bound and in
/// a folder of its own: it is not part of web/dist.
pub fn contract() -> Result<PathBuf> {
    tools::ensure_wasm_target()?;
    let mut command = shell::cargo();
    command.args(["build", "--package", "web", "--target", TARGET]);
    command.args(["--bin", "contract", "--features", "contract"]);
    command.args(["--profile", "wasm-release"]);
    command.env("CARGO_ENCODED_RUSTFLAGS", reproducible_flags()?);
    shell::run(&mut command)?;
    let modules = shell::target_dir()?.join(TARGET).join("wasm-release");
    let folder = shell::cache_dir()?.join("contract");
    std::fs::create_dir_all(&folder)?;
    for (name, bytes) in bind(&modules.join("contract.wasm"), "contract", Profile::Dev)? {
        std::fs::write(folder.join(name), bytes)?;
    }
    Ok(folder)
}

/// Keeps this machine's folders out of panic messages, and so out of the hashes.
fn reproducible_flags() -> Result<OsString> {
    let mut flags = OsString::new();
    if let Some(outer) = std::env::var_os("CARGO_ENCODED_RUSTFLAGS") {
        flags.push(outer);
        flags.push("\u{1f}");
    }
    let cargo_home = match std::env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cargo"),
    };
    let sysroot = shell::stdout_of(Command::new("rustc").args(["--print", "sysroot"]))?;
    let prefixes = [
        (cargo_home.into_os_string(), "/cargo"),
        (sysroot.trim().into(), "/rust"),
        (shell::root().into_os_string(), "/viornet"),
    ];
    for (index, (from, to)) in prefixes.into_iter().enumerate() {
        if index > 0 {
            flags.push("\u{1f}");
        }
        flags.push("--remap-path-prefix=");
        flags.push(from);
        flags.push("=");
        flags.push(to);
    }
    Ok(flags)
}

/// The browser files of one module: `<out_name>.js`, `<out_name>_bg.wasm` and snippets.
pub fn bind(wasm: &Path, out_name: &str, profile: Profile) -> Result<Files> {
    let input = std::fs::read(wasm).with_context(|| format!("reading {}", wasm.display()))?;
    let mut recipe = BTreeMap::new();
    recipe.insert("input".to_owned(), input);
    recipe.insert("version".to_owned(), PIPELINE_VERSION.into());
    recipe.insert("out_name".to_owned(), out_name.into());
    let mode = match profile {
        Profile::Dev => "dev".to_owned(),
        Profile::Release => format!(
            "{} {}",
            tools::wasm_opt_version()?,
            WASM_OPT_FLAGS.join(" ")
        ),
    };
    recipe.insert("mode".to_owned(), mode.into_bytes());

    let cache = shell::cache_dir()?.join("wasm");
    let kept = cache.join(format!("{out_name}-{}", content_hash(&recipe)));
    if !kept.is_dir() {
        discard_older(&cache, out_name, profile)?;
        let unfinished = cache.join(format!("{out_name}.unfinished"));
        if unfinished.exists() {
            std::fs::remove_dir_all(&unfinished)?;
        }
        std::fs::create_dir_all(&unfinished)?;
        generate(wasm, out_name, profile, &unfinished)?;
        std::fs::rename(&unfinished, &kept)?;
        std::fs::write(kept.with_extension(suffix(profile)), b"")?;
    }
    read_tree(&kept)
}

fn generate(wasm: &Path, out_name: &str, profile: Profile, folder: &Path) -> Result<()> {
    println!("    binding {out_name}");
    let release = profile == Profile::Release;
    Bindgen::new()
        .input_path(wasm)
        .out_name(out_name)
        .web(true)?
        .typescript(false)
        .keep_debug(!release)
        .remove_name_section(release)
        .remove_producers_section(release)
        .generate(folder)
        .with_context(|| format!("binding {}", wasm.display()))?;
    if release {
        let module = folder.join(format!("{out_name}_bg.wasm"));
        shell::run_quietly(
            Command::new(tools::wasm_opt())
                .args(WASM_OPT_FLAGS)
                .arg(&module)
                .arg("-o")
                .arg(&module),
        )?;
    }
    Ok(())
}

fn suffix(profile: Profile) -> &'static str {
    match profile {
        Profile::Dev => "dev",
        Profile::Release => "release",
    }
}

/// Keeps one result of each module and profile: a day of `dev` would otherwise fill the disk.
fn discard_older(cache: &Path, out_name: &str, profile: Profile) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(cache) else {
        return Ok(());
    };
    for entry in entries {
        let marker = entry?.path();
        let name = marker
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let ours = name.starts_with(&format!("{out_name}-"));
        if ours && marker.extension().is_some_and(|end| end == suffix(profile)) {
            let folder = marker.with_extension("");
            if folder.is_dir() {
                std::fs::remove_dir_all(&folder)?;
            }
            std::fs::remove_file(&marker)?;
        }
    }
    Ok(())
}
