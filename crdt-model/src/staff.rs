//! Staff: who works here, with which roles, where. Credentials are not documents; the server keeps them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::capability::{Capability, Grant, Principal, Role, Scope};
use crate::document::{Container, Put, Scalar, Sheet};
use crate::ids::PersonId;
use crate::phone::Phone;

/// One member of staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    pub name: String,
    pub active: bool,
    pub grants: BTreeSet<Grant>,
}

impl Person {
    pub fn principal(&self) -> Principal {
        Principal {
            person: self.id,
            active: self.active,
            grants: self.grants.clone(),
        }
    }
}

/// Reads one person from the `staff` document.
pub fn person(staff: &Sheet, id: PersonId) -> Option<Person> {
    let name = staff.text(&format!("person/{id}/name"))?.to_string();
    let prefix = format!("person/{id}/grant/");
    let grants = staff
        .records
        .range(prefix.clone()..)
        .take_while(|(key, _)| key.starts_with(&prefix))
        .filter(|(key, _)| staff.bool(key) == Some(true))
        .filter_map(|(key, _)| key[prefix.len()..].parse().ok())
        .collect();
    Some(Person {
        id,
        name,
        active: staff.bool(&format!("person/{id}/active")).unwrap_or(false),
        grants,
    })
}

/// Everyone, by id.
pub fn people(staff: &Sheet) -> BTreeMap<PersonId, Person> {
    staff
        .ids("person")
        .filter_map(|id| id.parse().ok())
        .filter_map(|id| Some((id, person(staff, id)?)))
        .collect()
}

/// May `who` rename, deactivate and invite this person? One manages those whose every grant one could give.
pub fn manages(who: &Principal, person: &Person) -> bool {
    who.may_somewhere(Capability::StaffManage)
        && person.grants.iter().all(|grant| who.may_grant(*grant))
}

/// The grant that an organisation is never without.
pub const OWNER: Grant = Grant {
    role: Role::Owner,
    scope: Scope::Organisation,
};

/// Would these writes leave an organisation that has an active owner without one? Nobody could make a new one.
pub fn loses_last_owner<'a>(
    staff: &Sheet,
    writes: impl IntoIterator<Item = (&'a str, &'a Scalar)>,
) -> bool {
    let owner_field = format!("/grant/{OWNER}");
    let mut written: BTreeMap<PersonId, (Option<bool>, Option<bool>)> = BTreeMap::new();
    for (key, value) in writes {
        let Scalar::Bool(value) = value else { continue };
        let Some(id) = key.split('/').nth(1).and_then(|id| id.parse().ok()) else {
            continue;
        };
        if key.ends_with("/active") {
            written.entry(id).or_default().0 = Some(*value);
        } else if key.ends_with(&owner_field) {
            written.entry(id).or_default().1 = Some(*value);
        }
    }
    if written
        .values()
        .all(|(active, owner)| active.unwrap_or(true) && owner.unwrap_or(true))
    {
        return false;
    }
    let people = people(staff);
    let is_owner = |person: &Person| person.active && person.grants.contains(&OWNER);
    let stays = |person: &Person| {
        let (active, owner) = written.get(&person.id).copied().unwrap_or_default();
        active.unwrap_or(person.active) && owner.unwrap_or(person.grants.contains(&OWNER))
    };
    people.values().any(is_owner) && !people.values().any(stays)
}

/// How to reach a person. In a document of its own, which not everybody reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacts {
    pub phone: Option<Phone>,
    pub email: Option<String>,
    pub note: Option<String>,
}

/// What is wrong with a person's contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ContactsError {
    #[error("that is no e-mail address")]
    Email,
    #[error("a note has at most {NOTE_LENGTH_MAX} characters")]
    Note,
}

/// Characters of a note about a person, a site or what stands there.
pub const NOTE_LENGTH_MAX: usize = 500;

impl Contacts {
    pub fn check(&self) -> Result<(), ContactsError> {
        let is_email = |email: &String| email.len() <= 254 && email.contains('@');
        if !self.email.as_ref().is_none_or(is_email) {
            return Err(ContactsError::Email);
        }
        let is_short = |note: &String| note.chars().count() <= NOTE_LENGTH_MAX;
        if !self.note.as_ref().is_none_or(is_short) {
            return Err(ContactsError::Note);
        }
        Ok(())
    }

    pub fn puts(&self, id: PersonId) -> Vec<Put> {
        let put = |field: &str, value: Option<&str>| Put {
            container: Container::Records,
            key: format!("contact/{id}/{field}"),
            value: value.into(),
        };
        vec![
            put("phone", self.phone.as_ref().map(Phone::as_str)),
            put("email", self.email.as_deref()),
            put("note", self.note.as_deref()),
        ]
    }
}

