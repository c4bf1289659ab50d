//! What does not go as usual: somebody leaves, a phone is lost, a role is taken away, a voucher is sold twice.

use anyhow::{Context, Result};
use crdt_model::capability::{Grant, Role, Scope};
use crdt_model::command::Command;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{FactBody, PaymentMethod, Verdict};
use crdt_model::ids::{BlockId, HoldId, PersonId};
use crdt_model::sale::{Buyer, SellOrder};
use crdt_model::voucher::{Block, Code};

use super::cast::{BAGAMOYO, KARIAKOO, Kind, MBAGALA, MEMBERS, PLACES, UNGUJA, member};
use super::founding;
use super::hand_overs;
use super::imports;
use super::stock::{self, blocks_of};
use super::till;
use super::world::{World, price};
use super::{Plan, places};
use crate::auth::devices::{self, Revoke};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    BlockMoves,
    BlockComesBack,
    SalimAsks,
    OfficeDeclines,
    JosephOffers,
    GraceRenews,
    PeterLeaves,
    PeterSells,
    PeterSends,
    OfficeTakesPetersBlocks,
    OfficeDecides,
    CodesComeTwice,
    OldRouterIsImported,
    PhoneIsLost,
    HalimaIsNoAgent,
    HalimaSells,
    JumaSells,
    BlockOfJumaIsRecalled,
    MwajumaSellsIt,
}

/// The scenes of a day, with their minutes after midnight.
pub fn on(plan: &Plan, day: u32) -> Vec<(u32, Scene)> {
    let days = plan.days;
    let (leaves, twice, lost, moves) = (days * 2 / 5, days * 11 / 20, days * 3 / 5, days / 4);
    [
        (moves, 15, 10, Scene::BlockMoves),
        (days * 3 / 10, 11, 15, Scene::BlockComesBack),
        (days / 3, 19, 55, Scene::SalimAsks),
        (days / 3, 20, 40, Scene::OfficeDeclines),
        (days - 2, 10, 10, Scene::GraceRenews),
        (days - 1, 16, 0, Scene::JosephOffers),
        (leaves, 9, 10, Scene::PeterLeaves),
        (leaves, 12, 25, Scene::PeterSells),
        (leaves, 13, 50, Scene::PeterSells),
        (leaves + 1, 10, 15, Scene::PeterSends),
        (leaves + 1, 11, 0, Scene::OfficeTakesPetersBlocks),
        (leaves + 2, 9, 40, Scene::OfficeDecides),
        (twice, 10, 30, Scene::CodesComeTwice),
        (twice + 1, 10, 5, Scene::OldRouterIsImported),
        (lost, 13, 20, Scene::PhoneIsLost),
        (days - 4, 17, 58, Scene::HalimaIsNoAgent),
        (days - 4, 18, 45, Scene::HalimaSells),
        (days - 3, 9, 40, Scene::JumaSells),
        (days - 3, 11, 5, Scene::BlockOfJumaIsRecalled),
        (days - 3, 11, 40, Scene::MwajumaSellsIt),
    ]
    .into_iter()
    .filter(|(on, ..)| *on == day)
    .map(|(_, hour, minute, scene)| (hour * 60 + minute, scene))
    .collect()
}

/// What there is to see as this person.
pub fn note(login: &str) -> &'static str {
    match login {
        "asha" => "sees and does everything",
        "rehema" => "a sale of Halima waits for a decision",
        "yusuf" => "one voucher of Bagamoyo was sold twice",
        "joseph" => "hands a block over that Rehema has not taken yet",
        "halima" => "no agent any more; a sale of hers is held",
        "juma" => "owes a client a replacement",
        "mwajuma" => "not heard of for two days; her stock is on her phone",
        "peter" => "left; cannot sign in",
        _ => "",
    }
}

/// Whoever left gets no ticket any more.
pub fn may_connect(world: &World, who: usize) -> bool {
    who != member("peter") || !world.gone.contains(&who)
}

