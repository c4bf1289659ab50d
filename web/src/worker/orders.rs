//! From what a person asks for to the command with every choice made: new ids, vouchers, blocks. Pure.

use std::collections::BTreeMap;

use crdt_model::capability::Grant;
use crdt_model::command::{
    BLOCKS_PER_COMMAND_MAX, CLIENTS_PER_COMMAND_MAX, CODES_BYTES_PER_COMMAND_MAX, Command,
    NewBlock, NewClient, Refusal,
};
use crdt_model::fact::{BlockMade, HandOverTaken, StockAsked};
use crdt_model::hand_over::{self, HandOverError, HandOvers};
use crdt_model::ids::{BatchId, BlockId, ClientId, IntentId, PackageId, PersonId, SiteId};
use crdt_model::import::clients::PlannedClient;
use crdt_model::money::Money;
use crdt_model::replica::Replica;
use crdt_model::sale::{self, Contradicted, SellError, SellOrder};
use crdt_model::site::SiteDetails;
use crdt_model::staff::Contacts;
use crdt_model::time::Timestamp;
use crdt_model::voucher::{
    CODES_PER_BLOCK_MAX, Code, CodesError, PACKED_BYTES_MAX, Stock, pack, packed_len,
};
use rand_core::Rng;

use crate::protocol::Order;

/// What to execute.
pub enum Planned {
    Sell(SellOrder),
    /// One after the other. When one is refused, all are.
    Commands {
        commands: Vec<Command>,
        /// The id of what the command makes, as text.
        made: Option<String>,
    },
}

/// What a person imports at once: a quarter of a million codes.
const BLOCKS_PER_IMPORT_MAX: usize = 250;

