//! The browser application: what the UI and the worker share, and both of them.

pub mod format;
pub mod i18n;
