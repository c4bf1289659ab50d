//! Which documents there are. A document is the unit of reading permission, and its key says whose it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use crate::ids::{BlockId, OrgId, PersonId, SiteId, to_text};
use crate::time::Month;

/// The kind and the key of a document; as text, its path (`till/<site>/<person>/<yyyymm>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKey {
    Org,
    Staff,
    /// How to reach the staff.
    StaffPrivate,
    Catalog,
    SitePublic(SiteId),
    Site(SiteId),
    /// Client records; `owner` is the agent who registered them, or an office person.
    Clients {
        site: SiteId,
        owner: PersonId,
        part: u16,
    },
    Batches(SiteId),
    Block {
        site: SiteId,
        block: BlockId,
    },
    Till {
        site: SiteId,
        person: PersonId,
        month: Month,
    },
    VerdictTill {
        site: SiteId,
        person: PersonId,
        month: Month,
    },
    VerdictBlock {
        site: SiteId,
        block: BlockId,
    },
    Me(PersonId),
}

/// A [`DocumentKey`] without its key, for counting and for rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Org,
    Staff,
    StaffPrivate,
    Catalog,
    SitePublic,
    Site,
    Clients,
    Batches,
    Block,
    Till,
    VerdictTill,
    VerdictBlock,
    Me,
}

impl DocumentKey {
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Org => Kind::Org,
            Self::Staff => Kind::Staff,
            Self::StaffPrivate => Kind::StaffPrivate,
            Self::Catalog => Kind::Catalog,
            Self::SitePublic(_) => Kind::SitePublic,
            Self::Site(_) => Kind::Site,
            Self::Clients { .. } => Kind::Clients,
            Self::Batches(_) => Kind::Batches,
            Self::Block { .. } => Kind::Block,
            Self::Till { .. } => Kind::Till,
            Self::VerdictTill { .. } => Kind::VerdictTill,
            Self::VerdictBlock { .. } => Kind::VerdictBlock,
            Self::Me(_) => Kind::Me,
        }
    }

    /// The site the document belongs to, if it belongs to one.
    pub const fn site(&self) -> Option<SiteId> {
        match self {
            Self::Org | Self::Staff | Self::StaffPrivate | Self::Catalog | Self::Me(_) => None,
            Self::SitePublic(site) | Self::Site(site) | Self::Batches(site) => Some(*site),
            Self::Clients { site, .. }
            | Self::Block { site, .. }
            | Self::Till { site, .. }
            | Self::VerdictTill { site, .. }
            | Self::VerdictBlock { site, .. } => Some(*site),
        }
    }

    /// The verdict document in which the relay judges this one.
    pub const fn verdict(&self) -> Option<Self> {
        match *self {
            Self::Till {
                site,
                person,
                month,
            } => Some(Self::VerdictTill {
                site,
                person,
                month,
            }),
            Self::Block { site, block } => Some(Self::VerdictBlock { site, block }),
            _ => None,
        }
    }
}

impl fmt::Display for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Org => f.write_str("org"),
            Self::Staff => f.write_str("staff"),
            Self::StaffPrivate => f.write_str("staff-private"),
            Self::Catalog => f.write_str("catalog"),
            Self::SitePublic(site) => write!(f, "site-public/{site}"),
            Self::Site(site) => write!(f, "site/{site}"),
            Self::Clients { site, owner, part } => write!(f, "clients/{site}/{owner}/{part}"),
            Self::Batches(site) => write!(f, "batches/{site}"),
            Self::Block { site, block } => write!(f, "block/{site}/{block}"),
            Self::Till {
                site,
                person,
                month,
            } => write!(f, "till/{site}/{person}/{month}"),
            Self::VerdictTill {
                site,
                person,
                month,
            } => write!(f, "verdict/till/{site}/{person}/{month}"),
            Self::VerdictBlock { site, block } => write!(f, "verdict/block/{site}/{block}"),
            Self::Me(person) => write!(f, "me/{person}"),
        }
    }
}

/// Why a text is not the key of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the key of a document")]
pub struct KeyError;

impl FromStr for DocumentKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        fn id<T: FromStr>(text: &str) -> Result<T, KeyError> {
            text.parse().map_err(|_| KeyError)
        }
        let parts: Vec<&str> = text.splitn(6, '/').collect();
        let key = match parts.as_slice() {
            ["org"] => Self::Org,
            ["staff"] => Self::Staff,
            ["staff-private"] => Self::StaffPrivate,
            ["catalog"] => Self::Catalog,
            ["site-public", site] => Self::SitePublic(id(site)?),
            ["site", site] => Self::Site(id(site)?),
            ["clients", site, owner, part] => Self::Clients {
                site: id(site)?,
                owner: id(owner)?,
                part: id(part)?,
            },
            ["batches", site] => Self::Batches(id(site)?),
            ["block", site, block] => Self::Block {
                site: id(site)?,
                block: id(block)?,
            },
            ["till", site, person, month] => Self::Till {
                site: id(site)?,
                person: id(person)?,
                month: id(month)?,
            },
            ["verdict", "till", site, person, month] => Self::VerdictTill {
                site: id(site)?,
                person: id(person)?,
                month: id(month)?,
            },
            ["verdict", "block", site, block] => Self::VerdictBlock {
                site: id(site)?,
                block: id(block)?,
            },
            ["me", person] => Self::Me(id(person)?),
            _ => return Err(KeyError),
        };
        // `007` and `7` would name one part twice.
        if key.to_string() == text {
            Ok(key)
        } else {
            Err(KeyError)
        }
    }
}

impl Serialize for DocumentKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DocumentKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// The first 16 bytes of SHA-256(organisation / key / epoch): two devices that begin a document offline give it
/// the same id. Epochs above 0 are not made yet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentId(#[serde(with = "serde_bytes")] [u8; 16]);

impl DocumentId {
    pub fn of(org: OrgId, key: &DocumentKey) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(org.as_bytes());
        hasher.update(format!("/{key}/0"));
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize()[..16]);
        Self(id)
    }

    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_text(&self.0))
    }
}

impl fmt::Debug for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_round_trip_as_text() {
        let id = "00000000000000000000000001";
        for text in [
            "org".to_string(),
            "staff".to_string(),
            "staff-private".to_string(),
            "catalog".to_string(),
            format!("site-public/{id}"),
            format!("site/{id}"),
            format!("clients/{id}/{id}/7"),
            format!("batches/{id}"),
            format!("block/{id}/{id}"),
            format!("till/{id}/{id}/202611"),
            format!("verdict/till/{id}/{id}/202611"),
            format!("verdict/block/{id}/{id}"),
            format!("me/{id}"),
        ] {
            assert_eq!(text.parse::<DocumentKey>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "orgs",
            "org/",
            &format!("clients/{id}/{id}/07"),
            &format!("till/{id}/{id}/202613"),
        ] {
            assert_eq!(bad.parse::<DocumentKey>(), Err(KeyError), "{bad}");
        }
    }
}
