//! How the calls are written: postcard, by position and without names. A page and its worker are always of one build,
//! so nothing has to be skipped or guessed, and the readers of some two hundred types stay small. What is kept or
//! leaves the device is CBOR (`crdt_model::codec`).
//!
//! By position means that a type said here must not leave fields out (`skip_serializing_if`).

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// # Panics
/// Never for the types of the protocol: postcard fails only for lists of unknown length.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("calls are plain data")
}

pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, postcard::Error> {
    postcard::from_bytes(bytes)
}

#[derive(Serialize)]
struct ForTabs<'a, T: ?Sized> {
    build: &'a str,
    said: &'a T,
}

#[derive(Deserialize)]
struct FromTab<'a> {
    build: &'a str,
}

/// For the worker of another tab, which may be of another build while an update is on its way.
pub fn for_tabs<T: Serialize + ?Sized>(build: &str, value: &T) -> Vec<u8> {
    encode(&ForTabs { build, said: value })
}

/// None for what another build said.
pub fn from_tab<T: DeserializeOwned>(build: &str, bytes: &[u8]) -> Option<T> {
    let (sender, said) = postcard::take_from_bytes::<FromTab<'_>>(bytes).ok()?;
    (sender.build == build)
        .then(|| postcard::from_bytes(said).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Event, Failure, Query, Request, SalesFilter};

    #[test]
    fn another_build_is_not_understood() {
        let bytes = for_tabs("a", &Event::Changed);
        assert_eq!(from_tab("a", &bytes), Some(Event::Changed));
        assert_eq!(from_tab::<Event>("b", &bytes), None);
        assert_eq!(from_tab::<Event>("a", b"\xff"), None);
    }

    #[test]
    fn what_was_said_is_heard() {
        let requests = [
            Request::Lock,
            Request::Query(Query::Sales {
                filter: SalesFilter::default(),
                offset: 3,
                limit: u32::MAX,
            }),
            Request::SignIn {
                login: "asha".into(),
                password: "ndizi tamu".into(),
                old: crate::protocol::OldPassword::Known("ndizi".into()),
            },
        ];
        for request in requests {
            assert_eq!(decode(&encode(&request)), Ok(request));
        }
        let failure: Result<(), Failure> = Err(Failure::Server {
            problem: "setup-done".into(),
        });
        assert_eq!(decode(&encode(&failure)), Ok(failure));
    }
}
