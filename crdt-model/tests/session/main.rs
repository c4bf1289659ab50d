//! The relay's end of a session, rule by rule, without IO. Each test carries the number of its rule in `docs/SYNC.md`.

#![expect(clippy::unwrap_used, reason = "a test may")]

mod comparison;
mod later;
mod link;
mod pull;
mod sealing;
mod talk;
