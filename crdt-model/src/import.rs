//! Reading the vouchers that a reseller already has, from the file that his present tool or his spreadsheet writes.
//!
//! Nothing is guessed and nothing vanishes: each row becomes a voucher exactly as written, or is refused with
//! its line number and a reason. It must not know organisations, packages or prices; what a profile is worth is
//! decided by the command that takes the rows in. Start at [`read_vouchers`].

mod columns;
mod quantity;
mod row;
mod tokens;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use columns::{Column, FileColumn};

use columns::Columns;
use tokens::{Records, SplitError};

use crate::voucher::CODE_LENGTH_MAX;

/// The caps on a file; what lies beyond is an error or a refused row, never a shortened value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportLimits {
    pub bytes_max: usize,
    /// Rows that are not blank, the header not counted.
    pub rows_max: u32,
    pub columns_max: usize,
    /// Bytes of a code, a password or a profile name.
    pub code_bytes_max: usize,
    pub comment_bytes_max: usize,
    /// How much of a refused row is kept to show it.
    pub raw_bytes_max: usize,
}

impl Default for ImportLimits {
    fn default() -> Self {
        Self {
            // 100,000 rows of the common tool have about 60 bytes each; twice that.
            bytes_max: 12 << 20,
            rows_max: 100_000,
            columns_max: 32,
            code_bytes_max: CODE_LENGTH_MAX,
            comment_bytes_max: 256,
            raw_bytes_max: 200,
        }
    }
}

/// What a file held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherFile {
    /// The file's columns in its order, those without a meaning included.
    pub columns: Vec<FileColumn>,
    pub rows: Vec<VoucherRow>,
    pub refused: Vec<RefusedRow>,
}

/// One voucher as the file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherRow {
    /// The line that an editor shows, the first one being 1.
    pub line: u32,
    /// The code, byte for byte: routers tell upper from lower case.
    pub username: String,
    /// `None` where the client types nothing but the code: the password is the same, or there is none.
    pub password: Option<String>,
    /// The name of the package in the tool the file comes from; empty where there is none.
    pub profile: String,
    pub uptime_limit_seconds: Option<u64>,
    pub quota_bytes: Option<u64>,
    /// As written: the organisation's currency says what it means.
    pub price: Option<String>,
    pub comment: Option<String>,
}

/// A row that is not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedRow {
    pub line: u32,
    /// The beginning of the row as the file has it.
    pub raw: String,
    pub reason: RefusedReason,
}

/// Why a row is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum RefusedReason {
    #[error("there is no code")]
    EmptyCode,
    #[error("the same code stands in line {first_line}")]
    TwiceInFile { first_line: u32 },
    #[error("a quotation mark is not closed, or text follows the closing one")]
    BadQuotes,
    /// `found` stops counting one past the limit on columns.
    #[error("{found} columns, where the first line has {expected}")]
    TooManyColumns { found: u32, expected: u32 },
    #[error("{found} columns, where the first line has {expected}")]
    TooFewColumns { found: u32, expected: u32 },
    #[error("the {column} has a character that cannot be seen")]
    ControlCharacter { column: Column },
    #[error("the {column} begins or ends with a blank")]
    BlankAround { column: Column },
    #[error("the {column} is longer than {limit} bytes")]
    TooLong { column: Column, limit: u32 },
    #[error("the {column} cannot be read")]
    UnreadableLimit { column: Column },
    #[error("the {column} is not one that anybody sells")]
    LimitOutOfRange { column: Column },
    /// A spreadsheet turned a long number into `1.23457E+11`; its last digits are gone.
    #[error("a spreadsheet has rounded the {column}")]
    RoundedBySpreadsheet { column: Column },
    #[error("code and username differ")]
    CodeAndUsernameDiffer,
    /// The user is a device that the router lets in by its address, such as a television.
    #[error("this is a device's address, not a code")]
    DeviceAddress,
    /// The common voucher tool replaces the comment at the first login by the date at which the voucher ends.
    #[error("the voucher has been used: it runs until {until}")]
    AlreadyUsed { until: String },
    /// The same tool ends a voucher by leaving it one second.
    #[error("the voucher has run out")]
    RunOut,
}

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ImportError {
    #[error("the file is empty")]
    Empty,
    #[error("the file has more than {limit} bytes")]
    TooManyBytes { limit: u64 },
    #[error("the file has more than {limit} rows")]
    TooManyRows { limit: u32 },
    #[error("the file has more than {limit} columns")]
    TooManyColumns { limit: u32 },
    #[error("the file is UTF-16; save it as \"CSV UTF-8\"")]
    Utf16,
    #[error("line {line} is not UTF-8; save the file as \"CSV UTF-8\"")]
    NotUtf8 { line: u32 },
    /// The first line, shortened, which should name the columns.
    #[error("no column is named \"username\" or \"code\"")]
    NoCodeColumn { first_line: String },
    #[error("two columns mean the {column}")]
    ColumnTwice { column: Column },
}

/// Reads a CSV of vouchers: commas, semicolons or tabs, with or without a byte order mark, any line ends.
///
/// Codes are compared by exact bytes; of two equal ones the first row is taken.
pub fn read_vouchers(bytes: &[u8], limits: &ImportLimits) -> Result<VoucherFile, ImportError> {
    let text = text_of(bytes, limits)?;
    let (columns, body) = Columns::detect(text, limits)?;
    let mut file = VoucherFile {
        columns: columns.listed(),
        rows: Vec::new(),
        refused: Vec::new(),
    };
    let mut first_lines = BTreeMap::new();
    let mut rows = 0;
    for record in Records::new(text, body, columns.separator(), limits) {
        if record.is_blank() {
            continue;
        }
        rows += 1;
        if rows > limits.rows_max {
            let limit = limits.rows_max;
            return Err(ImportError::TooManyRows { limit });
        }
        let read = match record.cells {
            Ok(cells) => row::read(record.line, &cells, &columns, limits, &mut first_lines),
            Err(SplitError::TooManyCells) => Err(RefusedReason::TooManyColumns {
                found: line_number(limits.columns_max + 1),
                expected: line_number(columns.len()),
            }),
            Err(SplitError::QuoteOpen | SplitError::TextAfterQuote) => {
                Err(RefusedReason::BadQuotes)
            }
        };
        match read {
            Ok(row) => file.rows.push(row),
            Err(reason) => file.refused.push(RefusedRow {
                line: record.line,
                raw: shortened(record.raw, limits.raw_bytes_max).to_owned(),
                reason,
            }),
        }
    }
    Ok(file)
}

/// Checks size and encoding and takes the byte order mark away.
fn text_of<'a>(bytes: &'a [u8], limits: &ImportLimits) -> Result<&'a str, ImportError> {
    if bytes.len() > limits.bytes_max {
        return Err(ImportError::TooManyBytes {
            limit: u64::try_from(limits.bytes_max).unwrap_or(u64::MAX),
        });
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(ImportError::Utf16);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let ends = |end| before.iter().filter(|byte| **byte == end).count();
        let line = 1 + if bytes.contains(&b'\n') {
            ends(b'\n')
        } else {
            ends(b'\r')
        };
        ImportError::NotUtf8 {
            line: line_number(line),
        }
    })
}

/// The first bytes of a text, never half a character.
fn shortened(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn line_number(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}
