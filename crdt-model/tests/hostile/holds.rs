//! What is held, and who decides about it.

mod accepted;
mod acts;
mod decided;
mod made;
mod sites;
mod told;

pub use acts::{decide, hold_a_sale};
