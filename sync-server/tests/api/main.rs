//! The HTTP API on a real PostgreSQL: `DATABASE_URL` names a server on which databases may be made.

#![expect(clippy::unwrap_used, reason = "a test may")]

mod at_sites;
mod backup;
mod catalog;
mod claims;
mod clients;
mod demo;
mod devices;
mod export;
mod frames;
mod hellos;
mod helpers;
mod invites;
mod isolation;
mod kept;
mod nodes;
mod older_backup;
mod people;
mod profile;
mod pushes;
mod relay;
mod replaced;
mod serving;
mod sessions;
mod setup;
mod sign_in;
mod slow_clients;
mod slow_readers;
mod stock;
