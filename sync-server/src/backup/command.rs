//! What `viornet backup` and `viornet restore` say to whoever typed them.

use std::path::Path;

use anyhow::bail;

use super::file::{Checked, Header};
use super::progress::grouped;
use super::restore::{self, check_schema};
use super::{Source, make};
use crate::clock::{Clock, to_sql};
use crate::config::Database;
use crate::serve::stop_requested;

/// `viornet backup FILE`
pub async fn backup(database: &Database, file: &Path) -> anyhow::Result<()> {
    let source = Source::to_read(&database.data, database.url.as_deref()).await?;
    let making = make::make(&source.options, file, Clock::System.now());
    let made = tokio::select! {
        made = making => made,
        () = stop_requested() => Err(anyhow::anyhow!("stopped; no backup was made")),
    };
    source.close().await?;
    let made = made?;
    println!(
        "Backed up to {}: {} in {:.0} s.",
        file.display(),
        megabytes(made.bytes),
        made.seconds
    );
    describe(&made.header);
    println!(
        "It holds everything: all records, voucher codes, password hashes and the server's keys. Whoever has this \
         file has everything; keep it where only you can read it, and a copy on another machine."
    );
    Ok(())
}

/// `viornet backup --check FILE`
pub fn check(file: &Path) -> anyhow::Result<()> {
    let checked = Checked::open(file)?;
    checked.count_rows()?;
    println!("{} is whole.", file.display());
    describe(&checked.header);
    if let Err(error) = check_schema(&checked.header) {
        bail!("it cannot be restored by this program: {error}");
    }
    Ok(())
}

/// `viornet restore FILE`
pub async fn restore(database: &Database, file: &Path, replace: bool) -> anyhow::Result<()> {
    // Before a cluster is made or started for it.
    let checked = Checked::open(file)?;
    check_schema(&checked.header)?;
    println!("{} is whole.", file.display());
    describe(&checked.header);
    let target = Source::to_replace(&database.data, database.url.as_deref()).await?;
    let restoring = restore::restore(&target.options, checked, replace, Clock::System.now());
    let restored = tokio::select! {
        restored = restoring => restored,
        () = stop_requested() => Err(anyhow::anyhow!("stopped; nothing was touched")),
    };
    target.close().await?;
    let restored = restored?;
    println!("Restored in {:.0} s.", restored.seconds);
    if restored.migrated > 0 {
        println!(
            "The tables were brought up to date ({} steps).",
            restored.migrated
        );
    }
    if let Some(aside) = &restored.aside {
        println!(
            "What was there before is kept in the same database, as schema {aside}. When it is not needed any more: \
             drop schema {aside} cascade;"
        );
    }
    println!(
        "{} sign-ins ended: everybody unlocks the app with their password once. Devices then compare themselves with the \
         server and bring back what their people did after the backup.",
        grouped(restored.sessions_ended)
    );
    Ok(())
}

fn describe(header: &Header) {
    let at = to_sql(crdt_model::time::Timestamp::from_millis(header.made_at_ms));
    println!(
        "Made on {} at {:02}:{:02} UTC by ViorNet {} on PostgreSQL {}; {} rows.",
        at.date(),
        at.hour(),
        at.minute(),
        header.viornet,
        header.postgresql,
        grouped(header.rows())
    );
    for organisation in &header.organisations {
        println!(
            "  {}: {} changes",
            organisation.name,
            grouped(organisation.changes.unsigned_abs())
        );
    }
    println!(
        "  {} sales, {} clients, {} vouchers in all",
        grouped(header.rows_of("sales")),
        grouped(header.rows_of("clients")),
        grouped(header.rows_of("vouchers"))
    );
    for problem in &header.problems {
        println!("  Attention: {problem}. This was so before the backup.");
    }
}

/// 1,234,567 bytes → "1.2 MB".
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", grouped(tenths / 10), tenths % 10)
}
