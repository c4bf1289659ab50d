//! One device, rule by rule (`docs/SYNC.md`): events, commands and messages go in, effects and state come out. Nothing is
//! sold twice, nothing written twice, nothing lost.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test that fails is a test that fails"
)]

mod batches;
mod clock;
mod comparison;
mod dismissed;
mod hand_over;
mod held;
mod inherit;
mod journal;
mod link;
mod names;
mod people;
mod phone;
mod pull;
mod push;
#[path = "../simulation/random.rs"]
#[expect(dead_code, reason = "the simulation uses the rest")]
mod random;
mod rebase;
#[path = "../shared/shop.rs"]
mod shop;
mod trouble;
