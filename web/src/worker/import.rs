//! The import that is open in this tab's worker. The file is read here in short slices; what is to be written goes to
//! the desk as many small orders, so that sales, in this tab or another one, come in between.
//!
//! All blocks of all batches are written first, the facts that make the batches exist last: an import that is cut
//! short leaves nothing that can be sold.

mod save;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crdt_model::import::{
    Detected, Grouped, Grouper, ImportError, ImportLimits, Kind, RefusedReason, RefusedRow, Sample,
    VoucherFile, VoucherReader, detect, detect_as, text_of,
};
use crdt_model::money::Money;

use super::Worker;
use crate::protocol::{
    Answer, Event, Failure, ImportCall, ImportPlan, ImportProgress, ImportStep, OpenedFile, Packed,
    PlannedView, Query, ReadFile, RefusedPage, Request,
};

/// Nothing else runs in this worker for so long at a time.
const SLICE_MILLIS: f64 = 12.0;
/// Rows between two looks at the clock.
const ROWS_PER_LOOK: usize = 64;
const SAMPLE_ROWS: usize = 5;
/// Blocks of known codes asked for at once.
const KNOWN_BLOCKS: u32 = 16;

/// What is open.
#[derive(Default)]
pub struct Importer {
    open: RefCell<Option<Open>>,
    /// Counts what was begun, so that what was ended knows.
    turn: Cell<u32>,
}

struct Open {
    name: String,
    text: String,
    detected: Detected,
    read: Option<Read>,
}

struct Read {
    file: VoucherFile,
    grouped: Grouped,
}

/// Measures slices, and lets others run after each.
pub(super) struct Slices {
    began: f64,
    slice_began: Cell<f64>,
    longest: Cell<f64>,
}

impl Slices {
    pub fn begin() -> Self {
        let now = js_sys::Date::now();
        Self {
            began: now,
            slice_began: Cell::new(now),
            longest: Cell::new(0.0),
        }
    }

    pub fn is_over(&self) -> bool {
        js_sys::Date::now() - self.slice_began.get() >= SLICE_MILLIS
    }

    /// Everything that waits for this thread goes first.
    pub async fn pause(&self) {
        self.note();
        gloo_timers::future::TimeoutFuture::new(0).await;
        self.slice_began.set(js_sys::Date::now());
    }

    fn note(&self) {
        let took = js_sys::Date::now() - self.slice_began.get();
        self.longest.set(self.longest.get().max(took));
    }

    /// Milliseconds in all, and of the longest slice.
    pub fn took(&self) -> (u32, u32) {
        self.note();
        let whole = |millis: f64| millis.clamp(0.0, f64::from(u32::MAX)) as u32;
        (
            whole(js_sys::Date::now() - self.began),
            whole(self.longest.get()),
        )
    }
}

impl Worker {
    pub async fn import(&self, call: ImportCall) -> Result<Answer, Failure> {
        match call {
            ImportCall::Open { name, bytes } => self.open_file(name, &bytes),
            ImportCall::Detect { kind, header } => self.detect(kind, header),
            ImportCall::Read { kind, layout } => {
                let turn = self.importer.next_turn();
                {
                    let mut open = self.importer.open.borrow_mut();
                    let open = open.as_mut().ok_or(Failure::Unexpected)?;
                    open.detected = Detected { kind, layout };
                    open.read = None;
                }
                self.read(turn).await
            }
            ImportCall::Plan(choices) => self
                .plan(&choices)
                .map(|plan| Answer::ImportPlan(Packed::new(&plan))),
            ImportCall::Refused {
                only,
                offset,
                limit,
            } => {
                let open = self.importer.open.borrow();
                let read = open.as_ref().and_then(|open| open.read.as_ref());
                let refused = read.map_or(&[][..], |read| &read.file.refused);
                let wanted = |row: &&RefusedRow| only.is_none_or(|kind| row.reason.kind() == kind);
                Ok(Answer::ImportRefused(Packed::new(&RefusedPage {
                    total: number(refused.iter().filter(wanted).count()),
                    rows: refused
                        .iter()
                        .filter(wanted)
                        .skip(offset as usize)
                        .take(limit as usize)
                        .cloned()
                        .collect(),
                })))
            }
            ImportCall::Save { site, choices } => {
                let turn = self.importer.next_turn();
                self.save(turn, site, &choices).await
            }
            ImportCall::Stop => {
                self.importer.next_turn();
                Ok(Answer::Done)
            }
            ImportCall::Close => {
                self.importer.next_turn();
                *self.importer.open.borrow_mut() = None;
                Ok(Answer::Done)
            }
        }
    }

