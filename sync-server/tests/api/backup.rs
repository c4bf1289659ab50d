//! Everything into a file and back: what a restored server says, what devices bring back, which files are refused.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crdt_model::command::Command;
use crdt_model::ids::PackageId;
use crdt_model::money::Money;
use crdt_model::package::{PackageDetails, Unit, Validity};
use crdt_model::time::Timestamp;
use serde_json::json;
use sqlx::{ConnectOptions, Connection};
use sync_server::backup::file::{Checked, Draft, FileError, Header};
use sync_server::backup::restore::{Restored, restore};
use sync_server::backup::{Source, make};
use sync_server::cluster::{Cluster, Durability};
use sync_server::database;
use sync_server::ids::new_id;

use crate::helpers::{Browser, Folder, PASSWORD, TestApp};
use crate::profile::{Profile, listen};
use crate::relay::{Shop, wait_for_block};

async fn backup(app: &TestApp, folder: &Folder, name: &str) -> PathBuf {
    let path = folder.0.join(name);
    make::make(&app.options, &path, app.app.clock.now())
        .await
        .unwrap();
    path
}

async fn restore_to(app: &TestApp, path: &Path, replace: bool) -> anyhow::Result<Restored> {
    let now = app.app.clock.now();
    restore(&app.options, Checked::open(path)?, replace, now).await
}

/// The server stops, the backup takes its place, a server starts over it.
async fn go_back(app: &TestApp, path: &Path) -> (TestApp, Restored) {
    app.app.pool.close().await;
    app.app.clock.advance_millis(1_000);
    let restored = restore_to(app, path, true).await.unwrap();
    let clock = app.app.clock.clone();
    let app = TestApp::start_on(app.options.clone(), clock, Path::new("no such folder")).await;
    (app, restored)
}

async fn number(app: &TestApp, sql: &'static str) -> i64 {
    let mut owner = app.as_owner().await;
    sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap()
}

/// Connects, says what is here, and gives back what is missing there.
async fn compare(profile: &mut Profile, app: &TestApp, address: SocketAddr) {
    let old = profile.device.replica.rights();
    profile.connect(app, address).await;
    // None while the comparison runs.
    profile
        .until(|device| ![0, old].contains(&device.replica.rights()))
        .await;
    profile.settle().await;
}

const SALES: &str = "select count(*) from sales";
const CASH: &str = "select coalesce(sum(total_minor), 0)::bigint from sales";

#[tokio::test]
async fn devices_bring_back_what_a_restored_server_lacks() {
    let folder = Folder::new("backup-devices");
    let mut shop = Shop::open().await;
    let block = shop.import(&["A1", "A2", "A3", "A4", "A5", "A6"]).await;
    let mut asha = shop.agent("asha").await;
    shop.lease(block, asha.person).await;
    wait_for_block(&mut asha, block).await;
    asha.sell(shop.order(1)).await;
    asha.sell(shop.order(1)).await;
    asha.settle().await;
    let path = backup(&shop.app, &folder, "old").await;
    let history = number(&shop.app, "select history from organisations").await;

    // After the backup: sales that the server acknowledged, a package, and another block of vouchers.
    asha.sell(shop.order(1)).await;
    asha.sell(shop.order(2)).await;
    asha.settle().await;
    let package = PackageId::from_bytes(new_id(shop.app.app.clock.now()));
    let details = PackageDetails::new(
        "1 Month".into(),
        Money::from_minor(15_000),
        Validity {
            count: 1,
            unit: Unit::Month,
        },
    );
    let add = Command::AddPackage { package, details };
    shop.office.run(add).await;
    shop.office.settle().await;
    shop.import(&["B1", "B2"]).await;
    let cash = number(&shop.app, CASH).await;
    assert_eq!(number(&shop.app, SALES).await, 4);
    asha.go_offline();
    shop.office.go_offline();
    // And one that it never heard of.
    asha.sell(shop.order(1)).await;

    let (app, restored) = go_back(&shop.app, &path).await;
    assert_eq!(number(&app, SALES).await, 2);
    assert_eq!(number(&app, "select count(*) from packages").await, 1);
    assert!(number(&app, "select history from organisations").await > history);
    let aside = restored.aside.unwrap();
    let mut owner = app.as_owner().await;
    let kept: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "select count(*) from {aside}.sales"
    )))
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(kept, 4);

    let address = listen(&app).await;
    for (profile, login) in [(&mut shop.office, "neema@example.org"), (&mut asha, "asha")] {
        profile.browser = app.sign_in(login, PASSWORD).await.0;
    }
    compare(&mut shop.office, &app, address).await;
    compare(&mut asha, &app, address).await;
    assert_eq!(number(&app, SALES).await, 5);
    assert_eq!(number(&app, CASH).await, cash + 5_000);
    assert_eq!(number(&app, "select count(*) from packages").await, 2);
    assert_eq!(number(&app, "select count(*) from vouchers").await, 8);
    assert_eq!(number(&app, "select count(*) from verdicts").await, 0);
    shop.office
        .until(|device| crdt_model::sale::sales(device.replica.sheets()).len() == 5)
        .await;

    // Coming again brings nothing twice.
    for device in [&mut asha, &mut shop.office] {
        device.go_offline();
        device.sync(&app, address).await;
    }
    assert_eq!(number(&app, SALES).await, 5);
    assert_eq!(number(&app, "select count(*) from voucher_sales").await, 6);
}

