//! A company with many sites and sellers, and a year of sales. Every change is signed, sealed, pushed to the relay,
//! judged and committed like any other: no row is written past the rules. What goes wrong in real shops goes wrong
//! here, now and then: vouchers sold twice, sales from a recalled block, sales where one may not sell, codes that
//! exist already, a batch made by mistake.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::client::ClientDetails;
use crdt_model::command::{Command, NewClient};
use crdt_model::ids::{ClientId, OrgId, PackageId, PersonId, SiteId};
use crdt_model::money::{Currency, Money};
use crdt_model::package::{PackageDetails, Unit, Validity};
use crdt_model::phone::Phone;
use crdt_model::sync::message::Disposition;
use crdt_model::time::Timestamp;
use futures::future::try_join_all;
use sync_server::app::SharedApp;
use sync_server::auth::{session, setup};
use sync_server::database;
use sync_server::demo::profile::Profile;
use sync_server::demo::random::Random;
use sync_server::founding::Founding;
use sync_server::relay::admit;
use sync_server::store::{credentials, setup as setup_store};

use crate::weeks::{Week, Weeks};
use crate::writer::Writer;

/// The organisation of every bench.
pub const ORG: OrgId = OrgId::from_bytes(*b"viornet scale or");
/// 2026-11-20T21:00:00Z: midnight in Nairobi, where the year ends.
pub const END: Timestamp = Timestamp::from_millis(1_795_208_400_000);
const CLIENTS_PER_COMMAND: u32 = 50;

/// How large the company is.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub sales: u32,
    pub sites: usize,
    pub sellers: usize,
    pub weeks: u32,
    pub clients: u32,
    /// One voucher in so many is sold twice.
    pub twice_every: u32,
    pub codes_per_block: u32,
}

impl Plan {
    pub const fn year(sales: u32) -> Self {
        Self {
            sales,
            sites: 12,
            sellers: 60,
            weeks: 52,
            clients: 6_000,
            twice_every: 2_500,
            codes_per_block: 200,
        }
    }

    pub const SHORT: Self = Self {
        sales: 2_000,
        sites: 3,
        sellers: 6,
        weeks: 6,
        clients: 150,
        twice_every: 150,
        codes_per_block: 40,
    };

    /// The instant at which the company is founded.
    pub fn beginning(&self) -> Timestamp {
        END.plus_millis(-i64::from(self.weeks) * WEEK_MILLIS)
    }
}

pub const WEEK_MILLIS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Somebody who sells, with the sites where they may.
#[derive(Debug, Clone)]
pub struct Seller {
    pub person: PersonId,
    pub sites: Vec<usize>,
}

pub struct Company {
    pub plan: Plan,
    pub sites: Vec<SiteId>,
    pub packages: Vec<(PackageId, Money)>,
    pub clients: Vec<Vec<ClientId>>,
    pub sellers: Vec<Seller>,
    /// The owner, at a desk.
    pub office: Profile,
}

/// What became of everything that was pushed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Pushed {
    pub accepted: u64,
    pub held: u64,
    pub batches: u64,
    pub bytes: u64,
}

/// Founds the company: sites, packages, people and clients, by commands of its owner.
pub async fn found(app: &SharedApp, plan: Plan) -> Result<Company> {
    let mut random = Random::new(7);
    let now = app.clock.now();
    let founding = Founding {
        org: ORG,
        owner: PersonId::generate(now, &mut random),
        organisation_name: "Neema Net".into(),
        currency: Currency::Tzs,
        timezone: "Africa/Nairobi".into(),
        owner_name: "Neema".into(),
        site: SiteId::generate(now, &mut random),
        site_name: "Site 1".into(),
    };
    let mut tx = app.pool.begin().await?;
    setup_store::lock(&mut tx).await?;
    setup::establish(&mut tx, &founding, "owner", "no password", now).await?;
    let session = session::begin(app, &mut tx, (ORG, founding.owner), now).await?;
    tx.commit().await?;
    let owner = session.who;
    let mut office = Profile::register(app, owner, "a desk", Random::new(8)).await?;
    office.exchange().await?;
    let mut sites = vec![founding.site];
    for number in 2..=plan.sites {
        let site = SiteId::generate(now, &mut random);
        let name = format!("Site {number}");
        let command = Command::AddSite {
            site,
            name,
            place: None,
        };
        office.run(command).await?;
        sites.push(site);
    }
    let mut packages = Vec::new();
    for (name, price, count, unit) in PACKAGES {
        let package = PackageId::generate(now, &mut random);
        let price = Money::from_minor(*price);
        let validity = Validity {
            count: *count,
            unit: *unit,
        };
        let details = PackageDetails::new((*name).into(), price, validity);
        office.run(Command::AddPackage { package, details }).await?;
        packages.push((package, price));
    }
    let mut sellers = Vec::new();
    for number in 0..plan.sellers {
        let person = PersonId::generate(now, &mut random);
        let mut at = vec![number % plan.sites];
        if number % 10 == 0 {
            at.push((number + 1) % plan.sites);
        }
        let grants = at.iter().map(|site| Grant {
            role: Role::Agent,
            scope: Scope::Site(sites[*site]),
        });
        let command = Command::AddStaff {
            person,
            name: format!("Seller {number}"),
            grants: grants.collect(),
        };
        office.run(command).await?;
        sellers.push(Seller { person, sites: at });
    }
    office.exchange().await?;
    let mut clients = vec![Vec::new(); plan.sites];
    let mut number = 0;
    while number < plan.clients {
        let site = (number / CLIENTS_PER_COMMAND) as usize % plan.sites;
        let new: Vec<NewClient> = (0..CLIENTS_PER_COMMAND)
            .map(|place| new_client(number + place, now, &mut random))
            .collect();
        number += CLIENTS_PER_COMMAND;
        clients[site].extend(new.iter().map(|new| new.client));
        let command = Command::RegisterClients {
            site: sites[site],
            clients: new,
        };
        office.run(command).await?;
    }
    office.contact().await?;
    Ok(Company {
        plan,
        sites,
        packages,
        clients,
        sellers,
        office,
    })
}

