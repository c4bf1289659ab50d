//! The words on screen, in every language, compiled from `locales/*.ftl` by the build script.
//!
//! Pages say `words.cash_paid()`; a missing translation does not compile. Formats of money, time and codes are in
//! [`crate::format`], which uses these words.

use serde::{Deserialize, Serialize};

/// A language of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Lang {
    #[default]
    En,
    Sw,
}

impl Lang {
    pub const ALL: [Self; 2] = [Self::En, Self::Sw];

    /// BCP 47, for `lang` attributes and settings.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Sw => "sw",
        }
    }

    /// The first language we speak of those a browser or a setting names (`sw-TZ`, `en-GB`).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|lang| code.split('-').next() == Some(lang.code()))
    }

    /// The language's own name for itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Sw => "Kiswahili",
        }
    }
}

/// Every message, in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Words(pub Lang);

/// A number with its thousands parted: `1,204,000`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

include!(concat!(env!("OUT_DIR"), "/words.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_204_000, "1,204,000"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn one_and_many_differ() {
        let words = Words(Lang::En);
        assert_eq!(words.sales_count(1_u32), "1 sale");
        assert_eq!(words.sales_count(1_200_u32), "1,200 sales");
        assert_eq!(Words(Lang::Sw).sales_count(2_u32), "Mauzo 2");
    }

    #[test]
    fn a_language_is_known_by_its_region_too() {
        assert_eq!(Lang::from_code("sw-TZ"), Some(Lang::Sw));
        assert_eq!(Lang::from_code("fr"), None);
    }
}
