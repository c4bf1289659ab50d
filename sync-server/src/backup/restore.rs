//! Puts the content of a backup file in place of a database's, in one transaction: all of it, or nothing.

use anyhow::{Context, bail, ensure};
use crdt_model::time::Timestamp;
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use time::OffsetDateTime;
use tokio::sync::mpsc;

use super::file::{Checked, Content, FileError, Header};
use super::inspect;
use super::progress::Progress;
use crate::clock::to_sql;
use crate::migrations::{migrator, migrator_of};
use crate::store::backup::{self, Occupant, Shape};
use crate::store::{SqlId, audit, enter_organisation};

const QUEUE: usize = 16;

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// The schema that keeps what was there before.
    pub aside: Option<String>,
    /// Migrations that the backup did not have yet.
    pub migrated: usize,
    pub sessions_ended: u64,
    /// Carried over from the backup.
    pub problems: Vec<String>,
    pub seconds: f64,
}

/// Whether this program knows how to make the tables of the backup.
pub fn check_schema(header: &Header) -> anyhow::Result<()> {
    let known = migrator();
    let newest = known.iter().map(|migration| migration.version).max();
    for version in &header.migrations {
        let is_known = known.iter().any(|migration| migration.version == *version);
        ensure!(
            is_known,
            "the backup is from a newer ViorNet: its tables have version {version}, and this program knows \
             versions up to {}. Update the server first",
            newest.unwrap_or(0)
        );
    }
    ensure!(
        !header.migrations.is_empty(),
        "the backup does not say how its tables were made"
    );
    Ok(())
}

/// Puts `file` where `options` lead. What was there is kept aside; without `replace` nothing may be there.
pub async fn restore(
    options: &PgConnectOptions,
    file: Checked,
    replace: bool,
    now: Timestamp,
) -> anyhow::Result<Restored> {
    check_schema(&file.header)?;
    let mut db = options
        .clone()
        .application_name("viornet restore")
        .disable_statement_logging()
        .connect()
        .await
        .context("connecting to PostgreSQL")?;
    backup::prepare(&mut db).await?;
    let organisations = match backup::occupant(&mut db).await? {
        Occupant::Nobody => 0,
        Occupant::Foreign => {
            bail!("the database holds tables of another program; nothing was touched")
        }
        Occupant::ViorNet { organisations } => organisations,
    };
    if organisations > 0 && !replace {
        bail!(
            "the database is not empty: it holds {organisations} organisation(s). With --replace the backup takes \
             their place, and they are kept aside"
        );
    }
    nobody_else(&mut db).await?;

    let mut progress = Progress::begin("restoring", file.header.rows());
    let header = file.header.clone();
    let mut tx = db.begin().await?;
    let aside = make_room(&mut tx, now).await?;
    migrator_of(&header.migrations)
        .run(&mut *tx)
        .await
        .context("making the tables of the backup")?;
    load(&mut tx, file, &mut progress).await?;
    for (name, last) in &header.sequences {
        backup::set_sequence(&mut tx, name, *last)
            .await
            .with_context(|| format!("setting {name}"))?;
    }
    progress.say("bringing the tables up to date");
    let full = migrator();
    full.run(&mut *tx).await.context("migrating the tables")?;
    backup::begin_life(&mut tx, now.as_millis()).await?;
    let sessions_ended = backup::end_sessions(&mut tx, to_sql(now)).await?;
    backup::end_invitations(&mut tx, to_sql(now)).await?;
    progress.say("checking the books");
    for problem in inspect(&mut tx).await? {
        ensure!(
            header.problems.contains(&problem),
            "{problem}, which was not so when the backup was made; nothing was touched"
        );
    }
    tell_audit(&mut tx, &header, now).await?;
    backup::analyze(&mut tx).await?;
    let aside = match (aside, organisations) {
        (Some(aside), 0) => {
            backup::drop_aside(&mut tx, &aside).await?;
            None
        }
        (aside, _) => aside,
    };
    nobody_else(&mut tx).await?;
    tx.commit().await.context("committing")?;
    let _ = db.close().await;
    Ok(Restored {
        aside,
        migrated: full.iter().count() - header.migrations.len(),
        sessions_ended,
        problems: header.problems,
        seconds: progress.seconds(),
    })
}

