//! The catalog.

use crdt_model::package::{Package, PackageDetails};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackagesView {
    pub packages: Vec<Package>,
    /// The four first ones, offered while there are none.
    pub offered: Vec<PackageDetails>,
}
