//! A copy of the model in which every known mistake is planted, each behind a switch that the product does not have,
//! and the simulation that looks for them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shell;

#[path = "../../crdt-model/tests/simulation/mistakes.rs"]
mod table;

const SWITCH: &str = r"

thread_local! {
    static PLANTED: std::cell::Cell<usize> = const { std::cell::Cell::new(usize::MAX) };
}

/// Plants that mistake in what this thread runs, or none.
pub fn plant(mistake: Option<usize>) {
    PLANTED.set(mistake.unwrap_or(usize::MAX));
}

pub(crate) fn is_planted(mistake: usize) -> bool {
    PLANTED.get() == mistake
}
";

const PLANT: &str = r"
pub fn plant(mistake: Option<usize>) -> bool {
    crdt_model::plant(mistake);
    true
}
";

/// Hunts every mistake so many times.
pub fn hunt(times: u32) -> Result<()> {
    let copy = shell::cache_dir()?.join("mistakes");
    make(&copy)?;
    shell::run(
        shell::cargo()
            .current_dir(&copy)
            .args(["test", "--release", "--package", "crdt-model"])
            .args(["--test", "simulation", "--", "--nocapture"])
            .arg("mistakes_in_the_rules_are_found")
            // Not ours: one package of the same name would take the other's place there.
            .env(
                "CARGO_TARGET_DIR",
                shell::cache_dir()?.join("mistakes-target"),
            )
            .env("SIM_BUGS", times.max(2).to_string()),
    )
}

/// A workspace of its own: the model alone, with the versions that ours has.
fn make(copy: &Path) -> Result<()> {
    let root = shell::root();
    if copy.exists() {
        fs::remove_dir_all(copy)?;
    }
    copy_folder(&root.join("crdt-model"), &copy.join("crdt-model"))?;
    fs::copy(root.join("Cargo.lock"), copy.join("Cargo.lock"))?;
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?
        .lines()
        .map(|line| match line.starts_with("members = ") {
            true => "members = [\"crdt-model\"]",
            false => line,
        })
        .collect::<Vec<_>>()
        .join("\n");
    fs::write(copy.join("Cargo.toml"), manifest)?;
    let model = copy.join("crdt-model");
    for (n, known) in table::MISTAKES.iter().enumerate() {
        let file = model.join(known.file);
        let text = fs::read_to_string(&file).with_context(|| known.file.to_string())?;
        if text.matches(known.right).count() != 1 {
            bail!("{}: not found once in {}", known.name, known.file);
        }
        let both = format!(
            "{{ if crate::is_planted({n}) {{ {} }} else {{ {} }} }}",
            known.wrong, known.right
        );
        fs::write(&file, text.replace(known.right, &both))?;
    }
    let library = model.join("src/lib.rs");
    let text = fs::read_to_string(&library)?;
    fs::write(
        &library,
        format!("#![allow(unused_braces)]\n{text}{SWITCH}"),
    )?;
    fs::write(model.join("tests/simulation/plant.rs"), PLANT)?;
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
