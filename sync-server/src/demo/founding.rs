//! The first morning: the organisation, its sites and packages, its people and the clients they know already.

use anyhow::Result;
use crdt_model::capability::{Grant, Scope};
use crdt_model::command::Command;
use crdt_model::ids::{ClientId, PackageId, PersonId, SiteId};
use crdt_model::time::{Date, Timestamp};

use super::cast::{self, CURRENCY, MEMBERS, Member, OWNER, PLACES, Rhythm};
use super::profile::Profile;
use super::random::Random;
use super::world::World;
use super::{ORG, Plan, names, places, stock};
use crate::app::SharedApp;
use crate::auth::invites::{self, Accept, Invite};
use crate::auth::password::Password;
use crate::auth::{SignedIn, session, setup};
use crate::database;
use crate::founding::Founding;
use crate::store;

/// Clients in the notebook with which the business begins, at full pace.
const LISTED: u32 = 150;

pub async fn found(app: &SharedApp, end: Timestamp, plan: &Plan, password: &str) -> Result<World> {
    let mut world = World::new(app, end, plan);
    let owner = &MEMBERS[0];
    let now = app.clock.now();
    let founding = Founding {
        org: ORG,
        owner: PersonId::generate(now, &mut world.random),
        organisation_name: cast::ORGANISATION.into(),
        currency: CURRENCY,
        timezone: cast::TIMEZONE.into(),
        owner_name: owner.name.into(),
        site: SiteId::generate(now, &mut world.random),
        site_name: PLACES[0].name.into(),
    };
    let hash = app.passwords.hash(Password::choose(password)?).await?;
    let mut tx = app.pool.begin().await?;
    store::setup::lock(&mut tx).await?;
    setup::establish(&mut tx, &founding, owner.login, &hash, now).await?;
    let session = session::begin(app, &mut tx, (ORG, founding.owner), now).await?;
    tx.commit().await?;

    let who = session.who;
    let profile = register(&mut world, who, owner).await?;
    world.profiles.push(profile);
    world.profile(OWNER).exchange().await?;
    world.sites.push(founding.site);
    open_sites(&mut world).await?;
    open_catalog(&mut world).await?;
    for member in &MEMBERS[1..] {
        world.pass_minutes(4);
        let profile = join(&mut world, member, password).await?;
        world.profiles.push(profile);
    }
    world.profile(OWNER).hang_up().await?;
    places::describe_sites(&mut world).await?;
    places::write_contacts(&mut world).await?;
    list_clients(&mut world).await?;
    for site in 0..PLACES.len() {
        stock::give_out(&mut world, site, 0).await?;
    }
    for (place, member) in MEMBERS.iter().enumerate() {
        if !member.sells.is_empty() {
            let profile = &mut world.profiles[place];
            profile.exchange().await?;
            if member.rhythm != Rhythm::Counter {
                profile.hang_up().await?;
            }
        }
    }
    Ok(world)
}

/// Somebody signs in whose last session was ended.
pub async fn sign_in(world: &World, person: PersonId) -> Result<SignedIn> {
    let app = &world.app;
    let mut tx = database::begin(&app.pool, ORG).await?;
    let session = session::begin(app, &mut tx, (ORG, person), app.clock.now()).await?;
    tx.commit().await?;
    Ok(session.who)
}

/// A device for somebody who is signed in.
pub async fn register(world: &mut World, who: SignedIn, member: &Member) -> Result<Profile> {
    let random = Random::new(rand_core::Rng::next_u64(&mut world.random));
    Profile::register(&world.app, who, member.device, random).await
}

async fn open_sites(world: &mut World) -> Result<()> {
    for place in &PLACES[1..] {
        world.pass_minutes(2);
        let now = world.app.clock.now();
        let site = SiteId::generate(now, &mut world.random);
        let command = Command::AddSite {
            site,
            name: place.name.into(),
            place: Some(place.place.into()),
        };
        world.does(OWNER, command).await?;
        world.sites.push(site);
    }
    Ok(())
}

async fn open_catalog(world: &mut World) -> Result<()> {
    for details in cast::packages() {
        world.pass_minutes(1);
        let package = PackageId::generate(world.app.clock.now(), &mut world.random);
        let command = Command::AddPackage { package, details };
        world.does(OWNER, command).await?;
        world.packages.push(package);
    }
    Ok(())
}

/// Somebody is put on the staff, invited, takes the link, and signs in on a device.
async fn join(world: &mut World, member: &Member, password: &str) -> Result<Profile> {
    let person = PersonId::generate(world.app.clock.now(), &mut world.random);
    let command = Command::AddStaff {
        person,
        name: member.name.into(),
        grants: grants(world, member),
    };
    world.does(OWNER, command).await?;
    let owner = world.profile(OWNER).who;
    let invite = Invite { person_id: person };
    let token = invites::invite(&world.app, owner, &invite).await?.token;
    let accept = Accept {
        token,
        login: member.login.into(),
        password: password.into(),
    };
    let who = invites::accept(&world.app, &accept).await?.who;
    let mut profile = register(world, who, member).await?;
    profile.contact().await?;
    Ok(profile)
}

fn grants(world: &World, member: &Member) -> Vec<Grant> {
    let grants = member.roles.iter().flat_map(|(role, sites)| {
        let scopes: Vec<Scope> = match sites.is_empty() {
            true => vec![Scope::Organisation],
            false => sites
                .iter()
                .map(|site| Scope::Site(world.sites[*site]))
                .collect(),
        };
        scopes.into_iter().map(|scope| Grant { role: *role, scope })
    });
    grants.collect()
}

/// Marketing types the notebook in: several clients of every site.
async fn list_clients(world: &mut World) -> Result<()> {
    let each = (LISTED * world.plan.pace / 100).div_ceil(PLACES.len() as u32);
    for site in 0..PLACES.len() {
        let mut listed = Vec::new();
        for _ in 0..each {
            let client = ClientId::generate(world.app.clock.now(), &mut world.random);
            world.clients += 1;
            let today = Date::of(world.app.clock.now());
            let details = names::listed_client(&mut world.random, world.clients, today);
            let command = Command::RegisterClient {
                client,
                site: world.sites[site],
                details,
            };
            world.profile("grace").run(command).await?;
            listed.push(client);
        }
        world.listed.push(listed);
        world.pass_minutes(6);
    }
    world.profile("grace").contact().await
}
