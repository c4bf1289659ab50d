//! The days: when shops open, when people buy, and when a phone finds a signal.

use anyhow::Result;
use crdt_model::time::Timestamp;
use time::Weekday;

use super::cast::{Kind, MEMBERS, OFFSET_MILLIS, PLACES, Rhythm};
use super::hand_overs;
use super::scenes::{self, Scene};
use super::stock;
use super::till;
use super::world::World;
use crate::clock::to_sql;

/// How busy the hours from seven in the morning are.
const HOURS: [u32; 15] = [2, 4, 4, 3, 3, 5, 6, 4, 3, 4, 6, 9, 11, 10, 5];
const OPENING: u32 = 7;
/// On the first day the vouchers are given out first.
const FIRST_SALE: u32 = 11 * 60 + 30;
const EVENING: u32 = 20 * 60;
const CLOSING: u32 = 22 * 60 + 20;

#[derive(Debug, Clone, Copy)]
enum Happening {
    GiveOut {
        site: usize,
    },
    Sale {
        seller: usize,
        site: usize,
        kind: Kind,
    },
    Contact(usize),
    /// A look at what is left.
    Look(usize),
    Close(usize),
    Scene(Scene),
}

/// Lives through all days up to the present.
pub async fn live(world: &mut World) -> Result<()> {
    for day in 0..=world.plan.days {
        let mut happenings = ordinary(world, day);
        happenings.extend(
            scenes::on(&world.plan, day)
                .into_iter()
                .map(|(minutes, scene)| (world.time(day, minutes), Happening::Scene(scene))),
        );
        happenings.retain(|(at, what)| *at <= limit(world, what));
        happenings.sort_by_key(|(at, _)| *at);
        for (at, what) in happenings {
            world.go_to(at);
            happen(world, day, what).await?;
        }
    }
    for profile in &mut world.profiles {
        profile.hang_up().await?;
    }
    Ok(())
}

/// Of some, nothing is heard any more for the last hours or days.
fn limit(world: &World, what: &Happening) -> Timestamp {
    match what {
        Happening::Sale { seller: who, .. } | Happening::Contact(who) | Happening::Look(who) => {
            last_heard(world, *who)
        }
        _ => world.end,
    }
}

fn last_heard(world: &World, who: usize) -> Timestamp {
    let silent = i64::from(MEMBERS[who].silent_minutes) * 60_000;
    world.end.plus_millis(-silent)
}

async fn happen(world: &mut World, day: u32, what: Happening) -> Result<()> {
    match what {
        Happening::GiveOut { site } => stock::give_out(world, site, day).await,
        Happening::Sale { seller, site, kind } => {
            if world.gone.contains(&seller) {
                return Ok(());
            }
            till::sell(world, seller, site, kind).await?;
            let profile = &mut world.profiles[seller];
            if profile.is_connected() {
                profile.exchange().await?;
            }
            Ok(())
        }
        Happening::Contact(who) if !scenes::may_connect(world, who) => Ok(()),
        Happening::Contact(who) => {
            let profile = &mut world.profiles[who];
            profile.exchange().await?;
            match MEMBERS[who].rhythm {
                Rhythm::Counter => Ok(()),
                _ => profile.hang_up().await,
            }
        }
        Happening::Look(who) if world.gone.contains(&who) => Ok(()),
        Happening::Look(who) => hand_overs::ask_if_short(world, who).await,
        Happening::Close(who) => world.profiles[who].hang_up().await,
        Happening::Scene(scene) => scenes::play(world, scene).await,
    }
}

fn ordinary(world: &mut World, day: u32) -> Vec<(Timestamp, Happening)> {
    let mut happenings = Vec::new();
    if day > 0 {
        for site in 0..PLACES.len() {
            let minutes = 6 * 60 + 30 + world.random.between(0, 25);
            happenings.push((world.time(day, minutes), Happening::GiveOut { site }));
        }
    }
    for (who, member) in MEMBERS.iter().enumerate() {
        let last = last_heard(world, who);
        if !member.sells.is_empty() && (world.time(day, 0)..world.time(day + 1, 0)).contains(&last)
        {
            happenings.push((last, Happening::Contact(who)));
        }
        if !matches!(member.rhythm, Rhythm::Reads(_)) {
            happenings.push((world.time(day, EVENING), Happening::Look(who)));
        }
        for (minutes, what) in contacts(world, who, day) {
            happenings.push((world.time(day, minutes), what));
        }
    }
    for (site, place) in PLACES.iter().enumerate() {
        for demand in place.demand {
            let busy = demand.daily * world.pace() * season(world, day, demand.kind);
            for (seller, part) in stock::sellers(world, site) {
                for _ in 0..world.random.around(busy * part) {
                    let at = moment(world, day);
                    if day > 0 || at > world.time(0, FIRST_SALE) {
                        let kind = demand.kind;
                        happenings.push((at, Happening::Sale { seller, site, kind }));
                    }
                }
            }
        }
    }
    happenings
}

/// When on a day somebody's device meets the relay.
fn contacts(world: &mut World, who: usize, day: u32) -> Vec<(u32, Happening)> {
    let member = &MEMBERS[who];
    let mut at = |minutes: u32| minutes + world.random.between(0, 35);
    let contact = Happening::Contact(who);
    match member.rhythm {
        Rhythm::Counter => vec![
            (at(7 * 60 - 10), contact),
            (CLOSING + 5, Happening::Close(who)),
        ],
        Rhythm::Often => [7 * 60, 12 * 60 + 30, 17 * 60 + 10, CLOSING - 40]
            .into_iter()
            .map(|minutes| (at(minutes), contact))
            .collect(),
        Rhythm::Evening => vec![(at(20 * 60 + 20), contact)],
        Rhythm::Reads(days) if (day + who as u32).is_multiple_of(days) => {
            let mut contacts = vec![(at(8 * 60 + 15), contact)];
            if !member.sells.is_empty() {
                contacts.push((at(18 * 60), contact));
            }
            contacts
        }
        Rhythm::Reads(_) => Vec::new(),
    }
}

/// A moment at which somebody buys.
fn moment(world: &mut World, day: u32) -> Timestamp {
    let hour = OPENING + world.random.weighted(&HOURS) as u32;
    let minutes = (hour * 60 + world.random.between(0, 59)).min(CLOSING);
    let millis = i64::from(world.random.between(0, 59_999));
    world.time(day, minutes).plus_millis(millis)
}

/// Weekends are for short packages, the end of the month with its wages for long ones; and business grows.
fn season(world: &World, day: u32, kind: Kind) -> f64 {
    let there = to_sql(world.time(day, 0).plus_millis(OFFSET_MILLIS));
    let growth = 0.85 + 0.3 * f64::from(day) / f64::from(world.plan.days.max(1));
    let is_pay_time = there.day() >= 26 || there.day() <= 4;
    let by_date = match kind {
        Kind::ThreeHours | Kind::Day => match there.weekday() {
            Weekday::Saturday => 1.45,
            Weekday::Friday => 1.2,
            Weekday::Sunday => 1.1,
            _ => 0.9,
        },
        Kind::Week if there.weekday() == Weekday::Monday => 1.3,
        Kind::Week => 0.95,
        _ if is_pay_time => 1.6,
        _ => 0.8,
    };
    growth * by_date
}
