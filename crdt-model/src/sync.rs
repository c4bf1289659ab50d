//! The sync protocol: wire types, and both ends of a session as state machines without IO. The rules are numbered
//! in `docs/SYNC.md`; tests are named after them.

pub mod batch;
pub mod device;
pub mod message;
pub mod relay;
pub mod rescue;
