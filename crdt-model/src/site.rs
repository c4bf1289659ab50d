//! Sites: where WiFi is sold. What everyone there knows is in `site-public`, what the office keeps in `site`.

use serde::{Deserialize, Serialize};

use crate::document::{Container, DocumentKey, Put, Scalar, Sheet};
use crate::ids::SiteId;
use crate::phone::Phone;
use crate::sheets::Sheets;
use crate::staff::NOTE_LENGTH_MAX;

/// What everyone granted on the site knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    pub id: SiteId,
    pub name: String,
    pub place: Option<String>,
    pub zone: Option<String>,
    /// Who answers there.
    pub contact: Option<String>,
    pub phone: Option<Phone>,
    /// An inactive site takes no new sales.
    pub active: bool,
}

/// Where on earth, in units of 1e-7 degrees: a centimetre, in integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub latitude: i64,
    pub longitude: i64,
}

pub const LATITUDE_MAX: i64 = 900_000_000;
pub const LONGITUDE_MAX: i64 = 1_800_000_000;

/// What a person enters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteDetails {
    pub name: String,
    pub place: Option<String>,
    pub zone: Option<String>,
    pub contact: Option<String>,
    pub phone: Option<Phone>,
    pub position: Option<Position>,
    pub notes: Option<String>,
}

/// What is wrong with the details of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum SiteError {
    #[error("a site needs a name of 1 to {TEXT_LENGTH_MAX} characters")]
    Name,
    #[error("place, zone and contact have at most {TEXT_LENGTH_MAX} characters")]
    Text,
    #[error("notes have at most {NOTE_LENGTH_MAX} characters")]
    Notes,
    #[error("a latitude lies within 90 degrees, a longitude within 180")]
    Position,
}

/// Characters of the short texts of a site and of what stands there.
pub const TEXT_LENGTH_MAX: usize = 120;

impl SiteDetails {
    pub fn check(&self) -> Result<(), SiteError> {
        if !(1..=TEXT_LENGTH_MAX).contains(&self.name.trim().chars().count()) {
            return Err(SiteError::Name);
        }
        let is_long = |text: &&String| text.trim().chars().count() > TEXT_LENGTH_MAX;
        let texts = [&self.place, &self.zone, &self.contact];
        if texts.into_iter().flatten().any(|text| is_long(&text)) {
            return Err(SiteError::Text);
        }
        if self
            .notes
            .as_ref()
            .is_some_and(|notes| notes.trim().chars().count() > NOTE_LENGTH_MAX)
        {
            return Err(SiteError::Notes);
        }
        if !self.position.is_none_or(Position::is_possible) {
            return Err(SiteError::Position);
        }
        Ok(())
    }

    /// What everyone there knows.
    pub fn public_puts(&self) -> Vec<Put> {
        let mut puts = puts(&self.name, self.place.as_deref());
        puts.extend([
            put("zone", trimmed(self.zone.as_ref())),
            put("contact", trimmed(self.contact.as_ref())),
            put("phone", self.phone.as_ref().map(Phone::as_str)),
        ]);
        puts
    }

    /// What the office keeps.
    pub fn office_puts(&self) -> Vec<Put> {
        vec![
            put("latitude", self.position.map(|position| position.latitude)),
            put(
                "longitude",
                self.position.map(|position| position.longitude),
            ),
            put("notes", trimmed(self.notes.as_ref())),
        ]
    }
}

impl Position {
    pub fn is_possible(self) -> bool {
        self.latitude.abs() <= LATITUDE_MAX && self.longitude.abs() <= LONGITUDE_MAX
    }

    /// `-6.7692`, as maps and people write it.
    pub fn parse(latitude: &str, longitude: &str) -> Option<Self> {
        let position = Self {
            latitude: degrees(latitude)?,
            longitude: degrees(longitude)?,
        };
        position.is_possible().then_some(position)
    }

    pub fn latitude_text(self) -> String {
        degrees_text(self.latitude)
    }

    pub fn longitude_text(self) -> String {
        degrees_text(self.longitude)
    }
}

/// Decimal degrees with up to seven digits after the point (or comma), more are cut off.
fn degrees(text: &str) -> Option<i64> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, part) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || !is_number(whole) || !is_number(part) {
        return None;
    }
    let part: String = part.chars().chain("0000000".chars()).take(7).collect();
    let (whole, part): (i64, i64) = (whole.parse().ok()?, part.parse().ok()?);
    Some(sign * (whole * 10_000_000 + part))
}