/// A server on a database of its own leaves no lock that we could find, but it is connected.
async fn nobody_else(db: &mut PgConnection) -> anyhow::Result<()> {
    let servers = backup::servers_connected(db).await?;
    ensure!(
        servers == 0,
        "a ViorNet server is connected to this database: stop it, restore, and start it again"
    );
    Ok(())
}

async fn make_room(tx: &mut PgConnection, now: Timestamp) -> anyhow::Result<Option<String>> {
    if let Occupant::ViorNet { .. } = backup::occupant(tx).await? {
        backup::shut_out_writers(tx)
            .await
            .context("waiting for others to finish with the database")?;
    }
    let aside = format!("before_{}", stamp(to_sql(now)));
    backup::set_aside(tx, &aside).await.context(
        "making room for the backup: the database's user must own the schema `public` and may create schemas",
    )?;
    Ok(Some(aside))
}

/// `20261125_190612`, UTC.
fn stamp(at: OffsetDateTime) -> String {
    let (date, time) = (at.date(), at.time());
    format!(
        "{:04}{:02}{:02}_{:02}{:02}{:02}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

async fn load(tx: &mut PgConnection, file: Checked, progress: &mut Progress) -> anyhow::Result<()> {
    let shapes = backup::shapes(tx).await?;
    let listed: Vec<&Shape> = file
        .header
        .tables
        .iter()
        .map(|table| &table.shape)
        .collect();
    ensure!(
        listed.iter().copied().eq(&shapes),
        "the backup's tables are not those of its version; nothing was touched"
    );
    let loosened = backup::loosen(tx, &shapes).await?;
    let (frames, mut queue) = mpsc::channel(QUEUE);
    let content = file.content()?;
    let tables = file.header.tables.len();
    let reader = tokio::task::spawn_blocking(move || read(content, tables, frames));
    let mut filled = Ok(());
    for table in &file.header.tables {
        filled = fill(tx, &file, table, &mut queue, progress).await;
        if filled.is_err() {
            break;
        }
    }
    drop(queue);
    // When the reader gave up, it knows better why than the filling.
    reader.await.context("the reader failed")??;
    filled?;
    progress.say("building indexes");
    backup::fasten(tx, loosened)
        .await
        .context("the backup's rows do not fit together; nothing was touched")
}

/// Frames, with an empty one after each table.
fn read(
    mut content: Content,
    tables: usize,
    frames: mpsc::Sender<Vec<u8>>,
) -> Result<(), FileError> {
    for _ in 0..tables {
        loop {
            let mut frame = Vec::new();
            let is_more = content.next_frame(&mut frame)?;
            if frames.blocking_send(frame).is_err() {
                return Ok(());
            }
            if !is_more {
                break;
            }
        }
    }
    Ok(())
}

async fn fill(
    tx: &mut PgConnection,
    file: &Checked,
    table: &super::file::Table,
    queue: &mut mpsc::Receiver<Vec<u8>>,
    progress: &mut Progress,
) -> anyhow::Result<()> {
    let mut copy = backup::copy_in(tx, &table.shape).await?;
    let sent = async {
        loop {
            let frame = queue.recv().await.context("the file ended too early")?;
            if frame.is_empty() {
                return anyhow::Ok(());
            }
            progress.add(super::file::lines(&frame));
            copy.send(frame).await?;
        }
    };
    if let Err(error) = sent.await {
        let _ = copy.abort("the backup cannot be read").await;
        return Err(error);
    }
    let rows = copy
        .finish()
        .await
        .with_context(|| format!("filling {}; nothing was touched", table.shape.name))?;
    Ok(file.expect_rows(table, rows)?)
}

/// The trail goes on after the last entry of the backup, so the gap can be seen.
async fn tell_audit(
    tx: &mut PgConnection,
    header: &Header,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    for (org, _, _) in backup::organisations(tx).await? {
        let org = SqlId::from_sql(org);
        enter_organisation(tx, org).await?;
        let entry = audit::Entry {
            actor: None,
            action: "BackupRestored",
            detail: json!({ "made_at_ms": header.made_at_ms }),
        };
        audit::append(tx, org, &entry, now).await?;
    }
    Ok(())
}
