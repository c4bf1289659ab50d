//! Voucher files as people have them, and the laws of reading one.

use crdt_model::import::{
    Column, FileProfile, ImportError, ImportLimits, Kind, RefusedReason, Sample, VoucherFile,
    VoucherReader, VoucherRow, detect, detect_as, groups, read_vouchers, text_of,
};
use crdt_model::package::{Unit, Validity};
use crdt_model::voucher::{Code, pack, unpack};
use proptest::prelude::*;

/// The export of the common voucher tool, with everything that goes wrong in one (invented values).
const ROUTER_EXPORT: &[u8] = include_bytes!("fixtures/router-export.csv");

/// The same vouchers as the router itself exports them.
const ROUTER_SCRIPT: &[u8] = include_bytes!("fixtures/router-export.rsc");

/// A router of a reseller: eight profiles, the batches of nine days, wrapped lines (invented values).
const RESELLER_ROUTER: &[u8] = include_bytes!("fixtures/reseller-router.rsc");

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
        validity: None,
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

#[test]
fn a_router_script_gives_its_unused_vouchers() {
    let file = read_vouchers(ROUTER_SCRIPT, &ImportLimits::default()).unwrap();
    let codes: Vec<_> = file
        .rows
        .iter()
        .map(|row| {
            let password = row.password.as_deref();
            (
                row.line,
                row.username.as_str(),
                password,
                row.profile.as_str(),
            )
        })
        .collect();
    assert_eq!(
        codes,
        [
            (15, "QWERT", Some("6770"), "1-SIKU"),
            (17, "mm2xk4", None, "WIKI 1"),
            (19, "rr4ww2", Some("a=b\\c $ \"x\""), "1-SIKU"),
            (30, "nn8pp3", None, "default"),
            (33, "yy7zz4", None, "1-SIKU"),
            (37, "tt5yy6", None, "WIKI 1"),
            (39, "tt6yy6", None, "WIKI 1"),
        ]
    );
    assert_eq!(file.rows[0].uptime_limit_seconds, Some(30 * 86_400));
    assert_eq!(file.rows[0].quota_bytes, Some(1 << 30));
    assert_eq!(file.rows[4].comment.as_deref(), Some("café ☕"));
    let used = |until: &str| RefusedReason::AlreadyUsed {
        until: until.to_owned(),
    };
    let bound = |address: &str| RefusedReason::BoundToDevice {
        address: address.to_owned(),
    };
    assert_eq!(
        reasons(&file),
        [
            (20, used("jul/22/2026 05:29:05")),
            (21, used("2026-05-01 18:03:44")),
            (22, bound("B0:1B:82:B8:33:4C")),
            (24, bound("CD:27:94:B9:6A:24")),
            (25, RefusedReason::TwiceInFile { first_line: 17 }),
            (27, RefusedReason::EmptyCode),
            (28, RefusedReason::RunOut),
            (29, RefusedReason::Disabled),
            (31, RefusedReason::BadQuotes),
            (32, RefusedReason::NotAnAdd),
            (34, RefusedReason::BadEncoding),
        ]
    );
}

#[test]
fn a_router_script_says_what_its_profiles_are() {
    let file = read_vouchers(ROUTER_SCRIPT, &ImportLimits::default()).unwrap();
    let profile = |name: &str, upload, download, shared| FileProfile {
        name: name.to_owned(),
        upload_kbps: Some(upload),
        download_kbps: Some(download),
        shared_users: Some(shared),
        validity: None,
        price: None,
    };
    assert_eq!(
        file.profiles,
        [
            profile("default", 1_000, 2_000, 2),
            FileProfile {
                price: Some("1000".to_owned()),
                validity: Some(Validity {
                    count: 1,
                    unit: Unit::Day
                }),
                ..profile("1-SIKU", 2_000, 5_000, 1)
            },
            profile("WIKI 1", 512, 1_000, 1),
        ]
    );
    let grouped = groups(&file).unwrap();
    let groups = &grouped.groups;
    let found: Vec<_> = groups
        .iter()
        .map(|group| (group.key.profile.as_str(), group.count, group.tags))
        .collect();
    assert_eq!(
        found,
        [("1-SIKU", 3, 1), ("WIKI 1", 3, 1), ("default", 1, 0)]
    );
    assert_eq!(grouped.of_row, [0, 1, 0, 2, 0, 1, 1]);
    assert_eq!(groups[0].uptimes.common(), None);
    assert_eq!(groups[0].known.as_ref().unwrap().upload_kbps, Some(2_000));
}