fn degrees_text(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let (whole, part) = (
        value.unsigned_abs() / 10_000_000,
        value.unsigned_abs() % 10_000_000,
    );
    let text = format!("{sign}{whole}.{part:07}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// Reads a site from its public document.
pub fn of_sheet(public: &Sheet, id: SiteId) -> Option<Site> {
    let text = |field: &str| public.text(field).map(ToString::to_string);
    Some(Site {
        id,
        name: text("site/name")?,
        place: text("site/place"),
        zone: text("site/zone"),
        contact: text("site/contact"),
        phone: public
            .text("site/phone")
            .and_then(|phone| Phone::from_e164(phone).ok()),
        active: is_active(public),
    })
}

/// Missing: active.
pub fn is_active(public: &Sheet) -> bool {
    public.bool("site/active").unwrap_or(true)
}

/// What the office keeps of a site beside what everyone knows.
pub fn position(office: &Sheet) -> Option<Position> {
    let position = Position {
        latitude: office.int("site/latitude")?,
        longitude: office.int("site/longitude")?,
    };
    position.is_possible().then_some(position)
}

pub fn site(sheets: &Sheets, id: SiteId) -> Option<Site> {
    of_sheet(sheets.get(&DocumentKey::SitePublic(id)), id)
}

/// Both documents of a site, as a form shows them.
pub fn details(sheets: &Sheets, id: SiteId) -> Option<SiteDetails> {
    let site = site(sheets, id)?;
    let office = sheets.get(&DocumentKey::Site(id));
    Some(SiteDetails {
        name: site.name,
        place: site.place,
        zone: site.zone,
        contact: site.contact,
        phone: site.phone,
        position: position(office),
        notes: office.text("site/notes").map(Into::into),
    })
}

pub fn sites(sheets: &Sheets) -> Vec<Site> {
    let mut sites: Vec<Site> = sheets.sites().filter_map(|id| site(sheets, id)).collect();
    sites.sort_by(|one, two| (&one.name, one.id).cmp(&(&two.name, two.id)));
    sites
}

pub fn puts(name: &str, place: Option<&str>) -> Vec<Put> {
    vec![put("name", name.trim()), put("place", place.map(str::trim))]
}

pub fn set_active(active: bool) -> Vec<Put> {
    vec![put("active", active)]
}

fn trimmed(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim())
}

fn put(field: &str, value: impl Into<Scalar>) -> Put {
    Put {
        container: Container::Records,
        key: format!("site/{field}"),
        value: value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_are_read_as_people_write_them() {
        let position = Position::parse("-6.7692", "39,24").unwrap();
        assert_eq!(
            position,
            Position {
                latitude: -67_692_000,
                longitude: 392_400_000
            }
        );
        assert_eq!(position.latitude_text(), "-6.7692");
        assert_eq!(position.longitude_text(), "39.24");
        // Smaller than one degree south: the sign is not lost.
        let near = Position::parse("-0.0000001", "0").unwrap();
        assert_eq!(near.latitude, -1);
        assert_eq!(near.latitude_text(), "-0.0000001");
        assert_eq!(near.longitude_text(), "0");
        for (latitude, longitude) in [
            ("", "1"),
            ("1", "x"),
            ("90.1", "0"),
            ("0", "180.0000001"),
            ("1e3", "0"),
            ("--1", "0"),
            ("9999", "0"),
        ] {
            assert_eq!(Position::parse(latitude, longitude), None, "{latitude}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_site_is_said() {
        let good = SiteDetails {
            name: "Mwenge".into(),
            ..SiteDetails::default()
        };
        assert_eq!(good.check(), Ok(()));
        let long = Some("a".repeat(121));
        let cases = [
            (
                SiteDetails {
                    name: " ".into(),
                    ..good.clone()
                },
                SiteError::Name,
            ),
            (
                SiteDetails {
                    zone: long.clone(),
                    ..good.clone()
                },
                SiteError::Text,
            ),
            (
                SiteDetails {
                    contact: long,
                    ..good.clone()
                },
                SiteError::Text,
            ),
            (
                SiteDetails {
                    notes: Some("a".repeat(501)),
                    ..good.clone()
                },
                SiteError::Notes,
            ),
            (
                SiteDetails {
                    position: Some(Position {
                        latitude: LATITUDE_MAX + 1,
                        longitude: 0,
                    }),
                    ..good
                },
                SiteError::Position,
            ),
        ];
        for (details, error) in cases {
            assert_eq!(details.check(), Err(error));
        }
    }
}
