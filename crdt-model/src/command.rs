//! Commands: everything a person does. Executing one checks the capability, then the rule, and says what to write.
//!
//! An [`Intent`] is one command made at one tap; it carries every choice, so executing it again writes the same.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::admission::caps;
use crate::capability::{Capability, Grant, Principal};
use crate::client::{CLIENTS_PER_DOCUMENT, ClientDetails, ClientError};
use crate::document::{Container, DocumentKey, Put, Scalar};
use crate::fact::{
    BatchMade, BlockMade, Codes, Fact, FactBody, HeldDecision, LeaseAsked, RecallAsked,
    Replacement, Sale, VoucherRef,
};
use crate::ids::{BatchId, BlockId, ClientId, HoldId, IntentId, PackageId, PersonId, SiteId};
use crate::money::Money;
use crate::package::{self, PackageDetails, PackageError};
use crate::sale::{self, LINES_PER_SALE_MAX, REFERENCE_LENGTH_MAX, SellError};
use crate::sheets::Sheets;
use crate::staff;
use crate::time::{Month, Timestamp};
use crate::voucher::{self, Code, CodesError, Stock};

/// One tap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    pub id: IntentId,
    pub at: Timestamp,
    /// The device's last contact with the relay.
    pub since: Timestamp,
    pub by: PersonId,
    pub command: Command,
}

/// What a person can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    AddSite {
        site: SiteId,
        name: String,
        place: Option<String>,
    },
    AddPackage {
        package: PackageId,
        details: PackageDetails,
    },
    EditPackage {
        package: PackageId,
        details: PackageDetails,
    },
    SetPackageActive {
        package: PackageId,
        active: bool,
    },
    AddStaff {
        person: PersonId,
        name: String,
        grants: Vec<Grant>,
    },
    SetGrants {
        person: PersonId,
        grants: Vec<Grant>,
    },
    SetStaffActive {
        person: PersonId,
        active: bool,
    },
    RegisterClient {
        client: ClientId,
        site: SiteId,
        details: ClientDetails,
    },
    MakeBatch {
        site: SiteId,
        batch: BatchId,
        label: String,
        package: PackageId,
        price: Money,
        blocks: Vec<NewBlock>,
    },
    LeaseBlock {
        site: SiteId,
        block: BlockId,
        to: PersonId,
    },
    RecallBlock {
        site: SiteId,
        block: BlockId,
        to: Option<PersonId>,
        reason: String,
    },
    Sell {
        site: SiteId,
        sale: Sale,
        new_client: Option<ClientDetails>,
    },
    Replace {
        site: SiteId,
        sale: IntentId,
        replaces: VoucherRef,
        voucher: VoucherRef,
        package: PackageId,
    },
    DecideHeld {
        till: DocumentKey,
        hold: HoldId,
        accepted: bool,
        reason: Option<String>,
    },
    /// Not asked by anybody: a change the relay had acknowledged and lost (it was restored from an older backup).
    BringBack {
        document: DocumentKey,
    },
}

/// A block of a new batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewBlock {
    pub block: BlockId,
    pub codes: Vec<Code>,
}

/// What a command wants written into one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentWrite {
    pub document: DocumentKey,
    pub puts: Vec<Put>,
}

