//! Under whose name PostgreSQL runs: ours, or an unprivileged account when we are root.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::ClusterError;

/// The account of the postmaster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Account {
    /// We are nobody special: the postmaster runs as we do.
    Ours,
    /// We are root.
    Other { name: String, uid: u32, gid: u32 },
}

impl Account {
    pub(super) fn find() -> Result<Self, ClusterError> {
        // The owner of our own process, without a call into C.
        let uid = fs::metadata("/proc/self").map_or(None, |process| Some(process.uid()));
        if uid != Some(0) {
            return Ok(Self::Ours);
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| in_passwd(&passwd, name))
            .ok_or(ClusterError::NoAccount)
    }

    pub(super) fn switch_to(&self) -> Option<(u32, u32)> {
        match self {
            Self::Ours => None,
            Self::Other { uid, gid, .. } => Some((*uid, *gid)),
        }
    }
}

fn in_passwd(passwd: &str, wanted: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| *name == wanted)?;
        let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(Account::Other {
            name: name.to_owned(),
            uid,
            gid,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_their_whole_name() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\npostgres2:x:7:7::/:/bin/sh\npostgres:x:101:104::/:/bin/sh\n";
        let expected = Account::Other {
            name: "postgres".into(),
            uid: 101,
            gid: 104,
        };
        assert_eq!(in_passwd(passwd, "postgres"), Some(expected));
        assert_eq!(in_passwd(passwd, "nobody"), None);
    }
}
