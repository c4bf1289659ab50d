//! Login sessions: begun at sign-in, kept alive by a rotating cookie, ended at sign-out or on suspicion.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use crdt_model::ids::{OrgId, PersonId};
use crdt_model::time::Timestamp;
use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::tokens::{self, RefreshToken};
use super::{SignedIn, cookie};
use crate::app::App;
use crate::database;
use crate::keys::random;
use crate::problem::Problem;
use crate::store::{self, audit, credentials, refresh_sessions};

/// Agents may be without a connection for weeks; every refresh begins this anew.
const SESSION_MILLIS: i64 = 60 * 24 * 60 * 60 * 1000;
/// How long the token before the current one is still answered: an answer lost on a bad line is asked for
/// again within minutes. After that it can only be a copy.
const GRACE_MILLIS: i64 = 10 * 60 * 1000;

/// What a person who has just signed in receives.
pub struct Session {
    pub who: SignedIn,
    access_token: String,
    refresh_token: RefreshToken,
    now: Timestamp,
}

#[derive(Serialize)]
struct SessionBody {
    org_id: OrgId,
    person_id: PersonId,
    access_token: String,
    /// Seconds.
    expires_in: i64,
    server_time_ms: i64,
}

impl IntoResponse for Session {
    fn into_response(self) -> Response {
        let cookie = cookie::keep(self.who.person, &self.refresh_token, SESSION_MILLIS / 1000);
        let body = SessionBody {
            org_id: self.who.org,
            person_id: self.who.person,
            access_token: self.access_token,
            expires_in: tokens::ACCESS_MILLIS / 1000,
            server_time_ms: self.now.as_millis(),
        };
        ([(header::SET_COOKIE, cookie)], Json(body)).into_response()
    }
}

/// Begins a session for somebody whose password was right.
pub async fn begin(
    app: &App,
    tx: &mut PgConnection,
    (org, person): (OrgId, PersonId),
    now: Timestamp,
) -> Result<Session, Problem> {
    let family = Uuid::from_bytes(random());
    let refresh_token = RefreshToken::first(org, family);
    let new = refresh_sessions::NewSession {
        org,
        family,
        person,
        token_hash: &refresh_token.hash(),
        expires_at: now.plus_millis(SESSION_MILLIS),
    };
    refresh_sessions::add(tx, &new, now).await?;
    Ok(session(app, person, refresh_token, now))
}

/// Exchanges a refresh token for a new pair.
pub async fn refresh(
    app: &App,
    person: PersonId,
    shown: &RefreshToken,
) -> Result<Session, Problem> {
    let now = app.clock.now();
    let (org, family) = (shown.org(), shown.family());
    let mut tx = database::begin(&app.pool, org).await?;
    let stored = refresh_sessions::find_for_update(&mut tx, org, family)
        .await?
        .ok_or(Problem::SessionEnded)?;
    if stored.is_revoked || stored.person != person || stored.expires_at <= now {
        return Err(Problem::SessionEnded);
    }
    if !credentials::is_active(&mut tx, org, person).await? {
        refresh_sessions::revoke(&mut tx, org, family, "deactivated", now).await?;
        tx.commit().await?;
        return Err(Problem::SessionEnded);
    }
    let hash = shown.hash();
    let next = shown.next(&app.keys.tokens);
    if bool::from(hash.as_slice().ct_eq(&stored.current_hash)) {
        let expires_at = now.plus_millis(SESSION_MILLIS);
        refresh_sessions::rotate(&mut tx, org, family, &next.hash(), now, expires_at).await?;
        tx.commit().await?;
    } else {
        let is_previous = stored
            .previous_hash
            .is_some_and(|previous| bool::from(hash.as_slice().ct_eq(&previous)));
        if !is_previous || now.millis_since(stored.rotated_at) > GRACE_MILLIS {
            refresh_sessions::revoke(&mut tx, org, family, "reused", now).await?;
            let entry = audit::Entry {
                actor: Some(person),
                action: "RefreshTokenReused",
                detail: json!({}),
            };
            audit::append(&mut tx, org, &entry, now).await?;
            tx.commit().await?;
            tracing::warn!(%org, %person, "a refresh token was used twice; the session ends");
            return Err(Problem::SessionEnded);
        }
    }
    Ok(session(app, person, next, now))
}

/// Ends the session of a cookie, if it is one.
pub async fn end(app: &App, person: PersonId, shown: &RefreshToken) -> Result<(), Problem> {
    let now = app.clock.now();
    let (org, family) = (shown.org(), shown.family());
    let mut tx = database::begin(&app.pool, org).await?;
    let Some(stored) = refresh_sessions::find_for_update(&mut tx, org, family).await? else {
        return Ok(());
    };
    let hash = shown.hash();
    let is_known = [Some(&stored.current_hash), stored.previous_hash.as_ref()]
        .into_iter()
        .flatten()
        .any(|known| bool::from(hash.as_slice().ct_eq(known)));
    if is_known && stored.person == person {
        refresh_sessions::revoke(&mut tx, org, family, "signed_out", now).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Keeps a person out from now on: his sessions end, his login no longer works. His devices stay: what they
/// still hold is judged when it arrives.
pub async fn deactivate(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    store::credentials::set_active(tx, org, person, false).await?;
    let ended = refresh_sessions::Ended {
        person,
        except: None,
        because: "deactivated",
    };
    refresh_sessions::revoke_all(tx, org, &ended, now).await
}

/// What the staff document says of a person is true for signing in as well. Who is active again signs in with the
/// password they had.
pub async fn follow_staff(
    tx: &mut PgConnection,
    org: OrgId,
    person: PersonId,
    active: bool,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if active {
        return store::credentials::set_active(tx, org, person, true).await;
    }
    store::invites::revoke(&mut *tx, org, person, now).await?;
    deactivate(tx, org, person, now).await
}

fn session(app: &App, person: PersonId, refresh_token: RefreshToken, now: Timestamp) -> Session {
    let who = SignedIn {
        org: refresh_token.org(),
        person,
        session: refresh_token.family(),
    };
    let access_token = tokens::write_access(&app.keys.tokens, who, now);
    Session {
        who,
        access_token,
        refresh_token,
        now,
    }
}
