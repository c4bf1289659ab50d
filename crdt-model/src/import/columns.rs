//! The first line of a file: which separator it uses and what each column means.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::tokens::{Position, SplitError, line_end, next_line, split};
use super::{ImportError, ImportLimits, line_number, shortened};

/// Of two that fit equally well the later one is taken, so a file of one column has commas.
const SEPARATORS: [char; 3] = ['\t', ';', ','];

/// What a column of the file means to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Column {
    Code,
    Username,
    Password,
    Profile,
    UptimeLimit,
    Quota,
    Price,
    Comment,
}

impl Column {
    const ALL: [Self; 8] = [
        Self::Code,
        Self::Username,
        Self::Password,
        Self::Profile,
        Self::UptimeLimit,
        Self::Quota,
        Self::Price,
        Self::Comment,
    ];

    /// Names in use, in lower case and without anything but letters.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Code => &["code", "voucher", "vouchercode", "pin"],
            Self::Username => &["username", "user", "name", "login"],
            Self::Password => &["password", "pass", "pwd"],
            Self::Profile => &["profile", "package", "plan", "profilename"],
            Self::UptimeLimit => &["timelimit", "uptimelimit", "limituptime"],
            Self::Quota => &["datalimit", "quota", "limitbytestotal"],
            Self::Price => &["price", "sellingprice", "amount"],
            Self::Comment => &["comment", "comments", "note", "notes"],
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        let letters: String = name
            .chars()
            .filter(|c| c.is_alphabetic())
            .flat_map(char::to_lowercase)
            .collect();
        Self::ALL
            .into_iter()
            .find(|column| column.names().contains(&letters.as_str()))
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Code => "code",
            Self::Username => "username",
            Self::Password => "password",
            Self::Profile => "profile",
            Self::UptimeLimit => "time limit",
            Self::Quota => "data limit",
            Self::Price => "price",
            Self::Comment => "comment",
        })
    }
}

/// A column as the file names it; without a meaning it is not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileColumn {
    pub name: String,
    pub column: Option<Column>,
}

/// The columns of a file and how its rows are separated.
pub(super) struct Columns {
    separator: char,
    listed: Vec<FileColumn>,
}

impl Columns {
    /// Reads the line that names the columns; returns them and where the rows begin.
    pub fn detect(text: &str, limits: &ImportLimits) -> Result<(Self, Position), ImportError> {
        let end = line_end(text);
        let mut next = Position { at: 0, line: 1 };
        let mut hint = None;
        loop {
            let (line, after) = next_line(text, next, end).ok_or(ImportError::Empty)?;
            next = after;
            if line.trim().is_empty() {
                continue;
            }
            // One spreadsheet program reads the separator from such a line, so some tools write it.
            if hint.is_none() && next.line == 2 && line.to_ascii_lowercase().starts_with("sep=") {
                hint = line.chars().nth("sep=".len());
                continue;
            }
            let mut best: Option<Self> = None;
            for separator in SEPARATORS {
                if hint.is_some_and(|hint| hint != separator) {
                    continue;
                }
                let columns = match split(line, separator, limits.columns_max) {
                    Ok(cells) => Self::of_header(&cells, separator, limits),
                    Err(SplitError::TooManyCells) => {
                        let limit = line_number(limits.columns_max);
                        return Err(ImportError::TooManyColumns { limit });
                    }
                    Err(SplitError::QuoteOpen | SplitError::TextAfterQuote) => continue,
                };
                if best
                    .as_ref()
                    .is_none_or(|best| best.known() <= columns.known())
                {
                    best = Some(columns);
                }
            }
            let Some(columns) = best.filter(Self::has_code) else {
                return Err(ImportError::NoCodeColumn {
                    first_line: shortened(line, limits.raw_bytes_max).to_owned(),
                });
            };
            columns.check()?;
            return Ok((columns, next));
        }
    }

    pub fn separator(&self) -> char {
        self.separator
    }

    pub fn listed(&self) -> Vec<FileColumn> {
        self.listed.clone()
    }

    pub fn len(&self) -> usize {
        self.listed.len()
    }

    pub fn has(&self, column: Column) -> bool {
        self.listed
            .iter()
            .any(|listed| listed.column == Some(column))
    }

    /// The cell of a column, or nothing where the file has no such column.
    pub fn cell<'r>(&self, cells: &'r [Cow<'_, str>], column: Column) -> Option<&'r str> {
        let at = self
            .listed
            .iter()
            .position(|listed| listed.column == Some(column))?;
        cells.get(at).map(AsRef::as_ref)
    }

    /// Whether the file lists a router's users, as the common voucher tool exports them.
    pub fn is_router_export(&self) -> bool {
        [
            Column::Username,
            Column::UptimeLimit,
            Column::Quota,
            Column::Comment,
        ]
        .into_iter()
        .all(|column| self.has(column))
    }

    fn of_header(cells: &[Cow<'_, str>], separator: char, limits: &ImportLimits) -> Self {
        let listed = cells
            .iter()
            .map(|cell| FileColumn {
                name: shortened(cell.trim(), limits.code_bytes_max).to_owned(),
                column: Column::of_name(cell),
            })
            .collect();
        Self { separator, listed }
    }

    fn has_code(&self) -> bool {
        self.has(Column::Code) || self.has(Column::Username)
    }

    fn known(&self) -> usize {
        self.listed
            .iter()
            .filter(|listed| listed.column.is_some())
            .count()
    }

    fn check(&self) -> Result<(), ImportError> {
        let is_twice = |column: &Column| {
            let same = |listed: &&FileColumn| listed.column == Some(*column);
            self.listed.iter().filter(same).count() > 1
        };
        match Column::ALL.into_iter().find(is_twice) {
            Some(column) => Err(ImportError::ColumnTwice { column }),
            None => Ok(()),
        }
    }
}