#[tokio::test]
async fn dg9_restoring_the_same_backup_twice_begins_two_lives() {
    let folder = Folder::new("backup-lives");
    let app = TestApp::start().await;
    app.set_up().await;
    let path = backup(&app, &folder, "file").await;
    let (app, _) = go_back(&app, &path).await;
    let first = number(&app, "select history from organisations").await;
    let (app, _) = go_back(&app, &path).await;
    let second = number(&app, "select history from organisations").await;
    assert!(second > first, "{first} and {second}");
}

#[tokio::test]
async fn a_restore_keeps_secrets_and_the_trail_and_ends_sessions_and_invitations() {
    let folder = Folder::new("backup-secrets");
    let app = TestApp::start().await;
    let (mut browser, answer) = app.set_up().await;
    let asha = app.add_person(answer.org(), "Asha").await;
    let ask = json!({ "person_id": asha.to_string() });
    let invited = browser.post(&app, "/api/invites", ask.clone()).await;
    let path = backup(&app, &folder, "file").await;
    // It went to the wrong number.
    browser.post(&app, "/api/invites/revoke", ask).await;
    let mode = {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(&path).unwrap().permissions().mode()
    };
    assert_eq!(mode & 0o777, 0o600);
    let (restored, told) = go_back(&app, &path).await;
    assert_eq!(told.sessions_ended, 1);
    assert!(told.problems.is_empty());

    // Signed with the same keys, but every session has ended.
    let me = browser.get(&restored, "/api/me").await;
    assert_eq!(me.status, axum::http::StatusCode::OK);
    let refreshed = browser.refresh(&restored, answer.person()).await;
    assert_eq!(refreshed.problem(), "session-ended");
    let link = json!({ "token": invited.json()["token"] });
    let seen = Browser::default()
        .post(&restored, "/api/invites/look", link)
        .await;
    assert_eq!(seen.problem(), "link-revoked");
    restored.sign_in("neema@example.org", PASSWORD).await;
    let mut tx = database::begin(&restored.app.pool, answer.org())
        .await
        .unwrap();
    let broken = sync_server::store::audit::find_break(&mut tx, answer.org()).await;
    assert_eq!(broken.unwrap(), None);
    let trail = "select count(*) from audit where action = 'BackupRestored'";
    assert_eq!(number(&restored, trail).await, 1);
}

#[tokio::test]
async fn a_backup_goes_into_an_empty_database_with_every_row() {
    let folder = Folder::new("backup-empty");
    let mut shop = Shop::open().await;
    shop.import(&["quote'd", "back\\slash", "\\.", "\\N"]).await;
    let path = backup(&shop.app, &folder, "file").await;
    let checked = Checked::open(&path).unwrap();
    checked.count_rows().unwrap();
    let header = checked.header;

    let other = TestApp::start().await;
    other.app.pool.close().await;
    let told = restore_to(&other, &path, false).await.unwrap();
    assert_eq!(told.aside, None);
    let mut ours = shop.app.as_owner().await;
    let mut theirs = other.as_owner().await;
    for table in &header.tables {
        let name = &table.shape.name;
        if ["organisations", "refresh_sessions", "audit"].contains(&name.as_str()) {
            continue;
        }
        let sql = format!(
            "select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from {name} t"
        );
        let digest = |sql: &str| sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned()));
        let mine: String = digest(&sql).fetch_one(&mut ours).await.unwrap();
        let found: String = digest(&sql).fetch_one(&mut theirs).await.unwrap();
        assert_eq!(mine, found, "{name}");
    }
    // Everything that a fresh server would have: keys, indexes, policies.
    let catalog = "select
        (select count(*) from pg_indexes where schemaname = 'public') * 1000000
        + (select count(*) from pg_constraint where connamespace = 'public'::regnamespace) * 1000
        + (select count(*) from pg_policies where schemaname = 'public')";
    assert_eq!(
        number(&other, catalog).await,
        number(&shop.app, catalog).await
    );
}

