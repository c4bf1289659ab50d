//! Packages: what is sold. A package's price is what new batches start from; a voucher's price is fixed in its block.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contested::{Contested, contested};
use crate::document::{DocumentKey, Put, Scalar, Sheet, record};
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

/// The most units a validity has.
pub const VALIDITY_COUNT_MAX: u32 = 1_000;

/// Calendar time from the first login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Validity {
    pub count: u32,
    pub unit: Unit,
}

/// How a client is connected.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Connection {
    /// Through a log-in page, with a voucher.
    #[default]
    Hotspot,
    /// A line of their own, with user name and password in the client's router.
    Pppoe,
}

impl Connection {
    pub const ALL: [Self; 2] = [Self::Hotspot, Self::Pppoe];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Hotspot => "HOTSPOT",
            Self::Pppoe => "PPPOE",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// The longest description of a package.
pub const DESCRIPTION_LENGTH_MAX: usize = 500;
/// 100 Gbit/s.
pub const KBPS_MAX: u32 = 100_000_000;
/// Devices that use one voucher at once.
pub const SHARED_USERS_MAX: u32 = 1_000;
pub const LOW_STOCK_MAX: u32 = 100_000;
/// Fewer than so many left is little, where a package does not say otherwise.
pub const LOW_STOCK: u32 = 10;

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
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub download_kbps: Option<u32>,
    #[serde(default)]
    pub upload_kbps: Option<u32>,
    /// Devices at once; `None`: as the router says.
    #[serde(default)]
    pub shared_users: Option<u32>,
    #[serde(default)]
    pub kind: Connection,
    /// Stock of fewer is little; `None`: [`LOW_STOCK`].
    #[serde(default)]
    pub low_stock: Option<u32>,
}

/// One field of a package, as somebody writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PackageEdit {
    Name(String),
    Price(Money),
    ValidityCount(u32),
    ValidityUnit(Unit),
    UptimeLimit(Option<u64>),
    Quota(Option<u64>),
    UseWithin(Option<u32>),
    Description(Option<String>),
    Download(Option<u32>),
    Upload(Option<u32>),
    SharedUsers(Option<u32>),
    Kind(Connection),
    LowStock(Option<u32>),
}

/// A package of the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    pub id: PackageId,
    pub details: PackageDetails,
    pub active: bool,
    /// The fields that somebody else wrote at the same time.
    pub contested: Vec<Contested>,
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
    #[error("a limit is a count")]
    Limit,
    #[error("a description has at most {DESCRIPTION_LENGTH_MAX} characters")]
    Description,
    #[error("a speed is 1 to {KBPS_MAX} kbit/s")]
    Speed,
    #[error("1 to {SHARED_USERS_MAX} devices use a voucher at once")]
    SharedUsers,
    #[error("little stock is at most {LOW_STOCK_MAX} vouchers")]
    LowStock,
}

