//! Where the cluster's files are, and who may enter.
//!
//! Normally `<data>/pg/{data,socket}`. Two things can force another place: a socket's path has room for
//! 107 bytes only, and the account of the postmaster may not be able to enter the folders above ours (a data
//! folder under /root, for example).

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest, Sha256};

use super::{Account, ClusterError};

/// `sockaddr_un` holds 107 bytes and `/.s.PGSQL.5432` takes 14; the rest is left for the `.lock` beside it.
const SOCKET_FOLDER_BYTES_MAX: usize = 85;
/// Says where the cluster is, when it is not beside this file.
const POINTER: &str = "pg.location";

/// The folders of one cluster.
#[derive(Debug, Clone)]
pub(super) struct Place {
    root: PathBuf,
}

impl Place {
    /// Whether a cluster belongs to this data folder. Makes nothing.
    pub(super) fn is_in(data: &Path) -> bool {
        data.join(POINTER).is_file() || data.join("pg").is_dir()
    }

    /// Finds the place of the cluster, or makes one its account can enter.
    pub(super) fn find(data: &Path, account: &Account) -> Result<Self, ClusterError> {
        let data = data
            .canonicalize()
            .map_err(ClusterError::io("find", data))?;
        let pointer = data.join(POINTER);
        if let Ok(elsewhere) = fs::read_to_string(&pointer) {
            return Ok(Self {
                root: elsewhere.trim().into(),
            });
        }
        let root = data.join("pg");
        create_private_folder(&root, account)?;
        if can_enter(&root, account) {
            return Ok(Self { root });
        }
        let elsewhere = PathBuf::from("/var/lib").join(format!("viornet-{}", random_name()));
        create_private_folder(&elsewhere, account)?;
        tracing::warn!(
            data = %data.display(),
            cluster = %elsewhere.display(),
            "PostgreSQL's account cannot enter the data folder; its files are kept elsewhere"
        );
        fs::write(&pointer, elsewhere.as_os_str().as_encoded_bytes())
            .map_err(ClusterError::io("write", &pointer))?;
        let _ = fs::remove_dir(&root);
        Ok(Self { root: elsewhere })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub(super) fn socket(&self) -> PathBuf {
        let beside = self.root.join("socket");
        if beside.as_os_str().len() <= SOCKET_FOLDER_BYTES_MAX {
            return beside;
        }
        // The name is a function of the place, so that a restart finds the socket again.
        let hash = Sha256::digest(self.root.as_os_str().as_encoded_bytes());
        let name: String = hash
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        // Not TMPDIR, which may differ at the next start.
        Path::new("/tmp").join(format!("viornet-{name}"))
    }

    /// The major version that made the cluster; nothing when there is none yet.
    pub(super) fn version_on_disk(&self) -> Option<String> {
        let version = fs::read_to_string(self.data().join("PG_VERSION")).ok()?;
        Some(version.trim().to_owned())
    }
}

/// The data folder itself: others may pass through it to the folders that are theirs, but not look around.
pub(super) fn create_data_folder(data: &Path) -> Result<(), ClusterError> {
    if data.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(data).map_err(ClusterError::io("create", data))?;
    set_mode(data, 0o711)
}

/// A folder that only the postmaster's account may enter. Refuses one that belongs to somebody else, which
/// matters under the system's shared temporary folder.
pub(super) fn create_private_folder(folder: &Path, account: &Account) -> Result<(), ClusterError> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let found =
                fs::symlink_metadata(folder).map_err(ClusterError::io("look at", folder))?;
            if !found.is_dir() {
                let error = std::io::Error::from(std::io::ErrorKind::NotADirectory);
                return Err(ClusterError::io("use", folder)(error));
            }
        }
        Err(error) => return Err(ClusterError::io("create", folder)(error)),
    }
    if let Some((uid, gid)) = account.switch_to() {
        chown(folder, Some(uid), Some(gid)).map_err(ClusterError::io("hand over", folder))?;
    }
    // Fails for a folder of another user, unless we are root, who has just taken it over.
    set_mode(folder, 0o700)
}

fn set_mode(folder: &Path, mode: u32) -> Result<(), ClusterError> {
    fs::set_permissions(folder, fs::Permissions::from_mode(mode))
        .map_err(ClusterError::io("set permissions of", folder))
}

fn can_enter(folder: &Path, account: &Account) -> bool {
    use std::os::unix::process::CommandExt;
    let Some((uid, gid)) = account.switch_to() else {
        return true;
    };
    let mut command = std::process::Command::new("/bin/sh");
    command
        .args(["-c", "cd \"$1\" && test -w .", "sh"])
        .arg(folder)
        .current_dir("/");
    command
        .uid(uid)
        .gid(gid)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn random_name() -> String {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the system has a random source");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
