//! What the form of a package holds, and what it means. Pure.

use crdt_model::money::{Currency, Money};
use crdt_model::package::{
    Connection, DESCRIPTION_LENGTH_MAX, KBPS_MAX, LOW_STOCK_MAX, PackageDetails, SHARED_USERS_MAX,
    Unit, Validity,
};

use super::filled;
use crate::format::digits;

const GB: u64 = 1_000_000_000;
const GIB: u64 = 1 << 30;
const HOUR: u64 = 3_600;
pub const USE_WITHIN_DAYS_MAX: u32 = 3_650;
pub const LIMIT_MAX: u64 = 100_000;

#[derive(Debug, Clone, PartialEq)]
pub struct PackageDraft {
    pub name: String,
    pub price: String,
    pub count: String,
    pub unit: String,
    pub within: String,
    /// GB.
    pub quota: String,
    /// Hours.
    pub uptime: String,
    /// Mbit/s.
    pub download: String,
    pub upload: String,
    pub devices: String,
    pub kind: String,
    pub low_stock: String,
    pub description: String,
}

/// What each field means; `None`: nothing.
pub struct Read {
    pub name: Option<String>,
    pub price: Option<Money>,
    pub count: Option<u32>,
    pub within: Option<Option<u32>>,
    pub quota: Option<Option<u64>>,
    pub uptime: Option<Option<u64>>,
    pub download: Option<Option<u32>>,
    pub upload: Option<Option<u32>>,
    pub devices: Option<Option<u32>>,
    pub low_stock: Option<Option<u32>>,
    pub description: Option<Option<String>>,
    unit: Option<Unit>,
    kind: Option<Connection>,
}

impl PackageDraft {
    /// Of a package as it is, or of a new one.
    pub fn of(old: Option<&PackageDetails>, currency: Currency) -> Self {
        let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        let small = |value: Option<u32>| number(value.map(u64::from));
        let speed = |kbps: Option<u32>| kbps.map(u64::from).map(in_thousandths).unwrap_or_default();
        let unit = old.map_or(Unit::Week, |old| old.validity.unit);
        Self {
            name: old.map(|old| old.name.clone()).unwrap_or_default(),
            price: old
                .map(|old| digits(old.price, currency))
                .unwrap_or_default(),
            count: old.map_or(1, |old| old.validity.count).to_string(),
            unit: unit.code().into(),
            within: small(old.map_or(Some(90), |old| old.use_within_days)),
            quota: old
                .and_then(|old| old.quota_bytes)
                .map(gigabytes)
                .unwrap_or_default(),
            uptime: old
                .and_then(|old| old.uptime_limit_seconds)
                .map(hours)
                .unwrap_or_default(),
            download: speed(old.and_then(|old| old.download_kbps)),
            upload: speed(old.and_then(|old| old.upload_kbps)),
            devices: small(old.and_then(|old| old.shared_users)),
            kind: old
                .map_or(Connection::Hotspot, |old| old.kind)
                .code()
                .into(),
            low_stock: small(old.and_then(|old| old.low_stock)),
            description: old
                .and_then(|old| old.description.clone())
                .unwrap_or_default(),
        }
    }

    pub fn read(&self, old: Option<&PackageDetails>, currency: Currency) -> Read {
        let old_quota = old.and_then(|old| old.quota_bytes);
        let old_uptime = old.and_then(|old| old.uptime_limit_seconds);
        let count = self.count.trim().parse().ok();
        Read {
            name: filled(&self.name).filter(|name| name.chars().count() <= 60),
            price: currency.parse(&self.price).ok(),
            count: count.filter(|count| (1..=1_000).contains(count)),
            within: optional(&self.within, 1, USE_WITHIN_DAYS_MAX),
            quota: limit(&self.quota, old_quota, gigabytes, GB),
            uptime: limit(&self.uptime, old_uptime, hours, HOUR),
            download: speed(&self.download),
            upload: speed(&self.upload),
            devices: optional(&self.devices, 1, SHARED_USERS_MAX),
            low_stock: optional(&self.low_stock, 0, LOW_STOCK_MAX),
            description: match filled(&self.description) {
                Some(text) if text.chars().count() > DESCRIPTION_LENGTH_MAX => None,
                text => Some(text),
            },
            unit: Unit::from_code(&self.unit),
            kind: Connection::from_code(&self.kind),
        }
    }
}

impl Read {
    /// All of it, when all of it means something.
    pub fn details(&self) -> Option<PackageDetails> {
        Some(PackageDetails {
            name: self.name.clone()?,
            price: self.price?,
            validity: Validity {
                count: self.count?,
                unit: self.unit?,
            },
            uptime_limit_seconds: self.uptime?,
            quota_bytes: self.quota?,
            use_within_days: self.within?,
            description: self.description.clone()?,
            download_kbps: self.download?,
            upload_kbps: self.upload?,
            shared_users: self.devices?,
            kind: self.kind?,
            low_stock: self.low_stock?,
        })
    }
}

/// `Some(None)`: left empty; `None`: not a number from `min` to `max`.
fn optional<T: std::str::FromStr + PartialOrd>(text: &str, min: T, max: T) -> Option<Option<T>> {
    match filled(text) {
        None => Some(None),
        Some(text) => text
            .parse()
            .ok()
            .filter(|value| *value >= min && *value <= max)
            .map(Some),
    }
}