pub async fn play(world: &mut World, scene: Scene) -> Result<()> {
    match scene {
        Scene::BlockMoves => block_moves(world).await,
        Scene::BlockComesBack => block_comes_back(world).await,
        Scene::JosephOffers => joseph_offers(world).await,
        Scene::GraceRenews => places::renew_clients(world).await,
        Scene::SalimAsks => salim_asks(world).await,
        Scene::OfficeDeclines => {
            let reason = "Hakuna 200 kwa sasa; 30 zitatoka Jumatatu";
            hand_overs::decline(world, "neema", "salim", reason).await
        }
        Scene::PeterLeaves => peter_leaves(world).await,
        Scene::PeterSells => sells_offline(world, "peter", KARIAKOO, Kind::Day).await,
        Scene::PeterSends => world.profile("peter").post().await,
        Scene::OfficeTakesPetersBlocks => office_takes_peters_blocks(world).await,
        Scene::OfficeDecides => office_decides(world).await,
        Scene::CodesComeTwice => codes_come_twice(world).await,
        Scene::OldRouterIsImported => imports::old_router(world).await,
        Scene::PhoneIsLost => phone_is_lost(world).await,
        Scene::HalimaIsNoAgent => halima_is_no_agent(world).await,
        Scene::HalimaSells => sells_offline(world, "halima", MBAGALA, Kind::Week).await,
        Scene::JumaSells => sells_offline(world, "juma", BAGAMOYO, Kind::Week).await,
        Scene::BlockOfJumaIsRecalled => block_of_juma_is_recalled(world).await,
        Scene::MwajumaSellsIt => mwajuma_sells_it(world).await,
    }
}

async fn sells_offline(world: &mut World, who: &str, site: usize, kind: Kind) -> Result<()> {
    till::sell(world, member(who), site, kind)
        .await?
        .with_context(|| format!("{who} has nothing left to sell"))?;
    Ok(())
}

/// One agent has too many, another none. They meet where there is no signal; the relay hears of it in the evening.
async fn block_moves(world: &mut World) -> Result<()> {
    world.profile("halima").contact().await?;
    world.profile("baraka").contact().await?;
    world.pass_minutes(12);
    let (_, code) = hand_overs::give(world, "halima", MBAGALA, Kind::Day, Some("baraka")).await?;
    world.pass_minutes(1);
    hand_overs::take(world, "baraka", MBAGALA, code, "halima").await
}

/// Juma comes to the office with what he does not sell.
async fn block_comes_back(world: &mut World) -> Result<()> {
    world.profile("juma").contact().await?;
    let (_, code) = hand_overs::give(world, "juma", BAGAMOYO, Kind::Day, None).await?;
    world.profile("juma").contact().await?;
    world.pass_minutes(3);
    world.profile("yusuf").exchange().await?;
    hand_overs::take(world, "yusuf", BAGAMOYO, code, "juma").await?;
    world.profile("yusuf").contact().await?;
    world.profile("juma").contact().await
}

/// Nobody has taken it yet.
async fn joseph_offers(world: &mut World) -> Result<()> {
    world.profile("joseph").exchange().await?;
    let to = Some("rehema");
    let (block, _) = hand_overs::give(world, "joseph", KARIAKOO, Kind::Day, to).await?;
    world.offered.insert(block);
    world.profile("joseph").exchange().await
}

async fn salim_asks(world: &mut World) -> Result<()> {
    world.profile("salim").exchange().await?;
    let note = Some("kuna tamasha Forodhani".to_owned());
    hand_overs::ask(world, "salim", UNGUJA, Kind::Week, 200, note).await?;
    world.profile("salim").hang_up().await
}

