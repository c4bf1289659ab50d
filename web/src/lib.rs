//! The browser application: what the UI and the worker share, and both of them.

#[cfg(target_arch = "wasm32")]
pub mod app;
#[cfg(target_arch = "wasm32")]
pub mod browser;
#[cfg(target_arch = "wasm32")]
pub mod components;
pub mod drafts;
pub mod format;
#[cfg(target_arch = "wasm32")]
pub mod hooks;
#[cfg(target_arch = "wasm32")]
pub mod http;
pub mod i18n;
pub mod keys;
pub mod lock;
#[cfg(target_arch = "wasm32")]
pub mod pages;
pub mod protocol;
#[cfg(target_arch = "wasm32")]
pub mod route;
#[cfg(target_arch = "wasm32")]
pub mod socket;
pub mod store;
pub mod views;
#[cfg(target_arch = "wasm32")]
pub mod worker;