impl PackageEdit {
    /// The field's name in its record.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Name(_) => "name",
            Self::Price(_) => "price",
            Self::ValidityCount(_) => "validity_count",
            Self::ValidityUnit(_) => "validity_unit",
            Self::UptimeLimit(_) => "uptime_limit_seconds",
            Self::Quota(_) => "quota_bytes",
            Self::UseWithin(_) => "use_within_days",
            Self::Description(_) => "description",
            Self::Download(_) => "download_kbps",
            Self::Upload(_) => "upload_kbps",
            Self::SharedUsers(_) => "shared_users",
            Self::Kind(_) => "kind",
            Self::LowStock(_) => "low_stock",
        }
    }

    fn value(&self) -> Scalar {
        let large =
            |value: &Option<u64>| Scalar::from(value.and_then(|value| i64::try_from(value).ok()));
        match self {
            Self::Name(name) => name.trim().into(),
            Self::Price(price) => price.minor().into(),
            Self::ValidityCount(count) => i64::from(*count).into(),
            Self::ValidityUnit(unit) => unit.code().into(),
            Self::UptimeLimit(limit) | Self::Quota(limit) => large(limit),
            Self::UseWithin(count)
            | Self::Download(count)
            | Self::Upload(count)
            | Self::SharedUsers(count)
            | Self::LowStock(count) => count.map(i64::from).into(),
            Self::Description(text) => text.as_deref().map(str::trim).into(),
            Self::Kind(kind) => kind.code().into(),
        }
    }

    /// What a record's field says; `None`: nothing that this version understands.
    pub fn read(field: &str, value: &Scalar) -> Option<Self> {
        Some(match field {
            "name" => Self::Name(value.as_text()?.into()),
            "price" => Self::Price(Money::from_minor(value.as_int()?)),
            "validity_count" => Self::ValidityCount(count(value)??),
            "validity_unit" => Self::ValidityUnit(Unit::from_code(value.as_text()?)?),
            "uptime_limit_seconds" => Self::UptimeLimit(large(value)?),
            "quota_bytes" => Self::Quota(large(value)?),
            "use_within_days" => Self::UseWithin(count(value)?),
            "description" => Self::Description(match value {
                Scalar::Null => None,
                value => Some(value.as_text()?.into()),
            }),
            "download_kbps" => Self::Download(count(value)?),
            "upload_kbps" => Self::Upload(count(value)?),
            "shared_users" => Self::SharedUsers(count(value)?),
            "kind" => Self::Kind(Connection::from_code(value.as_text()?)?),
            "low_stock" => Self::LowStock(count(value)?),
            _ => return None,
        })
    }

    pub fn check(&self) -> Result<(), PackageError> {
        let within = |count: &Option<u32>, min: u32, max: u32| {
            count.is_none_or(|count| (min..=max).contains(&count))
        };
        let (is_good, error) = match self {
            Self::Name(name) => (
                (1..=60).contains(&name.trim().chars().count()),
                PackageError::Name,
            ),
            Self::Price(price) => (price.check_amount().is_ok(), PackageError::Price),
            Self::ValidityCount(count) => (
                (1..=VALIDITY_COUNT_MAX).contains(count),
                PackageError::Validity,
            ),
            Self::ValidityUnit(_) | Self::Kind(_) | Self::UseWithin(_) => return Ok(()),
            Self::UptimeLimit(limit) | Self::Quota(limit) => (
                limit.is_none_or(|limit| i64::try_from(limit).is_ok()),
                PackageError::Limit,
            ),
            Self::Description(text) => (
                text.as_ref()
                    .is_none_or(|text| text.chars().count() <= DESCRIPTION_LENGTH_MAX),
                PackageError::Description,
            ),
            Self::Download(kbps) | Self::Upload(kbps) => {
                (within(kbps, 1, KBPS_MAX), PackageError::Speed)
            }
            Self::SharedUsers(users) => (
                within(users, 1, SHARED_USERS_MAX),
                PackageError::SharedUsers,
            ),
            Self::LowStock(count) => (within(count, 0, LOW_STOCK_MAX), PackageError::LowStock),
        };
        if is_good { Ok(()) } else { Err(error) }
    }

    pub fn put(&self, id: PackageId) -> Put {
        put(id, self.field(), self.value())
    }
}

fn large(value: &Scalar) -> Option<Option<u64>> {
    match value {
        Scalar::Null => Some(None),
        value => Some(Some(value.as_int()?.try_into().ok()?)),
    }
}

fn count(value: &Scalar) -> Option<Option<u32>> {
    match value {
        Scalar::Null => Some(None),
        value => Some(Some(value.as_int()?.try_into().ok()?)),
    }
}

impl PackageDetails {
    /// A package of which nothing more is said.
    pub const fn new(name: String, price: Money, validity: Validity) -> Self {
        Self {
            name,
            price,
            validity,
            uptime_limit_seconds: None,
            quota_bytes: None,
            use_within_days: None,
            description: None,
            download_kbps: None,
            upload_kbps: None,
            shared_users: None,
            kind: Connection::Hotspot,
            low_stock: None,
        }
    }

    pub fn check(&self) -> Result<(), PackageError> {
        self.edits().iter().try_for_each(PackageEdit::check)
    }

    /// Every field.
    fn edits(&self) -> Vec<PackageEdit> {
        vec![
            PackageEdit::Name(self.name.clone()),
            PackageEdit::Price(self.price),
            PackageEdit::ValidityCount(self.validity.count),
            PackageEdit::ValidityUnit(self.validity.unit),
            PackageEdit::UptimeLimit(self.uptime_limit_seconds),
            PackageEdit::Quota(self.quota_bytes),
            PackageEdit::UseWithin(self.use_within_days),
            PackageEdit::Description(self.description.clone()),
            PackageEdit::Download(self.download_kbps),
            PackageEdit::Upload(self.upload_kbps),
            PackageEdit::SharedUsers(self.shared_users),
            PackageEdit::Kind(self.kind),
            PackageEdit::LowStock(self.low_stock),
        ]
    }

