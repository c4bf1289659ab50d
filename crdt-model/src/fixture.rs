//! What belongs to a site: routers, access points, and the areas it serves. No secrets: how to sign in to a router
//! is the server's alone and is never in a document.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::document::{Container, Put, Scalar, Sheet};
use crate::ids::{AccessPointId, AreaId, RouterId};
use crate::site::TEXT_LENGTH_MAX;
use crate::staff::NOTE_LENGTH_MAX;

/// Which of them; as text, the beginning of its keys (`router/<id>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FixtureId {
    Router(RouterId),
    AccessPoint(AccessPointId),
    Area(AreaId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FixtureKind {
    Router,
    AccessPoint,
    Area,
}

impl FixtureKind {
    pub const ALL: [Self; 3] = [Self::Router, Self::AccessPoint, Self::Area];

    /// As it begins a key.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::AccessPoint => "ap",
            Self::Area => "area",
        }
    }

    /// The optional texts that this kind has.
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Router => &["model", "address", "serial", "note"],
            Self::AccessPoint => &["model", "place", "note"],
            Self::Area => &["note"],
        }
    }

    pub const fn with_id(self, id: [u8; 16]) -> FixtureId {
        match self {
            Self::Router => FixtureId::Router(RouterId::from_bytes(id)),
            Self::AccessPoint => FixtureId::AccessPoint(AccessPointId::from_bytes(id)),
            Self::Area => FixtureId::Area(AreaId::from_bytes(id)),
        }
    }
}

impl FixtureId {
    /// From the beginning of a key: `router/<id>`.
    pub fn from_prefix(text: &str) -> Option<Self> {
        let (noun, id) = text.split_once('/')?;
        let kind = FixtureKind::ALL
            .into_iter()
            .find(|kind| kind.noun() == noun)?;
        Some(kind.with_id(crate::ids::from_text(id).ok()?))
    }

    pub const fn kind(self) -> FixtureKind {
        match self {
            Self::Router(_) => FixtureKind::Router,
            Self::AccessPoint(_) => FixtureKind::AccessPoint,
            Self::Area(_) => FixtureKind::Area,
        }
    }
}

impl fmt::Display for FixtureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = self.kind().noun();
        match self {
            Self::Router(id) => write!(f, "{noun}/{id}"),
            Self::AccessPoint(id) => write!(f, "{noun}/{id}"),
            Self::Area(id) => write!(f, "{noun}/{id}"),
        }
    }
}

/// What a person enters. Texts that the kind does not have are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixtureDetails {
    pub name: String,
    pub model: Option<String>,
    /// Host name or IP address.
    pub address: Option<String>,
    pub serial: Option<String>,
    pub place: Option<String>,
    pub note: Option<String>,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum FixtureError {
    #[error("it needs a name of 1 to {TEXT_LENGTH_MAX} characters")]
    Name,
    #[error("model, address, serial and place have at most {TEXT_LENGTH_MAX} characters")]
    Text,
    #[error("a note has at most {NOTE_LENGTH_MAX} characters")]
    Note,
    #[error("a site has at most {FIXTURES_PER_SITE_MAX} of them")]
    TooMany,
}

/// Of each kind, at one site.
pub const FIXTURES_PER_SITE_MAX: usize = 500;

impl FixtureDetails {
    pub fn check(&self) -> Result<(), FixtureError> {
        if !(1..=TEXT_LENGTH_MAX).contains(&self.name.trim().chars().count()) {
            return Err(FixtureError::Name);
        }
        let texts = [&self.model, &self.address, &self.serial, &self.place];
        let is_long = |text: &String, max: usize| text.trim().chars().count() > max;
        if texts
            .into_iter()
            .flatten()
            .any(|text| is_long(text, TEXT_LENGTH_MAX))
        {
            return Err(FixtureError::Text);
        }
        if self
            .note
            .as_ref()
            .is_some_and(|note| is_long(note, NOTE_LENGTH_MAX))
        {
            return Err(FixtureError::Note);
        }
        Ok(())
    }

    pub fn puts(&self, id: FixtureId) -> Vec<Put> {
        let mut puts = vec![put(id, "name", self.name.trim())];
        puts.extend(
            id.kind()
                .fields()
                .iter()
                .map(|field| put(id, field, self.text(field).map(|text| text.trim()))),
        );
        puts
    }

    fn text(&self, field: &str) -> Option<&String> {
        match field {
            "model" => self.model.as_ref(),
            "address" => self.address.as_ref(),
            "serial" => self.serial.as_ref(),
            "place" => self.place.as_ref(),
            "note" => self.note.as_ref(),
            _ => None,
        }
    }
}

/// As it stands in the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fixture {
    pub id: FixtureId,
    pub details: FixtureDetails,
    pub active: bool,
}

/// Reads one from the `site` document.
pub fn fixture(office: &Sheet, id: FixtureId) -> Option<Fixture> {
    let text = |field: &str| office.text(&format!("{id}/{field}")).map(Into::into);
    Some(Fixture {
        id,
        details: FixtureDetails {
            name: text("name")?,
            model: text("model"),
            address: text("address"),
            serial: text("serial"),
            place: text("place"),
            note: text("note"),
        },
        active: office.bool(&format!("{id}/active")).unwrap_or(true),
    })
}

/// Everything of one kind at a site; what is in use first, then by name.
pub fn fixtures(office: &Sheet, kind: FixtureKind) -> Vec<Fixture> {
    let mut found: Vec<Fixture> = office
        .ids(kind.noun())
        .filter_map(|id| crate::ids::from_text(id).ok())
        .filter_map(|id| fixture(office, kind.with_id(id)))
        .collect();
    found.sort_by(|one, two| {
        (!one.active, &one.details.name, one.id).cmp(&(!two.active, &two.details.name, two.id))
    });
    found
}

pub fn set_active(id: FixtureId, active: bool) -> Vec<Put> {
    vec![put(id, "active", active)]
}

fn put(id: FixtureId, field: &str, value: impl Into<Scalar>) -> Put {
    Put {
        container: Container::Records,
        key: format!("{id}/{field}"),
        value: value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_fields() {
        let details = FixtureDetails {
            name: "Tower".into(),
            model: Some("hAP ax2".into()),
            address: Some("10.5.50.1".into()),
            serial: Some("HG10".into()),
            place: Some("Roof".into()),
            note: None,
        };
        for kind in FixtureKind::ALL {
            let id = kind.with_id([7; 16]);
            let puts = details.puts(id);
            assert_eq!(puts.len(), 1 + kind.fields().len());
            let mut document = crate::document::Document::new();
            let actor = crate::document::Actor::from_bytes([1; 16]);
            document.write(actor, 0, &puts);
            let sheet = document.sheet();
            let found = fixtures(&sheet, kind);
            assert_eq!((found.len(), found[0].active), (1, true));
            assert_eq!(
                found[0].details.serial.is_some(),
                kind == FixtureKind::Router
            );
            assert_eq!(
                found[0].details.place.is_some(),
                kind == FixtureKind::AccessPoint
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let named = |name: &str| FixtureDetails {
            name: name.into(),
            ..FixtureDetails::default()
        };
        assert_eq!(named("R1").check(), Ok(()));
        assert_eq!(named(" ").check(), Err(FixtureError::Name));
        let long = FixtureDetails {
            serial: Some("a".repeat(121)),
            ..named("R1")
        };
        assert_eq!(long.check(), Err(FixtureError::Text));
        let note = FixtureDetails {
            note: Some("a".repeat(501)),
            ..named("R1")
        };
        assert_eq!(note.check(), Err(FixtureError::Note));
    }
}
