//! Staff: who works here, with which roles, where. Credentials are not documents; the server keeps them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::capability::{Grant, Principal};
use crate::document::{Container, Put, Sheet};
use crate::ids::PersonId;

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
