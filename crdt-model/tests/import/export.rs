//! The export of the common voucher tool, with everything that goes wrong in one.

use crdt_model::import::{
    Column, ImportError, ImportLimits, RefusedReason, VoucherFile, VoucherRow, read_vouchers,
};
use crdt_model::voucher::{Code, pack, unpack};

use crate::files::{ROUTER_EXPORT, read, reasons};

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
            validity: None,
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
