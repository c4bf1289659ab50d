//! Commands: everything a person does. Executing one checks the capability, then the rule, and says what to write.
//!
//! An [`Intent`] is one command made at one tap; it carries every choice, so executing it again writes the same.
//!
//! What can be done and why it may be refused stands here; how, in the module of its noun below.

mod batch;
mod catalog;
mod clients;
mod contested;
mod hand_over;
mod held;
mod organisation;
mod people;
mod site;
mod stock;
mod stock_ask;
mod till;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::admission::caps;
use crate::batch::BatchError;
use crate::capability::{Capability, Grant, Principal};
use crate::client::{ClientDetails, ClientEdit, ClientError};
use crate::document::{Container, DocumentKey, Put, Scalar};
use crate::fact::{
    BatchMade, BlockMade, Fact, FactBody, HandOverGiven, HandOverTaken, HeldDecision, Replacement,
    Sale, StockAsked, VoucherRef,
};
use crate::fixture::{FixtureDetails, FixtureError, FixtureId};
use crate::hand_over::HandOverError;
use crate::ids::{BatchId, BlockId, ClientId, HoldId, IntentId, PackageId, PersonId, SiteId};
use crate::money::Money;
use crate::package::{PackageDetails, PackageEdit, PackageError};
use crate::sale::SellError;
use crate::sheets::Sheets;
use crate::site::{SiteDetails, SiteError};
use crate::staff::{Contacts, ContactsError};
use crate::stock_ask::AskError;
use crate::time::{Month, Timestamp};
use crate::voucher::{Code, CodesError, Stock};

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
    /// The organisation's name and IANA time zone.
    SetProfile {
        name: String,
        timezone: String,
    },
    AddSite {
        site: SiteId,
        name: String,
        place: Option<String>,
    },
    /// Only what differs between the two is written.
    EditSite {
        site: SiteId,
        from: SiteDetails,
        to: SiteDetails,
    },
    SetSiteActive {
        site: SiteId,
        active: bool,
    },
    /// A new router, access point or area (`from` is missing), or an edited one.
    PutFixture {
        site: SiteId,
        fixture: FixtureId,
        from: Option<FixtureDetails>,
        to: FixtureDetails,
    },
    SetFixtureActive {
        site: SiteId,
        fixture: FixtureId,
        active: bool,
    },
    AddPackage {
        package: PackageId,
        details: PackageDetails,
    },
    EditPackage {
        package: PackageId,
        details: PackageDetails,
    },
    /// The fields that a person changed, and no other: what was written elsewhere meanwhile stays.
    ChangePackage {
        package: PackageId,
        edits: Vec<PackageEdit>,
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
    RenameStaff {
        person: PersonId,
        name: String,
    },
    /// Only what differs between the two is written.
    SetContacts {
        person: PersonId,
        from: Contacts,
        to: Contacts,
    },
    RegisterClient {
        client: ClientId,
        site: SiteId,
        details: ClientDetails,
    },
    /// A list of clients, at most [`CLIENTS_PER_COMMAND_MAX`] at once.
    RegisterClients {
        site: SiteId,
        clients: Vec<NewClient>,
    },
    /// The fields that a person changed, and no other.
    EditClient {
        client: ClientId,
        edits: Vec<ClientEdit>,
    },
    SetClientActive {
        client: ClientId,
        active: bool,
    },
    MakeBatch {
        site: SiteId,
        batch: BatchId,
        label: String,
        package: PackageId,
        price: Money,
        blocks: Vec<NewBlock>,
    },
    /// Part of a batch that is too large for one command. It exists once [`Command::CompleteBatch`] names all parts.
    AddBlocks {
        site: SiteId,
        batch: BatchId,
        package: PackageId,
        price: Money,
        blocks: Vec<NewBlock>,
    },
    CompleteBatch {
        site: SiteId,
        batch: BatchId,
        label: String,
        package: PackageId,
        price: Money,
        blocks: Vec<BlockMade>,
        made_on: Option<Timestamp>,
    },
    /// Also ends what was never finished.
    UndoBatch {
        site: SiteId,
        batch: BatchId,
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
    GiveBlock {
        site: SiteId,
        given: HandOverGiven,
    },
    WithdrawHandOver {
        site: SiteId,
        given: IntentId,
    },
    TakeBlock {
        site: SiteId,
        taken: HandOverTaken,
    },
    AskForStock {
        site: SiteId,
        asked: StockAsked,
    },
    WithdrawAsk {
        site: SiteId,
        asked: IntentId,
    },
    DeclineAsk {
        till: DocumentKey,
        asked: IntentId,
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
        /// How many verdicts told of it to whoever decides.
        #[serde(default = "crate::fact::told_once")]
        told: u32,
    },
    /// One of several values that were written into a field at the same time.
    SettleField {
        document: DocumentKey,
        key: String,
        value: Scalar,
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

/// A client of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewClient {
    pub client: ClientId,
    pub details: ClientDetails,
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
    Contacts(#[from] ContactsError),
    #[error(transparent)]
    Site(#[from] SiteError),
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    #[error(transparent)]
    Codes(#[from] CodesError),
    #[error(transparent)]
    Sell(#[from] SellError),
    #[error(transparent)]
    HandOver(#[from] HandOverError),
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error("the price is out of range")]
    Price,
    #[error("this package is not in the catalog")]
    NoSuchPackage,
    #[error("more clients than one command can carry")]
    TooManyClients,
    #[error("this client is not known here")]
    NoSuchClient,
    #[error("this person is not on the staff")]
    NoSuchPerson,
    #[error("this site is not known here")]
    NoSuchSite,
    #[error("nobody deactivates themselves")]
    NotYourself,
    #[error("the organisation would be without an owner")]
    LastOwner,
    #[error("this block is not known here")]
    NoSuchBlock,
    #[error("somebody holds this block; it must be returned or recalled first")]
    BlockIsLeased,
    #[error("a reason is needed")]
    ReasonNeeded,
    #[error("a reason has at most {max} bytes")]
    Reason { max: usize },
    #[error("this is not the name of a time zone")]
    Timezone,
    #[error("a place has at most {max} characters")]
    Place { max: usize },
    #[error("more blocks than one batch can carry")]
    TooManyBlocks,
    #[error("there is nothing left to choose in this field")]
    NotContested,
}

/// The longest name of a site, person or batch.
pub const NAME_LENGTH_MAX: usize = 120;
/// The longest description of where a site is.
pub const PLACE_LENGTH_MAX: usize = 120;
/// Ten fields each: a quarter of the operations that one change may have.
pub const CLIENTS_PER_COMMAND_MAX: usize = caps::OPS_PER_CHANGE_MAX / 4 / 10;
/// Bytes of a reason.
pub const REASON_LENGTH_MAX: usize = 500;
/// What one command may make: it travels in one batch, so that all of it is accepted, held or refused together. One
/// more document names the blocks.
pub const BLOCKS_PER_COMMAND_MAX: usize = caps::CHANGES_PER_INTENT_MAX - 1;
/// What the fact of one batch can name: 25 bytes a block, in a value of 32 KiB.
pub const BLOCKS_PER_BATCH_MAX: usize = 1_000;
/// The same, by the text of the blocks.
pub const CODES_BYTES_PER_COMMAND_MAX: usize = caps::INFLATED_BYTES_MAX / 8;

/// Executes an intent against what the replica holds. `stock` is what the screens show as in stock: it leaves out
/// what was handed out in held sales, of which no sheet tells. It is asked only when it matters.
pub fn execute(
    sheets: &Sheets,
    stock: impl Fn() -> Arc<Stock>,
    principal: &Principal,
    intent: &Intent,
) -> Executed {
    let now = Execution {
        sheets,
        stock: &stock,
        principal,
        intent,
    };
    match &intent.command {
        Command::SetProfile { name, timezone } => now.set_profile(name, timezone),
        Command::AddSite { site, name, place } => now.add_site(*site, name, place.as_deref()),
        Command::EditSite { site, from, to } => now.edit_site(*site, from, to),
        Command::SetSiteActive { site, active } => now.set_site_active(*site, *active),
        Command::PutFixture {
            site,
            fixture,
            from,
            to,
        } => now.put_fixture(*site, *fixture, from.as_ref(), to),
        Command::SetFixtureActive {
            site,
            fixture,
            active,
        } => now.set_fixture_active(*site, *fixture, *active),
        Command::AddPackage { package, details } => now.put_package(*package, details),
        Command::EditPackage { package, details } => now.edit_package(*package, details),
        Command::ChangePackage { package, edits } => now.change_package(*package, edits),
        Command::SetPackageActive { package, active } => now.set_package_active(*package, *active),
        Command::AddStaff {
            person,
            name,
            grants,
        } => now.add_staff(*person, name, grants),
        Command::SetGrants { person, grants } => now.set_grants(*person, grants),
        Command::SetStaffActive { person, active } => now.set_staff_active(*person, *active),
        Command::RenameStaff { person, name } => now.rename_staff(*person, name),
        Command::SetContacts { person, from, to } => now.set_contacts(*person, from, to),
        Command::RegisterClient {
            client,
            site,
            details,
        } => now.register_client(*client, *site, details),
        Command::RegisterClients { site, clients } => now.register_clients(*site, clients),
        Command::EditClient { client, edits } => now.edit_client(*client, edits),
        Command::SetClientActive { client, active } => now.set_client_active(*client, *active),
        Command::MakeBatch {
            site,
            batch,
            label,
            package,
            price,
            blocks,
        } => now.make_batch(*site, *batch, label, *package, *price, blocks),
        Command::AddBlocks {
            site,
            batch,
            package,
            price,
            blocks,
        } => now.add_blocks(*site, *batch, *package, *price, blocks),
        Command::CompleteBatch {
            site,
            batch,
            label,
            package,
            price,
            blocks,
            made_on,
        } => now.complete_batch(
            *site,
            BatchMade {
                batch: *batch,
                label: label.trim().into(),
                package: *package,
                price: *price,
                blocks: blocks.clone(),
                made_on: *made_on,
            },
        ),
        Command::UndoBatch { site, batch } => now.undo_batch(*site, *batch),
        Command::LeaseBlock { site, block, to } => now.lease_block(*site, *block, *to),
        Command::RecallBlock {
            site,
            block,
            to,
            reason,
        } => now.recall_block(*site, *block, *to, reason),
        Command::GiveBlock { site, given } => now.give_block(*site, given),
        Command::WithdrawHandOver { site, given } => now.withdraw_hand_over(*site, *given),
        Command::TakeBlock { site, taken } => now.take_block(*site, taken),
        Command::AskForStock { site, asked } => now.ask_for_stock(*site, asked),
        Command::WithdrawAsk { site, asked } => now.withdraw_ask(*site, *asked),
        Command::DeclineAsk {
            till,
            asked,
            reason,
        } => now.decline_ask(*till, *asked, reason),
        Command::Sell {
            site,
            sale,
            new_client,
        } => now.sell(*site, sale, new_client.as_ref()),
        Command::Replace {
            site,
            sale,
            replaces,
            voucher,
            package,
        } => now.replace(
            *site,
            Replacement {
                sale: *sale,
                replaces: *replaces,
                voucher: *voucher,
                package: *package,
            },
        ),
        Command::SettleField {
            document,
            key,
            value,
        } => now.settle_field(*document, key, value),
        // Its writes were made when it was first executed.
        Command::BringBack { .. } => Ok(Vec::new()),
        Command::DecideHeld {
            till,
            hold,
            accepted,
            reason,
            told,
        } => now.decide_held(
            *till,
            HeldDecision {
                hold: *hold,
                accepted: *accepted,
                reason: reason.clone(),
                told: *told,
            },
        ),
    }
}

/// What a command wants written, or why it is not executed.
pub type Executed = Result<Vec<DocumentWrite>, Refusal>;

/// One intent being executed: what the rules of every noun may ask.
struct Execution<'a> {
    sheets: &'a Sheets,
    stock: &'a dyn Fn() -> Arc<Stock>,
    principal: &'a Principal,
    intent: &'a Intent,
}

impl Execution<'_> {
    /// For the whole organisation.
    fn may(&self, capability: Capability) -> Result<(), Refusal> {
        if self.principal.may(capability) {
            Ok(())
        } else {
            Err(Refusal::NotAllowed(capability))
        }
    }

    fn may_at(&self, capability: Capability, site: SiteId) -> Result<(), Refusal> {
        if self.principal.may_at(capability, site) {
            Ok(())
        } else {
            Err(Refusal::NotAllowed(capability))
        }
    }

    /// A fact of this intent, as a write into a document.
    fn fact(&self, document: DocumentKey, body: FactBody) -> DocumentWrite {
        let fact = Fact {
            at: self.intent.at,
            since: self.intent.since,
            by: self.intent.by,
            body,
        };
        DocumentWrite {
            document,
            puts: vec![fact_put(&self.intent.id.to_string(), &fact)],
        }
    }

    /// The till this intent writes into.
    fn till(&self, site: SiteId) -> DocumentKey {
        DocumentKey::Till {
            site,
            person: self.intent.by,
            month: Month::of(self.intent.at),
        }
    }

    /// Somebody who is on the staff and active.
    fn known_person(&self, id: PersonId) -> Result<(), Refusal> {
        match crate::staff::person(self.sheets.get(&DocumentKey::Staff), id) {
            Some(person) if person.active => Ok(()),
            _ => Err(Refusal::NoSuchPerson),
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
