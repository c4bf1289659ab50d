//! The beginning of an organisation: its row, and what the relay writes first in its documents.

use crdt_model::ids::{OrgId, PersonId};
use crdt_model::money::Currency;
use crdt_model::time::Timestamp;
use sqlx::PgConnection;

use crate::store::{organisations, people};

/// What was decided at set-up.
pub struct Founding {
    pub org: OrgId,
    pub owner: PersonId,
    pub organisation_name: String,
    pub currency: Currency,
    pub timezone: String,
    pub owner_name: String,
}

/// Writes the organisation within the caller's transaction, which has entered it.
pub async fn found(
    tx: &mut PgConnection,
    founding: &Founding,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let new = organisations::NewOrganisation {
        id: founding.org,
        name: &founding.organisation_name,
        currency: founding.currency.code(),
        timezone: &founding.timezone,
        founder: founding.owner,
    };
    organisations::add(tx, &new, now).await?;
    people::put(tx, founding.org, founding.owner, &founding.owner_name).await
}
