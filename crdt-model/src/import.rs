//! Reading the vouchers that a reseller already has, from the file that his present tool or his spreadsheet writes.
//!
//! Nothing is guessed and nothing vanishes: each row becomes a voucher exactly as written, or is refused with
//! its line number and a reason. It must not know organisations, packages or prices; what a profile is worth is
//! decided by the command that takes the rows in. Start at [`VoucherReader`], which reads a slice at a time;
//! [`detect`] says what a file seems to be, for a person to confirm or change.

pub mod clients;
mod columns;
mod export;
mod groups;
mod plan;
mod quantity;
mod reader;
mod row;
mod script;
mod tag;
mod tokens;

use serde::{Deserialize, Serialize};

pub use columns::{Column, FileColumn, Layout};
pub use export::FileProfile;
pub use groups::{Group, GroupKey, Grouped, Grouper, Tally, groups};
pub use plan::{Grouping, PlannedBatch, blocks_of, plan};
pub use reader::{Detected, Kind, Sample, VoucherReader, detect, detect_as, text_of};
pub use tag::BatchTag;

use crate::package::Validity;
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherFile {
    /// The file's columns in its order, those without a meaning included; none in a router's own export.
    pub columns: Vec<FileColumn>,
    pub rows: Vec<VoucherRow>,
    pub refused: Vec<RefusedRow>,
    /// In a router's own export: what it says about the profiles.
    pub profiles: Vec<FileProfile>,
    /// Commands of a router's export that make no voucher and no profile.
    pub skipped: u32,
    /// It lists a router's users, and none of them with a password: RouterOS 7 leaves passwords out of an export
    /// unless it is told to show them.
    pub has_no_passwords: bool,
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
    /// Calendar time from the first login.
    #[serde(default)]
    pub validity: Option<Validity>,
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
    #[error("the user is bound to the device {address}")]
    BoundToDevice { address: String },
    #[error("the user is switched off on the router")]
    Disabled,
    /// Its comment says that it was made with a password of its own; without it its client cannot log in.
    #[error("the voucher has a password that the file does not show")]
    PasswordMissing,
    #[error("it changes a user of the router and makes none")]
    NotAnAdd,
    #[error("its text is not UTF-8")]
    BadEncoding,
    #[error("it is longer than any command of a router")]
    TooManyWords,
    /// The device sees the code in a block; what only the relay knows comes back as a verdict.
    #[error("the code is in the batch \"{batch}\" already")]
    AlreadyThere { batch: String },
}

/// Reasons of one kind, for filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RefusedKind {
    Used,
    Twice,
    AlreadyThere,
    NoCode,
    Device,
    Disabled,
    NoPassword,
    Columns,
    Unreadable,
}

impl RefusedReason {
    pub const fn kind(&self) -> RefusedKind {
        match self {
            Self::AlreadyUsed { .. } | Self::RunOut => RefusedKind::Used,
            Self::TwiceInFile { .. } => RefusedKind::Twice,
            Self::AlreadyThere { .. } => RefusedKind::AlreadyThere,
            Self::EmptyCode => RefusedKind::NoCode,
            Self::DeviceAddress | Self::BoundToDevice { .. } => RefusedKind::Device,
            Self::Disabled => RefusedKind::Disabled,
            Self::PasswordMissing => RefusedKind::NoPassword,
            Self::TooManyColumns { .. } | Self::TooFewColumns { .. } => RefusedKind::Columns,
            Self::BadQuotes
            | Self::BadEncoding
            | Self::TooManyWords
            | Self::NotAnAdd
            | Self::ControlCharacter { .. }
            | Self::BlankAround { .. }
            | Self::TooLong { .. }
            | Self::UnreadableLimit { .. }
            | Self::LimitOutOfRange { .. }
            | Self::RoundedBySpreadsheet { .. }
            | Self::CodeAndUsernameDiffer => RefusedKind::Unreadable,
        }
    }
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
    /// Each row its own profile: the wrong column was chosen.
    #[error("more than {limit} different profiles")]
    TooManyProfiles { limit: u32 },
}

/// Reads a file as what it seems to be: a router's own export, or a CSV with commas, semicolons or tabs, with or
/// without a byte order mark, any line ends.
///
/// Codes are compared by exact bytes; of two equal ones the first row is taken.
pub fn read_vouchers(bytes: &[u8], limits: &ImportLimits) -> Result<VoucherFile, ImportError> {
    let text = text_of(bytes, limits)?;
    let layout = detect(&text, limits)?.layout;
    let mut reader = VoucherReader::new(text, layout, limits.clone())?;
    while reader.read(usize::MAX)? {}
    Ok(reader.finish())
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