#[test]
fn a_resellers_router_is_read_whole() {
    let file = read_vouchers(RESELLER_ROUTER, &ImportLimits::default()).unwrap();
    // 90 vouchers of nine batches, and one with every sign that needs quoting.
    assert_eq!(file.rows.len(), 91);
    let quoted = file.rows.iter().find(|row| row.username.contains('"'));
    let quoted = quoted.unwrap();
    assert_eq!(quoted.username, "mtihani \"wa pili\"");
    assert_eq!(quoted.password.as_deref(), Some("k=v\\n"));
    assert_eq!(
        quoted.comment.as_deref(),
        Some("alama \"mbili\" na ; nukta")
    );
    let refused = |is_it: fn(&RefusedReason) -> bool| {
        let refused = file.refused.iter();
        refused.filter(|refused| is_it(&refused.reason)).count()
    };
    let counts = [
        refused(|reason| matches!(reason, RefusedReason::AlreadyUsed { .. })),
        refused(|reason| matches!(reason, RefusedReason::BoundToDevice { .. })),
        refused(|reason| matches!(reason, RefusedReason::TwiceInFile { .. })),
        file.refused.len(),
    ];
    assert_eq!(counts, [7, 3, 1, 11]);
    let grouped = groups(&file).unwrap();
    let found: Vec<_> = grouped
        .groups
        .iter()
        .map(|group| (group.key.profile.as_str(), group.count, group.tags))
        .collect();
    assert_eq!(found.len(), 8);
    assert_eq!(found[..2], [("SIKU-3", 20, 2), ("SIKU-1", 11, 1)]);
    assert_eq!(grouped.tags.len(), 9);
}

/// What RouterOS 7 writes, which leaves passwords out unless it is told to show them.
const WITHOUT_PASSWORDS: &str = "# 2026-11-02 08:14:51 by RouterOS 7.16\n/ip hotspot user\n\
    add comment=up-147-10.02.26-kiosk name=QWERT profile=1-SIKU\n\
    add comment=vc-698-09.13.26-kiosk name=k7qm9r profile=1-SIKU\n\
    add name=b2qnbw profile=1-SIKU\n";

#[test]
fn a_voucher_whose_password_is_not_shown_is_refused() {
    let codes = |file: &VoucherFile| -> Vec<String> {
        file.rows.iter().map(|row| row.username.clone()).collect()
    };
    let hidden = read(WITHOUT_PASSWORDS).unwrap();
    assert_eq!(codes(&hidden), ["k7qm9r", "b2qnbw"]);
    assert_eq!(reasons(&hidden), [(3, RefusedReason::PasswordMissing)]);
    assert!(hidden.has_no_passwords);

    let shown = WITHOUT_PASSWORDS.replace("name=QWERT", "name=QWERT password=6770");
    let shown = read(&shown).unwrap();
    assert_eq!(codes(&shown), ["QWERT", "k7qm9r", "b2qnbw"]);
    assert_eq!(shown.rows[0].password.as_deref(), Some("6770"));
    assert!(!shown.has_no_passwords);

    // Who types the code twice has a password as well, and so has one who cannot be imported.
    let equal = WITHOUT_PASSWORDS.replace("name=QWERT", "name=QWERT password=QWERT");
    assert_eq!(read(&equal).unwrap().refused, []);
    let bound = format!("{WITHOUT_PASSWORDS}add name=tv password=tv disabled=yes\n");
    assert!(!read(&bound).unwrap().has_no_passwords);

    // The common tool, when the router keeps passwords from it, lists them as empty.
    let list = "Username,Password,Profile,Time Limit,Data Limit,Comment\n\
                QWERT,,1-SIKU,,,up-147-10.02.26-kiosk\n";
    let list = read(list).unwrap();
    assert_eq!(reasons(&list), [(2, RefusedReason::PasswordMissing)]);
    assert!(list.has_no_passwords);
    // In a list typed by hand a comment is a comment.
    let by_hand = read("code,comment\nQWERT,up-147-10.02.26-kiosk\n").unwrap();
    assert_eq!((by_hand.rows.len(), by_hand.has_no_passwords), (1, false));
}

/// A file of the shape and size that a reseller's router exports: 1,569 users with all that goes wrong.
fn large_export() -> (String, String) {
    let mut script = String::from("# nov/02/2026 08:14:51 by RouterOS 7.16\n/ip hotspot user\n");
    let mut list = String::from("Username,Password,Profile,Time Limit,Data Limit,Comment\r\n");
    for n in 0..1_569 {
        let (name, comment) = match n % 13 {
            7 => (format!("u{n}"), "jul/22/2026 05:29:05".to_owned()),
            9 => (format!("u{n}"), "2026-07-22 05:29:05".to_owned()),
            _ => (
                format!("u{n}"),
                format!("vc-{}-08.12.25-kiosk mwenge", n % 7),
            ),
        };
        script.push_str(&format!(
            "add comment=\"{comment}\" limit-uptime=7d name={name} \\\r\n    password={name} profile=MWEZI-1\r\n"
        ));
        list.push_str(&format!("{name},{name},MWEZI-1,7d,,{comment}\r\n"));
    }
    (script, list)
}

#[test]
fn both_exports_of_one_router_say_the_same() {
    let (script, list) = large_export();
    let (script, list) = (read(&script).unwrap(), read(&list).unwrap());
    let without_lines = |file: &VoucherFile| -> Vec<VoucherRow> {
        let without = |row: &VoucherRow| VoucherRow {
            line: 0,
            ..row.clone()
        };
        file.rows.iter().map(without).collect()
    };
    assert_eq!(without_lines(&script), without_lines(&list));
    // 1,569 users, two of every thirteen used.
    assert_eq!((script.rows.len(), script.refused.len()), (1_328, 241));
    let groups = groups(&script).unwrap().groups;
    assert_eq!((groups.len(), groups[0].tags), (1, 7));
    assert_eq!(groups[0].uptimes.common(), Some(7 * 86_400));
}