async fn recall(
    world: &mut World,
    office: &str,
    site: usize,
    block: BlockId,
    to: Option<PersonId>,
    reason: &str,
) -> Result<()> {
    let command = Command::RecallBlock {
        site: world.sites[site],
        block,
        to,
        reason: reason.into(),
    };
    world.does(office, command).await
}

/// His phone is in his pocket and knows nothing of it.
async fn peter_leaves(world: &mut World) -> Result<()> {
    world.profile("peter").contact().await?;
    world.pass_minutes(3);
    let person = world.person("peter");
    let command = Command::SetStaffActive {
        person,
        active: false,
    };
    world.does("neema", command).await?;
    world.gone.insert(member("peter"));
    world.profile("neema").hang_up().await
}

async fn office_takes_peters_blocks(world: &mut World) -> Result<()> {
    let peter = world.person("peter");
    let office = world.profile("rehema");
    office.exchange().await?;
    for block in blocks_of(&office.replica().stock(), peter) {
        let reason = "Peter ameacha kazi";
        recall(world, "rehema", KARIAKOO, block.id, None, reason).await?;
    }
    world.profile("rehema").hang_up().await
}

/// One of his two late sales is taken into the books, the other is not.
async fn office_decides(world: &mut World) -> Result<()> {
    world.profile("rehema").exchange().await?;
    let held = held_of(world, "rehema", "peter");
    for (number, (till, hold)) in held.into_iter().enumerate() {
        let (accepted, reason) = match number {
            0 => (true, "Pesa ililetwa ofisini jioni ile ile"),
            _ => (false, "Hakurudisha pesa; mteja alipewa vocha nyingine"),
        };
        let command = Command::DecideHeld {
            till,
            hold,
            accepted,
            reason: Some(reason.into()),
            told: 1,
        };
        world.does("rehema", command).await?;
        world.pass_minutes(4);
    }
    world.profile("rehema").hang_up().await
}

/// What somebody sees held of somebody, the oldest first.
fn held_of(world: &mut World, office: &str, author: &str) -> Vec<(DocumentKey, HoldId)> {
    let author = world.person(author);
    let sheets = world.profile(office).replica().sheets();
    let mut held: Vec<_> = sheets
        .facts()
        .filter_map(|(document, _, fact)| match (document, &fact.body) {
            (
                DocumentKey::VerdictTill {
                    site,
                    person,
                    month,
                },
                FactBody::Verdict(Verdict::Held { hold, intent, .. }),
            ) if *person == author => {
                let till = DocumentKey::Till {
                    site: *site,
                    person: *person,
                    month: *month,
                };
                Some((*intent, till, *hold))
            }
            _ => None,
        })
        .collect();
    held.sort();
    held.into_iter()
        .map(|(_, till, hold)| (till, hold))
        .collect()
}

/// A file that was imported before, in part: its old codes are void where they come again.
async fn codes_come_twice(world: &mut World) -> Result<()> {
    let admin = world.profile("neema");
    admin.exchange().await?;
    let stock = admin.replica().stock();
    let (site, package) = (world.sites[UNGUJA], world.package(Kind::Day));
    let old: Vec<Code> = stock
        .blocks
        .values()
        .filter(|block| block.site == site && block.package == package)
        .filter_map(|block| block.codes.as_ref())
        .flat_map(|codes| codes.iter().take(1).cloned())
        .take(3)
        .collect();
    let mut codes = stock::new_codes(world, 27);
    codes.extend(old);
    let label = "Unguja 1 day (faili la Salim)".to_owned();
    stock::make(world, "neema", UNGUJA, Kind::Day, label, vec![codes]).await?;
    world.profile("neema").hang_up().await
}

