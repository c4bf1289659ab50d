//! The browser application: what the UI and the worker share.

#[cfg(target_arch = "wasm32")]
pub mod browser;
#[cfg(target_arch = "wasm32")]
pub mod http;
pub mod keys;
pub mod lock;
pub mod protocol;
#[cfg(target_arch = "wasm32")]
pub mod socket;
pub mod store;
pub mod views;
#[cfg(target_arch = "wasm32")]
pub mod worker;
