//! What the form of a package holds, and what it means. Pure.

use crdt_model::money::{Currency, Money};
use crdt_model::package::{
    Connection, DESCRIPTION_LENGTH_MAX, KBPS_MAX, LOW_STOCK_MAX, PackageDetails, SHARED_USERS_MAX,
    Unit, Validity,
};

use super::filled;
use crate::format::digits;

const GB: u64 = 1_000_000_000;
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
        let speed = |kbps: Option<u32>| kbps.map(mbit).unwrap_or_default();
        let unit = old.map_or(Unit::Week, |old| old.validity.unit);
        Self {
            name: old.map(|old| old.name.clone()).unwrap_or_default(),
            price: old
                .map(|old| digits(old.price, currency))
                .unwrap_or_default(),
            count: old.map_or(1, |old| old.validity.count).to_string(),
            unit: unit.code().into(),
            within: small(old.map_or(Some(90), |old| old.use_within_days)),
            quota: number(whole(old.and_then(|old| old.quota_bytes), GB)),
            uptime: number(whole(old.and_then(|old| old.uptime_limit_seconds), 3_600)),
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
        let quota = optional(&self.quota, 1, LIMIT_MAX);
        let uptime = optional(&self.uptime, 1, LIMIT_MAX);
        let count = self.count.trim().parse().ok();
        Read {
            name: filled(&self.name).filter(|name| name.chars().count() <= 60),
            price: currency.parse(&self.price).ok(),
            count: count.filter(|count| (1..=1_000).contains(count)),
            within: optional(&self.within, 1, USE_WITHIN_DAYS_MAX),
            // An odd limit that this form cannot show stays as it is until somebody writes another.
            quota: quota.map(|typed| keep(old.and_then(|old| old.quota_bytes), typed, GB)),
            uptime: uptime
                .map(|typed| keep(old.and_then(|old| old.uptime_limit_seconds), typed, 3_600)),
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

/// In larger units; nothing where that would be zero, which means something else.
fn whole(value: Option<u64>, scale: u64) -> Option<u64> {
    value.map(|value| value / scale).filter(|whole| *whole > 0)
}

fn keep(old: Option<u64>, typed: Option<u64>, scale: u64) -> Option<u64> {
    match old {
        Some(old) if typed == Some(old / scale) || typed.is_none() && old < scale => Some(old),
        _ => typed.map(|typed| typed.saturating_mul(scale)),
    }
}

/// `5`, `0.5` or `0,512` Mbit/s, in kbit/s.
fn speed(text: &str) -> Option<Option<u32>> {
    let Some(text) = filled(text) else {
        return Some(None);
    };
    let text = text.replace(',', ".");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if part.len() > 3 || !are_digits(whole) || !are_digits(part) {
        return None;
    }
    let kbps: u32 = format!("{whole}{part:0<3}").parse().ok()?;
    Some(Some(kbps)).filter(|_| (1..=KBPS_MAX).contains(&kbps))
}

/// The reverse of [`speed`].
fn mbit(kbps: u32) -> String {
    let (whole, part) = (kbps / 1_000, kbps % 1_000);
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
