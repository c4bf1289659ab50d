//! A view that is read where it is shown.

use std::cell::OnceCell;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

use super::wire;

/// Stays bytes until somebody looks inside. A module of the UI whose screens never do has no reader for `T` in it.
pub struct Packed<T> {
    bytes: Vec<u8>,
    opened: OnceCell<T>,
    holds: PhantomData<T>,
}

impl<T: Serialize> Packed<T> {
    pub fn new(view: &T) -> Self {
        Self::of_bytes(wire::encode(view))
    }
}

impl<T> Packed<T> {
    const fn of_bytes(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            opened: OnceCell::new(),
            holds: PhantomData,
        }
    }
}

impl<T: DeserializeOwned> Packed<T> {
    pub fn open(self) -> T {
        let opened = self.opened.into_inner();
        opened.unwrap_or_else(|| Self::read(&self.bytes))
    }

    fn read(bytes: &[u8]) -> T {
        wire::decode(bytes).expect("page and worker are of one build")
    }
}

impl<T: DeserializeOwned> Deref for Packed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.opened.get_or_init(|| Self::read(&self.bytes))
    }
}

impl<T> Clone for Packed<T> {
    fn clone(&self) -> Self {
        Self::of_bytes(self.bytes.clone())
    }
}

impl<T> PartialEq for Packed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<T> std::fmt::Debug for Packed<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packed({} bytes)", self.bytes.len())
    }
}

impl<T> Serialize for Packed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.bytes)
    }
}

impl<'de, T> Deserialize<'de> for Packed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = serde_bytes::ByteBuf::deserialize(deserializer)?;
        Ok(Self::of_bytes(bytes.into_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_found_after_a_journey() {
        let packed = Packed::new(&vec!["a".to_owned(), "b".to_owned()]);
        let arrived: Packed<Vec<String>> = wire::decode(&wire::encode(&packed)).unwrap();
        assert_eq!(arrived, packed);
        assert_eq!(arrived.len(), 2);
        assert_eq!(arrived.open(), ["a", "b"]);
    }
}