    fn open_file(&self, name: String, bytes: &[u8]) -> Result<Answer, Failure> {
        let limits = ImportLimits::default();
        let text = text_of(bytes, &limits).map_err(Failure::Import)?;
        let detected = detect(&text, &limits).map_err(Failure::Import)?;
        self.importer.next_turn();
        *self.importer.open.borrow_mut() = Some(Open {
            name,
            text,
            detected,
            read: None,
        });
        self.importer.opened()
    }

    fn detect(&self, kind: Kind, header: Option<bool>) -> Result<Answer, Failure> {
        {
            let mut open = self.importer.open.borrow_mut();
            let open = open.as_mut().ok_or(Failure::Unexpected)?;
            let limits = ImportLimits::default();
            open.detected =
                detect_as(&open.text, kind, header, &limits).map_err(Failure::Import)?;
            open.read = None;
        }
        self.importer.opened()
    }

    async fn read(&self, turn: u32) -> Result<Answer, Failure> {
        let limits = ImportLimits::default();
        let slices = Slices::begin();
        let mut reader = {
            let open = self.importer.open.borrow();
            let open = open.as_ref().ok_or(Failure::Unexpected)?;
            let layout = open.detected.layout.clone();
            VoucherReader::new(open.text.clone(), layout, limits).map_err(Failure::Import)?
        };
        while reader.read(ROWS_PER_LOOK).map_err(Failure::Import)? {
            if slices.is_over() {
                let (done, total) = reader.progress();
                self.tell(ImportStep::Reading, number(done), number(total));
                slices.pause().await;
                self.importer.is_still(turn)?;
            }
        }
        let there = self.known_codes(turn, &reader, &slices).await?;
        let mut file = reader.finish();
        take_out(&mut file, &there);
        let mut grouper = Grouper::default();
        for rows in file.rows.chunks(ROWS_PER_LOOK) {
            for row in rows {
                grouper.add(row).map_err(Failure::Import)?;
            }
            if slices.is_over() {
                slices.pause().await;
                self.importer.is_still(turn)?;
            }
        }
        let grouped = grouper.finish(&file.profiles);
        let mut reasons: BTreeMap<_, u32> = BTreeMap::new();
        for row in &file.refused {
            *reasons.entry(row.reason.kind()).or_default() += 1;
        }
        let (took_millis, longest_slice_millis) = slices.took();
        let answer = ReadFile {
            good: number(file.rows.len()),
            refused: number(file.refused.len()),
            reasons: reasons.into_iter().collect(),
            groups: grouped.groups.clone(),
            skipped: file.skipped,
            has_no_passwords: file.has_no_passwords,
            took_millis,
            longest_slice_millis,
        };
        let mut open = self.importer.open.borrow_mut();
        let open = open.as_mut().ok_or(Failure::Unexpected)?;
        open.read = Some(Read { file, grouped });
        Ok(Answer::ImportRead(Packed::new(&answer)))
    }

    /// Which rows' codes are in a batch that this device sees, by the row's place.
    async fn known_codes(
        &self,
        turn: u32,
        reader: &VoucherReader,
        slices: &Slices,
    ) -> Result<BTreeMap<usize, String>, Failure> {
        let mut there = BTreeMap::new();
        let mut after = 0;
        loop {
            let query = Query::KnownCodes {
                after,
                limit: KNOWN_BLOCKS,
            };
            let Answer::KnownCodes(known) = self.ask_desk(Request::Query(query)).await? else {
                return Err(Failure::Unexpected);
            };
            self.importer.is_still(turn)?;
            for block in known.blocks {
                for line in block.packed.split('\n') {
                    let username = line.split('\t').next().unwrap_or_default();
                    let place = reader
                        .line_of(username)
                        .and_then(|line| reader.place_of(line));
                    if let Some(place) = place {
                        there.entry(place).or_insert_with(|| block.batch.clone());
                    }
                }
                if slices.is_over() {
                    slices.pause().await;
                    self.importer.is_still(turn)?;
                }
            }
            let Some(next) = known.next else {
                return Ok(there);
            };
            self.tell(ImportStep::Comparing, after, next);
            after = next;
        }
    }

