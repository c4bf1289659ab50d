//! What the fields of a person's contacts hold, and what they mean. Pure.

use crdt_model::phone::{Country, Phone, PhoneError};
use crdt_model::staff::{Contacts, ContactsError};

use super::filled;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct ContactsDraft {
    pub phone: String,
    pub email: String,
    pub note: String,
}

/// What each field means; `None`: nothing.
pub struct Read {
    pub phone: Result<Option<Phone>, PhoneError>,
    pub email: Option<Option<String>>,
    pub note: Option<Option<String>>,
}

impl ContactsDraft {
    pub fn of(contacts: &Contacts) -> Self {
        let phone = contacts.phone.as_ref().map(Phone::to_string);
        Self {
            phone: phone.unwrap_or_default(),
            email: contacts.email.clone().unwrap_or_default(),
            note: contacts.note.clone().unwrap_or_default(),
        }
    }

    pub fn read(&self, country: Country) -> Read {
        let email = filled(&self.email);
        let is_email = Contacts {
            email: email.clone(),
            ..Contacts::default()
        };
        let note = filled(&self.note);
        let is_note = Contacts {
            note: note.clone(),
            ..Contacts::default()
        };
        Read {
            phone: filled(&self.phone)
                .map(|text| Phone::parse(&text, country))
                .transpose(),
            email: (is_email.check() != Err(ContactsError::Email)).then_some(email),
            note: (is_note.check() != Err(ContactsError::Note)).then_some(note),
        }
    }
}

impl Read {
    /// All of it, when all of it means something.
    pub fn contacts(&self) -> Option<Contacts> {
        Some(Contacts {
            phone: self.phone.clone().ok()?,
            email: self.email.clone()?,
            note: self.note.clone()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use crdt_model::staff::NOTE_LENGTH_MAX;

    use super::*;

    const TZ: Country = Country::Tanzania;

    #[test]
    fn an_unchanged_draft_reads_as_the_contacts() {
        let contacts = Contacts {
            phone: Phone::parse("0712345678", TZ).ok(),
            email: Some("asha@example.com".into()),
            note: Some("Anafanya kazi jioni".into()),
        };
        let read = ContactsDraft::of(&contacts).read(TZ);
        assert_eq!(read.contacts(), Some(contacts));
        let empty = ContactsDraft::default().read(TZ);
        assert_eq!(empty.contacts(), Some(Contacts::default()));
    }

    /// A form that is not sent says at one of its fields why.
    #[test]
    fn what_is_not_taken_has_a_field_that_says_so() {
        for (phone, email, note, bad) in [
            ("0771", "", String::new(), "phone"),
            ("", "asha", String::new(), "email"),
            (
                "",
                &*format!("{}@b", "a".repeat(300)),
                String::new(),
                "email",
            ),
            ("", "", "x".repeat(NOTE_LENGTH_MAX + 1), "note"),
        ] {
            let draft = ContactsDraft {
                phone: phone.into(),
                email: email.into(),
                note,
            };
            let read = draft.read(TZ);
            assert_eq!(read.contacts(), None);
            let is_bad = [
                read.phone.is_err(),
                read.email.is_none(),
                read.note.is_none(),
            ];
            let wanted = ["phone", "email", "note"].map(|field| field == bad);
            assert_eq!(is_bad, wanted, "{bad}");
        }
    }
}
