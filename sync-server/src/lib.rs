//! The relay, the HTTP API and the workers.
