//! The server's own files that read tokens and cookies, with as little of the server around them as they name.

use crdt_model::ids::{OrgId, PersonId};
use uuid::Uuid;

#[path = "../src/auth/cookie.rs"]
pub mod cookie;
#[path = "../src/auth/tokens.rs"]
#[expect(dead_code, reason = "the server uses the rest")]
pub mod tokens;

/// As in `auth.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    pub org: OrgId,
    pub person: PersonId,
    pub session: Uuid,
}
