//! What a hostile device could send, and that each of it is turned away at little cost: in ten milliseconds of
//! processor time and 32 MB when optimised.

#![expect(clippy::unwrap_used, reason = "a test may")]

mod authors;
mod cost;
mod crowd;
mod digest;
mod facts;
mod fields;
mod findings;
mod forge;
mod history;
mod holds;
mod judge;
mod kept;
mod people;
mod places;
mod relay;
mod replaced;
mod sales;
mod size;
mod stock;