#[tokio::test]
async fn a_target_in_use_or_of_others_is_left_alone() {
    let folder = Folder::new("backup-target");
    let app = TestApp::start().await;
    app.set_up().await;
    let path = backup(&app, &folder, "file").await;
    let again = make::make(&app.options, &path, app.app.clock.now()).await;
    assert!(again.unwrap_err().to_string().contains("is there already"));

    let error = restore_to(&app, &path, false)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("--replace"), "{error}");
    let error = restore_to(&app, &path, true).await.unwrap_err().to_string();
    assert!(error.contains("a ViorNet server is connected"), "{error}");

    let foreign = TestApp::start().await;
    foreign.app.pool.close().await;
    let mut owner = foreign.as_owner().await;
    sqlx::query("drop table organisations cascade")
        .execute(&mut owner)
        .await
        .unwrap();
    let error = restore_to(&foreign, &path, true)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("another program"), "{error}");
    let nothing = make::make(&foreign.options, &folder.0.join("no"), app.app.clock.now()).await;
    assert!(nothing.is_err());
    assert!(!folder.0.join("no").exists());
}

/// The file's frames under another header, sealed again: what a forger would send.
fn forge(from: &Path, to: &Path, header: &Header, change: impl Fn(&str, &mut Vec<u8>)) {
    let checked = Checked::open(from).unwrap();
    let mut content = checked.content().unwrap();
    let mut draft = Draft::begin(to, header).unwrap();
    let mut frame = Vec::new();
    for table in &checked.header.tables {
        while content.next_frame(&mut frame).unwrap() {
            change(&table.shape.name, &mut frame);
            draft.frame(&frame).unwrap();
        }
        draft.end_table().unwrap();
    }
    draft.keep().unwrap();
}