pub fn plan(
    replica: &Replica,
    order: Order,
    now: Timestamp,
    rng: &mut impl Rng,
) -> Result<Planned, Refusal> {
    // An id says when what it names was made.
    let now = replica.present(now);
    let command = |command| Planned::Commands {
        commands: vec![command],
        made: None,
    };
    let making = |command, id: String| Planned::Commands {
        commands: vec![command],
        made: Some(id),
    };
    Ok(match order {
        Order::Sell(order) => Planned::Sell(order),
        Order::Replace { sale } => command(replace(replica, sale)?),
        Order::SetProfile { name, timezone } => command(Command::SetProfile { name, timezone }),
        Order::AddSite { name, place } => {
            let site = SiteId::generate(now, rng);
            making(Command::AddSite { site, name, place }, site.to_string())
        }
        Order::NewSite(details) => new_site(SiteId::generate(now, rng), details)?,
        Order::EditSite { site, from, to } => command(Command::EditSite { site, from, to }),
        Order::SetSiteActive { site, active } => command(Command::SetSiteActive { site, active }),
        Order::AddFixture {
            site,
            kind,
            details,
        } => {
            let fixture = kind.with_id(crdt_model::ids::generate(now, rng));
            command(Command::PutFixture {
                site,
                fixture,
                from: None,
                to: details,
            })
        }
        Order::EditFixture {
            site,
            fixture,
            from,
            to,
        } => command(Command::PutFixture {
            site,
            fixture,
            from: Some(from),
            to,
        }),
        Order::SetFixtureActive {
            site,
            fixture,
            active,
        } => command(Command::SetFixtureActive {
            site,
            fixture,
            active,
        }),
        Order::AddPackage(details) => {
            let package = PackageId::generate(now, rng);
            making(
                Command::AddPackage { package, details },
                package.to_string(),
            )
        }
        Order::EditPackage { package, edits } => command(Command::ChangePackage { package, edits }),
        Order::SetPackageActive { package, active } => {
            command(Command::SetPackageActive { package, active })
        }
        Order::AddStaff {
            name,
            grants,
            contacts,
        } => {
            let person = PersonId::generate(now, rng);
            add_staff(person, name, grants, contacts)?
        }
        Order::RenameStaff { person, name } => command(Command::RenameStaff { person, name }),
        Order::SetContacts { person, from, to } => {
            command(Command::SetContacts { person, from, to })
        }
        Order::SetGrants { person, grants } => command(Command::SetGrants { person, grants }),
        Order::SetStaffActive { person, active } => {
            command(Command::SetStaffActive { person, active })
        }
        Order::RegisterClient { site, details } => {
            let client = ClientId::generate(now, rng);
            making(
                Command::RegisterClient {
                    client,
                    site,
                    details,
                },
                client.to_string(),
            )
        }
        Order::RegisterClients { clients } => Planned::Commands {
            commands: register_clients(clients, now, rng),
            made: None,
        },
        Order::EditClient { client, edits } => command(Command::EditClient { client, edits }),
        Order::SetClientActive { client, active } => {
            command(Command::SetClientActive { client, active })
        }
        Order::ImportBatch {
            site,
            label,
            package,
            price,
            codes,
            block_size,
        } => {
            let batch = BatchId::generate(now, rng);
            let blocks = blocks(codes, block_size, now, rng)?;
            let commands = make_batch(site, batch, label, package, price, blocks);
            Planned::Commands {
                commands,
                made: Some(batch.to_string()),
            }
        }
        Order::AddBlocks {
            site,
            batch,
            package,
            price,
            blocks,
        } => command(Command::AddBlocks {
            site,
            batch,
            package,
            price,
            blocks,
        }),
        Order::CompleteBatch {
            site,
            batch,
            label,
            package,
            price,
            blocks,
            made_on,
        } => command(Command::CompleteBatch {
            site,
            batch,
            label,
            package,
            price,
            blocks,
            made_on,
        }),
        Order::FinishBatch { site, batch, label } => {
            command(finish_batch(replica, site, batch, label)?)
        }
        Order::UndoBatch { site, batch } => command(Command::UndoBatch { site, batch }),
        Order::LeaseBlock { site, block, to } => command(Command::LeaseBlock { site, block, to }),
        Order::RecallBlock {
            site,
            block,
            to,
            reason,
        } => command(Command::RecallBlock {
            site,
            block,
            to,
            reason,
        }),
        Order::SettleField {
            document,
            key,
            value,
        } => command(Command::SettleField {
            document,
            key,
            value,
        }),
        Order::LeaseBlocks { site, blocks, to } => {
            let stock = replica.shared_stock();
            let is_free = |block: &BlockId| is_leased(&stock, *block) == Some(false);
            let free = blocks.into_iter().filter(is_free);
            several(free.map(|block| Command::LeaseBlock { site, block, to }))?
        }
        Order::RecallBlocks {
            site,
            blocks,
            to,
            reason,
        } => {
            let stock = replica.shared_stock();
            let is_held = |block: &BlockId| is_leased(&stock, *block) == Some(true);
            let held = blocks.into_iter().filter(is_held);
            several(held.map(|block| Command::RecallBlock {
                site,
                block,
                to,
                reason: reason.clone(),
            }))?
        }
        Order::GiveBlock { block, to } => {
            let stock = replica.shared_stock();
            let block = stock
                .held()
                .find(|known| known.id == block)
                .ok_or(HandOverError::NotYours)?;
            let given = hand_over::give(&stock, block, to)?;
            command(Command::GiveBlock {
                site: block.site,
                given,
            })
        }
        Order::WithdrawHandOver { given } => {
            let known = HandOvers::fold(replica.sheets());
            let known = known.all.get(&given).ok_or(HandOverError::NotOpen)?;
            command(Command::WithdrawHandOver {
                site: known.offer.site,
                given,
            })
        }
        Order::TakeBlock { code, from } => {
            let site = replica
                .sheets()
                .sites()
                .find(|site| code.is_of_site(*site))
                .ok_or(HandOverError::OtherSite)?;
            command(Command::TakeBlock {
                site,
                taken: HandOverTaken { code, from },
            })
        }
        Order::AskForStock {
            site,
            package,
            quantity,
            note,
        } => command(Command::AskForStock {
            site,
            asked: StockAsked {
                package,
                quantity,
                note,
            },
        }),
        Order::WithdrawAsk { site, ask } => command(Command::WithdrawAsk { site, asked: ask }),
        Order::DeclineAsk { till, ask, reason } => command(Command::DeclineAsk {
            till,
            asked: ask,
            reason,
        }),
        Order::DecideHeld {
            till,
            hold,
            accepted,
            reason,
            told,
        } => command(Command::DecideHeld {
            till,
            hold,
            accepted,
            reason,
            told,
        }),
    })
}

