//! Clients: people and households that buy internet.

use serde::{Deserialize, Serialize};

use crate::document::{Container, DocumentKey, Put, Scalar, Sheet};
use crate::ids::{ClientId, SiteId};
use crate::phone::Phone;
use crate::sheets::Sheets;

/// What a person enters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientDetails {
    pub name: String,
    /// A walk-in need not give one.
    pub phone: Option<Phone>,
    pub email: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    pub id: ClientId,
    pub site: SiteId,
    pub name: String,
    pub phone: Option<String>,
    pub email: Option<String>,
}

/// At most so many clients in one document.
pub const CLIENTS_PER_DOCUMENT: usize = 500;

/// What is wrong with the details of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ClientError {
    #[error("a client needs a name of 1 to 120 characters")]
    Name,
    #[error("that is no e-mail address")]
    Email,
}

impl ClientDetails {
    pub fn check(&self) -> Result<(), ClientError> {
        if !(1..=120).contains(&self.name.trim().chars().count()) {
            return Err(ClientError::Name);
        }
        match &self.email {
            Some(email) if email.len() > 254 || !email.contains('@') => Err(ClientError::Email),
            _ => Ok(()),
        }
    }

    pub fn puts(&self, id: ClientId) -> Vec<Put> {
        vec![
            put(id, "name", self.name.trim()),
            put(id, "phone", self.phone.as_ref().map(ToString::to_string)),
            put(id, "email", self.email.as_deref()),
        ]
    }
}

pub fn client(sheet: &Sheet, site: SiteId, id: ClientId) -> Option<Client> {
    let text = |field: &str| {
        sheet
            .text(&format!("client/{id}/{field}"))
            .map(ToString::to_string)
    };
    Some(Client {
        id,
        site,
        name: text("name")?,
        phone: text("phone"),
        email: text("email"),
    })
}

/// Every client that is here.
pub fn clients(sheets: &Sheets) -> Vec<Client> {
    let mut clients: Vec<Client> = sheets
        .iter()
        .filter_map(|(key, sheet)| match key {
            DocumentKey::Clients { site, .. } => Some((*site, sheet)),
            _ => None,
        })
        .flat_map(|(site, sheet)| {
            sheet
                .ids("client")
                .filter_map(|id| id.parse().ok())
                .filter_map(move |id| client(sheet, site, id))
        })
        .collect();
    clients.sort_by(|one, two| (&one.name, one.id).cmp(&(&two.name, two.id)));
    clients
}

fn put(id: ClientId, field: &str, value: impl Into<Scalar>) -> Put {
    Put {
        container: Container::Records,
        key: format!("client/{id}/{field}"),
        value: value.into(),
    }
}
