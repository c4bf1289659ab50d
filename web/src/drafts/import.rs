//! What a person enters about one group of a file of vouchers, and what it means. Pure.

use crdt_model::ids::PackageId;
use crdt_model::import::Group;
use crdt_model::money::{Currency, Money};
use crdt_model::package::{KBPS_MAX, Package, PackageDetails, SHARED_USERS_MAX, Unit, Validity};

use super::filled;
use crate::format::digits;
use crate::protocol::GroupChoice;

pub const LEAVE_OUT: &str = "leave";
pub const NEW: &str = "new";

#[derive(Debug, Clone, PartialEq)]
pub struct GroupDraft {
    /// Empty, [`LEAVE_OUT`], [`NEW`], or a package's id.
    pub choice: String,
    pub price: String,
    pub label: String,
    /// Of a new package.
    pub name: String,
    pub count: String,
    pub unit: String,
    pub uptime_limit_seconds: Option<u64>,
    pub quota_bytes: Option<u64>,
}

impl GroupDraft {
    /// Preset from what the file says; what it does not say is left for a person.
    pub fn all(
        groups: &[Group],
        packages: &[Package],
        file_name: &str,
        currency: Currency,
    ) -> Vec<Self> {
        let stem = file_name
            .rsplit_once('.')
            .map_or(file_name, |(stem, _)| stem);
        groups
            .iter()
            .map(|group| {
                let known = group.known.as_ref();
                let profile = group.key.profile.as_str();
                let same = packages
                    .iter()
                    .find(|package| package.details.name.eq_ignore_ascii_case(profile));
                let price = group
                    .key
                    .price
                    .as_deref()
                    .or_else(|| known.and_then(|known| known.price.as_deref()))
                    .and_then(|price| currency.parse(price).ok())
                    .or_else(|| same.map(|package| package.details.price));
                let validity = group
                    .key
                    .validity
                    .or_else(|| known.and_then(|known| known.validity));
                let label = match profile {
                    "" => stem.to_owned(),
                    profile => format!("{stem} · {profile}"),
                };
                Self {
                    choice: same
                        .map(|package| package.id.to_string())
                        .unwrap_or_default(),
                    price: price
                        .map(|price| digits(price, currency))
                        .unwrap_or_default(),
                    label: label.chars().take(120).collect(),
                    name: profile.chars().take(60).collect(),
                    count: validity.map_or(String::new(), |validity| validity.count.to_string()),
                    unit: validity
                        .map_or(Unit::Day, |validity| validity.unit)
                        .code()
                        .to_owned(),
                    uptime_limit_seconds: group.uptimes.common(),
                    quota_bytes: group.quotas.common(),
                }
            })
            .collect()
    }

    pub fn amount(&self, currency: Currency) -> Option<Money> {
        currency.parse(&self.price).ok()
    }

    pub fn validity(&self) -> Option<Validity> {
        let count = self.count.trim().parse().ok();
        Some(Validity {
            count: count.filter(|count| (1..=1_000).contains(count))?,
            unit: Unit::from_code(&self.unit)?,
        })
    }

    /// What it says, if nothing is missing.
    pub fn parsed(&self, currency: Currency, group: &Group) -> Option<GroupChoice> {
        match self.choice.as_str() {
            "" => None,
            LEAVE_OUT => Some(GroupChoice::LeaveOut),
            NEW => Some(GroupChoice::New {
                details: self.details(currency, group)?,
                label: filled(&self.label)?,
            }),
            id => Some(GroupChoice::Package {
                package: id.parse::<PackageId>().ok()?,
                price: self.amount(currency)?,
                label: filled(&self.label)?,
            }),
        }
    }

    fn details(&self, currency: Currency, group: &Group) -> Option<PackageDetails> {
        let name = filled(&self.name).filter(|name| name.chars().count() <= 60)?;
        let known = group.known.as_ref();
        let speed = |kbps: Option<u32>| kbps.filter(|kbps| (1..=KBPS_MAX).contains(kbps));
        Some(PackageDetails {
            uptime_limit_seconds: self.uptime_limit_seconds,
            quota_bytes: self.quota_bytes,
            download_kbps: speed(known.and_then(|known| known.download_kbps)),
            upload_kbps: speed(known.and_then(|known| known.upload_kbps)),
            shared_users: known
                .and_then(|known| known.shared_users)
                .filter(|users| (1..=SHARED_USERS_MAX).contains(users)),
            ..PackageDetails::new(name, self.amount(currency)?, self.validity()?)
        })
    }
}