/// Everything had been sent. A new phone is bought, and the blocks go to it.
async fn phone_is_lost(world: &mut World) -> Result<()> {
    let baraka = member("baraka");
    world.profiles[baraka].contact().await?;
    world.pass_minutes(40);
    revoke(world, baraka).await?;
    let who = founding::sign_in(world, world.profiles[baraka].who.person).await?;
    let profile = founding::register(world, who, &MEMBERS[baraka]).await?;
    world.profiles[baraka] = profile;
    world.profiles[baraka].contact().await?;
    world.pass_minutes(5);
    let office = world.profile("rehema");
    office.exchange().await?;
    for block in blocks_of(&office.replica().stock(), who.person) {
        let reason = "Simu imeibiwa, sasa ana mpya";
        recall(world, "rehema", MBAGALA, block.id, Some(who.person), reason).await?;
    }
    world.profile("rehema").hang_up().await?;
    world.profiles[baraka].contact().await
}

async fn revoke(world: &World, who: usize) -> Result<()> {
    let caller = world.profiles[member("neema")].who;
    let device_id = world.profiles[who].id;
    let revoke = Revoke {
        device_id,
        on: None,
    };
    Ok(devices::revoke(&world.app, caller, &revoke).await?)
}

/// From today on she only collects debts. She sells one more before her phone hears of it.
async fn halima_is_no_agent(world: &mut World) -> Result<()> {
    world.profile("halima").contact().await?;
    world.pass_minutes(1);
    let command = Command::SetGrants {
        person: world.person("halima"),
        grants: vec![Grant {
            role: Role::RecoveryAgent,
            scope: Scope::Organisation,
        }],
    };
    world.does("neema", command).await?;
    world.gone.insert(member("halima"));
    world.profile("neema").hang_up().await
}

/// The block from which Juma sold this morning, far from any signal.
async fn block_of_juma_is_recalled(world: &mut World) -> Result<()> {
    let site = world.sites[BAGAMOYO];
    let sold = world
        .profile("juma")
        .replica()
        .outbox()
        .filter_map(|pending| match &pending.intent.command {
            Command::Sell { site: at, sale, .. } if *at == site => sale.lines.first(),
            _ => None,
        })
        .filter(|line| line.price == price(Kind::Week))
        .last()
        .map(|line| line.voucher.block)
        .context("Juma sold nothing")?;
    let to = world.person("mwajuma");
    let reason = "Juma hapatikani, wateja wanasubiri Bagamoyo";
    world.profile("yusuf").exchange().await?;
    recall(world, "yusuf", BAGAMOYO, sold, Some(to), reason).await?;
    world.profile("yusuf").hang_up().await
}

async fn mwajuma_sells_it(world: &mut World) -> Result<()> {
    let order = SellOrder {
        site: world.sites[BAGAMOYO],
        package: world.package(Kind::Week),
        price: price(Kind::Week),
        quantity: 1,
        method: PaymentMethod::Cash,
        reference: None,
        client: Buyer::WalkIn,
    };
    let profile = world.profile("mwajuma");
    profile.contact().await?;
    profile.sell(order).await?.context("Mwajuma got no block")?;
    profile.contact().await
}

/// In the end, so that whoever signs in as a seller can sell at once: their blocks wait for the next device.
pub async fn hand_over_to_visitors(world: &mut World) -> Result<()> {
    world.go_to(world.end.plus_millis(-20 * 60_000));
    world.profile("neema").exchange().await?;
    for (who, expecting) in MEMBERS.iter().enumerate() {
        if !expecting.expects_device || world.gone.contains(&who) {
            continue;
        }
        revoke(world, who).await?;
        let person = world.profiles[who].who.person;
        for (site, _) in PLACES.iter().enumerate() {
            let at = world.sites[site];
            let blocks = blocks_of(&world.profile("neema").replica().stock(), person);
            let here = |block: &&Block| block.site == at && !world.offered.contains(&block.id);
            for block in blocks
                .iter()
                .filter(here)
                .map(|block| block.id)
                .collect::<Vec<_>>()
            {
                recall(world, "neema", site, block, Some(person), "Kifaa kipya").await?;
            }
        }
        world.pass_minutes(1);
    }
    world.profile("neema").hang_up().await
}
