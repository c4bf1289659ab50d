//! Files of codes come in, and go again.

use std::collections::BTreeSet;

use crdt_model::batch::check_undo;
use crdt_model::command::{Command, NewBlock};
use crdt_model::fact::BlockMade;
use crdt_model::ids::{BatchId, BlockId, IntentId, PackageId, SiteId};
use crdt_model::money::Money;
use crdt_model::voucher::Code;

use crate::world::World;

impl World {
    pub fn import(&mut self, device: usize, site: SiteId, count: usize) -> Vec<BlockId> {
        let package = *self
            .random
            .pick(&self.packages)
            .expect("there is a package");
        let mut ids = Vec::new();
        let blocks = (0..count)
            .map(|_| {
                let block = BlockId::generate(self.now, &mut self.random);
                ids.push(block);
                let codes = (0..3 + self.random.below(4))
                    .map(|_| {
                        self.codes_made += 1;
                        // Now and then a file holds a code that was imported before.
                        let number = if self.random.chance(3) {
                            self.random.below(self.codes_made)
                        } else {
                            self.codes_made
                        };
                        Code {
                            username: format!("C{number:05}"),
                            password: None,
                        }
                    })
                    .collect();
                NewBlock { block, codes }
            })
            .collect();
        let batch = BatchId::generate(self.now, &mut self.random);
        let price = Money::from_minor(1_000);
        let made = if self.random.chance(60) {
            self.command(
                device,
                Command::MakeBatch {
                    site,
                    batch,
                    label: "import".into(),
                    package,
                    price,
                    blocks,
                },
            )
        } else {
            self.import_in_parts(device, site, batch, package, blocks)
        };
        if made.is_some() { ids } else { Vec::new() }
    }

    /// A command for each block, and the batch last; now and then that never comes.
    fn import_in_parts(
        &mut self,
        device: usize,
        site: SiteId,
        batch: BatchId,
        package: PackageId,
        blocks: Vec<NewBlock>,
    ) -> Option<IntentId> {
        let price = Money::from_minor(1_000);
        let named = blocks
            .iter()
            .map(|block| BlockMade {
                block: block.block,
                count: u32::try_from(block.codes.len()).expect("small"),
            })
            .collect();
        for block in blocks {
            self.command(
                device,
                Command::AddBlocks {
                    site,
                    batch,
                    package,
                    price,
                    blocks: vec![block],
                },
            )?;
        }
        if self.random.chance(20) {
            return None;
        }
        self.command(
            device,
            Command::CompleteBatch {
                site,
                batch,
                label: "import".into(),
                package,
                price,
                blocks: named,
                made_on: None,
            },
        )
    }

    /// Undoes a batch, or what is left of one that was never finished.
    pub(super) fn undo(&mut self, device: usize) {
        let Some(core) = &self.devices[device].core else {
            return;
        };
        let stock = core.replica.stock();
        let batches: BTreeSet<(SiteId, BatchId)> = stock
            .blocks
            .values()
            .map(|block| (block.site, block.batch))
            .filter(|(site, batch)| check_undo(&stock, *site, *batch).is_ok())
            .collect();
        let batches: Vec<(SiteId, BatchId)> = batches.into_iter().collect();
        let Some(&(site, batch)) = self.random.pick(&batches) else {
            return;
        };
        let undone = stock.blocks.values().filter(|block| block.batch == batch);
        let blocks: Vec<BlockId> = undone.clone().map(|block| block.id).collect();
        let codes: Vec<Code> = undone
            .flat_map(|block| block.codes.clone().into_iter().flatten())
            .collect();
        let is_undone = self
            .command(device, Command::UndoBatch { site, batch })
            .is_some();
        // Somebody else in the office gives a block of it away, and has not heard.
        if is_undone && self.random.chance(40) {
            let other = self.random.below(self.devices.len());
            let people = self.people();
            if let (Some(block), Some(to)) = (
                self.random.pick(&blocks).copied(),
                self.random.pick(&people).copied(),
            ) {
                self.command(other, Command::LeaseBlock { site, block, to });
            }
        }
        // The same file once more, as it should have been.
        if is_undone && !codes.is_empty() && self.random.chance(60) {
            let block = BlockId::generate(self.now, &mut self.random);
            let batch = BatchId::generate(self.now, &mut self.random);
            let package = *self
                .random
                .pick(&self.packages)
                .expect("there is a package");
            self.command(
                device,
                Command::MakeBatch {
                    site,
                    batch,
                    label: "again".into(),
                    package,
                    price: Money::from_minor(1_000),
                    blocks: vec![NewBlock { block, codes }],
                },
            );
        }
    }
}
