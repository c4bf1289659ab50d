//! Packages.

use super::{Executed, Execution, records};
use crate::capability::Capability;
use crate::document::DocumentKey;
use crate::ids::PackageId;
use crate::package::{self, PackageDetails};

impl Execution<'_> {
    pub(super) fn put_package(&self, package: PackageId, details: &PackageDetails) -> Executed {
        self.may(Capability::PackagesManage)?;
        details.check()?;
        Ok(vec![records(DocumentKey::Catalog, details.puts(package))])
    }

    pub(super) fn set_package_active(&self, package: PackageId, active: bool) -> Executed {
        self.may(Capability::PackagesManage)?;
        let puts = package::set_active(package, active);
        Ok(vec![records(DocumentKey::Catalog, puts)])
    }
}
