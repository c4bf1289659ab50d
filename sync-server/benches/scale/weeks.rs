//! What everybody does in a week, as the batches that their devices push.

use std::collections::{BTreeMap, VecDeque};

use crdt_model::document::DocumentKey;
use crdt_model::fact::{
    BatchMade, BatchUndone, BlockMade, Codes, FactBody, HeldDecision, LeaseAsked, Line,
    PaymentMethod, RecallAsked, Replacement, Sale, VoucherRef, verdict_key,
};
use crdt_model::ids::{BatchId, BlockId, ClientId, IntentId, PackageId, SiteId};
use crdt_model::money::Money;
use crdt_model::time::{Month, Timestamp};
use crdt_model::voucher::{Code, pack};
use rand_core::Rng;
use sync_server::demo::random::Random;

use crate::company::{Company, Plan, Seller, WEEK_MILLIS};
use crate::writer::Writer;

const HOUR_MILLIS: i64 = 60 * 60 * 1000;
/// Every so many weeks a block is recalled, and its holder, who has no signal, goes on selling from it.
const RECALL_EVERY: u32 = 5;
/// In hundredths, how much of what is sold is which package.
const WEIGHTS: [u32; 6] = [28, 30, 10, 20, 5, 7];
const OFTEN_SOLD: usize = 1;

/// What is pushed: by the office before the week, by each seller after it.
pub struct Week {
    pub office: Vec<Vec<u8>>,
    pub sellers: Vec<Vec<Vec<u8>>>,
}

/// A block as its holder has it.
#[derive(Debug, Clone, Copy)]
struct Held {
    block: BlockId,
    next: u32,
    count: u32,
}

struct Intended {
    site: usize,
    package: usize,
    quantity: u32,
}

pub struct Weeks {
    plan: Plan,
    beginning: Timestamp,
    random: Random,
    office: Writer,
    sellers: Vec<Writer>,
    people: Vec<Seller>,
    sites: Vec<SiteId>,
    packages: Vec<(PackageId, Money)>,
    clients: Vec<Vec<ClientId>>,
    /// By seller, site and package.
    stock: BTreeMap<(usize, usize, usize), VecDeque<Held>>,
    /// Codes made so far.
    codes: u64,
    /// The last voucher that was sold at a site in the weeks before, and by whom.
    last_sold: Vec<Option<(usize, Line)>>,
    /// The same in this week. Pushes of one week arrive in any order, so nobody sells these a second time yet.
    just_sold: Vec<Option<(usize, Line)>>,
    /// Held sales of the last week, to be decided about: its till and its hold's id.
    held: Vec<(DocumentKey, String)>,
    sold: u32,
    decided: u32,
}

impl Weeks {
    pub fn new(company: &Company, office: Writer, sellers: Vec<Writer>) -> Self {
        Self {
            plan: company.plan,
            beginning: company.plan.beginning(),
            random: Random::new(11),
            office,
            sellers,
            people: company.sellers.clone(),
            sites: company.sites.clone(),
            packages: company.packages.clone(),
            clients: company.clients.clone(),
            stock: BTreeMap::new(),
            codes: 0,
            last_sold: vec![None; company.sites.len()],
            just_sold: vec![None; company.sites.len()],
            held: Vec::new(),
            sold: 0,
            decided: 0,
        }
    }

    pub fn make(&mut self, week: u32) -> Week {
        let start = self
            .beginning
            .plus_millis(i64::from(week) * WEEK_MILLIS)
            .plus_millis(1);
        for blocks in self.stock.values_mut() {
            blocks.retain(|held| held.next < held.count);
        }
        let plans = self.intentions(week);
        let recalled = self.recall(week, start);
        self.supply(&plans, start);
        self.decide(start);
        if week == 1 {
            self.make_mistakes(start);
        }
        let office = self.office.take();
        let sellers = plans
            .into_iter()
            .enumerate()
            .map(|(seller, plan)| {
                self.sellers[seller].close_books(Month::of(start));
                self.sell_all(seller, plan, start);
                self.sellers[seller].take()
            })
            .collect();
        self.last_sold.clone_from(&self.just_sold);
        for key in recalled {
            self.stock.get_mut(&key).map(VecDeque::pop_front);
        }
        Week { office, sellers }
    }

