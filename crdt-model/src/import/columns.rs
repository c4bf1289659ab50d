//! What the columns of a CSV mean, how its rows are separated, and whether its first line names them.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::row::Fields;
use super::tokens::{Position, Records, SplitError, line_end, next_line, split};
use super::{ImportError, ImportLimits, RefusedReason, line_number, shortened};

/// Of two that fit equally well the later one is taken, so a file of one column has commas.
const SEPARATORS: [char; 3] = ['\t', ';', ','];
/// So many rows of a list of one column say whether its first line is one of them.
const ROWS_LOOKED_AT: usize = 50;

/// What a column of the file means to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Column {
    Code,
    Username,
    Password,
    Profile,
    Validity,
    UptimeLimit,
    Quota,
    Price,
    Comment,
}

impl Column {
    pub const ALL: [Self; 9] = [
        Self::Code,
        Self::Username,
        Self::Password,
        Self::Profile,
        Self::Validity,
        Self::UptimeLimit,
        Self::Quota,
        Self::Price,
        Self::Comment,
    ];

    /// Names in use, in lower case and without anything but letters.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Code => &[
                "code",
                "voucher",
                "vouchercode",
                "pin",
                "msimbo",
                "kodi",
                "vocha",
            ],
            Self::Username => &["username", "user", "name", "login", "jina"],
            Self::Password => &["password", "pass", "pwd", "nenosiri"],
            Self::Profile => &["profile", "package", "plan", "profilename", "kifurushi"],
            Self::Validity => &[
                "validity",
                "duration",
                "durationdays",
                "validitydays",
                "days",
                "muda",
                "siku",
            ],
            Self::UptimeLimit => &["timelimit", "uptimelimit", "limituptime"],
            Self::Quota => &["datalimit", "quota", "limitbytestotal", "data"],
            Self::Price => &["price", "sellingprice", "amount", "bei"],
            Self::Comment => &["comment", "comments", "note", "notes", "maoni"],
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
            Self::Validity => "validity",
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
    /// Empty where the file does not name its columns.
    pub name: String,
    pub column: Option<Column>,
}

/// How a CSV is to be read: detected, shown, and changed by whoever imports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    pub separator: char,
    /// The first line names the columns.
    pub has_header: bool,
    pub columns: Vec<FileColumn>,
    /// It lists a router's users: a date as comment says until when a used voucher runs.
    pub is_router: bool,
}

impl Layout {
    /// Looks at the first line. With `header` that line names the columns or does not, whatever it looks like.
    pub(super) fn detect(
        text: &str,
        header: Option<bool>,
        limits: &ImportLimits,
    ) -> Result<Self, ImportError> {
        let (hint, _, line) = first_line(text)?;
        let mut best: Option<Self> = None;
        for separator in SEPARATORS {
            if hint.is_some_and(|hint| hint != separator) {
                continue;
            }
            let layout = match split(line, separator, limits.columns_max) {
                Ok(cells) => Self::of_line(&cells, separator, header, limits),
                Err(SplitError::TooManyCells) => {
                    let limit = line_number(limits.columns_max);
                    return Err(ImportError::TooManyColumns { limit });
                }
                Err(SplitError::QuoteOpen | SplitError::TextAfterQuote) => continue,
            };
            let is_better = |best: &Self| {
                (best.known(), best.columns.len()) <= (layout.known(), layout.columns.len())
            };
            if best.as_ref().is_none_or(is_better) {
                best = Some(layout);
            }
        }
        let mut best = best.ok_or_else(|| ImportError::NoCodeColumn {
            first_line: shortened(line, limits.raw_bytes_max).to_owned(),
        })?;
        if best.columns.len() == 1 && !best.has_header {
            let heading = best.heading(text, limits).filter(|_| header.is_none());
            // Codes under a name that is not known: a person says what they are.
            best.has_header = heading.is_some();
            best.columns = vec![FileColumn {
                column: heading.is_none().then_some(Column::Code),
                name: heading.unwrap_or_default(),
            }];
        }
        Ok(best)
    }

    /// What stands above a list of one column and is no code, as the rows show: it alone has a blank, or it alone has
    /// no digit.
    fn heading(&self, text: &str, limits: &ImportLimits) -> Option<String> {
        let cells: Vec<Cow<'_, str>> =
            Records::new(text, self.body(text).ok()?, self.separator, limits)
                .filter(|record| !record.is_blank())
                .take(ROWS_LOOKED_AT)
                .filter_map(|record| record.cells.ok()?.into_iter().next())
                .collect();
        let (first, rows) = cells.split_first().filter(|(_, rows)| !rows.is_empty())?;
        let has_blank = |cell: &str| cell.trim().contains(char::is_whitespace);
        let has_digit = |cell: &str| cell.contains(|c: char| c.is_ascii_digit());
        let is_heading = has_blank(first) && !rows.iter().any(|row| has_blank(row))
            || !has_digit(first) && rows.iter().all(|row| has_digit(row));
        is_heading.then(|| shortened(first.trim(), limits.code_bytes_max).to_owned())
    }

