//! Lines and cells of a CSV text.
//!
//! Our own and not a CSV crate's, because those are lenient: a quotation mark that is never closed silently
//! swallows the rest of the file. Here such a row is refused alone, and the next line is read as usual. It
//! must not know what the cells mean.

use std::borrow::Cow;

use super::{ImportLimits, line_number};

/// A quoted cell may contain line ends, but no row of vouchers spans more lines than this.
const LINES_PER_RECORD_MAX: usize = 8;

/// One row: one line, or several where a quoted cell contains line ends.
pub(super) struct Record<'a> {
    pub line: u32,
    pub raw: &'a str,
    pub cells: Result<Vec<Cow<'a, str>>, SplitError>,
}

impl Record<'_> {
    /// Spreadsheets write rows without any value as a row of separators.
    pub fn is_blank(&self) -> bool {
        match &self.cells {
            Ok(cells) => cells.iter().all(|cell| cell.trim().is_empty()),
            Err(_) => false,
        }
    }
}

/// Where reading goes on: a byte offset and the number of the line that begins there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    pub at: usize,
    pub line: usize,
}

/// The rows of a text.
pub(super) struct Records<'a> {
    text: &'a str,
    next: Position,
    line_end: char,
    separator: char,
    cells_max: usize,
    record_bytes_max: usize,
}

impl<'a> Records<'a> {
    pub fn new(text: &'a str, from: Position, separator: char, limits: &ImportLimits) -> Self {
        Self::ended_by(line_end(text), text, from, separator, limits)
    }

    /// Where it is known how lines end: looking for it again may cost the whole text.
    pub fn ended_by(
        line_end: char,
        text: &'a str,
        from: Position,
        separator: char,
        limits: &ImportLimits,
    ) -> Self {
        Self {
            text,
            next: from,
            line_end,
            separator,
            cells_max: limits.columns_max,
            // Each cell full to its limit and quoted.
            record_bytes_max: limits.columns_max * (limits.comment_bytes_max + 3),
        }
    }
}

impl Records<'_> {
    /// Where the next row begins.
    pub fn position(&self) -> Position {
        self.next
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let start = self.next;
        let (line, mut after) = next_line(self.text, start, self.line_end)?;
        self.next = after;
        let mut raw = line;
        let mut cells = split(raw, self.separator, self.cells_max);
        for _ in 1..LINES_PER_RECORD_MAX {
            if cells != Err(SplitError::QuoteOpen) || raw.len() > self.record_bytes_max {
                break;
            }
            let Some((line, end)) = next_line(self.text, after, self.line_end) else {
                break;
            };
            raw = &self.text[start.at..after.at + line.len()];
            after = end;
            cells = split(raw, self.separator, self.cells_max);
        }
        // Only a row that came out whole takes the further lines with it.
        if cells.is_ok() {
            self.next = after;
        } else {
            raw = line;
        }
        Some(Record {
            line: line_number(start.line),
            raw,
            cells,
        })
    }
}

/// The character that ends lines: only files of very old spreadsheets have no line feed at all.
pub(super) fn line_end(text: &str) -> char {
    if text.contains('\n') { '\n' } else { '\r' }
}

/// The line at a position, without its end, and the position after it.
pub(super) fn next_line(text: &str, from: Position, end: char) -> Option<(&str, Position)> {
    let rest = &text[from.at..];
    if rest.is_empty() {
        return None;
    }
    let length = rest.find(end).unwrap_or(rest.len());
    let line = &rest[..length];
    let after = Position {
        at: text.len().min(from.at + length + 1),
        line: from.line + 1,
    };
    Some((line.strip_suffix('\r').unwrap_or(line), after))
}

/// Why a text is not a whole row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SplitError {
    QuoteOpen,
    TextAfterQuote,
    TooManyCells,
}

