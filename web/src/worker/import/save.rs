//! From choices to batches, and to the desk in small orders.

use std::ops::Range;

use crdt_model::command::{BLOCKS_PER_COMMAND_MAX, NAME_LENGTH_MAX, NewBlock, Refusal};
use crdt_model::fact::BlockMade;
use crdt_model::ids::{BatchId, BlockId, PackageId, SiteId};
use crdt_model::import::{Grouped, PlannedBatch, VoucherFile, blocks_of, plan};
use crdt_model::money::Money;
use crdt_model::package::PackageDetails;
use crdt_model::voucher::{Code, packed_len};

use super::super::Worker;
use super::super::account::now;
use super::{Slices, number};
use crate::keys::browser_rng;
use crate::protocol::{
    Answer, Failure, GroupChoice, ImportChoices, ImportEnd, ImportSaved, ImportStep, MadeBatch,
    Order, Packed, Request,
};

/// Text of the blocks of one order: some ten milliseconds of work.
const ORDER_BYTES: usize = 48 << 10;
/// So many documents are begun by one order.
const ORDER_BLOCKS: usize = 12;

/// A package that vouchers of the file are sold as.
pub(super) struct Target {
    package: Package,
    pub name: String,
    pub price: Money,
}

enum Package {
    Known(PackageId),
    New(PackageDetails),
}

pub(super) struct Planned {
    pub targets: Vec<Target>,
    pub batches: Vec<Cut>,
}

/// A batch, cut into blocks.
pub(super) struct Cut {
    pub planned: PlannedBatch,
    pub blocks: Vec<Range<usize>>,
}

impl Planned {
    pub fn of(
        file: &VoucherFile,
        grouped: &Grouped,
        choices: &ImportChoices,
        file_name: &str,
    ) -> Result<Self, Failure> {
        if choices.groups.len() != grouped.groups.len() {
            return Err(Failure::Unexpected);
        }
        let mut targets: Vec<Target> = Vec::new();
        let mut labels: Vec<String> = Vec::new();
        let mut of_group = Vec::with_capacity(choices.groups.len());
        let mut add = |target: Target, label: &String| {
            let label = match label.trim() {
                "" => stem(file_name),
                label => label.to_owned(),
            };
            // The same package at the same price is one batch, unless it is called otherwise.
            let same = targets.iter().zip(&labels).position(|(known, named)| {
                *named == label && known.price == target.price && known.is_same(&target)
            });
            same.unwrap_or_else(|| {
                targets.push(target);
                labels.push(label);
                targets.len() - 1
            })
        };
        for choice in &choices.groups {
            of_group.push(match choice {
                GroupChoice::LeaveOut => None,
                GroupChoice::Package {
                    package,
                    price,
                    label,
                } => {
                    let target = Target {
                        package: Package::Known(*package),
                        name: String::new(),
                        price: *price,
                    };
                    Some(add(target, label))
                }
                GroupChoice::New { details, label } => {
                    let target = Target {
                        package: Package::New(details.clone()),
                        name: details.name.trim().to_owned(),
                        price: details.price,
                    };
                    Some(add(target, label))
                }
            });
        }
        let mut batches = Vec::new();
        for planned in plan(grouped, &of_group, &labels, choices.grouping) {
            let lengths: Vec<usize> = planned
                .rows
                .iter()
                .map(|row| {
                    let row = &file.rows[*row as usize];
                    let password = row.password.as_ref();
                    row.username.len() + password.map_or(0, |password| password.len() + 1) + 1
                })
                .collect();
            let blocks = blocks_of(&lengths, choices.block_size)
                .map_err(|error| Failure::Refused(Refusal::Codes(error)))?;
            batches.push(Cut { planned, blocks });
        }
        Ok(Self { targets, batches })
    }

    pub fn new_packages(&self) -> Vec<String> {
        self.targets
            .iter()
            .filter(|target| matches!(target.package, Package::New(_)))
            .map(|target| target.name.clone())
            .collect()
    }
}

