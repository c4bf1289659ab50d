//! Reads a file a slice at a time, so that whoever drives it can let others through in between.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::columns::{Layout, first_line};
use super::export::{self, Section};
use super::script::{next_command, words};
use super::tokens::{Position, Record, Records, SplitError, line_end};
use super::{
    ImportError, ImportLimits, RefusedReason, RefusedRow, VoucherFile, VoucherRow, line_number,
    row, shortened,
};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The list that the common voucher tool exports.
    Mikhmon,
    /// What `/export` writes on a router.
    RouterOs,
    Csv,
}

/// What a file seems to be, to be shown and changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detected {
    pub kind: Kind,
    /// How its rows are parted into columns; none for a router's export.
    pub layout: Option<Layout>,
}

/// The first rows as they are parted into cells, for whoever says what the columns mean.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    pub rows: Vec<Vec<String>>,
}

impl Sample {
    pub fn of(text: &str, layout: &Layout, rows_max: usize, limits: &ImportLimits) -> Self {
        let Ok(body) = layout.body(text) else {
            return Self::default();
        };
        let cell = |cell: &str| shortened(cell, limits.code_bytes_max).to_owned();
        let rows = Records::new(text, body, layout.separator, limits)
            .filter(|record| !record.is_blank())
            .take(rows_max)
            .filter_map(|record| record.cells.ok())
            .map(|cells| cells.iter().map(|text| cell(text)).collect())
            .collect();
        Self { rows }
    }
}

/// Checks size and encoding and takes the byte order mark away.
pub fn text_of(bytes: &[u8], limits: &ImportLimits) -> Result<String, ImportError> {
    if bytes.len() > limits.bytes_max {
        return Err(ImportError::TooManyBytes {
            limit: u64::try_from(limits.bytes_max).unwrap_or(u64::MAX),
        });
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(ImportError::Utf16);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            let ends = |end| before.iter().filter(|byte| **byte == end).count();
            let line = 1 + if bytes.contains(&b'\n') {
                ends(b'\n')
            } else {
                ends(b'\r')
            };
            Err(ImportError::NotUtf8 {
                line: line_number(line),
            })
        }
    }
}

/// What a file seems to be.
pub fn detect(text: &str, limits: &ImportLimits) -> Result<Detected, ImportError> {
    let (_, _, line) = first_line(text)?;
    // An export begins with a note of when it was made, or with its first section.
    let is_export = line.starts_with('/') || (line.starts_with('#') && line.contains("RouterOS"));
    if is_export {
        return detect_as(text, Kind::RouterOs, None, limits);
    }
    let layout = Layout::detect(text, None, limits)?;
    let kind = if layout.is_router {
        Kind::Mikhmon
    } else {
        Kind::Csv
    };
    Ok(Detected {
        kind,
        layout: Some(layout),
    })
}

/// The file as what a person says it is. With `header` its first line names the columns or does not.
pub fn detect_as(
    text: &str,
    kind: Kind,
    header: Option<bool>,
    limits: &ImportLimits,
) -> Result<Detected, ImportError> {
    let layout = match kind {
        Kind::RouterOs => None,
        Kind::Mikhmon | Kind::Csv => {
            let mut layout = Layout::detect(text, header, limits)?;
            layout.is_router = kind == Kind::Mikhmon;
            Some(layout)
        }
    };
    Ok(Detected { kind, layout })
}

/// Reads a file; see [`Self::read`].
pub struct VoucherReader {
    text: String,
    line_end: char,
    limits: ImportLimits,
    layout: Option<Layout>,
    section: Section,
    next: Position,
    rows: u32,
    /// Where each code was seen first, refused rows included.
    first_lines: BTreeMap<String, u32>,
    /// Whether there are users of a router, and whether any is shown with a password.
    has_users: bool,
    has_passwords: bool,
    file: VoucherFile,
}

impl VoucherReader {
    /// With a layout the text is a CSV, without one a router's export.
    pub fn new(
        text: String,
        layout: Option<Layout>,
        limits: ImportLimits,
    ) -> Result<Self, ImportError> {
        let mut file = VoucherFile::default();
        let next = match &layout {
            None => Position { at: 0, line: 1 },
            Some(layout) => {
                // It comes from the screen: its columns have a cap as the file's have.
                if layout.columns.len() > limits.columns_max {
                    let limit = line_number(limits.columns_max);
                    return Err(ImportError::TooManyColumns { limit });
                }
                layout.check(&text, &limits)?;
                file.columns.clone_from(&layout.columns);
                layout.body(&text)?
            }
        };
        Ok(Self {
            line_end: line_end(&text),
            text,
            limits,
            layout,
            section: Section::Other,
            next,
            rows: 0,
            first_lines: BTreeMap::new(),
            has_users: false,
            has_passwords: false,
            file,
        })
    }

