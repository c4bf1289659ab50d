//! The one-time set-up link: whoever holds it becomes the owner of the first organisation.

use crdt_model::ids::{OrgId, PersonId, SiteId};
use crdt_model::money::Currency;
use crdt_model::time::Timestamp;
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;
use subtle::ConstantTimeEq;

use super::password::Password;
use super::session::{self, Session};
use super::{parse_login, parse_name, tokens};
use crate::app::App;
use crate::founding::{self, Founding};
use crate::ids::new_id;
use crate::problem::Problem;
use crate::store::{self, audit, credentials};

#[derive(Deserialize)]
pub struct SetUp {
    token: String,
    organisation: NewOrganisation,
    owner: NewOwner,
    /// The first place where internet is sold; named after the organisation if none is given.
    #[serde(default)]
    site: Option<NewSite>,
}

#[derive(Deserialize)]
struct NewOrganisation {
    name: String,
    currency: Currency,
    timezone: String,
}

#[derive(Deserialize)]
struct NewSite {
    name: String,
}

#[derive(Deserialize)]
struct NewOwner {
    name: String,
    login: String,
    password: String,
}

/// Makes a new set-up token, unless there is an organisation already. The one before it ends: only its hash
/// was kept, so it could not be shown again.
pub async fn open_link(app: &App) -> Result<Option<String>, sqlx::Error> {
    let mut tx = app.pool.begin().await?;
    store::setup::lock(&mut tx).await?;
    if store::setup::is_done(&mut tx).await? {
        return Ok(None);
    }
    let token = tokens::new_setup_token();
    store::setup::open(&mut tx, &tokens::hash_text(&token), app.clock.now()).await?;
    tx.commit().await?;
    Ok(Some(token))
}

/// Makes the organisation and its owner, in one transaction, once.
pub async fn set_up(app: &App, request: SetUp) -> Result<Session, Problem> {
    let organisation_name = parse_name("organisation.name", &request.organisation.name)?;
    let owner_name = parse_name("owner.name", &request.owner.name)?;
    let site_name = match &request.site {
        Some(site) => parse_name("site.name", &site.name)?,
        None => organisation_name.clone(),
    };
    let login = parse_login(&request.owner.login)?;
    let password = Password::choose(&request.owner.password)?;
    check_token(app, &request.token).await?;
    let password_hash = app.passwords.hash(password).await?;

    let now = app.clock.now();
    let founding = Founding {
        org: OrgId::from_bytes(new_id(now)),
        owner: PersonId::from_bytes(new_id(now)),
        organisation_name,
        currency: request.organisation.currency,
        timezone: request.organisation.timezone,
        owner_name,
        site: SiteId::from_bytes(new_id(now)),
        site_name,
    };
    let mut tx = app.pool.begin().await?;
    store::setup::lock(&mut tx).await?;
    compare_token(&mut tx, &request.token).await?;
    if !store::organisations::is_timezone(&mut tx, &founding.timezone).await? {
        return Err(Problem::Invalid {
            field: "organisation.timezone",
            reason: "an IANA name such as Africa/Nairobi",
        });
    }
    establish(&mut tx, &founding, &login, &password_hash, now).await?;
    let owner = (founding.org, founding.owner);
    let session = session::begin(app, &mut tx, owner, now).await?;
    tx.commit().await?;
    tracing::info!(org = %founding.org, "set up");
    Ok(session)
}

/// Writes the organisation and its owner's login; the link ends. The caller holds the lock and knows that there is
/// no organisation.
pub async fn establish(
    tx: &mut PgConnection,
    founding: &Founding,
    login: &str,
    password_hash: &str,
    now: Timestamp,
) -> Result<(), Problem> {
    let (org, owner) = (founding.org, founding.owner);
    store::enter_organisation(tx, org).await?;
    founding::found(tx, founding, now).await?;
    credentials::put(tx, org, owner, login, password_hash, now)
        .await
        .map_err(|error| match error {
            credentials::PutError::LoginTaken => Problem::LoginTaken,
            credentials::PutError::Database(error) => error.into(),
        })?;
    let entry = audit::Entry {
        actor: Some(owner),
        action: "OrganisationSetUp",
        detail: json!({ "name": founding.organisation_name }),
    };
    audit::append(tx, org, &entry, now).await?;
    store::setup::close(tx).await?;
    Ok(())
}

/// Before any password is hashed: guessing tokens must not keep the server busy.
async fn check_token(app: &App, shown: &str) -> Result<(), Problem> {
    let mut connection = app.pool.acquire().await?;
    compare_token(&mut connection, shown).await
}

async fn compare_token(db: &mut PgConnection, shown: &str) -> Result<(), Problem> {
    if store::setup::is_done(db).await? {
        return Err(Problem::AlreadySetUp);
    }
    let stored = store::setup::find_token_hash(db)
        .await?
        .ok_or(Problem::LinkInvalid)?;
    match bool::from(tokens::hash_text(shown).as_slice().ct_eq(&stored)) {
        true => Ok(()),
        false => Err(Problem::LinkInvalid),
    }
}
