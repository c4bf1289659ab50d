//! Telephone numbers, kept in E.164. People write them in a dozen ways; this is the one place that understands them.
//!
//! It knows four countries' numbering plans and the international form of all others. It must not know
//! who owns a number, whether it exists, or which provider carries it. Start at [`Phone::parse`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// Digits E.164 allows after the plus, country code included.
const E164_DIGITS_MAX: usize = 15;
/// The shortest numbers in use abroad (Niue, Saint Helena) have 7 digits with their country code.
const E164_DIGITS_MIN: usize = 7;
/// Digits after the country code, the same in all four countries.
const NATIONAL_DIGITS: usize = 9;
/// Longer input is not a phone number, however many blanks and dashes it has.
const RAW_CHARS_MAX: usize = 64;

/// A country whose numbers may be written without their country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Country {
    #[serde(rename = "TZ")]
    Tanzania,
    #[serde(rename = "KE")]
    Kenya,
    #[serde(rename = "UG")]
    Uganda,
    #[serde(rename = "RW")]
    Rwanda,
}

impl Country {
    pub const ALL: [Self; 4] = [Self::Tanzania, Self::Kenya, Self::Uganda, Self::Rwanda];

    /// The ISO 3166-1 alpha-2 code.
    pub fn iso_code(self) -> &'static str {
        match self {
            Self::Tanzania => "TZ",
            Self::Kenya => "KE",
            Self::Uganda => "UG",
            Self::Rwanda => "RW",
        }
    }

    /// Looks a country up by its ISO code, in either case.
    pub fn from_iso_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|country| country.iso_code().eq_ignore_ascii_case(code))
    }

    /// The digits after the plus.
    pub fn calling_code(self) -> &'static str {
        match self {
            Self::Tanzania => "255",
            Self::Kenya => "254",
            Self::Uganda => "256",
            Self::Rwanda => "250",
        }
    }

    /// First digits of mobile numbers.
    fn mobile_starts(self) -> &'static str {
        match self {
            Self::Tanzania => "67",
            Self::Kenya => "17",
            Self::Uganda | Self::Rwanda => "7",
        }
    }

    /// First digits of fixed lines (Kenyan ones outside the cities are shorter than 9 digits and need no place here).
    fn fixed_starts(self) -> &'static str {
        match self {
            Self::Tanzania => "24",
            Self::Kenya => "2456",
            Self::Uganda => "234",
            Self::Rwanda => "2",
        }
    }

    fn has_mobile(self, national: &str) -> bool {
        national.starts_with(|c| self.mobile_starts().contains(c))
    }

    fn has_number(self, national: &str) -> bool {
        self.has_mobile(national) || national.starts_with(|c| self.fixed_starts().contains(c))
    }

    fn of_digits(digits: &str) -> Option<(Self, &str)> {
        Self::ALL.into_iter().find_map(|country| {
            let national = digits.strip_prefix(country.calling_code())?;
            Some((country, national))
        })
    }
}

/// Why a text is not a phone number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum PhoneError {
    #[error("there is no number")]
    Empty,
    #[error("{found:?} does not belong in a phone number")]
    NotADigit { found: char },
    #[error("a plus stands only in front")]
    PlusInside,
    #[error("{digits} digits are too few, {expected} are needed")]
    TooShort { digits: u32, expected: u32 },
    #[error("{digits} digits are too many, {expected} are allowed")]
    TooLong { digits: u32, expected: u32 },
    #[error("no number in {} begins like this", country.iso_code())]
    NoSuchPrefix { country: Country },
    #[error("no country code begins with 0")]
    NoSuchCountry,
    #[error("a number of another country needs its plus")]
    NeedsPlus,
}

/// A telephone number in E.164: a plus, then digits only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

impl Phone {
    /// Reads a number as people write it; without a country code it is one of `default_country`.
    pub fn parse(raw: &str, default_country: Country) -> Result<Self, PhoneError> {
        let (has_plus, digits) = digits_of(raw)?;
        if has_plus {
            return Self::international(&digits, true);
        }
        if let Some(rest) = digits.strip_prefix("00") {
            return Self::international(rest, false);
        }
        if let Some(national) = digits.strip_prefix('0') {
            return Self::national(national, default_country);
        }
        // Length tells the two unmarked forms apart: 712345678 and 255712345678. A bare fixed line is not
        // taken, since 255712345 is rather a mobile number that lost its end than a line in Mbeya.
        if digits.len() == NATIONAL_DIGITS && default_country.has_mobile(&digits) {
            return Self::national(&digits, default_country);
        }
        if Country::of_digits(&digits).is_some() {
            return Self::international(&digits, false);
        }
        check_length(&digits, NATIONAL_DIGITS, NATIONAL_DIGITS)?;
        Err(PhoneError::NoSuchPrefix {
            country: default_country,
        })
    }

