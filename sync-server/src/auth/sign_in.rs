//! Sign-in by login and password, throttled per account.

use crdt_model::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::parse_login;
use super::password::Password;
use super::session::{self, Session};
use crate::app::App;
use crate::database;
use crate::problem::Problem;
use crate::store::{audit, credentials};

/// Mistakes that cost nothing.
const FREE_ATTEMPTS: i32 = 5;
/// A person who forgot his password waits minutes at most; a program that guesses gets some hundred tries a day.
const LOCK_MILLIS_MAX: i64 = 5 * 60 * 1000;

#[derive(Deserialize)]
pub struct SignIn {
    login: String,
    password: String,
}

/// Compares, counts, and begins a session.
pub async fn sign_in(app: &App, request: &SignIn) -> Result<Session, Problem> {
    let password = Password::enter(&request.password)?;
    // A login that cannot exist is a wrong one, and takes as long.
    let login = parse_login(&request.login).unwrap_or_default();
    let mut connection = app.pool.acquire().await?;
    let org = credentials::find_organisation(&mut connection, &login).await?;
    drop(connection);
    let Some(org) = org else {
        app.passwords.verify(password, None).await?;
        return Err(Problem::WrongLogin);
    };
    let mut tx = database::begin(&app.pool, org).await?;
    let found = credentials::find_for_sign_in(&mut tx, org, &login)
        .await?
        .ok_or(Problem::WrongLogin)?;
    let now = app.clock.now();
    if let Some(until) = found.locked_until.filter(|until| *until > now) {
        return Err(too_many(until, now));
    }
    // Counted before the password is compared and without holding the row meanwhile: a hundred guesses at
    // once count as a hundred.
    let attempts = found.failed_attempts.saturating_add(1);
    credentials::set_attempts(
        &mut tx,
        org,
        found.person,
        attempts,
        locked_until(attempts, now),
    )
    .await?;
    tx.commit().await?;

    let matches = app
        .passwords
        .verify(password, Some(found.password_hash.clone()))
        .await?;
    if !matches || !found.active {
        tracing::info!(%org, person = %found.person, attempts, "a sign-in failed");
        return Err(Problem::WrongLogin);
    }
    let now = app.clock.now();
    let mut tx = database::begin(&app.pool, org).await?;
    // While it was compared somebody may have set a new one, and ended all sessions of the old one.
    if !credentials::forget_attempts(&mut tx, org, found.person, &found.password_hash).await? {
        return Err(Problem::WrongLogin);
    }
    let entry = audit::Entry {
        actor: Some(found.person),
        action: "SignedIn",
        detail: json!({}),
    };
    audit::append(&mut tx, org, &entry, now).await?;
    let session = session::begin(app, &mut tx, (org, found.person), now).await?;
    tx.commit().await?;
    Ok(session)
}

fn locked_until(attempts: i32, now: Timestamp) -> Option<Timestamp> {
    let over = u32::try_from(attempts - FREE_ATTEMPTS)
        .ok()
        .filter(|over| *over > 0)?;
    let millis = 1_000_i64.saturating_mul(1 << over.min(20));
    Some(now.plus_millis(millis.min(LOCK_MILLIS_MAX)))
}

fn too_many(until: Timestamp, now: Timestamp) -> Problem {
    let seconds = until.millis_since(now).max(0) / 1000 + 1;
    Problem::TooManyAttempts {
        retry_after_s: u32::try_from(seconds).unwrap_or(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_grows_and_has_an_end() {
        let now = Timestamp::ZERO;
        assert_eq!(locked_until(FREE_ATTEMPTS, now), None);
        assert_eq!(
            locked_until(FREE_ATTEMPTS + 1, now),
            Some(now.plus_millis(2_000))
        );
        assert_eq!(
            locked_until(FREE_ATTEMPTS + 3, now),
            Some(now.plus_millis(8_000))
        );
        assert_eq!(
            locked_until(i32::MAX, now),
            Some(now.plus_millis(LOCK_MILLIS_MAX))
        );
    }
}
