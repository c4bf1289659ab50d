//! Which licences may enter with a crate or an npm package: permissive ones only, because what we
//! ship contains them all. Reads what Cargo and npm say; the texts themselves are theirs.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::shell;

const PERMISSIVE: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Tools that run here and of which nothing is shipped may have other open licences.
const TOOLS_ONLY: &[&str] = &["axe-core", "lightningcss"];

pub fn check() -> Result<()> {
    let mut refused = Vec::new();
    let metadata = shell::stdout_of(shell::cargo().args(["metadata", "--format-version=1"]))?;
    let metadata: Value = serde_json::from_str(&metadata).context("reading cargo metadata")?;
    for package in metadata["packages"].as_array().context("no packages")? {
        let licence = package["license"].as_str().unwrap_or_default();
        if !is_permissive(licence) {
            refused.push(format!("{}: {licence:?}", package["name"]));
        }
    }
    for folder in ["web", "e2e", "e2e/peer"] {
        let lock = shell::root().join(folder).join("package-lock.json");
        let lock: Value = serde_json::from_slice(&std::fs::read(lock)?)?;
        for (path, package) in lock["packages"].as_object().context("no packages")? {
            let licence = package["license"].as_str().unwrap_or_default();
            let name = path.rsplit("node_modules/").next().unwrap_or_default();
            let is_tool = TOOLS_ONLY.iter().any(|tool| name.starts_with(tool));
            if !path.is_empty() && !is_tool && !is_permissive(licence) {
                refused.push(format!("{folder} {path}: {licence:?}"));
            }
        }
    }
    if !refused.is_empty() {
        bail!(
            "not among the licences we take:\n  {}",
            refused.join("\n  ")
        );
    }
    Ok(())
}

/// `A OR B`, `A/B`, `(A OR B) AND C`. Anything mixed further counts as refused until looked at.
fn is_permissive(expression: &str) -> bool {
    let plain = expression.replace(['(', ')'], "").replace('/', " OR ");
    plain.split(" AND ").all(|part| {
        part.split(" OR ")
            .any(|licence| PERMISSIVE.contains(&licence.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_permissive_choice_suffices_where_there_is_a_choice() {
        assert!(is_permissive("MIT OR Apache-2.0"));
        assert!(is_permissive("Unlicense/MIT"));
        assert!(is_permissive("MIT OR LGPL-2.1-or-later"));
        assert!(is_permissive("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(!is_permissive("GPL-3.0"));
        assert!(!is_permissive("MIT AND AGPL-3.0"));
        assert!(!is_permissive(""));
    }
}
