//! The server: HTTP API, relay, workers, and the web app's files.
//!
//! `serve` starts everything; `router` lists every endpoint; `store` has all SQL. What is right and who may do
//! what is decided in `crdt_model`.

pub mod app;
pub mod auth;
pub mod backup;
pub mod clock;
pub mod cluster;
pub mod config;
pub mod database;
pub mod demo;
pub mod export;
pub mod founding;
pub mod gate;
pub mod handlers;
pub mod headers;
pub mod http;
pub mod ids;
pub mod keys;
pub mod listener;
pub mod metrics;
pub mod migrations;
pub mod problem;
pub mod relay;
pub mod router;
pub mod serve;
pub mod store;
pub mod web_app;
