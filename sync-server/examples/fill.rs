//! Fills an empty database for the benches of `e2e`, in a minute or two instead of a year:
//!
//!     DATABASE_URL=… fill agent DAYS    an office and one agent who sells a hundred vouchers a day
//!     DATABASE_URL=… fill desk          100 sites, 10,000 clients, 100,000 vouchers of which a third is sold
//!
//! As in the demo, nothing is written past the rules: everybody has a device with a registered key and pushes to the
//! relay of this process, while the clock is moved by hand.

use std::str::FromStr;

use anyhow::{Context, Result, bail};
use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::command::{CLIENTS_PER_COMMAND_MAX, Command, NewBlock, NewClient};
use crdt_model::fact::PaymentMethod;
use crdt_model::ids::{BatchId, BlockId, ClientId, OrgId, PackageId, PersonId, SiteId};
use crdt_model::money::Currency;
use crdt_model::package::{PackageDetails, first_packages};
use crdt_model::sale::{Buyer, SellOrder};
use crdt_model::voucher::Code;
use sqlx::postgres::PgConnectOptions;
use sync_server::app::{App, SharedApp};
use sync_server::auth::devices::{self, Revoke};
use sync_server::auth::invites::{self, Accept, Invite};
use sync_server::auth::password::Password;
use sync_server::auth::{session, setup};
use sync_server::clock::Clock;
use sync_server::database;
use sync_server::demo::names;
use sync_server::demo::profile::Profile;
use sync_server::demo::random::Random;
use sync_server::founding::Founding;
use sync_server::store;

/// The people of `e2e/helpers`.
const OWNER: (&str, &str, &str) = ("Amina Juma", "amina", "a long enough password");
const AGENT: (&str, &str, &str) = ("Asha Mushi", "asha", "maji ya kunywa");

const MINUTE_MILLIS: i64 = 60_000;
const DAY_MILLIS: i64 = 24 * 60 * MINUTE_MILLIS;

const SALES_PER_DAY: u32 = 100;
const BLOCK_CODES: usize = 500;
const BLOCKS_PER_BATCH: usize = 4;
const CLIENTS_OF_AGENT: u32 = 300;

const SITES: usize = 100;
const CLIENTS_PER_SITE: u32 = 100;
const AGENTS: usize = 10;
const SOLD_PER_SITE: u32 = 333;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["agent", days] => agent(days.parse()?).await,
        ["desk"] => desk().await,
        _ => bail!("fill agent DAYS, or fill desk"),
    }
}

struct World {
    app: SharedApp,
    owner: Profile,
    site: SiteId,
    packages: Vec<(PackageId, PackageDetails)>,
    random: Random,
    clients: u32,
}

async fn agent(days: u32) -> Result<()> {
    let mut world = World::found(i64::from(days) + 1).await?;
    let site = world.site;
    let (person, mut asha) = world.join(AGENT, &[site]).await?;
    let mut known = Vec::new();
    for _ in 0..CLIENTS_OF_AGENT.min(days * 10) {
        let client = ClientId::generate(world.app.clock.now(), &mut world.random);
        let details = world.client();
        asha.run(Command::RegisterClient {
            client,
            site,
            details,
        })
        .await?;
        known.push(client);
    }
    let mut left = 0;
    for _ in 0..days {
        if left < SALES_PER_DAY {
            for block in world.make_batch(site, BLOCKS_PER_BATCH).await? {
                world.lease(site, block, person).await?;
                left += u32::try_from(BLOCK_CODES)?;
            }
        }
        asha.exchange().await?;
        for number in 0..SALES_PER_DAY {
            let client = match number % 3 {
                0 => Buyer::Known(*world.random.pick(&known)),
                _ => Buyer::WalkIn,
            };
            world.sell(&mut asha, site, client).await?;
            left -= 1;
            world.app.clock.advance_millis(7 * MINUTE_MILLIS);
        }
        asha.contact().await?;
        world
            .app
            .clock
            .advance_millis(DAY_MILLIS - i64::from(SALES_PER_DAY) * 7 * MINUTE_MILLIS);
    }
    // From now on she has another phone: what is leased to her waits for it.
    let device_id = asha.id;
    devices::revoke(
        &world.app,
        world.owner.who,
        &Revoke {
            device_id,
            on: None,
        },
    )
    .await?;
    for block in world.make_batch(site, BLOCKS_PER_BATCH).await? {
        world.lease(site, block, person).await?;
    }
    world.end().await
}

async fn desk() -> Result<()> {
    let mut world = World::found(60).await?;
    let mut sites = vec![world.site];
    for number in 1..SITES {
        let site = SiteId::generate(world.app.clock.now(), &mut world.random);
        let name = format!("Kituo {:03}", number + 1);
        let place = None;
        world
            .owner
            .run(Command::AddSite { site, name, place })
            .await?;
        sites.push(site);
    }
    world.owner.exchange().await?;
    for site in &sites {
        let clients: Vec<NewClient> = (0..CLIENTS_PER_SITE)
            .map(|_| NewClient {
                client: ClientId::generate(world.app.clock.now(), &mut world.random),
                details: world.client(),
            })
            .collect();
        for clients in clients.chunks(CLIENTS_PER_COMMAND_MAX) {
            let (site, clients) = (*site, clients.to_vec());
            world
                .owner
                .run(Command::RegisterClients { site, clients })
                .await?;
        }
    }
    world.owner.exchange().await?;
    for (number, sites) in sites.chunks(SITES / AGENTS).enumerate() {
        let name = format!("Wakala {}", number + 1);
        let login = format!("wakala{}", number + 1);
        let (person, mut agent) = world.join((&name, &login, AGENT.2), sites).await?;
        for site in sites {
            let blocks = world.make_batch(*site, 2).await?;
            world.lease(*site, blocks[0], person).await?;
        }
        agent.exchange().await?;
        for site in sites {
            for _ in 0..SOLD_PER_SITE {
                world.sell(&mut agent, *site, Buyer::WalkIn).await?;
                world.app.clock.advance_millis(MINUTE_MILLIS);
            }
            agent.exchange().await?;
        }
        agent.hang_up().await?;
    }
    world.end().await
}