/// Splits a row into its cells. As everywhere, a quotation mark means something only at the start of a cell.
///
/// The count of cells is capped, since a line of nothing but separators takes 24 times its size.
pub(super) fn split(
    row: &str,
    separator: char,
    cells_max: usize,
) -> Result<Vec<Cow<'_, str>>, SplitError> {
    let mut cells = Vec::new();
    let mut rest = row;
    loop {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let length = rest.find(separator).unwrap_or(rest.len());
                (Cow::Borrowed(&rest[..length]), &rest[length..])
            }
        };
        if cells.len() == cells_max {
            return Err(SplitError::TooManyCells);
        }
        cells.push(cell);
        if after.is_empty() {
            return Ok(cells);
        }
        rest = after
            .strip_prefix(separator)
            .ok_or(SplitError::TextAfterQuote)?;
    }
}

/// Reads a cell whose opening mark is already taken; returns it and what follows its closing mark.
fn unquote(quoted: &str) -> Result<(Cow<'_, str>, &str), SplitError> {
    let mut at = 0;
    let mut has_doubled = false;
    loop {
        let mark = at + quoted[at..].find('"').ok_or(SplitError::QuoteOpen)?;
        let after = &quoted[mark + 1..];
        if after.starts_with('"') {
            has_doubled = true;
            at = mark + 2;
            continue;
        }
        let cell = &quoted[..mark];
        let cell = if has_doubled {
            Cow::Owned(cell.replace("\"\"", "\""))
        } else {
            Cow::Borrowed(cell)
        };
        return Ok((cell, after));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u32, Result<Vec<String>, SplitError>)> {
        let start = Position { at: 0, line: 1 };
        Records::new(text, start, ',', &ImportLimits::default())
            .map(|record| {
                let cells = record.cells;
                let owned = cells.map(|cells| cells.into_iter().map(Cow::into_owned).collect());
                (record.line, owned)
            })
            .collect()
    }

    fn cells(cells: &[&str]) -> Result<Vec<String>, SplitError> {
        Ok(cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn cells_are_quoted_or_plain() {
        assert_eq!(
            rows("a,\"b,c\",\"say \"\"hi\"\"\",5\" pipe\r\n,\r\n\"\",x"),
            [
                (1, cells(&["a", "b,c", "say \"hi\"", "5\" pipe"])),
                (2, cells(&["", ""])),
                (3, cells(&["", "x"])),
            ]
        );
    }

    #[test]
    fn a_quoted_cell_may_hold_line_ends_and_lines_keep_their_numbers() {
        assert_eq!(
            rows("a,\"b\nc\n\"\nd\n\ne"),
            [
                (1, cells(&["a", "b\nc\n"])),
                (4, cells(&["d"])),
                (5, cells(&[""])),
                (6, cells(&["e"])),
            ]
        );
    }

    #[test]
    fn an_open_quote_costs_only_its_own_line() {
        assert_eq!(
            rows("\"a,1\nb,2\n\"c\"x,3\nd,\"4\"\n\"e"),
            [
                (1, Err(SplitError::TextAfterQuote)),
                (2, cells(&["b", "2"])),
                (3, Err(SplitError::TextAfterQuote)),
                (4, cells(&["d", "4"])),
                (5, Err(SplitError::QuoteOpen)),
            ]
        );
    }

    #[test]
    fn lines_end_as_the_file_ends_them() {
        let expected = [(1, cells(&["a"])), (2, cells(&["b"]))];
        for text in ["a\nb", "a\nb\n", "a\r\nb\r\n", "a\rb\r"] {
            assert_eq!(rows(text), expected, "{text:?}");
        }
        // A stray carriage return is part of its cell, where the row's rules refuse it.
        assert_eq!(rows("a\rb\n"), [(1, cells(&["a\rb"]))]);
    }

    #[test]
    fn cells_are_counted_before_they_are_kept() {
        let all = split(",,", ',', 3).map(|cells| cells.len());
        assert_eq!(all, Ok(3));
        assert_eq!(split(",,,", ',', 3), Err(SplitError::TooManyCells));
    }
}
