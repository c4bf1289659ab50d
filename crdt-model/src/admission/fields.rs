//! The rule of every record field that arrives: its type, and who may write it.

use std::str::FromStr;

use super::Malformed::{BadValue, RelayOnly, UnknownField, WrongDocument, WrongType};
use super::Objection;
use crate::capability::{Capability, Grant, Principal, Scope};
use crate::client;
use crate::document::{DocumentKey, PlainOp, Scalar, Sheet};
use crate::fixture::FixtureKind;
use crate::ids::PersonId;
use crate::mac::Mac;
use crate::package::{self, Connection, Unit};
use crate::phone::Phone;
use crate::site::{LATITUDE_MAX, LONGITUDE_MAX, TEXT_LENGTH_MAX};
use crate::staff::{self, NOTE_LENGTH_MAX};
use crate::time::Date;

/// Parts of one person's client list at one site: 100,000 clients.
const CLIENT_PARTS_MAX: u16 = 200;

#[derive(Debug, Clone, Copy)]
enum FieldType {
    Text { max: usize },
    OptionalText { max: usize },
    Amount,
    Count,
    OptionalCount,
    OptionalRange { min: i64, max: i64 },
    Bool,
    ValidityUnit,
    ConnectionCode,
    OptionalPhone,
    OptionalMac,
    OptionalDate,
    OptionalConnection,
    CurrencyCode,
}

