//! What the relay lets in: caps, and the rule of every operation. The device runs the same rules before it writes,
//! so an honest one is stopped here only when its role is stale or it has a bug.

use serde::{Deserialize, Serialize};

use crate::capability::{Capability, Principal};
use crate::document::{Container, DocumentKey, PlainOp, Scalar, Sheet};
use crate::fact::{Fact, FactBody};
use crate::ids::{IntentId, PersonId};
use crate::package::Unit;
use crate::phone::Phone;
use crate::sale::{LINES_PER_SALE_MAX, REFERENCE_LENGTH_MAX};
use crate::staff;
use crate::time::Month;
use crate::voucher;

/// Caps on what arrives. The first three are checked before anything is decoded or inflated.
pub mod caps {
    /// One message on the wire.
    pub const FRAME_BYTES_MAX: usize = 1 << 20;
    /// A batch after inflating.
    pub const INFLATED_BYTES_MAX: usize = 4 << 20;
    /// CBOR items in a batch: some fifteen to an operation of at least 35 bytes, and devices aim at 512 KiB.
    pub const ITEMS_MAX: usize = 1 << 18;
    pub const CHANGES_PER_BATCH_MAX: usize = 256;
    pub const OPS_PER_CHANGE_MAX: usize = 2_000;
    pub const CHANGE_BYTES_MAX: usize = 64 << 10;
    pub const VALUE_BYTES_MAX: usize = 32 << 10;
    pub const KEY_BYTES_MAX: usize = 160;
    pub const DEPENDENCIES_MAX: usize = 64;
    /// Assignments one operation may replace: more concurrent writers of one field than anybody has.
    pub const REPLACES_MAX: usize = 64;
    /// Documents one intent may write.
    pub const CHANGES_PER_INTENT_MAX: usize = 256;
}

/// Parts of one person's client list at one site: 100,000 clients.
const CLIENT_PARTS_MAX: u16 = 200;

/// Why an operation is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Objection {
    /// No honest device writes this: refused and logged.
    #[error("malformed: {0:?}")]
    Malformed(Malformed),
    /// Honest in form, but the author may not do it: held until somebody decides.
    #[error("not allowed: {0:?}")]
    NotAllowed(Capability),
}

/// What is wrong with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Malformed {
    TooLarge,
    UnknownField,
    WrongType,
    UnknownFact,
    FactNotOfItsIntent,
    FactOfAnotherPerson,
    FactOverwritten,
    WrongDocument,
    WrongMonth,
    RelayOnly,
    BadValue,
    UnknownVoucher,
    WrongPrice,
    UnknownAssignment,
    /// A decision is never held: whoever may decide does, anybody else is refused.
    NotYoursToDecide,
}

use Malformed::{
    BadValue, FactNotOfItsIntent, FactOfAnotherPerson, FactOverwritten, RelayOnly, TooLarge,
    UnknownFact, UnknownField, WrongDocument, WrongMonth, WrongType,
};

/// The type of a field.
#[derive(Debug, Clone, Copy)]
enum FieldType {
    Text { max: usize },
    OptionalText { max: usize },
    Amount,
    Count,
    OptionalCount,
    Bool,
    ValidityUnit,
    OptionalPhone,
    CurrencyCode,
}

impl FieldType {
    fn check(self, value: &Scalar) -> Result<(), Objection> {
        let (right_type, right_value) = match (self, value) {
            (
                Self::OptionalText { .. } | Self::OptionalCount | Self::OptionalPhone,
                Scalar::Null,
            ) => (true, true),
            (Self::Text { max }, Scalar::Text(text)) => {
                (true, !text.trim().is_empty() && text.chars().count() <= max)
            }
            (Self::OptionalText { max }, Scalar::Text(text)) => (true, text.chars().count() <= max),
            (Self::Amount, Scalar::Int(amount)) => (
                true,
                crate::money::Money::from_minor(*amount)
                    .check_amount()
                    .is_ok(),
            ),
            (Self::Count, Scalar::Int(count)) => (true, (1..=1000).contains(count)),
            (Self::OptionalCount, Scalar::Int(count)) => (true, *count >= 0),
            (Self::Bool, Scalar::Bool(_)) => (true, true),
            (Self::ValidityUnit, Scalar::Text(code)) => (true, Unit::from_code(code).is_some()),
            (Self::CurrencyCode, Scalar::Text(code)) => {
                (true, crate::money::Currency::from_code(code).is_some())
            }
            (Self::OptionalPhone, Scalar::Text(text)) => (true, Phone::from_e164(text).is_ok()),
            _ => (false, false),
        };
        match (right_type, right_value) {
            (true, true) => Ok(()),
            (true, false) => Err(Objection::Malformed(BadValue)),
            (false, _) => Err(Objection::Malformed(WrongType)),
        }
    }
}

