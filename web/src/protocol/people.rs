//! Staff.

use crdt_model::capability::Grant;
use crdt_model::contested::Contested;
use crdt_model::ids::{DeviceId, PersonId};
use crdt_model::staff::Contacts;
use crdt_model::time::Timestamp;
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
    /// For those who may see how to reach the staff.
    pub phone: Option<String>,
}

/// The page of one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonView {
    pub staff: StaffView,
    /// `None`: not for the signed-in person to see.
    pub contacts: Option<Contacts>,
    /// Fields that several wrote at once.
    pub contested: Vec<Contested>,
    /// What the signed-in person may give, by role.
    pub grantable: Vec<Grant>,
    /// Nobody else is an active owner of the organisation.
    pub is_last_owner: bool,
    /// Blocks leased to the person, as far as this device knows.
    pub blocks: u32,
    /// Vouchers in them that are still to be sold.
    pub vouchers: u32,
    /// Sales this device knows of.
    pub sales: u32,
}

/// A browser in which a person signed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceView {
    pub device: DeviceId,
    pub label: String,
    pub added_at: Timestamp,
    pub seen_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
    pub is_this: bool,
}

/// A link that can still be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InviteView {
    pub person: PersonId,
    pub expires_at: Timestamp,
}
