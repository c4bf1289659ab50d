//! Clients: people and households that buy internet.
//!
//! A client is a record in a document of the site and of the person who registered them. When they last bought and
//! what they bought is a fold over sales; see [`index`] for finding one among thousands.

pub mod index;

use serde::{Deserialize, Serialize};

use crate::capability::{Capability, Principal};
use crate::contested::{Contested, contested};
use crate::document::{DocumentKey, Put, Scalar, Sheet, record};
use crate::ids::{ClientId, PersonId, SiteId};
use crate::mac::Mac;
use crate::package::Connection;
use crate::phone::Phone;
use crate::sheets::Sheets;
use crate::time::Date;

/// What a person enters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientDetails {
    pub name: String,
    /// A walk-in need not give one.
    pub phone: Option<Phone>,
    pub email: Option<String>,
    #[serde(default)]
    pub address: Option<String>,
    #[serde(default)]
    pub mac: Option<Mac>,
    #[serde(default)]
    pub connection: Option<Connection>,
    /// `None`: the day of the record.
    #[serde(default)]
    pub registered_on: Option<Date>,
    /// The last day of what they paid for.
    #[serde(default)]
    pub expires_on: Option<Date>,
    /// They want to be reminded by message.
    #[serde(default)]
    pub sms_reminder: bool,
    #[serde(default)]
    pub notes: Option<String>,
}

/// One field of a client, as somebody writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientEdit {
    Name(String),
    Phone(Option<Phone>),
    Email(Option<String>),
    Address(Option<String>),
    Mac(Option<Mac>),
    Connection(Option<Connection>),
    RegisteredOn(Option<Date>),
    ExpiresOn(Option<Date>),
    SmsReminder(bool),
    Notes(Option<String>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    pub id: ClientId,
    pub site: SiteId,
    /// The agent who registered them, or a person of the office.
    pub owner: PersonId,
    pub details: ClientDetails,
    /// No longer served; kept with everything they bought.
    pub active: bool,
    /// The fields that somebody else wrote at the same time.
    pub contested: Vec<Contested>,
}

/// How a client's service stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Standing {
    /// Nothing is known to end.
    Open,
    Running,
    /// Ends within [`EXPIRING_DAYS`].
    Expiring,
    Expired,
    /// Deactivated.
    Off,
}

impl Standing {
    pub fn of(active: bool, expires_on: Option<Date>, today: Date) -> Self {
        match expires_on {
            _ if !active => Self::Off,
            None => Self::Open,
            Some(last) if last < today => Self::Expired,
            Some(last) if last <= today.plus_days(EXPIRING_DAYS) => Self::Expiring,
            Some(_) => Self::Running,
        }
    }
}

/// At most so many clients in one document.
pub const CLIENTS_PER_DOCUMENT: usize = 500;
pub const CLIENT_NAME_LENGTH_MAX: usize = 120;
pub const EMAIL_LENGTH_MAX: usize = 254;
pub const ADDRESS_LENGTH_MAX: usize = 200;
pub const NOTES_LENGTH_MAX: usize = 2_000;
/// Whose service ends within so many days is to be reminded.
pub const EXPIRING_DAYS: i32 = 7;

/// What is wrong with the details of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ClientError {
    #[error("a client needs a name of 1 to {CLIENT_NAME_LENGTH_MAX} characters")]
    Name,
    #[error("that is no e-mail address")]
    Email,
    #[error("an address has at most {ADDRESS_LENGTH_MAX} characters")]
    Address,
    #[error("a note has at most {NOTES_LENGTH_MAX} characters")]
    Notes,
}

/// The fields by which a client is reached. Who registered a client may write these; the others, and those of other
/// people's clients, are the office's.
pub fn is_contact(field: &str) -> bool {
    matches!(
        field,
        "name" | "phone" | "email" | "address" | "sms_reminder" | "notes"
    )
}

/// May they write this field of a client whom `owner` registered at `site`? Otherwise, what they lack.
pub fn may_write(
    author: &Principal,
    site: SiteId,
    owner: PersonId,
    field: &str,
) -> Result<(), Capability> {
    let is_own = owner == author.person && author.may_at(Capability::ClientsOwn, site);
    if author.may_at(Capability::ClientsEdit, site) || (is_own && is_contact(field)) {
        Ok(())
    } else if is_contact(field) {
        Err(Capability::ClientsOwn)
    } else {
        Err(Capability::ClientsEdit)
    }
}

