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
