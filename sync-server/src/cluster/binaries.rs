//! Which of the installed PostgreSQL versions to run.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ClusterError;

/// Folders that packages put PostgreSQL's programs in, one folder per version.
const PARENTS: &[(&str, &str)] = &[
    ("/usr/lib/postgresql", "bin"),
    ("/usr/pgsql-*", "bin"),
    ("/opt/homebrew/opt/postgresql@*", "bin"),
    ("/usr/local/opt/postgresql@*", "bin"),
];
/// Older versions lack syntax our migrations use.
const VERSION_MIN: u32 = 14;

/// The programs of one version.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// The newest version, or the one that made the cluster on the disk.
    pub(super) fn find(on_disk: Option<&str>) -> Result<Self, ClusterError> {
        let mut found: Vec<(u32, PathBuf)> = folders()
            .into_iter()
            .filter_map(|folder| Some((version(&folder)?, folder)))
            .collect();
        found.retain(|(version, _)| *version >= VERSION_MIN);
        found.sort();
        found.reverse();
        let newest = found.first().ok_or(ClusterError::BinariesMissing)?;
        let Some(wanted) = on_disk else {
            return Ok(Self {
                folder: newest.1.clone(),
            });
        };
        match found
            .iter()
            .find(|(version, _)| version.to_string() == wanted)
        {
            Some((_, folder)) => Ok(Self {
                folder: folder.clone(),
            }),
            None => Err(ClusterError::OtherVersion {
                wanted: wanted.to_owned(),
                found: newest.0.to_string(),
            }),
        }
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    pub(super) fn pg_ctl(&self) -> PathBuf {
        self.folder.join("pg_ctl")
    }
}

/// Every folder that holds all the programs we need, links resolved: PostgreSQL finds its other files
/// relative to where its programs really are.
fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for (parent, inside) in PARENTS {
        let (parent, prefix) = match parent.rsplit_once('/') {
            Some((above, pattern)) if pattern.ends_with('*') => {
                (above, pattern.trim_end_matches('*'))
            }
            _ => (*parent, ""),
        };
        let children = std::fs::read_dir(parent).into_iter().flatten().flatten();
        let matching =
            children.filter(|child| child.file_name().to_string_lossy().starts_with(prefix));
        candidates.extend(matching.map(|child| child.path().join(inside)));
    }
    let real = |folder: PathBuf| {
        let postgres = folder.join("postgres").canonicalize().ok()?;
        let folder = postgres.parent()?.to_owned();
        ["initdb", "pg_ctl"]
            .iter()
            .all(|program| folder.join(program).exists())
            .then_some(folder)
    };
    let mut folders: Vec<PathBuf> = candidates.into_iter().filter_map(real).collect();
    folders.sort();
    folders.dedup();
    folders
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` → 15.
fn version(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join(OsStr::new("postgres")))
        .arg("--version")
        .output()
        .ok()?;
    major(std::str::from_utf8(&output.stdout).ok()?)
}

fn major(text: &str) -> Option<u32> {
    let number = text.split_once("(PostgreSQL) ")?.1;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn versions_are_read_from_what_postgres_says() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("something else"), None);
    }
}