impl ClientEdit {
    /// The field's name in its record.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Name(_) => "name",
            Self::Phone(_) => "phone",
            Self::Email(_) => "email",
            Self::Address(_) => "address",
            Self::Mac(_) => "mac",
            Self::Connection(_) => "connection",
            Self::RegisteredOn(_) => "registered_on",
            Self::ExpiresOn(_) => "expires_on",
            Self::SmsReminder(_) => "sms_reminder",
            Self::Notes(_) => "notes",
        }
    }

    fn value(&self) -> Scalar {
        match self {
            Self::Name(name) => name.trim().into(),
            Self::Phone(phone) => phone.as_ref().map(ToString::to_string).into(),
            Self::Email(text) | Self::Address(text) | Self::Notes(text) => {
                text.as_deref().map(str::trim).into()
            }
            Self::Mac(mac) => mac.as_ref().map(ToString::to_string).into(),
            Self::Connection(kind) => kind.map(Connection::code).into(),
            Self::RegisteredOn(date) | Self::ExpiresOn(date) => {
                date.as_ref().map(ToString::to_string).into()
            }
            Self::SmsReminder(wanted) => (*wanted).into(),
        }
    }

    /// What a record's field says; `None`: nothing that this version understands.
    pub fn read(field: &str, value: &Scalar) -> Option<Self> {
        let text = || match value {
            Scalar::Null => Some(None),
            value => Some(Some(value.as_text()?)),
        };
        let date = || match text()? {
            None => Some(None),
            Some(text) => Some(Some(text.parse().ok()?)),
        };
        Some(match field {
            "name" => Self::Name(value.as_text()?.into()),
            "phone" => Self::Phone(match text()? {
                None => None,
                Some(text) => Some(Phone::from_e164(text).ok()?),
            }),
            "email" => Self::Email(text()?.map(Into::into)),
            "address" => Self::Address(text()?.map(Into::into)),
            "mac" => Self::Mac(match text()? {
                None => None,
                Some(text) => Some(text.parse().ok()?),
            }),
            "connection" => Self::Connection(match text()? {
                None => None,
                Some(text) => Some(Connection::from_code(text)?),
            }),
            "registered_on" => Self::RegisteredOn(date()?),
            "expires_on" => Self::ExpiresOn(date()?),
            "sms_reminder" => Self::SmsReminder(*value == Scalar::Bool(true)),
            "notes" => Self::Notes(text()?.map(Into::into)),
            _ => return None,
        })
    }

    pub fn check(&self) -> Result<(), ClientError> {
        let fits = |text: &Option<String>, max: usize| {
            text.as_ref().is_none_or(|text| text.chars().count() <= max)
        };
        let (is_good, error) = match self {
            Self::Name(name) => (
                (1..=CLIENT_NAME_LENGTH_MAX).contains(&name.trim().chars().count()),
                ClientError::Name,
            ),
            Self::Email(email) => (
                email
                    .as_ref()
                    .is_none_or(|email| email.len() <= EMAIL_LENGTH_MAX && email.contains('@')),
                ClientError::Email,
            ),
            Self::Address(text) => (fits(text, ADDRESS_LENGTH_MAX), ClientError::Address),
            Self::Notes(text) => (fits(text, NOTES_LENGTH_MAX), ClientError::Notes),
            _ => return Ok(()),
        };
        if is_good { Ok(()) } else { Err(error) }
    }

    pub fn put(&self, id: ClientId) -> Put {
        record(format!("client/{id}/{}", self.field()), self.value())
    }
}

impl ClientDetails {
    pub fn check(&self) -> Result<(), ClientError> {
        self.edits().iter().try_for_each(ClientEdit::check)
    }

    /// Every field.
    fn edits(&self) -> Vec<ClientEdit> {
        vec![
            ClientEdit::Name(self.name.clone()),
            ClientEdit::Phone(self.phone.clone()),
            ClientEdit::Email(self.email.clone()),
            ClientEdit::Address(self.address.clone()),
            ClientEdit::Mac(self.mac),
            ClientEdit::Connection(self.connection),
            ClientEdit::RegisteredOn(self.registered_on),
            ClientEdit::ExpiresOn(self.expires_on),
            ClientEdit::SmsReminder(self.sms_reminder),
            ClientEdit::Notes(self.notes.clone()),
        ]
    }

