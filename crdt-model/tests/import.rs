//! Voucher files as people have them, and the laws of reading one.

use crdt_model::import::{
    Column, ImportError, ImportLimits, RefusedReason, VoucherFile, VoucherRow, read_vouchers,
};
use crdt_model::voucher::{Code, pack, unpack};
use proptest::prelude::*;

/// The export of the common voucher tool, with everything that goes wrong in one (invented values).
const ROUTER_EXPORT: &[u8] = include_bytes!("fixtures/router-export.csv");

fn read(text: &str) -> Result<VoucherFile, ImportError> {
    read_vouchers(text.as_bytes(), &ImportLimits::default())
}

fn row(line: u32, username: &str) -> VoucherRow {
    VoucherRow {
        line,
        username: username.to_owned(),
        password: None,
        profile: String::new(),
        uptime_limit_seconds: None,
        quota_bytes: None,
        price: None,
        comment: None,
    }
}

fn reasons(file: &VoucherFile) -> Vec<(u32, RefusedReason)> {
    file.refused
        .iter()
        .map(|refused| (refused.line, refused.reason.clone()))
        .collect()
}

#[test]
fn a_router_export_gives_its_unused_vouchers() {
    let file = read_vouchers(ROUTER_EXPORT, &ImportLimits::default()).unwrap();
    let codes: Vec<_> = file
        .rows
        .iter()
        .map(|row| (row.line, row.username.as_str(), row.password.as_deref()))
        .collect();
    assert_eq!(
        codes,
        [
            (2, "QWERT", Some("6770")),
            (3, "mm2xk4", None),
            (4, "ZXCVB", Some("0755")),
            (5, "hh7tt9", None),
            (6, "HH7TT9", Some("hh7tt9")),
            (12, "tt5yy6", None),
            (16, "gg9jj4", None),
            (23, "yy7zz4", None),
        ]
    );
    assert_eq!(
        file.rows[0],
        VoucherRow {
            line: 2,
            username: "QWERT".to_owned(),
            password: Some("6770".to_owned()),
            profile: "2HARI".to_owned(),
            uptime_limit_seconds: Some(30 * 86_400),
            quota_bytes: Some(1 << 30),
            price: None,
            comment: Some("up-147-08.09.26-duka la Neema".to_owned()),
        }
    );
    let comments = |at: usize| file.rows[at].comment.as_deref();
    assert_eq!(comments(5), Some("duka la \"Mama Neema\", sokoni"));
    assert_eq!(comments(6), Some("vc-322-08.12.26-posta\r\nmtaa wa pili"));
    assert_eq!(file.rows[6].uptime_limit_seconds, Some(9 * 86_400 + 10_800));
    assert_eq!(file.rows[6].quota_bytes, Some(5 << 30));
}

#[test]
fn a_router_export_names_each_row_it_does_not_take() {
    let file = read_vouchers(ROUTER_EXPORT, &ImportLimits::default()).unwrap();
    let used = |until: &str| RefusedReason::AlreadyUsed {
        until: until.to_owned(),
    };
    assert_eq!(
        reasons(&file),
        [
            (7, used("jul/22/2026 05:29:05")),
            (8, used("2026-05-01 18:03:44")),
            (9, RefusedReason::DeviceAddress),
            (10, RefusedReason::TwiceInFile { first_line: 3 }),
            (11, RefusedReason::EmptyCode),
            (
                13,
                RefusedReason::TooManyColumns {
                    found: 7,
                    expected: 6
                }
            ),
            (14, RefusedReason::BadQuotes),
            (
                15,
                RefusedReason::UnreadableLimit {
                    column: Column::UptimeLimit
                }
            ),
            (18, RefusedReason::RunOut),
            (
                20,
                RefusedReason::RoundedBySpreadsheet {
                    column: Column::Username
                }
            ),
            (
                21,
                RefusedReason::BlankAround {
                    column: Column::Username
                }
            ),
            (
                22,
                RefusedReason::ControlCharacter {
                    column: Column::Username
                }
            ),
            (
                24,
                RefusedReason::TooFewColumns {
                    found: 3,
                    expected: 6
                }
            ),
        ]
    );
    assert_eq!(file.refused[12].raw, "ww9qq2,ww9qq2,1-SI");
}

#[test]
fn a_list_typed_by_hand_has_its_columns_in_any_order() {
    for text in [
        "Comment;PRICE;Code;Pass word;Package\nasha;1,500;ABC;;1 Week\n",
        "\u{feff}Comment\tPRICE\tCode\tPass word\tPackage\r\nasha\t1,500\tABC\t\t1 Week\r\n",
        "\"Comment\",\"PRICE\",\"Code\",\"Pass word\",\"Package\"\rasha,\"1,500\",ABC,ABC,1 Week,,\r",
        "comment,price,code,password,package\nasha,\"1,500\",ABC,, 1 Week \n,,,,\n",
    ] {
        let file = read(text).unwrap();
        let expected = VoucherRow {
            profile: "1 Week".to_owned(),
            price: Some("1,500".to_owned()),
            comment: Some("asha".to_owned()),
            ..row(2, "ABC")
        };
        assert_eq!(file.rows, [expected], "{text:?}");
        assert_eq!(file.refused, [], "{text:?}");
    }
}

