//! The private cluster: made once, adopted after a crash of ours, not shared by two servers.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::path::PathBuf;

use sqlx::{ConnectOptions, Connection};
use sync_server::cluster::{Cluster, ClusterError, Durability};
use sync_server::database;

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_cluster_keeps_its_data_and_is_adopted_after_a_crash() {
    // A folder so deep that the socket does not fit beside the data.
    let name = format!("viornet-cluster-{}", std::process::id());
    let top = Folder(std::env::temp_dir().join(name));
    let data = top
        .0
        .join("a-folder-with-a-long-name-because-people-do-that")
        .join("and-another-one-below-it");

    let cluster = Cluster::start(&data, Durability::ThrowAway).await.unwrap();
    let pool = database::open(cluster.connect_options()).await.unwrap();
    assert!(database::is_ready(&pool).await);
    pool.close().await;
    let second = Cluster::start(&data, Durability::ThrowAway).await;
    assert!(matches!(second, Err(ClusterError::InUse(_))));

    // Forgetting it without stopping it is what a crash of ours does.
    let before = postmaster_start(&cluster).await;
    drop(cluster);
    let cluster = Cluster::start(&data, Durability::ThrowAway).await.unwrap();
    assert_eq!(postmaster_start(&cluster).await, before);

    cluster.stop().await.unwrap();
    let cluster = Cluster::start(&data, Durability::ThrowAway).await.unwrap();
    assert_ne!(postmaster_start(&cluster).await, before);
    let mut connection = cluster.connect_options().connect().await.unwrap();
    let tables: i64 =
        sqlx::query_scalar("select count(*) from pg_tables where tablename = 'changes'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(tables, 1);
    connection.close().await.unwrap();
    cluster.stop().await.unwrap();
}

async fn postmaster_start(cluster: &Cluster) -> String {
    let mut connection = cluster.connect_options().connect().await.unwrap();
    let start = sqlx::query_scalar("select pg_postmaster_start_time()::text")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    start
}
