//! The one encoding of everything ViorNet writes down or sends: CBOR (RFC 8949) through serde.
//!
//! Structs are maps with short stable names, so that fields can be added for ever: an unknown field is skipped,
//! a missing one takes its default.

use serde::{Serialize, de::DeserializeOwned};

/// Bytes that are not what they should be. The text is for logs, never for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot be read: {0}")]
pub struct DecodeError(String);

/// # Panics
/// Never for the types of this crate: encoding into memory fails only for types that CBOR cannot express.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    minicbor_serde::to_vec(value).expect("our types have a CBOR form")
}

/// Does a CBOR text have more data items than this? Every item takes memory when it is read, an empty one as well,
/// so a limit of bytes alone is none. Looks at the heads of the items one after the other; what is no CBOR is
/// somebody else's to find out.
pub fn has_more_items_than(bytes: &[u8], items_max: usize) -> bool {
    let mut at = 0;
    let mut items = 0;
    while let Some(head) = bytes.get(at) {
        items += 1;
        if items > items_max {
            return true;
        }
        let (major, short) = (head >> 5, head & 31);
        let width = match short {
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => 0,
        };
        let Some(argument) = bytes.get(at + 1..at + 1 + width) else {
            return false;
        };
        let length = argument
            .iter()
            .fold(0_u64, |n, byte| (n << 8) | u64::from(*byte));
        let length = if width == 0 { u64::from(short) } else { length };
        at += 1 + width;
        let is_string = (major == 2 || major == 3) && short != 31;
        if is_string {
            at = at.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
        }
    }
    false
}

/// Reads exactly one value; anything after it is an error.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let mut deserializer = minicbor_serde::Deserializer::new(bytes);
    let value =
        T::deserialize(&mut deserializer).map_err(|error| DecodeError(error.to_string()))?;
    if deserializer.decoder().position() != bytes.len() {
        return Err(DecodeError("bytes follow the value".into()));
    }
    Ok(value)
}

/// For `deserialize_with`: a list of at most `MAX` elements. Anything longer is an error as soon as it shows, so that
/// a few bytes that claim millions of elements cost nothing.
pub fn at_most<'de, D, T, const MAX: usize>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    struct AtMost<T, const MAX: usize>(std::marker::PhantomData<T>);

    impl<'de, T: serde::Deserialize<'de>, const MAX: usize> serde::de::Visitor<'de> for AtMost<T, MAX> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "at most {MAX} elements")
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(element) = seq.next_element()? {
                if list.len() == MAX {
                    return Err(serde::de::Error::invalid_length(MAX + 1, &self));
                }
                list.push(element);
            }
            Ok(list)
        }
    }

    deserializer.deserialize_seq(AtMost::<T, MAX>(std::marker::PhantomData))
}