    /// What has to be written to come here from `before`: the fields that differ.
    pub fn edits_from(&self, before: &Self) -> Vec<PackageEdit> {
        let before = before.edits();
        let mut edits = self.edits();
        edits.retain(|edit| !before.contains(edit));
        edits
    }

    /// The fields of a new package; those that are missing say nothing.
    pub fn puts(&self, id: PackageId) -> Vec<Put> {
        let puts = self.edits().into_iter().map(|edit| edit.put(id));
        puts.filter(|put| put.value != Scalar::Null).collect()
    }

    fn take(&mut self, edit: PackageEdit) {
        match edit {
            PackageEdit::Name(name) => self.name = name,
            PackageEdit::Price(price) => self.price = price,
            PackageEdit::ValidityCount(count) => self.validity.count = count,
            PackageEdit::ValidityUnit(unit) => self.validity.unit = unit,
            PackageEdit::UptimeLimit(limit) => self.uptime_limit_seconds = limit,
            PackageEdit::Quota(limit) => self.quota_bytes = limit,
            PackageEdit::UseWithin(days) => self.use_within_days = days,
            PackageEdit::Description(text) => self.description = text,
            PackageEdit::Download(kbps) => self.download_kbps = kbps,
            PackageEdit::Upload(kbps) => self.upload_kbps = kbps,
            PackageEdit::SharedUsers(users) => self.shared_users = users,
            PackageEdit::Kind(kind) => self.kind = kind,
            PackageEdit::LowStock(count) => self.low_stock = count,
        }
    }
}

pub fn set_active(id: PackageId, active: bool) -> Vec<Put> {
    vec![put(id, "active", active)]
}

/// The packages offered when an organisation has none, at prices of about the same worth in every currency.
pub fn first_packages(currency: Currency) -> [PackageDetails; 4] {
    let package = |name: &str, minor: i64, count: u32, unit: Unit| PackageDetails {
        use_within_days: Some(90),
        ..PackageDetails::new(
            name.into(),
            Money::from_minor(minor),
            Validity { count, unit },
        )
    };
    let [week, weeks, month, months] = match currency {
        Currency::Tzs => [500_000, 900_000, 1_500_000, 4_000_000],
        Currency::Kes => [25_000, 45_000, 75_000, 200_000],
        Currency::Ugx => [7_000, 13_000, 22_000, 60_000],
        Currency::Rwf => [3_000, 5_500, 9_000, 24_000],
        Currency::Usd => [200, 350, 600, 1_600],
    };
    [
        package("1 Week", week, 1, Unit::Week),
        package("2 Weeks", weeks, 2, Unit::Week),
        package("1 Month", month, 1, Unit::Month),
        package("3 Months", months, 3, Unit::Month),
    ]
}

pub fn package(catalog: &Sheet, id: PackageId) -> Option<Package> {
    let key = |field: &str| format!("package/{id}/{field}");
    let validity = Validity {
        count: u32::try_from(catalog.int(&key("validity_count"))?).ok()?,
        unit: Unit::from_code(catalog.text(&key("validity_unit"))?)?,
    };
    let mut package = Package {
        id,
        details: PackageDetails::new(
            catalog.text(&key("name"))?.to_string(),
            Money::from_minor(catalog.int(&key("price"))?),
            validity,
        ),
        active: catalog.bool(&key("active")).unwrap_or(true),
        contested: contested(catalog, DocumentKey::Catalog, &key("")),
    };
    for (name, field) in catalog.fields("package", &id.to_string()) {
        if let Some(edit) = PackageEdit::read(name, &field.value) {
            package.details.take(edit);
        }
    }
    Some(package)
}

pub fn packages(catalog: &Sheet) -> BTreeMap<PackageId, Package> {
    catalog
        .ids("package")
        .filter_map(|id| id.parse().ok())
        .filter_map(|id| Some((id, package(catalog, id)?)))
        .collect()
}