/// May `author` assign this in that document? `sheet` is what the document says before.
pub fn check(
    author: &Principal,
    document: &DocumentKey,
    sheet: &Sheet,
    intent: IntentId,
    op: &PlainOp,
) -> Result<(), Objection> {
    if op.key.len() > caps::KEY_BYTES_MAX
        || op.value.size() > caps::VALUE_BYTES_MAX
        || op.replaces.len() > caps::REPLACES_MAX
    {
        return Err(Objection::Malformed(TooLarge));
    }
    match op.container {
        Container::Records => check_record(author, document, sheet, op),
        Container::Facts => check_fact(author, document, sheet, intent, op),
    }
}

fn check_record(
    author: &Principal,
    document: &DocumentKey,
    sheet: &Sheet,
    op: &PlainOp,
) -> Result<(), Objection> {
    let parts: Vec<&str> = op.key.split('/').collect();
    // Sixteen zero bytes are the relay's own name: nobody else may bear it.
    let id = |text: &str| crate::ids::from_text(text).is_ok_and(|id| id != [0; 16]);
    if let DocumentKey::Clients { part, .. } = document
        && *part >= CLIENT_PARTS_MAX
    {
        return Err(Objection::Malformed(WrongDocument));
    }
    let field = match (document, parts.as_slice()) {
        (DocumentKey::Org, ["org", "name"]) => FieldType::Text { max: 120 },
        (DocumentKey::Org, ["org", "timezone"]) => FieldType::Text { max: 64 },
        (DocumentKey::Org, ["org", "currency"]) => FieldType::CurrencyCode,
        (DocumentKey::Staff, ["person", person, "name"]) if id(person) => {
            FieldType::Text { max: 120 }
        }
        (DocumentKey::Staff, ["person", person, "active"]) if id(person) => FieldType::Bool,
        (DocumentKey::Staff, ["person", person, "grant", grant])
            if id(person) && is_grant(grant) =>
        {
            FieldType::Bool
        }
        (DocumentKey::Catalog, ["package", package, field]) if id(package) => match *field {
            "name" => FieldType::Text { max: 60 },
            "price" => FieldType::Amount,
            "validity_count" => FieldType::Count,
            "validity_unit" => FieldType::ValidityUnit,
            "uptime_limit_seconds" | "quota_bytes" | "use_within_days" => FieldType::OptionalCount,
            "active" => FieldType::Bool,
            _ => return Err(Objection::Malformed(UnknownField)),
        },
        (DocumentKey::SitePublic(_), ["site", "name"]) => FieldType::Text { max: 120 },
        (DocumentKey::SitePublic(_), ["site", "place"]) => FieldType::OptionalText { max: 120 },
        (DocumentKey::Clients { .. }, ["client", client, field]) if id(client) => match *field {
            "name" => FieldType::Text { max: 120 },
            "phone" => FieldType::OptionalPhone,
            "email" => FieldType::OptionalText { max: 254 },
            _ => return Err(Objection::Malformed(UnknownField)),
        },
        _ => return Err(Objection::Malformed(UnknownField)),
    };
    field.check(&op.value)?;
    if author.is_relay() {
        return Ok(());
    }
    let need = |allowed: bool, capability| {
        if allowed {
            Ok(())
        } else {
            Err(Objection::NotAllowed(capability))
        }
    };
    match document {
        DocumentKey::Org if op.key == "org/currency" => Err(Objection::Malformed(RelayOnly)),
        DocumentKey::Org => need(
            author.may(Capability::SettingsManage),
            Capability::SettingsManage,
        ),
        DocumentKey::Staff => {
            let allowed = match parts.as_slice() {
                [_, _, "grant", grant] => grant.parse().is_ok_and(|grant| author.may_grant(grant)),
                [_, person, _] => {
                    // One manages only those whose every grant one could give.
                    let known = person
                        .parse::<PersonId>()
                        .ok()
                        .and_then(|id| staff::person(sheet, id));
                    author.may_somewhere(Capability::StaffManage)
                        && known.is_none_or(|known| {
                            known.grants.iter().all(|grant| author.may_grant(*grant))
                        })
                }
                _ => false,
            };
            need(allowed, Capability::StaffManage)
        }
        DocumentKey::Catalog => need(
            author.may(Capability::PackagesManage),
            Capability::PackagesManage,
        ),
        DocumentKey::SitePublic(site) | DocumentKey::Site(site) => need(
            author.may_at(Capability::SitesManage, *site),
            Capability::SitesManage,
        ),
        DocumentKey::Clients { site, owner, .. } => {
            let own = *owner == author.person && author.may_at(Capability::ClientsOwn, *site);
            need(
                own || author.may_at(Capability::ClientsEdit, *site),
                Capability::ClientsOwn,
            )
        }
        _ => Err(Objection::Malformed(UnknownField)),
    }
}

