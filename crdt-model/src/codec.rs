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
