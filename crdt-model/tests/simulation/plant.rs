//! Planting a mistake of `mistakes.rs`. Here there is nothing to plant it in: `cargo xtask prove mistakes` puts another
//! file in the place of this one, beside a copy of the code that has the mistakes in it.

/// Plants that mistake in what this thread runs, or none. `false`: this is not such a copy.
pub const fn plant(_mistake: Option<usize>) -> bool {
    false
}