#[test]
fn columns_without_a_meaning_are_listed_and_not_read() {
    let file = read("sep=;\nserial;code\n1;ABC\n2;DEF\n").unwrap();
    assert_eq!(file.rows, [row(3, "ABC"), row(4, "DEF")]);
    assert_eq!(file.columns[0].name, "serial");
    assert_eq!(file.columns[0].column, None);
    assert_eq!(file.columns[1].column, Some(Column::Code));
}

#[test]
fn code_and_username_may_both_stand_there_if_they_agree() {
    let file = read("code,username\nA,A\nB,\n,C\nD,E\n").unwrap();
    assert_eq!(file.rows, [row(2, "A"), row(3, "B"), row(4, "C")]);
    assert_eq!(reasons(&file), [(5, RefusedReason::CodeAndUsernameDiffer)]);
}

#[test]
fn a_date_as_comment_says_nothing_in_a_list_typed_by_hand() {
    let file = read("code,comment\nABC,2026-05-01 18:03:44\n").unwrap();
    assert_eq!(file.rows.len(), 1);
}

#[test]
fn a_refused_row_still_owns_its_code() {
    let text = "username,password,time limit,data limit,comment\n\
                abc,,,,2026-05-01 18:03:44\nabc,,,,vc-1\n";
    assert_eq!(
        reasons(&read(text).unwrap())[1],
        (3, RefusedReason::TwiceInFile { first_line: 2 })
    );
}

#[test]
fn long_cells_are_refused_not_cut() {
    let column = Column::Code;
    let text = format!("code\n{}\n{}\n", "x".repeat(64), "x".repeat(65));
    let file = read(&text).unwrap();
    assert_eq!(file.rows.len(), 1);
    assert_eq!(
        reasons(&file),
        [(3, RefusedReason::TooLong { column, limit: 64 })]
    );
    let separators = format!("code\nA\n{}\n", ",".repeat(1_000_000));
    let (found, expected) = (33, 1);
    assert_eq!(
        reasons(&read(&separators).unwrap()),
        [(3, RefusedReason::TooManyColumns { found, expected })]
    );
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let error = |bytes: &[u8]| read_vouchers(bytes, &ImportLimits::default()).unwrap_err();
    assert_eq!(error(b""), ImportError::Empty);
    assert_eq!(error(b"\xef\xbb\xbf\r\n \r\n"), ImportError::Empty);
    assert_eq!(error(b"\xff\xfec\0o\0"), ImportError::Utf16);
    assert_eq!(
        error(b"code\nA\nKiosk Ca\xf1a\n"),
        ImportError::NotUtf8 { line: 3 }
    );
    assert_eq!(
        error(b"QWERT,6770\n"),
        ImportError::NoCodeColumn {
            first_line: "QWERT,6770".to_owned()
        }
    );
    assert_eq!(
        error(b"code,pwd,Password\n"),
        ImportError::ColumnTwice {
            column: Column::Password
        }
    );
    assert_eq!(
        error(format!("code{}", ",".repeat(32)).as_bytes()),
        ImportError::TooManyColumns { limit: 32 }
    );
    let small = ImportLimits {
        bytes_max: 12,
        rows_max: 2,
        ..ImportLimits::default()
    };
    let rows = |bytes: &[u8]| read_vouchers(bytes, &small).map(|file| file.rows.len());
    assert_eq!(rows(b"code\n\nA\nB\n\n"), Ok(2));
    assert_eq!(
        rows(b"code\nA\nB\nC"),
        Err(ImportError::TooManyRows { limit: 2 })
    );
    assert_eq!(
        rows(b"code\nA\nB\n\n\n\n\n"),
        Err(ImportError::TooManyBytes { limit: 12 })
    );
}

#[test]
fn what_was_read_fits_into_a_block() {
    let file = read_vouchers(ROUTER_EXPORT, &ImportLimits::default()).unwrap();
    let codes: Vec<_> = file
        .rows
        .into_iter()
        .map(|row| Code {
            username: row.username,
            password: row.password,
        })
        .collect();
    assert_eq!(unpack(&pack(&codes).unwrap()).unwrap(), codes);
}

#[test]
fn what_was_read_travels_to_the_screen() {
    let file = read_vouchers(ROUTER_EXPORT, &ImportLimits::default()).unwrap();
    let bytes = minicbor_serde::to_vec(&file).unwrap();
    let back: VoucherFile = minicbor_serde::from_slice(&bytes).unwrap();
    assert_eq!(back, file);
}

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

fn small_limits() -> ImportLimits {
    ImportLimits {
        bytes_max: 400,
        rows_max: 8,
        columns_max: 4,
        code_bytes_max: 6,
        comment_bytes_max: 10,
        raw_bytes_max: 7,
    }
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
