//! Decisions about held items.

use super::{Executed, Execution, Refusal, check_reason};
use crate::capability::Capability;
use crate::document::DocumentKey;
use crate::fact::{FactBody, HeldDecision};

impl Execution<'_> {
    pub(super) fn decide_held(&self, till: DocumentKey, mut decision: HeldDecision) -> Executed {
        let DocumentKey::Till { site, .. } = till else {
            return Err(Refusal::NotAllowed(Capability::SalesAll));
        };
        self.may_at(Capability::SalesAll, site)?;
        let reason = decision.reason.as_deref().map(str::trim);
        let reason = reason.filter(|reason| !reason.is_empty());
        if !decision.accepted && reason.is_none() {
            return Err(Refusal::ReasonNeeded);
        }
        reason.map_or(Ok(()), check_reason)?;
        decision.reason = reason.map(Into::into);
        Ok(vec![self.fact(till, FactBody::HeldDecision(decision))])
    }
}
