//! Invitations: a link by which somebody of the staff chooses a login and a password, or new ones.

use crdt_model::capability::Capability;
use crdt_model::ids::{OrgId, PersonId};
use crdt_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;

use super::password::Password;
use super::session::{self, Session};
use super::tokens::OneTimeToken;
use super::{SignedIn, parse_login};
use crate::app::App;
use crate::database;
use crate::problem::Problem;
use crate::store::{audit, credentials, invites, organisations, people, refresh_sessions};

const INVITE_MILLIS: i64 = 7 * 24 * 60 * 60 * 1000;

#[derive(Deserialize)]
pub struct Invite {
    pub person_id: PersonId,
}

#[derive(Serialize)]
pub struct Invited {
    pub token: String,
    expires_at_ms: i64,
}

#[derive(Deserialize)]
pub struct Look {
    token: String,
}

#[derive(Serialize)]
pub struct Seen {
    organisation: String,
    name: String,
}

#[derive(Deserialize)]
pub struct Accept {
    pub token: String,
    pub login: String,
    pub password: String,
}

/// Whether `caller` may let `person` in: as in the staff document, one manages those whose every grant one could
/// give.
pub async fn may_invite(
    tx: &mut PgConnection,
    caller: SignedIn,
    person: PersonId,
) -> Result<bool, sqlx::Error> {
    let by = people::principal(tx, caller.org, caller.person).await?;
    let invited = people::principal(tx, caller.org, person).await?;
    Ok(credentials::is_active(tx, caller.org, caller.person).await?
        && by.may_somewhere(Capability::StaffManage)
        && invited.grants.iter().all(|grant| by.may_grant(*grant)))
}

/// Makes a link for a person of the staff.
pub async fn invite(app: &App, caller: SignedIn, request: &Invite) -> Result<Invited, Problem> {
    let now = app.clock.now();
    let mut tx = database::begin(&app.pool, caller.org).await?;
    if !may_invite(&mut tx, caller, request.person_id).await? {
        return Err(Problem::Forbidden);
    }
    people::find_active_name(&mut tx, caller.org, request.person_id)
        .await?
        .ok_or(Problem::NotFound)?;
    let token = OneTimeToken::new(caller.org);
    let expires_at = now.plus_millis(INVITE_MILLIS);
    let new = invites::NewInvite {
        org: caller.org,
        token_hash: &token.hash(),
        person: request.person_id,
        invited_by: caller.person,
        expires_at,
    };
    invites::add(&mut tx, &new, now).await?;
    let detail = json!({ "person": request.person_id.to_string() });
    let entry = audit::Entry {
        actor: Some(caller.person),
        action: "PersonInvited",
        detail,
    };
    audit::append(&mut tx, caller.org, &entry, now).await?;
    tx.commit().await?;
    Ok(Invited {
        token: token.text(),
        expires_at_ms: expires_at.as_millis(),
    })
}

/// Whose link this is, before anything is typed.
pub async fn look(app: &App, request: &Look) -> Result<Seen, Problem> {
    let now = app.clock.now();
    let token = OneTimeToken::parse(&request.token).ok_or(Problem::LinkInvalid)?;
    let org = token.org();
    let mut tx = database::begin(&app.pool, org).await?;
    let (_, seen) = find(&mut tx, org, &token, now).await?;
    Ok(seen)
}

/// Takes the link: sets login and password, ends older sessions, begins a new one.
pub async fn accept(app: &App, request: &Accept) -> Result<Session, Problem> {
    let token = OneTimeToken::parse(&request.token).ok_or(Problem::LinkInvalid)?;
    let org = token.org();
    let login = parse_login(&request.login)?;
    let password = Password::choose(&request.password)?;
    let mut tx = database::begin(&app.pool, org).await?;
    find(&mut tx, org, &token, app.clock.now()).await?;
    drop(tx);
    let password_hash = app.passwords.hash(password).await?;

    let now = app.clock.now();
    let mut tx = database::begin(&app.pool, org).await?;
    let person = invites::take(&mut tx, org, &token.hash(), now)
        .await?
        .ok_or(Problem::LinkInvalid)?;
    match credentials::put(&mut tx, org, person, &login, &password_hash, now).await {
        Ok(()) => {}
        Err(credentials::PutError::LoginTaken) => return Err(Problem::LoginTaken),
        Err(credentials::PutError::Database(error)) => return Err(error.into()),
    }
    credentials::set_active(&mut tx, org, person, true).await?;
    refresh_sessions::revoke_all(&mut tx, org, person, "password_changed", now).await?;
    let entry = audit::Entry {
        actor: Some(person),
        action: "InvitationAccepted",
        detail: json!({}),
    };
    audit::append(&mut tx, org, &entry, now).await?;
    let session = session::begin(app, &mut tx, SignedIn { org, person }, now).await?;
    tx.commit().await?;
    Ok(session)
}

async fn find(
    tx: &mut PgConnection,
    org: OrgId,
    token: &OneTimeToken,
    now: Timestamp,
) -> Result<(PersonId, Seen), Problem> {
    let person = invites::find_open(tx, org, &token.hash(), now)
        .await?
        .ok_or(Problem::LinkInvalid)?;
    let name = people::find_active_name(tx, org, person)
        .await?
        .ok_or(Problem::LinkInvalid)?;
    let organisation = organisations::find(tx, org)
        .await?
        .ok_or(Problem::LinkInvalid)?
        .name;
    Ok((person, Seen { organisation, name }))
}