/// `1.5`, in units of `scale`. What the form showed of a limit means that limit to the letter, also where the form
/// has less room than it needs.
fn limit(text: &str, old: Option<u64>, show: fn(u64) -> String, scale: u64) -> Option<Option<u64>> {
    let Some(text) = filled(text) else {
        return Some(None);
    };
    if old.is_some_and(|old| show(old) == text) {
        return Some(old);
    }
    // A comma could part thousands as well, and 1,000 hours are not one.
    let thousandths = thousandths(&text).filter(|n| (1..=LIMIT_MAX * 1_000).contains(n))?;
    let value = u128::from(thousandths) * u128::from(scale) / 1_000;
    u64::try_from(value)
        .ok()
        .filter(|value| *value > 0)
        .map(Some)
}

/// In the unit in which the package's sentence says it: see [`crate::format::volume`].
fn gigabytes(bytes: u64) -> String {
    if bytes > 0 && bytes.is_multiple_of(GIB) {
        return (bytes / GIB).to_string();
    }
    in_thousandths(bytes / (GB / 1_000))
}

fn hours(seconds: u64) -> String {
    let thousandths = u128::from(seconds) * 1_000 / u128::from(HOUR);
    in_thousandths(u64::try_from(thousandths).unwrap_or(u64::MAX))
}

/// `5`, `0.5` or `0,512` Mbit/s, in kbit/s.
fn speed(text: &str) -> Option<Option<u32>> {
    let Some(text) = filled(text) else {
        return Some(None);
    };
    let kbps = thousandths(&text.replace(',', "."))?;
    let kbps = u32::try_from(kbps).ok();
    kbps.filter(|kbps| (1..=KBPS_MAX).contains(kbps)).map(Some)
}

/// `1.5` is 1,500.
fn thousandths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if part.len() > 3 || !are_digits(whole) || !are_digits(part) {
        return None;
    }
    format!("{whole}{part:0<3}").parse().ok()
}

/// The reverse of [`thousandths`].
fn in_thousandths(value: u64) -> String {
    let (whole, part) = (value / 1_000, value % 1_000);
    if part == 0 {
        return whole.to_string();
    }
    format!("{whole}.{part:03}").trim_end_matches('0').into()
}

#[cfg(test)]
mod tests {
    use crdt_model::package::first_packages;

    use super::*;

    const TZS: Currency = Currency::Tzs;

    #[test]
    fn an_unchanged_draft_reads_as_the_package() {
        let details = PackageDetails {
            uptime_limit_seconds: Some(90 * 60),
            quota_bytes: Some(500_000_000),
            description: Some("For phones".into()),
            download_kbps: Some(512),
            upload_kbps: Some(10_000),
            shared_users: Some(2),
            kind: Connection::Pppoe,
            low_stock: Some(0),
            ..first_packages(TZS)[1].clone()
        };
        let draft = PackageDraft::of(Some(&details), TZS);
        assert_eq!(draft.download, "0.512");
        let read = draft.read(Some(&details), TZS);
        assert_eq!(read.details(), Some(details));
    }

    #[test]
    fn a_limit_is_shown_as_it_is_and_can_be_changed_and_removed() {
        let of = |quota, uptime| PackageDetails {
            quota_bytes: quota,
            uptime_limit_seconds: uptime,
            ..first_packages(TZS)[0].clone()
        };
        for (bytes, text) in [
            (1_500_000_000, "1.5"),
            (500_000_000, "0.5"),
            (16 * GIB, "16"),
            (17 * GB, "17"),
            (1_234_567_890, "1.234"),
            (100_000, "0"),
        ] {
            let old = of(Some(bytes), Some(90 * 60));
            let mut draft = PackageDraft::of(Some(&old), TZS);
            assert_eq!((draft.quota.as_str(), draft.uptime.as_str()), (text, "1.5"));
            assert_eq!(draft.read(Some(&old), TZS).details().as_ref(), Some(&old));
            (draft.quota, draft.uptime) = ("1".into(), "1".into());
            let read = draft.read(Some(&old), TZS);
            assert_eq!(
                (read.quota, read.uptime),
                (Some(Some(GB)), Some(Some(HOUR)))
            );
            (draft.quota, draft.uptime) = (String::new(), String::new());
            let read = draft.read(Some(&old), TZS);
            assert_eq!(read.details(), Some(of(None, None)));
        }
        let old = of(None, None);
        let mut draft = PackageDraft::of(Some(&old), TZS);
        for bad in ["1,000", "0", "0.0001", "100001", "-1", ".", "1.5 GB"] {
            draft.quota = bad.into();
            assert!(draft.read(Some(&old), TZS).quota.is_none(), "{bad}");
        }
    }

    #[test]
    fn speeds_are_typed_in_mbit() {
        for (text, kbps) in [
            ("5", 5_000),
            ("0.5", 500),
            ("0,512", 512),
            ("1.50", 1_500),
            (".25", 250),
            ("100000", KBPS_MAX),
        ] {
            assert_eq!(speed(text), Some(Some(kbps)), "{text}");
        }
        assert_eq!(speed(" "), Some(None));
        for bad in ["0", "0.0005", "100001", "fast", "-1", "1.2.3", "."] {
            assert_eq!(speed(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_limit_that_is_no_number_is_not_left_out() {
        let mut draft = PackageDraft::of(Some(&first_packages(TZS)[0]), TZS);
        for (slot, text) in [
            (
                (|draft| &mut draft.quota) as fn(&mut PackageDraft) -> &mut String,
                "5 GB",
            ),
            (|draft| &mut draft.uptime, "0"),
            (|draft| &mut draft.devices, "0"),
            (|draft| &mut draft.count, "1001"),
            (|draft| &mut draft.name, " "),
        ] {
            let good = std::mem::replace(slot(&mut draft), text.into());
            assert_eq!(draft.read(None, TZS).details(), None, "{text}");
            *slot(&mut draft) = good;
        }
        assert!(draft.read(None, TZS).details().is_some());
    }
}
