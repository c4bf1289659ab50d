//! The catalog.

use crdt_model::ids::PackageId;
use crdt_model::package::{Package, PackageDetails};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackagesView {
    pub packages: Vec<Package>,
    /// The four first ones, offered while there are none.
    pub offered: Vec<PackageDetails>,
}

/// How much one package is used, as far as this device sees sales.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackageUse {
    pub package: PackageId,
    /// Vouchers sold.
    pub sold: u32,
    /// Clients who bought it.
    pub clients: u32,
}
