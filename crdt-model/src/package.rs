//! Packages: what is sold. A package's price is what new batches start from; a voucher's price is fixed in its block.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::{Container, Put, Scalar, Sheet};
use crate::ids::PackageId;
use crate::money::{Currency, Money};

/// A unit of validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
}

impl Unit {
    pub const ALL: [Self; 5] = [Self::Minute, Self::Hour, Self::Day, Self::Week, Self::Month];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Minute => "MINUTE",
            Self::Hour => "HOUR",
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.code() == code)
    }
}

/// Calendar time from the first login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Validity {
    pub count: u32,
    pub unit: Unit,
}

/// What a person enters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageDetails {
    pub name: String,
    pub price: Money,
    pub validity: Validity,
    /// Time online, in seconds.
    #[serde(default)]
    pub uptime_limit_seconds: Option<u64>,
    /// Volume, in bytes.
    #[serde(default)]
    pub quota_bytes: Option<u64>,
    /// Days in which an unused voucher must be used first.
    #[serde(default)]
    pub use_within_days: Option<u32>,
}

/// A package of the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    pub id: PackageId,
    pub details: PackageDetails,
    pub active: bool,
    /// Somebody else wrote another price, name or validity at the same time.
    pub contested: bool,
}

/// What is wrong with the details of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PackageError {
    #[error("a package needs a name of 1 to 60 characters")]
    Name,
    #[error("the price is out of range")]
    Price,
    #[error("the validity is at least 1 and at most 1,000 units")]
    Validity,
}

impl PackageDetails {
    pub fn check(&self) -> Result<(), PackageError> {
        if !(1..=60).contains(&self.name.trim().chars().count()) {
            return Err(PackageError::Name);
        }
        self.price.check_amount().map_err(|_| PackageError::Price)?;
        if !(1..=1000).contains(&self.validity.count) {
            return Err(PackageError::Validity);
        }
        Ok(())
    }

    pub fn puts(&self, id: PackageId) -> Vec<Put> {
        let number =
            |value: Option<u64>| Scalar::from(value.and_then(|value| i64::try_from(value).ok()));
        vec![
            put(id, "name", self.name.trim()),
            put(id, "price", self.price.minor()),
            put(id, "validity_count", i64::from(self.validity.count)),
            put(id, "validity_unit", self.validity.unit.code()),
            put(
                id,
                "uptime_limit_seconds",
                number(self.uptime_limit_seconds),
            ),
            put(id, "quota_bytes", number(self.quota_bytes)),
            put(id, "use_within_days", self.use_within_days.map(i64::from)),
        ]
    }
}

pub fn set_active(id: PackageId, active: bool) -> Vec<Put> {
    vec![put(id, "active", active)]
}

/// The packages offered when an organisation has none.
pub fn first_packages(currency: Currency) -> [PackageDetails; 4] {
    let package = |name: &str, price: i64, count: u32, unit: Unit| PackageDetails {
        name: name.into(),
        price: currency.major(price),
        validity: Validity { count, unit },
        uptime_limit_seconds: None,
        quota_bytes: None,
        use_within_days: Some(90),
    };
    [
        package("1 Week", 5_000, 1, Unit::Week),
        package("2 Weeks", 9_000, 2, Unit::Week),
        package("1 Month", 15_000, 1, Unit::Month),
        package("3 Months", 40_000, 3, Unit::Month),
    ]
}

pub fn package(catalog: &Sheet, id: PackageId) -> Option<Package> {
    let key = |field: &str| format!("package/{id}/{field}");
    let positive = |field: &str| {
        catalog
            .int(&key(field))
            .and_then(|value| u64::try_from(value).ok())
    };
    let contested = ["name", "price", "validity_count", "validity_unit"]
        .iter()
        .any(|field| {
            catalog
                .records
                .get(&key(field))
                .is_some_and(|field| !field.others.is_empty())
        });
    Some(Package {
        id,
        details: PackageDetails {
            name: catalog.text(&key("name"))?.to_string(),
            price: Money::from_minor(catalog.int(&key("price"))?),
            validity: Validity {
                count: u32::try_from(catalog.int(&key("validity_count"))?).ok()?,
                unit: Unit::from_code(catalog.text(&key("validity_unit"))?)?,
            },
            uptime_limit_seconds: positive("uptime_limit_seconds"),
            quota_bytes: positive("quota_bytes"),
            use_within_days: positive("use_within_days").and_then(|days| u32::try_from(days).ok()),
        },
        active: catalog.bool(&key("active")).unwrap_or(true),
        contested,
    })
}

pub fn packages(catalog: &Sheet) -> BTreeMap<PackageId, Package> {
    catalog
        .ids("package")
        .filter_map(|id| id.parse().ok())
        .filter_map(|id| Some((id, package(catalog, id)?)))
        .collect()
}

fn put(id: PackageId, field: &str, value: impl Into<Scalar>) -> Put {
    Put {
        container: Container::Records,
        key: format!("package/{id}/{field}"),
        value: value.into(),
    }
}
