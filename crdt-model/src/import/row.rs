//! The rules of one row: what makes it a voucher, and every way in which it is not one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::columns::Column;
use super::quantity::{QuantityError, quota_bytes, uptime_seconds, validity};
use super::{BatchTag, ImportLimits, RefusedReason, VoucherRow, line_number};

/// What a row of any kind of file says, by meaning.
#[derive(Default)]
pub(super) struct Fields<'r> {
    pub(super) values: [Option<Cow<'r, str>>; Column::ALL.len()],
    /// It is one of a router's users, whose comment becomes a date at the first login.
    pub is_router: bool,
}

impl<'r> Fields<'r> {
    pub fn set(&mut self, column: Column, value: Cow<'r, str>) {
        self.values[column as usize] = Some(value);
    }

    fn get(&self, column: Column) -> Option<&str> {
        self.values[column as usize].as_deref()
    }

    pub fn has_password(&self) -> bool {
        self.get(Column::Password)
            .is_some_and(|password| !password.is_empty())
    }
}

/// Reads one row; `first_lines` remembers where each code was seen first, refused rows included.
pub(super) fn read(
    line: u32,
    fields: &Fields<'_>,
    limits: &ImportLimits,
    first_lines: &mut BTreeMap<String, u32>,
) -> Result<VoucherRow, RefusedReason> {
    let (column, code) = code(fields)?;
    check_exact(code, column, limits)?;
    if let Some(first_line) = first_lines.get(code).copied() {
        return Err(RefusedReason::TwiceInFile { first_line });
    }
    first_lines.insert(code.to_owned(), line);
    if is_device_address(code) {
        return Err(RefusedReason::DeviceAddress);
    }

    let password = password(fields, code, limits)?;
    let profile = text(fields, Column::Profile, limits.code_bytes_max)?;
    let price = text(fields, Column::Price, limits.code_bytes_max)?;
    let comment = comment(fields, limits)?;
    let uptime_limit_seconds = quantity(fields, Column::UptimeLimit, uptime_seconds)?;
    let quota_bytes = quantity(fields, Column::Quota, quota_bytes)?;
    let validity = quantity(fields, Column::Validity, validity)?;

    if fields.is_router && is_router_time(comment) {
        let until = comment.to_owned();
        return Err(RefusedReason::AlreadyUsed { until });
    }
    if uptime_limit_seconds == Some(1) {
        return Err(RefusedReason::RunOut);
    }
    let is_made_with_password = BatchTag::parse(comment).is_some_and(|tag| tag.has_passwords());
    if fields.is_router && is_made_with_password && !fields.has_password() {
        return Err(RefusedReason::PasswordMissing);
    }
    Ok(VoucherRow {
        line,
        username: code.to_owned(),
        password,
        profile: profile.to_owned(),
        uptime_limit_seconds,
        quota_bytes,
        validity,
        price: some(price),
        comment: some(comment),
    })
}

fn quantity<T>(
    fields: &Fields<'_>,
    column: Column,
    read: fn(&str) -> Result<Option<T>, QuantityError>,
) -> Result<Option<T>, RefusedReason> {
    read(fields.get(column).unwrap_or_default()).map_err(|error| match error {
        QuantityError::Unreadable => RefusedReason::UnreadableLimit { column },
        QuantityError::OutOfRange => RefusedReason::LimitOutOfRange { column },
    })
}

fn code<'r>(fields: &'r Fields<'_>) -> Result<(Column, &'r str), RefusedReason> {
    let filled = |column| {
        let cell = fields.get(column)?;
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
    fields: &Fields<'_>,
    code: &str,
    limits: &ImportLimits,
) -> Result<Option<String>, RefusedReason> {
    let Some(password) = fields.get(Column::Password) else {
        return Ok(None);
    };
    check_exact(password, Column::Password, limits)?;
    Ok((!password.is_empty() && password != code).then(|| password.to_owned()))
}

/// Names whose spelling is not compared with what a client types.
fn text<'r>(
    fields: &'r Fields<'_>,
    column: Column,
    limit: usize,
) -> Result<&'r str, RefusedReason> {
    let cell = fields.get(column).unwrap_or_default().trim();
    check_length(cell, column, limit)?;
    if cell.chars().any(is_unseen) {
        return Err(RefusedReason::ControlCharacter { column });
    }
    Ok(cell)
}

fn comment<'r>(fields: &'r Fields<'_>, limits: &ImportLimits) -> Result<&'r str, RefusedReason> {
    let column = Column::Comment;
    let cell = fields.get(column).unwrap_or_default().trim();
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

pub(super) fn is_device_address(code: &str) -> bool {
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
