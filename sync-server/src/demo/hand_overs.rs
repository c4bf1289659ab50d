//! Blocks that change hands with the word of both sides, and asks for more.

use anyhow::{Context, Result};
use crdt_model::command::Command;
use crdt_model::fact::{HandOverTaken, StockAsked};
use crdt_model::hand_over::{self, HandOverCode};
use crdt_model::ids::BlockId;
use crdt_model::stock_ask;

use super::cast::{Kind, MEMBERS, PLACES, member};
use super::stock::sellers;
use super::world::World;

/// What people write beside an ask.
const NOTES: &[&str] = &[
    "kwa wikendi",
    "zimebaki chache",
    "wateja wengi mwisho wa mwezi",
    "tafadhali kabla ya saa nne",
];

/// The holder parts with the fullest block of a kind; `None`: back to the office.
pub async fn give(
    world: &mut World,
    who: &str,
    site: usize,
    kind: Kind,
    to: Option<&str>,
) -> Result<(BlockId, HandOverCode)> {
    let (at, package) = (world.sites[site], world.package(kind));
    let to = to.map(|login| world.person(login));
    let profile = world.profile(who);
    let stock = profile.replica().stock();
    let block = stock
        .mine()
        .filter(|block| block.site == at && block.package == package)
        .max_by_key(|block| stock.free(block).count())
        .with_context(|| format!("{who} has no block to give"))?;
    let given = hand_over::give(&stock, block, to)?;
    let block = block.id;
    let id = profile.run(Command::GiveBlock { site: at, given }).await?;
    Ok((block, HandOverCode::of(id, at)))
}

/// The other side says so too, by the code it was told.
pub async fn take(
    world: &mut World,
    who: &str,
    site: usize,
    code: HandOverCode,
    from: &str,
) -> Result<()> {
    let taken = HandOverTaken {
        code,
        from: Some(world.person(from)),
    };
    let site = world.sites[site];
    let command = Command::TakeBlock { site, taken };
    world.profile(who).run(command).await?;
    Ok(())
}

/// In the evening a seller looks what is left, and may ask for more.
pub async fn ask_if_short(world: &mut World, who: usize) -> Result<()> {
    for (site, _) in MEMBERS[who].sells {
        let part = sellers(world, *site)
            .into_iter()
            .find(|(seller, _)| *seller == who)
            .map_or(0.0, |(_, part)| part);
        for demand in PLACES[*site].demand {
            if !world.random.chance(40) {
                continue;
            }
            let daily = demand.daily * part * world.pace();
            let (at, package) = (world.sites[*site], world.package(demand.kind));
            let stock = world.profiles[who].replica().stock();
            let left: usize = stock
                .mine()
                .filter(|block| block.site == at && block.package == package)
                .map(|block| stock.free(block).count())
                .sum();
            if left as f64 <= daily.max(1.0) {
                let quantity = ((daily * 7.0 / 10.0).ceil() as u32).max(1) * 10;
                let note = world.random.chance(45);
                let note = note.then(|| (*world.random.pick(NOTES)).to_owned());
                ask(
                    world,
                    MEMBERS[who].login,
                    *site,
                    demand.kind,
                    quantity,
                    note,
                )
                .await?;
            }
        }
    }
    Ok(())
}

/// Asks, unless this is asked for already.
pub async fn ask(
    world: &mut World,
    who: &str,
    site: usize,
    kind: Kind,
    quantity: u32,
    note: Option<String>,
) -> Result<()> {
    let (site, package) = (world.sites[site], world.package(kind));
    let person = world.person(who);
    let profile = world.profile(who);
    let is_asked = stock_ask::asks(profile.replica().sheets())
        .iter()
        .any(|ask| {
            ask.ended.is_none()
                && (ask.person, ask.site, ask.asked.package) == (person, site, package)
        });
    if is_asked {
        return Ok(());
    }
    let asked = StockAsked {
        package,
        quantity,
        note,
    };
    profile.run(Command::AskForStock { site, asked }).await?;
    if profile.is_connected() {
        profile.exchange().await?;
    }
    Ok(())
}

/// The office says why not.
pub async fn decline(world: &mut World, office: &str, asker: &str, reason: &str) -> Result<()> {
    let asker = world.profiles[member(asker)].who.person;
    let profile = world.profile(office);
    profile.exchange().await?;
    let open: Vec<_> = stock_ask::asks(profile.replica().sheets())
        .into_iter()
        .filter(|ask| ask.person == asker && ask.ended.is_none())
        .collect();
    let largest = open
        .into_iter()
        .max_by_key(|ask| ask.asked.quantity)
        .context("nothing is asked for")?;
    let command = Command::DeclineAsk {
        till: largest.till,
        asked: largest.id,
        reason: reason.into(),
    };
    world.does(office, command).await?;
    world.profile(office).hang_up().await
}