    /// What has to be written to come here from `before`: the fields that differ.
    pub fn edits_from(&self, before: &Self) -> Vec<ClientEdit> {
        let before = before.edits();
        let mut edits = self.edits();
        edits.retain(|edit| !before.contains(edit));
        edits
    }

    /// The fields of a new record that say something.
    pub fn puts(&self, id: ClientId) -> Vec<Put> {
        let edits = self.edits_from(&Self::default());
        edits.iter().map(|edit| edit.put(id)).collect()
    }

    fn take(&mut self, edit: ClientEdit) {
        match edit {
            ClientEdit::Name(name) => self.name = name,
            ClientEdit::Phone(phone) => self.phone = phone,
            ClientEdit::Email(email) => self.email = email,
            ClientEdit::Address(address) => self.address = address,
            ClientEdit::Mac(mac) => self.mac = mac,
            ClientEdit::Connection(kind) => self.connection = kind,
            ClientEdit::RegisteredOn(date) => self.registered_on = date,
            ClientEdit::ExpiresOn(date) => self.expires_on = date,
            ClientEdit::SmsReminder(wanted) => self.sms_reminder = wanted,
            ClientEdit::Notes(notes) => self.notes = notes,
        }
    }
}

impl Client {
    /// The stated day, or that of the record in UTC: for order, not for eyes, whose days are those of their zone.
    pub fn registered_on(&self) -> Date {
        self.details
            .registered_on
            .unwrap_or_else(|| Date::of(self.id.made_at()))
    }

    pub fn standing(&self, today: Date) -> Standing {
        Standing::of(self.active, self.details.expires_on, today)
    }
}

pub fn set_active(id: ClientId, active: bool) -> Put {
    record(format!("client/{id}/active"), active)
}

/// Reads one client of a `clients` document.
pub fn client(sheet: &Sheet, document: DocumentKey, id: ClientId) -> Option<Client> {
    let DocumentKey::Clients { site, owner, .. } = document else {
        return None;
    };
    let mut client = Client {
        id,
        site,
        owner,
        details: ClientDetails::default(),
        active: true,
        contested: Vec::new(),
    };
    let text = id.to_string();
    let mut is_contested = false;
    for (name, field) in sheet.fields("client", &text) {
        is_contested |= !field.others.is_empty();
        if name == "active" {
            client.active = field.value != Scalar::Bool(false);
        } else if let Some(edit) = ClientEdit::read(name, &field.value) {
            client.details.take(edit);
        }
    }
    if is_contested {
        client.contested = contested(sheet, document, &format!("client/{text}/"));
    }
    Some(client).filter(|client| !client.details.name.is_empty())
}

/// The document a client is in, if they are here.
pub fn document_of(sheets: &Sheets, id: ClientId) -> Option<DocumentKey> {
    let name = format!("client/{id}/name");
    sheets
        .iter()
        .find(|(key, sheet)| {
            matches!(key, DocumentKey::Clients { .. }) && sheet.records.contains_key(&name)
        })
        .map(|(key, _)| *key)
}

/// One client, wherever they are.
pub fn find(sheets: &Sheets, id: ClientId) -> Option<Client> {
    let document = document_of(sheets, id)?;
    client(sheets.get(&document), document, id)
}

/// The clients of one document.
pub fn clients_of(sheet: &Sheet, document: DocumentKey) -> impl Iterator<Item = Client> {
    sheet
        .ids("client")
        .filter_map(|id| id.parse().ok())
        .filter_map(move |id| client(sheet, document, id))
}

/// Every client that is here, by name. To find some among many, ask a [`index::ClientIndex`].
pub fn clients(sheets: &Sheets) -> Vec<Client> {
    let mut clients: Vec<Client> = sheets
        .iter()
        .filter(|(key, _)| matches!(key, DocumentKey::Clients { .. }))
        .flat_map(|(key, sheet)| clients_of(sheet, *key))
        .collect();
    clients.sort_by(|one, two| (&one.details.name, one.id).cmp(&(&two.details.name, two.id)));
    clients
}