fn put(id: PackageId, field: &str, value: impl Into<Scalar>) -> Put {
    record(format!("package/{id}/{field}"), value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Actor, Document};

    const ID: PackageId = PackageId::from_bytes([1; 16]);

    #[test]
    fn first_prices_are_of_one_worth_and_can_be_paid_in_cash() {
        // Roughly what a dollar is, in major units.
        let dollar = |currency| match currency {
            Currency::Tzs => 2_500,
            Currency::Kes => 130,
            Currency::Ugx => 3_600,
            Currency::Rwf => 1_450,
            Currency::Usd => 1,
        };
        for currency in Currency::ALL {
            let prices = first_packages(currency).map(|details| details.price.minor());
            for (price, cents) in prices.iter().zip([200, 350, 600, 1_600]) {
                assert_eq!(price % currency.cash_step_minor(), 0, "{currency:?}");
                let aim = currency.major(dollar(currency)).minor() * cents / 100;
                let is_near = (aim * 4 / 5..=aim * 6 / 5).contains(price);
                assert!(is_near, "{currency:?}: {price} for {aim}");
            }
        }
    }
    const HERE: Actor = Actor::from_bytes([1; 16]);
    const THERE: Actor = Actor::from_bytes([2; 16]);

    fn details() -> PackageDetails {
        PackageDetails {
            uptime_limit_seconds: Some(86_400),
            quota_bytes: Some(5_000_000_000),
            description: Some("For phones".into()),
            download_kbps: Some(5_000),
            upload_kbps: Some(1_000),
            shared_users: Some(2),
            kind: Connection::Pppoe,
            low_stock: Some(0),
            ..first_packages(Currency::Tzs)[0].clone()
        }
    }

    #[test]
    fn a_record_says_what_was_entered() {
        let mut document = Document::new();
        document.write(HERE, 0, &details().puts(ID)).unwrap();
        let read = package(&document.sheet(), ID).unwrap();
        assert_eq!(read.details, details());
        assert_eq!((read.active, read.contested), (true, Vec::new()));
    }

    #[test]
    fn a_package_of_an_older_version_has_no_more_limits() {
        let mut document = Document::new();
        let first = &first_packages(Currency::Tzs)[0];
        let puts: Vec<Put> = first
            .puts(ID)
            .into_iter()
            .filter(|put| !put.key.ends_with("/kind"))
            .collect();
        document.write(HERE, 0, &puts).unwrap();
        assert_eq!(&package(&document.sheet(), ID).unwrap().details, first);
    }

    #[test]
    fn only_what_differs_is_written_so_that_two_editors_keep_both() {
        let mut here = Document::new();
        here.write(HERE, 0, &details().puts(ID)).unwrap();
        let mut there = here.clone();
        let dearer = PackageDetails {
            price: Money::from_minor(700_000),
            quota_bytes: None,
            ..details()
        };
        let faster = PackageDetails {
            download_kbps: Some(10_000),
            price: Money::from_minor(600_000),
            ..details()
        };
        let puts = |edits: Vec<PackageEdit>| edits.iter().map(|edit| edit.put(ID)).collect();
        let edits: Vec<Put> = puts(dearer.edits_from(&details()));
        assert_eq!(edits.len(), 2);
        here.write(HERE, 1, &edits).unwrap();
        let edits: Vec<Put> = puts(faster.edits_from(&details()));
        there.write(THERE, 1, &edits).unwrap();
        here.apply(there.changes()).unwrap();
        there.apply(here.changes()).unwrap();

        let read = package(&here.sheet(), ID).unwrap();
        assert_eq!(package(&there.sheet(), ID).unwrap(), read);
        assert_eq!(read.details.quota_bytes, None);
        assert_eq!(read.details.download_kbps, Some(10_000));
        let prices: Vec<&str> = read.contested.iter().map(Contested::field).collect();
        assert_eq!(prices, ["price"]);
    }

    #[test]
    fn every_limit_of_a_field_is_checked() {
        for (edit, error) in [
            (PackageEdit::Name(" ".into()), PackageError::Name),
            (
                PackageEdit::Price(Money::from_minor(-1)),
                PackageError::Price,
            ),
            (PackageEdit::ValidityCount(0), PackageError::Validity),
            (PackageEdit::Quota(Some(u64::MAX)), PackageError::Limit),
            (
                PackageEdit::Description(Some("x".repeat(501))),
                PackageError::Description,
            ),
            (PackageEdit::Download(Some(0)), PackageError::Speed),
            (PackageEdit::Upload(Some(KBPS_MAX + 1)), PackageError::Speed),
            (PackageEdit::SharedUsers(Some(0)), PackageError::SharedUsers),
            (
                PackageEdit::LowStock(Some(LOW_STOCK_MAX + 1)),
                PackageError::LowStock,
            ),
        ] {
            assert_eq!(edit.check(), Err(error), "{edit:?}");
        }
        assert_eq!(details().check(), Ok(()));
    }
}
