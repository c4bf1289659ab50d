//! Rows as CSV and as JSON, and the file that says what they mean.

use std::fmt::Write;

use crdt_model::money::Currency;
use serde_json::Value;
use sqlx::postgres::PgRow;

use crate::store::export::{Kind, Table, value};
use crate::store::organisations::Organisation;

/// How a table is written.
pub trait Form {
    fn begin(&self, table: &Table, out: &mut String);
    fn row(
        &self,
        table: &Table,
        row: &PgRow,
        is_first: bool,
        out: &mut String,
    ) -> Result<(), sqlx::Error>;
    fn end(&self, out: &mut String);
}

/// RFC 4180, with the mark by which Excel knows UTF-8.
pub struct Csv {
    pub currency: Currency,
}

/// An array of objects, one on a line.
pub struct Json {
    pub currency: Currency,
}

/// One field as it is written: its name's ending, its value, and whether the value is no text.
struct Field<'a> {
    ending: &'static str,
    kind: Kind,
    value: Option<std::borrow::Cow<'a, str>>,
}

/// A column is two fields where people want two views of it.
fn fields<'a>(
    table: &'a Table,
    row: &'a PgRow,
    currency: Currency,
    mut each: impl FnMut(&'a str, Field<'a>),
) -> Result<(), sqlx::Error> {
    let mut place = 0;
    for column in &table.columns {
        let text = value(row, place)?;
        place += 1;
        let field = |ending, kind, value| Field {
            ending,
            kind,
            value,
        };
        match column.kind {
            Kind::Money => {
                let amount = text.and_then(|text| text.parse().ok());
                let decimal = amount.map(|amount| decimal(amount, currency).into());
                each(&column.name, field("", Kind::Number, text.map(Into::into)));
                each(&column.name, field("_decimal", Kind::Money, decimal));
            }
            Kind::Time => {
                let local = value(row, place)?;
                place += 1;
                each(
                    &column.name,
                    field("_utc", Kind::Time, text.map(Into::into)),
                );
                each(
                    &column.name,
                    field("_local", Kind::Time, local.map(Into::into)),
                );
            }
            kind => each(&column.name, field("", kind, text.map(Into::into))),
        }
    }
    Ok(())
}

/// The names of [`fields`].
fn names(table: &Table) -> impl Iterator<Item = (String, Kind)> {
    table.columns.iter().flat_map(|column| {
        let name = &column.name;
        match column.kind {
            Kind::Money => vec![
                (name.clone(), Kind::Number),
                (format!("{name}_decimal"), Kind::Money),
            ],
            Kind::Time => vec![
                (format!("{name}_utc"), Kind::Time),
                (format!("{name}_local"), Kind::Time),
            ],
            kind => vec![(name.clone(), kind)],
        }
    })
}

/// 500000 → "5000.00" shillings.
fn decimal(minor: i64, currency: Currency) -> String {
    let exponent = currency.exponent();
    let unit = 10_u64.pow(exponent);
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.unsigned_abs();
    match exponent {
        0 => format!("{sign}{minor}"),
        _ => format!(
            "{sign}{}.{:0width$}",
            minor / unit,
            minor % unit,
            width = exponent as usize
        ),
    }
}

impl Form for Csv {
    fn begin(&self, table: &Table, out: &mut String) {
        out.push('\u{feff}');
        for (index, (name, _)) in names(table).enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let _ = write!(out, "{comma}{name}");
        }
        out.push_str("\r\n");
    }

    fn row(
        &self,
        table: &Table,
        row: &PgRow,
        _: bool,
        out: &mut String,
    ) -> Result<(), sqlx::Error> {
        let mut is_first = true;
        fields(table, row, self.currency, |_, field| {
            if !std::mem::take(&mut is_first) {
                out.push(',');
            }
            let is_text = matches!(field.kind, Kind::Text | Kind::Json);
            cell(field.value.as_deref().unwrap_or_default(), is_text, out);
        })?;
        out.push_str("\r\n");
        Ok(())
    }

    fn end(&self, _: &mut String) {}
}

/// Text that a spreadsheet would run as a formula gets an apostrophe in front: seen in the cell, and harmless.
fn cell(text: &str, is_text: bool, out: &mut String) {
    let is_formula = is_text && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let mark = if is_formula { "'" } else { "" };
    if text.contains([',', '"', '\r', '\n']) {
        let _ = write!(out, "\"{mark}{}\"", text.replace('"', "\"\""));
    } else {
        out.push_str(mark);
        out.push_str(text);
    }
}

