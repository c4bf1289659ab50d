//! The demo while it is made: its people with their devices, its clock, and what they remember.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use crdt_model::command::Command;
use crdt_model::ids::{BlockId, ClientId, PackageId, PersonId, SiteId};
use crdt_model::time::Timestamp;

use super::Plan;
use super::cast::{Kind, MEMBERS, OFFSET_MILLIS, member, packages};
use super::profile::Profile;
use super::random::Random;
use crate::app::SharedApp;

const MINUTE_MILLIS: i64 = 60 * 1000;
const DAY_MILLIS: i64 = 24 * 60 * MINUTE_MILLIS;

pub struct World {
    pub app: SharedApp,
    pub plan: Plan,
    pub random: Random,
    /// Midnight before the first day, there.
    first_midnight: Timestamp,
    pub end: Timestamp,
    /// In the order of the cast.
    pub profiles: Vec<Profile>,
    pub sites: Vec<SiteId>,
    pub packages: Vec<PackageId>,
    /// Clients a seller has met at a site.
    pub met: BTreeMap<(usize, usize), Vec<ClientId>>,
    /// Clients that marketing listed, by site.
    pub listed: Vec<Vec<ClientId>>,
    /// Clients so far, for their numbers.
    pub clients: u32,
    /// Who sells no more.
    pub gone: BTreeSet<usize>,
    /// Blocks of which a hand-over is open in the end.
    pub offered: BTreeSet<BlockId>,
    /// Batches made so far of a kind at a site.
    pub batches: BTreeMap<(usize, Kind), u32>,
}

impl World {
    pub fn new(app: &SharedApp, end: Timestamp, plan: &Plan) -> Self {
        Self {
            app: app.clone(),
            plan: *plan,
            random: Random::new(plan.seed),
            first_midnight: first_midnight(end, plan),
            end,
            profiles: Vec::with_capacity(MEMBERS.len()),
            sites: Vec::new(),
            packages: Vec::new(),
            met: BTreeMap::new(),
            listed: Vec::new(),
            clients: 0,
            gone: BTreeSet::new(),
            offered: BTreeSet::new(),
            batches: BTreeMap::new(),
        }
    }

    /// The instant at which the organisation is founded: eight in the morning of the first day.
    pub fn beginning(end: Timestamp, plan: &Plan) -> Timestamp {
        first_midnight(end, plan).plus_millis(8 * 60 * MINUTE_MILLIS)
    }

    /// So many minutes after midnight of a day, there.
    pub fn time(&self, day: u32, minutes: u32) -> Timestamp {
        self.first_midnight
            .plus_millis(i64::from(day) * DAY_MILLIS + i64::from(minutes) * MINUTE_MILLIS)
    }

    /// Moves the clock, which never goes back.
    pub fn go_to(&self, at: Timestamp) {
        let ahead = at.min(self.end).millis_since(self.app.clock.now());
        if ahead > 0 {
            self.app.clock.advance_millis(ahead);
        }
    }

    pub fn pass_minutes(&self, minutes: u32) {
        let later = i64::from(minutes) * MINUTE_MILLIS;
        self.go_to(self.app.clock.now().plus_millis(later));
    }

    pub fn profile(&mut self, login: &str) -> &mut Profile {
        &mut self.profiles[member(login)]
    }

    pub fn person(&self, login: &str) -> PersonId {
        self.profiles[member(login)].who.person
    }

    /// Somebody at a desk does one thing and it is exchanged at once.
    pub async fn does(&mut self, login: &str, command: Command) -> Result<()> {
        let profile = self.profile(login);
        profile.run(command).await?;
        profile.exchange().await
    }

    pub fn package(&self, kind: Kind) -> PackageId {
        self.packages[kind as usize]
    }

    /// How much of what the cast says is sold.
    pub fn pace(&self) -> f64 {
        f64::from(self.plan.pace) / 100.0
    }
}

/// The price of a kind, which does not change in the demo.
pub fn price(kind: Kind) -> crdt_model::money::Money {
    packages()[kind as usize].price
}

fn first_midnight(end: Timestamp, plan: &Plan) -> Timestamp {
    let there = end.as_millis() + OFFSET_MILLIS;
    let today = there - there.rem_euclid(DAY_MILLIS);
    Timestamp::from_millis(today - i64::from(plan.days) * DAY_MILLIS - OFFSET_MILLIS)
}
