//! What holds of every file.

use crdt_model::import::{ImportLimits, VoucherReader, VoucherRow, detect, read_vouchers, text_of};
use proptest::prelude::*;

use crate::files::{ROUTER_EXPORT, ROUTER_SCRIPT, row, small_limits};

/// Everything that comes out is bounded by what went in and by the limits.
fn assert_bounded(bytes: &[u8], limits: &ImportLimits) {
    let Ok(file) = read_vouchers(bytes, limits) else {
        return;
    };
    assert!(file.columns.len() <= limits.columns_max);
    assert!(file.rows.len() + file.refused.len() <= limits.rows_max as usize);
    for row in &file.rows {
        assert!((1..=limits.code_bytes_max).contains(&row.username.len()));
        assert!(row.profile.len() <= limits.code_bytes_max);
        assert!(
            row.comment
                .as_ref()
                .is_none_or(|c| c.len() <= limits.comment_bytes_max)
        );
    }
    for refused in &file.refused {
        assert!(refused.raw.len() <= limits.raw_bytes_max);
    }
    let lines = file.rows.iter().map(|row| row.line);
    assert!(lines.is_sorted_by(|a, b| a < b));
    let mut codes: Vec<_> = file.rows.iter().map(|row| &row.username).collect();
    codes.sort();
    assert!(codes.is_sorted_by(|a, b| a < b), "a code came twice");
}

/// Text no other rule touches: printable, without blanks around, not a number that a spreadsheet made.
fn cell(max: usize) -> impl Strategy<Value = String> {
    let inner = format!("[A-Za-z0-9!-~éß漢]([ -~é;,\"]{{0,{max}}}[A-Za-z0-9\"])?");
    proptest::string::string_regex(&inner)
        .expect("the pattern is a constant but for a number")
        .prop_filter("kept for other rules", |text| {
            !text.contains("E+") && !text.contains(':') && !text.contains('-')
        })
}

prop_compose! {
    fn voucher()(
        code in cell(20),
        password in proptest::option::of(cell(12)),
        profile in cell(12),
        days in proptest::option::of(1_u64..400),
        kibibytes in proptest::option::of(1_u64..1 << 30),
        comment in proptest::option::of(cell(30)),
    ) -> VoucherRow {
        VoucherRow {
            password: password.filter(|password| *password != code),
            profile,
            uptime_limit_seconds: days.map(|days| days * 86_400),
            quota_bytes: kibibytes.map(|kibibytes| kibibytes * 1024),
            comment,
            ..row(0, &code)
        }
    }
}

const WRITES: &str = "writing to memory does not fail";

fn written(rows: &[VoucherRow], separator: u8, has_crlf: bool) -> Vec<u8> {
    let terminator = if has_crlf {
        csv::Terminator::CRLF
    } else {
        csv::Terminator::Any(b'\n')
    };
    let mut writer = csv::WriterBuilder::new()
        .delimiter(separator)
        .terminator(terminator)
        .from_writer(Vec::new());
    let header = "Username,Password,Profile,Time Limit,Data Limit,Comment";
    writer.write_record(header.split(',')).expect(WRITES);
    for row in rows {
        let text = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
        let days = row.uptime_limit_seconds.map(|s| format!("{}d", s / 86_400));
        writer
            .write_record([
                row.username.as_str(),
                row.password.as_deref().unwrap_or(&row.username),
                &row.profile,
                &days.unwrap_or_default(),
                &text(row.quota_bytes),
                row.comment.as_deref().unwrap_or_default(),
            ])
            .expect(WRITES);
    }
    writer.into_inner().expect(WRITES)
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        assert_bounded(&bytes, &small_limits());
        assert_bounded(&bytes, &ImportLimits::default());
    }

    /// However a file is sliced, it says the same.
    #[test]
    fn slices_say_what_the_whole_says(size in 1_usize..9, is_script: bool) {
        let bytes = if is_script { ROUTER_SCRIPT } else { ROUTER_EXPORT };
        let limits = ImportLimits::default();
        let text = text_of(bytes, &limits).unwrap();
        let layout = detect(&text, &limits).unwrap().layout;
        let mut reader = VoucherReader::new(text, layout, limits.clone()).unwrap();
        while reader.read(size).unwrap() {}
        prop_assert_eq!(reader.finish(), read_vouchers(bytes, &limits).unwrap());
    }

    #[test]
    fn any_text_that_looks_like_an_export_is_read_or_refused(
        text in "(# by RouterOS\n)?/ip hotspot user( profile)?\n((add|set|/ip|\\[ find|name=|comment=|\"|\\\\|\n|[a-f0-9 =/:]){0,80})"
    ) {
        assert_bounded(text.as_bytes(), &small_limits());
        assert_bounded(text.as_bytes(), &ImportLimits::default());
    }

    #[test]
    fn any_text_that_looks_like_a_list_is_read_or_refused(
        text in "(sep=;\n)?(code|Username),(password|comment|time limit|x)[;,]?\r?\n([a-c0-9:dG;,\"\r\n +E.é-]{0,6}[,\"\n]){0,60}"
    ) {
        assert_bounded(text.as_bytes(), &small_limits());
        assert_bounded(text.as_bytes(), &ImportLimits::default());
    }

    /// The writer is an independent one, so that its idea of CSV checks ours.
    #[test]
    fn rows_that_were_written_are_read_back(
        rows in proptest::collection::btree_map(cell(20), voucher(), 0..20),
        separator in prop_oneof![Just(b','), Just(b';'), Just(b'\t')],
        has_crlf: bool,
    ) {
        let mut rows: Vec<_> = rows
            .into_iter()
            .map(|(username, row)| VoucherRow {
                password: row.password.filter(|password| *password != username),
                username,
                ..row
            })
            .collect();
        for (line, row) in (2..).zip(&mut rows) {
            row.line = line;
        }
        let bytes = written(&rows, separator, has_crlf);
        let file = read_vouchers(&bytes, &ImportLimits::default()).unwrap();
        prop_assert_eq!(file.refused, []);
        prop_assert_eq!(file.rows, rows);
    }
}
