//! One id type per noun, so that a sale cannot be passed for a voucher block.
//!
//! An id is sixteen bytes laid out as a UUIDv7 (RFC 9562): 48 bits of milliseconds, then random bits. As text
//! it is 26 characters of Crockford base 32, which sorts like the bytes. Time and randomness are arguments.

use std::fmt;
use std::str::FromStr;

use rand_core::Rng;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::time::Timestamp;

pub(crate) const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 26 characters of Crockford base 32")]
pub struct IdError;

/// Sixteen bytes as 26 characters.
pub fn to_text(bytes: &[u8; 16]) -> String {
    let number = u128::from_be_bytes(*bytes);
    (0..26)
        .rev()
        .map(|place| char::from(ALPHABET[((number >> (place * 5)) & 31) as usize]))
        .collect()
}

/// The reverse of [`to_text`]; strict: upper case, exactly 26 characters, no overflow.
pub fn from_text(text: &str) -> Result<[u8; 16], IdError> {
    if text.len() != 26 {
        return Err(IdError);
    }
    let mut number: u128 = 0;
    for (place, letter) in text.bytes().enumerate() {
        let digit = ALPHABET
            .iter()
            .position(|known| *known == letter)
            .ok_or(IdError)? as u128;
        if place == 0 && digit > 7 {
            return Err(IdError);
        }
        number = (number << 5) | digit;
    }
    Ok(number.to_be_bytes())
}

/// A UUIDv7 from a given time and random source.
pub fn generate(now: Timestamp, rng: &mut impl Rng) -> [u8; 16] {
    let mut random = [0; 10];
    rng.fill_bytes(&mut random);
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    *uuid::Builder::from_unix_timestamp_millis(millis, &random)
        .as_uuid()
        .as_bytes()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// A new id made at `now`.
            pub fn generate(now: Timestamp, rng: &mut impl Rng) -> Self {
                Self(generate(now, rng))
            }

            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// When the id was made.
            pub fn made_at(&self) -> Timestamp {
                let millis = u128::from_be_bytes(self.0) >> 80;
                Timestamp::from_millis(i64::try_from(millis).unwrap_or(0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&to_text(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                from_text(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_bytes(&self.0)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
                } else {
                    let bytes = serde_bytes::ByteBuf::deserialize(deserializer)?;
                    bytes.as_slice().try_into().map(Self).map_err(|_| de::Error::custom(IdError))
                }
            }
        }
    };
}

id!(
    /// The tenant: one business with its own books.
    OrgId
);
id!(
    /// Any signed-in employee, agents included.
    PersonId
);
id!(
    /// One person's ViorNet on one browser profile: the holder of a signing key.
    DeviceId
);
id!(
    /// A physical WiFi location.
    SiteId
);
id!(
    /// A MikroTik device at a site.
    RouterId
);
id!(
    /// What clients' devices connect to by radio.
    AccessPointId
);
id!(
    /// A part of what a site serves: a street, a block of flats.
    AreaId
);
id!(
    /// What is sold: rate, quota, validity, price.
    PackageId
);
id!(
    /// Who buys internet.
    ClientId
);
id!(
    /// Codes made or imported together.
    BatchId
);
id!(
    /// The part of a batch that one holder has.
    BlockId
);
id!(
    /// One tap of one person; also the key of every fact it wrote.
    IntentId
);
id!(
    /// A change the relay keeps aside until somebody decides.
    HoldId
);

impl PersonId {
    /// The author of what the relay itself writes.
    pub const RELAY: Self = Self([0; 16]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_and_sorts_like_bytes() {
        let low = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        let high = [0xff; 16];
        assert_eq!(from_text(&to_text(&low)), Ok(low));
        assert_eq!(from_text(&to_text(&high)), Ok(high));
        assert!(to_text(&low) < to_text(&high));
    }

    #[test]
    fn text_that_is_no_id_is_refused() {
        for bad in [
            "",
            "0",
            "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            "0000000000000000000000000u",
            "0000000000000000000000000é",
        ] {
            assert_eq!(from_text(bad), Err(IdError), "{bad}");
        }
    }
}