#[tokio::test]
async fn hostile_files_are_refused_and_touch_nothing() {
    let folder = Folder::new("backup-hostile");
    let app = TestApp::start().await;
    app.set_up().await;
    let path = backup(&app, &folder, "good").await;
    let good = std::fs::read(&path).unwrap();
    app.app.pool.close().await;
    let bad = folder.0.join("bad");

    let read = |bytes: &[u8]| {
        std::fs::write(&bad, bytes).unwrap();
        Checked::open(&bad).map(|checked| checked.header)
    };
    for length in [
        0,
        1,
        15,
        16,
        19,
        20,
        21,
        200,
        good.len() / 2,
        good.len() - 33,
        good.len() - 1,
    ] {
        let error = read(&good[..length]).unwrap_err();
        let is_right =
            matches!(error, FileError::Foreign(_)) || matches!(error, FileError::NotWhole(_));
        assert!(is_right, "{length}: {error}");
    }
    for place in [
        0,
        17,
        18,
        19,
        25,
        300,
        good.len() / 2,
        good.len() - 40,
        good.len() - 1,
    ] {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        assert!(read(&bytes).is_err(), "flipped byte {place}");
    }
    let longer = [&good[..], b"x"].concat();
    assert!(matches!(read(&longer), Err(FileError::NotWhole(_))));
    assert!(matches!(
        read(b"PGDMP and more than twenty bytes"),
        Err(FileError::Foreign(_))
    ));
    std::fs::remove_file(&bad).unwrap();
    assert!(matches!(
        Checked::open(&folder.0),
        Err(FileError::Foreign(_) | FileError::Io { .. })
    ));

    let header = Checked::open(&path).unwrap().header;
    let refused = async |header: &Header, change: fn(&str, &mut Vec<u8>), words: &str| {
        let _ = std::fs::remove_file(&bad);
        forge(&path, &bad, header, change);
        let error = match restore_to(&app, &bad, true).await {
            Ok(_) => panic!("taken, where it should say {words}"),
            Err(error) => format!("{error:#}"),
        };
        assert!(error.contains(words), "{error}");
        let mut owner = app.options.connect().await.unwrap();
        let schemas: i64 =
            sqlx::query_scalar("select count(*) from pg_namespace where nspname like 'before%'")
                .fetch_one(&mut owner)
                .await
                .unwrap();
        assert_eq!(schemas, 0, "{words}");
        owner.close().await.unwrap();
    };
    let same = |_: &str, _: &mut Vec<u8>| {};
    let newer = Header {
        format: 2,
        ..header.clone()
    };
    refused(&newer, same, "newer ViorNet").await;
    let mut newer = header.clone();
    newer.migrations.push(30_000_101_000_000);
    refused(&newer, same, "newer ViorNet").await;
    let mut older = header.clone();
    older.migrations.truncate(1);
    refused(&older, same, "not those of its version").await;
    let mut short = header.clone();
    short.tables[0].rows += 1;
    refused(&short, same, "contradicts itself").await;
    let mut sly = header.clone();
    sly.tables[0].shape.name = "audit; drop table changes".into();
    refused(&sly, same, "not those of its version").await;
    let mut cut = header.clone();
    cut.tables.pop();
    refused(&cut, same, "not those of its version").await;
    let rewrite = |table: &str, frame: &mut Vec<u8>| {
        if table == "audit" {
            let text = String::from_utf8(frame.clone()).unwrap();
            *frame = text
                .replace("OrganisationSetUp", "OrganisationSetIn")
                .into_bytes();
        }
    };
    refused(&header, rewrite, "audit trail").await;
    let orphan = |table: &str, frame: &mut Vec<u8>| {
        if table == "people" {
            let end = frame.iter().position(|byte| *byte == b'\n').unwrap();
            let line = String::from_utf8(frame[..end].to_vec()).unwrap();
            let other = line.replace(|c: char| c.is_ascii_digit(), "7");
            frame.splice(..end, other.into_bytes());
        }
    };
    refused(&header, orphan, "do not fit together").await;
}

#[tokio::test]
async fn a_trail_that_was_broken_before_is_told_and_restored() {
    let folder = Folder::new("backup-broken");
    let app = TestApp::start().await;
    app.set_up().await;
    let mut owner = app.as_owner().await;
    sqlx::query("update audit set action = 'Nothing' where seq = 1")
        .execute(&mut owner)
        .await
        .unwrap();
    let path = backup(&app, &folder, "file").await;
    let (_, told) = go_back(&app, &path).await;
    assert_eq!(
        told.problems,
        ["the audit trail of Neema Net was altered at entry 1"]
    );
}

#[tokio::test]
async fn a_private_cluster_is_copied_while_its_server_runs_and_restored_while_not() {
    let folder = Folder::new("backup-private");
    let data = folder.0.join("data");
    let now = Timestamp::from_millis(1_795_176_000_000);
    assert!(Source::to_read(&data, None).await.is_err());
    assert!(!data.exists());

    let cluster = Cluster::start(&data, Durability::ThrowAway).await.unwrap();
    let pool = database::open(cluster.connect_options()).await.unwrap();
    let running = Source::to_read(&data, None).await.unwrap();
    let first = folder.0.join("first");
    make::make(&running.options, &first, now).await.unwrap();
    running.close().await.unwrap();
    let Err(error) = Source::to_replace(&data, None).await else {
        panic!("a folder was given away that a server uses");
    };
    assert!(
        error.to_string().contains("a ViorNet server is running on"),
        "{error}"
    );
    pool.close().await;
    cluster.stop().await.unwrap();

    let stopped = Source::to_read(&data, None).await.unwrap();
    let second = folder.0.join("second");
    make::make(&stopped.options, &second, now).await.unwrap();
    stopped.close().await.unwrap();

    let elsewhere = folder.0.join("elsewhere");
    let target = Source::to_replace(&elsewhere, None).await.unwrap();
    let checked = Checked::open(&second).unwrap();
    restore(&target.options, checked, false, now).await.unwrap();
    target.close().await.unwrap();
}