const PACKAGES: &[(&str, i64, u32, Unit)] = &[
    ("3 Hours", 50_000, 3, Unit::Hour),
    ("1 Day", 100_000, 1, Unit::Day),
    ("3 Days", 250_000, 3, Unit::Day),
    ("1 Week", 500_000, 1, Unit::Week),
    ("2 Weeks", 900_000, 2, Unit::Week),
    ("1 Month", 1_500_000, 1, Unit::Month),
];

fn new_client(number: u32, now: Timestamp, random: &mut Random) -> NewClient {
    let phone = Phone::from_e164(&format!("+2557{:08}", 10_000_000 + number));
    NewClient {
        client: ClientId::generate(now, random),
        details: ClientDetails {
            name: format!("Client {number}"),
            phone: phone.ok(),
            ..ClientDetails::default()
        },
    }
}

impl Company {
    /// Lives through the weeks. `told` hears how many are over.
    pub async fn live(&mut self, app: &SharedApp, told: impl Fn(u32, Pushed)) -> Result<Pushed> {
        let mut sellers = Vec::new();
        for (number, seller) in self.sellers.iter().enumerate() {
            let now = app.clock.now();
            let mut tx = database::begin(&app.pool, ORG).await?;
            let login = format!("seller{number}");
            credentials::put(&mut tx, ORG, seller.person, &login, "no password", now).await?;
            let who = session::begin(app, &mut tx, (ORG, seller.person), now)
                .await?
                .who;
            tx.commit().await?;
            let mut salt = [1; 16];
            salt[..8].copy_from_slice(&(number as u64).to_le_bytes());
            sellers.push(Writer::register(app, who, salt).await?);
        }
        let office = Writer::register(app, self.office.who, [9; 16]).await?;
        let mut weeks = Weeks::new(self, office, sellers);
        let (sender, mut made) = tokio::sync::mpsc::channel::<Week>(1);
        let count = self.plan.weeks;
        let maker = tokio::task::spawn_blocking(move || {
            for week in 0..count {
                if sender.blocking_send(weeks.make(week)).is_err() {
                    break;
                }
            }
        });
        let mut all = Pushed::default();
        let mut number = 0;
        while let Some(week) = made.recv().await {
            for sealed in week.office {
                all.add(push(app, sealed).await?);
            }
            app.clock.advance_millis(WEEK_MILLIS);
            let sellers = week.sellers.into_iter().map(async |batches| {
                let mut pushed = Pushed::default();
                for sealed in batches {
                    pushed.add(push(app, sealed).await?);
                }
                anyhow::Ok(pushed)
            });
            for pushed in try_join_all(sellers).await? {
                all.add(pushed);
            }
            number += 1;
            told(number, all);
        }
        maker.await.context("making the weeks")?;
        ensure!(number == count, "only {number} weeks were made");
        Ok(all)
    }
}

impl Pushed {
    fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.held += other.held;
        self.batches += other.batches;
        self.bytes += other.bytes;
    }
}

async fn push(app: &SharedApp, sealed: Vec<u8>) -> Result<Pushed> {
    let mut pushed = Pushed {
        batches: 1,
        bytes: sealed.len() as u64,
        ..Pushed::default()
    };
    let admitted = loop {
        match admit::push(app, &sealed).await {
            Ok(admitted) => break admitted,
            Err(admit::PushError::Busy) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(error) => return Err(error.into()),
        }
    };
    for (_, disposition) in admitted.results {
        match disposition {
            Disposition::Accepted => pushed.accepted += 1,
            Disposition::Held(..) => pushed.held += 1,
            other => anyhow::bail!("the relay answered {other:?} to an honest change"),
        }
    }
    Ok(pushed)
}