    /// Reads at most so many rows; true while there is more.
    pub fn read(&mut self, rows_max: usize) -> Result<bool, ImportError> {
        for _ in 0..rows_max {
            let goes_on = match self.layout.is_some() {
                true => self.read_record()?,
                false => self.read_command()?,
            };
            if !goes_on {
                return Ok(false);
            }
        }
        Ok(self.next.at < self.text.len())
    }

    /// Bytes read, and bytes there are.
    pub const fn progress(&self) -> (usize, usize) {
        (self.next.at, self.text.len())
    }

    pub const fn rows_read(&self) -> u32 {
        self.rows
    }

    /// The line in which a code stands first.
    pub fn line_of(&self, code: &str) -> Option<u32> {
        self.first_lines.get(code).copied()
    }

    /// The place of a row that is taken, by its line: rows come in the order of the file.
    pub fn place_of(&self, line: u32) -> Option<usize> {
        self.file
            .rows
            .binary_search_by_key(&line, |row| row.line)
            .ok()
    }

    pub fn file(&self) -> &VoucherFile {
        &self.file
    }

    pub fn finish(self) -> VoucherFile {
        VoucherFile {
            has_no_passwords: self.has_users && !self.has_passwords,
            ..self.file
        }
    }

    fn read_record(&mut self) -> Result<bool, ImportError> {
        let Some(layout) = &self.layout else {
            return Ok(false);
        };
        let mut records = Records::ended_by(
            self.line_end,
            &self.text,
            self.next,
            layout.separator,
            &self.limits,
        );
        let Some(record) = records.next() else {
            return Ok(false);
        };
        self.next = records.position();
        if record.is_blank() {
            return Ok(true);
        }
        let Record { line, raw, cells } = record;
        let fields = match cells {
            Ok(cells) => layout.fields(cells),
            Err(SplitError::TooManyCells) => Err(RefusedReason::TooManyColumns {
                found: line_number(self.limits.columns_max + 1),
                expected: line_number(layout.columns.len()),
            }),
            Err(SplitError::QuoteOpen | SplitError::TextAfterQuote) => {
                Err(RefusedReason::BadQuotes)
            }
        };
        if let Ok(fields) = &fields {
            self.has_users |= fields.is_router;
            self.has_passwords |= fields.has_password();
        }
        let read =
            fields.and_then(|fields| row::read(line, &fields, &self.limits, &mut self.first_lines));
        let raw = shortened(raw, self.limits.raw_bytes_max).to_owned();
        self.keep(line, raw, read)?;
        Ok(true)
    }

    fn read_command(&mut self) -> Result<bool, ImportError> {
        let Some((command, after)) = next_command(&self.text, self.next, self.line_end) else {
            return Ok(false);
        };
        self.next = after;
        if command.text.is_empty() || command.text.starts_with('#') {
            return Ok(true);
        }
        // What belongs to other sections is not even looked at.
        if self.section == Section::Other && !command.text.starts_with('/') {
            self.file.skipped += 1;
            return Ok(true);
        }
        let parted = match command.is_whole {
            true => words(&command.text),
            false => Err(super::script::ScriptError::TooLong),
        };
        let parted = match parted {
            Ok(parted) => parted,
            Err(_) if command.text.starts_with('/') => {
                self.section = Section::Other;
                self.file.skipped += 1;
                return Ok(true);
            }
            Err(error) if self.section == Section::Users => {
                let raw = shortened(&command.text, self.limits.raw_bytes_max).to_owned();
                self.keep(command.line, raw, Err(export::refused(error)))?;
                return Ok(true);
            }
            Err(_) => {
                self.file.skipped += 1;
                return Ok(true);
            }
        };
        let rest = match Section::of(&parted) {
            Some((section, length)) => {
                self.section = section;
                &parted[length..]
            }
            None => &parted[..],
        };
        if rest.is_empty() {
            return Ok(true);
        }
        match self.section {
            Section::Users => match export::user(rest) {
                None => self.file.skipped += 1,
                Some(fields) => {
                    self.has_users = true;
                    self.has_passwords |= export::shows_password(rest);
                    let read = fields.and_then(|fields| {
                        row::read(command.line, &fields, &self.limits, &mut self.first_lines)
                    });
                    let raw = shortened(&command.text, self.limits.raw_bytes_max).to_owned();
                    self.keep(command.line, raw, read)?;
                }
            },
            Section::Profiles => {
                export::profile(rest, &self.limits, &mut self.file.profiles);
            }
            Section::Other => self.file.skipped += 1,
        }
        Ok(true)
    }

    fn keep(
        &mut self,
        line: u32,
        raw: String,
        read: Result<VoucherRow, RefusedReason>,
    ) -> Result<(), ImportError> {
        self.rows += 1;
        if self.rows > self.limits.rows_max {
            let limit = self.limits.rows_max;
            return Err(ImportError::TooManyRows { limit });
        }
        match read {
            Ok(row) => self.file.rows.push(row),
            Err(reason) => self.file.refused.push(RefusedRow { line, raw, reason }),
        }
        Ok(())
    }
}
