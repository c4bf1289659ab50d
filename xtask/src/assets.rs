//! Files in memory and their names by content. Knows nothing of what the files hold.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Files by their relative path with forward slashes; ordered, so that hashes are stable.
pub type Files = BTreeMap<String, Vec<u8>>;

/// 48 bits: among a few dozen names a collision has odds of one in 10^11.
const HASH_CHARACTERS: usize = 12;

pub fn content_hash(files: &Files) -> String {
    let mut hasher = Sha256::new();
    for (name, bytes) in files {
        hasher.update((name.len() as u64).to_le_bytes());
        hasher.update(name);
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    let digest = hasher.finalize();
    let mut text: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(HASH_CHARACTERS);
    text
}

/// All files below a folder.
pub fn read_tree(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    collect(folder, "", &mut files)?;
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, files: &mut Files) -> Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().context("a file name that is not UTF-8")?;
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else {
            let bytes = std::fs::read(entry.path())
                .with_context(|| format!("reading {}", entry.path().display()))?;
            files.insert(path, bytes);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_depends_on_names_and_on_where_a_file_ends() {
        let of = |pairs: &[(&str, &str)]| {
            let files = pairs
                .iter()
                .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
                .collect();
            content_hash(&files)
        };
        assert_eq!(of(&[("a", "1"), ("b", "2")]), of(&[("b", "2"), ("a", "1")]));
        assert_ne!(of(&[("a", "1")]), of(&[("b", "1")]));
        assert_ne!(of(&[("a", "12"), ("b", "")]), of(&[("a", "1"), ("b", "2")]));
        assert_eq!(of(&[]).len(), HASH_CHARACTERS);
    }
}
