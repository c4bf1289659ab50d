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

/// What a link says before anything is typed.
#[derive(Serialize)]
pub struct Seen {
    organisation: String,
    name: String,
    invited_by: String,
    expires_at_ms: i64,
    /// Set: the person signed in before, and the link gives a new password.
    login: Option<String>,
}

/// An invitation that can still be used. The link itself is known to nobody but who made it.
#[derive(Serialize)]
pub struct Open {
    person_id: PersonId,
    invited_by: PersonId,
    created_at_ms: i64,
    expires_at_ms: i64,
}

#[derive(Deserialize)]
pub struct Accept {
    pub token: String,
    pub login: String,
    pub password: String,
}

/// Whether `by` may let `person` in: as in the staff document, one manages those whose every grant one could give.
pub async fn may_invite(
    tx: &mut PgConnection,
    org: OrgId,
    by: PersonId,
    person: PersonId,
) -> Result<bool, sqlx::Error> {
    let is_active = credentials::is_active(tx, org, by).await?;
    let by = people::principal(tx, org, by).await?;
    let invited = people::principal(tx, org, person).await?;
    Ok(is_active
        && by.may_somewhere(Capability::StaffManage)
        && invited.grants.iter().all(|grant| by.may_grant(*grant)))
}

/// Makes a link for a person of the staff.
pub async fn invite(app: &App, caller: SignedIn, request: &Invite) -> Result<Invited, Problem> {
    let now = app.clock.now();
    let mut tx = database::begin(&app.pool, caller.org).await?;
    caller.still(&mut tx).await?;
    if !may_invite(&mut tx, caller.org, caller.person, request.person_id).await? {
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

/// Invitations that are open, of those whom the caller may invite.
pub async fn list(app: &App, caller: SignedIn) -> Result<Vec<Open>, Problem> {
    let mut tx = database::begin(&app.pool, caller.org).await?;
    let open = invites::list_open(&mut tx, caller.org, app.clock.now()).await?;
    let mut listed = Vec::new();
    for invite in open {
        if may_invite(&mut tx, caller.org, caller.person, invite.person).await? {
            listed.push(Open {
                person_id: invite.person,
                invited_by: invite.invited_by,
                created_at_ms: invite.created_at.as_millis(),
                expires_at_ms: invite.expires_at.as_millis(),
            });
        }
    }
    Ok(listed)
}

/// Withdraws the open link of a person.
pub async fn revoke(app: &App, caller: SignedIn, request: &Invite) -> Result<(), Problem> {
    let now = app.clock.now();
    let mut tx = database::begin(&app.pool, caller.org).await?;
    caller.still(&mut tx).await?;
    if !may_invite(&mut tx, caller.org, caller.person, request.person_id).await? {
        return Err(Problem::Forbidden);
    }
    if invites::revoke(&mut tx, caller.org, request.person_id, now).await? {
        let entry = audit::Entry {
            actor: Some(caller.person),
            action: "InvitationWithdrawn",
            detail: json!({ "person": request.person_id.to_string() }),
        };
        audit::append(&mut tx, caller.org, &entry, now).await?;
    }
    tx.commit().await?;
    Ok(())
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
    let (person, invited_by) = invites::take(&mut tx, org, &token.hash(), now)
        .await?
        .ok_or(Problem::LinkInvalid)?;
    // Once more: hashing takes a while.
    if !may_invite(&mut tx, org, invited_by, person).await? {
        return Err(Problem::LinkRevoked);
    }
    match credentials::put(&mut tx, org, person, &login, &password_hash, now).await {
        Ok(()) => {}
        Err(credentials::PutError::LoginTaken) => return Err(Problem::LoginTaken),
        Err(credentials::PutError::Database(error)) => return Err(error.into()),
    }
    credentials::set_active(&mut tx, org, person, true).await?;
    let ended = refresh_sessions::Ended {
        person,
        except: None,
        because: "password_changed",
    };
    refresh_sessions::revoke_all(&mut tx, org, &ended, now).await?;
    let entry = audit::Entry {
        actor: Some(person),
        action: "InvitationAccepted",
        detail: json!({}),
    };
    audit::append(&mut tx, org, &entry, now).await?;
    let session = session::begin(app, &mut tx, (org, person), now).await?;
    tx.commit().await?;
    Ok(session)
}

/// The link as it stands, or why it cannot be used: whoever has it was sent it, and may know.
async fn find(
    tx: &mut PgConnection,
    org: OrgId,
    token: &OneTimeToken,
    now: Timestamp,
) -> Result<(PersonId, Seen), Problem> {
    let invite = invites::find(tx, org, &token.hash())
        .await?
        .ok_or(Problem::LinkInvalid)?;
    if invite.is_used {
        return Err(Problem::LinkUsed);
    }
    if invite.is_revoked {
        return Err(Problem::LinkRevoked);
    }
    if invite.expires_at <= now {
        return Err(Problem::LinkExpired);
    }
    // Not by who made it has left since, nor for somebody who has risen above them: a link is a new password.
    if !may_invite(tx, org, invite.invited_by, invite.person).await? {
        return Err(Problem::LinkRevoked);
    }
    let name = people::find_active_name(tx, org, invite.person)
        .await?
        .ok_or(Problem::LinkRevoked)?;
    let invited_by = people::find_name(tx, org, invite.invited_by).await?;
    let organisation = organisations::find(tx, org)
        .await?
        .ok_or(Problem::LinkInvalid)?
        .name;
    let seen = Seen {
        organisation,
        name,
        invited_by: invited_by.unwrap_or_default(),
        expires_at_ms: invite.expires_at.as_millis(),
        login: credentials::find_login_of(tx, org, invite.person).await?,
    };
    Ok((invite.person, seen))
}
