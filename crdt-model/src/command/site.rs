//! Sites.

use super::{Executed, Execution, PLACE_LENGTH_MAX, Refusal, check_name, records};
use crate::capability::Capability;
use crate::document::DocumentKey;
use crate::ids::SiteId;

impl Execution<'_> {
    pub(super) fn add_site(&self, site: SiteId, name: &str, place: Option<&str>) -> Executed {
        self.may(Capability::SitesManage)?;
        check_name(name)?;
        if place.is_some_and(|place| place.trim().chars().count() > PLACE_LENGTH_MAX) {
            return Err(Refusal::Place {
                max: PLACE_LENGTH_MAX,
            });
        }
        Ok(vec![records(
            DocumentKey::SitePublic(site),
            crate::site::puts(name, place),
        )])
    }
}
