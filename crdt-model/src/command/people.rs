//! Staff: who works here, with which roles.

use std::collections::BTreeSet;

use super::{Executed, Execution, Refusal, check_name, records};
use crate::capability::{Capability, Grant};
use crate::document::DocumentKey;
use crate::ids::PersonId;
use crate::staff::{self, Person};

impl Execution<'_> {
    pub(super) fn add_staff(&self, person: PersonId, name: &str, grants: &[Grant]) -> Executed {
        check_name(name)?;
        self.may_grant(grants)?;
        let puts = staff::add(person, name.trim(), grants);
        Ok(vec![records(DocumentKey::Staff, puts)])
    }

    pub(super) fn set_grants(&self, person: PersonId, grants: &[Grant]) -> Executed {
        let known = self.member(person)?;
        let wanted: BTreeSet<Grant> = grants.iter().copied().collect();
        let changed: Vec<Grant> = wanted
            .symmetric_difference(&known.grants)
            .copied()
            .collect();
        self.may_grant(&changed)?;
        let puts = staff::set_grants(&known, &wanted);
        Ok(vec![records(DocumentKey::Staff, puts)])
    }

    pub(super) fn set_staff_active(&self, person: PersonId, active: bool) -> Executed {
        let known = self.member(person)?;
        self.may_grant(&known.grants.iter().copied().collect::<Vec<_>>())?;
        let puts = staff::set_active(person, active);
        Ok(vec![records(DocumentKey::Staff, puts)])
    }

    /// Somebody of the staff, active or not.
    fn member(&self, person: PersonId) -> Result<Person, Refusal> {
        staff::person(self.sheets.get(&DocumentKey::Staff), person).ok_or(Refusal::NoSuchPerson)
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
