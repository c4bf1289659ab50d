//! What a browser that is killed must have kept: one worker writes until then, another reads.

use super::{Outcome, open_person, post};
use crate::store::Write;
use crate::store::contract::{expect, failed};
use crate::store::journal::Entry;
use crate::store::person::Kept;

/// What a browser that was killed must have kept: every number that was posted.
#[derive(serde::Serialize)]
struct Found {
    start: String,
    journal: Vec<u32>,
    store: Vec<u32>,
}

pub async fn write_until_killed() -> Outcome {
    let (stores, opened) = open_person("killed", None).await?;
    stores.confirm().await.map_err(failed)?;
    // As every start does: what the kill let reach the journal only is put into the store.
    for (id, bytes) in &opened.pending {
        let key = format!("intent/{}", number_of(id));
        if stores.get(&key).await.map_err(failed)?.is_none() {
            stores
                .commit(&[Write::put(key, bytes.clone())], &[])
                .await
                .map_err(failed)?;
        }
    }
    let from = opened.pending.len() as u32;
    for number in from.. {
        let id = number.to_be_bytes();
        let writes = [Write::put(format!("intent/{number}"), [7; 600])];
        let kept = stores
            .commit(&writes, &[Entry::pending(id, [7; 600])])
            .await
            .map_err(failed)?;
        expect("kept", kept, Kept::Both)?;
        post(&number);
    }
    Ok(())
}

fn number_of(id: &[u8]) -> u32 {
    id.try_into().map_or(u32::MAX, u32::from_be_bytes)
}

pub async fn read_back() -> Outcome {
    let (stores, opened) = open_person("killed", None).await?;
    let mut store: Vec<u32> = stores
        .load_all("intent/")
        .await
        .map_err(failed)?
        .iter()
        .filter_map(|(key, _)| key.strip_prefix("intent/")?.parse().ok())
        .collect();
    store.sort_unstable();
    let journal = opened.pending.iter().map(|(id, _)| number_of(id)).collect();
    post(&Found {
        start: format!("{:?}", opened.start),
        journal,
        store,
    });
    Ok(())
}