impl Target {
    pub fn known(&self) -> Option<PackageId> {
        match &self.package {
            Package::Known(package) => Some(*package),
            Package::New(_) => None,
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (&self.package, &other.package) {
            (Package::Known(one), Package::Known(two)) => one == two,
            (Package::New(one), Package::New(two)) => one == two,
            _ => false,
        }
    }
}

/// A batch that is being written.
struct Writing {
    site: SiteId,
    batch: BatchId,
    package: PackageId,
    price: Money,
    label: String,
    made_on: Option<crdt_model::time::Timestamp>,
    blocks: Vec<BlockMade>,
    vouchers: u32,
}

impl Worker {
    pub(super) async fn save(
        &self,
        turn: u32,
        site: SiteId,
        choices: &ImportChoices,
    ) -> Result<Answer, Failure> {
        let planned = {
            let open = self.importer.open.borrow();
            let open = open.as_ref().ok_or(Failure::Unexpected)?;
            let read = open.read.as_ref().ok_or(Failure::Unexpected)?;
            Planned::of(&read.file, &read.grouped, choices, &open.name)?
        };
        let slices = Slices::begin();
        let mut writing: Vec<Writing> = Vec::new();
        let mut packages: Vec<String> = Vec::new();
        let written = match self.add_packages(&planned, &mut packages).await {
            Ok(ids) => {
                self.write_blocks(turn, site, &planned, &ids, &slices, &mut writing)
                    .await
            }
            Err(failure) => Err(failure),
        };
        let (made, ended) = match written {
            Ok(()) => self.complete(writing).await,
            Err(failure) => {
                let is_discarded = self.discard(&writing).await;
                let ended = match failure {
                    Failure::Stopped if is_discarded => ImportEnd::Stopped,
                    failure => ImportEnd::Failed {
                        failure,
                        is_discarded,
                    },
                };
                (Vec::new(), ended)
            }
        };
        let (took_millis, longest_slice_millis) = slices.took();
        Ok(Answer::ImportSaved(Packed::new(&ImportSaved {
            site,
            batches: made,
            planned: number(planned.batches.len()),
            packages,
            ended,
            took_millis,
            longest_slice_millis,
        })))
    }

    async fn write_blocks(
        &self,
        turn: u32,
        site: SiteId,
        planned: &Planned,
        packages: &[PackageId],
        slices: &Slices,
        writing: &mut Vec<Writing>,
    ) -> Result<(), Failure> {
        let total: usize = planned
            .batches
            .iter()
            .map(|cut| cut.planned.rows.len())
            .sum();
        let mut done = 0;
        // Blocks are listed, and sold from, in the order of the file: each a millisecond after the one before.
        let mut at = now();
        for cut in &planned.batches {
            let target = cut.planned.target;
            let mut batch = Writing {
                site,
                batch: BatchId::generate(now(), &mut browser_rng()),
                package: packages[target],
                price: planned.targets[target].price,
                label: cut.planned.label.clone(),
                made_on: cut.planned.made_on,
                blocks: Vec::with_capacity(cut.blocks.len()),
                vouchers: number(cut.planned.rows.len()),
            };
            // Known before it is written: what fails half-way must be found to be discarded.
            writing.push(batch.head());
            let mut next = 0;
            while next < cut.blocks.len() {
                self.importer.is_still(turn)?;
                let blocks = {
                    let open = self.importer.open.borrow();
                    let read = open.as_ref().and_then(|open| open.read.as_ref());
                    let file = &read.ok_or(Failure::Stopped)?.file;
                    let mut blocks = Vec::new();
                    let mut bytes = 0;
                    while let Some(range) = cut.blocks.get(next)
                        && blocks.len() < ORDER_BLOCKS.min(BLOCKS_PER_COMMAND_MAX)
                        && (bytes < ORDER_BYTES || blocks.is_empty())
                    {
                        let rows = &cut.planned.rows[range.clone()];
                        let codes: Vec<Code> = rows.iter().map(|row| code(file, *row)).collect();
                        bytes += codes.iter().map(packed_len).sum::<usize>();
                        done += codes.len();
                        at = at.plus_millis(1);
                        blocks.push(NewBlock {
                            block: BlockId::generate(at, &mut browser_rng()),
                            codes,
                        });
                        next += 1;
                    }
                    blocks
                };
                batch.blocks.extend(blocks.iter().map(|block| BlockMade {
                    block: block.block,
                    count: number(block.codes.len()),
                }));
                let order = Order::AddBlocks {
                    site,
                    batch: batch.batch,
                    package: batch.package,
                    price: batch.price,
                    blocks,
                };
                self.ask_desk(Request::Do(order)).await?;
                self.tell(ImportStep::Saving, number(done), number(total));
                slices.pause().await;
            }
            writing.pop();
            writing.push(batch);
        }
        self.importer.is_still(turn)
    }

