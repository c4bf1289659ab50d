//! Sites: where WiFi is sold.

use serde::{Deserialize, Serialize};

use crate::document::{Container, DocumentKey, Put, Scalar};
use crate::ids::SiteId;
use crate::sheets::Sheets;

/// What everyone granted on the site knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    pub id: SiteId,
    pub name: String,
    pub place: Option<String>,
}

pub fn site(sheets: &Sheets, id: SiteId) -> Option<Site> {
    let sheet = sheets.get(&DocumentKey::SitePublic(id));
    Some(Site {
        id,
        name: sheet.text("site/name")?.to_string(),
        place: sheet.text("site/place").map(Into::into),
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

fn put(field: &str, value: impl Into<Scalar>) -> Put {
    Put {
        container: Container::Records,
        key: format!("site/{field}"),
        value: value.into(),
    }
}