    fn plan(&self, choices: &crate::protocol::ImportChoices) -> Result<ImportPlan, Failure> {
        let open = self.importer.open.borrow();
        let open = open.as_ref().ok_or(Failure::Unexpected)?;
        let read = open.read.as_ref().ok_or(Failure::Unexpected)?;
        let planned = save::Planned::of(&read.file, &read.grouped, choices, &open.name)?;
        let mut plan = ImportPlan {
            batches: Vec::new(),
            vouchers: 0,
            blocks: 0,
            value: Money::ZERO,
            new_packages: planned.new_packages(),
            left_out: number(read.file.rows.len()),
        };
        for batch in &planned.batches {
            let target = &planned.targets[batch.planned.target];
            let vouchers = number(batch.planned.rows.len());
            plan.vouchers += vouchers;
            plan.left_out -= vouchers;
            plan.blocks += number(batch.blocks.len());
            let value = target.price.minor().saturating_mul(i64::from(vouchers));
            plan.value = Money::from_minor(plan.value.minor().saturating_add(value));
            plan.batches.push(PlannedView {
                label: batch.planned.label.clone(),
                package: target.known(),
                package_name: target.name.clone(),
                price: target.price,
                made_on: batch.planned.made_on,
                vouchers,
                blocks: number(batch.blocks.len()),
            });
        }
        Ok(plan)
    }

    fn tell(&self, step: ImportStep, done: u32, total: u32) {
        self.page
            .event(Event::Import(ImportProgress { step, done, total }));
    }
}

impl Importer {
    fn next_turn(&self) -> u32 {
        self.turn.set(self.turn.get().wrapping_add(1));
        self.turn.get()
    }

    /// Nobody ended it.
    fn is_still(&self, turn: u32) -> Result<(), Failure> {
        match self.turn.get() == turn {
            true => Ok(()),
            false => Err(Failure::Stopped),
        }
    }

    /// Whoever locks the screen leaves nothing of the file behind.
    pub fn forget(&self) {
        self.next_turn();
        *self.open.borrow_mut() = None;
    }

    fn opened(&self) -> Result<Answer, Failure> {
        let open = self.open.borrow();
        let open = open.as_ref().ok_or(Failure::Unexpected)?;
        let limits = ImportLimits::default();
        let layout = open.detected.layout.as_ref();
        let sample = layout.map_or_else(Sample::default, |layout| {
            Sample::of(&open.text, layout, SAMPLE_ROWS, &limits)
        });
        // A reader of no text finds what is wrong with the layout as well as one of all of it.
        let head: String = open.text.chars().take(4_096).collect();
        let problem = VoucherReader::new(head, layout.cloned(), limits).err();
        Ok(Answer::ImportOpened(Packed::new(&OpenedFile {
            detected: open.detected.clone(),
            sample,
            problem: problem.filter(|problem| *problem != ImportError::Empty),
        })))
    }
}

/// Moves rows whose codes are there already to the refused ones.
fn take_out(file: &mut VoucherFile, there: &BTreeMap<usize, String>) {
    if there.is_empty() {
        return;
    }
    let rows = std::mem::take(&mut file.rows);
    for (place, row) in rows.into_iter().enumerate() {
        match there.get(&place) {
            None => file.rows.push(row),
            Some(batch) => file.refused.push(RefusedRow {
                line: row.line,
                raw: row.username,
                reason: RefusedReason::AlreadyThere {
                    batch: batch.clone(),
                },
            }),
        }
    }
    file.refused.sort_by_key(|row| row.line);
}

pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
