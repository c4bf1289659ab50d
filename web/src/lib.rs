//! The browser application: what the UI and the worker share.

pub mod protocol;
pub mod views;
