//! Who may read which document.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::capability::{Capability, Principal};
use crate::document::DocumentKey;
use crate::ids::{BlockId, SiteId};

/// May this reader read that document?
pub fn may_read(reader: &Reader, document: &DocumentKey) -> bool {
    let who = &reader.principal;
    if !who.active {
        // One's own tills and verdicts stay readable: what waits for a decision must not vanish from the phone.
        return matches!(document,
            DocumentKey::Till { person, .. } | DocumentKey::VerdictTill { person, .. } | DocumentKey::Me(person)
                if *person == who.person);
    }
    match document {
        DocumentKey::Org | DocumentKey::Staff | DocumentKey::Catalog => true,
        // A manager of one site reaches everybody: colleagues work at several.
        DocumentKey::StaffPrivate => who.may_somewhere(Capability::StaffContacts),
        DocumentKey::SitePublic(site) => who.is_of_site(*site),
        DocumentKey::Site(site) => who.may_at(Capability::SitesView, *site),
        DocumentKey::Clients { site, owner, .. } => {
            who.may_at(Capability::ClientsView, *site)
                || (*owner == who.person && who.may_at(Capability::ClientsOwn, *site))
        }
        DocumentKey::Batches(site) => who.may_at(Capability::BatchesView, *site),
        DocumentKey::Block { site, block } | DocumentKey::VerdictBlock { site, block } => {
            who.may_at(Capability::VouchersAll, *site) || reader.leases.contains(&(*site, *block))
        }
        DocumentKey::Till { site, person, .. } | DocumentKey::VerdictTill { site, person, .. } => {
            *person == who.person || who.may_at(Capability::SalesAll, *site)
        }
        DocumentKey::Me(person) => *person == who.person,
    }
}

/// A person on a device, as far as reading goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    pub principal: Principal,
    /// The blocks leased to this person on this device, each at its site: another site may state the same id.
    pub leases: BTreeSet<(SiteId, BlockId)>,
    /// Which life of the log this is: another one after the database was restored from a backup. Cursors of an
    /// earlier life count rows that are gone, even when the log has grown past them again.
    pub history: u64,
}

impl Reader {
    /// Changes whenever what the reader may read may have changed.
    pub fn version(&self) -> u64 {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(crate::codec::encode(self));
        u64::from_be_bytes(
            digest[..8]
                .try_into()
                .expect("a digest is longer than eight bytes"),
        )
    }
}
