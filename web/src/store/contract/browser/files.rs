//! A database is created once, small files are whole.

use super::{Outcome, open_folder};
use crate::store::contract::{expect, failed};
use crate::store::indexed_db::{IndexedDb, Writers};

pub async fn created_once() -> Outcome {
    let (_, opened) = IndexedDb::open("created", Writers::Any)
        .await
        .map_err(failed)?;
    expect("first", opened.was_created, true)?;
    let (_, opened) = IndexedDb::open("created", Writers::Any)
        .await
        .map_err(failed)?;
    expect("second", opened.was_created, false)
}

pub async fn small_files() -> Outcome {
    let folder = open_folder("small").await?;
    expect("before", folder.get_small("a").await.map_err(failed)?, None)?;
    for round in 0..5_u8 {
        folder.put_small("a", &[round; 10]).await.map_err(failed)?;
        expect(
            "after",
            folder.get_small("a").await.map_err(failed)?,
            Some(vec![round; 10]),
        )?;
    }
    // A torn write of the newest slot leaves the one before.
    let writer = folder.writer("a.0").await.map_err(failed)?;
    writer.truncate(20).map_err(failed)?;
    drop(writer);
    expect(
        "after a tear",
        folder.get_small("a").await.map_err(failed)?,
        Some(vec![3; 10]),
    )?;
    folder.put_small("a", b"again").await.map_err(failed)?;
    expect(
        "repaired",
        folder.get_small("a").await.map_err(failed)?,
        Some(b"again".to_vec()),
    )?;
    expect(
        "names",
        folder.small_names().await.map_err(failed)?,
        vec!["a".to_owned()],
    )
}