    /// Reads the stored form. It checks the form only: a number that was good when it was
    /// written stays readable, whatever numbering plans this version knows.
    pub fn from_e164(text: &str) -> Result<Self, PhoneError> {
        let digits = text.strip_prefix('+').ok_or(PhoneError::NeedsPlus)?;
        if let Some(found) = digits.chars().find(|c| !c.is_ascii_digit()) {
            return Err(PhoneError::NotADigit { found });
        }
        check_e164(digits)?;
        Ok(Self(text.to_owned()))
    }

    /// The E.164 form, such as `+255712345678`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits without the plus, as payment and message providers want them.
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }

    /// The country, if it is one whose numbering plan we know.
    pub fn country(&self) -> Option<Country> {
        Country::of_digits(self.digits()).map(|(country, _)| country)
    }

    /// The form that people of `reader` read most easily: `0712 345 678` at home, `+255 712 345 678` abroad.
    pub fn for_reader(&self, reader: Country) -> String {
        match Country::of_digits(self.digits()) {
            Some((country, national)) if national.len() == NATIONAL_DIGITS => {
                let (a, b, c) = (&national[..3], &national[3..6], &national[6..]);
                if country == reader {
                    format!("0{a} {b} {c}")
                } else {
                    format!("+{} {a} {b} {c}", country.calling_code())
                }
            }
            _ => self.0.clone(),
        }
    }

    fn international(digits: &str, has_plus: bool) -> Result<Self, PhoneError> {
        match Country::of_digits(digits) {
            Some((country, national)) => {
                // "+255 (0)712 …": the zero is dialled only inside the country.
                let national = national.strip_prefix('0').unwrap_or(national);
                Self::national(national, country)
            }
            None if has_plus => {
                check_e164(digits)?;
                Ok(Self(format!("+{digits}")))
            }
            None => Err(PhoneError::NeedsPlus),
        }
    }

    fn national(national: &str, country: Country) -> Result<Self, PhoneError> {
        check_length(national, NATIONAL_DIGITS, NATIONAL_DIGITS)?;
        if !country.has_number(national) {
            return Err(PhoneError::NoSuchPrefix { country });
        }
        Ok(Self(format!("+{}{national}", country.calling_code())))
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

impl TryFrom<String> for Phone {
    type Error = PhoneError;

    fn try_from(text: String) -> Result<Self, PhoneError> {
        Self::from_e164(&text)
    }
}

/// Takes the marks away that people and programs put between digits; tells whether a plus stood in front.
fn digits_of(raw: &str) -> Result<(bool, String), PhoneError> {
    let mut digits = String::new();
    let mut has_plus = false;
    for (at, found) in raw.chars().enumerate() {
        if at >= RAW_CHARS_MAX {
            let digits = count(&digits);
            let expected = count_of(E164_DIGITS_MAX);
            return Err(PhoneError::TooLong { digits, expected });
        }
        match found {
            '0'..='9' => digits.push(found),
            '+' if digits.is_empty() && !has_plus => has_plus = true,
            '+' => return Err(PhoneError::PlusInside),
            '-' | '.' | '(' | ')' | '\u{2010}'..='\u{2013}' => {}
            // Contact lists and chat programs wrap a copied number in invisible direction marks.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            '\u{200b}' | '\u{feff}' => {}
            _ if found.is_whitespace() => {}
            _ => return Err(PhoneError::NotADigit { found }),
        }
    }
    if digits.is_empty() {
        return Err(PhoneError::Empty);
    }
    Ok((has_plus, digits))
}

fn check_e164(digits: &str) -> Result<(), PhoneError> {
    if digits.starts_with('0') {
        return Err(PhoneError::NoSuchCountry);
    }
    check_length(digits, E164_DIGITS_MIN, E164_DIGITS_MAX)
}

fn check_length(digits: &str, min: usize, max: usize) -> Result<(), PhoneError> {
    if digits.len() < min {
        return Err(PhoneError::TooShort {
            digits: count(digits),
            expected: count_of(min),
        });
    }
    if digits.len() > max {
        return Err(PhoneError::TooLong {
            digits: count(digits),
            expected: count_of(max),
        });
    }
    Ok(())
}

fn count(digits: &str) -> u32 {
    count_of(digits.len())
}

fn count_of(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tz(raw: &str) -> Result<String, PhoneError> {
        Phone::parse(raw, Country::Tanzania).map(String::from)
    }

    #[test]
    fn every_spelling_of_a_number_is_that_number() {
        for raw in [
            "0712345678",
            "712345678",
            "255712345678",
            "+255712345678",
            "00255712345678",
            "0712 345 678",
            "+255 712-345-678",
            "0712.345.678",
            "(0712) 345678",
            "+255 (0)712 345 678",
            "2550712345678",
            "  0712345678\t",
            "\u{202a}+255\u{a0}712\u{a0}345\u{a0}678\u{202c}",
        ] {
            assert_eq!(tz(raw).as_deref(), Ok("+255712345678"), "{raw:?}");
        }
    }

    #[test]
    fn numbers_without_a_country_code_belong_to_the_default_country() {
        let in_country = |raw, country| Phone::parse(raw, country).map(String::from);
        let ok = |text: &str| Ok(text.to_owned());
        assert_eq!(
            in_country("0712345678", Country::Kenya),
            ok("+254712345678")
        );
        assert_eq!(in_country("110345678", Country::Kenya), ok("+254110345678"));
        assert_eq!(
            in_country("0772 345 678", Country::Uganda),
            ok("+256772345678")
        );
        assert_eq!(
            in_country("0788345678", Country::Rwanda),
            ok("+250788345678")
        );
        assert_eq!(
            in_country("255712345678", Country::Rwanda),
            ok("+255712345678")
        );
        assert_eq!(
            in_country("022 211 2345", Country::Tanzania),
            ok("+255222112345")
        );
    }

    #[test]
    fn another_country_needs_its_plus() {
        assert_eq!(tz("+243 812 345 678").as_deref(), Ok("+243812345678"));
        assert_eq!(tz("+44 20 7946 0018").as_deref(), Ok("+442079460018"));
        assert_eq!(tz("00243812345678"), Err(PhoneError::NeedsPlus));
        assert_eq!(tz("00712345678"), Err(PhoneError::NeedsPlus));
        assert_eq!(tz("+0712345678"), Err(PhoneError::NoSuchCountry));
    }

    #[test]
    fn an_error_names_the_broken_rule() {
        let short = |digits, expected| Err(PhoneError::TooShort { digits, expected });
        let long = |digits, expected| Err(PhoneError::TooLong { digits, expected });
        let no_prefix = Err(PhoneError::NoSuchPrefix {
            country: Country::Tanzania,
        });
        assert_eq!(tz(" - "), Err(PhoneError::Empty));
        assert_eq!(tz("+"), Err(PhoneError::Empty));
        assert_eq!(tz("0771234"), short(6, 9));
        assert_eq!(tz("77500"), short(5, 9));
        assert_eq!(tz("255712345"), short(6, 9));
        assert_eq!(tz("+25571234567"), short(8, 9));
        assert_eq!(tz("+123456"), short(6, 7));
        assert_eq!(tz("07123456789"), long(10, 9));
        assert_eq!(tz("7123456789"), long(10, 9));
        assert_eq!(tz("+1234567890123456"), long(16, 15));
        assert_eq!(tz(&"1 ".repeat(40)), long(32, 15));
        assert_eq!(tz("0912345678"), no_prefix);
        assert_eq!(tz("912345678"), no_prefix);
        assert_eq!(tz("0712+345678"), Err(PhoneError::PlusInside));
        assert_eq!(tz("++255712345678"), Err(PhoneError::PlusInside));
        for (raw, found) in [
            ("0712345678, 0655", ','),
            ("0712/0655", '/'),
            ("O712345678", 'O'),
            ("2.55713E+11", 'E'),
        ] {
            assert_eq!(tz(raw), Err(PhoneError::NotADigit { found }), "{raw:?}");
        }
    }

    #[test]
    fn people_read_it_with_blanks() {
        let phone = Phone::parse("0712345678", Country::Tanzania).unwrap();
        assert_eq!(phone.for_reader(Country::Tanzania), "0712 345 678");
        assert_eq!(phone.for_reader(Country::Kenya), "+255 712 345 678");
        assert_eq!(phone.digits(), "255712345678");
        assert_eq!(phone.country(), Some(Country::Tanzania));
        let abroad = Phone::from_e164("+442079460018").unwrap();
        assert_eq!(abroad.for_reader(Country::Kenya), "+442079460018");
        assert_eq!(abroad.country(), None);
    }

    #[test]
    fn the_stored_form_is_a_string_and_only_its_form_is_checked() {
        let phone = Phone::parse("0712345678", Country::Tanzania).unwrap();
        let bytes = minicbor_serde::to_vec(&phone).unwrap();
        assert_eq!(bytes, minicbor_serde::to_vec("+255712345678").unwrap());
        assert_eq!(minicbor_serde::from_slice::<Phone>(&bytes).unwrap(), phone);

        assert!(Phone::from_e164("+255912345678").is_ok());
        for bad in ["0712345678", "+255 712345678", "+0712345678", "+12", ""] {
            let bytes = minicbor_serde::to_vec(bad).unwrap();
            assert!(
                minicbor_serde::from_slice::<Phone>(&bytes).is_err(),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn countries_are_known_by_their_iso_code() {
        assert_eq!(Country::from_iso_code("ke"), Some(Country::Kenya));
        assert_eq!(Country::from_iso_code("FR"), None);
    }
}
