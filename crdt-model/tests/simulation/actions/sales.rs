//! Sales, new codes for lost ones, and clients.

use crdt_model::client::{ClientDetails, clients};
use crdt_model::command::Command;
use crdt_model::fact::{Line, PaymentMethod, VoucherRef};
use crdt_model::ids::{PackageId, SiteId};
use crdt_model::money::Money;
use crdt_model::sale::{Buyer, Replacements, SellOrder, contradicted, sales};
use crdt_model::voucher::Stock;

use crate::world::{Check, World};

impl World {
    pub fn sell(&mut self, device: usize) -> Check {
        let now = self.devices[device].now(self.now);
        let quantity = u32::try_from(1 + self.random.below(3)).expect("small");
        let Some(core) = &mut self.devices[device].core else {
            return Ok(());
        };
        let stock = core.replica.stock();
        let blocks: Vec<(SiteId, PackageId, Money)> = stock
            .mine()
            .filter(|block| stock.free(block).next().is_some())
            .map(|block| (block.site, block.package, block.price))
            .collect();
        let Some(&(site, package, price)) = self.random.pick(&blocks) else {
            return Ok(());
        };
        let known: Vec<_> = clients(core.replica.sheets())
            .into_iter()
            .map(|c| c.id)
            .collect();
        let client = match self.random.below(10) {
            0..=1 => Buyer::New(ClientDetails {
                name: format!("client {}", self.random.below(1000)),
                ..ClientDetails::default()
            }),
            2 => self
                .random
                .pick(&known)
                .map_or(Buyer::WalkIn, |id| Buyer::Known(*id)),
            _ => Buyer::WalkIn,
        };
        let order = SellOrder {
            site,
            package,
            price,
            quantity,
            method: PaymentMethod::Cash,
            reference: None,
            client,
        };
        let Ok((intent, commit)) = core.sell(order, now, &mut self.random) else {
            return Ok(());
        };
        let vouchers: Vec<VoucherRef> = core
            .replica
            .pending(intent)
            .into_iter()
            .flat_map(|pending| match &pending.intent.command {
                Command::Sell { sale, .. } => sale.lines.iter().map(|line| line.voucher).collect(),
                _ => Vec::new(),
            })
            .collect();
        self.check_not_given(device, &vouchers)?;
        let sim = &mut self.devices[device];
        sim.waiting
            .insert(commit.number, (intent, vouchers.clone()));
        sim.commit(commit);
        let name = sim.name.clone();
        self.counts.actions += 1;
        self.note(format!("{name} sells {intent}: {vouchers:?}"));
        Ok(())
    }

    pub fn replace(&mut self, device: usize) {
        let Some(core) = &self.devices[device].core else {
            return;
        };
        let (sheets, stock) = (core.replica.sheets(), core.replica.stock());
        let me = self.devices[device].me.person;
        let replacements = Replacements::of(sheets);
        let lost = sales(sheets)
            .into_iter()
            .filter(|entry| entry.person == me)
            .find_map(|entry| {
                let found = contradicted(&replacements, &stock, &entry)?;
                Some((found.lost, entry.site, found.line))
            });
        if let Some((lost, site, line)) = lost
            && let Some(voucher) = spare(&stock, site, &line)
        {
            let (sale, replaces, package) = (lost.by, lost.voucher, line.package);
            self.command(
                device,
                Command::Replace {
                    site,
                    sale,
                    replaces,
                    voucher,
                    package,
                },
            );
        }
    }

    pub(super) fn register(&mut self, device: usize) {
        let client = crdt_model::ids::ClientId::generate(self.now, &mut self.random);
        let site = *self.random.pick(&self.sites).expect("there is a site");
        let details = ClientDetails {
            name: "somebody".into(),
            ..ClientDetails::default()
        };
        self.command(
            device,
            Command::RegisterClient {
                client,
                site,
                details,
            },
        );
    }
}

/// A voucher to give in place of this one.
fn spare(stock: &Stock, site: SiteId, line: &Line) -> Option<VoucherRef> {
    let is_same = |block: &&crdt_model::voucher::Block| {
        block.site == site && block.package == line.package && block.price == line.price
    };
    let mut blocks = stock.mine().filter(is_same);
    blocks.find_map(|block| stock.free(block).next())
}
