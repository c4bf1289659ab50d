//! Staff.

use crdt_model::capability::{Grant, Role};
use crdt_model::ids::PersonId;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StaffView {
    pub person: PersonId,
    pub name: String,
    pub active: bool,
    pub grants: Vec<Grant>,
    pub is_me: bool,
    /// The signed-in person may change this one.
    pub can_manage: bool,
    /// Roles the signed-in person may grant for the organisation; per-site granting follows the same rule.
    pub grantable: Vec<Role>,
}