impl Form for Json {
    fn begin(&self, _: &Table, out: &mut String) {
        out.push('[');
    }

    fn row(
        &self,
        table: &Table,
        row: &PgRow,
        is_first: bool,
        out: &mut String,
    ) -> Result<(), sqlx::Error> {
        out.push_str(if is_first { "\n{" } else { ",\n{" });
        let mut is_first = true;
        fields(table, row, self.currency, |name, field| {
            if !std::mem::take(&mut is_first) {
                out.push(',');
            }
            let _ = write!(out, "\"{name}{}\":", field.ending);
            let _ = match (field.value, field.kind) {
                (None, _) => write!(out, "null"),
                // They are JSON as PostgreSQL writes them.
                (Some(value), Kind::Number | Kind::Bool | Kind::Json) => write!(out, "{value}"),
                (Some(value), _) => write!(out, "{}", Value::from(value.as_ref())),
            };
        })?;
        out.push('}');
        Ok(())
    }

    fn end(&self, out: &mut String) {
        out.push_str("\n]\n");
    }
}

/// Names columns and units.
pub fn readme(organisation: &Organisation, tables: &[Table], date: time::Date) -> String {
    let Organisation {
        name,
        currency,
        timezone,
    } = organisation;
    let mut out = format!(
        "{name}: the books that ViorNet keeps for you, on {date}.\r\n\
         \r\n\
         csv/    one table a file, for Excel and other spreadsheets (comma, UTF-8)\r\n\
         json/   the same for programs: an array of objects, one on a line\r\n\
         \r\n\
         All files are of one moment. They are for reading, and cannot be restored; a backup of the server can.\r\n\
         \r\n\
         Not in it:\r\n\
         - passwords, also those of vouchers: of a voucher with user name and password only the user name is here\r\n\
         - sign-in names, devices, sessions, invitations, keys\r\n\
         - what a held change is about: of a sale that waits for a decision, or was declined, holds has only who sent\r\n\
         \x20 it, when, and why it was held; once accepted it is among the sales\r\n\
         - sums, which can be made from these files\r\n\
         \r\n\
         ..._minor     an amount in the smallest unit of {currency}; ..._minor_decimal is the same in {currency}\r\n\
         ..._utc       a time in UTC (ISO 8601); ..._local is the same in {timezone}\r\n\
         ..._ms        a time as a device said it: milliseconds since 1970 UTC\r\n\
         ..._id        names the same thing in every file; ..._name beside it is what it is called now\r\n\
         ..._bytes, ..._seconds, ..._days   in that unit\r\n\
         \r\n\
         In the CSV files a text that begins with = + - or @ has an apostrophe in front, so that no spreadsheet takes\r\n\
         it for a formula; phone numbers are such texts. The JSON files have it as it is.\r\n"
    );
    for table in tables {
        let _ = write!(
            out,
            "\r\n{}  ({} rows)\r\n    {}\r\n",
            table.file, table.rows, table.about
        );
        for (name, kind) in names(table) {
            let kind = match kind {
                Kind::Text => "text",
                Kind::Number => "whole number",
                Kind::Bool => "true or false",
                Kind::Money => currency,
                Kind::Time => "time",
                Kind::Json => "JSON",
            };
            let _ = write!(out, "    - {name}: {kind}\r\n");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_decimals_of_their_currency() {
        assert_eq!(decimal(500_000, Currency::Tzs), "5000.00");
        assert_eq!(decimal(-5, Currency::Usd), "-0.05");
        assert_eq!(decimal(7_000, Currency::Ugx), "7000");
    }

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        let written = |text: &str, is_text| {
            let mut out = String::new();
            cell(text, is_text, &mut out);
            out
        };
        assert_eq!(written("Duka la Mama", true), "Duka la Mama");
        assert_eq!(written("a \"b\", c", true), "\"a \"\"b\"\", c\"");
        assert_eq!(written("=HYPERLINK(1,2)", true), "\"'=HYPERLINK(1,2)\"");
        for start in ["+255", "-1", "@x", "\tx"] {
            assert!(written(start, true).starts_with('\''), "{start}");
        }
        assert_eq!(written("-500", false), "-500");
    }
}
