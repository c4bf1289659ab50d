//! One sale: how much, how it is paid, and who buys.

use anyhow::Result;
use crdt_model::command::Command;
use crdt_model::fact::PaymentMethod;
use crdt_model::ids::{ClientId, IntentId};
use crdt_model::sale::{Buyer, SellOrder};

use super::cast::{Kind, MEMBERS, Rhythm};
use super::names;
use super::random::Random;
use super::world::{World, price};

/// Somebody asks for a voucher at a till, and gets one if it is in stock.
pub async fn sell(
    world: &mut World,
    seller: usize,
    site: usize,
    kind: Kind,
) -> Result<Option<IntentId>> {
    let (method, reference) = payment(&mut world.random, kind, MEMBERS[seller].rhythm);
    let order = SellOrder {
        site: world.sites[site],
        package: world.package(kind),
        price: price(kind),
        quantity: quantity(&mut world.random, kind),
        method,
        reference,
        client: buyer(world, seller, site, kind),
    };
    let is_new = matches!(order.client, Buyer::New(_));
    let profile = &mut world.profiles[seller];
    let Some(sold) = profile.sell(order).await? else {
        return Ok(None);
    };
    let client = client_of(world, seller, sold);
    if let (true, Some(client)) = (is_new, client) {
        world.met.entry((seller, site)).or_default().push(client);
    }
    Ok(Some(sold))
}

fn client_of(world: &World, seller: usize, sale: IntentId) -> Option<ClientId> {
    match &world.profiles[seller]
        .replica()
        .pending(sale)?
        .intent
        .command
    {
        Command::Sell { sale, .. } => sale.client,
        _ => None,
    }
}

const fn is_short(kind: Kind) -> bool {
    matches!(kind, Kind::ThreeHours | Kind::Day)
}

/// Families and friends take several of the small ones.
fn quantity(random: &mut Random, kind: Kind) -> u32 {
    match (is_short(kind), random.between(0, 99)) {
        (true, 0..5) => 2,
        (true, 5..7) => 3,
        (true, 7) => 5,
        (false, 0) => 2,
        _ => 1,
    }
}

fn payment(random: &mut Random, kind: Kind, rhythm: Rhythm) -> (PaymentMethod, Option<String>) {
    let is_large = matches!(kind, Kind::Month | Kind::ThreeMonths);
    let is_counter = rhythm == Rhythm::Counter;
    let weights = match (is_short(kind), is_large) {
        (true, _) => [72, 24, 0, 0, 4],
        (_, true) => [25, 48, 14, 8 * u32::from(is_counter), 5],
        _ => [50, 42, 1, 2 * u32::from(is_counter), 5],
    };
    let method = PaymentMethod::ALL[random.weighted(&weights)];
    let reference = match method {
        PaymentMethod::Mpesa => random.chance(94).then(|| names::mobile_reference(random)),
        PaymentMethod::Bank => Some(names::bank_reference(random)),
        PaymentMethod::Other => Some(format!("Airtel {}", names::mobile_reference(random))),
        _ => None,
    };
    (method, reference)
}

fn buyer(world: &mut World, seller: usize, site: usize, kind: Kind) -> Buyer {
    let walk_ins = match kind {
        Kind::ThreeHours => 62,
        Kind::Day => 45,
        Kind::Week => 18,
        _ => 4,
    };
    if world.random.chance(walk_ins) {
        return Buyer::WalkIn;
    }
    let known = known(world, seller, site);
    if known.is_empty() || world.random.chance(13) {
        world.clients += 1;
        return Buyer::New(names::client(&mut world.random, world.clients));
    }
    Buyer::Known(*world.random.pick(&known))
}

/// Those a seller can find: their own, and at a desk also those that marketing listed.
fn known(world: &World, seller: usize, site: usize) -> Vec<ClientId> {
    let mut known = world.met.get(&(seller, site)).cloned().unwrap_or_default();
    if !matches!(MEMBERS[seller].rhythm, Rhythm::Often | Rhythm::Evening) {
        known.extend(&world.listed[site]);
    }
    known
}