/// Why a command is not executed. The words for people are chosen by case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    #[error("this person may not do this here")]
    NotAllowed(Capability),
    #[error("one grants only roles whose every capability one holds there")]
    NotYoursToGrant(Grant),
    #[error("a name has 1 to {max} characters")]
    Name { max: usize },
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Codes(#[from] CodesError),
    #[error(transparent)]
    Sell(#[from] SellError),
    #[error("the price is out of range")]
    Price,
    #[error("this package is not in the catalog")]
    NoSuchPackage,
    #[error("this person is not on the staff")]
    NoSuchPerson,
    #[error("this block is not known here")]
    NoSuchBlock,
    #[error("somebody holds this block; it must be returned or recalled first")]
    BlockIsLeased,
    #[error("a reason is needed")]
    ReasonNeeded,
    #[error("a reason has at most {max} bytes")]
    Reason { max: usize },
    #[error("a place has at most {max} characters")]
    Place { max: usize },
    #[error("more blocks than one batch can carry")]
    TooManyBlocks,
}

/// The longest name of a site, person or batch.
pub const NAME_LENGTH_MAX: usize = 120;
/// The longest description of where a site is.
pub const PLACE_LENGTH_MAX: usize = 120;
/// Bytes of a reason.
pub const REASON_LENGTH_MAX: usize = 500;
/// What one command may make: it travels in one batch, so that all of it is accepted, held or refused together. One
/// more document names the blocks.
pub const BLOCKS_PER_COMMAND_MAX: usize = caps::CHANGES_PER_INTENT_MAX - 1;
/// The same, by the text of the blocks.
pub const CODES_BYTES_PER_COMMAND_MAX: usize = caps::INFLATED_BYTES_MAX / 8;

/// Executes an intent against what the replica holds. `stock` is what the screens show as in stock: it leaves out
/// what was handed out in held sales, of which no sheet tells. It is asked only when it matters.
pub fn execute(
    sheets: &Sheets,
    stock: impl FnOnce() -> Stock,
    principal: &Principal,
    intent: &Intent,
) -> Result<Vec<DocumentWrite>, Refusal> {
    let fact = |body: FactBody| intent.fact(body);
    let may_at = |capability, site| {
        if principal.may_at(capability, site) {
            Ok(())
        } else {
            Err(Refusal::NotAllowed(capability))
        }
    };
    let may = |capability| {
        if principal.may(capability) {
            Ok(())
        } else {
            Err(Refusal::NotAllowed(capability))
        }
    };
    match &intent.command {
        Command::AddSite { site, name, place } => {
            may(Capability::SitesManage)?;
            check_name(name)?;
            let is_long = |place: &String| place.trim().chars().count() > PLACE_LENGTH_MAX;
            if place.as_ref().is_some_and(is_long) {
                return Err(Refusal::Place {
                    max: PLACE_LENGTH_MAX,
                });
            }
            Ok(vec![records(
                DocumentKey::SitePublic(*site),
                crate::site::puts(name, place.as_deref()),
            )])
        }
        Command::AddPackage { package, details } | Command::EditPackage { package, details } => {
            may(Capability::PackagesManage)?;
            details.check()?;
            Ok(vec![records(DocumentKey::Catalog, details.puts(*package))])
        }
        Command::SetPackageActive { package, active } => {
            may(Capability::PackagesManage)?;
            Ok(vec![records(
                DocumentKey::Catalog,
                package::set_active(*package, *active),
            )])
        }
        Command::AddStaff {
            person,
            name,
            grants,
        } => {
            check_name(name)?;
            check_grants(principal, grants)?;
            Ok(vec![records(
                DocumentKey::Staff,
                staff::add(*person, name.trim(), grants),
            )])
        }
        Command::SetGrants { person, grants } => {
            let known = staff::person(sheets.get(&DocumentKey::Staff), *person)
                .ok_or(Refusal::NoSuchPerson)?;
            let wanted: BTreeSet<Grant> = grants.iter().copied().collect();
            let changed: Vec<Grant> = wanted
                .symmetric_difference(&known.grants)
                .copied()
                .collect();
            check_grants(principal, &changed)?;
            Ok(vec![records(
                DocumentKey::Staff,
                staff::set_grants(&known, &wanted),
            )])
        }
        Command::SetStaffActive { person, active } => {
            let known = staff::person(sheets.get(&DocumentKey::Staff), *person)
                .ok_or(Refusal::NoSuchPerson)?;
            check_grants(principal, &known.grants.iter().copied().collect::<Vec<_>>())?;
            Ok(vec![records(
                DocumentKey::Staff,
                staff::set_active(*person, *active),
            )])
        }
        Command::RegisterClient {
            client,
            site,
            details,
        } => {
            let may = principal.may_at(Capability::ClientsEdit, *site)
                || principal.may_at(Capability::ClientsOwn, *site);
            if !may {
                return Err(Refusal::NotAllowed(Capability::ClientsOwn));
            }
            details.check()?;
            Ok(vec![records(
                clients_document(sheets, *site, principal.person),
                details.puts(*client),
            )])
        }
        Command::MakeBatch {
            site,
            batch,
            label,
            package,
            price,
            blocks,
        } => {
            may_at(Capability::VouchersCreate, *site)?;
            check_name(label)?;
            price.check_amount().map_err(|_| Refusal::Price)?;
            if package::package(sheets.get(&DocumentKey::Catalog), *package).is_none() {
                return Err(Refusal::NoSuchPackage);
            }
            if blocks.is_empty() {
                return Err(CodesError::Count.into());
            }
            let mut bytes = 0;
            let mut writes = Vec::with_capacity(blocks.len() + 1);
            let mut made = Vec::with_capacity(blocks.len());
            for NewBlock { block, codes } in blocks {
                let packed = voucher::pack(codes)?;
                bytes += packed.len();
                if writes.len() == BLOCKS_PER_COMMAND_MAX || bytes > CODES_BYTES_PER_COMMAND_MAX {
                    return Err(Refusal::TooManyBlocks);
                }
                let body = FactBody::Codes(Codes {
                    batch: *batch,
                    package: *package,
                    price: *price,
                    packed,
                });
                writes.push(fact(body).in_document(DocumentKey::Block {
                    site: *site,
                    block: *block,
                }));
                made.push(BlockMade {
                    block: *block,
                    count: u32::try_from(codes.len()).unwrap_or(u32::MAX),
                });
            }
            let body = FactBody::Batch(BatchMade {
                batch: *batch,
                label: label.trim().into(),
                package: *package,
                price: *price,
                blocks: made,
            });
            writes.push(fact(body).in_document(DocumentKey::Batches(*site)));
            Ok(writes)
        }
        Command::LeaseBlock { site, block, to } => {
            may_at(Capability::VouchersLease, *site)?;
            known_person(sheets, *to)?;
            match stock().blocks.get(block) {
                None => return Err(Refusal::NoSuchBlock),
                Some(block) if block.site != *site => return Err(Refusal::NoSuchBlock),
                Some(block)
                    if block
                        .lease
                        .as_ref()
                        .is_some_and(|lease| lease.person.is_some()) =>
                {
                    return Err(Refusal::BlockIsLeased);
                }
                Some(_) => {}
            }
            let body = FactBody::LeaseAsked(LeaseAsked {
                block: *block,
                to: *to,
            });
            Ok(vec![fact(body).in_document(DocumentKey::Batches(*site))])
        }
        Command::RecallBlock {
            site,
            block,
            to,
            reason,
        } => {
            may_at(Capability::VouchersLease, *site)?;
            if let Some(to) = to {
                known_person(sheets, *to)?;
            }
            if reason.trim().is_empty() {
                return Err(Refusal::ReasonNeeded);
            }
            check_reason(reason.trim())?;
            if stock()
                .blocks
                .get(block)
                .is_none_or(|block| block.site != *site)
            {
                return Err(Refusal::NoSuchBlock);
            }
            let body = FactBody::RecallAsked(RecallAsked {
                block: *block,
                to: *to,
                reason: reason.trim().into(),
            });
            Ok(vec![fact(body).in_document(DocumentKey::Batches(*site))])
        }
        Command::Sell {
            site,
            sale,
            new_client,
        } => {
            may_at(Capability::Sell, *site)?;
            if !(1..=LINES_PER_SALE_MAX).contains(&sale.lines.len()) {
                return Err(SellError::Quantity.into());
            }
            if sale
                .reference
                .as_ref()
                .is_some_and(|reference| reference.len() > REFERENCE_LENGTH_MAX)
            {
                return Err(SellError::Reference.into());
            }
            let vouchers: Vec<VoucherRef> = sale.lines.iter().map(|line| line.voucher).collect();
            sale::check(&stock(), &vouchers)?;
            let till = till(*site, intent);
            let mut writes = vec![fact(FactBody::Sale(sale.clone())).in_document(till)];
            if let (Some(details), Some(client)) = (new_client, sale.client) {
                details.check()?;
                writes.push(records(
                    clients_document(sheets, *site, principal.person),
                    details.puts(client),
                ));
            }
            Ok(writes)
        }
        Command::Replace {
            site,
            sale,
            replaces,
            voucher,
            package,
        } => {
            may_at(Capability::Sell, *site)?;
            sale::check(&stock(), &[*voucher])?;
            let body = FactBody::Replacement(Replacement {
                sale: *sale,
                replaces: *replaces,
                voucher: *voucher,
                package: *package,
            });
            Ok(vec![fact(body).in_document(till(*site, intent))])
        }
        // Its writes were made when it was first executed.
        Command::BringBack { .. } => Ok(Vec::new()),
        Command::DecideHeld {
            till,
            hold,
            accepted,
            reason,
        } => {
            let DocumentKey::Till { site, .. } = till else {
                return Err(Refusal::NotAllowed(Capability::SalesAll));
            };
            may_at(Capability::SalesAll, *site)?;
            let reason = reason
                .as_deref()
                .map(str::trim)
                .filter(|reason| !reason.is_empty());
            if !accepted && reason.is_none() {
                return Err(Refusal::ReasonNeeded);
            }
            reason.map_or(Ok(()), check_reason)?;
            let body = FactBody::HeldDecision(HeldDecision {
                hold: *hold,
                accepted: *accepted,
                reason: reason.map(Into::into),
            });
            Ok(vec![fact(body).in_document(*till)])
        }
    }
}

impl Intent {
    fn fact(&self, body: FactBody) -> IntentFact<'_> {
        IntentFact {
            intent: self,
            fact: Fact {
                at: self.at,
                since: self.since,
                by: self.by,
                body,
            },
        }
    }
}

