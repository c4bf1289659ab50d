//! Who may do what. Capabilities are the unit; roles are named bundles of them, granted for the whole
//! organisation or for one site. One person may hold several.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{PersonId, SiteId};

/// One thing a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Capability {
    /// Sell vouchers from one's own blocks.
    Sell,
    /// See every sale of the site, and decide about held ones.
    SalesAll,
    /// See batches, blocks and who holds them.
    BatchesView,
    /// See the codes of every block.
    VouchersAll,
    VouchersCreate,
    VouchersLease,
    VouchersVoid,
    ClientsView,
    /// Register clients at the till; see only one's own.
    ClientsOwn,
    ClientsEdit,
    PackagesManage,
    SitesView,
    SitesManage,
    StaffManage,
    SettingsManage,
    /// See how to reach the staff: phones, e-mail addresses, notes.
    StaffContacts,
    /// A copy of everything the organisation has.
    ExportAll,
}

/// A named bundle of capabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    SuperAdmin,
    Owner,
    Admin,
    Manager,
    Finance,
    Marketing,
    Sales,
    Technical,
    RecoveryAgent,
    Agent,
    Reseller,
}

impl Role {
    pub const ALL: [Self; 11] = [
        Self::SuperAdmin,
        Self::Owner,
        Self::Admin,
        Self::Manager,
        Self::Finance,
        Self::Marketing,
        Self::Sales,
        Self::Technical,
        Self::RecoveryAgent,
        Self::Agent,
        Self::Reseller,
    ];

    /// As it stands in documents and SQL.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SuperAdmin => "SUPER_ADMIN",
            Self::Owner => "OWNER",
            Self::Admin => "ADMIN",
            Self::Manager => "MANAGER",
            Self::Finance => "FINANCE",
            Self::Marketing => "MARKETING",
            Self::Sales => "SALES",
            Self::Technical => "TECHNICAL",
            Self::RecoveryAgent => "RECOVERY_AGENT",
            Self::Agent => "AGENT",
            Self::Reseller => "RESELLER",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }

    /// What the role may do (features.md, C5 and C6).
    pub const fn capabilities(self) -> &'static [Capability] {
        use Capability::*;
        match self {
            Self::SuperAdmin | Self::Owner => &[
                Sell,
                SalesAll,
                BatchesView,
                VouchersAll,
                VouchersCreate,
                VouchersLease,
                VouchersVoid,
                ClientsView,
                ClientsOwn,
                ClientsEdit,
                PackagesManage,
                SitesView,
                SitesManage,
                StaffManage,
                SettingsManage,
                StaffContacts,
                ExportAll,
            ],
            Self::Admin => &[
                Sell,
                SalesAll,
                BatchesView,
                VouchersAll,
                VouchersCreate,
                VouchersLease,
                VouchersVoid,
                ClientsView,
                ClientsOwn,
                ClientsEdit,
                PackagesManage,
                SitesView,
                SitesManage,
                StaffManage,
                SettingsManage,
                StaffContacts,
            ],
            Self::Manager => &[
                Sell,
                SalesAll,
                BatchesView,
                VouchersAll,
                VouchersCreate,
                VouchersLease,
                VouchersVoid,
                ClientsView,
                ClientsOwn,
                ClientsEdit,
                SitesView,
                StaffContacts,
            ],
            Self::Finance => &[
                SalesAll,
                BatchesView,
                VouchersAll,
                VouchersVoid,
                ClientsView,
                SitesView,
            ],
            Self::Marketing => &[
                VouchersCreate,
                ClientsView,
                ClientsOwn,
                ClientsEdit,
                SitesView,
            ],
            Self::Sales => &[
                Sell,
                SalesAll,
                BatchesView,
                ClientsView,
                ClientsOwn,
                SitesView,
            ],
            Self::Technical => &[ClientsView, SitesView, SitesManage],
            Self::RecoveryAgent => &[ClientsView],
            Self::Agent | Self::Reseller => &[Sell, ClientsOwn],
        }
    }
}

/// Where a grant holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    Organisation,
    Site(SiteId),
}

impl Scope {
    /// Whether a grant here reaches `site`.
    pub fn covers(self, site: SiteId) -> bool {
        self == Self::Organisation || self == Self::Site(site)
    }
}

