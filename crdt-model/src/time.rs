//! Time as an argument: instants in milliseconds, the hybrid logical clock, and the month a document belongs to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const ZERO: Self = Self(0);

    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds, as an Automerge change stores its time.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Between 1900 and 9999: what every calendar and every database can hold.
    pub const fn is_of_calendar(self) -> bool {
        YEAR_1900_MILLIS <= self.0 && self.0 < YEAR_10000_MILLIS
    }

    /// `self - earlier`, in milliseconds.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

const YEAR_1900_MILLIS: i64 = -2_208_988_800_000;
const YEAR_10000_MILLIS: i64 = 253_402_300_800_000;

/// Milliseconds of a day.
const DAY_MILLIS: i64 = 86_400_000;

/// Year, month and day of a day number, after H. Hinnant's `civil_from_days`: eras of 400 years that begin on
/// 1 March.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// A day of the calendar, wherever one is: when something ends, not an instant. As text `2026-11-20`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    /// Since 1970-01-01.
    days: i32,
}

/// Why a text is not a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a date is year, month and day: 2026-11-20")]
pub struct DateError;

impl Date {
    /// The day of the calendar, from 1900 to 9999; `None` for one that does not exist.
    pub fn new(year: i64, month: i64, day: i64) -> Option<Self> {
        if !(1900..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day)
        {
            return None;
        }
        // The reverse of `civil`.
        let shifted = if month <= 2 { year - 1 } else { year };
        let era = shifted.div_euclid(400);
        let of_era = shifted.rem_euclid(400);
        let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
        let date = Self {
            days: i32::try_from(days).ok()?,
        };
        // 31 April is no day.
        (date.civil() == (year, month, day)).then_some(date)
    }

    /// The day in UTC.
    pub fn of(at: Timestamp) -> Self {
        let days = at.as_millis().div_euclid(DAY_MILLIS);
        Self {
            days: i32::try_from(days).unwrap_or_default(),
        }
    }

    /// Year, month and day.
    pub fn civil(self) -> (i64, i64, i64) {
        civil(self.days.into())
    }

    #[must_use]
    pub const fn plus_days(self, days: i32) -> Self {
        Self {
            days: self.days.saturating_add(days),
        }
    }

    /// Days since 1970-01-01.
    pub const fn days(self) -> i32 {
        self.days
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Date({self})")
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let is_digits =
            |part: &&str, len| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts.as_slice() else {
            return Err(DateError);
        };
        if !is_digits(year, 4) || !is_digits(month, 2) || !is_digits(day, 2) {
            return Err(DateError);
        }
        let number = |part: &str| part.parse().map_err(|_| DateError);
        Self::new(number(year)?, number(month)?, number(day)?).ok_or(DateError)
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for Date {
    type Error = DateError;

    fn try_from(text: String) -> Result<Self, DateError> {
        text.parse()
    }
}

/// A calendar month in UTC. It is only a storage partition: which month a *report* counts a sale in is decided
/// in the site's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: u16,
    month: u8,
}

impl Month {
    pub fn of(at: Timestamp) -> Self {
        let (year, month, _) = civil(at.as_millis().div_euclid(DAY_MILLIS));
        Self {
            year: u16::try_from(year).unwrap_or(0).min(9999),
            month: u8::try_from(month).unwrap_or(1),
        }
    }

    /// One that a clock can show, however wrong it is: no phone can be set to 2100.
    pub fn is_of_a_clock(self) -> bool {
        (1900..2100).contains(&self.year)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}{:02}", self.year, self.month)
    }
}

/// Why a text is not a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a month is six digits, year then month")]
pub struct MonthError;

impl FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, MonthError> {
        if text.len() != 6 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(MonthError);
        }
        let (year, month) = text.split_at(4);
        let month: u8 = month.parse().map_err(|_| MonthError)?;
        if !(1..=12).contains(&month) {
            return Err(MonthError);
        }
        Ok(Self {
            year: year.parse().map_err(|_| MonthError)?,
            month,
        })
    }
}

/// How far ahead of this device a remote clock may pull ours.
pub const CLOCK_AHEAD_MILLIS_MAX: i64 = 10 * 60 * 1000;

/// How the clock of a device is read since its last contact with the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reading {
    /// Positive when the clock is behind.
    pub offset_millis: i64,
    /// The last contact: a clock that fell back since then stands still there.
    pub not_before: Timestamp,
}

