//! What a person enters about one group of a file of vouchers, and what it means. Pure.

use crdt_model::command::NAME_LENGTH_MAX;
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
                let price = match said_price(group) {
                    Some(price) => currency.parse(price).ok(),
                    None => same.map(|package| package.details.price),
                };
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
                    label: label.chars().take(NAME_LENGTH_MAX).collect(),
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

    /// Sold as `choice`: at that package's price, where the file says none.
    #[must_use]
    pub fn sold_as(
        &self,
        choice: String,
        group: &Group,
        packages: &[Package],
        currency: Currency,
    ) -> Self {
        let known = packages
            .iter()
            .find(|package| package.id.to_string() == choice)
            .filter(|_| said_price(group).is_none());
        Self {
            price: known.map_or_else(
                || self.price.clone(),
                |known| digits(known.details.price, currency),
            ),
            choice,
            ..self.clone()
        }
    }

    pub fn amount(&self, currency: Currency) -> Option<Money> {
        currency.parse(&self.price).ok()
    }

    /// What the batch is called.
    pub fn label(&self) -> Option<String> {
        filled(&self.label).filter(|label| label.chars().count() <= NAME_LENGTH_MAX)
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
                label: self.label()?,
            }),
            id => Some(GroupChoice::Package {
                package: id.parse::<PackageId>().ok()?,
                price: self.amount(currency)?,
                label: self.label()?,
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

/// What the file says that these are sold at. What cannot be read of it is asked for: the catalog's price may be
/// another one, and the price of a voucher cannot be changed once it is there.
fn said_price(group: &Group) -> Option<&str> {
    let known = group.known.as_ref();
    let of_profile = known.and_then(|known| known.price.as_deref());
    group.key.price.as_deref().or(of_profile)
}

#[cfg(test)]
mod tests {
    use crdt_model::import::{FileProfile, GroupKey, Tally};
    use crdt_model::package::first_packages;

    use super::*;
    use crate::format::money;

    const TZS: Currency = Currency::Tzs;

    /// Vouchers of the profile "1 Week", with a price in a column or in the profile.
    fn group(price: Option<&str>, of_profile: Option<&str>) -> Group {
        Group {
            key: GroupKey {
                profile: "1 week".into(),
                price: price.map(Into::into),
                validity: None,
            },
            count: 3,
            uptimes: Tally::default(),
            quotas: Tally::default(),
            samples: Vec::new(),
            tags: 0,
            known: of_profile.map(|price| FileProfile {
                price: Some(price.into()),
                ..FileProfile::default()
            }),
        }
    }

    /// "1 Week" at 5,000 and "2 Weeks" at 9,000.
    fn packages() -> Vec<Package> {
        (1..)
            .zip(first_packages(TZS))
            .take(2)
            .map(|(n, details)| Package {
                id: PackageId::from_bytes([n; 16]),
                details,
                active: true,
                contested: Vec::new(),
            })
            .collect()
    }

    fn price(group: &Group) -> String {
        let drafts = GroupDraft::all(std::slice::from_ref(group), &packages(), "x.csv", TZS);
        assert_eq!(drafts[0].choice, packages()[0].id.to_string());
        drafts[0].price.clone()
    }

    #[test]
    fn a_price_that_cannot_be_read_is_asked_for() {
        assert_eq!(price(&group(None, None)), "5,000");
        assert_eq!(price(&group(Some("6,000/="), None)), "6,000");
        assert_eq!(price(&group(None, Some("7000"))), "7,000");
        for unread in ["5.000", "KSh 50", "bure", "5,00"] {
            assert_eq!(price(&group(Some(unread), None)), "", "{unread}");
            assert_eq!(price(&group(None, Some(unread))), "", "{unread}");
        }
    }

    #[test]
    fn a_package_brings_its_price_where_the_file_says_none() {
        let two_weeks = packages()[1].id.to_string();
        let chosen = |group: &Group| {
            let drafts = GroupDraft::all(std::slice::from_ref(group), &packages(), "x.csv", TZS);
            drafts[0].sold_as(two_weeks.clone(), group, &packages(), TZS)
        };
        let draft = chosen(&group(None, None));
        assert_eq!((&draft.choice, draft.price.as_str()), (&two_weeks, "9,000"));
        assert_eq!(chosen(&group(Some("6000"), None)).price, "6,000");
        assert_eq!(chosen(&group(Some("6.000"), None)).price, "");
    }

    #[test]
    fn a_name_that_no_batch_can_have_is_asked_again() {
        let group = group(None, None);
        let drafts = GroupDraft::all(std::slice::from_ref(&group), &packages(), "x.csv", TZS);
        let named = |label: String| {
            let draft = GroupDraft {
                label,
                ..drafts[0].clone()
            };
            draft.parsed(TZS, &group).is_some()
        };
        assert!(named(format!(" {} ", "é".repeat(NAME_LENGTH_MAX))));
        assert!(!named("é".repeat(NAME_LENGTH_MAX + 1)));
        assert!(!named(" ".into()));
    }

    #[test]
    fn what_the_app_writes_it_reads() {
        for currency in Currency::ALL {
            for minor in [0, 7, 500, 123_456_700, 1_000_000] {
                let amount = Money::from_minor(minor);
                let text = money(amount, currency);
                assert_eq!(currency.parse(&text), Ok(amount), "{text}");
            }
        }
    }
}
