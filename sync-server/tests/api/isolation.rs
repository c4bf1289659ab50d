//! Two organisations on one server never meet.

use sqlx::{AssertSqlSafe, Row};
use sync_server::database;
use sync_server::store::{SqlId, people};

use crate::helpers::TestApp;

#[tokio::test]
async fn every_table_of_an_organisation_has_a_policy() {
    let app = TestApp::start().await;
    let rows = sqlx::query(
        r"
        select table_class.relname::text as name, table_class.relrowsecurity as is_secured
        from pg_class table_class
        join pg_attribute org_column on org_column.attrelid = table_class.oid and org_column.attname = 'org_id'
        where table_class.relkind in ('r', 'p') and table_class.relnamespace = 'public'::regnamespace
        ",
    )
    .fetch_all(&mut app.as_owner().await)
    .await
    .unwrap();
    assert!(rows.len() >= 11, "{}", rows.len());
    for row in rows {
        assert!(
            row.get::<bool, _>("is_secured"),
            "{}",
            row.get::<String, _>("name")
        );
    }
}

#[tokio::test]
async fn rows_of_another_organisation_do_not_exist() {
    let app = TestApp::start().await;
    let (_, answer) = app.set_up().await;
    let other = app.add_organisation("Other").await;
    app.add_person(other, "Otieno").await;

    let mut tx = database::begin(&app.app.pool, other).await.unwrap();
    let names: Vec<String> = sqlx::query_scalar("select name from people")
        .fetch_all(&mut *tx)
        .await
        .unwrap();
    assert_eq!(names, ["Otieno"]);
    let found = people::find_active_name(&mut tx, answer.org(), answer.person())
        .await
        .unwrap();
    assert_eq!(found, None);
    for table in ["credentials", "refresh_sessions", "audit"] {
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        assert_eq!(count, 0, "{table}");
    }
    let changed = sqlx::query("update people set name = 'x'")
        .execute(&mut *tx)
        .await
        .unwrap();
    assert_eq!(changed.rows_affected(), 1);
    tx.rollback().await.unwrap();
}

#[tokio::test]
async fn rows_cannot_be_written_for_another_organisation() {
    let app = TestApp::start().await;
    let (_, answer) = app.set_up().await;
    let other = app.add_organisation("Other").await;
    let mut tx = database::begin(&app.app.pool, other).await.unwrap();
    let written = people::put(&mut tx, answer.org(), answer.person(), "Mallory").await;
    assert!(written.is_err());
}

#[tokio::test]
async fn without_an_organisation_there_is_nothing() {
    let app = TestApp::start().await;
    let (_, answer) = app.set_up().await;
    let mut connection = app.app.pool.acquire().await.unwrap();
    let count = "select count(*) from organisations";
    let before: i64 = sqlx::query_scalar(count)
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    assert_eq!(before, 0);
    // And a transaction leaves nothing behind for the next user of its connection.
    drop(connection);
    for _ in 0..30 {
        let mut tx = database::begin(&app.app.pool, answer.org()).await.unwrap();
        let inside: i64 = sqlx::query_scalar(count).fetch_one(&mut *tx).await.unwrap();
        assert_eq!(inside, 1);
        tx.commit().await.unwrap();
        let after: i64 = sqlx::query_scalar(count)
            .fetch_one(&app.app.pool)
            .await
            .unwrap();
        assert_eq!(after, 0);
    }
    let role: String = sqlx::query_scalar("select current_user::text")
        .fetch_one(&app.app.pool)
        .await
        .unwrap();
    assert_eq!(role, "viornet_app");
    assert_ne!(answer.org().sql(), uuid::Uuid::nil());
}
