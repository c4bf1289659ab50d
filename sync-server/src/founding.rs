//! The beginning of an organisation: its row, and what the relay writes first in its documents.

use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::command::DocumentWrite;
use crdt_model::document::{Container, DocumentKey, Put};
use crdt_model::ids::{OrgId, PersonId, SiteId};
use crdt_model::money::Currency;
use crdt_model::relay::OrgState;
use crdt_model::time::Timestamp;
use crdt_model::{site, staff};
use sqlx::PgConnection;

use crate::problem::Problem;
use crate::relay::settle;
use crate::store::organisations;

/// What was decided at set-up.
pub struct Founding {
    pub org: OrgId,
    pub owner: PersonId,
    pub organisation_name: String,
    pub currency: Currency,
    pub timezone: String,
    pub owner_name: String,
    /// The first site.
    pub site: SiteId,
    pub site_name: String,
}

/// Writes the organisation within the caller's transaction, which has entered it.
pub async fn found(
    tx: &mut PgConnection,
    founding: &Founding,
    now: Timestamp,
) -> Result<(), Problem> {
    let new = organisations::NewOrganisation {
        id: founding.org,
        name: &founding.organisation_name,
        currency: founding.currency.code(),
        timezone: &founding.timezone,
        founder: founding.owner,
    };
    organisations::add(tx, &new, now).await?;
    let mut state = OrgState::new(founding.org, 0, settle::actor(founding.org));
    let outcome = state.found(&writes(founding), now).map_err(|error| {
        tracing::error!(%error, "the first documents cannot be written");
        Problem::Internal
    })?;
    Ok(settle::store(tx, &state, &outcome, now).await?)
}

/// The first words of an organisation's documents.
fn writes(founding: &Founding) -> [DocumentWrite; 3] {
    let org = |field: &str, value: &str| Put {
        container: Container::Records,
        key: format!("org/{field}"),
        value: value.into(),
    };
    let owner = Grant {
        role: Role::Owner,
        scope: Scope::Organisation,
    };
    [
        DocumentWrite {
            document: DocumentKey::Org,
            puts: vec![
                org("name", &founding.organisation_name),
                org("timezone", &founding.timezone),
                org("currency", founding.currency.code()),
            ],
        },
        DocumentWrite {
            document: DocumentKey::Staff,
            puts: staff::add(founding.owner, &founding.owner_name, &[owner]),
        },
        DocumentWrite {
            document: DocumentKey::SitePublic(founding.site),
            puts: site::puts(&founding.site_name, None),
        },
    ]
}
