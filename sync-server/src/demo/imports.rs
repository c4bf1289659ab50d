//! An old router's export becomes vouchers: first as the wrong package, which is undone, then as the right one.

use anyhow::{Context, Result, ensure};
use crdt_model::command::{Command, NewBlock};
use crdt_model::fact::BlockMade;
use crdt_model::ids::{BatchId, BlockId};
use crdt_model::import::{self, Grouping, ImportLimits, PlannedBatch, VoucherFile};
use crdt_model::voucher::{Code, packed_len};
use time::OffsetDateTime;

use super::cast::{KIBAHA, Kind, PLACES};
use super::names;
use super::world::{World, price};
use crate::clock::to_sql;

const VOUCHERS: usize = 60;
const BLOCK: u32 = 20;
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

pub async fn old_router(world: &mut World) -> Result<()> {
    let script = export(world);
    let file = import::read_vouchers(script.as_bytes(), &ImportLimits::default())?;
    // One was used on the router, and the television is not a voucher.
    ensure!((file.rows.len(), file.refused.len()) == (VOUCHERS, 2));
    let office = PLACES[KIBAHA].office;
    world.profile(office).exchange().await?;
    let wrong = add(world, &file, Kind::TwoWeeks).await?;
    world.pass_minutes(4);
    let undo = Command::UndoBatch {
        site: world.sites[KIBAHA],
        batch: wrong,
    };
    world.does(office, undo).await?;
    world.pass_minutes(3);
    add(world, &file, Kind::Week).await?;
    world.profile(office).hang_up().await
}

/// As the router writes it: made by the common voucher tool six weeks ago.
fn export(world: &mut World) -> String {
    let made = to_sql(world.app.clock.now().plus_millis(-42 * DAY_MILLIS));
    let tag = format!("vc-318-{}-KIBAHA", day_of(made));
    let mut script = String::from("# by RouterOS 6.49.17\n/ip hotspot user\n");
    for at in 0..VOUCHERS {
        let code = names::code(&mut world.random).to_lowercase();
        script.push_str(&format!(
            "add comment={tag} limit-uptime=7d name={code} \\\n    password={code} profile=WIKI-1\n"
        ));
        if at == 20 {
            script.push_str(
                "add comment=\"jul/22/2025 05:29:05\" name=k4tw9p password=k4tw9p profile=WIKI-1\n\
                 add comment=\"TV ukumbini\" mac-address=B0:1B:82:B8:33:4C name=tv profile=WIKI-1\n",
            );
        }
    }
    script
}

/// Month, day, year, with two digits each.
fn day_of(at: OffsetDateTime) -> String {
    format!(
        "{:02}.{:02}.{:02}",
        u8::from(at.month()),
        at.day(),
        at.year().rem_euclid(100)
    )
}

/// All of the file as one package.
async fn add(world: &mut World, file: &VoucherFile, kind: Kind) -> Result<BatchId> {
    let grouped = import::groups(file)?;
    let targets = vec![Some(0); grouped.groups.len()];
    // The tool's own comment names the batch, and the day it was made on.
    let planned = import::plan(&grouped, &targets, &[String::new()], Grouping::Tag);
    let planned = planned.first().context("the file has vouchers")?;
    let (batch, blocks) = blocks(world, file, planned)?;
    let (site, package, price) = (world.sites[KIBAHA], world.package(kind), price(kind));
    let made = blocks
        .iter()
        .map(|block| BlockMade {
            block: block.block,
            count: BLOCK,
        })
        .collect();
    let office = PLACES[KIBAHA].office;
    let add = Command::AddBlocks {
        site,
        batch,
        package,
        price,
        blocks,
    };
    world.does(office, add).await?;
    let complete = Command::CompleteBatch {
        site,
        batch,
        label: planned.label.clone(),
        package,
        price,
        blocks: made,
        made_on: planned.made_on,
    };
    world.does(office, complete).await?;
    Ok(batch)
}

fn blocks(
    world: &mut World,
    file: &VoucherFile,
    planned: &PlannedBatch,
) -> Result<(BatchId, Vec<NewBlock>)> {
    let now = world.app.clock.now();
    let codes: Vec<Code> = planned
        .rows
        .iter()
        .filter_map(|row| file.rows.get(*row as usize))
        .map(|row| Code {
            username: row.username.clone(),
            password: row.password.clone(),
        })
        .collect();
    let lengths: Vec<usize> = codes.iter().map(packed_len).collect();
    let batch = BatchId::generate(now, &mut world.random);
    let blocks = import::blocks_of(&lengths, BLOCK)?
        .into_iter()
        .map(|range| NewBlock {
            block: BlockId::generate(now, &mut world.random),
            codes: codes[range].to_vec(),
        })
        .collect();
    Ok((batch, blocks))
}