    /// The lines after which the rows begin.
    pub(super) fn body(&self, text: &str) -> Result<Position, ImportError> {
        let (_, before, line) = first_line(text)?;
        if !self.has_header {
            return Ok(before);
        }
        let after = before.at + line.len();
        let end = line_end(text);
        // The line was taken without its end.
        let at = text[after..]
            .find(end)
            .map_or(text.len(), |n| after + n + 1);
        Ok(Position {
            at,
            line: before.line + 1,
        })
    }

    pub fn has(&self, column: Column) -> bool {
        self.columns
            .iter()
            .any(|known| known.column == Some(column))
    }

    /// Can rows be read by it?
    pub(super) fn check(&self, text: &str, limits: &ImportLimits) -> Result<(), ImportError> {
        let is_twice = |column: &Column| {
            let same = |known: &&FileColumn| known.column == Some(*column);
            self.columns.iter().filter(same).count() > 1
        };
        if let Some(column) = Column::ALL.into_iter().find(is_twice) {
            return Err(ImportError::ColumnTwice { column });
        }
        if !self.has(Column::Code) && !self.has(Column::Username) {
            let (_, _, line) = first_line(text)?;
            return Err(ImportError::NoCodeColumn {
                first_line: shortened(line, limits.raw_bytes_max).to_owned(),
            });
        }
        Ok(())
    }

    /// The cells of a row by meaning.
    ///
    /// Too few means a row that was cut off, perhaps within its password; too many, a separator in a cell
    /// that should have been quoted. Empty cells beyond the last column are a spreadsheet's.
    pub(super) fn fields<'r>(&self, cells: Vec<Cow<'r, str>>) -> Result<Fields<'r>, RefusedReason> {
        let found = line_number(cells.len());
        let expected = line_number(self.columns.len());
        if cells.len() < self.columns.len() {
            return Err(RefusedReason::TooFewColumns { found, expected });
        }
        if !cells[self.columns.len()..]
            .iter()
            .all(|cell| cell.is_empty())
        {
            return Err(RefusedReason::TooManyColumns { found, expected });
        }
        let mut fields = Fields {
            is_router: self.is_router,
            ..Fields::default()
        };
        for (known, cell) in self.columns.iter().zip(cells) {
            if let Some(column) = known.column {
                fields.set(column, cell);
            }
        }
        Ok(fields)
    }

    fn of_line(
        cells: &[Cow<'_, str>],
        separator: char,
        header: Option<bool>,
        limits: &ImportLimits,
    ) -> Self {
        // A name has no digits; "siku 7" is a value.
        let is_name = |cell: &&str| {
            Column::of_name(cell).is_some() && !cell.contains(|c: char| c.is_ascii_digit())
        };
        let is_named = cells
            .iter()
            .map(AsRef::as_ref)
            .any(|cell: &str| is_name(&cell));
        let has_header = header.unwrap_or(is_named);
        let column = |cell: &Cow<'_, str>| {
            if has_header {
                FileColumn {
                    name: shortened(cell.trim(), limits.code_bytes_max).to_owned(),
                    column: Column::of_name(cell),
                }
            } else {
                FileColumn {
                    name: String::new(),
                    column: None,
                }
            }
        };
        let mut layout = Self {
            separator,
            has_header,
            columns: cells.iter().map(column).collect(),
            is_router: false,
        };
        layout.is_router = [
            Column::Username,
            Column::UptimeLimit,
            Column::Quota,
            Column::Comment,
        ]
        .into_iter()
        .all(|column| layout.has(column));
        layout
    }

    fn known(&self) -> usize {
        let known = |column: &&FileColumn| column.column.is_some();
        self.columns.iter().filter(known).count()
    }
}

/// The first line that is not blank: the separator that a line before it announces, where it begins, and itself.
pub(super) fn first_line(text: &str) -> Result<(Option<char>, Position, &str), ImportError> {
    let end = line_end(text);
    let mut next = Position { at: 0, line: 1 };
    let mut hint = None;
    loop {
        let before = next;
        let (line, after) = next_line(text, next, end).ok_or(ImportError::Empty)?;
        next = after;
        if line.trim().is_empty() {
            continue;
        }
        // One spreadsheet program reads the separator from such a line, so some tools write it.
        if hint.is_none() && before.line == 1 && line.to_ascii_lowercase().starts_with("sep=") {
            hint = line.chars().nth("sep=".len());
            continue;
        }
        return Ok((hint, before, line));
    }
}