struct IntentFact<'a> {
    intent: &'a Intent,
    fact: Fact,
}

impl IntentFact<'_> {
    fn in_document(&self, document: DocumentKey) -> DocumentWrite {
        DocumentWrite {
            document,
            puts: vec![fact_put(&self.intent.id.to_string(), &self.fact)],
        }
    }
}

/// The put of a fact under its key.
pub fn fact_put(key: &str, fact: &Fact) -> Put {
    Put {
        container: Container::Facts,
        key: key.into(),
        value: Scalar::Bytes(ByteBuf::from(fact.encode())),
    }
}

const fn records(document: DocumentKey, puts: Vec<Put>) -> DocumentWrite {
    DocumentWrite { document, puts }
}

fn till(site: SiteId, intent: &Intent) -> DocumentKey {
    DocumentKey::Till {
        site,
        person: intent.by,
        month: Month::of(intent.at),
    }
}

/// The first document of one's own that still has room.
fn clients_document(sheets: &Sheets, site: SiteId, owner: PersonId) -> DocumentKey {
    (0..u16::MAX)
        .map(|part| DocumentKey::Clients { site, owner, part })
        .find(|key| sheets.get(key).ids("client").count() < CLIENTS_PER_DOCUMENT)
        .unwrap_or(DocumentKey::Clients {
            site,
            owner,
            part: u16::MAX,
        })
}

fn known_person(sheets: &Sheets, id: PersonId) -> Result<(), Refusal> {
    match staff::person(sheets.get(&DocumentKey::Staff), id) {
        Some(person) if person.active => Ok(()),
        _ => Err(Refusal::NoSuchPerson),
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if (1..=NAME_LENGTH_MAX).contains(&name.trim().chars().count()) {
        Ok(())
    } else {
        Err(Refusal::Name {
            max: NAME_LENGTH_MAX,
        })
    }
}

const fn check_reason(reason: &str) -> Result<(), Refusal> {
    if reason.len() > REASON_LENGTH_MAX {
        return Err(Refusal::Reason {
            max: REASON_LENGTH_MAX,
        });
    }
    Ok(())
}

fn check_grants(principal: &Principal, grants: &[Grant]) -> Result<(), Refusal> {
    if !principal.may_somewhere(Capability::StaffManage) {
        return Err(Refusal::NotAllowed(Capability::StaffManage));
    }
    match grants.iter().find(|grant| !principal.may_grant(**grant)) {
        Some(grant) => Err(Refusal::NotYoursToGrant(*grant)),
        None => Ok(()),
    }
}
