//! Hardware addresses of a client's device or router. People and programs write them in four ways; they are kept
//! as `AA:BB:CC:DD:EE:FF`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Six bytes that name a network interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mac([u8; 6]);

/// Why a text is not a hardware address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hardware address has 12 hexadecimal digits")]
pub struct MacError;

impl FromStr for Mac {
    type Err = MacError;

    /// Reads `AA:BB:…`, `aa-bb-…`, `aabb.ccdd.eeff` and `aabbccddeeff`, with blanks around.
    fn from_str(text: &str) -> Result<Self, MacError> {
        let text = text.trim();
        let groups: Vec<&str> = text.split([':', '-', '.']).collect();
        let is_even = match groups.as_slice() {
            [all] => all.len() == 12,
            groups @ [_, _, _] => groups.iter().all(|group| group.len() == 4),
            groups @ [_, _, _, _, _, _] => groups.iter().all(|group| group.len() == 2),
            _ => false,
        };
        let digits: Vec<u8> = groups
            .concat()
            .chars()
            .map(|digit| digit.to_digit(16).and_then(|digit| digit.try_into().ok()))
            .collect::<Option<_>>()
            .ok_or(MacError)?;
        if !is_even || digits.len() != 12 {
            return Err(MacError);
        }
        let mut bytes = [0; 6];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{g:02X}")
    }
}

impl From<Mac> for String {
    fn from(mac: Mac) -> Self {
        mac.to_string()
    }
}

impl TryFrom<String> for Mac {
    type Error = MacError;

    fn try_from(text: String) -> Result<Self, MacError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_address_is_that_address() {
        for text in [
            "44:15:A4:9C:91:E1",
            "44-15-a4-9c-91-e1",
            "4415.a49c.91e1",
            " 4415a49c91e1 ",
        ] {
            let mac: Mac = text.parse().unwrap();
            assert_eq!(mac.to_string(), "44:15:A4:9C:91:E1", "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "44:15:A4:9C:91",
            "44:15:A4:9C:91:E1:00",
            "44:15:A4:9C:91:G1",
            "441:5:A4:9C:91:E1",
            "44:15:A4:9C:91:é",
            "4415a49c91e",
        ] {
            assert_eq!(text.parse::<Mac>(), Err(MacError), "{text}");
        }
    }
}
