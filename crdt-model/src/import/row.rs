//! The rules of one row: what makes it a voucher, and every way in which it is not one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::columns::{Column, Columns};
use super::quantity::{QuantityError, quota_bytes, uptime_seconds};
use super::{ImportLimits, RefusedReason, VoucherRow, line_number};

/// Reads one row; `first_lines` remembers where each code was seen first, refused rows included.
pub(super) fn read(
    line: u32,
    cells: &[Cow<'_, str>],
    columns: &Columns,
    limits: &ImportLimits,
    first_lines: &mut BTreeMap<String, u32>,
) -> Result<VoucherRow, RefusedReason> {
    check_count(cells, columns)?;
    let (column, code) = code(cells, columns)?;
    check_exact(code, column, limits)?;
    if let Some(first_line) = first_lines.get(code).copied() {
        return Err(RefusedReason::TwiceInFile { first_line });
    }
    first_lines.insert(code.to_owned(), line);
    if is_device_address(code) {
        return Err(RefusedReason::DeviceAddress);
    }

    let password = password(cells, columns, code, limits)?;
    let profile = text(cells, columns, Column::Profile, limits.code_bytes_max)?;
    let price = text(cells, columns, Column::Price, limits.code_bytes_max)?;
    let comment = comment(cells, columns, limits)?;
    let quantity = |column, read: fn(&str) -> Result<Option<u64>, QuantityError>| {
        let cell = columns.cell(cells, column).unwrap_or_default();
        read(cell).map_err(|error| match error {
            QuantityError::Unreadable => RefusedReason::UnreadableLimit { column },
            QuantityError::OutOfRange => RefusedReason::LimitOutOfRange { column },
        })
    };
    let uptime_limit_seconds = quantity(Column::UptimeLimit, uptime_seconds)?;
    let quota_bytes = quantity(Column::Quota, quota_bytes)?;

    if columns.is_router_export() && is_router_time(comment) {
        let until = comment.to_owned();
        return Err(RefusedReason::AlreadyUsed { until });
    }
    if uptime_limit_seconds == Some(1) {
        return Err(RefusedReason::RunOut);
    }
    Ok(VoucherRow {
        line,
        username: code.to_owned(),
        password,
        profile: profile.to_owned(),
        uptime_limit_seconds,
        quota_bytes,
        price: some(price),
        comment: some(comment),
    })
}

/// Too few means a row that was cut off, perhaps within its password; too many, a separator in a cell
/// that should have been quoted. Empty cells beyond the last column are a spreadsheet's.
fn check_count(cells: &[Cow<'_, str>], columns: &Columns) -> Result<(), RefusedReason> {
    let found = line_number(cells.len());
    let expected = line_number(columns.len());
    if cells.len() < columns.len() {
        return Err(RefusedReason::TooFewColumns { found, expected });
    }
    if !cells[columns.len()..].iter().all(|cell| cell.is_empty()) {
        return Err(RefusedReason::TooManyColumns { found, expected });
    }
    Ok(())
}

fn code<'r>(
    cells: &'r [Cow<'_, str>],
    columns: &Columns,
) -> Result<(Column, &'r str), RefusedReason> {
    let filled = |column| {
        let cell = columns.cell(cells, column)?;
        (!cell.trim().is_empty()).then_some((column, cell))
    };
    match (filled(Column::Username), filled(Column::Code)) {
        (Some((_, username)), Some((_, code))) if username != code => {
            Err(RefusedReason::CodeAndUsernameDiffer)
        }
        (Some(found), _) | (None, Some(found)) => Ok(found),
        (None, None) => Err(RefusedReason::EmptyCode),
    }
}

fn password(
    cells: &[Cow<'_, str>],
    columns: &Columns,
    code: &str,
    limits: &ImportLimits,
) -> Result<Option<String>, RefusedReason> {
    let Some(password) = columns.cell(cells, Column::Password) else {
        return Ok(None);
    };
    check_exact(password, Column::Password, limits)?;
    Ok((!password.is_empty() && password != code).then(|| password.to_owned()))
}

/// Names whose spelling is not compared with what a client types.
fn text<'r>(
    cells: &'r [Cow<'_, str>],
    columns: &Columns,
    column: Column,
    limit: usize,
) -> Result<&'r str, RefusedReason> {
    let cell = columns.cell(cells, column).unwrap_or_default().trim();
    check_length(cell, column, limit)?;
    if cell.chars().any(is_unseen) {
        return Err(RefusedReason::ControlCharacter { column });
    }
    Ok(cell)
}

fn comment<'r>(
    cells: &'r [Cow<'_, str>],
    columns: &Columns,
    limits: &ImportLimits,
) -> Result<&'r str, RefusedReason> {
    let column = Column::Comment;
    let cell = columns.cell(cells, column).unwrap_or_default().trim();
    check_length(cell, column, limits.comment_bytes_max)?;
    // A comment is prose: it may have several lines, and joiners that Arabic or an emoji needs.
    let is_bad = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if cell.chars().any(is_bad) {
        return Err(RefusedReason::ControlCharacter { column });
    }
    Ok(cell)
}

/// The rules of what a client types: as it stands in the file, and nothing in it that paper cannot show.
fn check_exact(text: &str, column: Column, limits: &ImportLimits) -> Result<(), RefusedReason> {
    check_length(text, column, limits.code_bytes_max)?;
    if text.chars().any(is_unseen) {
        return Err(RefusedReason::ControlCharacter { column });
    }
    if text.trim() != text {
        return Err(RefusedReason::BlankAround { column });
    }
    if is_rounded(text) {
        return Err(RefusedReason::RoundedBySpreadsheet { column });
    }
    Ok(())
}

fn check_length(text: &str, column: Column, limit: usize) -> Result<(), RefusedReason> {
    if text.len() > limit {
        return Err(RefusedReason::TooLong {
            column,
            limit: line_number(limit),
        });
    }
    Ok(())
}

/// Control characters, and those that have no width or turn the direction of text.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `1.23457E+11`, in either decimal style.
fn is_rounded(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once("E+") else {
        return false;
    };
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_is_number = match mantissa.split_once(['.', ',']) {
        Some((whole, fraction)) => is_number(whole) && is_number(fraction),
        None => is_number(mantissa),
    };
    mantissa_is_number && is_number(exponent)
}

fn is_device_address(code: &str) -> bool {
    has_shape(code, "hh:hh:hh:hh:hh:hh") || has_shape(code, "hh-hh-hh-hh-hh-hh")
}

/// A date and time in either style of the routers: `jul/22/2026 05:29:05` before version 7.10, `2026-07-22 05:29:05` since.
fn is_router_time(comment: &str) -> bool {
    has_shape(comment, "aaa/00/0000 00:00:00") || has_shape(comment, "0000-00-00 00:00:00")
}

/// Compares with a pattern of `0` digit, `h` hexadecimal digit, `a` letter; all else stands for itself.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(byte, shape)| match shape {
                b'0' => byte.is_ascii_digit(),
                b'h' => byte.is_ascii_hexdigit(),
                b'a' => byte.is_ascii_alphabetic(),
                _ => byte == shape,
            })
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
