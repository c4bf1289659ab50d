//! Packages.

use super::{Executed, Execution, Refusal, records};
use crate::capability::Capability;
use crate::document::DocumentKey;
use crate::ids::PackageId;
use crate::package::{self, PackageDetails, PackageEdit};

impl Execution<'_> {
    pub(super) fn put_package(&self, package: PackageId, details: &PackageDetails) -> Executed {
        self.may(Capability::PackagesManage)?;
        details.check()?;
        Ok(vec![records(DocumentKey::Catalog, details.puts(package))])
    }

    /// From a device that had not learnt to name the changed fields: those that differ from what is here.
    pub(super) fn edit_package(&self, package: PackageId, details: &PackageDetails) -> Executed {
        match package::package(self.sheets.get(&DocumentKey::Catalog), package) {
            Some(known) => self.change_package(package, &details.edits_from(&known.details)),
            None => self.put_package(package, details),
        }
    }

    pub(super) fn change_package(&self, package: PackageId, edits: &[PackageEdit]) -> Executed {
        self.may(Capability::PackagesManage)?;
        if package::package(self.sheets.get(&DocumentKey::Catalog), package).is_none() {
            return Err(Refusal::NoSuchPackage);
        }
        edits.iter().try_for_each(PackageEdit::check)?;
        let puts = edits.iter().map(|edit| edit.put(package)).collect();
        Ok(vec![records(DocumentKey::Catalog, puts)])
    }

    pub(super) fn set_package_active(&self, package: PackageId, active: bool) -> Executed {
        self.may(Capability::PackagesManage)?;
        let puts = package::set_active(package, active);
        Ok(vec![records(DocumentKey::Catalog, puts)])
    }
}