/// A person, and how to reach them where that is known.
fn add_staff(
    person: PersonId,
    name: String,
    grants: Vec<Grant>,
    contacts: Contacts,
) -> Result<Planned, Refusal> {
    // Refused now, so that the person is not added without them.
    contacts.check()?;
    let mut commands = vec![Command::AddStaff {
        person,
        name,
        grants,
    }];
    if contacts != Contacts::default() {
        commands.push(Command::SetContacts {
            person,
            from: Contacts::default(),
            to: contacts,
        });
    }
    Ok(Planned::Commands {
        commands,
        made: Some(person.to_string()),
    })
}

/// A site by its name, and the rest as an edit of it.
fn new_site(site: SiteId, details: SiteDetails) -> Result<Planned, Refusal> {
    details.check()?;
    let named = SiteDetails {
        name: details.name.clone(),
        place: details.place.clone(),
        ..SiteDetails::default()
    };
    let mut commands = vec![Command::AddSite {
        site,
        name: named.name.clone(),
        place: named.place.clone(),
    }];
    if named != details {
        commands.push(Command::EditSite {
            site,
            from: named,
            to: details,
        });
    }
    Ok(Planned::Commands {
        commands,
        made: Some(site.to_string()),
    })
}

fn several(commands: impl Iterator<Item = Command>) -> Result<Planned, Refusal> {
    let commands: Vec<Command> = commands.collect();
    if commands.is_empty() {
        return Err(Refusal::NoSuchBlock);
    }
    Ok(Planned::Commands {
        commands,
        made: None,
    })
}

/// Does somebody hold the block? `None`: it is not known here.
fn is_leased(stock: &Stock, block: BlockId) -> Option<bool> {
    let lease = &stock.blocks.get(&block)?.lease;
    Some(lease.as_ref().is_some_and(|lease| lease.person.is_some()))
}

/// By site, as many at once as one command carries.
fn register_clients(
    clients: Vec<PlannedClient>,
    now: Timestamp,
    rng: &mut impl Rng,
) -> Vec<Command> {
    let mut by_site: BTreeMap<SiteId, Vec<NewClient>> = BTreeMap::new();
    for planned in clients {
        by_site.entry(planned.site).or_default().push(NewClient {
            client: ClientId::generate(now, rng),
            details: planned.details,
        });
    }
    let mut commands = Vec::new();
    for (site, clients) in by_site {
        for clients in clients.chunks(CLIENTS_PER_COMMAND_MAX) {
            commands.push(Command::RegisterClients {
                site,
                clients: clients.to_vec(),
            });
        }
    }
    commands
}

fn blocks(
    codes: Vec<Code>,
    block_size: u32,
    now: Timestamp,
    rng: &mut impl Rng,
) -> Result<Vec<NewBlock>, Refusal> {
    let size = (block_size as usize).clamp(1, CODES_PER_BLOCK_MAX);
    let mut cut: Vec<Vec<Code>> = Vec::new();
    let mut bytes = 0;
    for code in codes {
        let len = packed_len(&code);
        match cut.last_mut() {
            Some(block) if block.len() < size && bytes + len <= PACKED_BYTES_MAX => {
                bytes += len;
                block.push(code);
            }
            _ => {
                bytes = len;
                cut.push(vec![code]);
            }
        }
    }
    if cut.is_empty() || cut.len() > BLOCKS_PER_IMPORT_MAX {
        return Err(CodesError::Count.into());
    }
    (0..)
        .zip(cut)
        .map(|(millis, codes)| {
            // Refused now, so that no part of the import is made without the rest.
            pack(&codes)?;
            // A millisecond apart: blocks are listed, and sold from, in the order of the file.
            let block = BlockId::generate(now.plus_millis(millis), rng);
            Ok(NewBlock { block, codes })
        })
        .collect()
}