/// One role, somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Grant {
    pub role: Role,
    pub scope: Scope,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scope {
            Scope::Organisation => write!(f, "{}@*", self.role.code()),
            Scope::Site(site) => write!(f, "{}@{site}", self.role.code()),
        }
    }
}

/// Why a text is not a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a grant is ROLE@* or ROLE@site")]
pub struct GrantError;

impl FromStr for Grant {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let (role, scope) = text.split_once('@').ok_or(GrantError)?;
        Ok(Self {
            role: Role::from_code(role).ok_or(GrantError)?,
            scope: match scope {
                "*" => Scope::Organisation,
                site => Scope::Site(site.parse().map_err(|_| GrantError)?),
            },
        })
    }
}

/// A person with what is granted to them: whom every rule asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    pub person: PersonId,
    pub active: bool,
    pub grants: BTreeSet<Grant>,
}

impl Principal {
    /// The relay itself, which the role rules do not bind.
    pub const fn relay() -> Self {
        Self {
            person: PersonId::RELAY,
            active: true,
            grants: BTreeSet::new(),
        }
    }

    pub fn is_relay(&self) -> bool {
        self.person == PersonId::RELAY
    }

    /// May they do this for the whole organisation?
    pub fn may(&self, capability: Capability) -> bool {
        self.holds(capability, |scope| scope == Scope::Organisation)
    }

    /// May they do this at this site?
    pub fn may_at(&self, capability: Capability, site: SiteId) -> bool {
        self.holds(capability, |scope| scope.covers(site))
    }

    /// May they do this anywhere at all?
    pub fn may_somewhere(&self, capability: Capability) -> bool {
        self.holds(capability, |_| true)
    }

    /// Is anything granted to them at this site?
    pub fn is_of_site(&self, site: SiteId) -> bool {
        self.active && self.grants.iter().any(|grant| grant.scope.covers(site))
    }

    /// One grants only what one holds: every capability of the role, on that scope.
    pub fn may_grant(&self, grant: Grant) -> bool {
        let holds = |capability: &Capability| match grant.scope {
            Scope::Organisation => self.may(*capability),
            Scope::Site(site) => self.may_at(*capability, site),
        };
        holds(&Capability::StaffManage) && grant.role.capabilities().iter().all(holds)
    }

    fn holds(&self, capability: Capability, reaches: impl Fn(Scope) -> bool) -> bool {
        self.active
            && self.grants.iter().any(|grant| {
                reaches(grant.scope) && grant.role.capabilities().contains(&capability)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(grants: &[Grant]) -> Principal {
        Principal {
            person: PersonId::from_bytes([1; 16]),
            active: true,
            grants: grants.iter().copied().collect(),
        }
    }

    #[test]
    fn a_site_grant_ends_at_the_site() {
        let (here, there) = (SiteId::from_bytes([1; 16]), SiteId::from_bytes([2; 16]));
        let agent = principal(&[Grant {
            role: Role::Agent,
            scope: Scope::Site(here),
        }]);
        assert!(agent.may_at(Capability::Sell, here));
        assert!(!agent.may_at(Capability::Sell, there));
        assert!(!agent.may(Capability::Sell));
        assert!(
            !Principal {
                active: false,
                ..agent
            }
            .may_at(Capability::Sell, here)
        );
    }

    #[test]
    fn one_grants_only_what_one_holds() {
        let site = SiteId::from_bytes([1; 16]);
        let manager = principal(&[Grant {
            role: Role::Manager,
            scope: Scope::Organisation,
        }]);
        assert!(!manager.may_grant(Grant {
            role: Role::Agent,
            scope: Scope::Site(site)
        }));
        let admin_of_site = principal(&[Grant {
            role: Role::Admin,
            scope: Scope::Site(site),
        }]);
        assert!(admin_of_site.may_grant(Grant {
            role: Role::Agent,
            scope: Scope::Site(site)
        }));
        assert!(!admin_of_site.may_grant(Grant {
            role: Role::Agent,
            scope: Scope::Organisation
        }));
    }

    #[test]
    fn grants_round_trip_as_text() {
        for text in ["OWNER@*", "AGENT@00000000000000000000000001"] {
            assert_eq!(text.parse::<Grant>().unwrap().to_string(), text);
        }
        assert!("KING@*".parse::<Grant>().is_err());
    }
}