fn is_grant(text: &str) -> bool {
    text.parse::<crate::capability::Grant>().is_ok()
}

fn check_fact(
    author: &Principal,
    document: &DocumentKey,
    sheet: &Sheet,
    intent: IntentId,
    op: &PlainOp,
) -> Result<(), Objection> {
    let malformed = |what| Err(Objection::Malformed(what));
    if !op.replaces.is_empty() || sheet.facts.contains_key(&op.key) {
        return malformed(FactOverwritten);
    }
    let Scalar::Bytes(bytes) = &op.value else {
        return malformed(WrongType);
    };
    let Ok(fact) = Fact::decode(bytes) else {
        return malformed(UnknownFact);
    };
    if author.is_relay() {
        return Ok(());
    }
    if op.key != intent.to_string() {
        return malformed(FactNotOfItsIntent);
    }
    if fact.by != author.person {
        return malformed(FactOfAnotherPerson);
    }
    let need = |capability, site| {
        if author.may_at(capability, site) {
            Ok(())
        } else {
            Err(Objection::NotAllowed(capability))
        }
    };
    match (document, &fact.body) {
        (
            DocumentKey::Till {
                site,
                person,
                month,
            },
            FactBody::Sale(sale),
        ) => {
            if *person != fact.by {
                return malformed(FactOfAnotherPerson);
            }
            if *month != Month::of(fact.at) {
                return malformed(WrongMonth);
            }
            let prices_are_amounts = sale
                .lines
                .iter()
                .all(|line| line.price.check_amount().is_ok());
            let distinct: std::collections::BTreeSet<_> =
                sale.lines.iter().map(|line| line.voucher).collect();
            let well_formed = (1..=LINES_PER_SALE_MAX).contains(&sale.lines.len())
                && distinct.len() == sale.lines.len()
                && prices_are_amounts
                && sale
                    .reference
                    .as_ref()
                    .is_none_or(|reference| reference.len() <= REFERENCE_LENGTH_MAX)
                && is_receipt(&sale.receipt);
            if !well_formed {
                return malformed(BadValue);
            }
            need(Capability::Sell, *site)
        }
        (
            DocumentKey::Till {
                site,
                person,
                month,
            },
            FactBody::Replacement(_),
        ) => {
            if *person != fact.by {
                return malformed(FactOfAnotherPerson);
            }
            if *month != Month::of(fact.at) {
                return malformed(WrongMonth);
            }
            need(Capability::Sell, *site)
        }
        (DocumentKey::Till { site, .. }, FactBody::HeldDecision(decision)) => {
            if decision
                .reason
                .as_ref()
                .is_some_and(|reason| reason.len() > 500)
            {
                return malformed(BadValue);
            }
            if author.may_at(Capability::SalesAll, *site) {
                Ok(())
            } else {
                malformed(Malformed::NotYoursToDecide)
            }
        }
        (DocumentKey::Block { site, .. }, FactBody::Codes(codes)) => {
            if !sheet.facts.is_empty() {
                return malformed(FactOverwritten);
            }
            if voucher::unpack(&codes.packed).is_err() || codes.price.check_amount().is_err() {
                return malformed(BadValue);
            }
            need(Capability::VouchersCreate, *site)
        }
        (DocumentKey::Batches(site), FactBody::Batch(made)) => {
            if !(1..=120).contains(&made.label.chars().count())
                || made.price.check_amount().is_err()
            {
                return malformed(BadValue);
            }
            need(Capability::VouchersCreate, *site)
        }
        (DocumentKey::Batches(site), FactBody::LeaseAsked(_)) => {
            need(Capability::VouchersLease, *site)
        }
        (DocumentKey::Batches(site), FactBody::RecallAsked(asked)) => {
            if asked.reason.is_empty() || asked.reason.len() > 500 {
                return malformed(BadValue);
            }
            need(Capability::VouchersLease, *site)
        }
        (_, FactBody::Leased(_) | FactBody::Verdict(_)) => malformed(RelayOnly),
        _ => malformed(WrongDocument),
    }
}