    /// The package of each target; `made` names those that were not there before.
    async fn add_packages(
        &self,
        planned: &Planned,
        made: &mut Vec<String>,
    ) -> Result<Vec<PackageId>, Failure> {
        let mut packages = Vec::with_capacity(planned.targets.len());
        for target in &planned.targets {
            packages.push(match &target.package {
                Package::Known(package) => *package,
                Package::New(details) => {
                    let package = self.add_package(details.clone()).await?;
                    made.push(target.name.clone());
                    package
                }
            });
        }
        Ok(packages)
    }

    async fn add_package(&self, details: PackageDetails) -> Result<PackageId, Failure> {
        match self
            .ask_desk(Request::Do(Order::AddPackage(details)))
            .await?
        {
            Answer::Made { id } => id.parse().map_err(|_| Failure::Unexpected),
            _ => Err(Failure::Unexpected),
        }
    }

    /// From here on there are batches. They are few and small; if one fails, those before it stay.
    async fn complete(&self, writing: Vec<Writing>) -> (Vec<MadeBatch>, ImportEnd) {
        let mut made = Vec::with_capacity(writing.len());
        for (at, batch) in writing.iter().enumerate() {
            let order = Order::CompleteBatch {
                site: batch.site,
                batch: batch.batch,
                label: batch.label.clone(),
                package: batch.package,
                price: batch.price,
                blocks: batch.blocks.clone(),
                made_on: batch.made_on,
            };
            if let Err(failure) = self.ask_desk(Request::Do(order)).await {
                let is_discarded = self.discard(&writing[at..]).await;
                let ended = ImportEnd::Failed {
                    failure,
                    is_discarded,
                };
                return (made, ended);
            }
            made.push(MadeBatch {
                batch: batch.batch,
                label: batch.label.clone(),
                vouchers: batch.vouchers,
            });
        }
        (made, ImportEnd::Done)
    }

    /// Says that what was written is not to be. False: that could not be saved either, and the unfinished batch is
    /// shown until somebody discards it.
    async fn discard(&self, writing: &[Writing]) -> bool {
        let mut all = true;
        for batch in writing {
            let order = Order::UndoBatch {
                site: batch.site,
                batch: batch.batch,
            };
            let discarded = self.ask_desk(Request::Do(order)).await;
            // Nothing of it was written.
            let is_nowhere = matches!(
                discarded,
                Err(Failure::Refused(Refusal::Batch(
                    crdt_model::batch::BatchError::NoSuchBatch
                )))
            );
            all &= discarded.is_ok() || is_nowhere;
        }
        all
    }
}

impl Writing {
    /// Enough to discard it.
    fn head(&self) -> Self {
        Self {
            label: self.label.clone(),
            blocks: Vec::new(),
            ..*self
        }
    }
}

fn code(file: &VoucherFile, row: u32) -> Code {
    let row = &file.rows[row as usize];
    Code {
        username: row.username.clone(),
        password: row.password.clone(),
    }
}

fn stem(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem).trim();
    match stem {
        "" => "import".to_owned(),
        stem => stem.chars().take(NAME_LENGTH_MAX).collect(),
    }
}
