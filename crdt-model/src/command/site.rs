//! Sites, and what belongs to them.

use super::{Executed, Execution, PLACE_LENGTH_MAX, Refusal, check_name, records};
use crate::capability::Capability;
use crate::contested::changed;
use crate::document::DocumentKey;
use crate::fixture::{self, FIXTURES_PER_SITE_MAX, FixtureDetails, FixtureError, FixtureId};
use crate::ids::SiteId;
use crate::site::{self, SiteDetails};

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
            site::puts(name, place),
        )])
    }

    pub(super) fn edit_site(&self, site: SiteId, from: &SiteDetails, to: &SiteDetails) -> Executed {
        self.may_at(Capability::SitesManage, site)?;
        self.known_site(site)?;
        to.check()?;
        let writes = [
            (
                DocumentKey::SitePublic(site),
                changed(&from.public_puts(), to.public_puts()),
            ),
            (
                DocumentKey::Site(site),
                changed(&from.office_puts(), to.office_puts()),
            ),
        ];
        Ok(writes
            .into_iter()
            .filter(|(_, puts)| !puts.is_empty())
            .map(|(document, puts)| records(document, puts))
            .collect())
    }

    pub(super) fn set_site_active(&self, site: SiteId, active: bool) -> Executed {
        self.may_at(Capability::SitesManage, site)?;
        self.known_site(site)?;
        let puts = site::set_active(active);
        Ok(vec![records(DocumentKey::SitePublic(site), puts)])
    }

    pub(super) fn put_fixture(
        &self,
        site: SiteId,
        id: FixtureId,
        from: Option<&FixtureDetails>,
        to: &FixtureDetails,
    ) -> Executed {
        self.may_at(Capability::SitesManage, site)?;
        to.check()?;
        let office = self.sheets.get(&DocumentKey::Site(site));
        if from.is_none() && office.ids(id.kind().noun()).count() >= FIXTURES_PER_SITE_MAX {
            return Err(FixtureError::TooMany.into());
        }
        let before = from.map(|from| from.puts(id)).unwrap_or_default();
        let puts = changed(&before, to.puts(id));
        Ok(vec![records(DocumentKey::Site(site), puts)])
    }

    pub(super) fn set_fixture_active(&self, site: SiteId, id: FixtureId, active: bool) -> Executed {
        self.may_at(Capability::SitesManage, site)?;
        let puts = fixture::set_active(id, active);
        Ok(vec![records(DocumentKey::Site(site), puts)])
    }

    fn known_site(&self, site: SiteId) -> Result<(), Refusal> {
        site::site(self.sheets, site)
            .map(drop)
            .ok_or(Refusal::NoSuchSite)
    }
}
