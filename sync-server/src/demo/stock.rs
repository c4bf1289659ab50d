//! Vouchers: made by the office of a site, and leased to those who run out.

use anyhow::Result;
use crdt_model::command::{Command, NewBlock};
use crdt_model::ids::{BatchId, BlockId, PersonId};
use crdt_model::voucher::{Block, Code, Stock};
use time::Month;

use super::cast::{Demand, Kind, MEMBERS, PLACES, Rhythm};
use super::names;
use super::world::{World, price};
use crate::clock::to_sql;

/// How much of what is sold in the whole time the first batch covers, in hundredths.
const FIRST_BATCH: f64 = 120.0;
/// In the last days nobody gives out more of these, so that somebody runs low.
const RUNNING_LOW: &[Kind] = &[Kind::ThreeHours, Kind::Month];
const RUNNING_LOW_DAYS: u32 = 5;

/// The sellers of a site who are still there, with their part of its sales.
pub fn sellers(world: &World, site: usize) -> Vec<(usize, f64)> {
    let here: Vec<(usize, u32)> = MEMBERS
        .iter()
        .enumerate()
        .filter(|(place, _)| !world.gone.contains(place))
        .flat_map(|(place, member)| member.sells.iter().map(move |sells| (place, *sells)))
        .filter(|(_, (at, _))| *at == site)
        .map(|(place, (_, part))| (place, part))
        .collect();
    let total: u32 = here.iter().map(|(_, part)| part).sum();
    here.into_iter()
        .map(|(place, part)| (place, f64::from(part) / f64::from(total.max(1))))
        .collect()
}

/// The office of a site looks who is short of what.
pub async fn give_out(world: &mut World, site: usize, day: u32) -> Result<()> {
    let office = PLACES[site].office;
    world.profile(office).exchange().await?;
    let is_last_days = day + RUNNING_LOW_DAYS > world.plan.days;
    for demand in PLACES[site].demand {
        if is_last_days && RUNNING_LOW.contains(&demand.kind) {
            continue;
        }
        for (seller, part) in sellers(world, site) {
            supply(world, site, demand, seller, part).await?;
        }
    }
    world.profile(office).hang_up().await
}

/// Leases to one seller until there is enough for the next days.
async fn supply(
    world: &mut World,
    site: usize,
    demand: &Demand,
    seller: usize,
    part: f64,
) -> Result<()> {
    let office = PLACES[site].office;
    let person = world.profiles[seller].who.person;
    let days = match MEMBERS[seller].rhythm {
        Rhythm::Evening => 3.5,
        _ => 1.8,
    };
    let wanted = (demand.daily * part * world.pace() * days).ceil() as usize + 2;
    for _ in 0..10 {
        let stock = world.profile(office).replica().stock();
        let of_kind: Vec<&Block> = stock
            .blocks
            .values()
            .filter(|block| {
                block.site == world.sites[site] && block.package == world.package(demand.kind)
            })
            .collect();
        let held: usize = of_kind
            .iter()
            .filter(|block| holder(block) == Some(person))
            .map(|block| stock.free(block).count())
            .sum();
        if held >= wanted {
            return Ok(());
        }
        let next = of_kind
            .iter()
            .find(|block| holder(block).is_none() && stock.free(block).next().is_some())
            .map(|block| block.id);
        let Some(block) = next else {
            make_batch(world, site, demand).await?;
            continue;
        };
        let command = Command::LeaseBlock {
            site: world.sites[site],
            block,
            to: person,
        };
        world.does(office, command).await?;
    }
    Ok(())
}

/// Whose a block is; `None`: the office's.
pub fn holder(block: &Block) -> Option<PersonId> {
    block.lease.as_ref().and_then(|lease| lease.person)
}

/// The blocks of a person in which something is left.
pub fn blocks_of(stock: &Stock, person: PersonId) -> Vec<Block> {
    stock
        .blocks
        .values()
        .filter(|block| holder(block) == Some(person) && stock.free(block).next().is_some())
        .cloned()
        .collect()
}

async fn make_batch(world: &mut World, site: usize, demand: &Demand) -> Result<()> {
    let made = world.batches.entry((site, demand.kind)).or_default();
    *made += 1;
    let number = *made;
    let part = if number == 1 { FIRST_BATCH } else { 25.0 } / 100.0;
    let expected = demand.daily * world.pace() * f64::from(world.plan.days) * part;
    let sheets = (expected / f64::from(demand.block)).ceil() as usize;
    let spare = if number == 1 {
        sellers(world, site).len()
    } else {
        0
    };
    let month = month(to_sql(world.app.clock.now()).month());
    let label = match (demand.label.contains("{}"), number) {
        (true, _) => demand.label.replace("{}", month),
        (false, 1) => demand.label.to_owned(),
        (false, _) => format!("{} #{number}", demand.label),
    };
    let blocks = (0..sheets + spare)
        .map(|_| new_codes(world, demand.block))
        .collect();
    make(world, PLACES[site].office, site, demand.kind, label, blocks).await
}

/// One batch, of blocks with these codes.
pub async fn make(
    world: &mut World,
    maker: &str,
    site: usize,
    kind: Kind,
    label: String,
    blocks: Vec<Vec<Code>>,
) -> Result<()> {
    let now = world.app.clock.now();
    let command = Command::MakeBatch {
        site: world.sites[site],
        batch: BatchId::generate(now, &mut world.random),
        label,
        package: world.package(kind),
        price: price(kind),
        blocks: blocks
            .into_iter()
            .map(|codes| NewBlock {
                block: BlockId::generate(now, &mut world.random),
                codes,
            })
            .collect(),
    };
    world.does(maker, command).await
}

/// Codes of a new block.
pub fn new_codes(world: &mut World, count: u32) -> Vec<Code> {
    (0..count)
        .map(|_| Code {
            username: names::code(&mut world.random),
            password: None,
        })
        .collect()
}

const fn month(month: Month) -> &'static str {
    match month {
        Month::January => "Jan",
        Month::February => "Feb",
        Month::March => "Mac",
        Month::April => "Apr",
        Month::May => "Mei",
        Month::June => "Jun",
        Month::July => "Jul",
        Month::August => "Ago",
        Month::September => "Sep",
        Month::October => "Okt",
        Month::November => "Nov",
        Month::December => "Des",
    }
}
