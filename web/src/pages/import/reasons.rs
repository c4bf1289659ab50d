//! Why rows are not taken, in words: on screen, in the filter, in the file that is downloaded.

use crdt_model::import::{RefusedKind, RefusedReason, RefusedRow};

use crate::components::failure::column;
use crate::i18n::Words;

pub fn reason(words: Words, reason: &RefusedReason) -> String {
    match reason {
        RefusedReason::EmptyCode => words.bad_empty_code().into(),
        RefusedReason::TwiceInFile { first_line } => words.bad_twice(&first_line.to_string()),
        RefusedReason::BadQuotes => words.bad_quotes().into(),
        RefusedReason::TooManyColumns { found, expected }
        | RefusedReason::TooFewColumns { found, expected } => {
            words.bad_columns(&expected.to_string(), &found.to_string())
        }
        RefusedReason::ControlCharacter { column: which } => {
            words.bad_control(column(words, *which))
        }
        RefusedReason::BlankAround { column: which } => words.bad_blank(column(words, *which)),
        RefusedReason::TooLong { column: which, .. } => words.bad_long(column(words, *which)),
        RefusedReason::UnreadableLimit { column: which } => {
            words.bad_unreadable(column(words, *which))
        }
        RefusedReason::LimitOutOfRange { column: which } => words.bad_range(column(words, *which)),
        RefusedReason::RoundedBySpreadsheet { column: which } => {
            words.bad_rounded(column(words, *which))
        }
        RefusedReason::CodeAndUsernameDiffer => words.bad_differ().into(),
        RefusedReason::DeviceAddress => words.bad_device().into(),
        RefusedReason::BoundToDevice { address } => words.bad_bound(address),
        RefusedReason::Disabled => words.bad_disabled().into(),
        RefusedReason::PasswordMissing => words.bad_no_password().into(),
        RefusedReason::NotAnAdd => words.bad_not_an_add().into(),
        RefusedReason::BadEncoding => words.bad_encoding().into(),
        RefusedReason::TooManyWords => words.bad_too_many_words().into(),
        RefusedReason::AlreadyUsed { until } => words.bad_used(until),
        RefusedReason::RunOut => words.bad_run_out().into(),
        RefusedReason::AlreadyThere { batch } if batch.is_empty() => {
            words.bad_there_unfinished().into()
        }
        RefusedReason::AlreadyThere { batch } => words.bad_there(batch),
    }
}

pub fn kind(words: Words, kind: RefusedKind) -> &'static str {
    match kind {
        RefusedKind::Used => words.refused_used(),
        RefusedKind::Twice => words.refused_twice(),
        RefusedKind::AlreadyThere => words.refused_there(),
        RefusedKind::NoCode => words.refused_no_code(),
        RefusedKind::Device => words.refused_device(),
        RefusedKind::Disabled => words.refused_disabled(),
        RefusedKind::NoPassword => words.refused_no_password(),
        RefusedKind::Columns => words.refused_columns(),
        RefusedKind::Unreadable => words.refused_unreadable(),
    }
}

/// A list for a spreadsheet. What could be taken for a formula there is kept from being one.
pub fn csv(words: Words, rows: &[RefusedRow]) -> String {
    let mut text = format!(
        "\u{feff}{},{},{}\r\n",
        cell(words.csv_line()),
        cell(words.csv_reason()),
        cell(words.csv_row())
    );
    for row in rows {
        let reason = reason(words, &row.reason);
        text.push_str(&format!(
            "{},{},{}\r\n",
            row.line,
            cell(&reason),
            cell(&row.raw)
        ));
    }
    text
}

fn cell(text: &str) -> String {
    let guard = match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => "'",
        false => "",
    };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}