#[test]
fn what_a_file_is_can_be_said() {
    let limits = ImportLimits::default();
    let kind = |text: &str| detect(text, &limits).unwrap().kind;
    assert_eq!(kind(&String::from_utf8_lossy(ROUTER_EXPORT)), Kind::Mikhmon);
    assert_eq!(
        kind(&String::from_utf8_lossy(ROUTER_SCRIPT)),
        Kind::RouterOs
    );
    assert_eq!(kind("code;price\nA;1\n"), Kind::Csv);

    // Said to be a list like any other, a date in a comment is a comment.
    let text = text_of(ROUTER_EXPORT, &limits).unwrap();
    let as_csv = detect_as(&text, Kind::Csv, None, &limits).unwrap();
    let mut reader = VoucherReader::new(text, as_csv.layout, limits.clone()).unwrap();
    while reader.read(3).unwrap() {}
    let lines: Vec<u32> = reader.finish().rows.iter().map(|row| row.line).collect();
    assert!(lines.contains(&7) && lines.contains(&8));
}

#[test]
fn a_file_without_names_has_its_columns_chosen() {
    let limits = ImportLimits::default();
    let text = "ABC;secret;5000;siku 7\nDEF;;5000;\n";
    let mut layout = detect(text, &limits).unwrap().layout.unwrap();
    assert!(!layout.has_header);
    assert_eq!((layout.separator, layout.columns.len()), (';', 4));
    let sample = Sample::of(text, &layout, 5, &limits);
    assert_eq!(sample.rows[0], ["ABC", "secret", "5000", "siku 7"]);
    assert!(VoucherReader::new(text.into(), Some(layout.clone()), limits.clone()).is_err());
    let chosen = [
        Column::Code,
        Column::Password,
        Column::Price,
        Column::Validity,
    ];
    for (column, chosen) in layout.columns.iter_mut().zip(chosen) {
        column.column = Some(chosen);
    }
    let mut reader = VoucherReader::new(text.into(), Some(layout), limits.clone()).unwrap();
    assert!(!reader.read(10).unwrap());
    let file = reader.finish();
    let week = Validity {
        count: 7,
        unit: Unit::Day,
    };
    let price = Some("5000".to_owned());
    assert_eq!(
        file.rows,
        [
            VoucherRow {
                password: Some("secret".to_owned()),
                price: price.clone(),
                validity: Some(week),
                ..row(1, "ABC")
            },
            VoucherRow {
                price,
                ..row(2, "DEF")
            },
        ]
    );
    // The first line can be said to be no names, or names.
    let as_rows = detect_as("code\nABC\n", Kind::Csv, Some(false), &limits).unwrap();
    assert_eq!(
        as_rows.layout.unwrap().columns[0].column,
        Some(Column::Code)
    );
    let as_names = detect_as(text, Kind::Csv, Some(true), &limits).unwrap();
    assert_eq!(as_names.layout.unwrap().columns[0].name, "ABC");
}

#[test]
fn a_heading_that_is_not_known_is_no_voucher() {
    let limits = ImportLimits::default();
    let layout = |text: &str, header| {
        let detected = detect_as(text, Kind::Csv, header, &limits).unwrap();
        detected.layout.unwrap()
    };
    for text in [
        "Codes\nK7401\nK7402\n",
        "Voucher No\nABC\nDEF\n",
        "\u{feff}Namba ya siri\r\n7401\r\n\r\n7402\r\n",
    ] {
        let text = text_of(text.as_bytes(), &limits).unwrap();
        let found = layout(&text, None);
        assert!(found.has_header, "{text}");
        assert_eq!(found.columns[0].column, None, "{text}");
        let name = text.lines().next().unwrap();
        assert_eq!(found.columns[0].name, name);
        let asked = ImportError::NoCodeColumn {
            first_line: name.to_owned(),
        };
        assert_eq!(read(&text), Err(asked));
        // Said to be a code all the same, it is one.
        let as_code = layout(&text, Some(false));
        assert_eq!(as_code.columns[0].column, Some(Column::Code));
    }
    for codes in [
        "ABC\nD4F\nGHJ\n",
        "K74\nK75\n",
        "one two\nthree four\n",
        "ABC\n",
    ] {
        let file = read(codes).unwrap();
        assert_eq!(file.rows.len(), codes.lines().count(), "{codes}");
    }
}

#[test]
fn a_profile_for_every_row_is_the_wrong_column() {
    let text: String = (0..300).fold("code,profile\n".into(), |text, n| {
        format!("{text}c{n},p{n}\n")
    });
    let file = read(&text).unwrap();
    assert_eq!(
        groups(&file).unwrap_err(),
        ImportError::TooManyProfiles { limit: 200 }
    );
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
