//! A list that somebody typed, with and without a heading.

use crdt_model::import::{
    Column, ImportError, ImportLimits, Kind, RefusedReason, Sample, VoucherReader, VoucherRow,
    detect, detect_as, groups, text_of,
};
use crdt_model::package::{Unit, Validity};

use crate::files::{ROUTER_EXPORT, ROUTER_SCRIPT, read, reasons, row};

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
