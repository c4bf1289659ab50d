//! Money is an integer of minor units; one currency per organisation.

mod typed;

use std::iter::Sum;

use serde::{Deserialize, Serialize};

/// An amount in minor units of the organisation's currency (ISO 4217 exponent: TZS 5,000 is 500,000).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Money(i64);

/// No single amount is larger: ten thousand million shillings in cents. It leaves room to add nine million of them.
pub const AMOUNT_MINOR_MAX: i64 = 1_000_000_000_000;

/// Why a number is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("an amount cannot be negative here")]
    Negative,
    #[error("an amount can be at most {AMOUNT_MINOR_MAX} minor units")]
    TooLarge,
    #[error("an amount is digits, with at most {0} decimals")]
    NotANumber(u32),
}

impl Money {
    pub const ZERO: Self = Self(0);

    pub const fn from_minor(minor: i64) -> Self {
        Self(minor)
    }

    pub const fn minor(self) -> i64 {
        self.0
    }

    /// A price or a payment: not negative, not absurd.
    pub const fn check_amount(self) -> Result<Self, MoneyError> {
        match self.0 {
            ..0 => Err(MoneyError::Negative),
            minor if minor > AMOUNT_MINOR_MAX => Err(MoneyError::TooLarge),
            _ => Ok(self),
        }
    }

    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::saturating_add)
    }
}

/// The currencies an organisation can choose, with their ISO 4217 exponent and the smallest step paid in cash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    Tzs,
    Kes,
    Ugx,
    Rwf,
    Usd,
}

impl Currency {
    pub const ALL: [Self; 5] = [Self::Tzs, Self::Kes, Self::Ugx, Self::Rwf, Self::Usd];

    /// The ISO 4217 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Tzs => "TZS",
            Self::Kes => "KES",
            Self::Ugx => "UGX",
            Self::Rwf => "RWF",
            Self::Usd => "USD",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|currency| currency.code() == code)
    }

    /// Decimals of the minor unit.
    pub const fn exponent(self) -> u32 {
        match self {
            Self::Tzs | Self::Kes | Self::Usd => 2,
            Self::Ugx | Self::Rwf => 0,
        }
    }

    /// The smallest amount paid in cash, in minor units.
    pub const fn cash_step_minor(self) -> i64 {
        match self {
            Self::Tzs | Self::Kes => 100,
            Self::Ugx | Self::Rwf | Self::Usd => 1,
        }
    }

    /// An amount in whole major units: 5,000 shillings.
    pub const fn major(self, amount: i64) -> Money {
        Money(amount.saturating_mul(10_i64.pow(self.exponent())))
    }

    /// Rounds half away from zero to the cash step.
    pub const fn round_to_cash(self, amount: Money) -> Money {
        let step = self.cash_step_minor();
        let half = step / 2;
        let shifted = if amount.0 < 0 {
            amount.0.saturating_sub(half)
        } else {
            amount.0.saturating_add(half)
        };
        Money(shifted / step * step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cash_rounds_half_away_from_zero() {
        assert_eq!(Currency::Tzs.round_to_cash(Money(149)), Money(100));
        assert_eq!(Currency::Tzs.round_to_cash(Money(150)), Money(200));
        assert_eq!(Currency::Tzs.round_to_cash(Money(-150)), Money(-200));
        assert_eq!(Currency::Usd.round_to_cash(Money(7)), Money(7));
    }
}