/// Four characters of the actor, a dash, a counter.
fn is_receipt(receipt: &str) -> bool {
    let Some((prefix, counter)) = receipt.split_once('-') else {
        return false;
    };
    prefix.len() == 4
        && prefix
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && (1..=10).contains(&counter.len())
        && counter.bytes().all(|b| b.is_ascii_digit())
}

/// May this reader read that document?
pub fn may_read(reader: &Reader, document: &DocumentKey) -> bool {
    let who = &reader.principal;
    if !who.active {
        // One's own tills and verdicts stay readable: what waits for a decision must not vanish from the phone.
        return matches!(document,
            DocumentKey::Till { person, .. } | DocumentKey::VerdictTill { person, .. } | DocumentKey::Me(person)
                if *person == who.person);
    }
    match document {
        DocumentKey::Org | DocumentKey::Staff | DocumentKey::Catalog => true,
        DocumentKey::SitePublic(site) => who.is_of_site(*site),
        DocumentKey::Site(site) => who.may_at(Capability::SitesView, *site),
        DocumentKey::Clients { site, owner, .. } => {
            who.may_at(Capability::ClientsView, *site)
                || (*owner == who.person && who.may_at(Capability::ClientsOwn, *site))
        }
        DocumentKey::Batches(site) => who.may_at(Capability::BatchesView, *site),
        DocumentKey::Block { site, block } | DocumentKey::VerdictBlock { site, block } => {
            who.may_at(Capability::VouchersAll, *site) || reader.leases.contains(block)
        }
        DocumentKey::Till { site, person, .. } | DocumentKey::VerdictTill { site, person, .. } => {
            *person == who.person || who.may_at(Capability::SalesAll, *site)
        }
        DocumentKey::Me(person) => *person == who.person,
    }
}

/// A person on a device, as far as reading goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    pub principal: Principal,
    /// The blocks leased to this person on this device.
    pub leases: std::collections::BTreeSet<crate::ids::BlockId>,
    /// Which life of the log this is: another one after the database was restored from a backup. Cursors of an
    /// earlier life count rows that are gone, even when the log has grown past them again.
    pub history: u64,
}

impl Reader {
    /// Changes whenever what the reader may read may have changed.
    pub fn version(&self) -> u64 {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(crate::codec::encode(self));
        u64::from_be_bytes(
            digest[..8]
                .try_into()
                .expect("a digest is longer than eight bytes"),
        )
    }
}
