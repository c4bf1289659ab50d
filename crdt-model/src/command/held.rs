//! Decisions about held items.

use super::{Executed, Execution, Refusal, check_reason};
use crate::capability::Capability;
use crate::document::DocumentKey;
use crate::fact::{FactBody, HeldDecision};
use crate::ids::HoldId;

impl Execution<'_> {
    pub(super) fn decide_held(
        &self,
        till: DocumentKey,
        hold: HoldId,
        accepted: bool,
        reason: Option<&str>,
    ) -> Executed {
        let DocumentKey::Till { site, .. } = till else {
            return Err(Refusal::NotAllowed(Capability::SalesAll));
        };
        self.may_at(Capability::SalesAll, site)?;
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        if !accepted && reason.is_none() {
            return Err(Refusal::ReasonNeeded);
        }
        reason.map_or(Ok(()), check_reason)?;
        let body = FactBody::HeldDecision(HeldDecision {
            hold,
            accepted,
            reason: reason.map(Into::into),
        });
        Ok(vec![self.fact(till, body)])
    }
}