impl World {
    /// The organisation with its owner, one site and the first packages, so many days ago.
    async fn found(days: i64) -> Result<Self> {
        let url = std::env::var("DATABASE_URL").context("DATABASE_URL names no database")?;
        let pool = database::open(PgConnectOptions::from_str(&url)?).await?;
        let now = Clock::System.now().plus_millis(-days * DAY_MILLIS);
        let app = App::new(pool, Clock::manual(now), Vec::new()).await?;
        let mut random = Random::new(2026);
        let founding = Founding {
            org: OrgId::generate(now, &mut random),
            owner: PersonId::generate(now, &mut random),
            organisation_name: "Pwani Net".into(),
            currency: Currency::Tzs,
            timezone: "Africa/Dar_es_Salaam".into(),
            owner_name: OWNER.0.into(),
            site: SiteId::generate(now, &mut random),
            site_name: "Mwenge".into(),
        };
        let hash = app.passwords.hash(Password::choose(OWNER.2)?).await?;
        let mut tx = app.pool.begin().await?;
        store::setup::lock(&mut tx).await?;
        setup::establish(&mut tx, &founding, OWNER.1, &hash, now).await?;
        let owner = (founding.org, founding.owner);
        let who = session::begin(&app, &mut tx, owner, now).await?.who;
        tx.commit().await?;
        let owner = Profile::register(&app, who, "Chrome on Linux", random.clone()).await?;
        let mut world = Self {
            app,
            owner,
            site: founding.site,
            packages: Vec::new(),
            random: Random::new(7),
            clients: 0,
        };
        world.owner.exchange().await?;
        for details in first_packages(Currency::Tzs) {
            let package = PackageId::generate(now, &mut world.random);
            let command = Command::AddPackage {
                package,
                details: details.clone(),
            };
            world.owner.run(command).await?;
            world.packages.push((package, details));
        }
        world.owner.exchange().await?;
        Ok(world)
    }

    /// Somebody is put on the staff as an agent, takes the invitation, and signs in on a device.
    async fn join(
        &mut self,
        (name, login, password): (&str, &str, &str),
        sites: &[SiteId],
    ) -> Result<(PersonId, Profile)> {
        let person = PersonId::generate(self.app.clock.now(), &mut self.random);
        let grants = sites.iter().map(|site| Grant {
            role: Role::Agent,
            scope: Scope::Site(*site),
        });
        let command = Command::AddStaff {
            person,
            name: name.into(),
            grants: grants.collect(),
        };
        self.owner.run(command).await?;
        self.owner.exchange().await?;
        let invite = Invite { person_id: person };
        let token = invites::invite(&self.app, self.owner.who, &invite)
            .await?
            .token;
        let accept = Accept {
            token,
            login: login.into(),
            password: password.into(),
        };
        let who = invites::accept(&self.app, &accept).await?.who;
        let random = Random::new(u64::from(self.clients) + 99);
        let mut profile = Profile::register(&self.app, who, "Chrome on Android", random).await?;
        profile.exchange().await?;
        Ok((person, profile))
    }

    /// One batch of the first package; answers its blocks.
    async fn make_batch(&mut self, site: SiteId, blocks: usize) -> Result<Vec<BlockId>> {
        let now = self.app.clock.now();
        let (package, details) = &self.packages[0];
        let made: Vec<NewBlock> = (0..blocks)
            .map(|_| NewBlock {
                block: BlockId::generate(now, &mut self.random),
                codes: (0..BLOCK_CODES)
                    .map(|_| Code {
                        username: names::code(&mut self.random),
                        password: None,
                    })
                    .collect(),
            })
            .collect();
        let ids = made.iter().map(|block| block.block).collect();
        let command = Command::MakeBatch {
            site,
            batch: BatchId::generate(now, &mut self.random),
            label: "Wiki".into(),
            package: *package,
            price: details.price,
            blocks: made,
        };
        self.owner.run(command).await?;
        self.owner.exchange().await?;
        Ok(ids)
    }

    async fn lease(&mut self, site: SiteId, block: BlockId, to: PersonId) -> Result<()> {
        self.owner
            .run(Command::LeaseBlock { site, block, to })
            .await?;
        self.owner.exchange().await
    }

    /// One voucher; every fourth sale is by mobile money.
    async fn sell(&mut self, seller: &mut Profile, site: SiteId, client: Buyer) -> Result<()> {
        let (package, details) = &self.packages[0];
        let is_mobile = self.random.chance(25);
        let order = SellOrder {
            site,
            package: *package,
            price: details.price,
            quantity: 1,
            method: match is_mobile {
                true => PaymentMethod::Mpesa,
                false => PaymentMethod::Cash,
            },
            reference: is_mobile.then(|| names::mobile_reference(&mut self.random)),
            client,
        };
        let sold = seller.sell(order).await?;
        sold.map(drop).context("nothing is left to sell")
    }

    fn client(&mut self) -> crdt_model::client::ClientDetails {
        self.clients += 1;
        names::client(&mut self.random, self.clients)
    }

    async fn end(mut self) -> Result<()> {
        self.owner.hang_up().await?;
        self.app.relay.shut_down().await;
        Ok(())
    }
}
