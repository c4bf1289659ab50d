//! Amounts as people write them: `5000`, `5,000`, `TSh 5,000`, `5000/=`. What can be meant in two ways is not read.

use super::{Currency, Money, MoneyError};

impl Currency {
    /// What people write beside an amount, in small letters.
    const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Tzs => &["tzs", "tsh", "tshs", "sh", "shs"],
            Self::Kes => &["kes", "ksh", "kshs", "sh", "shs"],
            Self::Ugx => &["ugx", "ush", "ushs", "sh", "shs"],
            Self::Rwf => &["rwf", "frw", "rf"],
            Self::Usd => &["usd", "us$", "$"],
        }
    }

    const fn is_shilling(self) -> bool {
        matches!(self, Self::Tzs | Self::Kes | Self::Ugx)
    }

    /// Reads what a person types, or what a file says: `5000`, `5,000`, `12.50`, with this currency's own sign or
    /// without one.
    pub fn parse(self, text: &str) -> Result<Money, MoneyError> {
        let error = MoneyError::NotANumber(self.exponent());
        let text = self.without_sign(text.trim());
        if text.starts_with('-') {
            return Err(MoneyError::Negative);
        }
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let whole = without_marks(whole).ok_or(error)?;
        if !is_digits(decimals) || decimals.len() > self.exponent() as usize {
            return Err(error);
        }
        if whole.len() > 13 {
            return Err(MoneyError::TooLarge);
        }
        let padded = format!(
            "{whole}{decimals:0<width$}",
            width = self.exponent() as usize
        );
        Money(padded.parse().map_err(|_| error)?).check_amount()
    }

    /// The number alone; another currency's sign stays, and makes it none.
    fn without_sign(self, text: &str) -> &str {
        let is_sign = |c: char| c.is_alphabetic() || c == '$';
        let is_own = |word: &str| {
            let mut words = self.words().iter();
            words.any(|known| word.eq_ignore_ascii_case(known))
        };
        let (word, after) = text.split_at(text.find(|c| !is_sign(c)).unwrap_or(text.len()));
        let number = if is_own(word) {
            // `Sh. 500`; a point after a code or a dollar would begin the cents.
            let is_short = self.is_shilling() && !word.eq_ignore_ascii_case(self.code());
            let after = after
                .strip_prefix('.')
                .filter(|_| is_short)
                .unwrap_or(after);
            after.trim_start()
        } else {
            let before = text.trim_end_matches(is_sign);
            match is_own(&text[before.len()..]) {
                true => before.trim_end(),
                false => text,
            }
        };
        // No cents: as shillings are written by hand.
        let whole = number
            .strip_suffix("/=")
            .or_else(|| number.strip_suffix("/-"))
            .filter(|_| self.is_shilling());
        whole.map_or(number, str::trim_end)
    }
}

/// The digits of a number whose thousands may be marked. A mark before anything but three digits may be a decimal
/// comma.
fn without_marks(text: &str) -> Option<String> {
    let mark = text.find(|c: char| !c.is_ascii_digit());
    let Some(mark) = mark.and_then(|at| text[at..].chars().next()) else {
        return (!text.is_empty()).then(|| text.to_owned());
    };
    if !matches!(mark, ',' | ' ' | '\u{a0}' | '\u{202f}') {
        return None;
    }
    let mut groups = text.split(mark);
    let first = groups.next().filter(|first| {
        (1..=3).contains(&first.len()) && is_digits(first) && !first.starts_with('0')
    })?;
    groups.try_fold(first.to_owned(), |whole, group| {
        (group.len() == 3 && is_digits(group)).then(|| whole + group)
    })
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn people_write_amounts_in_many_ways() {
        let five_thousand = [
            "5000",
            "5,000",
            "5 000",
            "5\u{a0}000",
            "5000.00",
            " 5,000/= ",
            "5000/-",
            "5000 /=",
            "TSh 5,000",
            "TSh\u{a0}5,000",
            "Tsh.5000",
            "tshs 5,000/=",
            "Sh. 5,000",
            "5000 Shs",
            "TZS5000",
            "5,000 TZS",
        ];
        for text in five_thousand {
            assert_eq!(Currency::Tzs.parse(text), Ok(Money(500_000)), "{text}");
        }
        for (currency, text, minor) in [
            (Currency::Usd, " 12.5 ", 1_250),
            (Currency::Usd, "$12.50", 1_250),
            (Currency::Usd, "US$ 1,250.00", 125_000),
            (Currency::Usd, "1,250", 125_000),
            (Currency::Kes, "KSh 50", 5_000),
            (Currency::Kes, "1,234,567.50", 123_456_750),
            (Currency::Ugx, "USh 900", 900),
            (Currency::Ugx, "900/=", 900),
            (Currency::Rwf, "FRw 1,000", 1_000),
            (Currency::Rwf, "1 000 RWF", 1_000),
        ] {
            assert_eq!(currency.parse(text), Ok(Money(minor)), "{text}");
        }
    }

    #[test]
    fn what_may_mean_two_amounts_is_not_read() {
        for (currency, text) in [
            (Currency::Tzs, "5.000"),
            (Currency::Ugx, "5.000"),
            (Currency::Ugx, "900.5"),
            (Currency::Usd, "12,50"),
            (Currency::Tzs, "5,00"),
            (Currency::Tzs, "5,0000"),
            (Currency::Tzs, "50000,000"),
            (Currency::Tzs, "0,500"),
            (Currency::Tzs, "1,000 000"),
            (Currency::Tzs, "5000,"),
            (Currency::Tzs, ",500"),
            (Currency::Tzs, "1.000,50"),
            (Currency::Tzs, "KSh 50"),
            (Currency::Kes, "TZS 5000"),
            (Currency::Kes, "$50"),
            (Currency::Usd, "$.50"),
            (Currency::Usd, "USD.50"),
            (Currency::Usd, "50/="),
            (Currency::Rwf, "50/-"),
            (Currency::Tzs, "Tsh"),
            (Currency::Tzs, "/="),
            (Currency::Tzs, "5000 - 6000"),
            (Currency::Tzs, "5k"),
            (Currency::Tzs, "five"),
            (Currency::Tzs, ""),
        ] {
            let error = MoneyError::NotANumber(currency.exponent());
            assert_eq!(currency.parse(text), Err(error), "{text}");
        }
        assert_eq!(Currency::Tzs.parse("-5"), Err(MoneyError::Negative));
        assert_eq!(Currency::Tzs.parse("TSh -5"), Err(MoneyError::Negative));
        assert_eq!(
            Currency::Tzs.parse("99999999999999"),
            Err(MoneyError::TooLarge)
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not(text in "(TSh|US\\$|é)?[ .]?[0-9,. \u{a0}]{0,20}(/=|/-|TZS|é)?|.{0,20}") {
            for currency in Currency::ALL {
                if let Ok(amount) = currency.parse(&text) {
                    prop_assert!(amount.check_amount().is_ok());
                }
            }
        }
    }
}
