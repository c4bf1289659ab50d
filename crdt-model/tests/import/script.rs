//! What a router says of itself, as a script.

use crdt_model::import::{
    FileProfile, ImportLimits, RefusedReason, VoucherFile, VoucherRow, groups, read_vouchers,
};
use crdt_model::package::{Unit, Validity};

use crate::files::{RESELLER_ROUTER, ROUTER_SCRIPT, read, reasons};

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
