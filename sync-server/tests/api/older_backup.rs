//! A backup that an older ViorNet made is restored by this one: at every step that the tables ever had.

use std::path::Path;

use futures::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use sync_server::backup::file::Checked;
use sync_server::backup::make;
use sync_server::backup::restore::restore;
use sync_server::migrations::{migrator, migrator_of};
use sync_server::store::backup::{self, Shape};

use crate::helpers::{Folder, PASSWORD, TestApp, create_database};
use crate::relay::{Shop, wait_for_block};

/// By then there are the tables of a business that sells.
const MIGRATIONS_MIN: usize = 5;

/// A database with the tables of a while ago, and of today's rows what these have room for.
async fn as_it_was(app: &TestApp, versions: &[i64]) -> (PgConnectOptions, Vec<Shape>) {
    let options = create_database().await;
    let mut old = options.connect().await.unwrap();
    migrator_of(versions).run(&mut old).await.unwrap();
    let mut now = app.as_owner().await;
    let shapes = backup::shapes(&mut old).await.unwrap();
    let names: Vec<&str> = shapes.iter().map(|shape| shape.name.as_str()).collect();
    let mut tx = old.begin().await.unwrap();
    // Rows come table by table, and what they refer to may be in the next.
    let begin = format!(
        "set local session_replication_role = replica; truncate {}",
        names.join(", ")
    );
    sqlx::raw_sql(AssertSqlSafe(begin))
        .execute(&mut *tx)
        .await
        .unwrap();
    for shape in &shapes {
        let rows = backup::copy_out(&mut now, shape).await.unwrap();
        let rows: Vec<_> = rows.try_collect().await.unwrap();
        let mut copy = backup::copy_in(&mut tx, shape).await.unwrap();
        for row in rows {
            copy.send(row.as_ref()).await.unwrap();
        }
        copy.finish().await.unwrap();
    }
    for (name, last) in backup::sequences(&mut now).await.unwrap() {
        backup::set_sequence(&mut tx, &name, last).await.unwrap();
    }
    tx.commit().await.unwrap();
    old.close().await.unwrap();
    (options, shapes)
}

async fn digest(db: &mut PgConnection, table: &str, columns: &str) -> String {
    let sql = format!(
        "select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from (select {columns} from {table}) t"
    );
    sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_one(db)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_backup_of_every_older_version_is_restored_with_its_sums() {
    let folder = Folder::new("backup-older");
    let mut shop = Shop::open().await;
    let block = shop.import(&["A1", "A2", "A3", "A4"]).await;
    let mut asha = shop.agent("asha").await;
    shop.lease(block, asha.person).await;
    wait_for_block(&mut asha, block).await;
    asha.sell(shop.order(1)).await;
    asha.sell(shop.order(2)).await;
    asha.settle().await;
    let now = shop.app.app.clock.now();
    let versions: Vec<i64> = migrator().iter().map(|one| one.version).collect();
    for made in MIGRATIONS_MIN..versions.len() {
        let (older, shapes) = as_it_was(&shop.app, &versions[..made]).await;
        let path = folder.0.join(format!("after-{made}"));
        make::make(&older, &path, now).await.unwrap();
        let target = TestApp::start().await;
        target.app.pool.close().await;
        let checked = Checked::open(&path).unwrap();
        assert_eq!(checked.header.migrations, versions[..made]);
        let told = restore(&target.options, checked, false, now).await.unwrap();
        assert_eq!(told.migrated, versions.len() - made);

        let (mut ours, mut theirs) = (shop.app.as_owner().await, target.as_owner().await);
        for Shape { name, columns } in &shapes {
            // A restore writes these: another life, ended sessions, one more entry.
            if !["organisations", "refresh_sessions", "audit"].contains(&name.as_str()) {
                let columns = columns.join(", ");
                let wanted = digest(&mut ours, name, &columns).await;
                let found = digest(&mut theirs, name, &columns).await;
                assert_eq!(found, wanted, "{name} after {made} migrations");
            }
        }
        // What the later migrations make of older rows.
        for (table, columns) in [
            ("sales_days", "*"),
            ("package_days", "*"),
            ("blocks", "block_id, taken_count"),
        ] {
            let wanted = digest(&mut ours, table, columns).await;
            let found = digest(&mut theirs, table, columns).await;
            assert_eq!(found, wanted, "{table} after {made} migrations");
        }
        let clock = shop.app.app.clock.clone();
        let server =
            TestApp::start_on(target.options.clone(), clock, Path::new("no such folder")).await;
        server.sign_in("neema@example.org", PASSWORD).await;
        server.app.pool.close().await;
    }
}
