//! Real devices that put a running server under load: they sign in over HTTP, speak the WebSocket protocol with the
//! device core that runs in browsers, and keep account of what was acknowledged. Shared by tests and benchmarks,
//! which each take it by `#[path]`.

pub mod browser;
pub mod phone;
pub mod recording;
pub mod server;
pub mod shop;
