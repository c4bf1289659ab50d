//! Rules of the repository that no compiler checks: what may depend on what, where SQL may stand, that every rule
//! of `docs/SYNC.md` has a test. It reads source files as text and must not know what they mean.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What the pure core may be built from. A new name here is a decision of its own.
const MODEL_DEPENDENCIES: &[&str] = &[
    "automerge",
    "hpke",
    "miniz_oxide",
    "minicbor-serde",
    "rand_core",
    "serde",
    "serde_bytes",
    "sha2",
    "thiserror",
    "uuid",
    "zeroize",
];

/// Outside `store`, statements that name no table of ours: making the cluster's database, taking the role.
const SQL_WITHOUT_TABLES: &[&str] = &["sync-server/src/cluster.rs", "sync-server/src/database.rs"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below a folder whose name ends so, as (path from the root, text).
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "node_modules" && name != "dist" {
                    folders.push(path);
                }
            } else if name.ends_with(ending) {
                let shown = path.strip_prefix(root()).unwrap();
                let text = fs::read_to_string(&path).unwrap();
                found.push((shown.to_string_lossy().replace('\\', "/"), text));
            }
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<(String, String)> {
    ["crdt-model/src", "sync-server/src", "web/src", "xtask/src"]
        .iter()
        .flat_map(|folder| files(folder, ".rs"))
        .collect()
}

/// A file up to its tests, which stand last.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

/// `HS2` out of `hs2_rejects_…`.
fn rule_of(name: &str) -> Option<String> {
    let (first, _) = name.split_once(|c: char| !c.is_ascii_alphanumeric())?;
    let (letters, digits) = (first.get(..2)?, first.get(2..)?);
    let is_rule = letters.bytes().all(|b| b.is_ascii_lowercase())
        && !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit());
    is_rule.then(|| first.to_uppercase())
}

/// The rules that tests are named after: functions in Rust, titles of stories in JavaScript (`story("hs2 …"`).
fn tested_rules() -> BTreeSet<String> {
    let rust = ["crdt-model", "sync-server", "web"]
        .iter()
        .flat_map(|folder| files(folder, ".rs"));
    let stories = files("e2e", ".mjs");
    let mut rules = BTreeSet::new();
    for (_, text) in rust {
        rules.extend(text.split("fn ").skip(1).filter_map(rule_of));
    }
    for (_, text) in stories {
        rules.extend(text.split("story(\"").skip(1).filter_map(rule_of));
    }
    rules
}

#[test]
fn every_rule_of_the_protocol_has_a_test() {
    let text = read("docs/SYNC.md");
    let listed: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("- **")?.split("**").next())
        .collect();
    let rules: BTreeSet<String> = listed.iter().map(ToString::to_string).collect();
    assert_eq!(rules.len(), listed.len(), "a rule is listed twice");
    let groups: BTreeSet<&str> = rules.iter().map(|rule| &rule[..2]).collect();
    let tested: BTreeSet<String> = tested_rules()
        .into_iter()
        .filter(|rule| groups.contains(&rule[..2]))
        .collect();

    let unknown: Vec<_> = tested.difference(&rules).collect();
    assert!(unknown.is_empty(), "tests of no rule: {unknown:?}");
    let untested: Vec<_> = rules.difference(&tested).collect();
    assert!(untested.is_empty(), "no test is named after {untested:?}");
}

#[test]
fn the_core_depends_on_little() {
    let manifest = read("crdt-model/Cargo.toml");
    let dependencies: Vec<&str> = manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .collect();
    assert_eq!(dependencies, MODEL_DEPENDENCIES);
}

#[test]
fn sql_stands_in_the_store() {
    for (path, text) in files("sync-server/src", ".rs") {
        let is_store = path == "sync-server/src/store.rs"
            || path.starts_with("sync-server/src/store/")
            || SQL_WITHOUT_TABLES.contains(&path.as_str());
        let has_sql = ["query", "query_as", "query_scalar", "raw_sql", "query_file"]
            .iter()
            .any(|call| text.contains(&format!("sqlx::{call}")));
        assert!(is_store || !has_sql, "{path} has SQL");
    }
}

#[test]
fn nothing_unwraps_outside_tests() {
    for (path, text) in sources() {
        // A module of tests in a file of its own.
        if path.ends_with("/tests.rs") {
            continue;
        }
        for (number, line) in without_tests(&text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            assert!(
                !code.contains(".unwrap()"),
                "{path}:{}: say why it cannot fail, with expect",
                number + 1
            );
        }
    }
}

#[test]
fn modules_say_what_they_are_for() {
    for (path, text) in sources() {
        assert!(text.starts_with("//!"), "{path} does not begin with //!");
        assert!(!path.ends_with("/mod.rs"), "{path}: `foo.rs` beside `foo/`");
    }
}

#[test]
fn migrations_are_listed_and_well_named() {
    let list = read("sync-server/src/migrations.rs");
    for (path, _) in files("migrations", ".sql") {
        let name = path.rsplit('/').next().unwrap_or_default();
        let (version, words) = name.split_once('_').unwrap_or_default();
        assert!(
            version.len() == 14 && version.bytes().all(|b| b.is_ascii_digit()) && !words.is_empty(),
            "{name} is not YYYYMMDDHHMMSS_verb_noun.sql"
        );
        assert!(
            list.contains(&format!("\"{name}\"")),
            "{name} is not listed"
        );
    }
}
