//! Clients.

use super::{
    CLIENTS_PER_COMMAND_MAX, DocumentWrite, Executed, Execution, NewClient, Refusal, records,
};
use crate::capability::Capability;
use crate::client::{self, CLIENTS_PER_DOCUMENT, ClientDetails, ClientEdit};
use crate::document::{DocumentKey, Put};
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
        self.client_fields(document, details.puts(client))
    }

    pub(super) fn register_clients(&self, site: SiteId, clients: &[NewClient]) -> Executed {
        if clients.len() > CLIENTS_PER_COMMAND_MAX {
            return Err(Refusal::TooManyClients);
        }
        let owner = self.principal.person;
        let mut writes: Vec<DocumentWrite> = Vec::new();
        let (mut part, mut room) = (0, 0);
        for new in clients {
            new.details.check()?;
            while room == 0 {
                let key = DocumentKey::Clients { site, owner, part };
                let taken = self.sheets.get(&key).ids("client").count();
                room = CLIENTS_PER_DOCUMENT.saturating_sub(taken);
                if part == u16::MAX {
                    return Err(Refusal::TooManyClients);
                }
                part += 1;
                if room > 0 {
                    writes.push(records(key, Vec::new()));
                }
            }
            room -= 1;
            if let Some(write) = writes.last_mut() {
                write.puts.extend(new.details.puts(new.client));
            }
        }
        writes
            .into_iter()
            .map(|write| self.client_fields(write.document, write.puts))
            .collect()
    }

    pub(super) fn edit_client(&self, client: ClientId, edits: &[ClientEdit]) -> Executed {
        let document = self.document_of_client(client)?;
        edits.iter().try_for_each(ClientEdit::check)?;
        let puts = edits.iter().map(|edit| edit.put(client)).collect();
        Ok(vec![self.client_fields(document, puts)?])
    }

    pub(super) fn set_client_active(&self, client: ClientId, active: bool) -> Executed {
        let document = self.document_of_client(client)?;
        let puts = vec![client::set_active(client, active)];
        Ok(vec![self.client_fields(document, puts)?])
    }

    fn document_of_client(&self, client: ClientId) -> Result<DocumentKey, Refusal> {
        client::document_of(self.sheets, client).ok_or(Refusal::NoSuchClient)
    }

    /// As a write, if the person may write every one of the fields.
    fn client_fields(
        &self,
        document: DocumentKey,
        puts: Vec<Put>,
    ) -> Result<DocumentWrite, Refusal> {
        let DocumentKey::Clients { site, owner, .. } = document else {
            return Err(Refusal::NoSuchClient);
        };
        for put in &puts {
            let field = put.key.rsplit('/').next().unwrap_or_default();
            client::may_write(self.principal, site, owner, field).map_err(Refusal::NotAllowed)?;
        }
        Ok(records(document, puts))
    }
}
