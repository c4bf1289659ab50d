//! The comment by which the common voucher tool marks what it made together: `up-402-10.12.25-kiosk` (user name and
//! password) or `vc-…` (the code is both), a number, month.day.year, and a text.

use serde::{Deserialize, Serialize};

use crate::command::NAME_LENGTH_MAX;
use crate::time::Timestamp;

const DAY_MILLIS: i64 = 86_400_000;

/// A batch of the tool the file comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BatchTag {
    /// Midnight in UTC of the day that the comment names.
    pub made_on: Timestamp,
    /// `vc-698`.
    pub number: String,
    /// What the reseller wrote beside it; may be empty.
    pub text: String,
}

impl BatchTag {
    pub fn parse(comment: &str) -> Option<Self> {
        let mut parts = comment.splitn(4, '-');
        let (mode, number, date) = (parts.next()?, parts.next()?, parts.next()?);
        let is_number =
            (1..=6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        if !matches!(mode, "up" | "vc") || !is_number {
            return None;
        }
        Some(Self {
            made_on: day(date)?,
            number: format!("{mode}-{number}"),
            text: parts.next().unwrap_or_default().trim().to_owned(),
        })
    }

    /// Its vouchers have passwords of their own.
    pub fn has_passwords(&self) -> bool {
        self.number.starts_with("up-")
    }

    /// What a batch made from it is called. A comment may be longer than a name.
    pub fn label(&self) -> String {
        let label = format!("{} {}", self.number, self.text);
        let label: String = label.trim_end().chars().take(NAME_LENGTH_MAX).collect();
        label.trim_end().to_owned()
    }
}

/// `10.12.25`: month, day, year.
fn day(text: &str) -> Option<Timestamp> {
    let mut parts = text.split('.');
    let mut two = || {
        let part = parts.next()?;
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<i64>().ok())?
    };
    let (month, day, year) = (two()?, two()?, two()? + 2000);
    if parts.next().is_some() || !(1..=12).contains(&month) {
        return None;
    }
    if !(1..=days_in(month, year)).contains(&day) {
        return None;
    }
    // Days before the year, those of the leap years among them, since 1970.
    let leaps = |year: i64| year / 4 - year / 100 + year / 400;
    let before_year = (year - 1970) * 365 + leaps(year - 1) - leaps(1969);
    let before_month: i64 = (1..month).map(|month| days_in(month, year)).sum();
    Some(Timestamp::from_millis(
        (before_year + before_month + day - 1) * DAY_MILLIS,
    ))
}

const fn days_in(month: i64, year: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comment_of_a_batch_is_read() {
        let tag = BatchTag::parse("up-402-10.12.25-duka la Asha - 2").unwrap();
        assert_eq!(tag.label(), "up-402 duka la Asha - 2");
        assert!(tag.has_passwords());
        assert!(
            !BatchTag::parse("vc-698-09.13.26-x")
                .unwrap()
                .has_passwords()
        );
        // 12 October 2025.
        assert_eq!(tag.made_on, Timestamp::from_millis(1_760_227_200_000));
        assert_eq!(
            BatchTag::parse("vc-139-02.29.24-").unwrap().label(),
            "vc-139"
        );
        let long = format!("up-402-10.12.25-{}", "é".repeat(200));
        let label = BatchTag::parse(&long).unwrap().label();
        assert_eq!(label.chars().count(), NAME_LENGTH_MAX);
        for other in [
            "vc-Simu ya Mama Asha",
            "up-402-13.12.25-x",
            "up-402-02.29.25-x",
            "up-402-1.2.25-x",
            "up-402-10.12.25.1-x",
            "xx-402-10.12.25-x",
            "up--10.12.25-x",
            "jul/22/2026 05:29:05",
            "",
        ] {
            assert_eq!(BatchTag::parse(other), None, "{other:?}");
        }
    }
}