/// Reads one person's contacts from the `staff-private` document.
pub fn contacts(staff_private: &Sheet, id: PersonId) -> Contacts {
    let text = |field: &str| staff_private.text(&format!("contact/{id}/{field}"));
    Contacts {
        phone: text("phone").and_then(|phone| Phone::from_e164(phone).ok()),
        email: text("email").map(Into::into),
        note: text("note").map(Into::into),
    }
}

/// What the rules know of a person: an unknown one may nothing.
pub fn principal(staff: &Sheet, id: PersonId) -> Principal {
    person(staff, id).map_or(
        Principal {
            person: id,
            active: false,
            grants: BTreeSet::new(),
        },
        |person| person.principal(),
    )
}

/// Adding a person.
pub fn add(id: PersonId, name: &str, grants: &[Grant]) -> Vec<Put> {
    let mut puts = vec![put(id, "name", name), put(id, "active", true)];
    puts.extend(
        grants
            .iter()
            .map(|grant| put(id, &format!("grant/{grant}"), true)),
    );
    puts
}

/// From the grants a person has to those they shall have.
pub fn set_grants(person: &Person, wanted: &BTreeSet<Grant>) -> Vec<Put> {
    let granted = wanted
        .difference(&person.grants)
        .map(|grant| put(person.id, &format!("grant/{grant}"), true));
    let removed = person
        .grants
        .difference(wanted)
        .map(|grant| put(person.id, &format!("grant/{grant}"), false));
    granted.chain(removed).collect()
}

pub fn rename(id: PersonId, name: &str) -> Vec<Put> {
    vec![put(id, "name", name)]
}

pub fn set_active(id: PersonId, active: bool) -> Vec<Put> {
    vec![put(id, "active", active)]
}

fn put(id: PersonId, field: &str, value: impl Into<crate::document::Scalar>) -> Put {
    Put {
        container: Container::Records,
        key: format!("person/{id}/{field}"),
        value: value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: PersonId = PersonId::from_bytes([1; 16]);
    const TWO: PersonId = PersonId::from_bytes([2; 16]);

    fn staff(puts: &[Vec<Put>]) -> Sheet {
        let mut document = crate::document::Document::new();
        let actor = crate::document::Actor::from_bytes([9; 16]);
        document.write(actor, 0, &puts.concat());
        document.sheet()
    }

    fn loses(staff: &Sheet, puts: &[Put]) -> bool {
        loses_last_owner(staff, puts.iter().map(|put| (put.key.as_str(), &put.value)))
    }

    #[test]
    fn the_last_owner_stays() {
        let alone = staff(&[add(ONE, "Amina", &[OWNER]), add(TWO, "Asha", &[])]);
        assert!(loses(&alone, &set_active(ONE, false)));
        let amina = person(&alone, ONE).unwrap();
        assert!(loses(&alone, &set_grants(&amina, &BTreeSet::new())));
        assert!(!loses(&alone, &set_active(TWO, false)));
        // Handing over in one change is no loss.
        let handed = [
            set_grants(&amina, &BTreeSet::new()),
            add(TWO, "Asha", &[OWNER]),
        ];
        assert!(!loses(&alone, &handed.concat()));
    }

    #[test]
    fn of_two_owners_one_may_go_and_not_both() {
        let two = staff(&[add(ONE, "Amina", &[OWNER]), add(TWO, "Asha", &[OWNER])]);
        assert!(!loses(&two, &set_active(ONE, false)));
        let both = [set_active(ONE, false), set_active(TWO, false)].concat();
        assert!(loses(&two, &both));
        // An inactive owner is none.
        let one = staff(&[
            add(ONE, "Amina", &[OWNER]),
            add(TWO, "Asha", &[OWNER]),
            set_active(TWO, false),
        ]);
        assert!(loses(&one, &set_active(ONE, false)));
    }

    #[test]
    fn contacts_round_trip_and_say_what_is_wrong() {
        let contacts = Contacts {
            phone: Some(Phone::from_e164("+255754318226").unwrap()),
            email: Some("asha@example.org".into()),
            note: None,
        };
        assert_eq!(contacts.check(), Ok(()));
        let sheet = staff(&[contacts.puts(ONE)]);
        assert_eq!(super::contacts(&sheet, ONE), contacts);
        assert_eq!(super::contacts(&sheet, TWO), Contacts::default());
        let bad = Contacts {
            email: Some("asha".into()),
            ..Contacts::default()
        };
        assert_eq!(bad.check(), Err(ContactsError::Email));
        let long = Contacts {
            note: Some("a".repeat(NOTE_LENGTH_MAX + 1)),
            ..Contacts::default()
        };
        assert_eq!(long.check(), Err(ContactsError::Note));
    }
}