impl Reading {
    /// The instant that it is when the clock says `now`.
    #[must_use]
    pub fn present(self, now: Timestamp) -> Timestamp {
        now.plus_millis(self.offset_millis).max(self.not_before)
    }
}

/// A hybrid logical clock: never runs backwards on one device, follows what it hears of, but never more than
/// [`CLOCK_AHEAD_MILLIS_MAX`] ahead of the local clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HybridClock {
    last: Timestamp,
}

impl HybridClock {
    /// The next instant: later than every earlier one, and not before `now`.
    pub fn tick(&mut self, now: Timestamp) -> Timestamp {
        self.last = now.max(self.last.plus_millis(1));
        // A clock that was set far ahead and then corrected must not drag its error along for ever.
        if self.last.millis_since(now) > CLOCK_AHEAD_MILLIS_MAX {
            self.last = now;
        }
        self.last
    }

    /// Takes notice of an instant heard from elsewhere.
    pub fn observe(&mut self, remote: Timestamp, now: Timestamp) {
        self.last = self
            .last
            .max(remote.min(now.plus_millis(CLOCK_AHEAD_MILLIS_MAX)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_read_by_the_relay_s_and_stands_still_where_it_fell_back() {
        let heard = Timestamp::from_millis(1_800_000_000_000);
        let reading = Reading {
            offset_millis: 5_000,
            not_before: heard,
        };
        let minute = heard.plus_millis(60_000);
        assert_eq!(reading.present(minute), minute.plus_millis(5_000));
        assert_eq!(reading.present(Timestamp::from_millis(1)), heard);
        assert_eq!(Reading::default().present(minute), minute);
    }

    #[test]
    fn months_of_known_instants() {
        for (millis, month) in [
            (0, "197001"),
            (951_782_400_000, "200002"),   // 2000-02-29
            (1_763_596_800_000, "202511"), // 2025-11-20
            (1_798_761_599_999, "202612"), // the last millisecond of 2026
            (1_798_761_600_000, "202701"),
        ] {
            assert_eq!(Month::of(Timestamp::from_millis(millis)).to_string(), month);
        }
        assert_eq!("202611".parse::<Month>().unwrap().to_string(), "202611");
        assert!("202613".parse::<Month>().is_err());
    }

    #[test]
    fn dates_are_days_that_exist() {
        for text in ["1970-01-01", "2000-02-29", "2026-11-20", "1969-12-31"] {
            assert_eq!(text.parse::<Date>().unwrap().to_string(), text);
        }
        for bad in [
            "2026-02-29",
            "2026-04-31",
            "2026-13-01",
            "26-01-01",
            "2026-1-1",
            "2026-01-01 ",
            "1899-12-31",
            "",
        ] {
            assert_eq!(bad.parse::<Date>(), Err(DateError), "{bad}");
        }
        let date: Date = "2026-12-30".parse().unwrap();
        assert_eq!(date.plus_days(3).to_string(), "2027-01-02");
        assert_eq!(
            Date::of(Timestamp::from_millis(1_795_172_520_000)).to_string(),
            "2026-11-20"
        );
    }

    #[test]
    fn the_calendar_begins_in_1900_and_ends_with_9999() {
        let first = Timestamp::from_millis(YEAR_1900_MILLIS);
        let last = Timestamp::from_millis(YEAR_10000_MILLIS - 1);
        assert_eq!(Date::of(first).to_string(), "1900-01-01");
        assert_eq!(Date::of(last).to_string(), "9999-12-31");
        assert!(first.is_of_calendar() && last.is_of_calendar());
        assert!(!first.plus_millis(-1).is_of_calendar());
        assert!(!last.plus_millis(1).is_of_calendar());
    }

    #[test]
    fn the_clock_never_runs_backwards_and_never_follows_a_clock_far_ahead() {
        let mut clock = HybridClock::default();
        let now = Timestamp::from_millis(1_000_000);
        let first = clock.tick(now);
        assert!(clock.tick(now.plus_millis(-500)) > first);
        clock.observe(now.plus_millis(CLOCK_AHEAD_MILLIS_MAX * 5), now);
        assert!(clock.tick(now).millis_since(now) <= CLOCK_AHEAD_MILLIS_MAX + 1);
    }
}