impl FieldType {
    fn check(self, value: &Scalar) -> Result<(), Objection> {
        let (right_type, right_value) = match (self, value) {
            (
                Self::OptionalText { .. }
                | Self::OptionalCount
                | Self::OptionalRange { .. }
                | Self::OptionalPhone
                | Self::OptionalMac
                | Self::OptionalDate
                | Self::OptionalConnection,
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
            (Self::OptionalRange { min, max }, Scalar::Int(count)) => {
                (true, min <= *count && *count <= max)
            }
            (Self::Bool, Scalar::Bool(_)) => (true, true),
            (Self::ValidityUnit, Scalar::Text(code)) => (true, Unit::from_code(code).is_some()),
            (Self::OptionalMac, Scalar::Text(text)) => (true, is_canonical::<Mac>(text)),
            (Self::OptionalDate, Scalar::Text(text)) => (true, is_canonical::<Date>(text)),
            (Self::ConnectionCode | Self::OptionalConnection, Scalar::Text(code)) => {
                (true, Connection::from_code(code).is_some())
            }
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

pub(super) fn check(
    author: &Principal,
    document: &DocumentKey,
    sheet: &Sheet,
    op: &PlainOp,
) -> Result<(), Objection> {
    if let DocumentKey::Clients { part, .. } = document
        && *part >= CLIENT_PARTS_MAX
    {
        return Err(Objection::Malformed(WrongDocument));
    }
    let parts: Vec<&str> = op.key.split('/').collect();
    let field = match document {
        DocumentKey::Org => in_org(&parts),
        DocumentKey::Staff => in_staff(&parts),
        DocumentKey::Catalog => in_catalog(&parts),
        DocumentKey::StaffPrivate => in_staff_private(&parts),
        DocumentKey::SitePublic(_) => in_site_public(&parts),
        DocumentKey::Site(_) => in_site(&parts),
        DocumentKey::Clients { .. } => in_clients(&parts),
        _ => None,
    };
    field
        .ok_or(Objection::Malformed(UnknownField))?
        .check(&op.value)?;
    if author.is_relay() {
        return Ok(());
    }
    may_write(author, document, sheet, op, &parts)
}

fn in_org(parts: &[&str]) -> Option<FieldType> {
    match parts {
        ["org", "name"] => Some(FieldType::Text { max: 120 }),
        ["org", "timezone"] => Some(FieldType::Text { max: 64 }),
        ["org", "currency"] => Some(FieldType::CurrencyCode),
        _ => None,
    }
}

fn in_staff(parts: &[&str]) -> Option<FieldType> {
    match parts {
        ["person", person, rest @ ..] if is_id(person) => match rest {
            ["name"] => Some(FieldType::Text { max: 120 }),
            ["active"] => Some(FieldType::Bool),
            ["grant", grant] if is_grant(grant) => Some(FieldType::Bool),
            _ => None,
        },
        _ => None,
    }
}

fn in_staff_private(parts: &[&str]) -> Option<FieldType> {
    match parts {
        ["contact", person, field] if is_id(person) => match *field {
            "phone" => Some(FieldType::OptionalPhone),
            "email" => Some(FieldType::OptionalText { max: 254 }),
            "note" => Some(FieldType::OptionalText {
                max: NOTE_LENGTH_MAX,
            }),
            _ => None,
        },
        _ => None,
    }
}

fn in_catalog(parts: &[&str]) -> Option<FieldType> {
    match parts {
        ["package", package, field] if is_id(package) => match *field {
            "name" => Some(FieldType::Text { max: 60 }),
            "price" => Some(FieldType::Amount),
            "validity_count" => Some(FieldType::Count),
            "validity_unit" => Some(FieldType::ValidityUnit),
            "uptime_limit_seconds" | "quota_bytes" | "use_within_days" => {
                Some(FieldType::OptionalCount)
            }
            "description" => Some(FieldType::OptionalText {
                max: package::DESCRIPTION_LENGTH_MAX,
            }),
            "download_kbps" | "upload_kbps" => Some(range(1, package::KBPS_MAX)),
            "shared_users" => Some(range(1, package::SHARED_USERS_MAX)),
            "low_stock" => Some(range(0, package::LOW_STOCK_MAX)),
            "kind" => Some(FieldType::ConnectionCode),
            "active" => Some(FieldType::Bool),
            _ => None,
        },
        _ => None,
    }
}

/// Does it read as a value, and is it how the value is written?
fn is_canonical<T: FromStr + ToString>(text: &str) -> bool {
    text.parse::<T>()
        .is_ok_and(|value| value.to_string() == text)
}

fn range(min: u32, max: u32) -> FieldType {
    FieldType::OptionalRange {
        min: min.into(),
        max: max.into(),
    }
}

fn in_site_public(parts: &[&str]) -> Option<FieldType> {
    match parts {
        ["site", "name"] => Some(FieldType::Text { max: 120 }),
        ["site", "place" | "zone" | "contact"] => Some(FieldType::OptionalText {
            max: TEXT_LENGTH_MAX,
        }),
        ["site", "phone"] => Some(FieldType::OptionalPhone),
        ["site", "active"] => Some(FieldType::Bool),
        _ => None,
    }
}

fn in_site(parts: &[&str]) -> Option<FieldType> {
    let note = FieldType::OptionalText {
        max: NOTE_LENGTH_MAX,
    };
    let within = |max: i64| FieldType::OptionalRange { min: -max, max };
    match parts {
        ["site", "latitude"] => Some(within(LATITUDE_MAX)),
        ["site", "longitude"] => Some(within(LONGITUDE_MAX)),
        ["site", "notes"] => Some(note),
        [noun, id, field] if is_id(id) => {
            let kind = FixtureKind::ALL
                .into_iter()
                .find(|kind| kind.noun() == *noun)?;
            match *field {
                "name" => Some(FieldType::Text {
                    max: TEXT_LENGTH_MAX,
                }),
                "active" => Some(FieldType::Bool),
                "note" => Some(note),
                field if kind.fields().contains(&field) => Some(FieldType::OptionalText {
                    max: TEXT_LENGTH_MAX,
                }),
                _ => None,
            }
        }
        _ => None,
    }
}

fn in_clients(parts: &[&str]) -> Option<FieldType> {
    match parts {
        ["client", client, field] if is_id(client) => match *field {
            "name" => Some(FieldType::Text {
                max: client::CLIENT_NAME_LENGTH_MAX,
            }),
            "phone" => Some(FieldType::OptionalPhone),
            "email" => Some(FieldType::OptionalText {
                max: client::EMAIL_LENGTH_MAX,
            }),
            "address" => Some(FieldType::OptionalText {
                max: client::ADDRESS_LENGTH_MAX,
            }),
            "notes" => Some(FieldType::OptionalText {
                max: client::NOTES_LENGTH_MAX,
            }),
            "mac" => Some(FieldType::OptionalMac),
            "connection" => Some(FieldType::OptionalConnection),
            "registered_on" | "expires_on" => Some(FieldType::OptionalDate),
            "sms_reminder" | "active" => Some(FieldType::Bool),
            _ => None,
        },
        _ => None,
    }
}

/// Sixteen zero bytes are the relay's own name: nobody else may bear it.
fn is_id(text: &str) -> bool {
    crate::ids::from_text(text).is_ok_and(|id| id != [0; 16])
}

/// At a site of sixteen zero bytes it would look in SQL like one for the whole organisation.
fn is_grant(text: &str) -> bool {
    text.parse().is_ok_and(|grant: Grant| match grant.scope {
        Scope::Organisation => true,
        Scope::Site(site) => *site.as_bytes() != [0; 16],
    })
}

/// May this author write the field?
fn may_write(
    author: &Principal,
    document: &DocumentKey,
    sheet: &Sheet,
    op: &PlainOp,
    parts: &[&str],
) -> Result<(), Objection> {
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
            let allowed = match parts {
                [_, _, "grant", grant] => grant.parse().is_ok_and(|grant| author.may_grant(grant)),
                // Nobody locks themselves out.
                [_, person, "active"]
                    if op.value == Scalar::Bool(false) && person.parse() == Ok(author.person) =>
                {
                    false
                }
                [_, person, _] => may_manage(author, sheet, person),
                _ => false,
            };
            need(allowed, Capability::StaffManage)
        }
        // Whose contacts they are, the relay looks up in the staff (`may_write_contacts`).
        DocumentKey::StaffPrivate => need(
            author.may_somewhere(Capability::StaffManage),
            Capability::StaffManage,
        ),
        DocumentKey::Catalog => need(
            author.may(Capability::PackagesManage),
            Capability::PackagesManage,
        ),
        DocumentKey::SitePublic(site) | DocumentKey::Site(site) => need(
            author.may_at(Capability::SitesManage, *site),
            Capability::SitesManage,
        ),
        DocumentKey::Clients { site, owner, .. } => {
            let field = parts.last().copied().unwrap_or_default();
            client::may_write(author, *site, *owner, field).map_err(Objection::NotAllowed)
        }
        _ => Err(Objection::Malformed(UnknownField)),
    }
}

/// One manages only those whose every grant one could give; somebody new is anybody's.
fn may_manage(author: &Principal, staff: &Sheet, person: &str) -> bool {
    let known = person
        .parse::<PersonId>()
        .ok()
        .and_then(|id| staff::person(staff, id));
    match known {
        Some(known) => staff::manages(author, &known),
        None => author.may_somewhere(Capability::StaffManage),
    }
}

/// May this author write these contacts? `staff` is another document than the one that is written.
pub fn may_write_contacts(
    author: &Principal,
    staff: &Sheet,
    op: &PlainOp,
) -> Result<(), Objection> {
    let person = op.key.split('/').nth(1).unwrap_or_default();
    if author.is_relay() || may_manage(author, staff, person) {
        Ok(())
    } else {
        Err(Objection::NotAllowed(Capability::StaffManage))
    }
}