    /// Who will sell what. All weeks together have as many sales as planned.
    fn intentions(&mut self, week: u32) -> Vec<Vec<Intended>> {
        let until = u64::from(self.plan.sales) * u64::from(week + 1) / u64::from(self.plan.weeks);
        let mut plans: Vec<Vec<Intended>> = Vec::new();
        plans.resize_with(self.people.len(), Vec::new);
        while u64::from(self.sold) < until {
            let seller = self.random.below(self.people.len());
            let site = *self.random.pick(&self.people[seller].sites);
            plans[seller].push(Intended {
                site,
                package: self.random.weighted(&WEIGHTS),
                quantity: [1, 1, 1, 1, 1, 1, 1, 1, 2, 3][self.random.below(10)],
            });
            self.sold += 1;
        }
        plans
    }

    /// A block is taken away from somebody who does not hear of it before the week is over.
    fn recall(&mut self, week: u32, start: Timestamp) -> Vec<(usize, usize, usize)> {
        if week % RECALL_EVERY != RECALL_EVERY - 1 {
            return Vec::new();
        }
        let key = self
            .stock
            .iter()
            .filter(|((_, _, package), blocks)| *package == OFTEN_SOLD && !blocks.is_empty())
            .map(|(key, _)| *key)
            .nth(week as usize % 5);
        let Some(key) = key else { return Vec::new() };
        let block = self.stock[&key][0].block;
        let site = self.sites[key.1];
        let recall = RecallAsked {
            block,
            to: None,
            reason: "The phone is lost".into(),
        };
        let id = IntentId::generate(start, &mut self.random);
        let fact = (DocumentKey::Batches(site), FactBody::RecallAsked(recall));
        self.office.tap(id, start, start, vec![fact]);
        vec![key]
    }

    /// Blocks for whoever would run out in this week, made and leased.
    fn supply(&mut self, plans: &[Vec<Intended>], start: Timestamp) {
        let mut wanted: BTreeMap<(usize, usize, usize), u32> = BTreeMap::new();
        for (seller, plan) in plans.iter().enumerate() {
            for sale in plan {
                *wanted.entry((sale.site, sale.package, seller)).or_default() += sale.quantity;
            }
        }
        let mut short: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for ((site, package, seller), mut count) in wanted {
            // Replacements come out of the same blocks.
            count += 4;
            let blocks = self.stock.entry((seller, site, package)).or_default();
            let mut left: u32 = blocks.iter().map(|block| block.count - block.next).sum();
            while left < count {
                short.entry((site, package)).or_default().push(seller);
                left += self.plan.codes_per_block;
            }
        }
        for ((site, package), sellers) in short {
            let blocks = self.make_batch(site, package, sellers.len() + 1, start);
            for (seller, block) in sellers.into_iter().zip(blocks) {
                self.lease(site, block, seller, start);
                let held = Held {
                    block,
                    next: 0,
                    count: self.plan.codes_per_block,
                };
                let key = (seller, site, package);
                self.stock.entry(key).or_default().push_back(held);
            }
        }
    }

    /// A batch of so many blocks, of which the last is left over for the office.
    fn make_batch(
        &mut self,
        site: usize,
        package: usize,
        count: usize,
        start: Timestamp,
    ) -> Vec<BlockId> {
        let batch = BatchId::generate(start, &mut self.random);
        let made: Vec<Vec<Code>> = (0..count)
            .map(|_| {
                (0..self.plan.codes_per_block)
                    .map(|_| self.next_code())
                    .collect()
            })
            .collect();
        self.make_batch_of(batch, site, package, made, start)
    }

