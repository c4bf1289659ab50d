//! Who is calling: passwords, tokens, cookies, and the extractor that asks for them.
//! What a person may do once known is not decided here.

pub mod cookie;
pub mod devices;
pub mod invites;
pub mod origin;
pub mod password;
pub mod session;
pub mod setup;
pub mod sign_in;
pub mod tickets;
pub mod tokens;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use crdt_model::ids::{OrgId, PersonId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::app::SharedApp;
use crate::problem::Problem;
use crate::store::refresh_sessions;

/// The caller holds a valid access token. For up to its lifetime that may be somebody whose access has just
/// ended; whoever hands out anything longer-lived, or ends what is somebody else's, asks `still` too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    pub org: OrgId,
    pub person: PersonId,
    /// The family of the session that the token is of.
    pub session: Uuid,
}

impl SignedIn {
    /// Asks whether neither the session nor the person's access has ended.
    pub async fn still(self, tx: &mut PgConnection) -> Result<(), Problem> {
        match refresh_sessions::is_open(tx, self.org, self.session, self.person).await? {
            true => Ok(()),
            false => Err(Problem::NotSignedIn),
        }
    }
}

impl FromRequestParts<SharedApp> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, Problem> {
        let header = parts
            .headers
            .get(header::AUTHORIZATION)
            .ok_or(Problem::NotSignedIn)?;
        let token = header
            .to_str()
            .ok()
            .and_then(|text| text.strip_prefix("Bearer "));
        let token = token.ok_or(Problem::NotSignedIn)?;
        tokens::read_access(&app.keys.tokens, token, app.clock.now()).ok_or(Problem::NotSignedIn)
    }
}

/// A login as it is stored: trimmed, lower case.
pub fn parse_login(text: &str) -> Result<String, Problem> {
    let login = text.trim().to_lowercase();
    let is_fine = (1..=254).contains(&login.len())
        && !login.chars().any(|c| c.is_control() || c.is_whitespace());
    match is_fine {
        true => Ok(login),
        false => Err(Problem::Invalid {
            field: "login",
            reason: "1 to 254 characters, no spaces",
        }),
    }
}

/// A name of a person or an organisation: trimmed, on one line.
pub fn parse_name(field: &'static str, text: &str) -> Result<String, Problem> {
    let name = text.trim();
    match (1..=200).contains(&name.len()) && !name.chars().any(char::is_control) {
        true => Ok(name.to_owned()),
        false => Err(Problem::Invalid {
            field,
            reason: "1 to 200 characters on one line",
        }),
    }
}
