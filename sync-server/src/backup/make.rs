//! Fills a backup file from one snapshot of the database.

use std::path::Path;

use anyhow::{Context, bail};
use crdt_model::time::Timestamp;
use futures::StreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::mpsc;

use super::file::{self, Draft, FORMAT, FRAME_BYTES_MAX, FileError, Header, Organisation, Table};
use super::inspect;
use super::progress::Progress;
use crate::store::backup::{self, Occupant};

/// Frames between PostgreSQL and the file: enough that neither waits for the other's hiccups.
const QUEUE: usize = 16;

/// What was made.
#[derive(Debug)]
pub struct Made {
    pub header: Header,
    pub bytes: u64,
    pub seconds: f64,
}

/// Writes everything that `options` reaches into a new file at `path`. It appears there whole or not at all.
pub async fn make(options: &PgConnectOptions, path: &Path, now: Timestamp) -> anyhow::Result<Made> {
    let mut db = options
        .clone()
        .application_name("viornet backup")
        .disable_statement_logging()
        .connect()
        .await
        .context("connecting to PostgreSQL")?;
    match backup::occupant(&mut db).await? {
        Occupant::ViorNet { .. } => {}
        Occupant::Nobody | Occupant::Foreign => {
            bail!("there is nothing to back up: the database is not a ViorNet server's")
        }
    }
    backup::prepare(&mut db).await?;
    let mut tx = db.begin().await?;
    backup::one_snapshot(&mut tx).await?;
    let header = header(&mut tx, now).await?;
    let mut progress = Progress::begin("backing up", header.rows());
    let draft = Draft::begin(path, &header)?;

    let (frames, queue) = mpsc::channel(QUEUE);
    let writer = tokio::task::spawn_blocking(move || write(draft, queue));
    let copied = copy(&mut tx, &header, frames, &mut progress).await;
    // When the writer gave up, it knows better why than the copying.
    let draft = writer.await.context("the writer failed")??;
    copied?;
    tx.rollback().await?;
    progress.say("putting it on the disk");
    let bytes = tokio::task::spawn_blocking(move || draft.keep())
        .await
        .context("the writer failed")??;
    let _ = db.close().await;
    Ok(Made {
        header,
        bytes,
        seconds: progress.seconds(),
    })
}

async fn header(tx: &mut PgConnection, now: Timestamp) -> Result<Header, sqlx::Error> {
    let mut tables = Vec::new();
    for shape in backup::shapes(tx).await? {
        let rows = backup::count(tx, &shape.name).await?.unsigned_abs();
        tables.push(Table { shape, rows });
    }
    let organisations = backup::organisations(tx).await?;
    Ok(Header {
        format: FORMAT,
        made_at_ms: now.as_millis(),
        viornet: env!("CARGO_PKG_VERSION").to_owned(),
        postgresql: backup::postgres_version(tx).await?,
        migrations: backup::migrations(tx).await?,
        organisations: organisations
            .into_iter()
            .map(|(id, name, changes)| Organisation {
                id: id.to_string(),
                name,
                changes,
            })
            .collect(),
        tables,
        sequences: backup::sequences(tx).await?,
        problems: inspect(tx).await?,
    })
}

enum Piece {
    Frame(Vec<u8>),
    EndOfTable,
}

fn write(mut draft: Draft, mut queue: mpsc::Receiver<Piece>) -> Result<Draft, FileError> {
    while let Some(piece) = queue.blocking_recv() {
        match piece {
            Piece::Frame(bytes) => draft.frame(&bytes)?,
            Piece::EndOfTable => draft.end_table()?,
        }
    }
    Ok(draft)
}

async fn copy(
    tx: &mut PgConnection,
    header: &Header,
    frames: mpsc::Sender<Piece>,
    progress: &mut Progress,
) -> anyhow::Result<()> {
    for table in &header.tables {
        let name = &table.shape.name;
        let mut rows = 0;
        let mut frame = Vec::with_capacity(FRAME_BYTES_MAX);
        let mut stream = backup::copy_out(tx, &table.shape).await?;
        while let Some(piece) = stream.next().await {
            let piece = piece.with_context(|| format!("reading {name}"))?;
            frame.extend_from_slice(piece.as_ref());
            if frame.len() >= FRAME_BYTES_MAX / 2 {
                let full = std::mem::replace(&mut frame, Vec::with_capacity(FRAME_BYTES_MAX));
                let lines = file::lines(&full);
                rows += lines;
                progress.add(lines);
                frames.send(Piece::Frame(full)).await?;
            }
        }
        drop(stream);
        let lines = file::lines(&frame);
        rows += lines;
        progress.add(lines);
        if !frame.is_empty() {
            frames.send(Piece::Frame(frame)).await?;
        }
        frames.send(Piece::EndOfTable).await?;
        if rows != table.rows {
            bail!(
                "{name} gave {rows} rows of the {} it has; nothing was kept",
                table.rows
            );
        }
    }
    Ok(())
}
