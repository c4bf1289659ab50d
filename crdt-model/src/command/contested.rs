//! Choosing between values that were written at the same time.

use super::{Executed, Execution, Refusal, records};
use crate::admission::{self, Objection};
use crate::document::{Container, DocumentKey, PlainOp, Put, Scalar};

impl Execution<'_> {
    /// Writes one of the concurrent values of a field over all of them. Whoever may write the field may choose.
    pub(super) fn settle_field(
        &self,
        document: DocumentKey,
        key: &str,
        value: &Scalar,
    ) -> Executed {
        let sheet = self.sheets.get(&document);
        let field = sheet.records.get(key).ok_or(Refusal::NotContested)?;
        if field.others.is_empty() || !(field.value == *value || field.others.contains(value)) {
            return Err(Refusal::NotContested);
        }
        let op = PlainOp {
            container: Container::Records,
            key: key.into(),
            value: value.clone(),
            replaces: Vec::new(),
        };
        let allowed = admission::check(self.principal, &document, sheet, self.intent.id, &op)
            .and_then(|()| admission::check_whole(&document, sheet, std::slice::from_ref(&op)));
        match allowed {
            Ok(()) => {}
            Err(Objection::NotAllowed(capability)) => {
                return Err(Refusal::NotAllowed(capability));
            }
            Err(Objection::Malformed(_)) => return Err(Refusal::NotContested),
        }
        let put = Put {
            container: Container::Records,
            key: key.into(),
            value: value.clone(),
        };
        Ok(vec![records(document, vec![put])])
    }
}
