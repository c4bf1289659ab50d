//! Everything an organisation has, for people and other programs: a ZIP of CSV and JSON, made as it is sent.
//!
//! One task reads rows of one snapshot and writes them as text, another deflates; what is between them and the
//! browser is bounded, so the size of the books does not matter.

mod archive;
mod text;

use std::time::Duration;

use axum::body::{Body, Bytes};
use crdt_model::capability::Capability;
use crdt_model::money::Currency;
use futures::TryStreamExt;
use serde_json::json;
use sqlx::{Postgres, Transaction};
use tokio::sync::mpsc;

use crate::app::SharedApp;
use crate::auth::SignedIn;
use crate::clock::to_sql;
use crate::database;
use crate::problem::Problem;
use crate::store::organisations::Organisation;
use crate::store::{audit, enter_organisation, export, organisations, people};
use archive::Piece;
use text::{Csv, Form, Json};

/// Text is handed on in pieces of about this size.
const PIECE_BYTES: usize = 128 << 10;
const QUEUE: usize = 4;
/// A browser that takes longer holds a moment of the database for too long.
const TIME_MAX: Duration = Duration::from_secs(60 * 60);

/// An answer that has begun.
pub struct Export {
    pub file_name: String,
    pub body: Body,
}

/// Begins an export for somebody who may have everything.
pub async fn begin(app: &SharedApp, caller: SignedIn) -> Result<Export, Problem> {
    let now = app.clock.now();
    let mut tx = database::begin(&app.pool, caller.org).await?;
    let principal = people::principal(&mut tx, caller.org, caller.person).await?;
    caller.still(&mut tx).await?;
    if !principal.may(Capability::ExportAll) {
        return Err(Problem::Forbidden);
    }
    // One at a time: each holds a connection, and a moment of the database, for as long as it takes.
    let permit = app
        .exports
        .clone()
        .try_acquire_owned()
        .map_err(|_| Problem::unavailable())?;
    let organisation = organisations::find(&mut tx, caller.org)
        .await?
        .ok_or(Problem::NotSignedIn)?;
    let entry = audit::Entry {
        actor: Some(caller.person),
        action: "EverythingExported",
        detail: json!({}),
    };
    audit::append(&mut tx, caller.org, &entry, now).await?;
    tx.commit().await?;

    let mut tx = app.pool.begin().await?;
    export::one_snapshot(&mut tx).await?;
    enter_organisation(&mut tx, caller.org).await?;
    export::use_timezone(&mut tx, &organisation.timezone).await?;
    let date = to_sql(now).date();
    let (pieces, piece_queue) = mpsc::channel(QUEUE);
    let (sink, body) = mpsc::channel::<Result<Bytes, std::io::Error>>(QUEUE);
    let failed = sink.clone();
    tokio::task::spawn_blocking(move || archive::write(piece_queue, sink, date));
    tokio::spawn(async move {
        let written = tokio::time::timeout(TIME_MAX, write(tx, &organisation, date, &pieces));
        let outcome = match written.await {
            Ok(outcome) => outcome,
            Err(_) => Err(anyhow::anyhow!("it took too long")),
        };
        if let Err(error) = outcome {
            tracing::warn!(error = format!("{error:#}"), "an export was not finished");
            // Ends the download as broken, and not as complete.
            let _ = failed
                .send(Err(std::io::Error::other("export failed")))
                .await;
        } else {
            let _ = pieces.send(Piece::Finish).await;
        }
        drop(permit);
    });
    let stream = futures::stream::unfold(body, async |mut body| {
        body.recv().await.map(|bytes| (bytes, body))
    });
    Ok(Export {
        file_name: format!("viornet-{date}.zip"),
        body: Body::from_stream(stream),
    })
}

async fn write(
    mut tx: Transaction<'static, Postgres>,
    organisation: &Organisation,
    date: time::Date,
    pieces: &mpsc::Sender<Piece>,
) -> anyhow::Result<()> {
    let currency = Currency::from_code(&organisation.currency).unwrap_or(Currency::Tzs);
    let tables = export::tables(&mut tx).await?;
    let begin = async |name: String, rows: i64| {
        let is_large = rows > archive::ROWS_IN_SMALL_FILE_MAX;
        pieces.send(Piece::Begin { name, is_large }).await
    };
    begin("README.txt".into(), 0).await?;
    let readme = text::readme(organisation, &tables, date);
    pieces.send(Piece::Text(readme.into_bytes())).await?;
    for table in &tables {
        begin(format!("csv/{}.csv", table.file), table.rows).await?;
        one(&mut tx, table, &Csv { currency }, pieces).await?;
        begin(format!("json/{}.json", table.file), table.rows).await?;
        one(&mut tx, table, &Json { currency }, pieces).await?;
    }
    tx.rollback().await?;
    Ok(())
}

/// One table in one form.
async fn one(
    tx: &mut Transaction<'static, Postgres>,
    table: &export::Table,
    form: &impl Form,
    pieces: &mpsc::Sender<Piece>,
) -> anyhow::Result<()> {
    let mut out = String::with_capacity(PIECE_BYTES + PIECE_BYTES / 4);
    form.begin(table, &mut out);
    let mut rows = export::rows(tx, table);
    let mut is_first = true;
    while let Some(row) = rows.try_next().await? {
        form.row(table, &row, is_first, &mut out)?;
        is_first = false;
        if out.len() >= PIECE_BYTES {
            let full = std::mem::replace(&mut out, String::with_capacity(PIECE_BYTES));
            pieces.send(Piece::Text(full.into_bytes())).await?;
        }
    }
    form.end(&mut out);
    pieces.send(Piece::Text(out.into_bytes())).await?;
    Ok(())
}
