//! New ids from the system's random source; `crdt_model::ids` has their types.

use crdt_model::time::Timestamp;
use uuid::Builder;

use crate::keys::random;

/// The bytes of a UUIDv7 made at `now`.
pub fn new_id(now: Timestamp) -> [u8; 16] {
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    *Builder::from_unix_timestamp_millis(millis, &random())
        .as_uuid()
        .as_bytes()
}
