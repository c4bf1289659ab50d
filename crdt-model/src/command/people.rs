//! Staff: who works here, with which roles, and how to reach them.

use std::collections::BTreeSet;

use super::{DocumentWrite, Executed, Execution, Refusal, check_name, records};
use crate::capability::{Capability, Grant};
use crate::contested::changed;
use crate::document::{DocumentKey, Put};
use crate::ids::PersonId;
use crate::staff::{self, Contacts, Person};

impl Execution<'_> {
    pub(super) fn add_staff(&self, person: PersonId, name: &str, grants: &[Grant]) -> Executed {
        check_name(name)?;
        self.may_grant(grants)?;
        let puts = staff::add(person, name.trim(), grants);
        Ok(vec![records(DocumentKey::Staff, puts)])
    }

    pub(super) fn rename_staff(&self, person: PersonId, name: &str) -> Executed {
        check_name(name)?;
        self.managed(person)?;
        let puts = staff::rename(person, name.trim());
        Ok(vec![records(DocumentKey::Staff, puts)])
    }

    pub(super) fn set_contacts(
        &self,
        person: PersonId,
        from: &Contacts,
        to: &Contacts,
    ) -> Executed {
        to.check()?;
        self.managed(person)?;
        let puts = changed(&from.puts(person), to.puts(person));
        Ok(match puts.is_empty() {
            true => Vec::new(),
            false => vec![records(DocumentKey::StaffPrivate, puts)],
        })
    }

    pub(super) fn set_grants(&self, person: PersonId, grants: &[Grant]) -> Executed {
        let known = self.member(person)?;
        let wanted: BTreeSet<Grant> = grants.iter().copied().collect();
        let changed: Vec<Grant> = wanted
            .symmetric_difference(&known.grants)
            .copied()
            .collect();
        self.may_grant(&changed)?;
        self.staff_write(staff::set_grants(&known, &wanted))
    }

    pub(super) fn set_staff_active(&self, person: PersonId, active: bool) -> Executed {
        self.managed(person)?;
        if !active && person == self.principal.person {
            return Err(Refusal::NotYourself);
        }
        self.staff_write(staff::set_active(person, active))
    }

    /// What must not leave the organisation without an owner.
    fn staff_write(&self, puts: Vec<Put>) -> Result<Vec<DocumentWrite>, Refusal> {
        let sheet = self.sheets.get(&DocumentKey::Staff);
        let writes = puts.iter().map(|put| (put.key.as_str(), &put.value));
        if staff::loses_last_owner(sheet, writes) {
            return Err(Refusal::LastOwner);
        }
        Ok(vec![records(DocumentKey::Staff, puts)])
    }

    /// Somebody of the staff, active or not.
    fn member(&self, person: PersonId) -> Result<Person, Refusal> {
        staff::person(self.sheets.get(&DocumentKey::Staff), person).ok_or(Refusal::NoSuchPerson)
    }

    /// Somebody whose every grant one could give.
    fn managed(&self, person: PersonId) -> Result<(), Refusal> {
        let known = self.member(person)?;
        self.may_grant(&known.grants.iter().copied().collect::<Vec<_>>())
    }

    fn may_grant(&self, grants: &[Grant]) -> Result<(), Refusal> {
        if !self.principal.may_somewhere(Capability::StaffManage) {
            return Err(Refusal::NotAllowed(Capability::StaffManage));
        }
        match grants
            .iter()
            .find(|grant| !self.principal.may_grant(**grant))
        {
            Some(grant) => Err(Refusal::NotYoursToGrant(*grant)),
            None => Ok(()),
        }
    }
}
