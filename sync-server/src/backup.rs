//! `viornet backup` and `viornet restore`: everything in one file, and everything back from it.
//!
//! `file` knows the form of the file and nothing of databases; `make` fills one, `restore` empties one. What a
//! restore asks of devices: rule DG9 in `docs/SYNC.md`; what it asks of people: `docs/OPERATIONS.md`.

pub mod command;
pub mod file;
pub mod make;
pub mod progress;
pub mod restore;

use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, bail};
use sqlx::postgres::{PgConnectOptions, PgConnection};

use crate::cluster::{Cluster, ClusterError, Durability};
use crate::store::{audit, backup};

/// A database to copy from or to, and the cluster that runs for our sake only.
pub struct Source {
    pub options: PgConnectOptions,
    cluster: Option<Cluster>,
}

impl Source {
    /// To read from. A private cluster answers whether its server runs or not; one that is down runs meanwhile.
    pub async fn to_read(data: &Path, database_url: Option<&str>) -> anyhow::Result<Self> {
        if let Some(url) = database_url {
            return Self::of_url(url);
        }
        if !Cluster::is_in(data) {
            bail!(
                "there is nothing to back up: {} is not the data folder of a ViorNet server (see --data)",
                data.display()
            );
        }
        match Cluster::start(data, Durability::Durable).await {
            Ok(cluster) => Ok(Self::of_cluster(cluster)),
            Err(ClusterError::InUse(_)) => Ok(Self {
                options: Cluster::of_running_server(data)?,
                cluster: None,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// To write to, which nobody else may meanwhile.
    pub async fn to_replace(data: &Path, database_url: Option<&str>) -> anyhow::Result<Self> {
        if let Some(url) = database_url {
            return Self::of_url(url);
        }
        match Cluster::start(data, Durability::Durable).await {
            Ok(cluster) => Ok(Self::of_cluster(cluster)),
            Err(ClusterError::InUse(data)) => bail!(
                "a ViorNet server is running on {}: stop it, restore, and start it again",
                data.display()
            ),
            Err(error) => Err(error.into()),
        }
    }

    fn of_url(url: &str) -> anyhow::Result<Self> {
        Ok(Self {
            options: PgConnectOptions::from_str(url).context("reading DATABASE_URL")?,
            cluster: None,
        })
    }

    fn of_cluster(cluster: Cluster) -> Self {
        Self {
            options: cluster.connect_options(),
            cluster: Some(cluster),
        }
    }

    /// Stops what was started for us.
    pub async fn close(self) -> Result<(), ClusterError> {
        match self.cluster {
            Some(cluster) => cluster.stop().await,
            None => Ok(()),
        }
    }
}

/// What is wrong with the books, in words: nothing, unless somebody was at the tables.
async fn inspect(tx: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let mut problems: Vec<String> = backup::broken_logs(tx)
        .await?
        .into_iter()
        .map(|name| format!("the log of {name} is not complete"))
        .collect();
    for (org, name, _) in backup::organisations(tx).await? {
        let org = crate::store::SqlId::from_sql(org);
        if let Some(seq) = audit::find_break(tx, org).await? {
            problems.push(format!(
                "the audit trail of {name} was altered at entry {seq}"
            ));
        }
    }
    Ok(problems)
}
