//! The organisation under load: an office that hires people and gives them vouchers to sell.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::command::{Command, NewBlock};
use crdt_model::fact::PaymentMethod;
use crdt_model::ids::{BatchId, BlockId, PackageId, PersonId, SiteId};
use crdt_model::money::Money;
use crdt_model::package::{PackageDetails, Unit, Validity};
use crdt_model::sale::{Buyer, SellOrder};
use crdt_model::voucher::Code;
use getrandom::SysRng;
use rand_core::UnwrapErr;
use serde_json::json;
use sync_server::clock::Clock;

use super::browser::{Browser, text};
use super::phone::Phone;

pub const PRICE: i64 = 5_000;
const PASSWORD: &str = "a long password";
/// Vouchers of one block, unless somebody wants more.
pub const BLOCK: u32 = 200;
/// Blocks that one command of the office makes.
const BLOCKS_AT_ONCE: u32 = 20;

pub struct Shop {
    pub office: Phone,
    pub site: SiteId,
    pub package: PackageId,
    /// Vouchers of the blocks that are made from now on.
    pub block: u32,
    codes: u32,
}

macro_rules! new_id {
    ($id:ty) => {
        <$id>::generate(Clock::System.now(), &mut UnwrapErr(SysRng))
    };
}

impl Shop {
    /// Sets the server up with the token it printed, and opens for business.
    pub async fn found(address: SocketAddr, token: &str) -> Result<Self> {
        let mut browser = Browser::new(address);
        let request = json!({
            "token": token,
            "organisation": { "name": "Neema Net", "currency": "TZS", "timezone": "Africa/Nairobi" },
            "owner": { "name": "Neema", "login": "neema@example.org", "password": PASSWORD },
        });
        browser.post("/api/setup", &request).await?;
        let mut office = Phone::register(browser, "the office").await?;
        office.sync().await?;
        let site = office
            .replica()
            .sheets()
            .sites()
            .next()
            .context("no site")?;
        let package = new_id!(PackageId);
        let details = PackageDetails::new(
            "1 Week".into(),
            Money::from_minor(PRICE),
            Validity {
                count: 1,
                unit: Unit::Week,
            },
        );
        office.run(Command::AddPackage { package, details }).await?;
        office.settle().await?;
        Ok(Self {
            office,
            site,
            package,
            block: BLOCK,
            codes: 0,
        })
    }

    /// Another site of the organisation.
    pub async fn add_site(&mut self, name: &str) -> Result<SiteId> {
        let site = new_id!(SiteId);
        let command = Command::AddSite {
            site,
            name: name.into(),
            place: None,
        };
        self.office.run(command).await?;
        self.office.settle().await?;
        Ok(site)
    }

    /// Puts an agent of a site on the staff, who takes the invitation and is signed in.
    pub async fn hire(&mut self, name: &str, site: SiteId) -> Result<(PersonId, Browser)> {
        let person = new_id!(PersonId);
        let command = Command::AddStaff {
            person,
            name: name.into(),
            grants: vec![Grant {
                role: Role::Agent,
                scope: Scope::Site(site),
            }],
        };
        self.office.run(command).await?;
        self.office.settle().await?;
        let body = json!({ "person_id": person.to_string() });
        let invited = self.office.browser.post("/api/invites", &body).await?;
        let token = text(&invited, "token")?;
        let mut browser = Browser::new(self.office.browser.address);
        let body = json!({ "token": token, "login": name, "password": PASSWORD });
        browser.post("/api/invites/accept", &body).await?;
        Ok((person, browser))
    }

    /// An agent who is connected and has so many blocks of vouchers.
    pub async fn agent(&mut self, name: &str, blocks: u32) -> Result<Phone> {
        let (_, browser) = self.hire(name, self.site).await?;
        let mut phone = Phone::register(browser, name).await?;
        phone.sync().await?;
        self.supply(&mut phone, blocks).await?;
        Ok(phone)
    }

    /// Makes a batch and leases its blocks to the person, whose device waits for them.
    pub async fn supply(&mut self, phone: &mut Phone, blocks: u32) -> Result<()> {
        let mut left = blocks;
        while left > 0 {
            let count = left.min(BLOCKS_AT_ONCE);
            left -= count;
            let made = self.make_batch(count).await?;
            for block in made {
                let command = Command::LeaseBlock {
                    site: self.site,
                    block,
                    to: phone.identity.person,
                };
                self.office.run(command).await?;
            }
            self.office.settle().await?;
        }
        let wanted = phone.replica().stock().mine().count() + blocks as usize;
        let came = phone
            .until(Duration::from_secs(60), |phone| {
                phone.replica().shared_stock().mine().count() >= wanted && phone.is_quiet()
            })
            .await?;
        ensure!(came, "the blocks do not come to the device");
        Ok(())
    }

    async fn make_batch(&mut self, count: u32) -> Result<Vec<BlockId>> {
        let blocks: Vec<NewBlock> = (0..count)
            .map(|_| {
                let codes = (0..self.block).map(|_| {
                    self.codes += 1;
                    Code {
                        username: format!("V{:07}", self.codes),
                        password: None,
                    }
                });
                NewBlock {
                    block: new_id!(BlockId),
                    codes: codes.collect(),
                }
            })
            .collect();
        let made = blocks.iter().map(|block| block.block).collect();
        let command = Command::MakeBatch {
            site: self.site,
            batch: new_id!(BatchId),
            label: format!("up to V{:07}", self.codes),
            package: self.package,
            price: Money::from_minor(PRICE),
            blocks,
        };
        self.office.run(command).await?;
        self.office.settle().await?;
        Ok(made)
    }

    /// One voucher, paid in cash.
    pub const fn order(&self) -> SellOrder {
        SellOrder {
            site: self.site,
            package: self.package,
            price: Money::from_minor(PRICE),
            quantity: 1,
            method: PaymentMethod::Cash,
            reference: None,
            client: Buyer::WalkIn,
        }
    }
}
