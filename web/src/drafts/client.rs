//! What the form of a client holds, and what it means. Pure.

use crdt_model::client::{
    ADDRESS_LENGTH_MAX, CLIENT_NAME_LENGTH_MAX, ClientDetails, ClientEdit, NOTES_LENGTH_MAX,
};
use crdt_model::mac::Mac;
use crdt_model::package::Connection;
use crdt_model::phone::{Country, Phone, PhoneError};
use crdt_model::time::Date;

use super::filled;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClientDraft {
    pub name: String,
    pub phone: String,
    pub email: String,
    pub address: String,
    pub mac: String,
    pub connection: String,
    pub registered_on: String,
    pub expires_on: String,
    /// Anything: yes.
    pub sms_reminder: String,
    pub notes: String,
}

/// What each field means; `None`: nothing.
pub struct Read {
    pub name: Option<String>,
    pub phone: Result<Option<Phone>, PhoneError>,
    pub email: Option<Option<String>>,
    pub address: Option<Option<String>>,
    pub mac: Option<Option<Mac>>,
    pub registered_on: Option<Option<Date>>,
    pub expires_on: Option<Option<Date>>,
    pub notes: Option<Option<String>>,
    connection: Option<Connection>,
    sms_reminder: bool,
}

impl ClientDraft {
    pub fn of(details: &ClientDetails, reader: Country) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let date = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
        Self {
            name: details.name.clone(),
            phone: details
                .phone
                .as_ref()
                .map(|phone| phone.for_reader(reader))
                .unwrap_or_default(),
            email: text(&details.email),
            address: text(&details.address),
            mac: details.mac.map(|mac| mac.to_string()).unwrap_or_default(),
            connection: details
                .connection
                .map(Connection::code)
                .unwrap_or_default()
                .into(),
            registered_on: date(details.registered_on),
            expires_on: date(details.expires_on),
            sms_reminder: if details.sms_reminder { "yes" } else { "" }.into(),
            notes: text(&details.notes),
        }
    }

    pub fn read(&self, country: Country) -> Read {
        let at_most = |text: &str, max: usize| match filled(text) {
            Some(text) if text.chars().count() > max => None,
            text => Some(text),
        };
        let email = filled(&self.email);
        let is_email = ClientEdit::Email(email.clone()).check().is_ok();
        Read {
            name: filled(&self.name).filter(|name| name.chars().count() <= CLIENT_NAME_LENGTH_MAX),
            phone: filled(&self.phone)
                .map(|text| Phone::parse(&text, country))
                .transpose(),
            email: is_email.then_some(email),
            address: at_most(&self.address, ADDRESS_LENGTH_MAX),
            mac: parsed(&self.mac),
            registered_on: parsed(&self.registered_on),
            expires_on: parsed(&self.expires_on),
            notes: at_most(&self.notes, NOTES_LENGTH_MAX),
            connection: Connection::from_code(&self.connection),
            sms_reminder: !self.sms_reminder.is_empty(),
        }
    }
}

impl Read {
    /// All of it, when all of it means something.
    pub fn details(&self) -> Option<ClientDetails> {
        Some(ClientDetails {
            name: self.name.clone()?,
            phone: self.phone.clone().ok()?,
            email: self.email.clone()?,
            address: self.address.clone()?,
            mac: self.mac?,
            connection: self.connection,
            registered_on: self.registered_on?,
            expires_on: self.expires_on?,
            sms_reminder: self.sms_reminder,
            notes: self.notes.clone()?,
        })
    }
}

/// `Some(None)`: left empty; `None`: not a value.
fn parsed<T: std::str::FromStr>(text: &str) -> Option<Option<T>> {
    match filled(text) {
        None => Some(None),
        Some(text) => text.parse().ok().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TZ: Country = Country::Tanzania;

    #[test]
    fn an_unchanged_draft_reads_as_the_client() {
        let details = ClientDetails {
            name: "Halima Mrema".into(),
            phone: Phone::parse("0712345678", TZ).ok(),
            email: Some("halima@example.com".into()),
            address: Some("Nyumba ya 3".into()),
            mac: "44:15:A4:9C:91:E1".parse().ok(),
            connection: Some(Connection::Pppoe),
            registered_on: "2025-01-02".parse().ok(),
            expires_on: "2026-12-31".parse().ok(),
            sms_reminder: true,
            notes: Some("anadaiwa 5,000".into()),
        };
        let draft = ClientDraft::of(&details, TZ);
        assert_eq!(draft.phone, "0712 345 678");
        let read = draft.read(TZ).details().unwrap();
        assert_eq!(read, details);
        assert_eq!(read.edits_from(&details), []);
    }

    #[test]
    fn what_means_nothing_is_not_left_out() {
        let good = ClientDraft {
            name: "Halima".into(),
            ..ClientDraft::default()
        };
        assert!(good.read(TZ).details().is_some());
        for bad in [
            ClientDraft {
                name: " ".into(),
                ..good.clone()
            },
            ClientDraft {
                name: "x".repeat(CLIENT_NAME_LENGTH_MAX + 1),
                ..good.clone()
            },
            ClientDraft {
                email: format!("{}@b", "a".repeat(300)),
                ..good.clone()
            },
            ClientDraft {
                phone: "0771234".into(),
                ..good.clone()
            },
            ClientDraft {
                email: "halima".into(),
                ..good.clone()
            },
            ClientDraft {
                mac: "44:15".into(),
                ..good.clone()
            },
            ClientDraft {
                expires_on: "31/12/2026".into(),
                ..good.clone()
            },
            ClientDraft {
                notes: "x".repeat(NOTES_LENGTH_MAX + 1),
                ..good.clone()
            },
        ] {
            assert_eq!(bad.read(TZ).details(), None, "{bad:?}");
        }
    }
}