/// A command is accepted, held or refused as a whole. A batch that is too large for one is made by several, and exists
/// once the last one names them all.
fn make_batch(
    site: SiteId,
    batch: BatchId,
    label: String,
    package: PackageId,
    price: Money,
    blocks: Vec<NewBlock>,
) -> Vec<Command> {
    let named: Vec<BlockMade> = blocks
        .iter()
        .map(|block| BlockMade {
            block: block.block,
            count: u32::try_from(block.codes.len()).unwrap_or(u32::MAX),
        })
        .collect();
    let mut parts = parts(blocks);
    if parts.len() == 1 {
        return vec![Command::MakeBatch {
            site,
            batch,
            label,
            package,
            price,
            blocks: parts.remove(0),
        }];
    }
    let mut commands: Vec<Command> = parts
        .into_iter()
        .map(|blocks| Command::AddBlocks {
            site,
            batch,
            package,
            price,
            blocks,
        })
        .collect();
    commands.push(Command::CompleteBatch {
        site,
        batch,
        label,
        package,
        price,
        blocks: named,
        made_on: None,
    });
    commands
}

/// What is there of a batch, named as all of it.
fn finish_batch(
    replica: &Replica,
    site: SiteId,
    batch: BatchId,
    label: String,
) -> Result<Command, Refusal> {
    let found = crdt_model::batch::unfinished(replica.sheets(), site)
        .remove(&batch)
        .ok_or(crdt_model::batch::BatchError::NoSuchBatch)?;
    Ok(Command::CompleteBatch {
        site,
        batch,
        label,
        package: found.package,
        price: found.price,
        blocks: found
            .blocks
            .into_iter()
            .map(|(block, count)| BlockMade { block, count })
            .collect(),
        made_on: None,
    })
}

/// The blocks of one command each.
fn parts(blocks: Vec<NewBlock>) -> Vec<Vec<NewBlock>> {
    let mut parts: Vec<Vec<NewBlock>> = Vec::new();
    let mut bytes = 0;
    for block in blocks {
        let len: usize = block.codes.iter().map(packed_len).sum();
        match parts.last_mut() {
            Some(part)
                if part.len() < BLOCKS_PER_COMMAND_MAX
                    && bytes + len <= CODES_BYTES_PER_COMMAND_MAX =>
            {
                bytes += len;
                part.push(block);
            }
            _ => {
                bytes = len;
                parts.push(vec![block]);
            }
        }
    }
    parts
}

/// A new code of the same package for the client whose voucher a verdict took away.
fn replace(replica: &Replica, id: IntentId) -> Result<Command, Refusal> {
    let stock = replica.shared_stock();
    let entry = sale::sales(replica.sheets())
        .into_iter()
        .find(|entry| entry.id == id)
        .ok_or(SellError::NoSuchSale)?;
    let replacements = replica.replacements();
    let Contradicted { line, lost, .. } =
        sale::contradicted(&replacements, &stock, &entry).ok_or(SellError::NotContradicted)?;
    let same = || {
        let mine = stock.mine();
        mine.filter(|block| block.site == entry.site && block.package == line.package)
    };
    // One of another price is held, for somebody to decide.
    let voucher = same()
        .filter(|block| block.price == line.price)
        .chain(same())
        .find_map(|block| stock.free(block).next())
        .ok_or(SellError::NothingLeft { left: 0 })?;
    Ok(Command::Replace {
        site: entry.site,
        sale: lost.by,
        replaces: lost.voucher,
        voucher,
        package: line.package,
    })
}
