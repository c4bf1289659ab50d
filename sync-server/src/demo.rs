//! `viornet --demo`: an organisation to look at and to try things in, with two months behind it.
//!
//! Nothing of it is written past the rules: every person has a device with a registered key, does everything by
//! commands, and pushes to the relay of this process, while the clock is moved by hand from then to now. Start
//! reading at [`open`]; [`cast`] says who and where, [`days`] what an ordinary day brings, [`scenes`] what goes wrong.

mod cast;
mod days;
mod founding;
mod hand_overs;
mod imports;
pub mod key;
pub mod names;
mod places;
pub mod profile;
pub mod random;
mod scenes;
mod stock;
mod till;
mod world;

use anyhow::{Result, bail};
use crdt_model::capability::Role;
use crdt_model::ids::OrgId;
use crdt_model::time::Timestamp;
use ring::hmac;
use serde_json::json;
use sqlx::PgPool;

use crate::app::{App, SharedApp};
use crate::clock::Clock;
use crate::database;
use crate::keys::Keys;
use crate::store::{self, audit, organisations};
use cast::MEMBERS;
use world::World;

/// The organisation of every demo. No real one can have this id: those begin with the time of their founding.
pub const ORG: OrgId = OrgId::from_bytes(*b"viornet demo org");

/// What the audit says when everything is there.
const FILLED: &str = "DemoFilled";

/// What is signed begins with its purpose, as with tokens.
const PASSWORD: &[u8] = b"viornet demo password 1";

/// How much happens.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub seed: u64,
    /// Days before today.
    pub days: u32,
    /// Sales, in hundredths of what the cast says.
    pub pace: u32,
}

impl Plan {
    pub const FULL: Self = Self {
        seed: 2026,
        days: 60,
        pace: 100,
    };
    /// The least in which everything occurs that occurs in the full one.
    pub const SMALL: Self = Self {
        seed: 2026,
        days: 8,
        pace: 30,
    };
}

/// Somebody one can sign in as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    pub login: &'static str,
    pub name: &'static str,
    pub roles: String,
    pub note: &'static str,
}

/// What to tell whoever started the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demo {
    /// One for everybody, and another in every installation.
    pub password: String,
    pub sign_ins: Vec<SignIn>,
}

/// Founds and fills the demo organisation, unless it is there. Refuses a database that has a real one.
pub async fn open(pool: &PgPool, now: Timestamp, plan: &Plan) -> Result<Demo> {
    let mut tx = database::begin(pool, ORG).await?;
    let is_demo = organisations::find(&mut tx, ORG).await?.is_some();
    if !is_demo && store::setup::is_done(&mut tx).await? {
        bail!("this database has a real organisation; a demo needs a database of its own");
    }
    let is_filled = audit::has(&mut tx, ORG, FILLED).await?;
    drop(tx);
    match (is_demo, is_filled) {
        (_, true) => {}
        (true, false) => bail!(
            "the demo in this database was interrupted while it was made; remove its data folder, or its \
             database, and start again"
        ),
        (false, false) => make(pool, now, plan).await?,
    }
    let keys = Keys::load(pool, &Clock::System).await?;
    Ok(Demo {
        password: password(&keys),
        sign_ins: sign_ins(),
    })
}

async fn make(pool: &PgPool, now: Timestamp, plan: &Plan) -> Result<()> {
    tracing::info!("making the demo, which takes a minute");
    let began = World::beginning(now, plan);
    let app = App::new(pool.clone(), Clock::manual(began), Vec::new()).await?;
    let made = fill(&app, now, plan).await;
    app.relay.shut_down().await;
    made
}

async fn fill(app: &SharedApp, now: Timestamp, plan: &Plan) -> Result<()> {
    let mut world = founding::found(app, now, plan, &password(&app.keys)).await?;
    days::live(&mut world).await?;
    scenes::hand_over_to_visitors(&mut world).await?;
    world.go_to(now);
    let mut tx = database::begin(&app.pool, ORG).await?;
    let detail = json!({ "seed": plan.seed, "days": plan.days });
    let entry = audit::Entry {
        actor: None,
        action: FILLED,
        detail,
    };
    audit::append(&mut tx, ORG, &entry, now).await?;
    tx.commit().await?;
    Ok(())
}

fn sign_ins() -> Vec<SignIn> {
    MEMBERS
        .iter()
        .map(|member| {
            let roles: Vec<String> = member
                .roles
                .iter()
                .map(|(role, sites)| role_text(*role, sites))
                .collect();
            SignIn {
                login: member.login,
                name: member.name,
                roles: roles.join(", "),
                note: scenes::note(member.login),
            }
        })
        .collect()
}

fn role_text(role: Role, sites: &[usize]) -> String {
    let places: Vec<&str> = sites.iter().map(|site| cast::PLACES[*site].name).collect();
    match places.is_empty() {
        true => role.code().to_owned(),
        false => format!("{} ({})", role.code(), places.join(", ")),
    }
}

/// A function of this installation's own secret, so that it need not be kept and nobody elsewhere knows it.
fn password(keys: &Keys) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let tag = hmac::sign(&keys.tokens, PASSWORD);
    let letters: String = tag
        .as_ref()
        .iter()
        .take(12)
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .collect();
    format!("{}-{}-{}", &letters[..4], &letters[4..8], &letters[8..])
}

impl std::fmt::Display for Demo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "Demo: {}. Everybody's password here: {}",
            cast::ORGANISATION,
            self.password
        )?;
        writeln!(f, "{:<9} {:<16} {:<57} note", "login", "name", "role")?;
        for person in &self.sign_ins {
            writeln!(
                f,
                "{:<9} {:<16} {:<57} {}",
                person.login, person.name, person.roles, person.note
            )?;
        }
        Ok(())
    }
}