    fn make_batch_of(
        &mut self,
        batch: BatchId,
        site: usize,
        package: usize,
        codes: Vec<Vec<Code>>,
        start: Timestamp,
    ) -> Vec<BlockId> {
        let site = self.sites[site];
        let (package, price) = self.packages[package];
        let mut facts = Vec::new();
        let mut blocks = Vec::new();
        for codes in codes {
            let block = BlockId::generate(start, &mut self.random);
            let made = Codes {
                batch,
                package,
                price,
                packed: pack(&codes).expect("the codes fit"),
            };
            facts.push((DocumentKey::Block { site, block }, FactBody::Codes(made)));
            blocks.push(BlockMade {
                block,
                count: u32::try_from(codes.len()).expect("a block is small"),
            });
        }
        let ids = blocks.iter().map(|made| made.block).collect();
        let made = BatchMade {
            batch,
            label: format!("Batch {}", self.codes),
            package,
            price,
            blocks,
            made_on: None,
        };
        facts.push((DocumentKey::Batches(site), FactBody::Batch(made)));
        let id = IntentId::generate(start, &mut self.random);
        self.office.tap(id, start, start, facts);
        ids
    }

    fn next_code(&mut self) -> Code {
        self.codes += 1;
        // Odd, so that no two numbers below 2^40 give the same code.
        let mixed = self.codes.wrapping_mul(0x5_DEEC_E66D) & ((1 << 40) - 1);
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&mixed.to_be_bytes());
        let text = IntentId::from_bytes(bytes).to_string();
        Code {
            username: format!("{}-{}", &text[18..22], &text[22..]),
            password: None,
        }
    }

    fn lease(&mut self, site: usize, block: BlockId, seller: usize, start: Timestamp) {
        let asked = LeaseAsked {
            block,
            to: self.people[seller].person,
        };
        let id = IntentId::generate(start, &mut self.random);
        let document = DocumentKey::Batches(self.sites[site]);
        let fact = (document, FactBody::LeaseAsked(asked));
        self.office.tap(id, start, start, vec![fact]);
    }

    /// About what was held last week: one is accepted, one declined, one waits.
    fn decide(&mut self, start: Timestamp) {
        for (till, hold) in std::mem::take(&mut self.held) {
            self.decided += 1;
            if self.decided.is_multiple_of(3) {
                continue;
            }
            let accepted = self.decided % 3 == 1;
            let decision = HeldDecision {
                hold: hold.parse().expect("a hold's id is one"),
                accepted,
                reason: (!accepted).then(|| "not there".to_owned()),
                told: 1,
            };
            let id = IntentId::generate(start, &mut self.random);
            let fact = (till, FactBody::HeldDecision(decision));
            self.office.tap(id, start, start, vec![fact]);
        }
    }

    /// A batch that is undone at once, and a block of which five codes exist already.
    fn make_mistakes(&mut self, start: Timestamp) {
        let batch = BatchId::generate(start, &mut self.random);
        let codes: Vec<Code> = (0..30).map(|_| self.next_code()).collect();
        self.make_batch_of(batch, 0, 0, vec![codes], start);
        let id = IntentId::generate(start, &mut self.random);
        let undone = FactBody::BatchUndone(BatchUndone { batch });
        let document = DocumentKey::Batches(self.sites[0]);
        self.office.tap(id, start, start, vec![(document, undone)]);
        let now = self.codes;
        self.codes = 10;
        let mut codes: Vec<Code> = (0..5).map(|_| self.next_code()).collect();
        self.codes = now;
        codes.extend((0..5).map(|_| self.next_code()));
        let batch = BatchId::generate(start, &mut self.random);
        self.make_batch_of(batch, 1, 1, vec![codes], start);
    }

    fn sell_all(&mut self, seller: usize, plan: Vec<Intended>, start: Timestamp) {
        let count = i64::try_from(plan.len()).unwrap_or(1).max(1);
        for (place, sale) in (0..).zip(plan) {
            // Between seven in the morning and ten at night.
            let day = place * 7 / count;
            let within = (place * 7 % count) * 15 * HOUR_MILLIS / count;
            let at = start.plus_millis(day * 24 * HOUR_MILLIS + 7 * HOUR_MILLIS + within);
            let at = at.plus_millis(i64::from(self.random.between(0, 60_000)));
            let is_twice = self
                .random
                .next_u64()
                .is_multiple_of(u64::from(self.plan.twice_every));
            let before = self.last_sold[sale.site].clone().filter(|_| is_twice);
            match before {
                Some((other, line)) if other != seller => {
                    self.sell_twice(seller, sale.site, line, at, start);
                }
                _ => {
                    let lines = self.pick(seller, &sale);
                    self.just_sold[sale.site] = Some((seller, lines[0].clone()));
                    self.sell(seller, sale.site, lines, at, start);
                }
            }
        }
    }

    fn pick(&mut self, seller: usize, sale: &Intended) -> Vec<Line> {
        let (package, price) = self.packages[sale.package];
        let blocks = self
            .stock
            .get_mut(&(seller, sale.site, sale.package))
            .expect("stock was supplied");
        // One block after the other; a recalled one stands first and stays until the week is over.
        (0..sale.quantity)
            .map(|_| {
                let held = blocks
                    .iter_mut()
                    .find(|held| held.next < held.count)
                    .expect("stock was supplied");
                let voucher = VoucherRef {
                    block: held.block,
                    index: held.next,
                };
                held.next += 1;
                Line {
                    voucher,
                    package,
                    price,
                }
            })
            .collect()
    }

    fn sell(
        &mut self,
        seller: usize,
        site: usize,
        lines: Vec<Line>,
        at: Timestamp,
        since: Timestamp,
    ) -> IntentId {
        let id = IntentId::generate(at, &mut self.random);
        let method = PaymentMethod::ALL[self.random.weighted(&[60, 33, 2, 2, 3])];
        let reference = (method == PaymentMethod::Mpesa)
            .then(|| format!("SK{:08}", self.random.between(0, 99_999_999)));
        let client = (self.random.below(10) < 6).then(|| *self.random.pick(&self.clients[site]));
        let sale = Sale {
            receipt: self.sellers[seller].next_receipt(),
            lines,
            method,
            reference,
            client,
        };
        let till = self.till(seller, site, at);
        self.sellers[seller].tap(id, at, since, vec![(till, FactBody::Sale(sale))]);
        id
    }

    /// A voucher of somebody else, which the client then gets replaced. Where this person may not sell at all, the
    /// sale is held.
    fn sell_twice(
        &mut self,
        seller: usize,
        site: usize,
        line: Line,
        at: Timestamp,
        since: Timestamp,
    ) {
        let sale = self.sell(seller, site, vec![line.clone()], at, since);
        let package = self
            .packages
            .iter()
            .position(|(package, _)| *package == line.package)
            .expect("the package is one of ours");
        let wanted = Intended {
            site,
            package,
            quantity: 1,
        };
        let has_stock = self
            .stock
            .get(&(seller, site, package))
            .is_some_and(|blocks| blocks.iter().any(|held| held.next < held.count));
        if has_stock {
            let instead = self.pick(seller, &wanted).remove(0);
            let replacement = Replacement {
                sale,
                replaces: line.voucher,
                voucher: instead.voucher,
                package: line.package,
            };
            let id = IntentId::generate(at, &mut self.random);
            let till = self.till(seller, site, at);
            let fact = (till, FactBody::Replacement(replacement));
            self.sellers[seller].tap(id, at, since, vec![fact]);
        }
        self.sell_where_not_allowed(seller, at, since);
    }

    fn sell_where_not_allowed(&mut self, seller: usize, at: Timestamp, since: Timestamp) {
        let foreign = (0..self.sites.len()).find(|site| !self.people[seller].sites.contains(site));
        let Some((site, (_, line))) =
            foreign.and_then(|site| Some((site, self.last_sold[site].clone()?)))
        else {
            return;
        };
        let till = self.till(seller, site, at);
        let sale = self.sell(seller, site, vec![line], at, since);
        // It was not accepted, so the next one there begins anew.
        self.sellers[seller].forget(till);
        let device = self.sellers[seller].device;
        let hold = verdict_key(&[b"hold", device.as_bytes(), sale.as_bytes()]);
        self.held.push((till, hold));
    }

    fn till(&self, seller: usize, site: usize, at: Timestamp) -> DocumentKey {
        DocumentKey::Till {
            site: self.sites[site],
            person: self.people[seller].person,
            month: Month::of(at),
        }
    }
}
