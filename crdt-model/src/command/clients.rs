//! Clients.

use super::{DocumentWrite, Executed, Execution, Refusal, records};
use crate::capability::Capability;
use crate::client::{CLIENTS_PER_DOCUMENT, ClientDetails};
use crate::document::DocumentKey;
use crate::ids::{ClientId, SiteId};

impl Execution<'_> {
    pub(super) fn register_client(
        &self,
        client: ClientId,
        site: SiteId,
        details: &ClientDetails,
    ) -> Executed {
        let may = self.principal.may_at(Capability::ClientsEdit, site)
            || self.principal.may_at(Capability::ClientsOwn, site);
        if !may {
            return Err(Refusal::NotAllowed(Capability::ClientsOwn));
        }
        Ok(vec![self.new_client(client, site, details)?])
    }

    /// A new record in the first document of one's own that still has room.
    pub(super) fn new_client(
        &self,
        client: ClientId,
        site: SiteId,
        details: &ClientDetails,
    ) -> Result<DocumentWrite, Refusal> {
        details.check()?;
        let owner = self.principal.person;
        let document = (0..u16::MAX)
            .map(|part| DocumentKey::Clients { site, owner, part })
            .find(|key| self.sheets.get(key).ids("client").count() < CLIENTS_PER_DOCUMENT)
            .unwrap_or(DocumentKey::Clients {
                site,
                owner,
                part: u16::MAX,
            });
        Ok(records(document, details.puts(client)))
    }
}
